"""`bluetick upgrade` on ledgers of earlier forms."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bluetick.cli.main import run_command
from bluetick.detections.ledger import forms


def write_first(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(forms.FORMS[0])
        connection.execute("PRAGMA application_id = 0x626C7469")
        connection.execute("PRAGMA user_version = 1")


def test_a_ledger_is_brought_up_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = tmp_path / "a.ledger"
    write_first(ledger)
    assert run_command(["alerts", "list", "--ledger", str(ledger)]) == 1
    assert "bluetick upgrade --ledger" in capsys.readouterr().err
    assert run_command(["upgrade", "--ledger", str(ledger)]) == 0
    assert "a.ledger.form1.bak" in capsys.readouterr().out
    assert run_command(["upgrade", "--ledger", str(ledger)]) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert run_command(["alerts", "list", "--ledger", str(ledger)]) == 0


def test_a_ledger_that_is_not_there_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["upgrade", "--ledger", str(tmp_path / "none")]) == 1
    assert "there is no ledger" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
