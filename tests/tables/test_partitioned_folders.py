"""Folders laid out as Hive does: the columns in their names are the same on both engines."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bluetick
from bluetick.diagnostics.errors import SourceError
from bluetick.engines.files import expand_pattern
from bluetick.types import Type

pytest_plugins = ["tests.spark_fixture"]
ENGINES = ("duckdb", pytest.param("local[2]", marks=pytest.mark.spark))
DAY_5, DAY_6 = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC)


def write(folder: Path, partition: str, name: str, **columns: list[object]) -> None:
    (folder / partition).mkdir(parents=True, exist_ok=True)
    table = pa.table(columns)
    match name.rpartition(".")[2]:
        case "parquet":
            pq.write_table(table, folder / partition / name)
        case "ndjson":
            lines = [json.dumps(row) for row in table.to_pylist()]
            (folder / partition / name).write_text("\n".join(lines) + "\n")
        case _:
            lines = [",".join(columns), *(",".join(str(v) for v in row.values()) for row in table.to_pylist())]
            (folder / partition / name).write_text("\n".join(lines) + "\n")


def query(engine: str, source: object, text: str, name: str = "T") -> tuple[list[str], list[tuple[object, ...]]]:
    with bluetick.connect(engine=engine, tables={name: source}) as session:  # type: ignore[dict-item]
        result = session.query(text)
        return [f"{column}:{type_}" for column, type_ in result.columns], list(result.rows())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("suffix", ["parquet", "ndjson", "csv"])
def test_columns_of_folders(tmp_path: Path, engine: str, suffix: str) -> None:
    write(tmp_path, "day=2026-01-05/site=a%2Fb/n=7", f"f.{suffix}", x=[1])
    write(tmp_path, "day=2026-01-06/site=007/n=-12", f"f.{suffix}", x=[2])
    write(tmp_path, "day=__HIVE_DEFAULT_PARTITION__/site=c/n=0", f"f.{suffix}", x=[3])
    columns, rows = query(engine, str(tmp_path), "T | sort by x asc")
    assert columns == ["x:long", "day:datetime", "site:string", "n:long"]
    assert rows == [(1, DAY_5, "a/b", 7), (2, DAY_6, "007", -12), (3, None, "c", 0)]
    assert query(engine, str(tmp_path), "T | where day > datetime(2026-01-05) and n < 0 | project x")[1] == [(2,)]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_folder_fills_a_column_of_a_known_table(tmp_path: Path, engine: str) -> None:
    write(tmp_path, "RemotePort=443", "f.parquet", DeviceName=["a"])
    write(tmp_path, "RemotePort=22", "f.parquet", DeviceName=["b"])
    text = "DeviceNetworkEvents | where RemotePort < 100 | project DeviceName, RemotePort"
    columns, rows = query(engine, str(tmp_path), text, "DeviceNetworkEvents")
    assert (columns, rows) == (["DeviceName:string", "RemotePort:int"], [("b", 22)])


@pytest.mark.parametrize("engine", ENGINES)
def test_the_folder_wins_over_the_file(tmp_path: Path, engine: str) -> None:
    write(tmp_path, "day=2026-01-05", "f.parquet", x=[1], day=["in the file"])
    assert query(engine, str(tmp_path), "T")[1] == [(1, DAY_5)]


@pytest.mark.parametrize("engine", ENGINES)
def test_folders_of_two_places(tmp_path: Path, engine: str) -> None:
    write(tmp_path / "one", "day=2026-01-05", "f.parquet", x=[1])
    write(tmp_path / "two", "day=2026-01-06", "f.parquet", x=[2])
    rows = query(engine, [str(tmp_path / "one"), str(tmp_path / "two")], "T | sort by x asc")[1]
    assert rows == [(1, DAY_5), (2, DAY_6)]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_list_of_files(tmp_path: Path, engine: str) -> None:
    for number in range(4):
        write(tmp_path, "", f"f{number}.parquet", x=[number])
    files = [str(tmp_path / "f1.parquet"), str(tmp_path / "f3.parquet")]
    assert query(engine, files, "T | sort by x asc") == (["x:long"], [(1,), (3,)])


@pytest.mark.parametrize("engine", ENGINES)
def test_columns_that_differ_in_case_only(tmp_path: Path, engine: str) -> None:
    write(tmp_path, "day=1", "f.parquet", DAY=["x"])
    with pytest.raises(SourceError, match="differ from 'DAY' in case only"):
        query(engine, str(tmp_path), "T")


def test_files_at_different_depths(tmp_path: Path) -> None:
    write(tmp_path, "day=1", "f.parquet", x=[1])
    write(tmp_path, "", "g.parquet", x=[1])
    with pytest.raises(SourceError, match="lie in folders of different columns"):
        expand_pattern(tmp_path)


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        (("1", "20"), Type.LONG),
        (("1", "02"), Type.STRING),
        (("2026-01-05",), Type.DATETIME),
        (("2026-01-05", "2026-13-05"), Type.STRING),
        (("2026-01-05", "5"), Type.STRING),
        (("1e3",), Type.STRING),
        (("9" * 19,), Type.STRING),
    ],
)
def test_types_of_folders(tmp_path: Path, values: tuple[str, ...], type_: Type) -> None:
    for value in values:
        write(tmp_path, f"k={value}", "f.parquet", x=[1])
    assert expand_pattern(tmp_path).partitions == (("k", type_),)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_instants_inside_nested_columns(tmp_path: Path, engine: str, form: str) -> None:
    """They are what Kusto makes of a datetime in a bag, to seven digits; nulls stay."""
    moment = datetime(2026, 1, 5, 1, 2, 3, 40, tzinfo=UTC)
    inner = pa.struct([("when", pa.timestamp("us", "UTC")), ("day", pa.date32()), ("a b", pa.timestamp("us"))])
    plain = moment.replace(tzinfo=None)
    rows: list[dict[str, object]] = [
        {"n": 1, "s": {"e": {"when": moment, "day": moment.date(), "a b": plain}, "l": [{"when": moment}], "x": None}},
        {"n": 2, "s": {"e": None, "l": [], "x": 5}},
        {"n": 3, "s": None},
    ]
    schema = pa.schema([("n", pa.int64()), ("s", pa.struct([("e", inner), ("l", pa.list_(inner)), ("x", pa.int64())]))])
    table = pa.Table.from_pylist(rows, schema=schema)
    pq.write_table(table, tmp_path / "f.parquet")
    found = query(engine, table if form == "arrow" else str(tmp_path), "T | sort by n asc | project s")[1]
    iso, day = "2026-01-05T01:02:03.0000400Z", "2026-01-05T00:00:00.0000000Z"
    assert found == [
        ({"e": {"when": iso, "day": day, "a b": iso}, "l": [{"when": iso, "day": None, "a b": None}], "x": None},),
        ({"e": None, "l": [], "x": 5},),
        (None,),
    ]
