"""Columns that an export has beside those of its table's schema are kept, from whichever record on they come."""

import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

import bluetick
from bluetick.engines.duckdb_records import RecordReader
from bluetick.ingest.declared import DeclaredFormat
from bluetick.ingest.formats import built_in_format
from bluetick.ingest.further_fields import MAX_FIELDS, FurtherFields
from bluetick.ingest.running import Options, Report, ingest_paths
from bluetick.sources.records import Records

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def _ingest(folder: Path, name: str, *records: dict[str, Any]) -> Report:
    (folder / name).write_text("".join(json.dumps(record) + "\n" for record in records))
    return ingest_paths([folder / name], folder / "lake", Options(now=lambda: NOW, threads=1))


def _rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    return list(bluetick.connect(lake=folder / "lake").query(query).rows())


def test_a_newer_column_of_a_known_table_is_kept(tmp_path: Path) -> None:
    event = {"time": "2026-02-03T06:00:00Z", "category": "AdvancedHunting-DeviceNetworkEvents"}
    old = {"Timestamp": "2026-02-03T05:59:00Z", "RemoteIP": "203.0.113.9"}
    _ingest(tmp_path, "a.json", {**event, "properties": old})
    _ingest(tmp_path, "b.json", {**event, "properties": {**old, "BrandNew": {"a": 1}, "RemotePort": 1}})

    assert _rows(tmp_path, "DeviceNetworkEvents | project RemotePort, BrandNew | order by RemotePort asc") == [
        (None, ""),
        (1, '{"a":1}'),
    ]


def test_a_custom_table_grows_with_its_records_and_is_typed_by_its_names(tmp_path: Path) -> None:
    own = {"TimeGenerated": "2026-02-03T06:00:00Z", "Type": "Own_CL", "Name_s": "x"}
    report = _ingest(tmp_path, "a.json", own, {**own, "Count_d": 2.5, "IsNew_b": True})

    assert report.tally.rows == {"Own_CL": 2}
    assert _rows(tmp_path, "Own_CL | where Count_d > 2 | project Name_s, Count_d, IsNew_b") == [("x", 2.5, True)]


def test_names_that_differ_in_case_only_are_columns_of_their_own() -> None:
    fields = FurtherFields("sentinel")

    assert fields.learn("Own_CL", ["level", "Level", "LEVEL"])
    assert not fields.learn("Own_CL", ["Level"])
    third = f"level_{hashlib.sha256(b'level').hexdigest()[:8]}_twin"
    assert dict(fields.of("Own_CL")) == {"LEVEL": "LEVEL", "Level_twin": "Level", third: "level"}
    assert not fields.learn("no such: table", ["a"])


def test_a_table_has_only_so_many_fields_of_its_own() -> None:
    fields = FurtherFields("sentinel")
    fields.learn("Own_CL", [f"f{place}" for place in range(MAX_FIELDS + 1)])

    assert fields.is_full("Own_CL")
    assert len(fields.of("Own_CL")) == MAX_FIELDS


def test_a_field_that_another_file_spells_in_another_case_is_the_same_column(tmp_path: Path) -> None:
    own = {"TimeGenerated": "2026-02-03T06:00:00Z", "Type": "Own_CL"}
    _ingest(tmp_path, "a.json", {**own, "User": "ann", "Count_d": 1.5})
    _ingest(tmp_path, "b.json", {**own, "user": "bob", "COUNT_D": "none"})

    assert _rows(tmp_path, "Own_CL | project User, Count_d, COUNT_D_twin | order by User asc") == [
        ("ann", 1.5, ""),
        ("bob", None, "none"),
    ]


def test_names_that_no_column_can_have_are_kept_apart_under_others() -> None:
    fields = FurtherFields("sentinel")
    names = ["日本", "中国", "a.b", "a'b", 'a"b', "a\nb", "_"]
    fields.learn("Own_CL", names)

    kept = dict(fields.of("Own_CL"))
    assert sorted(kept.values()) == sorted(names)
    assert all(re.fullmatch("[A-Za-z0-9_]+", name) for name in kept)


def test_tables_whose_records_have_the_same_names_keep_their_fields_each(tmp_path: Path) -> None:
    own = {"TimeGenerated": "2026-02-03T06:00:00Z", "Type": "One_CL", "Note": "a"}
    _ingest(tmp_path, "a.json", own, {**own, "Type": "Two_CL", "Note": "b"}, {**own, "Type": "Event", "Note": "c"})

    found = "union One_CL, Two_CL, Event | project Type, Note | order by Note asc"
    assert _rows(tmp_path, found) == [("One_CL", "a"), ("Two_CL", "b"), ("Event", "c")]


def test_records_of_a_known_shape_in_a_later_block_teach_their_table() -> None:
    reader = RecordReader(1)
    form = DeclaredFormat(built_in_format("loganalytics"), reader, lambda: NOW)
    own = {"TimeGenerated": "2026-02-03T06:00:00Z", "Type": "One_CL", "Note": "a"}

    for tables in (["One_CL"], ["One_CL", "Two_CL"], ["Two_CL", "Event"], ["Event"]):
        texts = [json.dumps({**own, "Type": table}) for table in tables]
        raw = pa.array([text.encode() for text in texts], pa.large_binary())
        offsets = pa.array([place * 100 for place in range(len(texts) + 1)], pa.int64())
        done = form.normalise(Records(1, raw, pa.array(texts, pa.large_string()), offsets))
        assert {name: rows.column("Note").to_pylist() for name, rows in done.tables.items()} == {
            t: ["a"] for t in tables
        }
    reader.close()


def test_a_field_that_is_called_as_a_name_of_the_documents_is_itself(tmp_path: Path) -> None:
    own = {"TimeGenerated": "2026-02-03T06:00:00Z", "Type": "Own_CL", "PrivateAddress": "10.0.0.5"}
    _ingest(tmp_path, "a.json", own)
    assert _rows(tmp_path, "Own_CL | project PrivateAddress") == [("10.0.0.5",)]
