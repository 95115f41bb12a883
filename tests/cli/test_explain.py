"""`--explain`: what would run, where, and that nothing does."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

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


@pytest.mark.spark
def test_spark_is_named(explained: Tell) -> None:
    assert "1. result  [spark]" in explained("--engine", "local[2]", "print a = 1")
