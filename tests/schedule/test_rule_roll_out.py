"""Rules that begin at a time of their own, that are tried in the shadow, that are switched off."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from service_lake import NOON, add_logons

from bluetick.cli.main import run_command
from bluetick.detections.backtest.report import BacktestOptions, instants
from bluetick.detections.documents import read_document_text
from bluetick.detections.ledger.listing import find_alerts
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_micros
from bluetick.detections.writing.kql import KQL
from bluetick.detections.writing.sentinel import SENTINEL

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
RULE = """id: 22222222-0000-0000-0000-000000000002
name: Each host of an hour
kind: Scheduled
severity: Low
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
%s
query: Logons | where Timestamp >= ago(1h) | summarize Count = count() by Host
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "lake").mkdir()
    add_logons(tmp_path / "lake", [NOON + number * HOUR + 30 * MINUTE for number in range(6)], "one", "first")
    return tmp_path


def run(place: Path, said: str, hours: float, overlay: str = "", *more: str) -> int:
    """The service from NOON on, with this in the rule's document and this overlay."""
    (place / "rules" / "rule.yaml").write_text(RULE % said)
    (place / "rules" / "rule.bluetick.yaml").write_text(overlay or "severity: Low")
    until = (NOON + hours * HOUR + 5 * MINUTE).isoformat()
    data = ["schedule", str(place / "rules"), "--lake", str(place / "lake"), "--alerts", str(place / "alerts.ndjson")]
    return run_command([*data, "--since", NOON.isoformat(), "--now", until, "--once", *more])


def windows(place: Path) -> list[float]:
    """In hours after NOON."""
    with closing(Ledger(place / "lake.ledger")) as ledger:
        rows = ledger.read("SELECT hi FROM window WHERE status = 'done' ORDER BY hi")
    return [(datetime.fromtimestamp(row["hi"] / 1e6, UTC) - NOON) / HOUR for row in rows]


def test_windows_begin_at_the_start_time_and_follow_at_the_interval(place: Path) -> None:
    start = NOON + 80 * MINUTE
    assert run(place, f"startTimeUtc: {start.isoformat()}", 4) == 0
    assert windows(place) == pytest.approx([4 / 3, 7 / 3, 10 / 3])
    with closing(Ledger(place / "lake.ledger")) as ledger:
        found = sorted(alert.first for alert in find_alerts(ledger))
    assert found == [to_micros(NOON + number * MINUTE) for number in (80, 140, 200)]


def test_a_start_time_that_has_passed_says_when_in_the_hour(place: Path) -> None:
    assert run(place, "startTimeUtc: 2020-01-01T00:20:00Z", 2) == 0
    assert windows(place) == pytest.approx([1 / 3, 4 / 3])


def test_a_start_time_that_is_to_come_is_waited_for(place: Path) -> None:
    assert run(place, f"startTimeUtc: {(NOON + 9 * HOUR).isoformat()}", 4) == 0
    assert windows(place) == []


def test_without_since_the_first_window_is_the_latest_but_none_before_the_start(place: Path) -> None:
    (place / "rules" / "rule.yaml").write_text(RULE % f"startTimeUtc: {(NOON + 80 * MINUTE).isoformat()}")
    data = ["schedule", str(place / "rules"), "--lake", str(place / "lake"), "--once", "--now"]
    assert run_command([*data, (NOON + HOUR).isoformat()]) == 0
    assert windows(place) == []
    assert run_command([*data, (NOON + 150 * MINUTE).isoformat()]) == 0
    assert windows(place) == pytest.approx([4 / 3, 7 / 3])


def test_a_rule_that_moves_leaves_no_time_out(place: Path) -> None:
    """Its next window ends at the new minute, at most an hour after the last one."""
    assert run(place, "", 2) == 0
    assert windows(place) == [0, 1, 2]
    assert run(place, "startTimeUtc: 2020-01-01T00:20:00Z", 3.5) == 0
    assert windows(place) == pytest.approx([0, 1, 2, 7 / 3, 10 / 3])
    assert run(place, "", 5) == 0
    assert windows(place) == pytest.approx([0, 1, 2, 7 / 3, 10 / 3, 4, 5])


def test_a_rule_that_runs_oftener_than_before_leaves_no_time_out(place: Path) -> None:
    assert run(place, "", 1.5, "frequency: 6h") == 0
    assert windows(place) == [0]
    assert run(place, "", 3.5) == 0
    assert windows(place) == [0, 1, 2, 3]
    assert run(place, "", 13, "frequency: 6h") == 0
    assert windows(place) == [0, 1, 2, 3, 6, 12]


def test_a_rule_that_has_not_begun_may_begin_sooner(place: Path) -> None:
    assert run(place, f"startTimeUtc: {(NOON + 9 * HOUR).isoformat()}", 1) == 0
    assert run(place, "", 2) == 0
    assert windows(place) == [0, 1, 2]


def test_a_rule_in_the_shadow_keeps_its_alerts_and_tells_nobody(place: Path) -> None:
    assert run(place, "", 2, "ruleState: shadow") == 0
    with closing(Ledger(place / "lake.ledger")) as ledger:
        assert len(find_alerts(ledger)) == 2
    assert not (place / "alerts.ndjson").exists() or not (place / "alerts.ndjson").read_text()


def test_a_rule_that_comes_out_of_the_shadow_tells_what_is_new(place: Path) -> None:
    assert run(place, "", 2, "ruleState: shadow") == 0
    add_logons(place / "lake", [NOON + 150 * MINUTE], "two", "second")
    assert run(place, "eventGroupingSettings: {aggregationKind: AlertPerResult}", 3, "ruleState: live") == 0
    told = [json.loads(line) for line in (place / "alerts.ndjson").read_text().splitlines()]
    assert {row[0] for message in told for row in message["rows"]} >= {"two"}


def test_a_rule_that_is_switched_off_does_not_run(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(place, "enabled: false", 2) == 0
    assert "'Each host of an hour' is switched off" in capsys.readouterr().err
    assert windows(place) == []
    assert run(place, "enabled: false", 2, "ruleState: live") == 0
    assert windows(place) == [0, 1, 2]
    assert run(place, "", 4, "ruleState: off") == 0
    assert windows(place) == [0, 1, 2]
    assert run(place, "", 4) == 0
    assert windows(place) == [0, 1, 2, 3, 4]


def test_what_is_no_instant_and_no_state_is_told() -> None:
    result = read_document_text((RULE % "startTimeUtc: tomorrow\nruleState: loud").encode(), "rule.yaml")
    assert [(one.code, one.severity.name) for one in result.diagnostics] == [("BTK0239", "ERROR"), ("BTK0238", "ERROR")]


def test_forms_of_a_document_say_the_same_start() -> None:
    (said,) = read_document_text((RULE % "startTimeUtc: 2026-06-18T08:20:00+02:00").encode(), "rule.yaml").detections
    assert said.start == datetime(2026, 6, 18, 6, 20, tzinfo=UTC)
    for target, name in ((KQL, "rule.kql"), (SENTINEL, "rule.yaml")):
        (read,) = read_document_text(target.write(said, ()).text.encode(), name).detections
        assert read.start == said.start


def test_a_backtest_has_the_windows_of_the_service() -> None:
    (said,) = read_document_text((RULE % "startTimeUtc: 2020-01-01T00:20:00Z").encode(), "rule.yaml").detections
    assert said.state is None
    found = instants(said, BacktestOptions(first=NOON, last=NOON + 2 * HOUR))
    assert found == [NOON + 20 * MINUTE, NOON + 80 * MINUTE]
