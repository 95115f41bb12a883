"""`bluetick incidents`."""

import json
from pathlib import Path
from typing import Any

import pytest
from incident_ledger import RULE, START, content, say

from bluetick.cli.main import run_command
from bluetick.detections.incidents.listing import find_incident
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.rules import open_windows, register
from bluetick.detections.ledger.times import to_micros


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with two incidents; the first one's name would move a cursor."""
    found = tmp_path / "a.ledger"
    ledger = Ledger(found)
    with ledger.transaction() as connection:
        register(connection, [RULE])
        open_windows(connection, to_micros(START + 3 * RULE.frequency))
    say(ledger, 1, {"k1": content("\x1b[2Jpc", "Low")})
    say(ledger, 2, {"k2": content("other")})
    ledger.close()
    return found


def run(path: Path, *words: str) -> int:
    return run_command(["incidents", *words, "--ledger", str(path)])


def shown(path: Path, capsys: pytest.CaptureFixture[str], said: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run(path, "show", said, "--format", "json") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_list_is_safe_for_a_terminal(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(path, "list") == 0
    printed = capsys.readouterr().out
    assert "Something on other" in printed
    assert "2 incidents" in printed
    assert "\x1b[2J" not in printed
    assert run(path, "show", "1") == 0
    assert "\x1b[2J" not in capsys.readouterr().out


def test_json_is_a_line_an_incident(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(path, "list", "--format", "json") == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["number"], one["severity"], one["status"]) for one in found] == [
        (2, "Medium", "New"),
        (1, "Low", "New"),
    ]
    assert [alert["verdict"] for alert in found[0]["alerts"]] == [None]


def test_an_incident_is_worked_on_and_closed(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(path, "update", "1", "--owner", "ann", "--status", "active", "--severity", "high") == 0
    assert "incident 1: High, Active, belongs to ann" in capsys.readouterr().out
    assert run(path, "comment", "1", "not \x1b[2J again", "--author", "ann") == 0
    assert run(path, "close", "1", "--as", "fp", "--reason", "a test") == 0
    assert "incident 1 closed as fp, with 1 alert" in capsys.readouterr().out
    said = shown(path, capsys, "1")
    assert (said["status"], said["classification"], said["reason"]) == ("Closed", "FalsePositive", "a test")
    assert [(one["author"], one["text"]) for one in said["comments"]] == [("ann", "not \x1b[2J again")]
    assert [one["verdict"] for one in said["alerts"]] == ["fp"]
    assert run(path, "show", "1") == 0
    assert "\x1b[2J" not in capsys.readouterr().out
    assert run(path, "list") == 0
    assert "1 incident\n" in capsys.readouterr().out


def test_nothing_to_change_is_refused(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(path, "update", "1") != 0
    assert "nothing to change" in capsys.readouterr().err


def test_what_is_not_there_is_said(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(path, "show", "9") != 0
    assert "there is no incident '9'" in capsys.readouterr().err
    assert run(tmp_path / "none", "list") != 0
    assert "there is no ledger" in capsys.readouterr().err


def test_an_alert_is_owned_and_commented(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = Ledger(path)
    alert = find_incident(ledger, "2").members[0].id
    ledger.close()
    more = ["--ledger", str(path)]
    assert run_command(["alerts", "update", alert, "--owner", "ann", *more]) == 0
    assert run_command(["alerts", "comment", alert, "hm", "--author", "bob", *more]) == 0
    capsys.readouterr()
    assert run_command(["alerts", "show", alert, "--format", "json", *more]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["owner"], said["incident"]) == ("ann", 2)
    assert [(one["author"], one["text"]) for one in said["comments"]] == [("bob", "hm")]
    assert run_command(["alerts", "show", alert, *more]) == 0
    printed = capsys.readouterr().out
    assert "incident 2" in printed
    assert "belongs to ann" in printed
    assert "bob: hm" in printed
