"""The columns that Defender must find in the result of a custom detection."""

from collections.abc import Iterator

from bluetick.detections.model import Detection
from bluetick.detections.writing.target import Columns
from bluetick.diagnostics import Diagnostic, Span
from bluetick.diagnostics.writing_codes import result_lacks, result_unknown

_TIMES = ("Timestamp", "TimeGenerated")
_REPORT = "ReportId"
# One of these says whom or what the alert is about.
_ASSETS = (
    *(
        "DeviceId",
        "DeviceName",
        "RemoteDeviceName",
        "RecipientEmailAddress",
        "SenderFromAddress",
        "SenderMailFromAddress",
    ),
    *("SenderObjectId", "RecipientObjectId", "AccountObjectId", "AccountSid", "AccountUpn"),
    *("InitiatingProcessAccountSid", "InitiatingProcessAccountUpn", "InitiatingProcessAccountObjectId"),
)


def missing_columns(detection: Detection, columns: Columns, target: str) -> Iterator[Diagnostic]:
    """A diagnostic for each column that is wanted and not there."""
    whole = Span(0, len(detection.query))
    if columns is None:
        yield result_unknown(whole, target)
        return
    mapped = {column for entity in detection.entities for _, column in entity.columns}
    wanted = (
        ("Timestamp or TimeGenerated", _TIMES),
        (_REPORT, (_REPORT,)),
        ("of an entity (such as DeviceId or AccountUpn)", (*_ASSETS, *mapped)),
    )
    for name, any_of in wanted:
        if not any(column in columns for column in any_of):
            yield result_lacks(whole, name, target)
