"""First sights and prevalence: what commits tell in parts is what the rows tell as a whole."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lake_rows import NOON, answer

import bluetick
from bluetick.diagnostics.errors import QueryError
from bluetick.lake.commits import replace
from bluetick.lake.data_files import DataFile
from bluetick.lake.feeds import FEEDS
from bluetick.lake.folder import DeltaFolder
from bluetick.lake.intake import Batch, TableRows, locked, store
from bluetick.lake.layout import SEEN
from bluetick.lake.maintenance import vacuum
from bluetick.lake.merging import merge_parts_of_seen, tidy
from bluetick.lake.seen import seen_rows
from bluetick.schema.packs import load_pack
from bluetick.types import Type

Row = dict[str, Any]
MINUTE = timedelta(minutes=1)
NETWORK = (
    ("Timestamp", Type.DATETIME),
    ("DeviceName", Type.STRING),
    ("RemoteIP", Type.STRING),
    ("RemoteUrl", Type.STRING),
    ("InitiatingProcessSHA256", Type.STRING),
    ("InitiatingProcessFileName", Type.STRING),
)
FLOWS = (
    ("TimeGenerated", Type.DATETIME),
    ("Computer", Type.STRING),
    ("RemoteIp", Type.STRING),
    ("DestinationIp", Type.STRING),
    ("RemoteDnsQuestions", Type.DYNAMIC),
    ("RemoteCountry", Type.STRING),
)


def table_rows(name: str, columns: Sequence[tuple[str, Type]], rows: Iterable[Row]) -> TableRows:
    types = {Type.DATETIME: pa.timestamp("us", "UTC")}
    found = list(rows)
    data = {n: pa.array([row.get(n) for row in found], types.get(t, pa.string())) for n, t in columns}
    return TableRows(name, pa.table(data), tuple(columns), columns[0][0])


def network(*rows: Row) -> TableRows:
    return table_rows("DeviceNetworkEvents", NETWORK, rows)


def flows(*rows: Row) -> TableRows:
    return table_rows("VMConnection", FLOWS, rows)


def commit(lake: Path, name: str, *tables: TableRows) -> None:
    told = seen_rows(tables)
    with locked(lake):
        store(lake, Batch(name, "test", (*tables, *([told] if told else [])), {}))


def told(*tables: TableRows) -> set[tuple[Any, ...]]:
    """Kind, value, host and count of what these rows tell."""
    rows = seen_rows(tables)
    assert rows is not None
    return {(row["Kind"], row["Value"], row["Host"], row["Count"]) for row in rows.rows.to_pylist()}


# --- what a row tells -----------------------------------------------------------------------------------------------


def test_each_kind_of_a_row_is_told() -> None:
    row = {
        "Timestamp": NOON,
        "DeviceName": "pc1",
        "RemoteIP": "198.51.100.7",
        "RemoteUrl": "https://Login.Example.COM:8443/a?b#c",
        "InitiatingProcessSHA256": "ab" * 32,
        "InitiatingProcessFileName": "PowerShell.exe",
    }
    assert told(network(row)) == {
        ("address", "198.51.100.7", "pc1", 1),
        ("domain", "login.example.com", "pc1", 1),
        ("hash", "ab" * 32, "pc1", 1),
        ("process", "PowerShell.exe", "pc1", 1),
    }


def test_a_row_that_names_an_address_twice_counts_once() -> None:
    same = {"TimeGenerated": NOON, "Computer": "pc1", "RemoteIp": "198.51.100.7", "DestinationIp": "198.51.100.7"}
    other = same | {"DestinationIp": "10.0.0.1"}
    assert told(flows(same, other)) == {("address", "198.51.100.7", "pc1", 2), ("address", "10.0.0.1", "pc1", 1)}


def test_a_list_of_questions_tells_each_name_once_a_row() -> None:
    row = {"TimeGenerated": NOON, "Computer": "pc1", "RemoteDnsQuestions": json.dumps(["a.example", "b.example"] * 2)}
    assert told(flows(row, row)) == {("domain", "a.example", "pc1", 2), ("domain", "b.example", "pc1", 2)}


@pytest.mark.parametrize("questions", ["{", '{"a": 1}', "null", "[1, null]", "[" * 100_000, '[""]'])
def test_what_is_no_list_of_names_tells_nothing(questions: str) -> None:
    assert seen_rows([flows({"TimeGenerated": NOON, "RemoteDnsQuestions": questions})]) is None


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("example.com", "example.com"),
        ("example.com.", "example.com"),
        ("example.com:443", "example.com"),
        ("EXAMPLE.com/path:80", "example.com"),
        ("ftp://user:secret@files.example.com/x@y", "files.example.com"),
        ("münchen.example/ü", "münchen.example"),
        ("http://198.51.100.7/x", None),
        ("198.51.100.7:8080", None),
        ("http://[2001:db8::1]:80/", None),
        ("2001:db8::1", None),
        ("a" * 1_025, None),
        ("/only/a/path", None),
    ],
)
def test_the_domain_of_an_address_of_the_web(url: str, domain: str | None) -> None:
    rows = seen_rows([network({"Timestamp": NOON, "RemoteUrl": url})])
    assert (None if rows is None else rows.rows.column("Value").to_pylist()) == (None if domain is None else [domain])


def test_rows_of_other_tables_tell_nothing() -> None:
    assert seen_rows([table_rows("Mine", (("Timestamp", Type.DATETIME), ("RemoteIP", Type.STRING)), [{}])]) is None
    assert seen_rows([]) is None


# Microsoft's table has no such column; the rows of a source may.
BESIDE_THE_SCHEMA = {("DeviceNetworkEvents", "RemoteCountry")}


@pytest.mark.parametrize("name", FEEDS)
def test_what_is_fed_stands_in_the_known_tables(name: str) -> None:
    packs = [pack[name] for pack in (load_pack("defender"), load_pack("sentinel")) if name in pack]
    columns = {column for schema in packs for column, _ in schema.columns}
    fed = FEEDS[name]
    named = {feed.column for feed in fed.feeds} | ({fed.host} if fed.host else set())
    assert {column for column in named - columns if (name, column) not in BESIDE_THE_SCHEMA} == set()


# --- in parts and as a whole ----------------------------------------------------------------------------------------

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "Timestamp": st.none() | st.integers(0, 9).map(lambda n: NOON + n * MINUTE),
            "DeviceName": st.sampled_from([None, "", "pc1", "pc2", "PC2"]),
            "RemoteIP": st.sampled_from([None, "", "198.51.100.1", "198.51.100.2", "2001:db8::1"]),
            "RemoteUrl": st.sampled_from([None, "", "A.example/x", "https://a.EXAMPLE:443/y", "b.example"]),
            "InitiatingProcessSHA256": st.sampled_from([None, "aa", "AA", "bb"]),
        }
    ),
    max_size=12,
)
# The domains of the texts above, by hand.
DOMAINS = {"A.example/x": "a.example", "https://a.EXAMPLE:443/y": "a.example", "b.example": "b.example"}


def directly(rows: Iterable[Row]) -> dict[tuple[str, str, str], tuple[datetime | None, datetime | None, int]]:
    """First, last and count by kind, value and host ("" for all), from the rows themselves."""
    times: dict[tuple[str, str, str], list[datetime | None]] = defaultdict(list)
    for row in rows:
        named = {
            "address": row["RemoteIP"],
            "domain": DOMAINS.get(row["RemoteUrl"]),
            "hash": row["InitiatingProcessSHA256"],
        }
        for kind, value in named.items():
            for host in {row["DeviceName"] or "", ""} if value else ():
                times[kind, value, host].append(row["Timestamp"])
    return {key: (*_ends(found), len(found)) for key, found in times.items()}


def _ends(times: list[datetime | None]) -> tuple[datetime | None, datetime | None]:
    known = [time for time in times if time is not None]
    return min(known, default=None), max(known, default=None)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.tuples(ROWS, st.booleans()), min_size=1, max_size=4), small=st.booleans())
def test_any_split_into_commits_tells_the_same(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[list[Row], bool]], small: bool
) -> None:
    """With parts merged after some commits, all at once or a few values at a time."""
    lake = tmp_path_factory.mktemp("lake")
    for number, (rows, is_merged) in enumerate(parts):
        commit(lake, str(number), network(*rows))
        if is_merged and (lake / SEEN).exists():
            merge_parts_of_seen(lake / SEEN, rows_at_once=2 if small else 1_000)
    expected = directly(row for rows, _ in parts for row in rows)
    if not expected:
        return
    with bluetick.connect(lake=lake) as session:
        first = answer(session, "FirstSeen | project Kind, Value, Host, FirstSeen, LastSeen, Count")
        fleet = answer(session, "Prevalence | project Kind, Value, Hosts, Count, FirstSeen, LastSeen")
    assert {row[:3]: row[3:] for row in first} == expected
    assert len(first) == len(expected)
    assert sorted(fleet) == sorted(
        (kind, value, _hosts(expected, kind, value), count, begin, end)
        for (kind, value, host), (begin, end, count) in expected.items()
        if not host
    )


def _hosts(expected: Iterable[tuple[str, str, str]], kind: str, value: str) -> int:
    return sum(key[:2] == (kind, value) and key[2] != "" for key in expected)


# --- in a lake ------------------------------------------------------------------------------------------------------


def small_lake(lake: Path) -> None:
    for number in range(4):
        row = {"Timestamp": NOON + number * MINUTE, "DeviceName": f"pc{number % 2}", "RemoteIP": "198.51.100.1"}
        rare = {"Timestamp": NOON, "DeviceName": "pc0", "RemoteIP": f"198.51.100.{10 + number}"}
        commit(lake, str(number), network(row, rare))


def test_a_hunt_joins_them(tmp_path: Path) -> None:
    small_lake(tmp_path)
    with bluetick.connect(lake=tmp_path) as session:
        joined = answer(
            session,
            "DeviceNetworkEvents | join kind=leftouter (FirstSeen | where Kind == 'address' and Host == '')"
            " on $left.RemoteIP == $right.Value"
            "| where RemoteIP endswith '.1' | distinct FirstSeen, LastSeen, Count",
        )
        rare = answer(session, "Prevalence | where Kind == 'address' and Hosts == 1 | count")
        assert session.catalog.names() == ("DeviceNetworkEvents",)
    assert joined == [(NOON, NOON + 3 * MINUTE, 4)]
    assert rare == [(4,)]


def test_parts_are_merged_to_one_row_a_key(tmp_path: Path) -> None:
    small_lake(tmp_path)
    with bluetick.connect(lake=tmp_path) as session:
        before = answer(session, f"FirstSeen | sort by Value, Host | extend n = toscalar({SEEN} | count)")
        done = tidy(tmp_path / SEEN)
        after = answer(session, f"FirstSeen | sort by Value, Host | extend n = toscalar({SEEN} | count)")
    assert [row[:-1] for row in before] == [row[:-1] for row in after]
    assert (before[0][-1], after[0][-1]) == (8, 6)
    assert (done.files_before, done.files_after, done.rows) == (4, 1, 6)
    assert tidy(tmp_path / SEEN).files_before == 0
    assert len(DeltaFolder(tmp_path / SEEN).snapshot().files) == 1
    commit(tmp_path, "more", network({"Timestamp": NOON, "DeviceName": "pc0", "RemoteIP": "198.51.100.1"}))
    again = tidy(tmp_path / SEEN)
    assert (again.files_before, again.files_after, again.rows) == (2, 1, 6)


class Killed(BaseException):
    """Ends a process here as a kill would."""


def test_a_merge_that_dies_before_its_commit_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_lake(tmp_path)
    with bluetick.connect(lake=tmp_path) as session:
        before = answer(session, "FirstSeen | sort by Value, Host")
        with monkeypatch.context() as patched:

            def dying(*_: object) -> bool:
                raise Killed

            patched.setattr("bluetick.lake.merging.replace", dying)
            with pytest.raises(Killed):
                tidy(tmp_path / SEEN)
        assert answer(session, "FirstSeen | sort by Value, Host") == before
        tidy(tmp_path / SEEN)
        assert answer(session, "FirstSeen | sort by Value, Host") == before


def test_a_merge_gives_way_to_one_that_was_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_lake(tmp_path)

    def after_another(folder: Path, old: Sequence[DataFile], *arguments: Any) -> bool:
        monkeypatch.undo()
        tidy(tmp_path / SEEN)
        return replace(folder, old, *arguments)

    monkeypatch.setattr("bluetick.lake.merging.replace", after_another)
    assert tidy(tmp_path / SEEN).files_before == 0
    with bluetick.connect(lake=tmp_path) as session:
        assert answer(session, "FirstSeen | where Host == '' and Value endswith '.1' | project Count") == [(4,)]


def test_they_outlive_the_rows(tmp_path: Path) -> None:
    """Even where every table of rows is gone."""
    small_lake(tmp_path)
    tidy(tmp_path / SEEN)
    vacuum(tmp_path / SEEN, timedelta(0), is_rehearsal=False)
    (tmp_path / "DeviceNetworkEvents").rename(tmp_path / "_removed")
    with bluetick.connect(lake=tmp_path) as session:
        assert answer(session, "Prevalence | where Value endswith '.1' | project Hosts, Count") == [(2, 4)]


def test_without_a_lake_that_has_them_it_is_told_where_they_are() -> None:
    with bluetick.connect() as session:
        assert session.check("Prevalence | where Kind == 'hash' and Hosts == 1").ok
        with pytest.raises(QueryError) as caught:
            session.query("FirstSeen")
    assert "bluetick ingest" in caught.value.diagnostics[0].hint


def test_a_column_of_the_name_is_a_column() -> None:
    with bluetick.connect() as session:
        text = "print FirstSeen = 1, Prevalence = 2 | where FirstSeen < Prevalence | project FirstSeen"
        assert answer(session, text) == [(1,)]
