"""Rows of Parquet as records, and a table's own rows through an ingest."""

import json
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bluetick
from bluetick.ingest.running import Options, ingest_paths
from bluetick.sources.opening import open_streams
from bluetick.sources.reading import read_blocks
from bluetick.sources.sniffing import container_of

NOON = datetime(2026, 2, 3, 12, 0, 0, 250_000, tzinfo=UTC)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def write(path: Path, count: int = 2) -> Path:
    pq.write_table(
        pa.table(
            {
                "at": pa.array([NOON] * count, pa.timestamp("us", "UTC")),
                "naive": pa.array([NOON.replace(tzinfo=None)] * count, pa.timestamp("ns")),
                "day": pa.array([date(2026, 2, 3)] * count),
                "number": pa.array([None, *range(1, count)], pa.int64()),
                "price": pa.array([Decimal("1.50")] * count),
                "raw": pa.array([b"\x00\xff"] * count, pa.binary()),
                "bag": pa.array([{"a": [1, 2]}] * count),
            }
        ),
        path,
    )
    return path


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_row_is_the_object_of_its_columns(tmp_path: Path, is_packed: bool) -> None:
    path = write(tmp_path / "rows")
    if is_packed:
        with zipfile.ZipFile(tmp_path / "rows.zip", "w") as archive:
            archive.write(path, "inner")
        path = tmp_path / "rows.zip"
    (stream,) = open_streams(path)
    with stream:
        assert container_of(stream.peek(64), path) == "parquet"
        (block,) = read_blocks(stream, "parquet")
    first, second = (json.loads(text) for text in block.text.to_pylist() if text)
    told = {
        "at": "2026-02-03T12:00:00.250000Z",
        "naive": "2026-02-03T12:00:00.250000Z",
        "day": "2026-02-03",
        "price": "1.50",
        "raw": "AP8=",
        "bag": {"a": [1, 2]},
    }
    assert first == told
    assert second == {**told, "number": 1}


def test_blocks_go_on_from_where_another_ended(tmp_path: Path) -> None:
    (stream,) = open_streams(write(tmp_path / "rows", 50))
    blocks = list(read_blocks(stream, "parquet", block_bytes=600))
    assert len(blocks) > 5
    (later,) = read_blocks(stream, "parquet", start=blocks[2].end, number=blocks[3].number)
    assert later.raw.to_pylist() == [raw for block in blocks[3:] for raw in block.raw.to_pylist()]


def test_a_damaged_file_is_one_faulty_record(tmp_path: Path) -> None:
    path = write(tmp_path / "rows")
    path.write_bytes(path.read_bytes()[:-40])
    (stream,) = open_streams(path)
    (block,) = read_blocks(stream, "parquet")
    assert list(block.faults) == [0]
    assert "damaged Parquet" in block.faults[0]


def test_a_tables_rows_are_ingested(tmp_path: Path) -> None:
    rows = {
        "Timestamp": pa.array([NOON], pa.timestamp("us", "UTC")),
        "DeviceName": ["pc"],
        "ActionType": ["ConnectionSuccess"],
        "RemoteIP": ["203.0.113.9"],
        "RemotePort": pa.array([443], pa.int32()),
        "RemoteUrl": [""],
        "LocalIP": ["10.0.0.1"],
        "LocalPort": pa.array([50_000], pa.int32()),
        "LocalIPType": ["Private"],  # which DeviceEvents, else as likely, does not have
        "InitiatingProcessFileName": ["curl.exe"],
    }
    pq.write_table(pa.table(rows), tmp_path / "export.parquet")
    report = ingest_paths([tmp_path / "export.parquet"], tmp_path / "lake", Options(now=lambda: NOW))
    assert (report.tally.input, report.tally.stored) == (1, 1)
    with bluetick.connect(lake=tmp_path / "lake") as session:
        query = "DeviceNetworkEvents | project Timestamp, RemoteIP, RemotePort, InitiatingProcessFileName"
        assert list(session.query(query).rows()) == [(NOON, "203.0.113.9", 443, "curl.exe")]


def test_a_value_that_cannot_be_told_keeps_its_row_aside_and_no_other(tmp_path: Path) -> None:
    texts = pa.py_buffer(b"\xff\xfeab"), pa.py_buffer(b"\0\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0")
    table = pa.table(
        {
            "at": pa.array([1_000, 10**18, 2_000], pa.timestamp("us", "UTC")),  # in the year 33658
            "name": pa.Array.from_buffers(pa.string(), 3, [None, texts[1], texts[0]]),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")

    (block,) = read_blocks(next(open_streams(tmp_path / "a.parquet")), "parquet")

    assert block.faults == {0: "the value of 'name' cannot be read", 1: "the value of 'at' cannot be read"}
    assert block.raw.to_pylist()[1:] == [
        b'{"at":1000000000000000000,"name":"a"}',
        b'{"at":"1970-01-01T00:00:00.002000Z","name":"b"}',
    ]


def test_numbers_that_json_has_no_form_for_are_kept_as_text(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1.5, float("nan"), float("-inf")]}), tmp_path / "rows")
    (stream,) = open_streams(tmp_path / "rows")
    (block,) = read_blocks(stream, "parquet")
    assert [json.loads(text or "") for text in block.text.to_pylist()] == [{"a": 1.5}, {"a": "nan"}, {"a": "-inf"}]


def test_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), tmp_path / "rows")
    (stream,) = open_streams(tmp_path / "rows")
    (block,) = read_blocks(stream, "parquet")
    assert "two columns are called 'a'" in block.faults[0]
