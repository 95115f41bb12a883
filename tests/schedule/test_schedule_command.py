"""`bluetick schedule` and `bluetick alerts` over a lake."""

import json
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from service_lake import NOON, add_logons

from bluetick.cli.main import run_command
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_micros
from bluetick.lake.maintenance import optimize

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
COUNTED = """// Name: Rows of an hour
// Id: 11111111-0000-0000-0000-000000000001
// Severity: High
// QueryFrequency: 1h
// QueryPeriod: 1h
// AlertTriggerThreshold: 0
// Entities: Host.HostName=Host
Logons | where Timestamp >= ago(1h) | summarize Count = count() by Host
"""
EACH = """id: 22222222-0000-0000-0000-000000000002
name: Each host of a day
description: One alert a host.
kind: Scheduled
severity: Low
queryFrequency: 1h
queryPeriod: 1d
triggerOperator: gt
triggerThreshold: 0
eventGroupingSettings:
  aggregationKind: AlertPerResult
query: |
  Logons | where Timestamp >= ago(1d) | summarize Count = count() by Host
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with two rules, and a lake with rows of three hours."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "counted.kql").write_text(COUNTED)
    (tmp_path / "rules" / "each.yaml").write_text(EACH)
    (tmp_path / "lake").mkdir()
    add_logons(tmp_path / "lake", [NOON + 10 * MINUTE, NOON + 20 * MINUTE], "one", "first")
    add_logons(tmp_path / "lake", [NOON + 70 * MINUTE], "two", "second")
    return tmp_path


def schedule(place: Path, hours: float, *more: str) -> int:
    """Everything due at NOON and so many hours."""
    now = (NOON + hours * HOUR + 5 * MINUTE).isoformat()
    data = ["schedule", str(place / "rules"), "--lake", str(place / "lake"), "--alerts", str(place / "alerts.ndjson")]
    return run_command([*data, "--since", NOON.isoformat(), "--now", now, "--once", "--format", "json", *more])


def messages(place: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (place / "alerts.ndjson").read_text().splitlines()]


def told(place: Path) -> list[tuple[str, str, str]]:
    """(rule's name, event, window of the first sight) of each message."""
    return sorted((said["name"], said["event"], json.dumps(said["rows"])) for said in messages(place))


def ledger_of(place: Path) -> Ledger:
    return Ledger(place / "lake.ledger")


def test_windows_that_are_due_are_evaluated_and_alerts_raised(place: Path) -> None:
    assert schedule(place, 3) == 0
    assert told(place) == [
        ("Each host of a day", "raised", '[["one", 2]]'),
        ("Each host of a day", "raised", '[["two", 1]]'),
        ("Rows of an hour", "raised", '[["one", 2]]'),
        ("Rows of an hour", "raised", '[["two", 1]]'),
    ]
    counted = next(said for said in messages(place) if said["name"] == "Rows of an hour")
    assert counted["severity"] == "High"
    assert counted["entities"] == [{"kind": "Host", "HostName": "one"}]
    with closing(ledger_of(place)) as ledger:
        windows = ledger.read("SELECT hi, status, rows FROM window WHERE rule LIKE '1111%' ORDER BY hi")
    assert [tuple(row) for row in windows] == [
        (to_micros(NOON + number * HOUR), "done", count) for number, count in enumerate((0, 1, 1, 0))
    ]


def test_what_was_done_is_not_done_again(place: Path) -> None:
    schedule(place, 3)
    before = messages(place)
    assert schedule(place, 3) == 0
    assert messages(place) == before
    with closing(ledger_of(place)) as ledger:
        assert ledger.read("SELECT max(n) AS n FROM (SELECT count(*) AS n FROM run GROUP BY rule, hi)")[0]["n"] == 1


def test_late_rows_are_found_in_the_windows_that_they_are_of(place: Path) -> None:
    schedule(place, 3)
    add_logons(place / "lake", [NOON + 130 * MINUTE], "three", "third")
    add_logons(place / "lake", [NOON + 30 * MINUTE], "one", "fourth")
    assert schedule(place, 3) == 0
    new = messages(place)[4:]
    assert sorted((said["name"], said["event"], json.dumps(said["rows"])) for said in new) == [
        ("Each host of a day", "raised", '[["three", 1]]'),
        ("Rows of an hour", "raised", '[["three", 1]]'),
    ]
    with closing(ledger_of(place)) as ledger:
        (row,) = ledger.read("SELECT content, revision FROM alert WHERE rule LIKE '1111%' ORDER BY first LIMIT 1")
    assert json.loads(row["content"])["rows"] == [["one", 3]]
    assert row["revision"] == 1


def test_compaction_changes_nothing(place: Path) -> None:
    schedule(place, 3)
    with closing(ledger_of(place)) as ledger:
        before = ledger.read("SELECT count(*) AS n FROM run")[0]["n"]
    assert optimize(place / "lake" / "Logons").files_after == 1
    schedule(place, 3)
    with closing(ledger_of(place)) as ledger:
        assert ledger.read("SELECT count(*) AS n FROM run")[0]["n"] == before


def test_after_an_outage_every_window_is_there(place: Path) -> None:
    schedule(place, 0)
    assert schedule(place, 48) == 0
    with closing(ledger_of(place)) as ledger:
        ends = [row["hi"] for row in ledger.read("SELECT hi FROM window WHERE rule LIKE '1111%' AND status = 'done'")]
    assert ends == [to_micros(NOON + number * HOUR) for number in range(49)]


def test_a_refused_document_is_said_and_the_others_run(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "rules" / "broken.kql").write_text("// Name: Broken\n// QueryFrequency: 1h\nLogons | whhere Host == 'a'\n")
    assert schedule(place, 3) == 1
    assert "broken.kql" in capsys.readouterr().err
    assert len(messages(place)) == 4


def test_a_rule_without_a_frequency_is_refused_unless_one_is_given(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "rules" / "hunt.kql").write_text("// Name: Hunt\nLogons | where Host == 'two'\n")
    assert schedule(place, 3) == 1
    assert "does not say how often it runs" in capsys.readouterr().err
    assert schedule(place, 3, "--every", "3h") == 0


def test_an_exception_beside_a_rule_applies(place: Path) -> None:
    (place / "rules" / "counted.tuning.yaml").write_text(
        "exceptions:\n  - name: two\n    table: Logons\n    where: Host == 'two'\n    reason: known\n"
        "    owner: me\n    expires: 2027-01-01\n"
    )
    schedule(place, 3)
    assert [said["rows"] for said in messages(place) if said["name"] == "Rows of an hour"] == [[["one", 2]]]


def test_a_failed_run_is_tried_again_and_says_why(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "rules" / "counted.kql").write_text(
        COUNTED.replace("Logons |", "Logons | where assert(toscalar(Logons | count) != 2, 'just two') |")
    )
    assert schedule(place, 1) == 1
    assert "just two" in capsys.readouterr().err
    with closing(ledger_of(place)) as ledger:
        rows = ledger.read("SELECT status, tries FROM window WHERE rule LIKE '1111%' ORDER BY hi")
        assert [tuple(row) for row in rows] == [("done", 0), ("failed", 1)]
        assert not ledger.read("SELECT id FROM rule WHERE pause <> ''")
    add_logons(place / "lake", [NOON + 40 * MINUTE], "four", "third")
    assert schedule(place, 2) == 0


def test_a_query_that_is_refused_pauses_its_rule_until_its_table_comes(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "rules" / "other.kql").write_text(
        COUNTED.replace("Rows of an hour", "Later").replace("0001", "0009").replace("Logons", "DeviceLogonEvents")
        .replace("Host)", "DeviceName)").replace("by Host", "by Host = DeviceName")
    )  # fmt: skip
    assert schedule(place, 1) == 1
    assert "the rule is paused" in capsys.readouterr().err
    add_logons(place / "lake", [NOON + 30 * MINUTE], "five", "fifth", "DeviceLogonEvents", "DeviceName")
    assert schedule(place, 1) == 0
    assert '[["five", 1]]' in {rows for name, _, rows in told(place) if name == "Later"}


def test_a_changed_rule_is_another_version_from_its_next_window_on(place: Path) -> None:
    schedule(place, 1)
    (place / "rules" / "counted.kql").write_text(COUNTED.replace("count() by", "1000 + count() by"))
    schedule(place, 3)
    found = {json.dumps(said["rows"]) for said in messages(place) if said["name"] == "Rows of an hour"}
    assert found == {'[["one", 2]]', '[["two", 1001]]'}
    add_logons(place / "lake", [NOON + 30 * MINUTE], "one", "late")
    schedule(place, 3)
    with closing(ledger_of(place)) as ledger:
        (row,) = ledger.read("SELECT content FROM alert WHERE rule LIKE '1111%' ORDER BY first LIMIT 1")
    assert json.loads(row["content"])["rows"] == [["one", 3]]


def test_alerts_are_listed_shown_and_closed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schedule(place, 3)
    capsys.readouterr()
    ledger = ["--ledger", str(place / "lake.ledger")]
    assert run_command(["alerts", "list", *ledger, "--format", "json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(found) == 4
    assert {alert["state"] for alert in found} == {"open"}
    name = found[0]["id"]
    assert run_command(["alerts", "close", name[:12], *ledger, "--as", "fp", "--reason", "a test"]) == 0
    capsys.readouterr()
    assert run_command(["alerts", "list", *ledger, "--format", "json"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert run_command(["alerts", "show", name, *ledger, "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["state"], shown["reason"]) == ("closed as fp", "a test")
    assert run_command(["alerts", "show", name, *ledger]) == 0
    assert "closed as fp" in capsys.readouterr().out
    assert run_command(["alerts", "rules", *ledger]) == 0
    assert "Rows of an hour" in capsys.readouterr().out


def test_an_alert_that_is_not_there(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schedule(place, 0)
    assert run_command(["alerts", "show", "zzz", "--ledger", str(place / "lake.ledger")]) == 1
    assert "there is no alert 'zzz'" in capsys.readouterr().err
    assert run_command(["alerts", "list", "--ledger", str(place / "none")]) == 1


def test_a_service_reads_the_lake_as_it_is(place: Path) -> None:
    assert schedule(place, 0, "--as-of", "0") == 2
