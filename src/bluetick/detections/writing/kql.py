"""Rules as KQL with a header of comments."""

from collections.abc import Callable, Iterator

from bluetick.detections.alerting import SILENT
from bluetick.detections.documents.reading import read_document_text
from bluetick.detections.model import Detection
from bluetick.detections.writing.defender_leftovers import defender_leftovers
from bluetick.detections.writing.sentinel_tree import is_scheduled
from bluetick.detections.writing.spelling import short
from bluetick.detections.writing.target import Columns, Target, Written
from bluetick.diagnostics import Diagnostic
from bluetick.diagnostics.writing_codes import left_out, no_place, reads_back_otherwise

_NAME = "a header of comments"
# What a header says, as it reads back.
_SAID: tuple[tuple[str, Callable[[Detection], object]], ...] = (
    ("name", lambda d: d.name),
    ("description", lambda d: d.description),
    ("severity", lambda d: d.severity),
    ("frequency", lambda d: d.frequency),
    ("lookback", lambda d: d.lookback),
    ("threshold", lambda d: d.threshold),
    ("start time", lambda d: d.start),
    ("tactics", lambda d: d.tactics),
    ("techniques", lambda d: d.techniques),
    ("entities", lambda d: d.entities),
    ("data sources", lambda d: d.data_sources),
    ("required tables", lambda d: d.required_tables),
    ("blind spots", lambda d: d.blind_spots),
    ("query", lambda d: d.query.strip()),
)


def write_kql(detection: Detection, _: Columns) -> Written:
    text = "".join(f"// {line}".rstrip() + "\n" for line in _header(detection)) + detection.query.strip() + "\n"
    found = [*_lost(detection), *defender_leftovers(detection, _NAME)]
    if differing := _differing(detection, text):
        found.append(reads_back_otherwise(differing, _NAME))
    return Written(text, tuple(found))


def _header(detection: Detection) -> Iterator[str]:
    yield f"Id: {detection.id}"
    yield f"Name: {detection.name}"
    if detection.severity:
        yield f"Severity: {detection.severity.value}"
    yield from _schedule(detection)
    for key, words in (
        ("Tactics", detection.tactics),
        ("Techniques", detection.techniques),
        ("Data sources", detection.data_sources),
        ("Required tables", detection.required_tables),
        ("Entities", _entities(detection)),
    ):
        if words:
            yield f"{key}: {', '.join(words)}"
    if detection.schemas and not (detection.schemas == "sentinel" and is_scheduled(detection)):
        yield f"Schemas: {detection.schemas}"
    for spot in detection.blind_spots:
        yield f"BlindSpots: {spot}"
    if detection.description:
        first, *others = detection.description.split("\n")
        yield f"Description: {first}"
        yield from others


def _schedule(detection: Detection) -> Iterator[str]:
    if detection.frequency:
        yield f"QueryFrequency: {short(detection.frequency)}"
    if detection.lookback:
        yield f"QueryPeriod: {short(detection.lookback)}"
    if detection.threshold.declared:
        yield f"TriggerOperator: {detection.threshold.operator.value}"
        yield f"TriggerThreshold: {detection.threshold.value}"
    if detection.start:
        yield f"StartTimeUtc: {detection.start.isoformat()}"


def _entities(detection: Detection) -> tuple[str, ...]:
    return tuple(
        f"{entity.kind}.{identifier}={column}" for entity in detection.entities for identifier, column in entity.columns
    )


def _lost(detection: Detection) -> Iterator[Diagnostic]:
    alerting = detection.alerting
    for what, is_said in (
        ("continuous runs (NRT)", alerting.kind is not None and detection.frequency is None),
        ("a rule that is switched off", not alerting.enabled),
        ("the suppression of runs after an alert", alerting.suppression.enabled),
        ("the grouping of events", alerting.event_grouping is not SILENT.event_grouping),
        ("custom details", bool(alerting.custom_details)),
        ("alert details of columns", alerting.alert_details != SILENT.alert_details),
        ("the settings of incidents", alerting.incidents != SILENT.incidents),
    ):
        if is_said and detection.form != "defender":
            yield no_place(what, _NAME)
    others = [key for key, _ in detection.fields if detection.form != "defender"]
    if others:
        yield left_out(list(dict.fromkeys(others)), _NAME)


def _differing(detection: Detection, text: str) -> list[str]:
    """What a reader of the text would take for something else."""
    read = read_document_text(text.encode(), "rule.kql").detections
    if len(read) != 1:
        return ["the query"]
    return [key for key, of in _SAID if of(read[0]) != of(detection)]


KQL = Target("kql", ".kql", write_kql)
