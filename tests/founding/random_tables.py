"""Small random tables for the founding documents: few values a column, so that ties, groups and thresholds happen."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pyarrow as pa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from founding.reference import EVENT_COLUMNS

Rows = list[dict[str, Any]]

NOW: Final = datetime(2026, 6, 18, 12, 34, 56, 789_012, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)

# Few random values find more than many would.
THOROUGH: Final = settings(
    max_examples=500,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def _around(*ages: timedelta) -> list[timedelta]:
    """Each age with its neighbours a microsecond away."""
    return [age + step for age in ages for step in (-_TICK, timedelta(0), _TICK)]


def _often(usual: Any, *rare: Any, times: int = 6) -> st.SearchStrategy[Any]:
    return st.sampled_from([usual] * times + list(rare))


# UTF-8 order differs from UTF-16 order in the last two, and from a locale's order in most.
_WORDS: Final = ("", None, "a", "A", "B", "é", "z", " ", "\uffee", "\U0001f600")
_NUMBERS: Final = (None, 0, 1, -1, 443)
_SUMS: Final = (None, 0, 1, 7, -3, 2**62, 2**63 - 1)


def _words(*more: str) -> st.SearchStrategy[Any]:
    return st.sampled_from([*_WORDS, *more])


def _instants(ages: Sequence[timedelta]) -> st.SearchStrategy[datetime | None]:
    return st.sampled_from([None, *(NOW - age for age in ages)])


_HOUR_AGES: Final = (timedelta(minutes=59), timedelta(minutes=1), timedelta(seconds=1))
_VM_AGES: Final = (
    *_HOUR_AGES,
    *_HOUR_AGES,
    *(timedelta(days=d, hours=2) for d in (0, 1, 6, 8, 29)),
    *_around(timedelta(0), timedelta(hours=1), timedelta(days=7), timedelta(days=30)),
    timedelta(days=-1),
    timedelta(days=400),
)

VM_TYPES: Final[Mapping[str, pa.DataType]] = {
    "TimeGenerated": pa.timestamp("us", "UTC"),
    "DestinationPort": pa.int32(),
    "BytesSent": pa.int64(),
    "BytesReceived": pa.int64(),
}

_VM_ROW: Final = st.fixed_dictionaries(
    {
        "TimeGenerated": _instants(_VM_AGES),
        "Computer": st.sampled_from([None, "pc1", "PC1"]),
        "Direction": _often("outbound", "Outbound", "inbound", "", None, times=12),
        "ProcessName": _words(),
        "SourceIp": st.sampled_from(["10.0.0.1", "10.0.0.2"]),
        "DestinationIp": st.sampled_from(["192.0.2.1", "", None]),
        "DestinationPort": st.sampled_from(_NUMBERS),
        "Protocol": st.sampled_from(["tcp", None]),
        "RemoteCountry": st.sampled_from(["Chad", "chad", "Niger", "Åland", " ", "", None]),
        "MaliciousIp": st.sampled_from(["", None, "192.0.2.1"]),
        "BytesSent": st.sampled_from(_SUMS),
        "BytesReceived": st.sampled_from(_SUMS),
    }
)
_VM_ABSENT: Final = _often((), ("BytesSent",), ("MaliciousIp", "DestinationPort"), ("ProcessName",), times=8)

_EVENT_AGES: Final = (
    *(timedelta(days=d) for d in (1, 1, 1, 1, 2, 2, 3, 3, 15, 15)),
    *_around(timedelta(0), timedelta(days=30)),
    timedelta(days=-2),
)
_CREATION_AGES: Final = (
    *(timedelta(days=d) for d in (11, 11, 11, 11, 12, 12, 200, 200, 19_605)),
    *_around(timedelta(days=10)),
    timedelta(0),
    timedelta(days=-1),
)
HASHES: Final = ("aa", "AA", "ab", "b" * 64, "é", "\uffee", "\U0001f600", "c0", "c1")

EVENT_TYPES: Final[Mapping[str, pa.DataType]] = {
    "Timestamp": pa.timestamp("us", "UTC"),
    "InitiatingProcessCreationTime": pa.timestamp("us", "UTC"),
    "LocalPort": pa.int32(),
    "InitiatingProcessId": pa.int64(),
    "IsInitiatingProcessRemoteSession": pa.bool_(),
    "LogonID": pa.int64(),
}


_SPREAD: Final = "(spread)"


@st.composite
def _event(draw: st.DrawFn) -> dict[str, Any]:
    row: dict[str, Any] = draw(_EVENT_ROW)
    age = row.pop("creation_age")
    base = row["Timestamp"] or NOW
    row["InitiatingProcessCreationTime"] = None if age is None else base - age
    return row


_EVENT_ROW: Final = st.fixed_dictionaries(
    {
        "Timestamp": _instants(_EVENT_AGES),
        "creation_age": st.sampled_from([None, *_CREATION_AGES]),
        "DeviceId": st.sampled_from(["d1", "d2", "d3", "D1", "", None]),
        "DeviceName": st.sampled_from(["n1", "n2", "N1", "\U0001f600", "\uffee", "n6", "", None]),
        "ActionType": _often("ConnectionSuccess", "connectionsuccess", "ConnectionFailed", "", None, times=16),
        "RemoteIP": st.sampled_from(["192.0.2.1", "192.0.2.2", "192.0.2.3", "", None]),
        "RemoteUrl": _often("", None, "u1", "U1", "u2"),
        "RemoteIPType": _often("Public", "public", "Private", "", None, times=16),
        "InitiatingProcessSHA256": _often("aa", "", None, *HASHES, *HASHES),
        "LocalPort": st.sampled_from(_NUMBERS),
        "InitiatingProcessId": st.sampled_from(_NUMBERS),
        "InitiatingProcessFolderPath": _words(),
        "InitiatingProcessCommandLine": st.just("run"),
        "IsInitiatingProcessRemoteSession": st.sampled_from([None, False, True]),
        "AdditionalFields": st.sampled_from(["", '{"a":1}', None]),
        "LogonID": st.sampled_from([None, -5, 999]),
        _SPREAD: st.sampled_from(["", "DeviceId", "DeviceName", "RemoteIP", "RemoteUrl"]),
    }
)
_EVENT_ABSENT: Final = _often((), ("LogonID", "LocalPort"), ("RemoteUrl",), ("DeviceName", "DeviceId"), times=8)


@st.composite
def _tables(draw: st.DrawFn, row: st.SearchStrategy[Any], absent: st.SearchStrategy[Any]) -> Rows:
    """Rows, some of them many times over, some columns gone from all of them."""
    gone = draw(absent)
    drawn = draw(st.lists(st.tuples(row, st.sampled_from([1, 1, 1, 2, 5, 6, 7, 8])), max_size=16))
    copies = [_copy(row, number) for row, times in drawn for number in range(times)]
    return [{c: v for c, v in row.items() if c not in gone} for row in copies]


def _copy(row: dict[str, Any], number: int) -> dict[str, Any]:
    """A copy of a row; where the row says so, one that differs in a column."""
    spread = row.get(_SPREAD)
    varied = {spread: f"{spread}{number}"} if spread else {}
    return {**{column: value for column, value in row.items() if column != _SPREAD}, **varied}


VM_TABLES: Final = _tables(_VM_ROW, _VM_ABSENT)
EVENT_TABLES: Final = _tables(_event(), _EVENT_ABSENT)

_PROFILE: Final = st.fixed_dictionaries(
    {
        "ProfileAvailability": _often("Available", "Missing", "Error", times=8),
        "GlobalPrevalence": _often(3, 3, 0, 20, 20, 21, None, times=10),
        "SHA256": st.sampled_from(["aa", "", None]),
        "SHA1": st.sampled_from(["s1", None]),
        "FileSize": st.sampled_from([None, 2**40]),
        "GlobalFirstSeen": st.sampled_from([None, NOW]),
        "IsCertificateValid": st.sampled_from([None, False, True]),
    }
)
PROFILES: Final = st.fixed_dictionaries(
    {"aa": _PROFILE, "ab": _PROFILE}, optional=dict.fromkeys([*HASHES[1:2], *HASHES[3:], "unseen"], _PROFILE)
)


def columns_of(rows: Rows, known: Sequence[str]) -> list[str]:
    """The columns that a table of these rows has; an empty table has them all."""
    return list(rows[0]) if rows else list(known)


def arrow_table(rows: Rows, types: Mapping[str, pa.DataType], known: Sequence[str]) -> pa.Table:
    """The rows as Arrow; a column without a type of its own is a string."""
    columns = columns_of(rows, known)
    arrays: list[Any] = [pa.array([row[c] for row in rows], types.get(c, pa.string())) for c in columns]
    return pa.Table.from_arrays(arrays, names=columns)


VM_COLUMNS: Final = ("TimeGenerated", "Computer", "Direction", "RemoteCountry", "BytesSent")
SOME_EVENT_COLUMNS: Final = EVENT_COLUMNS[:8]
