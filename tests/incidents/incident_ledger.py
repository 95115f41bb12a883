"""A ledger with a rule whose windows find what a test says."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bluetick.detections.alerting import IncidentGrouping, IncidentMatching, Incidents, RuleState
from bluetick.detections.ledger.alerts import Finding, replace_findings
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.rules import Rule, open_windows, register
from bluetick.detections.ledger.times import to_micros

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
WINDOWS = 14
# Alerts of one window only: what comes back in the next but one is another alert.
RULE = Rule(
    id="rule",
    version="1",
    name="A rule",
    frequency=HOUR,
    lookback=HOUR,
    delay=timedelta(0),
    tables=frozenset({"T"}),
    document="",
    start=START,
)


def by_entities(hours: int = 5, *, reopen: bool = False) -> Incidents:
    return grouped(IncidentMatching.ALL_ENTITIES, hours, reopen=reopen)


def grouped(matching: IncidentMatching, hours: int = 5, *, reopen: bool = False, **selected: Any) -> Incidents:
    return Incidents(
        grouping=IncidentGrouping(
            enabled=True, reopen_closed=reopen, lookback=HOUR * hours, matching=matching, **selected
        )
    )


def ledger_of(incidents: Incidents, state: RuleState = RuleState.LIVE, **other: Any) -> Ledger:
    """A ledger with one rule of hourly windows, all of them open."""
    ledger = Ledger(Path(":memory:"))
    with ledger.transaction() as connection:
        register(connection, [replace(RULE, incidents=incidents, state=state, **other)])
        open_windows(connection, to_micros(START + HOUR * (WINDOWS - 1)))
    return ledger


def end_of(number: int) -> int:
    return to_micros(START + HOUR * number)


def content(host: str, severity: str = "Medium", **more: Any) -> dict[str, Any]:
    """What an alert says: of a host, with one row."""
    return {
        "rule": "rule",
        "name": f"Something on {host}",
        "description": "",
        "severity": severity,
        "tactics": ["Execution"],
        "techniques": [],
        "entities": [{"kind": "Host", "HostName": host}] if host else [],
        "custom_details": {},
        "row_count": 1,
        "columns": ["Host"],
        "rows": [[host]],
        **more,
    }


def say(ledger: Ledger, number: int, found: Mapping[str, dict[str, Any]], now: int = 0) -> None:
    """A window is evaluated, and finds these: for each key, a content."""
    with ledger.transaction() as connection:
        connection.execute("UPDATE window SET triggered = ? WHERE hi = ?", (bool(found), end_of(number)))
        findings = [Finding(key, json.dumps(said)) for key, said in found.items()]
        replace_findings(connection, "rule", end_of(number), findings, now)


def alert_places(ledger: Ledger) -> dict[tuple[int, str], str]:
    """The alerts that are not retracted, by the number of their first window and their key, with their ids."""
    hour = 3_600_000_000
    rows = ledger.read("SELECT id, key, first FROM alert WHERE NOT is_retracted")
    return {((row["first"] - end_of(0)) // hour, row["key"]): row["id"] for row in rows}


def incident_sets(ledger: Ledger) -> list[list[tuple[int, str]]]:
    """What incidents there are: the alerts of each."""
    places = {id_: place for place, id_ in alert_places(ledger).items()}
    found: dict[str, list[tuple[int, str]]] = {}
    for row in ledger.read("SELECT alert, incident FROM incident_alert"):
        if row["alert"] in places:
            found.setdefault(row["incident"], []).append(places[row["alert"]])
    return sorted(sorted(alerts) for alerts in found.values())
