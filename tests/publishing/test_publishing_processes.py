"""A real service that is killed while it writes to tables."""

import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from bluetick.cli.main import run_command
from bluetick.detections.ledger.opening import Ledger
from bluetick.lake.intake import Batch, TableRows, locked, store
from bluetick.session import Session
from bluetick.types import Type

NOON = datetime(2026, 6, 18, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOURS = 3
WRITTEN = ("BluetickSignals", "SecurityAlert", "AlertInfo", "AlertEvidence", "SecurityIncident", "SentinelHealth")
LOGONS = """// Name: Logons
// Id: 11111111-0000-0000-0000-000000000001
// QueryFrequency: 1h
// QueryPeriod: 1h
// Entities: Host.HostName=Host
Logons | summarize Count = count() by Host
"""
ON_ALERTS = """// Name: On alerts
// Id: 22222222-0000-0000-0000-000000000002
// QueryFrequency: 1h
// QueryPeriod: 2h
SecurityAlert | where AlertName == 'Logons' | summarize Count = count() | where Count > 0
"""
# What is compared; numbers of runs depend on how often a process was killed in one.
SHOWN = {
    "BluetickLatestSignals": "project RuleName, WindowEnd, RowNumber, RowCount, Row = tostring(Row), IsTriggered",
    "SecurityAlert": "project TimeGenerated, AlertName, SystemAlertId, Entities, Status",
    "AlertInfo": "project Timestamp, AlertId, Title",
    "AlertEvidence": "project Timestamp, AlertId, DeviceName",
    "SecurityIncident": "project IncidentNumber, Title, Status, AlertIds = tostring(AlertIds)",
}


def make_place(place: Path) -> Path:
    (place / "rules").mkdir(parents=True)
    (place / "rules" / "one.kql").write_text(LOGONS)
    (place / "rules" / "two.kql").write_text(ON_ALERTS)
    (place / "lake").mkdir()
    for hour in range(HOURS):
        times = pa.array([NOON + hour * HOUR + timedelta(minutes=9)] * 2, pa.timestamp("us", "UTC"))
        data = pa.table({"Timestamp": times, "Host": pa.array(["a", f"h{hour}"])})
        columns = (("Timestamp", Type.DATETIME), ("Host", Type.STRING))
        with locked(place / "lake"):
            batch = Batch(f"b{hour}", "test", (TableRows("Logons", data, columns, "Timestamp"),), {f"b{hour}": "x"})
            store(place / "lake", batch)
    return place


def arguments(place: Path, hours: int) -> list[str]:
    now = (NOON + hours * HOUR + timedelta(minutes=5)).isoformat()
    data = ["schedule", str(place / "rules"), "--lake", str(place / "lake")]
    return [*data, "--since", NOON.isoformat(), "--now", now, "--once"]


def commits(place: Path) -> int:
    return sum(len(list((place / "lake" / name / "_delta_log").glob("*.json"))) for name in WRITTEN)


def kill_behind(place: Path, hours: int, more: int) -> bool:
    """Start a service, and kill it when it has made so many commits; whether it was still at work."""
    known = commits(place)
    command = [sys.executable, "-m", "bluetick", *arguments(place, hours)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    begun = time.monotonic()
    try:
        while process.poll() is None and commits(place) < known + more:
            assert time.monotonic() - begun < 120
            time.sleep(0.002)
    finally:
        process.kill()
        process.wait()
    return process.returncode != 0


def found(place: Path) -> dict[str, list[tuple[Any, ...]]]:
    with Session(lake=place / "lake") as session:
        return {table: sorted(session.query(f"{table} | {shown}").rows()) for table, shown in SHOWN.items()}


@pytest.mark.slow
def test_a_service_that_is_killed_while_it_writes_writes_each_row_once(tmp_path: Path) -> None:
    calm, killed = make_place(tmp_path / "calm"), make_place(tmp_path / "killed")
    kills = 0
    for hour in range(1, HOURS + 1):
        assert run_command(arguments(calm, hour)) == 0
        kills += kill_behind(killed, hour, hour)
        kills += kill_behind(killed, hour, 1)
        assert run_command(arguments(killed, hour)) == 0
    assert kills >= HOURS
    assert found(killed) == found(calm)
    names = [name for _, name, *_ in found(calm)["SecurityAlert"]]
    assert names.count("On alerts") >= HOURS - 1
    with Session(lake=killed / "lake") as session, closing(Ledger(killed / "lake.ledger")) as ledger:
        runs = sorted(record for (record,) in session.query("SentinelHealth | project RecordId").rows())
        assert runs == sorted(f"run-{row['id']}" for row in ledger.read("SELECT id FROM run"))
        rows = list(session.query("BluetickSignals | project RuleId, WindowEnd, Attempt, RowNumber").rows())
        assert len(rows) == len(set(rows))
