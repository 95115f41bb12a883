"""Rule documents to incidents, through the real service."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bluetick.cli.main import run_command
from bluetick.detections.incidents.listing import Wanted, find_incidents
from bluetick.detections.ledger.opening import Ledger

NOON = datetime(2026, 6, 18, 12, tzinfo=UTC)
RULE = """id: 11111111-1111-4111-8111-11111111111{number}
name: Logons from an address
severity: Low
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
kind: Scheduled
eventGroupingSettings:
  aggregationKind: AlertPerResult
{incidents}
query: |
  T | summarize Score = count() by RemoteIP
"""
GROUPED = """incidentConfiguration:
  createIncident: true
  groupingConfiguration:
    enabled: true
    reopenClosedIncident: false
    lookbackDuration: PT3H
    matchingMethod: AllEntities"""
NONE = """incidentConfiguration:
  createIncident: false"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    rows = [
        {"TimeGenerated": NOON + timedelta(hours=hour, minutes=10), "RemoteIP": address}
        for hour, address in ((0, "1.2.3.4"), (0, "5.6.7.8"), (2, "1.2.3.4"), (5, "1.2.3.4"))
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    (tmp_path / "lake").mkdir()
    return tmp_path


def incidents_of(place: Path, *documents: str) -> list[list[str]]:
    """The beginnings of the windows and the addresses of each incident's alerts, after a service has run."""
    rules = place / "rules"
    rules.mkdir()
    for number, document in enumerate(documents):
        (rules / f"rule{number}.yaml").write_text(RULE.format(number=number, incidents=document))
    command = ["schedule", str(rules), "--lake", str(place / "lake"), "--table", f"T={place / 't.parquet'}", "--once"]
    end = (NOON + timedelta(hours=7, minutes=5)).isoformat()
    assert run_command([*command, "--since", NOON.isoformat(), "--now", end]) == 0
    ledger = Ledger(place / "lake.ledger")
    found = find_incidents(ledger, Wanted(every=True))
    ledger.close()
    hours = [
        [f"{(alert.first / 1e6 - NOON.timestamp()) / 3600 - 1:.0f} {alert.content['entities'][0]['Address']}"
         for alert in incident.alerts]
        for incident in found
    ]  # fmt: skip
    return sorted(hours)


def test_alerts_are_grouped_by_inferred_entities(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert incidents_of(place, GROUPED) == [["0 1.2.3.4", "2 1.2.3.4"], ["0 5.6.7.8"], ["5 1.2.3.4"]]
    printed = capsys.readouterr().out
    assert "5.6.7.8" in printed
    assert "True" not in printed
    assert run_command(["incidents", "show", "1", "--ledger", str(place / "lake.ledger"), "--format", "json"]) == 0
    (entity,) = json.loads(capsys.readouterr().out)["entities"]
    assert (entity["kind"], entity["inferred"]) == ("IP", True)


def test_a_document_without_the_block_has_an_incident_an_alert(place: Path) -> None:
    """And one that wants none has none."""
    assert incidents_of(place, "", NONE) == [["0 1.2.3.4"], ["0 5.6.7.8"], ["2 1.2.3.4"], ["5 1.2.3.4"]]
