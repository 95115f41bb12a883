"""Delta tables that others wrote: read rightly, or refused by the name of what they use."""

import json
import struct
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from lake_rows import NOON, answer

import bluetick
from bluetick.diagnostics.errors import SourceError
from bluetick.engines.protocol import Engine
from bluetick.session import Session

pytest_plugins = ["tests.spark_fixture"]


def foreign(folder: Path) -> Path:
    """Parted by a date and a word, which stand in no file; one has a space, one is null."""
    data = pa.table(
        {
            "Timestamp": pa.array([NOON] * 4, pa.timestamp("us", "UTC")),
            "Size": pa.array([1, 2, 3, 4], pa.int32()),
            "day": pa.array([date(2026, 6, 18)] * 2 + [date(2026, 6, 19), None], pa.date32()),
            "site": pa.array(["a b/c", "x", None, "x"]),
        }
    )
    write_deltalake(folder, data, partition_by=["day", "site"])
    return folder


WANTED = [
    (1, datetime(2026, 6, 18, tzinfo=UTC), "a b/c"),
    (2, datetime(2026, 6, 18, tzinfo=UTC), "x"),
    (3, datetime(2026, 6, 19, tzinfo=UTC), ""),
    (4, None, "x"),
]


def test_partition_values_stand_in_the_log(tmp_path: Path) -> None:
    with bluetick.connect(tables={"T": foreign(tmp_path / "t")}) as session:
        check_partitions(session)


@pytest.mark.spark
def test_partition_values_stand_in_the_log_on_spark(tmp_path: Path, spark_engine: Engine) -> None:
    with bluetick.connect(tables={"T": foreign(tmp_path / "t")}, engine="local[2]") as session:
        assert session.engine.name == spark_engine.name
        check_partitions(session)
        assert answer(session, "T | where Timestamp < datetime(2020-01-01) | project Size, site") == []


def check_partitions(session: Session) -> None:
    assert dict(session.query("T").columns) == {
        "Timestamp": "datetime",
        "Size": "int",
        "day": "datetime",
        "site": "string",
    }
    assert answer(session, "T | sort by Size asc | project Size, day, site") == WANTED
    assert answer(session, "T | summarize count() by site | sort by site asc") == [("", 1), ("a b/c", 1), ("x", 2)]
    assert answer(session, "T | where site == 'x' | project day | sort by day asc") == [
        (None,),
        (datetime(2026, 6, 18, tzinfo=UTC),),
    ]
    assert answer(session, "T | count") == [(4,)]


def test_a_partition_value_that_does_not_fit_is_told(tmp_path: Path) -> None:
    write_deltalake(tmp_path / "t", pa.table({"n": [1], "RemotePort": ["many"]}), partition_by=["RemotePort"])
    with (
        bluetick.connect(tables={"DeviceNetworkEvents": tmp_path / "t"}) as session,
        pytest.raises(SourceError, match="'many' of the partition column 'RemotePort' is no int"),
    ):
        answer(session, "DeviceNetworkEvents | project RemotePort")


def test_types_of_other_writers(tmp_path: Path) -> None:
    data = pa.table(
        {
            "small": pa.array([1], pa.int16()),
            "real": pa.array([1.5], pa.float32()),
            "fixed": pa.array([12], pa.decimal128(10, 2)),
            "local": pa.array([datetime(2026, 6, 18, 12)], pa.timestamp("us")),
            "bag": pa.array([{"a": [1]}], pa.struct([("a", pa.list_(pa.int64()))])),
            "flag": [True],
        }
    )
    write_deltalake(tmp_path / "t", data)
    assert "timestampNtz" in (DeltaTable(str(tmp_path / "t")).protocol().reader_features or [])
    with bluetick.connect(tables={"T": str(tmp_path / "t")}) as session:
        result = session.query("T")
        types = ("int", "real", "decimal", "datetime", "dynamic", "bool")
        assert tuple(type_ for _, type_ in result.columns) == types
        ((small, real, fixed, local, bag, flag),) = result.rows()
    assert (small, real, fixed, local, bag, flag) == (1, 1.5, 12, NOON, {"a": [1]}, True)


def test_a_table_is_read_behind_a_checkpoint(tmp_path: Path) -> None:
    for size in range(3):
        write_deltalake(tmp_path / "t", pa.table({"n": [size]}), mode="append")
    table = DeltaTable(str(tmp_path / "t"))
    table.create_checkpoint()
    for version in range(2):
        (tmp_path / "t" / "_delta_log" / f"{version:020}.json").unlink()
    with bluetick.connect(tables={"T": tmp_path / "t"}) as session:
        assert answer(session, "T | summarize sum(n), count()") == [(3, 3)]
        write_deltalake(tmp_path / "t", pa.table({"n": [10]}), mode="append")
        assert answer(session, "T | summarize sum(n), count()") == [(13, 4)]


def test_removed_files_are_not_read(tmp_path: Path) -> None:
    write_deltalake(tmp_path / "t", pa.table({"n": [1, 2]}))
    write_deltalake(tmp_path / "t", pa.table({"n": [3]}), mode="overwrite")
    with bluetick.connect(tables={"T": tmp_path / "t"}) as session:
        assert answer(session, "T | project n") == [(3,)]


# --- what is refused ------------------------------------------------------------------------------------------------


def handmade(folder: Path, *actions: dict[str, Any]) -> Path:
    """A table of one file, whose log begins with these actions."""
    write_deltalake(folder, pa.table({"n": pa.array([1, 2, 3], pa.int64())}))
    path = folder / "_delta_log" / f"{0:020}.json"
    own = {next(iter(action)) for action in actions}
    kept = [line for line in path.read_text("utf-8").splitlines() if next(iter(json.loads(line))) not in own]
    path.write_text("\n".join([*kept, *map(json.dumps, actions)]) + "\n", "utf-8")
    return folder


def needing(*features: str) -> dict[str, Any]:
    every = {"minReaderVersion": 3, "minWriterVersion": 7}
    return {"protocol": every | {"readerFeatures": list(features), "writerFeatures": list(features)}}


@pytest.mark.parametrize("feature", ["typeWidening", "variantType", "somethingNew"])
def test_a_feature_that_is_not_known_is_named(tmp_path: Path, feature: str) -> None:
    folder = handmade(tmp_path / "t", needing(feature))
    with pytest.raises(SourceError, match=feature):
        bluetick.connect(tables={"T": folder})


def test_a_newer_protocol_is_refused(tmp_path: Path) -> None:
    folder = handmade(tmp_path / "t", {"protocol": {"minReaderVersion": 4, "minWriterVersion": 8}})
    with pytest.raises(SourceError, match=str(folder)):
        bluetick.connect(tables={"T": folder})


def test_column_mapping_is_refused(tmp_path: Path) -> None:
    field = {
        "name": "n",
        "type": "long",
        "nullable": True,
        "metadata": {"delta.columnMapping.id": 1, "delta.columnMapping.physicalName": "col-1"},
    }
    metadata = {
        "metaData": {
            "id": str(uuid4()),
            "format": {"provider": "parquet", "options": {}},
            "schemaString": json.dumps({"type": "struct", "fields": [field]}),
            "partitionColumns": [],
            "configuration": {"delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": "1"},
            "createdTime": 0,
        }
    }
    protocol = {"protocol": {"minReaderVersion": 2, "minWriterVersion": 5}}
    folder = handmade(tmp_path / "t", protocol, metadata)
    with pytest.raises(SourceError, match="columnMapping"):
        bluetick.connect(tables={"T": folder})


def deletion_vector(*deleted: int) -> dict[str, Any]:
    """An inline deletion vector (https://github.com/delta-io/delta/blob/master/PROTOCOL.md#deletion-vector-format)."""
    values = sorted(deleted)
    container = (
        struct.pack("<HH", 0, len(values) - 1) + struct.pack("<I", 16) + struct.pack(f"<{len(values)}H", *values)
    )
    bitmap = struct.pack("<II", 12346, 1) + container  # a Roaring bitmap without runs
    data = struct.pack("<I", 1681511377) + struct.pack("<Q", 1) + struct.pack("<I", 0) + bitmap
    padded = data + b"\0" * (-len(data) % 4)
    return {
        "storageType": "i",
        "pathOrInlineDv": z85(padded),
        "sizeInBytes": len(data),
        "cardinality": len(values),
    }


def z85(data: bytes) -> str:
    letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
    found = []
    for (number,) in struct.iter_unpack(">I", data):
        found.append("".join(letters[number // 85**place % 85] for place in range(4, -1, -1)))
    return "".join(found)


def test_rows_that_are_marked_as_deleted_do_not_come_back(tmp_path: Path) -> None:
    folder = handmade(tmp_path / "t", needing("deletionVectors"))
    with bluetick.connect(tables={"T": folder}) as session:
        assert answer(session, "T | count") == [(3,)]  # a table that only may have such rows is read
    path = folder / "_delta_log" / f"{0:020}.json"
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for line in lines:
        if "add" in line:
            line["add"]["deletionVector"] = deletion_vector(1)
    path.write_text("\n".join(map(json.dumps, lines)) + "\n", "utf-8")
    with pytest.raises(SourceError, match=r"deletionVectors.*deleted"):
        bluetick.connect(tables={"T": folder})


@pytest.mark.parametrize("content", ["", "not json\n", '{"protocol":{}}\n'])
def test_a_broken_log_is_told(tmp_path: Path, content: str) -> None:
    folder = handmade(tmp_path / "t")
    (folder / "_delta_log" / f"{0:020}.json").write_text(content, "utf-8")
    with pytest.raises(SourceError, match=str(folder)):
        bluetick.connect(tables={"T": folder})


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    write_deltalake(tmp_path / "t", pa.table({"n": [1]}))
    for file in (tmp_path / "t").glob("*.parquet"):
        file.unlink()
    with bluetick.connect(tables={"T": tmp_path / "t"}) as session, pytest.raises(SourceError, match=r"\.parquet"):
        answer(session, "T | count")
