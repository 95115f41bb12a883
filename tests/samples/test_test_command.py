"""`bluetick test`: what is run, what is told, and the exit code."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from sampled import RULE, TOP, write

from bluetick.cli.main import run_command
from bluetick.cli.picking import parse_pick

HIT = """  - name: three of ann
    tables:
      SigninLogs: range i from 1 to 3 step 1 | project TimeGenerated = ago(5m), ResultType = "50126"
    expect: {alert: true}
"""
MISS = HIT.replace("three of ann", "two of ann").replace("to 3", "to 2").replace("true", "false")
WRONG = HIT.replace("three of ann", "wrong").replace("true", "false")


def run(capfd: pytest.CaptureFixture[str], *arguments: object, code: int) -> str:
    capfd.readouterr()
    assert run_command(["test", *(str(one) for one in arguments)]) == code
    out, err = capfd.readouterr()
    assert err == ""
    return out


def test_passed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, f"{TOP}samples:\n{HIT}{MISS}")
    out = run(capfd, tmp_path, "--require-both", code=0)
    assert f"{path} .." in out
    assert "2 passed in" in out
    told = run(capfd, "-v", path, code=0)
    assert f"{path}::three of ann  hit  PASSED" in told
    assert f"{path}::two of ann  miss  PASSED" in told


def test_the_manual(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Rule and samples of docs/testing.md, and a look at every condition."""
    text = (Path(__file__).parents[2] / "docs" / "testing.md").read_text("utf-8")
    rule, samples = (
        re.findall(rf"^```{form}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)[0] for form in ("kql", "yaml")
    )
    write(tmp_path, samples, rule)
    out = run(capfd, tmp_path, "--require-both", "--mutate", code=0)
    assert "2 passed, 2 of 2 changes noticed" in out


def test_failed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, f"{TOP}samples:\n{HIT}{WRONG}{MISS}")
    out = run(capfd, tmp_path, code=1)
    assert "rule.kql .F." in out
    assert "expected no alert, got an alert" in out
    assert "rule.tests.yaml:7" in out
    assert "1 failed, 2 passed" in out
    assert "1 failed, 1 passed" in run(capfd, tmp_path, "-x", code=1)


def test_a_hit_and_a_miss_make_it_tested(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, f"{TOP}samples:\n{HIT}")
    assert "Many failures: no miss among its samples" in run(capfd, tmp_path, code=0)
    run(capfd, tmp_path, "--require-both", code=1)
    nothing_given = "  - name: nothing\n    expect: {rows: 0}\n"
    write(tmp_path, f"{TOP}samples:\n{HIT}{nothing_given}")
    assert "no miss among" in run(capfd, tmp_path, code=0)


def test_nothing_to_test_is_no_success(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rule.kql").write_text(RULE, "utf-8")
    out = run(capfd, tmp_path, code=1)
    assert "Many failures: no samples" in out
    assert "1 not tested in" in out


def test_what_cannot_be_used(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, f"{TOP}samples:\n{HIT}{MISS}")
    (tmp_path / "alone.tests.yaml").write_text(TOP, "utf-8")
    (tmp_path / "wrong.kql").write_text("T | take 1", "utf-8")
    (tmp_path / "wrong.tests.yaml").write_text("now: x", "utf-8")
    (tmp_path / "none.kql").write_text("// nothing", "utf-8")
    out = run(capfd, tmp_path, code=1)
    assert "alone.tests.yaml: there is no document beside it" in out
    assert "'now' must be an instant" in out
    assert "holds no query" in out
    assert "2 passed, 3 cannot be used" in out


def test_picked(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, f"{TOP}samples:\n{HIT}{MISS}{WRONG}")
    assert "2 passed in" in run(capfd, tmp_path, "-k", "of ann", code=0)
    assert "1 passed in" in run(capfd, tmp_path / "rule.tests.yaml", "-k", "three and not wrong", code=0)
    assert "no sample in" in run(capfd, tmp_path, "-k", "nobody", code=1)
    assert run_command(["test", str(tmp_path), "-k", "a and"]) == 2


@pytest.mark.parametrize(
    ("text", "name", "is_picked"),
    [
        ("ann", "Three of ANN", True),
        ("not ann", "three of ann", False),
        ("two or three", "three of ann", True),
        ("two or three and not of", "three of ann", False),
        ("of ann and three", "three of ann", True),
    ],
)
def test_picker(text: str, name: str, is_picked: bool) -> None:
    picker = parse_pick(text)
    assert picker is not None
    assert picker.picks(name) is is_picked


@pytest.mark.parametrize("text", ["", "and", "a and", "not", "a or or b", "a not b"])
def test_no_picker(text: str) -> None:
    assert parse_pick(text) is None


def test_json(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, f"{TOP}samples:\n{HIT}{WRONG}")
    hit, wrong = map(json.loads, run(capfd, tmp_path, "--format", "json", code=1).splitlines())
    assert (hit["file"], hit["sample"], hit["kind"], hit["passed"]) == (str(path), "three of ann", "hit", True)
    assert (wrong["passed"], wrong["line"]) == (False, 7)
    assert wrong["problems"] == ["expected no alert, got an alert"]
    write(tmp_path, f"{TOP}samples:\n{HIT}")
    _, lacking = map(json.loads, run(capfd, tmp_path, "--format", "json", code=0).splitlines())
    assert (lacking["rule"], lacking["lacks"]) == ("Many failures", "no miss among its samples")


def test_junit(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, f"{TOP}samples:\n{HIT}{WRONG.replace('wrong', 'a < b')}")
    root = ElementTree.fromstring(run(capfd, tmp_path, "--format", "junit", code=1))  # noqa: S314 - our own
    (suite,) = root
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    names = [(case.get("name"), case.find("failure") is not None) for case in suite]
    assert names == [("three of ann", False), ("a < b", True)]


def test_samples_of_a_document_of_several(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    query = '```kql\nSigninLogs | where ResultType == "{}"\n```\n'
    text = f"# First\n\n## One\n\n{query.format(1)}\n## Two\n\n{query.format(2)}"
    (tmp_path / "both.md").write_text(text, "utf-8")
    run(capfd, tmp_path, code=1)
    names = [json.loads(line)["rule"] for line in run(capfd, tmp_path, "--format", "json", code=1).splitlines()]
    assert len(names) == 2
    case = "  - name: {0}\n    detection: '{1}'\n    tables:\n      SigninLogs: "
    case += "[{{TimeGenerated: now - 1m, ResultType: '2'}}]\n    expect: {{alert: {2}}}\n"
    samples = case.format("a", names[0], "false") + case.format("b", names[1], "true")
    (tmp_path / "both.tests.yaml").write_text(f"{TOP}samples:\n{samples}", "utf-8")
    assert "2 passed" in run(capfd, tmp_path, code=0)
    (tmp_path / "both.tests.yaml").write_text(f"{TOP}samples:\n{case.format('a', 'Third', 'true')}", "utf-8")
    assert "the document has no rule 'Third'" in run(capfd, tmp_path, code=1)
