"""Functions that Defender and Sentinel bring: KQL of our own over the session's tables.

A file of the same name in the user's folder of functions wins over them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

from bluetick.binder.schema import StoredFunction
from bluetick.lake.layout import SEEN, SEEN_COLUMNS, SIGNALS, SIGNALS_COLUMNS
from bluetick.schema.packs import TableSchema
from bluetick.types import Type

ALIASES = "_GetWatchlistAlias"

# The latest report of each adapter that is not older than a day before the instant: a device reports its adapters
# together, several times a day, all under one ReportId.
_LATEST = """
    let At = coalesce(Timestamp, now());
    let Reports = DeviceNetworkInfo
        | where Timestamp between ((At - 1d) .. At)
        | extend ReportedAt = Timestamp{filter};
    let Latest = Reports | summarize arg_max(ReportedAt, ReportId) by DeviceId;
    let Addresses = Reports
        | join kind=leftsemi Latest on DeviceId, ReportId
        | mv-expand Address = parse_json(IPAddresses)
        | extend IPAddress = tostring(Address.IPAddress), IPType = tostring(Address.AddressType)
        | where isnotempty(IPAddress);
"""

_SOURCES = {
    # https://learn.microsoft.com/defender-xdr/advanced-hunting-devicefromip-function
    "DeviceFromIP": (
        "T:(IP:string), Timestamp:datetime=datetime(null)",
        _LATEST.format(filter="")
        + """
    T | distinct IP | join kind=inner (Addresses | distinct DeviceId, IPAddress) on $left.IP == $right.IPAddress
    | project IP, DeviceId
""",
    ),
    # https://learn.microsoft.com/defender-xdr/advanced-hunting-assignedipaddresses-function
    "AssignedIPAddresses": (
        "Device:string, Timestamp:datetime=datetime(null)",
        _LATEST.format(filter=" | where DeviceId == Device or DeviceName == Device")
        + """
    Addresses | project Timestamp = ReportedAt, IPAddress, IPType, NetworkAdapterType, ConnectedNetworks
""",
    ),
    # https://learn.microsoft.com/defender-xdr/advanced-hunting-seenby-function
    "SeenBy": (
        "T:(DeviceId:string)",
        """
    let Seen = DeviceSeenBy | summarize SeenBy = take_any(SeenBy) by DeviceId;
    T | lookup kind=leftouter Seen on DeviceId
""",
    ),
    # https://learn.microsoft.com/azure/sentinel/monitor-analytics-rule-integrity
    "_SentinelHealth": ("", "SentinelHealth"),
    # What each window found when it was evaluated last; a window that finds nothing any more has no row.
    "BluetickLatestSignals": (
        "",
        f"""
    let Latest = {SIGNALS} | summarize Attempt = max(Attempt) by RuleId, WindowEnd;
    {SIGNALS} | join kind=leftsemi Latest on RuleId, WindowEnd, Attempt | where RowNumber >= 0
""",
    ),
    # What a lake's commits tell of a key are parts of it. A row without a host counts for the fleet alone.
    "FirstSeen": (
        "",
        f"""
    union ({SEEN} | where isnotempty(Host)), ({SEEN} | extend Host = "")
    | summarize FirstSeen = min(First), LastSeen = max(Last), Count = sum(Count) by Kind, Value, Host
""",
    ),
    "Prevalence": (
        "",
        f"""
    {SEEN}
    | summarize Count = sum(Count), FirstSeen = min(First), LastSeen = max(Last) by Kind, Value, Host
    | summarize Hosts = countif(isnotempty(Host)), Count = sum(Count), FirstSeen = min(FirstSeen),
        LastSeen = max(LastSeen) by Kind, Value
""",
    ),
}


@dataclass(frozen=True, slots=True)
class OwnTable:
    """A table that functions of the service read, and what to do where there is none."""

    schema: TableSchema
    hint: str


# Who saw a device stands in no table of advanced hunting, so SeenBy reads an export of its own answers.
_SEEN_BY: Final = TableSchema("DeviceSeenBy", (("DeviceId", Type.STRING), ("SeenBy", Type.STRING)), None)
OWN_TABLES: Final = {
    _SEEN_BY.name: OwnTable(
        _SEEN_BY,
        f"no table says who saw a device: export what SeenBy() gives, as --table {_SEEN_BY.name}=PATH",
    ),
    SEEN: OwnTable(
        TableSchema(SEEN, SEEN_COLUMNS, None),
        "FirstSeen and Prevalence are of a lake into which 'bluetick ingest' has stored rows: name one by --lake",
    ),
    SIGNALS: OwnTable(
        TableSchema(SIGNALS, SIGNALS_COLUMNS, SIGNALS_COLUMNS[0][0]),
        "'bluetick schedule' writes the rows that rules find to a lake: name one by --lake",
    ),
}


def service_names() -> tuple[str, ...]:
    return (*_SOURCES, ALIASES)


def service_function(name: str, aliases: Callable[[], tuple[str, ...]]) -> StoredFunction | None:
    """The function of exactly this name, or None. `aliases` gives those of the session's watchlists."""
    if name == ALIASES:
        from bluetick.execution.function_documents import from_text  # noqa: PLC0415 - when a query names one

        rows = ", ".join("h@'" + alias.replace("'", "''") + "'" for alias in aliases())
        return from_text(name, "", f"datatable(WatchlistAlias:string)[{rows}]", "bluetick's own text")
    return _parsed(name) if name in _SOURCES else None


@cache
def _parsed(name: str) -> StoredFunction:
    from bluetick.execution.function_documents import from_text  # noqa: PLC0415 - when a query names one

    parameters, body = _SOURCES[name]
    return from_text(name, parameters, body, "bluetick's own text")
