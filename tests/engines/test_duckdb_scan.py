"""Files as relations of DuckDB: exact casts, errors that name file, column and value, and pruning that survives."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bluetick.diagnostics.errors import SourceError
from bluetick.engines.describe import describe_files
from bluetick.engines.duckdb import DuckDbEngine
from bluetick.engines.files import expand_pattern
from bluetick.engines.protocol import FileSource, ScanColumn
from bluetick.types import Type
from bluetick.values import python_values

ENGINE = DuckDbEngine(threads=2)


def scan(source: FileSource, column: str, type_: Type) -> list[Any]:
    """The values of one column, read under an alias that is not its name."""
    with ENGINE.start() as run:
        run.bind_files("t", source, [ScanColumn("c", column, type_)])
        return python_values(run.stream("SELECT c FROM t").read_all().column(0), type_)


def parquet(folder: Path, values: "pa.Array[Any]") -> FileSource:
    pq.write_table(pa.table({"x": values}), folder / "f.parquet")
    return FileSource((str(folder / "f.parquet"),), "parquet")


def ndjson(folder: Path, *values: object) -> FileSource:
    (folder / "f.ndjson").write_text("".join(json.dumps({"x": value}) + "\n" for value in values))
    return FileSource((str(folder / "f.ndjson"),), "ndjson")


def csv(folder: Path, *values: str) -> FileSource:
    (folder / "f.csv").write_text("k,x\n" + "".join(f"1,{value}\n" for value in values))
    return FileSource((str(folder / "f.csv"),), "csv")


NOON = datetime(2024, 3, 10, 12, 0, 0, 123_456, UTC)


@pytest.mark.parametrize(
    ("values", "type_", "expected"),
    [
        (pa.array([1, None]), Type.LONG, [1, None]),
        (pa.array([1, -(2**31)]), Type.INT, [1, -(2**31)]),
        (pa.array([2.0, None]), Type.LONG, [2, None]),
        (pa.array([2**53]), Type.REAL, [2.0**53]),
        (pa.array(["5", " -6 ", "7.0", "", None]), Type.LONG, [5, -6, 7, None, None]),
        (pa.array([1, 0, None]), Type.BOOL, [True, False, None]),
        (pa.array(["True", "false", ""]), Type.BOOL, [True, False, None]),
        (pa.array(["a", None]), Type.STRING, ["a", ""]),
        (pa.array([1, None]), Type.STRING, ["1", ""]),
        (pa.array([True, None]), Type.STRING, ["true", ""]),
        (pa.array([b"abc", None]), Type.STRING, ["abc", ""]),
        (pa.array([NOON], pa.timestamp("us")), Type.STRING, ["2024-03-10T12:00:00.1234560Z"]),
        (pa.array([NOON], pa.timestamp("us", tz="America/New_York")), Type.DATETIME, [NOON]),
        (pa.array([NOON], pa.timestamp("us")), Type.DATETIME, [NOON]),
        (pa.array([1_710_072_000_999], pa.timestamp("ms")), Type.DATETIME, [NOON.replace(microsecond=999_000)]),
        # 999 ns beyond the microsecond: cut, not rounded up.
        (pa.array([1_710_072_000_123_456_999], pa.timestamp("ns")), Type.DATETIME, [NOON]),
        (pa.array([date(2024, 3, 10)]), Type.DATETIME, [datetime(2024, 3, 10, tzinfo=UTC)]),
        (
            pa.array(
                ["2024-03-10T14:00:00.1234569+02:00", "2024-03-10 12:00:00.123456", "2024-03-10T12:00:00.123456Z"]
            ),
            Type.DATETIME,
            [NOON] * 3,
        ),
        (
            pa.array(["1.02:03:04.5", "-00:00:01", "00:10", "1500000", None]),
            Type.TIMESPAN,
            [
                timedelta(days=1, hours=2, minutes=3, seconds=4.5),
                timedelta(seconds=-1),
                timedelta(minutes=10),
                timedelta(seconds=1.5),
                None,
            ],
        ),
        (pa.array([1_500_000]), Type.TIMESPAN, [timedelta(seconds=1.5)]),
        (
            pa.array(["0F0E0D0C-0B0A-0908-0706-050403020100", ""]),
            Type.GUID,
            [UUID("0f0e0d0c-0b0a-0908-0706-050403020100"), None],
        ),
        (pa.array(["1.5", None]), Type.DECIMAL, [Decimal("1.5"), None]),
        (pa.array([{"a": [1, None]}, None]), Type.DYNAMIC, [{"a": [1, None]}, None]),
        (pa.array([[1, 2]]), Type.DYNAMIC, [[1, 2]]),
        (pa.array(['{"a":1}', "plain", "", None]), Type.DYNAMIC, [{"a": 1}, "plain", None, None]),
        (pa.array([1, 2]), Type.DYNAMIC, [1, 2]),
    ],
)
def test_parquet_values(tmp_path: Path, values: "pa.Array[Any]", type_: Type, expected: list[object]) -> None:
    assert scan(parquet(tmp_path, values), "x", type_) == expected


@pytest.mark.parametrize(
    ("values", "type_", "value"),
    [
        (pa.array([1, 2**31]), Type.INT, "2147483648"),
        (pa.array(["1", "abc"]), Type.LONG, "abc"),
        (pa.array(["1", "5.7"]), Type.LONG, "5.7"),
        (pa.array([5.0, 5.5]), Type.LONG, "5.5"),
        (pa.array([2**53 + 1]), Type.REAL, "9007199254740993"),
        (pa.array([0, 2]), Type.BOOL, "2"),
        (pa.array(["yes"]), Type.BOOL, "yes"),
        (pa.array(["soon"]), Type.DATETIME, "soon"),
        (pa.array(["infinity"]), Type.DATETIME, "infinity"),
        (pa.array(["2024-13-01"]), Type.DATETIME, "2024-13-01"),
        (pa.array(["1 hour"]), Type.TIMESPAN, "1 hour"),
        (pa.array(["not-a-guid"]), Type.GUID, "not-a-guid"),
    ],
)
def test_parquet_value_that_does_not_fit(tmp_path: Path, values: "pa.Array[Any]", type_: Type, value: str) -> None:
    source = parquet(tmp_path, values)
    with pytest.raises(SourceError) as caught:
        scan(source, "x", type_)
    assert (caught.value.file, caught.value.column, caught.value.value) == (source.files[0], "x", value)
    assert all(part in str(caught.value) for part in (source.files[0], "'x'", f"'{value}'", str(type_)))


def test_type_without_a_way(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"'x' of .* holds BIGINT, which is no datetime"):
        scan(parquet(tmp_path, pa.array([1])), "x", Type.DATETIME)


@pytest.mark.parametrize(
    ("values", "type_", "expected"),
    [
        (("a", None, 5, True, {"k": [1]}), Type.STRING, ["a", "", "5", "true", '{"k":[1]}']),
        ((1, "2", None), Type.LONG, [1, 2, None]),
        (({"k": [1, 2.5]}, "a", None, 3), Type.DYNAMIC, [{"k": [1, 2.5]}, "a", None, 3]),
        (("2024-03-10T12:00:00.123456Z",), Type.DATETIME, [NOON]),
        ((2**63 - 1,), Type.LONG, [2**63 - 1]),
        ((True, "false"), Type.BOOL, [True, False]),
    ],
)
def test_ndjson_values(tmp_path: Path, values: tuple[object, ...], type_: Type, expected: list[object]) -> None:
    assert scan(ndjson(tmp_path, *values), "x", type_) == expected


def test_ndjson_value_that_does_not_fit(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        scan(ndjson(tmp_path, 1, "abc"), "x", Type.LONG)
    assert (Path(caught.value.file).name, caught.value.column, caught.value.value) == ("f.ndjson", "x", "abc")


@pytest.mark.parametrize("text", ['{"x":1}\n{"x":\n', '{"x":1}\n"text"\n', '{"x":1,"x":2}\n'])
def test_malformed_ndjson(tmp_path: Path, text: str) -> None:
    (tmp_path / "f.ndjson").write_text(text)
    with pytest.raises(SourceError, match=r"f\.ndjson"):
        scan(expand_pattern(tmp_path), "x", Type.LONG)


def test_json_array(tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text('[{"x": 1},\n {"x": 2}]')
    assert sorted(scan(expand_pattern(tmp_path), "x", Type.LONG)) == [1, 2]


def test_json_keys_keep_their_case(tmp_path: Path) -> None:
    (tmp_path / "f.ndjson").write_text('{"X":1,"x":2}\n')
    assert scan(expand_pattern(tmp_path), "x", Type.LONG) == [2]
    with pytest.raises(SourceError, match="case only"), ENGINE.start() as run:
        run.bind_files(
            "t", expand_pattern(tmp_path), [ScanColumn("a", "X", Type.LONG), ScanColumn("b", "x", Type.LONG)]
        )


def test_csv_values(tmp_path: Path) -> None:
    assert scan(csv(tmp_path, "5", "", "-7"), "x", Type.LONG) == [5, None, -7]
    assert scan(csv(tmp_path, "a", "", '"q, ""z"""'), "x", Type.STRING) == ["a", "", 'q, "z"']


@pytest.mark.parametrize("text", ["k,x\n1,2\n1\n", "k,x\n1,2,3\n", "k,K\n1,2\n", ""])
def test_malformed_csv(tmp_path: Path, text: str) -> None:
    (tmp_path / "f.csv").write_text(text)
    with pytest.raises(SourceError, match=r"f\.csv"):
        scan(expand_pattern(tmp_path), "k", Type.STRING)


def test_csv_files_with_different_headers(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x;y\n1;2\n")
    with gzip.open(tmp_path / "b.csv.gz", "wt") as file:
        file.write("y,x\n3,4\n")
    assert sorted(scan(expand_pattern(tmp_path), "x", Type.LONG)) == [1, 4]


def test_columns_that_files_lack(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": ["a"]}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"y": [5]}), tmp_path / "2.parquet")
    columns = [ScanColumn("x", "x", Type.STRING), ScanColumn("y", "y", Type.LONG), ScanColumn("z", None, Type.GUID)]
    with ENGINE.start() as run:
        run.bind_files("t", expand_pattern(tmp_path), columns)
        rows = run.stream("SELECT x, y, z FROM t ORDER BY x DESC").read_all().to_pylist()
    assert rows == [{"x": "a", "y": None, "z": None}, {"x": "", "y": 5, "z": None}]


def test_column_names_that_differ_in_case(tmp_path: Path) -> None:
    pq.write_table(pa.table({"A": [1], "a": [2]}), tmp_path / "f.parquet")
    with pytest.raises(SourceError, match="case only"):
        scan(expand_pattern(tmp_path), "A", Type.LONG)


def test_folders_of_a_partition_add_their_column(tmp_path: Path) -> None:
    (tmp_path / "day=2024-01-01").mkdir()
    pq.write_table(pa.table({"x": [1]}), tmp_path / "day=2024-01-01" / "f.parquet")
    assert describe_files(expand_pattern(tmp_path)) == (("x", Type.LONG), ("day", Type.DATETIME))


@pytest.mark.parametrize("name", ["a'b.parquet", "a[1].parquet", "a*.parquet", "a?{b,c}.parquet", 'ä " ü.parquet'])
def test_strange_file_names(tmp_path: Path, name: str) -> None:
    pq.write_table(pa.table({"x": [1]}), tmp_path / name)
    pq.write_table(pa.table({"x": [2]}), tmp_path / "a1.parquet")
    assert scan(FileSource((str(tmp_path / name),), "parquet"), "x", Type.LONG) == [1]


def test_corrupt_parquet_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 is not enough")
    with pytest.raises(SourceError, match=r"bad\.parquet"):
        scan(expand_pattern(tmp_path), "x", Type.LONG)


@pytest.mark.parametrize(
    "array", [pa.timestamp("us", tz="UTC"), pa.timestamp("us"), pa.timestamp("ns"), pa.timestamp("ms")]
)
def test_filters_prune_row_groups(tmp_path: Path, array: pa.DataType) -> None:
    times = pa.array(range(0, 10_000 * 1_000_000, 1_000_000), pa.timestamp("us")).cast(pa.timestamp("us"))
    typed = times.cast(pa.timestamp(array.unit)) if array.tz is None else times.cast(pa.int64()).cast(array)  # type: ignore[attr-defined]
    pq.write_table(pa.table({"t": typed}), tmp_path / "f.parquet", row_group_size=1000)
    query = "EXPLAIN ANALYZE SELECT count(*) FROM t WHERE t >= TIMESTAMP '1970-01-01 02:40:00'"
    with ENGINE.start() as run:
        run.bind_files("t", expand_pattern(tmp_path), [ScanColumn("t", "t", Type.DATETIME)])
        plan = run.stream(query).read_all().column(1)[0].as_py()
    assert "Row Groups Scanned: 1 / 10" in plan


def test_describe(tmp_path: Path) -> None:
    nested = pa.array([{"k": 1}])
    table = pa.table(
        {
            "i": pa.array([1], pa.int16()),
            "l": [1],
            "u": pa.array([2**64 - 1], pa.uint64()),
            "r": pa.array([1.0], pa.float32()),
            "s": ["a"],
            "b": [True],
            "t": pa.array([NOON]),
            "d": nested,
            "n": pa.nulls(1),
        }
    )
    pq.write_table(table, tmp_path / "f.parquet")
    names = {name: str(type_) for name, type_ in describe_files(expand_pattern(tmp_path))}
    assert names["u"] == "decimal"
    del names["u"], names["n"]
    assert names == dict(i="int", l="long", r="real", s="string", b="bool", t="datetime", d="dynamic")


def test_describe_text_formats(tmp_path: Path) -> None:
    csv_file, json_file = tmp_path / "f.csv", tmp_path / "f.ndjson"
    csv_file.write_text("a,b,c,d,e,f,g\n1,1.5,true,2024-01-01T00:00:00Z,007,x,\n2,2,false,2024-01-02,008,1,\n")
    json_file.write_text('{"a":1,"s":"x","o":{"k":1}}\n{"a":2.5,"s":"y","late":true}\n')
    types = [str(type_) for _, type_ in describe_files(expand_pattern(csv_file))]
    assert types == ["long", "real", "bool", "datetime", "string", "string", "string"]
    assert [(name, str(type_)) for name, type_ in describe_files(expand_pattern(json_file))] == [
        ("a", "real"),
        ("s", "string"),
        ("o", "dynamic"),
        ("late", "bool"),
    ]


# --- patterns ------------------------------------------------------------------------------------------------------


def files(source: FileSource, root: Path) -> list[str]:
    return [str(Path(file).relative_to(root)) for file in source.files]


def test_patterns(tmp_path: Path) -> None:
    for name in (
        "b.parquet",
        "a.parquet",
        "sub/c.parquet",
        "sub/_SUCCESS",
        ".hidden.parquet",
        "_tmp/d.parquet",
        "notes.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert files(expand_pattern(tmp_path), tmp_path) == ["a.parquet", "b.parquet", "sub/c.parquet"]
    assert files(expand_pattern(str(tmp_path / "*.parquet")), tmp_path) == ["a.parquet", "b.parquet"]
    assert files(expand_pattern(f"{tmp_path}/**/c.parquet"), tmp_path) == ["sub/c.parquet"]
    assert files(expand_pattern([tmp_path / "b.parquet", tmp_path / "sub"]), tmp_path) == ["b.parquet", "sub/c.parquet"]


@pytest.mark.parametrize(
    ("prepare", "pattern", "message"),
    [
        (lambda root: None, "", "holds no a? ?.parquet"),
        (lambda root: None, "none.parquet", "no file or folder of this name"),
        (lambda root: None, "*.parquet", "no file matches the pattern"),
        (lambda root: (root / "x.txt").touch(), "x.txt", "format of .*x.txt"),
        (lambda root: [(root / n).touch() for n in ("a.csv", "b.json")], "", "different formats"),
        (lambda root: (root / "_delta_log").mkdir(), "", "Delta table"),
    ],
)
def test_patterns_refused(tmp_path: Path, prepare: Callable[[Path], object], pattern: str, message: str) -> None:
    prepare(tmp_path)
    with pytest.raises(SourceError, match=message):
        expand_pattern(tmp_path / pattern)
