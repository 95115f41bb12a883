"""`bluetick run` with a file of exceptions beside the document."""

import json
from pathlib import Path

import pytest

from bluetick.cli.main import run_command

TUNING = """\
exceptions:
  - name: quiet
    table: Events
    where: {where}
    reason: known to be harmless
    owner: soc
    expires: {expires}
"""


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    (tmp_path / "events.csv").write_text("Name,Size\na,1\nb,2\nc,3\n", encoding="utf-8")
    path = tmp_path / "rule.kql"
    path.write_text("// Name: Big events\n// Severity: Low\nEvents\n| where Size > 1\n", encoding="utf-8")
    return path


def tune(rule: Path, where: str, expires: str = "9999-12-31") -> None:
    text = TUNING.format(where=where, expires=expires)
    rule.with_name("rule.tuning.yaml").write_text(text, encoding="utf-8")


def run(rule: Path, *more: str) -> int:
    return run_command(["run", str(rule.parent), "--table", f"Events={rule.parent / 'events.csv'}", *more])


def test_exceptions_apply_and_are_told(rule: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tune(rule, "Name == 'b'")
    assert run(rule, "--format", "json") == 0
    answer = json.loads(capfd.readouterr().out)
    assert answer["rows"] == [["c", 3]]
    (told,) = answer["account"]["tuning"]
    assert (told["name"], told["table"], told["rows"], told["expired"]) == ("quiet", "Events", 1, False)
    assert run(rule) == 0
    assert "tuning: quiet left out 1 row of Events" in capfd.readouterr().out


def test_the_run_without_them_is_one_option_away(rule: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tune(rule, "Name == 'b'")
    assert run(rule, "--no-tuning", "--format", "json") == 0
    answer = json.loads(capfd.readouterr().out)
    assert answer["rows"] == [["b", 2], ["c", 3]]
    assert "tuning" not in answer["account"]


def test_a_mistake_is_shown_in_its_own_file(rule: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tune(rule, "Nmae == 'b'")
    assert run(rule) == 1
    said = capfd.readouterr().err
    assert "rule.tuning.yaml:4:12" in said
    assert "did you mean 'Name'?" in said
    assert "rule.kql" not in said


def test_a_mistake_stops_no_run_that_leaves_the_file_aside(rule: Path) -> None:
    tune(rule, "Nmae == 'b'")
    assert run(rule, "--no-tuning") == 0


def test_an_estimate_and_the_plan_are_of_the_tuned_query(rule: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tune(rule, "Name startswith 'quite_unlikely'")
    assert run(rule, "--explain") == 0
    assert "quite_unlikely" in capfd.readouterr().out
    assert run(rule, "--explain", "--no-tuning") == 0
    assert "quite_unlikely" not in capfd.readouterr().out


@pytest.mark.parametrize(
    ("where", "expires", "code", "place"),
    [
        ("Nmae == 'b'", "2999-01-01", 1, "rule.tuning.yaml:4:12"),
        ("Name ==", "2999-01-01", 1, "rule.tuning.yaml:4:"),
        ("Name == 'b'", "2001-01-01", 0, "rule.tuning.yaml:2:11"),
    ],
)
def test_check_looks_at_them_too(
    rule: Path, capfd: pytest.CaptureFixture[str], where: str, expires: str, code: int, place: str
) -> None:
    tune(rule, where, expires)
    assert run_command(["check", str(rule), "--table", f"Events={rule.parent / 'events.csv'}"]) == code
    assert place in capfd.readouterr().out
