"""A machine's time zone, and the night in which its clocks change, shift no window."""

import os
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from service_lake import add_logons

from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_micros

RULE = """id: 55555555-0000-0000-0000-000000000001
name: Rows of an hour
kind: Scheduled
severity: Low
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
query: |
  Logons | where Timestamp >= ago(1h) | summarize Count = count() by Host
"""


@pytest.mark.slow
@pytest.mark.parametrize("night", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)], ids=str)
def test_the_night_of_the_change(tmp_path: Path, night: datetime) -> None:
    """In Berlin it is 01:00 UTC at which 02:00 becomes 03:00, and 03:00 becomes 02:00."""
    (tmp_path / "rule.yaml").write_text(RULE)
    (tmp_path / "lake").mkdir()
    hours = [night + timedelta(hours=hour) for hour in range(-1, 5)]
    for number, hour in enumerate(hours):
        times = [hour + timedelta(minutes=minute) for minute in range(number + 1)]
        add_logons(tmp_path / "lake", times, f"host{number}", f"batch{number}")
    place = {"lake": tmp_path / "lake", "since": f"{hours[1]:%Y-%m-%dT%H:%M}", "now": f"{hours[-1]:%Y-%m-%dT%H:05}"}
    options = [part for name, value in place.items() for part in (f"--{name}", str(value))]
    done = subprocess.run(
        [sys.executable, "-m", "bluetick", "schedule", str(tmp_path / "rule.yaml"), *options, "--once"],
        env={**os.environ, "TZ": "Europe/Berlin"},
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    with closing(Ledger(tmp_path / "lake.ledger")) as ledger:
        windows = ledger.read("SELECT hi, status, triggered FROM window ORDER BY hi")
        rows = ledger.read(
            "SELECT first, json_extract(content, '$.rows[0][0]') AS host, json_extract(content, '$.rows[0][1]') AS n"
            " FROM alert ORDER BY first"
        )
    assert [tuple(row) for row in windows] == [(to_micros(hour), "done", 1) for hour in hours[1:]]
    assert [tuple(row) for row in rows] == [
        (to_micros(hour), f"host{number}", number + 1) for number, hour in enumerate(hours[1:])
    ]
