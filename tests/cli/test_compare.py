"""`bluetick compare`: what it prints and its exit codes. One Spark session serves the whole process."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bluetick.cli.compared import Compared, difference_lines, json_line, print_compared
from bluetick.cli.main import run_command
from bluetick.cli.page import new_console
from bluetick.detections.comparing import EngineRun, Outcome
from bluetick.execution.comparing import Comparison, Rule
from bluetick.session import QueryRequest
from bluetick.types import Type

BOTH = ["--engines", "duckdb,local[2]"]
NOON = datetime(2026, 6, 18, 12, tzinfo=UTC)
RULE = "// Name: Big\n// Id: 11111111-1111-1111-1111-111111111111\n// Severity: Low\nLog | where Size > {size}\n"


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    folder = tmp_path / "lake" / "Log"
    folder.mkdir(parents=True)
    for day in range(4):
        time = NOON - timedelta(days=3 - day, hours=1)
        table = pa.table({"Timestamp": pa.array([time], pa.timestamp("us", "UTC")), "Size": [day], "Part": [day / 3]})
        pq.write_table(table, folder / f"{day}.parquet")
    return tmp_path / "lake"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rule.kql", "--engines", "duckdb"], "two engines or more"),
        (["rule.kql", "--engines", "duckdb,duckdb"], "each engine once"),
        (["rule.kql", "--engines", "local[2],spark://h:1"], "one Spark master"),
        ([*BOTH], "give documents, or a query"),
        (["rule.kql", "--query", "print 1", *BOTH], "give documents, or a query"),
        (["rule.kql", *BOTH, "--window", "soon"], "not a duration"),
        (["rule.kql", *BOTH, "--sample-files", "0"], "neither a number of files"),
        (["rule.kql", *BOTH, "--engine", "local[2]"], "--engines, not --engine"),
    ],
)
def test_wrong_usage(arguments: list[str], words: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["compare", *arguments]) == 2
    assert words in " ".join(capfd.readouterr().err.split())


def test_differences_are_written_in_full() -> None:
    comparison = Comparison(Rule((Type.LONG, Type.DYNAMIC)))
    left, right = (
        pa.RecordBatch.from_arrays([pa.array(n, pa.int64()), pa.array(d, pa.string())], names=["c0", "c1"])
        for n, d in (([1, 2], ["[]", "[1]"]), ([1, 2], ["[]", "[2]"]))
    )
    comparison.take(left, right)
    columns = [(("n", "long"), ("d", "dynamic"))]
    runs = (EngineRun("duckdb", 1.0, columns=columns), EngineRun("local[2]", 2.0, columns=columns))
    compared = Compared("id", "rule", Outcome(QueryRequest("T", now=NOON), runs, (), ((comparison,),)))
    assert [json.loads(line) for line in difference_lines(compared)] == [
        {"name": "rule", "result": 1, "row": 2, "columns": ["d"], "rows": {"duckdb": [2, [1]], "local[2]": [2, [2]]}},
        {"name": "rule", "result": 1, "only": "duckdb", "cells": [2, [1]]},
        {"name": "rule", "result": 1, "only": "local[2]", "cells": [2, [2]]},
    ]
    line = json.loads(json_line(compared, 0.0))
    assert (line["verdict"], line["differences"][0]["only"]) == ("different", {"duckdb": 1, "local[2]": 1})


def test_reals_that_differ_in_the_last_bit_are_shown_apart(capfd: pytest.CaptureFixture[str]) -> None:
    comparison = Comparison(Rule((Type.REAL,)))
    left, right = (pa.RecordBatch.from_arrays([pa.array([x])], names=["c0"]) for x in (0.1 + 0.2, 0.3))
    comparison.take(left, right)
    runs = tuple(EngineRun(engine, 1.0, columns=[(("x", "real"),)]) for engine in ("duckdb", "local[2]"))
    compared = Compared(None, "query", Outcome(QueryRequest("T", now=NOON), runs, (), ((comparison,),)))
    print_compared(new_console(), compared, 0.0)
    said = capfd.readouterr().out
    assert "DIFFERENT" in said
    assert {"0.30000000000000004", "0.3"} <= set(said.split())


@pytest.mark.spark
def test_a_sample_of_a_rule_on_both_engines(lake: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rule = tmp_path / "rule.kql"
    rule.write_text(RULE.format(size=0), "utf-8")
    options = ["--lake", str(lake), "--now", NOON.isoformat(), "--sample-files", "2", "--window", "1d"]
    assert run_command(["compare", str(rule), *BOTH, *options, "--format", "json"]) == 0
    line = json.loads(capfd.readouterr().out)
    size = sum((lake / "Log" / f"{day}.parquet").stat().st_size for day in (1, 3))
    assert (line["verdict"], line["rows"]) == ("equal", 1)
    assert line["tables"] == [
        {
            "table": "Log",
            "time_column": "Timestamp",
            "files": 2,
            "of_files": 4,
            "bytes": size,
            "rows": {"duckdb": 1, "local[2]": 1},
        }
    ]
    assert (line["from"], line["now"]) == ("2026-06-17T12:00:00Z", "2026-06-18T12:00:00Z")


@pytest.mark.spark
def test_a_query_and_a_comparison_of_nothing(lake: Path, capfd: pytest.CaptureFixture[str]) -> None:
    query = ["--query", "Log | summarize total = sum(Part) | extend n = real(nan)", "--lake", str(lake)]
    assert run_command(["compare", *query, *BOTH, "--now", NOON.isoformat(), "--tolerance", "1e-9"]) == 0
    assert "1 row, 2 columns, the same on duckdb and local[2], reals within 1e-09" in capfd.readouterr().out
    nothing = ["compare", "--query", "Log", "--lake", str(lake), *BOTH, "--now", "2020-01-01"]
    assert run_command(nothing) == 1
    assert "NOTHING COMPARED" in capfd.readouterr().out
    assert run_command([*nothing, "--allow-empty"]) == 0


@pytest.mark.spark
def test_a_refused_document_is_told_and_the_next_one_compared(
    lake: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.kql").write_text(RULE.format(size="Length"), "utf-8")
    (tmp_path / "rules" / "b.kql").write_text(RULE.format(size=1), "utf-8")
    options = ["--lake", str(lake), "--now", "newest", "--format", "json"]
    assert run_command(["compare", str(tmp_path / "rules"), *BOTH, *options]) == 1
    said = capfd.readouterr()
    assert [json.loads(line)["verdict"] for line in said.out.splitlines()] == ["refused", "equal"]
    assert "Length" in said.out + said.err
