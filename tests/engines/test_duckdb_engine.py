"""Runs on DuckDB: apart from each other, cancelled from outside, closed without a trace, their errors ours."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bluetick.diagnostics.errors import EngineError, Limit, LimitError, QueryCancelled
from bluetick.engines.duckdb import DuckDbEngine, DuckDbRun
from bluetick.engines.files import expand_pattern
from bluetick.engines.opening import open_engine
from bluetick.engines.protocol import Engine, ScanColumn, Stream
from bluetick.types import Type

ENGINE = DuckDbEngine(threads=2)
X = [ScanColumn("x", "x", Type.LONG)]
ENDLESS = "SELECT sum(hash(i)) AS x FROM range(100000000000) AS t(i)"


def values(run: DuckDbRun, sql: str) -> list[object]:
    return run.stream(sql).read_all().column(0).to_pylist()


def test_it_is_an_engine() -> None:
    engine: Engine = ENGINE
    assert (engine.name, engine.dialect.name) == ("duckdb", "duckdb")
    with open_engine("duckdb", threads=1).start() as run:
        assert run.stream("SELECT 1 AS x").read_all().to_pylist() == [{"x": 1}]
    with pytest.raises(EngineError, match="no engine 'duck'"):
        open_engine("duck")


def test_runs_do_not_meet() -> None:
    with ENGINE.start() as one, ENGINE.start() as two:
        one.create("step", "SELECT 1 AS x")
        two.create("step", "SELECT 2 AS x")
        assert (values(one, "SELECT x FROM step"), values(two, "SELECT x FROM step")) == ([1], [2])
    with ENGINE.start() as three, pytest.raises(EngineError, match="step"):
        three.stream("SELECT x FROM step")


def test_runs_on_several_threads() -> None:
    results: dict[int, list[object]] = {}

    def work(number: int) -> None:
        with ENGINE.start() as run:
            run.bind_arrow("t", pa.table({"x": [number] * 1000}), X)
            run.create("step", "SELECT sum(x) AS s FROM t")
            results[number] = values(run, "SELECT CAST(s AS BIGINT) FROM step")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: [number * 1000] for number in range(8)}


def test_arrow_values_are_cast() -> None:
    table = pa.table({"s": ["a", None], "n": pa.array([1, None], pa.int32())})
    with ENGINE.start() as run:
        run.bind_arrow("t", table, [ScanColumn("a", "s", Type.STRING), ScanColumn("b", "n", Type.LONG)])
        assert run.stream("SELECT a, b FROM t ORDER BY a DESC").read_all().to_pylist() == [
            {"a": "a", "b": 1},
            {"a": "", "b": None},
        ]


def test_physical_types_of_a_stream() -> None:
    with ENGINE.start() as run:
        schema = run.stream(
            "SELECT uuid() AS g, TIMESTAMP '2024-01-01' AS t, 'x' AS s, 1.5::DECIMAL(38,18) AS d"
        ).schema
    assert schema.types == [pa.string(), pa.timestamp("us"), pa.string(), pa.decimal128(38, 18)]


def test_a_stream_ends_when_its_run_moves_on() -> None:
    with ENGINE.start() as run:
        reader = run.stream("SELECT i FROM range(1000000) AS t(i)")
        next(iter(reader))
        assert values(run, "SELECT 5 AS x") == [5]
        with pytest.raises(EngineError, match="stream has ended"):
            next(iter(reader))


def test_relations_with_hostile_names() -> None:
    with ENGINE.start() as run:
        run.create('a"; DROP TABLE b; --', "SELECT 1 AS x")
        assert values(run, 'SELECT x FROM "a""; DROP TABLE b; --"') == [1]


def test_python_variables_are_no_relations() -> None:
    secret = pa.table({"x": [1]})
    with ENGINE.start() as run, pytest.raises(EngineError):
        run.stream("SELECT x FROM secret")
    assert secret.num_rows == 1


@pytest.mark.parametrize("work", [DuckDbRun.stream, lambda run, sql: run.create("t", sql)], ids=["stream", "create"])
def test_cancel_from_another_thread(work: Callable[[DuckDbRun, str], object]) -> None:
    with ENGINE.start() as run:
        threading.Timer(0.2, run.cancel).start()
        begun = time.monotonic()
        with pytest.raises(QueryCancelled):
            result = work(run, ENDLESS)
            if isinstance(result, Stream):
                result.read_all()
        assert time.monotonic() - begun < 5
        with pytest.raises(QueryCancelled):
            run.stream("SELECT 1 AS x")


def test_cancel_ends_an_open_stream() -> None:
    with ENGINE.start() as run:
        reader = run.stream("SELECT i FROM range(100000000000) AS t(i)")
        next(iter(reader))
        run.cancel()
        with pytest.raises(QueryCancelled):
            reader.read_all()


def test_memory_limit_of_a_run(tmp_path: Path) -> None:
    with ENGINE.start(memory_limit="20MB", threads=1) as run, pytest.raises(LimitError) as caught:
        values(run, "SELECT length(string_agg(CAST(i AS VARCHAR), ',')) FROM range(20000000) AS t(i)")
    assert caught.value.limit is Limit.MEMORY


@pytest.mark.parametrize(
    ("error", "limit"),
    [
        (duckdb.IOException("IO Error: Could not write file 'x': No space left on device"), Limit.DISK),
        (duckdb.Error("std::bad_alloc"), Limit.MEMORY),
        (MemoryError(), Limit.MEMORY),
    ],
)
def test_what_the_system_has_no_more_of_is_a_limit(error: Exception, limit: Limit) -> None:
    class Spent:
        def sql(self, text: str) -> None:
            raise error

    with pytest.raises(LimitError) as caught:
        DuckDbRun(cast("Any", Spent()), lambda: None, cast("Any", None)).stream("SELECT 1")
    assert caught.value.limit is limit


def test_an_error_while_streaming_holds_no_sql() -> None:
    with ENGINE.start() as run, pytest.raises(EngineError) as caught:
        run.stream(
            "SELECT CASE WHEN i = 900000 THEN CAST(error('no') AS BIGINT) ELSE i END FROM range(1000000) AS t(i)"
        ).read_all()
    assert "SELECT" not in str(caught.value)


def test_closed_run_is_refused() -> None:
    run = ENGINE.start()
    run.close()
    run.close()
    with pytest.raises(EngineError, match="closed"):
        run.stream("SELECT 1 AS x")


def test_configuration_is_locked() -> None:
    with ENGINE.start() as run, pytest.raises(EngineError):
        run.create("t", "SELECT 1 AS x; SET threads = 1")


def test_changed_files_are_read_anew(tmp_path: Path) -> None:
    for number in (1, 2):
        pq.write_table(pa.table({"x": [number] * number}), tmp_path / "f.parquet")
        with ENGINE.start() as run:
            run.bind_files("t", expand_pattern(tmp_path), X)
            assert values(run, "SELECT x FROM t") == [number] * number
