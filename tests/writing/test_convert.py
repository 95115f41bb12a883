"""`bluetick convert`."""

import json
from pathlib import Path

import pytest

from bluetick.cli.main import run_command

RULE = """\
# A comment may go
id: 2f8f2f60-37a0-4b3e-8c8a-5f8d3d4b1f11
name: A rule
kind: Scheduled
severity: High
queryFrequency: 1h
queryPeriod: {period}
triggerOperator: gt
triggerThreshold: 0
query: |
  DeviceEvents
  | where TimeGenerated > ago(1h)
own: [kept]
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    (folder / "below").mkdir(parents=True)
    (folder / "good.yaml").write_text(RULE.format(period="1h"))
    (folder / "below" / "good.yaml").write_text(RULE.format(period="4h"))
    (folder / "package.json").write_text('{"name": "not a rule"}')
    return folder


def test_one_rule_goes_to_the_terminal(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["convert", str(rules / "good.yaml"), "--to", "sentinel"]) == 0
    written, said = capsys.readouterr()
    assert written == RULE.format(period="1h").replace("# A comment may go\n", "").replace(
        "[kept]", "\n  - kept"
    ).replace("own: \n", "own:\n")
    assert "BTK0235" not in said


def test_several_need_a_folder(rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["convert", str(rules), "--to", "arm"]) == 2
    assert "--out" in capsys.readouterr().err
    out = tmp_path / "out"
    assert run_command(["convert", str(rules), "--to", "arm", "--out", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["good-2.json", "good.json"]
    for path in out.iterdir():
        assert json.loads(path.read_text())["resources"][0]["properties"]["displayName"] == "A rule"


def test_what_does_not_fit_is_not_written_without_lossy(
    rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = rules / "good.yaml"
    path.write_text(RULE.format(period="30d"))
    out = tmp_path / "out"
    assert run_command(["convert", str(path), "--to", "sentinel", "--out", str(out)]) == 1
    said = capsys.readouterr().err
    assert "error[BTK0280]" in said and "lookback of 30d" in said
    assert not out.exists()
    assert run_command(["convert", str(path), "--to", "sentinel", "--out", str(out), "--lossy"]) == 0
    assert "warning[BTK0280]" in capsys.readouterr().err
    assert (out / "good.yaml").is_file()


def test_defender_is_asked_for_the_columns_of_the_result(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = rules / "below" / "good.yaml"
    path.write_text(
        RULE.format(period="4h").replace("own: [kept]\n", "").rstrip() + "\n  | project TimeGenerated, DeviceId\n"
    )
    assert run_command(["convert", str(path), "--to", "defender"]) == 1
    said = capsys.readouterr().err
    assert said.count("error[BTK0288]") == 1 and "no column ReportId" in said


def test_a_document_that_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("name: A\nquery: *a\n")
    assert run_command(["convert", str(path), "--to", "kql"]) == 1
    assert "BTK0231" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written(rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").write_text("a file")
    assert run_command(["convert", str(rules), "--to", "kql", "--out", str(tmp_path / "out")]) != 0
    assert "Traceback" not in capsys.readouterr().err
