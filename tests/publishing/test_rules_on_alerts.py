"""Rules that read what the service writes, over a lake: they find what other rules said, once, and not themselves."""

import json
from collections import Counter
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
LOGONS = """// Name: Logons
// Id: 11111111-0000-0000-0000-000000000001
// QueryFrequency: 1h
// QueryPeriod: 1h
// Entities: Host.HostName=Host
Logons | summarize Count = count() by Host
"""
ON_ALERTS = """// Name: {name}
// Id: {id}
// QueryFrequency: 1h
// QueryPeriod: 6h
{table} | summarize Count = count() | where Count > 0
"""
TWO = "22222222-0000-0000-0000-000000000002"
THREE = "33333333-0000-0000-0000-000000000003"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A rule over a table that has rows in one hour."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "one.kql").write_text(LOGONS)
    (tmp_path / "lake").mkdir()
    add(tmp_path, 10, "first")
    return tmp_path


def add(place: Path, minute: int, batch: str) -> None:
    times = pa.array([NOON + timedelta(minutes=minute)], pa.timestamp("us", "UTC"))
    data = pa.table({"Timestamp": times, "Host": pa.array(["a"])})
    columns = (("Timestamp", Type.DATETIME), ("Host", Type.STRING))
    with locked(place / "lake"):
        store(place / "lake", Batch(batch, "test", (TableRows("Logons", data, columns, "Timestamp"),), {batch: "x"}))


def on_alerts(place: Path, table: str = "SecurityAlert", id_: str = TWO) -> None:
    text = ON_ALERTS.format(name=f"On {table} {id_[:1]}", id=id_, table=table)
    (place / "rules" / f"{id_[:4]}.kql").write_text(text)


def schedule(place: Path, hours: float, *more: str) -> int:
    """The service does everything that is due at NOON and so many hours."""
    now = (NOON + hours * HOUR + timedelta(minutes=5)).isoformat()
    data = ["schedule", str(place / "rules"), "--lake", str(place / "lake"), "--alerts", str(place / "alerts.ndjson")]
    return run_command([*data, "--since", NOON.isoformat(), "--now", now, "--once", *more])


def raised(place: Path) -> Counter[str]:
    """How often each rule raised an alert."""
    said = (json.loads(line) for line in (place / "alerts.ndjson").read_text().splitlines())
    return Counter(one["name"] for one in said if one["event"] == "raised")


def query(place: Path, text: str) -> list[tuple[Any, ...]]:
    with Session(lake=place / "lake") as session:
        return list(session.query(text).rows())


def test_a_rule_on_alerts_finds_the_alert_of_another_and_not_its_own(place: Path) -> None:
    on_alerts(place)
    for hours in range(1, 12):
        assert schedule(place, hours) == 0
    # The alert is written at 13:05; windows of six hours that end at 14:00 to 19:00 see it.
    assert raised(place) == {"Logons": 1, "On SecurityAlert 2": 6}
    found = query(place, "SecurityAlert | summarize count() by AlertType")
    assert sorted(found) == [("11111111-0000-0000-0000-000000000001", 1), (TWO, 6)]


@pytest.mark.parametrize("table", ["BluetickSignals", "AlertInfo", "SecurityIncident", "SentinelHealth"])
def test_nor_does_a_rule_on_another_table_that_it_fills(place: Path, table: str) -> None:
    on_alerts(place, table)
    for hours in (1, 5):
        assert schedule(place, hours) == 0
    (place / "rules" / "one.kql").unlink()
    # Five hours apart, so that rows of its own would be found each time, and make the next ones.
    for hours in (10, 15, 20):
        assert schedule(place, hours) == 0
    # The last row of the other rule is of 17:05: no window that ends after 23:05 finds anything.
    rows = query(place, f"BluetickSignals | where RuleId == '{TWO}' | summarize max(WindowEnd)")
    assert NOON + 2 * HOUR <= rows[0][0] <= NOON + 11 * HOUR


def test_rows_that_come_late_are_found_in_the_windows_that_they_are_of(place: Path) -> None:
    on_alerts(place, "BluetickSignals")
    latest = f"BluetickLatestSignals | where RuleId == '{TWO}' | project WindowEnd, Row"
    assert schedule(place, 3) == 0
    before = query(place, latest)
    add(place, 70, "late")
    assert schedule(place, 3) == 0
    after = query(place, latest)
    assert [(when, row["Count"]) for when, row in sorted(before)] == [(NOON + 2 * HOUR, 1), (NOON + 3 * HOUR, 1)]
    assert [(when, row["Count"]) for when, row in sorted(after)] == [(NOON + 2 * HOUR, 1), (NOON + 3 * HOUR, 2)]


def test_windows_that_found_something_and_do_not_any_more_are_not_among_the_latest(place: Path) -> None:
    (place / "rules" / "quiet.kql").write_text(
        "// Name: Quiet\n// Id: 44444444-0000-0000-0000-000000000004\n// QueryFrequency: 1h\n// QueryPeriod: 1h\n"
        "Logons | summarize Count = count() | where Count == 0\n"
    )
    schedule(place, 2)
    quiet = "BluetickLatestSignals | where RuleName == 'Quiet' | project WindowEnd"
    assert query(place, quiet) == [(NOON,), (NOON + 2 * HOUR,)]
    add(place, 70, "late")
    schedule(place, 2)
    assert query(place, quiet) == [(NOON,)]
    all_rows = "BluetickSignals | where RuleName == 'Quiet' | order by Attempt asc | project WindowEnd, RowNumber"
    assert sorted(query(place, all_rows)) == [(NOON, 0), (NOON + 2 * HOUR, -1), (NOON + 2 * HOUR, 0)]


def test_without_tables_the_lake_has_none_and_the_ledger_keeps_nothing_for_them(place: Path) -> None:
    assert schedule(place, 2, "--no-tables") == 0
    assert {entry.name for entry in (place / "lake").iterdir()} == {"Logons", "_ingested"}
    with closing(Ledger(place / "lake.ledger")) as ledger:
        assert not ledger.read("SELECT 1 FROM publication_entry")
    assert schedule(place, 3) == 0
    assert query(place, "_SentinelHealth() | count") == [(1,)]


# https://learn.microsoft.com/azure/azure-monitor/reference/tables-index and
# https://learn.microsoft.com/defender-xdr/advanced-hunting-schema-tables
DOCUMENTED = {
    "SecurityAlert": {"TimeGenerated": "datetime", "ConfidenceScore": "real", "IsIncident": "bool",
                      "Entities": "string", "ExtendedProperties": "string", "StartTime": "datetime"},
    "SecurityIncident": {"IncidentNumber": "int", "Owner": "dynamic", "AlertIds": "dynamic", "ClosedTime": "datetime"},
    "AlertInfo": {"Timestamp": "datetime", "AttackTechniques": "string", "ServiceSource": "string"},
    "AlertEvidence": {"FileSize": "long", "ApplicationId": "int", "EvidenceRole": "string"},
    "SentinelHealth": {"TimeGenerated": "datetime", "ExtendedProperties": "dynamic", "RecordId": "string"},
}  # fmt: skip


def test_the_tables_have_the_documented_columns_as_they_are_stored(place: Path) -> None:
    schedule(place, 2)
    with Session(lake=place / "lake") as session:
        stored = session.as_stored()
        for table, columns in DOCUMENTED.items():
            assert columns.items() <= dict(stored.check(table).columns).items(), table
