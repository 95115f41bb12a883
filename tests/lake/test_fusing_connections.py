"""Connections of DeviceNetworkEvents that two sensors saw: which become one row, and what it has of each."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bluetick.diagnostics.errors import SourceError
from bluetick.lake.commits import replace
from bluetick.lake.folder import DeltaFolder
from bluetick.lake.fusion.fusing import fuse
from bluetick.lake.fusion.nearest import nearest_pairs
from bluetick.lake.fusion.sides import Fused
from bluetick.lake.fusion.stored import Span
from bluetick.lake.intake import Batch, TableRows, locked, store
from bluetick.lake.maintenance import history, optimize
from bluetick.schema.packs import known_table
from bluetick.session import connect
from bluetick.sources.arrow import arrow_schema
from bluetick.types import Type

TABLE = "DeviceNetworkEvents"
NOON = datetime(2026, 6, 18, 12, tzinfo=UTC)
ZEEK = '{"uid":"C1","orig_bytes":10,"community_id":"1:abc="}'


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def row(seconds: float, **more: Any) -> dict[str, Any]:
    """A connection of 10.0.0.5:50000 to 203.0.113.9:443."""
    return {
        "Timestamp": at(seconds),
        "ActionType": "ConnectionSuccess",
        "LocalIP": "10.0.0.5",
        "LocalPort": 50000,
        "RemoteIP": "203.0.113.9",
        "RemotePort": 443,
        "Protocol": "Tcp",
        **more,
    }


def endpoint(seconds: float, process: str = "a.exe", **more: Any) -> dict[str, Any]:
    return row(seconds, **{"DeviceName": "host", "InitiatingProcessFileName": process, **more})


def network(seconds: float, **more: Any) -> dict[str, Any]:
    return row(seconds, **{"DeviceName": "10.0.0.5", "AdditionalFields": ZEEK, **more})


def add(lake: Path, source: str, rows: Sequence[dict[str, Any]], batch: str = "") -> None:
    schema = known_table(TABLE)
    assert schema is not None
    target = arrow_schema(schema)
    full = [{field.name: None if field.nullable else "" for field in target} | one for one in rows]
    data = pa.Table.from_pylist(full, schema=target)
    with locked(lake):
        name = batch or f"{source}-{len(list((lake / TABLE / '_delta_log').glob('*')))}"
        store(lake, Batch(name, source, (TableRows(TABLE, data, schema.columns, "Timestamp"),), {name: ""}))


def run(lake: Path, skew: float = 5.0, span: Span | None = None) -> Fused:
    with locked(lake):
        done = fuse(lake, TABLE, span or Span(), timedelta(seconds=skew))
    assert done is not None
    return done


def stored(lake: Path, columns: str) -> list[tuple[Any, ...]]:
    found = pa.concat_tables(
        [pq.read_table(file, partitioning=None) for file in DeltaFolder(lake / TABLE).snapshot().files]
    )
    names = columns.split(", ")
    ordered = sorted(found.to_pylist(), key=lambda one: (one["Timestamp"], one["_Source"]))
    return [tuple(one[name] for name in names) for one in ordered]


def test_the_row_of_both_has_the_process_and_what_only_the_network_knows(tmp_path: Path) -> None:
    add(tmp_path, "windows", [endpoint(0, AdditionalFields='{"RuleName":"r"}')])
    add(tmp_path, "zeek", [network(0.3, RemoteUrl="example.org")])
    done = run(tmp_path)
    assert (done.pairs, done.endpoint, done.network) == ({"windows+zeek": 1}, {}, {})
    [(time, name, process, url, fields, source)] = stored(
        tmp_path, "Timestamp, DeviceName, InitiatingProcessFileName, RemoteUrl, AdditionalFields, _Source"
    )
    assert (time, name, process, url, source) == (at(0), "host", "a.exe", "example.org", "windows+zeek")
    assert json.loads(fields) == {"RuleName": "r", "zeek": json.loads(ZEEK)}


@pytest.mark.parametrize("own", ["", "{}", " { } "])
def test_no_fields_of_its_own_are_no_obstacle(tmp_path: Path, own: str) -> None:
    add(tmp_path, "windows", [endpoint(0, AdditionalFields=own)])
    add(tmp_path, "zeek", [network(0)])
    run(tmp_path)
    assert json.loads(stored(tmp_path, "AdditionalFields")[0][0]) == {"zeek": json.loads(ZEEK)}


def test_fields_that_are_no_object_are_kept_as_text(tmp_path: Path) -> None:
    add(tmp_path, "windows", [endpoint(0, AdditionalFields='plain "text"')])
    add(tmp_path, "zeek", [network(0, AdditionalFields="")])
    run(tmp_path)
    assert json.loads(stored(tmp_path, "AdditionalFields")[0][0]) == {"AdditionalFields": 'plain "text"', "zeek": {}}


def test_what_the_endpoint_says_is_kept(tmp_path: Path) -> None:
    add(tmp_path, "windows", [endpoint(0, RemoteUrl="asked.example")])
    add(tmp_path, "zeek", [network(0, RemoteUrl="sni.example")])
    run(tmp_path)
    assert stored(tmp_path, "RemoteUrl") == [("asked.example",)]


@pytest.mark.parametrize(("seconds", "pairs"), [(5.0, 1), (-5.0, 1), (5.000001, 0), (-5.000001, 0)])
def test_starts_may_be_as_far_apart_as_the_skew(tmp_path: Path, seconds: float, pairs: int) -> None:
    add(tmp_path, "windows", [endpoint(0)])
    add(tmp_path, "zeek", [network(seconds)])
    assert run(tmp_path).pairs.total() == pairs
    assert len(stored(tmp_path, "Timestamp")) == 2 - pairs


SWAPPED = {"LocalIP": "203.0.113.9", "LocalPort": 443, "RemoteIP": "10.0.0.5", "RemotePort": 50000}


def test_the_other_end_may_be_the_local_one(tmp_path: Path) -> None:
    add(tmp_path, "windows", [endpoint(0)])
    add(tmp_path, "zeek", [network(1, **SWAPPED, RemoteUrl="of.the.other.end", RemoteIPType="Private")])
    assert run(tmp_path).pairs == {"windows+zeek": 1}
    # What the sensor says of its remote end is of the endpoint's local one.
    assert stored(tmp_path, "RemoteIP, RemoteUrl, RemoteIPType") == [("203.0.113.9", "", "")]


def test_the_endpoint_that_agrees_on_the_direction_comes_first(tmp_path: Path) -> None:
    """Both ends have a sensor: two endpoints' rows, of which the sensor's one row joins the one that it is like."""
    add(tmp_path, "windows", [endpoint(1, "client.exe"), endpoint(0, "server.exe", **SWAPPED)])
    add(tmp_path, "zeek", [network(0)])
    done = run(tmp_path)
    assert (done.pairs, done.endpoint) == ({"windows+zeek": 1}, {"windows": 1})
    assert stored(tmp_path, "InitiatingProcessFileName, _Source") == [
        ("server.exe", "windows"),
        ("client.exe", "windows+zeek"),
    ]


@pytest.mark.parametrize(
    "other",
    [{"LocalPort": 50001}, {"RemotePort": 80}, {"RemoteIP": "203.0.113.8"}, {"Protocol": "Udp"}, {"LocalPort": None}],
)
def test_another_connection_is_no_partner(tmp_path: Path, other: dict[str, Any]) -> None:
    add(tmp_path, "windows", [endpoint(0)])
    add(tmp_path, "zeek", [network(0, **other)])
    done = run(tmp_path)
    assert (done.pairs, done.endpoint, done.network) == ({}, {"windows": 1}, {"zeek": 1})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:DB8:0:0:0:0:0:9", "2001:db8::9"),
    ],
)
def test_an_address_may_be_spelled_otherwise(tmp_path: Path, one: str, other: str) -> None:
    add(tmp_path, "windows", [endpoint(0, RemoteIP=one, Protocol="tcp")])
    add(tmp_path, "zeek", [network(0, RemoteIP=other)])
    assert run(tmp_path).pairs.total() == 1
    assert stored(tmp_path, "RemoteIP") == [(one,)]


def test_a_community_id_stands_for_ends_that_are_not_told(tmp_path: Path) -> None:
    add(tmp_path, "ecs", [endpoint(0, LocalPort=None, AdditionalFields='{"community_id":"1:abc="}')])
    add(tmp_path, "zeek", [network(1)])
    assert run(tmp_path).pairs == {"ecs+zeek": 1}
    assert stored(tmp_path, "LocalPort") == [(50000,)]


def test_looks_into_a_connection_are_no_connections(tmp_path: Path) -> None:
    add(tmp_path, "windows", [endpoint(0)])
    add(tmp_path, "zeek", [network(0, ActionType="SslConnectionInspected")])
    done = run(tmp_path)
    assert (done.pairs, done.endpoint, done.network) == ({}, {"windows": 1}, {})
    assert len(stored(tmp_path, "Timestamp")) == 2


def test_two_endpoint_sensors_and_two_network_sensors_do_not_join_their_own_kind(tmp_path: Path) -> None:
    add(tmp_path, "windows", [endpoint(0), endpoint(0.1, "b.exe")])
    assert run(tmp_path).pairs == {}
    add(tmp_path, "zeek", [network(0), network(0.1)])
    assert run(tmp_path).pairs == {"windows+zeek": 2}


def test_a_third_sensor_joins_the_row_of_two(tmp_path: Path) -> None:
    add(tmp_path, "windows", [endpoint(0)])
    add(tmp_path, "zeek", [network(0)])
    run(tmp_path)
    add(tmp_path, "suricata", [network(1, AdditionalFields='{"flow_id":"7"}')])
    assert run(tmp_path).pairs == {"windows+zeek+suricata": 1}
    [(fields, source)] = stored(tmp_path, "AdditionalFields, _Source")
    assert (json.loads(fields), source) == (
        {"zeek": json.loads(ZEEK), "suricata": {"flow_id": "7"}},
        "windows+zeek+suricata",
    )


def test_all_sensors_at_once_give_the_same(tmp_path: Path) -> None:
    add(tmp_path, "windows", [endpoint(0)])
    add(tmp_path, "zeek", [network(0)])
    add(tmp_path, "suricata", [network(1, AdditionalFields='{"flow_id":"7"}')])
    assert run(tmp_path).pairs == {"windows+suricata": 1, "windows+zeek": 1}
    [(fields, source)] = stored(tmp_path, "AdditionalFields, _Source")
    assert json.loads(fields) == {"suricata": {"flow_id": "7"}, "zeek": json.loads(ZEEK)}
    assert source == "windows+suricata+zeek"


def test_the_nearest_of_several_is_the_partner(tmp_path: Path) -> None:
    add(tmp_path, "windows", [endpoint(0, "early.exe"), endpoint(3, "late.exe")])
    add(tmp_path, "zeek", [network(2.5), network(4.5)])
    assert run(tmp_path).pairs == {"windows+zeek": 2}
    add(tmp_path, "windows", [endpoint(10, "alone.exe")])
    assert run(tmp_path).pairs == {}
    assert [source for (source,) in stored(tmp_path, "_Source")] == ["windows+zeek", "windows+zeek", "windows"]


def test_fused_again_nothing_changes_and_a_late_row_still_finds_its_partner(tmp_path: Path) -> None:
    add(tmp_path, "zeek", [network(0), network(100, LocalPort=50001)])
    add(tmp_path, "windows", [endpoint(0)])
    run(tmp_path)
    before = stored(tmp_path, "Timestamp, InitiatingProcessFileName, AdditionalFields, _Source")
    versions = len(history(tmp_path / TABLE, 100))
    assert run(tmp_path).pairs == {}
    assert stored(tmp_path, "Timestamp, InitiatingProcessFileName, AdditionalFields, _Source") == before
    assert len(history(tmp_path / TABLE, 100)) == versions
    add(tmp_path, "windows", [endpoint(101, "late.exe", LocalPort=50001)])
    assert run(tmp_path).pairs == {"windows+zeek": 1}
    assert [source for (source,) in stored(tmp_path, "_Source")] == ["windows+zeek"] * 2


def test_rows_out_of_the_span_stay(tmp_path: Path) -> None:
    add(tmp_path, "windows", [endpoint(0), endpoint(3600)])
    add(tmp_path, "zeek", [network(0), network(3600)])
    assert run(tmp_path, span=Span(at(1800), None)).pairs.total() == 1
    assert len(stored(tmp_path, "Timestamp")) == 3
    assert run(tmp_path, span=Span(None, at(1800))).pairs.total() == 1


def test_midnight_is_no_border(tmp_path: Path) -> None:
    midnight = 12 * 3600
    add(tmp_path, "windows", [endpoint(midnight - 1)])
    add(tmp_path, "zeek", [network(midnight + 1)])
    assert run(tmp_path).pairs.total() == 1
    assert stored(tmp_path, "Timestamp") == [(at(midnight - 1),)]


def test_history_tells_and_the_version_before_stays_readable(tmp_path: Path) -> None:
    add(tmp_path, "windows", [endpoint(0)])
    add(tmp_path, "zeek", [network(0)])
    before = history(tmp_path / TABLE, 1)[0].version
    run(tmp_path)
    newest = history(tmp_path / TABLE, 1)[0]
    assert (newest.operation, newest.source, newest.version) == ("FUSE", "windows+zeek 1", before + 1)
    with connect(lake=tmp_path, as_of=before) as session:
        assert list(session.query(f"{TABLE} | count").rows()) == [(2,)]


def test_a_column_that_came_later_is_filled_in(tmp_path: Path) -> None:
    """The endpoint's file was written before the network's brought a column of its own."""
    add(tmp_path, "windows", [endpoint(0)])
    schema = known_table(TABLE)
    assert schema is not None
    target = arrow_schema(schema).append(pa.field("Sensor", pa.string()))
    full = {field.name: None if field.nullable else "" for field in target} | network(0) | {"Sensor": "tap"}
    data = pa.Table.from_pylist([full], schema=target)
    columns = (*schema.columns, ("Sensor", Type.STRING))
    with locked(tmp_path):
        store(tmp_path, Batch("more", "zeek", (TableRows(TABLE, data, columns, "Timestamp"),), {"more": ""}))
    run(tmp_path)
    assert stored(tmp_path, "Sensor, InitiatingProcessFileName") == [("tap", "a.exe")]


def test_another_writer_that_is_first_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An optimize of another process merges the files between the look at them and the commit."""
    add(tmp_path, "windows", [endpoint(0)])
    add(tmp_path, "zeek", [network(0)])
    add(tmp_path, "zeek", [network(60)])
    tries = []

    def late(folder: Path, *rest: Any, **more: Any) -> bool:
        tries.append(folder)
        if len(tries) == 1:
            optimize(folder)
        return replace(folder, *rest, **more)

    monkeypatch.setattr("bluetick.lake.fusion.stored.replace", late)
    assert run(tmp_path).pairs == {"windows+zeek": 1}
    assert len(tries) == 2
    assert [source for (source,) in stored(tmp_path, "_Source")] == ["windows+zeek", "zeek"]


def test_what_cannot_be_committed_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(tmp_path, "windows", [endpoint(0)])
    add(tmp_path, "zeek", [network(0)])
    before = sorted((tmp_path / TABLE).rglob("*.parquet"))

    def full(*_: Any, **__: Any) -> bool:
        raise SourceError("no room")

    monkeypatch.setattr("bluetick.lake.fusion.stored.replace", full)
    with pytest.raises(SourceError, match="no room"):
        run(tmp_path)
    assert sorted((tmp_path / TABLE).rglob("*.parquet")) == before
    assert len(stored(tmp_path, "_Source")) == 2


# --- the matcher against a naive one ---


def naive_pairs(rows: list[tuple[int, int, int]], skew: int) -> set[tuple[int, int]]:
    """All pairs by distance, then by the earlier of the two, then by key and by place; each row once."""
    pairs = [
        (abs(rows[i][1] - rows[j][1]), i, j)
        for i in range(len(rows))
        for j in range(len(rows))
        if rows[i][2] == 0 and rows[j][2] == 1 and rows[i][0] == rows[j][0]
    ]
    taken: set[int] = set()
    found = set()
    for distance, i, j in sorted(pairs, key=lambda p: (p[0], min(rows[p[1]][1], rows[p[2]][1]))):
        if distance <= skew and i not in taken and j not in taken:
            taken |= {i, j}
            found.add((i, j))
    return found


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 60), st.integers(0, 1)), max_size=40, unique=True),
    st.integers(0, 20),
)
@settings(max_examples=400, deadline=None)
def test_the_pairs_are_those_of_a_naive_matcher(rows: list[tuple[int, int, int]], skew: int) -> None:
    """Rows that differ: among rows alike any may be taken."""
    keys, times, sides = (np.array([one[place] for one in rows], np.int64) for place in range(3))
    first, second = nearest_pairs(keys, times, sides, skew)
    assert set(zip(first.tolist(), second.tolist(), strict=True)) == naive_pairs(rows, skew)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 1)), max_size=60))
@settings(max_examples=200, deadline=None)
def test_a_row_is_in_one_pair_at_most_and_none_is_left_beside_a_free_partner(rows: list[tuple[int, int, int]]) -> None:
    keys, times, sides = (np.array([one[place] for one in rows], np.int64) for place in range(3))
    first, second = nearest_pairs(keys, times, sides, 2)
    taken = [*first.tolist(), *second.tolist()]
    assert len(taken) == len(set(taken))
    free = [rows[place] for place in range(len(rows)) if place not in set(taken)]
    assert not [
        (a, b) for a in free for b in free if a[0] == b[0] and a[2] == 0 and b[2] == 1 and abs(a[1] - b[1]) <= 2
    ]
