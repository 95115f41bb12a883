"""Minute rows of VMConnection: the network's take a process where no other can be meant, and links count once."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from bluetick.lake.folder import DeltaFolder
from bluetick.lake.fusion.fusing import fuse
from bluetick.lake.fusion.sides import Fused
from bluetick.lake.fusion.stored import Span
from bluetick.lake.intake import Batch, TableRows, locked, store
from bluetick.lake.maintenance import history
from bluetick.schema.packs import known_table
from bluetick.session import connect
from bluetick.sources.arrow import arrow_schema

TABLE = "VMConnection"
NOON = datetime(2026, 6, 18, 12, tzinfo=UTC)


def row(minute: int, **more: Any) -> dict[str, Any]:
    return {
        "TimeGenerated": NOON + timedelta(minutes=minute),
        "Direction": "outbound",
        "SourceIp": "10.0.0.5",
        "DestinationIp": "203.0.113.9",
        "DestinationPort": 443,
        "Protocol": "tcp",
        "RemoteIp": "203.0.113.9",
        **more,
    }


def endpoint(minute: int, process: str = "a.exe", links: int = 1, **more: Any) -> dict[str, Any]:
    named = {"Computer": "host", "Machine": "m1", "ProcessName": process, "Process": f"C:\\{process}"}
    return row(minute, **{**named, "LinksEstablished": links, **more})


def network(minute: int, links: int = 1, sent: int = 100, **more: Any) -> dict[str, Any]:
    return row(
        minute, **{"Computer": "10.0.0.5", "LinksEstablished": links, "LinksFailed": 0, "BytesSent": sent, **more}
    )


def add(lake: Path, source: str, rows: Sequence[dict[str, Any]]) -> None:
    schema = known_table(TABLE)
    assert schema is not None
    target = arrow_schema(schema)
    full = [{field.name: None if field.nullable else "" for field in target} | one for one in rows]
    data = pa.Table.from_pylist(full, schema=target)
    with locked(lake):
        name = f"{source}-{len(list((lake / TABLE / '_delta_log').glob('*')))}"
        store(lake, Batch(name, source, (TableRows(TABLE, data, schema.columns, "TimeGenerated"),), {name: ""}))


def run(lake: Path) -> Fused:
    with locked(lake):
        done = fuse(lake, TABLE, Span())
    assert done is not None
    return done


def stored(lake: Path) -> list[tuple[Any, ...]]:
    """Minute, process, links, bytes and source of each row."""
    found = pa.concat_tables(
        [pq.read_table(file, partitioning=None) for file in DeltaFolder(lake / TABLE).snapshot().files]
    )
    rows = [
        (
            (one["TimeGenerated"] - NOON) // timedelta(minutes=1),
            one["ProcessName"],
            one["LinksEstablished"],
            one["BytesSent"],
            one["_Source"],
        )
        for one in found.to_pylist()
    ]
    return sorted(rows, key=lambda one: (one[0], one[4], one[1]))


def test_bytes_and_links_of_the_network_with_the_process_of_the_endpoint(tmp_path: Path) -> None:
    add(tmp_path, "windows", [endpoint(0, RemoteDnsQuestions='["asked"]')])
    add(tmp_path, "zeek", [network(0, links=2)])
    done = run(tmp_path)
    assert (done.pairs, done.endpoint, done.network) == ({"windows+zeek": 1}, {}, {})
    assert stored(tmp_path) == [(0, "a.exe", 2, 100, "windows+zeek")]
    with connect(lake=tmp_path) as session:
        rows = session.query(f"{TABLE} | project Computer, Machine, Process, RemoteDnsQuestions").rows()
        assert list(rows) == [("host", "m1", "C:\\a.exe", '["asked"]')]


def test_the_later_minutes_of_a_connection_are_of_its_process(tmp_path: Path) -> None:
    add(tmp_path, "windows", [endpoint(0)])
    add(tmp_path, "zeek", [network(0, sent=0), network(1, 0, 0), network(2, 0, 500)])
    run(tmp_path)
    assert stored(tmp_path) == [
        (0, "a.exe", 1, 0, "windows+zeek"),
        (1, "a.exe", 0, 0, "windows+zeek"),
        (2, "a.exe", 0, 500, "windows+zeek"),
    ]


def test_later_minutes_may_come_with_a_later_ingest(tmp_path: Path) -> None:
    add(tmp_path, "windows", [endpoint(0)])
    add(tmp_path, "zeek", [network(0)])
    run(tmp_path)
    add(tmp_path, "zeek", [network(1, 0, 500)])
    assert run(tmp_path).pairs == {"windows+zeek": 1}
    assert stored(tmp_path)[1] == (1, "a.exe", 0, 500, "windows+zeek")


def test_minutes_that_do_not_follow_are_of_another_connection(tmp_path: Path) -> None:
    add(tmp_path, "windows", [endpoint(0)])
    add(tmp_path, "zeek", [network(0), network(2, 0, 7)])
    done = run(tmp_path)
    assert (done.pairs, done.network) == ({"windows+zeek": 1}, {"zeek": 1})


def test_with_two_processes_the_bytes_are_of_neither_and_links_count_once(tmp_path: Path) -> None:
    add(tmp_path, "windows", [endpoint(0, "a.exe", 2), endpoint(0, "b.exe", 1)])
    add(tmp_path, "zeek", [network(0, links=4)])
    done = run(tmp_path)
    assert (done.pairs, done.network) == ({"windows+zeek": 2}, {"zeek": 1})
    assert stored(tmp_path) == [
        (0, "a.exe", 2, None, "windows+zeek"),
        (0, "b.exe", 1, None, "windows+zeek"),
        (0, "", 1, 100, "zeek"),
    ]


def test_a_start_that_the_endpoint_did_not_see_makes_what_follows_doubtful(tmp_path: Path) -> None:
    add(tmp_path, "windows", [endpoint(1)])
    add(tmp_path, "zeek", [network(0, 1), network(1, 1), network(2, 0)])
    run(tmp_path)
    assert stored(tmp_path) == [
        (0, "", 1, 100, "zeek"),
        (1, "a.exe", 1, None, "windows+zeek"),
        (1, "", 0, 100, "zeek"),
        (2, "", 0, 100, "zeek"),
    ]


def test_a_connection_on_the_edge_of_two_minutes_counts_once(tmp_path: Path) -> None:
    for name, seen, told in (("later", 0, 1), ("earlier", 1, 0)):
        lake = tmp_path / name
        add(lake, "windows", [endpoint(seen)])
        add(lake, "zeek", [network(told)])
        assert run(lake).pairs == {"windows+zeek": 1}
        assert stored(lake) == [(told, "a.exe", 1, 100, "windows+zeek")]


def test_the_next_minute_has_no_room_where_its_links_are_counted(tmp_path: Path) -> None:
    add(tmp_path, "windows", [endpoint(0), endpoint(1)])
    add(tmp_path, "zeek", [network(1)])
    done = run(tmp_path)
    assert (done.pairs, done.endpoint) == ({"windows+zeek": 1}, {"windows": 1})
    assert stored(tmp_path) == [(0, "a.exe", 1, None, "windows"), (1, "a.exe", 1, 100, "windows+zeek")]


def test_the_other_machine_of_a_connection_keeps_its_row(tmp_path: Path) -> None:
    """The server's row is inbound, the sensor's outbound as the client's."""
    server = endpoint(0, "server.exe", Direction="inbound", Computer="server")
    add(tmp_path, "windows", [endpoint(0), server])
    add(tmp_path, "zeek", [network(0)])
    run(tmp_path)
    assert stored(tmp_path) == [(0, "server.exe", 1, None, "windows"), (0, "a.exe", 1, 100, "windows+zeek")]


def test_other_flows_are_no_partners(tmp_path: Path) -> None:
    add(tmp_path, "windows", [endpoint(0)])
    add(tmp_path, "zeek", [network(0, DestinationPort=80), network(0, Protocol="udp"), network(0, SourceIp="10.0.0.6")])
    done = run(tmp_path)
    assert (done.pairs, done.endpoint, done.network) == ({}, {"windows": 1}, {"zeek": 3})


def test_a_late_row_of_the_same_process_is_counted_already(tmp_path: Path) -> None:
    add(tmp_path, "windows", [endpoint(0)])
    add(tmp_path, "zeek", [network(0, links=2)])
    run(tmp_path)
    add(tmp_path, "windows", [endpoint(0)])
    run(tmp_path)
    assert stored(tmp_path) == [(0, "a.exe", 2, 100, "windows+zeek")]


def test_a_second_network_sensor_counts_no_link_again(tmp_path: Path) -> None:
    add(tmp_path, "windows", [endpoint(0)])
    add(tmp_path, "zeek", [network(0)])
    add(tmp_path, "suricata", [network(0, sent=90)])
    run(tmp_path)
    [(_, process, links, _, source)] = stored(tmp_path)
    assert (process, links, sorted(source.split("+"))) == ("a.exe", 1, ["suricata", "windows", "zeek"])


ROWS = st.lists(
    st.tuples(st.sampled_from(["a.exe", "b.exe", ""]), st.integers(0, 6), st.integers(0, 3)),
    min_size=1,
    max_size=14,
    unique_by=lambda one: one[:2],
)


@given(ROWS)
@settings(max_examples=25, deadline=None)
def test_links_are_counted_once_bytes_stay_and_again_changes_nothing(
    tmp_path_factory: Any, found: list[tuple[str, int, int]]
) -> None:
    lake = tmp_path_factory.mktemp("lake")
    seen = [endpoint(minute, process, links) for process, minute, links in found if process]
    told = [network(minute, links) for process, minute, links in found if not process]
    if seen:
        add(lake, "windows", seen)
    if told:
        add(lake, "zeek", told)
    run(lake)
    rows = stored(lake)
    assert sum(sent or 0 for _, _, _, sent, _ in rows) == 100 * len(told)
    total = sum(links for _, _, links, _, _ in rows)
    sides = [sum(one["LinksEstablished"] for one in side) for side in (seen, told)]
    assert sides[1] <= total <= sum(sides)  # what the network counts is there, whoever is told to have done it
    # Where both tell of a minute its links are those of the side that has more.
    for minute in range(7):
        mine, other = (
            [one for one in side if one["TimeGenerated"] == NOON + timedelta(minutes=minute)] for side in (seen, told)
        )
        if mine and other:
            assert sum(links for at, _, links, _, _ in rows if at == minute) <= max(
                sum(one["LinksEstablished"] for one in mine), sum(one["LinksEstablished"] for one in other)
            )
    version = history(lake / TABLE, 1)[0].version
    assert not run(lake).pairs
    assert (stored(lake), history(lake / TABLE, 1)[0].version) == (rows, version)
