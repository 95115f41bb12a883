"""`--explain`: what would run, where, over which files, and that nothing does; `--analyze`: how long it took."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from bluetick.cli.main import run_command
from bluetick.execution.program import MAX_PYTHON_ROWS

COMPUTED = "print p = 'a' | extend q = strcat(p, tostring(now())) | extend c = geo_geohash_to_central_point(q)"


Tell: TypeAlias = Callable[..., str]


@pytest.fixture
def explained(capsys: pytest.CaptureFixture[str]) -> Tell:
    """What the command prints."""

    def tell(*arguments: str, command: str = "query") -> str:
        assert run_command([command, "--explain", *arguments]) == 0
        return capsys.readouterr().out

    return tell


def test_the_plan_and_the_sql_of_the_result(explained: Tell) -> None:
    text = explained("range x from 1 to 3 step 1 | where x > 1")
    assert text.startswith("PrimaryResult\nplan\n")
    assert "1. result  [duckdb]" in text
    assert "SELECT" in text.split("[duckdb]")[1]


def test_python_steps_are_marked_with_their_cap(explained: Tell) -> None:
    text = explained(COMPUTED)
    step = next(line for line in text.splitlines() if "geo_geohash_to_central_point in Python" in line)
    assert "Python on the driver" in step
    assert f"{MAX_PYTHON_ROWS:,} different arguments" in step


def test_nothing_runs(tmp_path: Path, explained: Tell) -> None:
    (tmp_path / "T.csv").write_text("n\n1\n")
    table = f"T={tmp_path / 'T.csv'}"
    text = explained(
        "--table", table, "let k = toscalar(T | summarize max(n)); T | where assert(k == 7, 'no') and n == k"
    )
    assert "tables\n" in text
    assert " = T\n" in text
    assert "assertion no" in text
    assert "scalar scalar_1:long" in text


def test_json_holds_each_step(explained: Tell) -> None:
    told = json.loads(explained("--format", "json", COMPUTED))
    places = [step["place"] for step in told["results"][0]["steps"]]
    assert places[-1] == "duckdb"
    assert any(place.startswith("Python on the driver") for place in places)


def test_a_document(tmp_path: Path, explained: Tell) -> None:
    rule = tmp_path / "rule.kql"
    rule.write_text("print a = 1")
    assert "1. result  [duckdb]" in explained(str(rule), command="run")


def test_files_that_the_log_leaves_out_are_counted(tmp_path: Path, explained: Tell) -> None:
    """Two days of rows, a commit each; the query wants the second."""
    for day in (1, 2):
        moments = pa.array([datetime(2026, 1, day, hour, tzinfo=UTC) for hour in range(4)], pa.timestamp("us", "UTC"))
        write_deltalake(tmp_path / "T", pa.table({"TimeGenerated": moments, "n": [day] * 4}), mode="append")
    data = ("--lake", str(tmp_path), "T | where TimeGenerated >= datetime(2026-01-02) | summarize sum(n)")
    told = json.loads(explained("--format", "json", *data))["results"][0]["reads"]
    assert [(one["table"], one["files"], one["rows"]) for one in told] == [("T", [1, 2], 4)]
    assert "1 of 2 files" in explained(*data)


def test_the_stages_of_planning_are_timed(explained: Tell) -> None:
    told = json.loads(explained("--format", "json", "print 1"))["results"][0]
    assert [stage for stage, _ in told["stages"]] == ["parse", "parse and bind", "lower"]
    assert all(seconds > 0 for _, seconds in told["stages"])
    assert told["ran"] is None


def test_an_analysis_runs_each_step(tmp_path: Path, explained: Tell) -> None:
    (tmp_path / "T.csv").write_text("n\n1\n2\n3\n")
    text = "let k = toscalar(T | summarize max(n)); T | where n < k"
    told = json.loads(explained("--analyze", "--format", "json", "--table", f"T={tmp_path / 'T.csv'}", text))
    ran = told["results"][0]["ran"]
    assert ran["rows"] == 2
    assert len(ran["steps"]) == len(told["results"][0]["steps"]) == 2
    assert min(ran["tables"], *ran["steps"]) > 0
    shown = explained("--analyze", "--table", f"T={tmp_path / 'T.csv'}", text)
    assert re.search(r"^1\. scalar scalar_1:long  \[duckdb\]  [\d.,]+ ms$", shown, re.MULTILINE)
    assert re.search(r"steps and result  [\d.,]+ ms, 2 rows$", shown, re.MULTILINE)


def test_what_fails_in_an_analysis_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["query", "--analyze", "print assert(1 > 2, 'no')"]) == 1
    assert "no" in capsys.readouterr().err


@pytest.mark.spark
def test_spark_is_named(explained: Tell) -> None:
    assert "1. result  [spark]" in explained("--engine", "local[2]", "print a = 1")
