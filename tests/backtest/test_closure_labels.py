"""What people found a service's alerts to be, as labels of a backtest."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bluetick.cli.main import run_command
from bluetick.detections.ledger.listing import Alert, Verdict, close_alert, find_alerts
from bluetick.detections.ledger.opening import Ledger

NOON = datetime(2026, 6, 18, 12, tzinfo=UTC)
RULE = """id: 11111111-1111-4111-8111-111111111111
name: Bad things
severity: Low
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
kind: Scheduled
eventGroupingSettings:
  aggregationKind: {grouping}
query: |
  {query}
"""
COUNTED = "T | summarize n = count() by Name"
EACH = "T | project TimeGenerated, Name, Score"


def place(tmp_path: Path, query: str, grouping: str) -> None:
    """A service has run over three hours, in each of which something happened to b, and in the first to a."""
    rows = [
        {"TimeGenerated": NOON + timedelta(hours=hour, minutes=minute), "Name": name, "Score": 1.5}
        for hour, minute, name in ((0, 10, "a"), (0, 20, "b"), (0, 30, "b"), (3, 10, "b"), (6, 10, "b"))
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rule.yaml").write_text(RULE.format(query=query, grouping=grouping))
    (tmp_path / "lake").mkdir()
    command = ["schedule", str(tmp_path / "rules"), "--lake", str(tmp_path / "lake"), *data(tmp_path), "--once"]
    end = (NOON + timedelta(hours=7, minutes=5)).isoformat()
    assert run_command([*command, "--since", NOON.isoformat(), "--now", end]) == 0


def data(tmp_path: Path) -> list[str]:
    return ["--table", f"T={tmp_path / 't.parquet'}"]


def close(tmp_path: Path, verdicts: dict[tuple[int, str], Verdict]) -> list[Alert]:
    """Close alerts, by the hour and the name of the first row; all alerts that there are."""
    ledger = Ledger(tmp_path / "lake.ledger")
    found = find_alerts(ledger, every=True)
    for alert in found:
        hour = round((datetime.fromtimestamp(alert.first / 1e6, UTC) - NOON).total_seconds() / 3600) - 1
        row = dict(zip(alert.content["columns"], alert.content["rows"][0], strict=True))
        if (hour, row["Name"]) in verdicts:
            close_alert(ledger, alert.id, verdicts[hour, row["Name"]], "seen", 1)
    ledger.close()
    return found


def labels(tmp_path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    span = ["--from", NOON.isoformat(), "--to", (NOON + timedelta(hours=7)).isoformat(), "--format", "json"]
    ledger = ["--labels-from", str(tmp_path / "lake.ledger")]
    assert run_command(["backtest", str(tmp_path / "rules"), *data(tmp_path), *span, *ledger, *more]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["labels"]["labels"]
    return found


@pytest.mark.parametrize(("query", "delay"), [(COUNTED, 3_600), (EACH, 2_400)])
def test_what_was_closed_is_found_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], query: str, delay: int
) -> None:
    """In the window that found it, and in none of another time."""
    place(tmp_path, query, "AlertPerResult")
    verdicts = {(0, "b"): Verdict.TRUE_POSITIVE, (3, "b"): Verdict.FALSE_POSITIVE, (6, "b"): Verdict.UNDETERMINED}
    close(tmp_path, verdicts)
    found = labels(tmp_path, capsys)
    right = [one for one in found if one["expected"]]
    wrong = [one for one in found if not one["expected"]]
    assert (len(right), len(wrong)) == (1 if query == COUNTED else 2, 1)
    assert [one["found"] for one in wrong] == ["2026-06-18T16:00:00Z"]
    assert {one["found"] for one in right} == {"2026-06-18T13:00:00Z"}
    assert max(one["time_to_detect"] for one in right) == delay
    assert {one["runs"] for one in found} == {1}


def test_a_rule_that_finds_it_no_more_has_missed_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place(tmp_path, COUNTED, "AlertPerResult")
    close(tmp_path, {(0, "a"): Verdict.TRUE_POSITIVE, (0, "b"): Verdict.BENIGN})
    (tmp_path / "rules" / "rule.yaml").write_text(
        RULE.format(query=f"{COUNTED} | where Name != 'a'", grouping="AlertPerResult")
    )
    found = {one["expected"]: one["found"] for one in labels(tmp_path, capsys)}
    assert found == {True: None, False: "2026-06-18T13:00:00Z"}


def test_a_retracted_alert_is_no_label(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place(tmp_path, COUNTED, "AlertPerResult")
    close(tmp_path, {(0, "a"): Verdict.TRUE_POSITIVE, (0, "b"): Verdict.BENIGN})
    ledger = Ledger(tmp_path / "lake.ledger")
    with ledger.transaction() as connection:
        connection.execute("UPDATE alert SET is_retracted = 1 WHERE verdict = 'tp'")
    ledger.close()
    assert [one["expected"] for one in labels(tmp_path, capsys)] == [False]


def test_an_alert_of_all_rows_is_found_by_any_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place(tmp_path, COUNTED, "SingleAlert")
    assert len(close(tmp_path, {(0, "a"): Verdict.TRUE_POSITIVE, (0, "b"): Verdict.TRUE_POSITIVE})) == 3
    (tmp_path / "rules" / "rule.yaml").write_text(
        RULE.format(query=f"{COUNTED} | where Name != 'a'", grouping="SingleAlert")
    )
    assert [one["found"] for one in labels(tmp_path, capsys)] == ["2026-06-18T13:00:00Z"]


def test_a_ledger_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place(tmp_path, COUNTED, "AlertPerResult")
    capsys.readouterr()
    command = ["backtest", str(tmp_path / "rules"), *data(tmp_path), "--labels-from", str(tmp_path / "none")]
    assert run_command(command) != 0
    assert "there is no ledger" in capsys.readouterr().err
