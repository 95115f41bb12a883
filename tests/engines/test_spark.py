"""Spark keeps the promises of the engine protocol."""

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bluetick.diagnostics.errors import EngineError, QueryCancelled, SourceError
from bluetick.engines.files import expand_pattern
from bluetick.engines.protocol import Engine, FileSource, ScanColumn
from bluetick.sql.dialect import SPARK, LiteralValue
from bluetick.sql.render import render_expression
from bluetick.sql.tree import Bare as Plain
from bluetick.sql.tree import Field, Literal, Subscript, call
from bluetick.types import Type
from bluetick.values import python_values

pytest_plugins = ["tests.spark_fixture"]
pytestmark = pytest.mark.spark
NOON = datetime(2024, 3, 10, 12, 0, 0, 123_456, UTC)


def scan(engine: Engine, source: FileSource, column: str, type_: Type) -> list[Any]:
    with engine.start() as run:
        run.bind_files("t", source, [ScanColumn("c", column, type_)])
        return python_values(run.stream("SELECT c FROM t").read_all().column(0), type_)


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        ("nul \0 quote ' back\\slash ${x} \U0001f436 \r\n", Type.STRING),
        (-(2**63), Type.LONG),
        (-(2**31), Type.INT),
        (5e-324, Type.REAL),
        (1.7976931348623157e308, Type.REAL),
        (datetime(1, 1, 1, 0, 0, 0, 1, UTC), Type.DATETIME),
        (datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC), Type.DATETIME),
        (None, Type.TIMESPAN),
    ],
)
def test_literals_arrive_exactly(spark_engine: Engine, value: LiteralValue, type_: Type) -> None:
    with spark_engine.start() as run:
        stream = run.stream(f"SELECT {render_expression(Literal(value, type_), SPARK)} AS v")
        assert python_values(stream.read_all().column(0), type_) == [value]


def test_fields_and_subscripts(spark_engine: Engine) -> None:
    made = call("array", call("named_struct", Literal("a b", Type.STRING), Literal(5, Type.LONG)))
    printed = render_expression(Field(Subscript(made, Plain(0)), "a b"), SPARK)
    with spark_engine.start() as run:
        assert run.stream(f"SELECT {printed} AS v").read_all().column(0).to_pylist() == [5]


@pytest.mark.parametrize(
    ("values", "type_", "expected"),
    [
        (pa.array(["a", None]), Type.STRING, ["a", ""]),
        (pa.array(["5", "7.0", ""]), Type.LONG, [5, 7, None]),
        (pa.array([NOON], pa.timestamp("us")), Type.DATETIME, [NOON]),
        (pa.array([NOON], pa.timestamp("us", tz="UTC")), Type.DATETIME, [NOON]),
        (pa.array([NOON], pa.timestamp("us")), Type.STRING, ["2024-03-10T12:00:00.1234560Z"]),
        (pa.array(["2024-03-10T14:00:00.123456+02:00"]), Type.DATETIME, [NOON]),
        (pa.array(["-1.02:03:04.5"]), Type.TIMESPAN, [-timedelta(days=1, hours=2, minutes=3, seconds=4.5)]),
        (pa.array([{"a": [1]}, None]), Type.DYNAMIC, [{"a": [1]}, None]),
        (pa.array(['{"a":1}', "plain", None]), Type.DYNAMIC, [{"a": 1}, "plain", None]),
    ],
)
def test_parquet_values(
    spark_engine: Engine, tmp_path: Path, values: "pa.Array[Any]", type_: Type, expected: list[object]
) -> None:
    pq.write_table(pa.table({"x": values}), tmp_path / "f.parquet")
    assert scan(spark_engine, expand_pattern(tmp_path), "x", type_) == expected


@pytest.mark.parametrize(
    ("values", "type_", "value"),
    [
        (pa.array([1, 2**31]), Type.INT, "2147483648"),
        (pa.array(["1", "abc"]), Type.LONG, "abc"),
        (pa.array([2**53 + 1]), Type.REAL, "9007199254740993"),
        (pa.array(["soon"]), Type.DATETIME, "soon"),
    ],
)
def test_value_that_does_not_fit(
    spark_engine: Engine, tmp_path: Path, values: "pa.Array[Any]", type_: Type, value: str
) -> None:
    pq.write_table(pa.table({"x": values}), tmp_path / "f.parquet")
    with pytest.raises(SourceError) as caught:
        scan(spark_engine, expand_pattern(tmp_path), "x", type_)
    assert (caught.value.file, caught.value.column, caught.value.value) == (str(tmp_path / "f.parquet"), "x", value)


def test_text_formats(spark_engine: Engine, tmp_path: Path) -> None:
    rows = [{"x": {"k": [1]}}, {"x": "a"}, {"x": 5}, {}]
    (tmp_path / "f.ndjson").write_text("\n".join(json.dumps(row, separators=(",", ":")) for row in rows))
    (tmp_path / "f.json").write_text(json.dumps(rows, separators=(",", ":")))
    (tmp_path / "f.csv").write_text('k;x\n1;"a;""b"""\n2;\n')
    for name in ("f.ndjson", "f.json"):
        source = expand_pattern(tmp_path / name)
        assert scan(spark_engine, source, "x", Type.DYNAMIC) == [{"k": [1]}, "a", 5, None]
        assert scan(spark_engine, source, "x", Type.STRING) == ['{"k":[1]}', "a", "5", ""]
    assert scan(spark_engine, expand_pattern(tmp_path / "f.csv"), "x", Type.STRING) == ['a;"b"', ""]


def test_runs_do_not_meet(spark_engine: Engine) -> None:
    with spark_engine.start() as one, spark_engine.start() as two:
        one.create("step one", "SELECT 1 AS x")
        two.bind_arrow("step one", pa.table({"s": ["a", None]}), [ScanColumn("x", "s", Type.STRING)])
        assert one.stream("SELECT x FROM `step one`").read_all().column(0).to_pylist() == [1]
        assert two.stream("SELECT x FROM `step one`").read_all().column(0).to_pylist() == ["a", ""]
    with spark_engine.start() as three, pytest.raises(EngineError):
        three.stream("SELECT x FROM `step one`")


def test_overflow_wraps(spark_engine: Engine) -> None:
    with spark_engine.start() as run:
        stream = run.stream("SELECT 9223372036854775807L + id AS x FROM range(1, 2)")
        assert stream.read_all().column(0).to_pylist() == [-(2**63)]


def test_cancel_from_another_thread(spark_engine: Engine) -> None:
    with spark_engine.start() as run:
        threading.Timer(1, run.cancel).start()
        with pytest.raises(QueryCancelled):
            run.stream("SELECT sum(a.id * b.id) AS x FROM range(10000000) a CROSS JOIN range(10000000) b")


def test_many_aggregates_in_one_stage_fit_in_memory(spark_engine: Engine) -> None:
    """Over twenty rows. Spark's own pages, of 64 MB, are more than 4 GB together."""
    twenty = "SELECT /*+ REPARTITION(4, k) */ id % 20 AS k, id FROM range(20)"
    totals = ", ".join(f"a{n} AS (SELECT k, sum(id + {n}) AS total FROM t GROUP BY k)" for n in range(20))  # noqa: S608
    joins = "".join(f" JOIN a{n} USING (k)" for n in range(1, 20))
    merged = ", ".join(f"a{n}" for n in range(20))
    result = f"SELECT /*+ MERGE({merged}) */ count(*), sum(a19.total) FROM a0{joins}"  # noqa: S608
    sql = f"WITH t AS ({twenty}), {totals} {result}"
    with spark_engine.start() as run:
        rows = run.stream(sql).read_all()
    assert [column.to_pylist() for column in rows.columns] == [[20], [20 * 19 // 2 + 19 * 20]]
