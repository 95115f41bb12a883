"""--external ADDRESS=FILE: an address may hold '=' itself."""

from pathlib import Path

import pytest

from bluetick.cli.main import run_command


def test_a_copy_answers_for_its_address(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "list.csv"
    copy.write_text("a,1\n", encoding="utf-8")
    address = "https://lists.example/get?format=csv"
    text = f'externaldata(name:string, score:long)["{address}"]'
    assert run_command(["query", text, "--external", f"{address}={copy}", "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines() == ["name,score", "a,1"]


def test_without_a_copy_the_way_out_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["query", 'externaldata(x:string)["https://lists.example/a"]']) == 1
    assert "--external https://lists.example/a=FILE" in capsys.readouterr().err
