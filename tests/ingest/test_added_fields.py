"""What a record lacks: elements of its arrays, what is remembered, the time of receipt, and what is refused."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from bluetick.diagnostics.errors import QueryError
from bluetick.engines.duckdb_records import RecordReader
from bluetick.ingest.added_fields import with_fields
from bluetick.ingest.declared import DeclaredFormat
from bluetick.ingest.formats import read_format
from bluetick.sources.records import Normalised, Records

NOW = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


def _normalise(document: str, folder: Path, *blocks: list[Any]) -> Normalised:
    path = folder / "probe.yaml"
    path.write_text(document, "utf-8")
    reader = RecordReader(1)
    probe = DeclaredFormat(read_format(path), reader, lambda: NOW)
    for block in blocks:
        texts = [json.dumps(record) for record in block]
        raw = pa.array([text.encode() for text in texts], pa.large_binary())
        ends = pa.array(range(len(texts) + 1), pa.int64())
        found = probe.normalise(Records(1, raw, pa.array(texts, pa.large_string()), ends))
    reader.close()
    return found


def _rows(found: Normalised, table: str, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in found.tables[table].to_pylist()]


def test_each_element_of_an_array_is_a_row(tmp_path: Path) -> None:
    document = """
Sockets_CL:
  where: isnotempty(rows)
  each: rows
  columns: {TimeGenerated: "datetime(2026-01-01)", Host: host, Pid: each.pid}
"""
    records = [{"host": "a", "rows": [{"pid": 3}, {"pid": 1}]}, {"host": "b", "rows": []}, {"rows": [{"pid": 2}]}]

    found = _normalise(document, tmp_path, records)

    assert _rows(found, "Sockets_CL", "Host", "Pid") == [("a", "3"), ("a", "1"), ("", "2")]
    assert _rows(found, "Probe_CL", "RawData") == [(json.dumps(records[1]),)]


def test_a_wrong_element_keeps_its_whole_record_aside(tmp_path: Path) -> None:
    document = """
DeviceEvents:
  each: rows
  columns: {Timestamp: "datetime(2026-01-01)", ProcessId: each.pid}
"""
    found = _normalise(document, tmp_path, [{"rows": [{"pid": 3}, {"pid": "x"}]}, {"rows": [{"pid": 4}]}])

    assert found.faults == {0: "'each.pid' is no long"}
    assert _rows(found, "DeviceEvents", "ProcessId") == [(4,)]


REMEMBERING = """
format:
  memory:
    names: {where: kind == 'name', key: host, each: todynamic(ips), value: name}
Flows_CL:
  where: kind == 'flow'
  with: {Name: {from: names, key: "strcat(host, ' ', ip)"}}
  columns: {TimeGenerated: "datetime(2026-01-01)", Name: "coalesce(Name, '(unknown)')"}
"""


def test_what_was_remembered_is_a_field_of_later_records(tmp_path: Path) -> None:
    first = [{"kind": "name", "host": "h", "ips": ["192.0.2.1", "192.0.2.2"], "name": 'a "quoted" name'}]
    flows = [{"kind": "flow", "host": host, "ip": ip} for host, ip in (("h", "192.0.2.2"), ("x", "192.0.2.2"))]

    found = _normalise(REMEMBERING, tmp_path, first, flows)

    assert _rows(found, "Flows_CL", "Name") == [('a "quoted" name',), ("(unknown)",)]


def test_what_a_block_tells_later_is_known_within_it(tmp_path: Path) -> None:
    flow = {"kind": "flow", "host": "h", "ip": "192.0.2.1"}
    name = {"kind": "name", "host": "h", "ips": ["192.0.2.1"], "name": "late"}

    assert _rows(_normalise(REMEMBERING, tmp_path, [flow, name]), "Flows_CL", "Name") == [("late",)]


def test_now_is_when_records_are_received(tmp_path: Path) -> None:
    document = "Seen_CL: {columns: {TimeGenerated: now(), Ago: tostring(ago(1h))}}"

    found = _normalise(document, tmp_path, [{"a": 1}])

    assert _rows(found, "Seen_CL", "TimeGenerated", "Ago") == [(NOW, "2026-03-01T07:30:00.0000000Z")]


def test_what_a_format_calls_wrong_is_kept_aside_with_its_reason(tmp_path: Path) -> None:
    document = """
format:
  wrong: {the port is no number: isnotempty(port) and isnull(toint(port))}
Ports_CL:
  columns: {TimeGenerated: "datetime(2026-01-01)", Port: port}
"""
    found = _normalise(document, tmp_path, [{"port": 1}, {"port": "one"}, {}])

    assert found.faults == {1: "the port is no number"}
    assert _rows(found, "Ports_CL", "Port") == [("1",), ("",)]


def test_rows_are_only_those_for_which_a_condition_holds(tmp_path: Path) -> None:
    document = """
DeviceEvents:
  each: rows
  only: each.state == 'open'
  columns: {Timestamp: "datetime(2026-01-01)", ProcessId: each.pid}
"""
    rows = [{"pid": 1, "state": "open"}, {"pid": "wrong, but not asked for", "state": "closed"}]

    found = _normalise(document, tmp_path, [{"rows": rows}, {"rows": rows[1:]}])

    assert _rows(found, "DeviceEvents", "ProcessId") == [(1,)]
    assert _rows(found, "Probe_CL", "RawData") == [(json.dumps({"rows": rows[1:]}),)]
    assert not found.faults


def test_what_is_parsed_in_one_step_is_read_by_the_next(tmp_path: Path) -> None:
    document = """
format:
  parse: {Pair: "parse_json(strcat('{', note, '}'))", Twice: "strcat(Pair.a, Pair.a)", Plain: toupper(note)}
Parsed_CL:
  where: Twice == 'xx'
  columns: {TimeGenerated: "datetime(2026-01-01)", A: Pair.a, B: Twice, C: Plain}
"""
    record = {"note": '"a":"x"'}

    found = _normalise(document, tmp_path, [record, {"note": "torn"}])

    assert _rows(found, "Parsed_CL", "A", "B", "C") == [("x", "xx", '"A":"X"')]
    assert _rows(found, "Probe_CL", "RawData") == [('{"note": "torn"}',)]


def test_a_memory_that_the_format_lacks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "probe.yaml"
    path.write_text("T_CL: {with: {Name: {from: nowhere, key: a}}, columns: {TimeGenerated: now()}}", "utf-8")

    with pytest.raises(QueryError, match="the name of a memory of the format"):
        read_format(path)


def test_fields_stand_in_front_of_any_object() -> None:
    texts = pa.array(['{"a":1}', " {  }", '{"a":2}'], pa.large_string())

    found = with_fields(texts, {"x": pa.array(['"1"', '"2"', None])}).to_pylist()

    assert [json.loads(text) for text in found] == [{"x": "1", "a": 1}, {"x": "2", "": None}, {"a": 2}]
