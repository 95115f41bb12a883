"""What the two founding documents mean, computed over lists of dicts: no SQL, nothing of this project.

A row is a dict of column to value; a column that is missing or None is null, and a null string is the empty string.
Instants are aware datetimes. Where Kusto leaves a choice open, `ordering` makes it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from founding.ordering import row_key

Row = Mapping[str, Any]
Result = list[tuple[Any, ...]]

_HOUR: Final = timedelta(hours=1)
_WEEK: Final = timedelta(days=7)
_MONTH: Final = timedelta(days=30)


def text(row: Row, column: str) -> str:
    """A string column: never null."""
    value = row.get(column)
    return "" if value is None else str(value)


def in_scope(rows: Iterable[Row], time: str, now: datetime, lookback: timedelta | None) -> list[Row]:
    """The rows that a run may read: those with a time, before now, and not older than the lookback."""
    timed = [row for row in rows if row.get(time) is not None and row[time] < now]
    return timed if lookback is None else [row for row in timed if row[time] >= now - lookback]


def wrapped_sum(values: Iterable[int | None]) -> int:
    """The sum of 64-bit integers without the nulls; it wraps, and is 0 of nothing."""
    total = sum(value for value in values if value is not None)
    return (total + 2**63) % 2**64 - 2**63


# --- document 000: outbound connections of the last hour to countries that are rare in the month before ---

_TALKER: Final = ("ProcessName", "SourceIp", "DestinationIp", "RemoteCountry")


def rare_countries(rows: Iterable[Row], now: datetime, lookback: timedelta | None) -> Result:
    """A row for each connection group of the last hour whose country is not common; in front of it the country's
    first new talker. More than 5 rows in the 30 days before make a country common, more than 7 in the 7 days before
    make a talker known."""
    located = [
        row
        for row in in_scope(rows, "TimeGenerated", now, lookback)
        if text(row, "RemoteCountry") != "" and text(row, "Direction") == "outbound"
    ]
    last_hour = [row for row in located if row["TimeGenerated"] >= now - _HOUR]
    before = [row for row in located if now - _MONTH <= row["TimeGenerated"] < now - _HOUR]
    per_country = Counter(text(row, "RemoteCountry") for row in before)
    per_talker = Counter(_talker(row) for row in before if row["TimeGenerated"] >= now - _WEEK)
    new: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for talker, count in Counter(_talker(row) for row in last_hour).items():
        country = talker[-1]
        if per_talker[talker] <= 7 and per_country[country] <= 5:
            new[country].append((*talker, count))
    survivors = {country: min(talkers, key=row_key) for country, talkers in new.items()}
    groups = _connection_groups(last_hour)
    found = [(*survivors[country], *group) for country, group in groups if country in survivors]
    return sorted(found, key=row_key)


def _talker(row: Row) -> tuple[str, ...]:
    return tuple(text(row, column) for column in _TALKER)


def _connection_groups(rows: Iterable[Row]) -> list[tuple[str, tuple[Any, ...]]]:
    """(country, group's row): nine keys, first and last time, bytes sent and received."""
    grouped: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        key = (
            *(text(row, c) for c in ("Computer", "Direction", "ProcessName", "SourceIp", "DestinationIp")),
            row.get("DestinationPort"),
            *(text(row, c) for c in ("Protocol", "RemoteCountry", "MaliciousIp")),
        )
        grouped[key].append(row)
    return [(key[7], (*key, *_totals(members))) for key, members in grouped.items()]


def _totals(rows: Sequence[Row]) -> tuple[Any, ...]:
    times = [row["TimeGenerated"] for row in rows]
    sent, received = (wrapped_sum(row.get(c) for row in rows) for c in ("BytesSent", "BytesReceived"))
    return (min(times), max(times), sent, received)


# --- document 004: files that few devices run for long, that few machines in the world have, and that talk ---

EVENT_COLUMNS: Final = (
    *("Timestamp", "DeviceId", "DeviceName", "ActionType", "RemoteIP", "RemotePort", "RemoteUrl", "LocalIP"),
    *("LocalPort", "Protocol", "LocalIPType", "RemoteIPType", "InitiatingProcessSHA1", "InitiatingProcessSHA256"),
    *("InitiatingProcessMD5", "InitiatingProcessFileName", "InitiatingProcessFileSize"),
    *("InitiatingProcessVersionInfoCompanyName", "InitiatingProcessVersionInfoProductName"),
    *("InitiatingProcessVersionInfoProductVersion", "InitiatingProcessVersionInfoInternalFileName"),
    *("InitiatingProcessVersionInfoOriginalFileName", "InitiatingProcessVersionInfoFileDescription"),
    *("InitiatingProcessId", "InitiatingProcessCommandLine", "InitiatingProcessCreationTime"),
    *("InitiatingProcessFolderPath", "InitiatingProcessParentFileName", "InitiatingProcessParentId"),
    *("InitiatingProcessParentCreationTime", "InitiatingProcessAccountDomain", "InitiatingProcessAccountName"),
    *("InitiatingProcessAccountSid", "InitiatingProcessAccountUpn", "InitiatingProcessAccountObjectId"),
    *("InitiatingProcessIntegrityLevel", "InitiatingProcessTokenElevation", "ReportId", "AppGuardContainerId"),
    *("AdditionalFields", "InitiatingProcessSessionId", "IsInitiatingProcessRemoteSession"),
    *("InitiatingProcessRemoteSessionDeviceName", "InitiatingProcessRemoteSessionIP"),
    *("InitiatingProcessUniqueId", "LogonID"),
)
PROFILE_COLUMNS: Final = (
    *("SHA1", "SHA256", "MD5", "FileSize", "GlobalPrevalence", "GlobalFirstSeen", "GlobalLastSeen", "Signer"),
    *("Issuer", "SignerHash", "IsCertificateValid", "IsRootSignerMicrosoft", "SignatureState", "IsExecutable"),
    *("ThreatName", "Publisher", "SoftwareName", "ProfileAvailability"),
)
_NOT_STRINGS: Final = frozenset(
    (
        *("Timestamp", "RemotePort", "LocalPort", "InitiatingProcessFileSize", "InitiatingProcessId"),
        *("InitiatingProcessCreationTime", "InitiatingProcessParentId", "InitiatingProcessParentCreationTime"),
        *("ReportId", "InitiatingProcessSessionId", "IsInitiatingProcessRemoteSession", "LogonID", "FileSize"),
        *("GlobalPrevalence", "GlobalFirstSeen", "GlobalLastSeen", "IsCertificateValid", "IsRootSignerMicrosoft"),
        "IsExecutable",
    )
)
_SHOWN_FIRST: Final = (
    *("Timestamp", "DeviceNames", "GlobalPrevalence", "InitiatingProcessFolderPath", "InitiatingProcessCommandLine"),
    *("RemoteIP", "RemoteUrl", "SHA256", "IPCount", "URLCount", "InitiatingProcessSHA256", "DeviceCount"),
)
_HUNT_COLUMNS: Final = (
    *_SHOWN_FIRST,
    *(column for column in (*EVENT_COLUMNS, *PROFILE_COLUMNS) if column not in _SHOWN_FIRST),
)
_PROFILE_LIMIT: Final = 1000


class TooManyFilesError(Exception):
    """More files are left than FileProfile may be asked for."""


def cell(row: Row, column: str) -> Any:
    """The value of a column of the two tables above."""
    return row.get(column) if column in _NOT_STRINGS else text(row, column)


def long_running(rows: Iterable[Row], profiles: Mapping[str, Row], now: datetime) -> Result:
    """A row for each file that talks to public addresses from processes older than 10 days: on at most 5 devices, to
    at most 2 URLs, and with a profile that knows it on at most 20 machines."""
    by_file: dict[str, list[Row]] = defaultdict(list)
    for row in in_scope(rows, "Timestamp", now, None):
        if _is_old_and_talks(row, now):
            by_file[text(row, "InitiatingProcessSHA256")].append(row)
    files = [_file_row(events) for events in by_file.values()]
    rare = [file for file in files if file["URLCount"] <= 2 and file["DeviceCount"] <= 5]
    if len(rare) > _PROFILE_LIMIT:
        raise TooManyFilesError
    known = with_profiles(rare, "InitiatingProcessSHA256", _PROFILE_LIMIT, profiles)
    kept = [row for row in known if row["GlobalPrevalence"] is not None and row["GlobalPrevalence"] <= 20]
    # Nulls cannot be left in the three columns that sort, so their place does not matter.
    kept.sort(key=lambda row: (row["GlobalPrevalence"], row["URLCount"], -row["IPCount"], _all_of(row)))
    return [tuple(row[column] for column in _HUNT_COLUMNS) for row in kept]


def _all_of(row: Row) -> tuple[Any, ...]:
    return row_key(row[column] for column in _HUNT_COLUMNS)


def _is_old_and_talks(row: Row, now: datetime) -> bool:
    created = row.get("InitiatingProcessCreationTime")
    return (
        row["Timestamp"] > now - _MONTH
        and text(row, "InitiatingProcessSHA256") != ""
        and text(row, "RemoteIPType") == "Public"
        and text(row, "ActionType") == "ConnectionSuccess"
        and created is not None
        and created < row["Timestamp"] - timedelta(days=10)
    )


def _file_row(events: Sequence[Row]) -> dict[str, Any]:
    """The newest event of a file, the smallest of several such, with the file's counts."""
    newest = max(row["Timestamp"] for row in events)
    complete = [{column: cell(row, column) for column in EVENT_COLUMNS} for row in events]
    latest = min((row for row in complete if row["Timestamp"] == newest), key=lambda row: row_key(row.values()))
    names = sorted({row["DeviceName"] for row in complete}, key=str.encode)
    counts = {
        "DeviceCount": len({row["DeviceId"] for row in complete}),
        "DeviceNames": names[:5],
        "IPCount": len({row["RemoteIP"] for row in complete}),
        "URLCount": len({row["RemoteUrl"] for row in complete} - {""}),
    }
    return {**latest, **counts}


def with_profiles(rows: Iterable[Row], key: str, limit: int, profiles: Mapping[str, Row]) -> list[dict[str, Any]]:
    """Each row beside its file's profile. Only the first `limit` ids in ordinal order are asked for: an unknown one
    of them is Missing, the rest have no state at all."""
    rows = list(rows)
    asked = sorted({row[key] for row in rows if row[key] != ""}, key=str.encode)[:limit]
    answers = {file: profiles.get(file, {"ProfileAvailability": "Missing"}) for file in asked}
    return [{**row, **{column: cell(answers.get(row[key], {}), column) for column in PROFILE_COLUMNS}} for row in rows]
