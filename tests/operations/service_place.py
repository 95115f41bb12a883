"""A service with two rules over a lake, as its command runs it."""

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

from service_lake import NOON, add_logons

from bluetick.cli.main import run_command

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
COUNTED = """// Name: Rows of an hour
// Id: 11111111-0000-0000-0000-000000000001
// Severity: High
// QueryFrequency: 1h
// QueryPeriod: 1h
// AlertTriggerThreshold: 0
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


def make_place(place: Path) -> Path:
    """Two rules, and rows of two hours."""
    (place / "rules").mkdir()
    (place / "rules" / "counted.kql").write_text(COUNTED)
    (place / "rules" / "each.yaml").write_text(EACH)
    (place / "lake").mkdir()
    add_logons(place / "lake", [NOON + 10 * MINUTE, NOON + 20 * MINUTE], "one", "first")
    add_logons(place / "lake", [NOON + 70 * MINUTE], "two", "second")
    return place


def copy_place(made: Path, to: Path) -> Path:
    """A place of one test's own, where several begin alike: cheaper than to make it again."""
    return shutil.copytree(made, to / "place")


def schedule(place: Path, hours: float, *more: str) -> int:
    """Everything due at NOON and so many hours, over the lake and the ledger of the place."""
    now = (NOON + hours * HOUR + 5 * MINUTE).isoformat()
    data = ["schedule", str(place / "rules"), "--lake", str(place / "lake"), "--alerts", str(place / "alerts.ndjson")]
    return run_command([*data, "--since", NOON.isoformat(), "--now", now, "--once", "--format", "json", *more])


def messages(place: Path) -> list[dict[str, Any]]:
    """What was told, without the times at which it was."""
    lines = (place / "alerts.ndjson").read_text().splitlines() if (place / "alerts.ndjson").is_file() else []
    return sorted(
        ({key: value for key, value in json.loads(line).items() if key != "time"} for line in lines),
        key=lambda message: json.dumps(message, sort_keys=True),
    )
