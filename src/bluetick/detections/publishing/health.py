"""The table of health: a row for each run of a window, and what else the service says of itself.

https://learn.microsoft.com/azure/sentinel/health-table-reference
https://learn.microsoft.com/azure/sentinel/monitor-analytics-rule-integrity
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from sqlite3 import Connection
from typing import Any, Final

from bluetick.detections.ledger.signals import note_entry
from bluetick.detections.ledger.times import to_moment
from bluetick.detections.publishing.facts import Entry, RuleFacts, Rules
from bluetick.detections.publishing.tables import Row
from bluetick.values import format_datetime7, format_timespan

FEED: Final = "health"
_GIVEN: Final = "given"
_RULE: Final = "Analytics Rule"


@dataclass(frozen=True, slots=True)
class HealthRow:
    """A row of the table, of whatever kind. `time` is microseconds; no other row of its operation has its `record`."""

    time: int
    operation: str
    resource_id: str
    resource: str
    status: str
    description: str
    record: str
    reason: str = ""
    resource_type: str = _RULE
    resource_kind: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)

    def to_row(self) -> Row:
        return {
            "TimeGenerated": self.time,
            "OperationName": self.operation,
            "SentinelResourceId": self.resource_id,
            "SentinelResourceName": self.resource,
            "Status": self.status,
            "Description": self.description,
            "Reason": self.reason,
            "SentinelResourceType": self.resource_type,
            "SentinelResourceKind": self.resource_kind,
            "RecordId": self.record,
            "ExtendedProperties": dict(self.properties),
        }


def note_health(connection: Connection, row: HealthRow) -> None:
    """Have a row written to the table, once this transaction is true."""
    note_entry(connection, FEED, {_GIVEN: asdict(row)})


def health_rows(rules: Rules, entries: Iterable[Entry]) -> Iterator[Row]:
    """A row an entry: of a run, or as it was given."""
    for entry in entries:
        given = entry.get(_GIVEN)
        row = _of_run(rules.version(entry["rule"], entry["version"]), entry) if given is None else HealthRow(**given)
        yield row.to_row()


def _of_run(facts: RuleFacts, entry: Entry) -> HealthRow:
    error = entry["error"]
    return HealthRow(
        time=entry["finished"],
        operation=f"{facts.kind} analytics rule run" if facts.kind == "NRT" else "Scheduled analytics rule run",
        resource_id=entry["rule"],
        resource=facts.name,
        status="Failure" if error else "Success",
        description=error or _success(facts, entry),
        record=f"run-{entry['run']}",
        reason=error.split("\n", 1)[0],
        resource_kind=facts.kind,
        properties=_properties(facts, entry),
    )


def _success(facts: RuleFacts, entry: Entry) -> str:
    if entry["is_triggered"]:
        return f"Rule executed successfully, generating {entry['alerts']} alert(s)."
    least = facts.settings["threshold"]
    return f"Rule executed successfully, but did not reach the threshold ({least}) required to generate an alert."


def _properties(facts: RuleFacts, entry: Entry) -> dict[str, Any]:
    settings = facts.settings
    return {
        "AggregationKind": settings["grouping"],
        "AlertsGeneratedAmount": entry["alerts"],
        "CorrelationId": f"run-{entry['run']}",
        "EntitiesGeneratedAmount": entry["entities"],
        "QueryEndTimeUTC": _iso(entry["finished"]),
        "QueryFrequency": settings["frequency"],
        "QueryPeriod": settings["period"],
        "QueryResultAmount": entry["rows"],
        "QueryStartTimeUTC": _iso(entry["started"]),
        "RuleId": entry["rule"],
        "SuppressionDuration": format_timespan(facts.suppression),
        "SuppressionEnabled": str(facts.suppression > 0),
        "TriggerOperator": settings["operator"],
        "TriggerThreshold": facts.detection.threshold.value,
        "TriggerType": "NrtRun" if facts.detection.is_near_real_time else "Scheduled",
        "WindowEndUTC": _iso(entry["hi"]),
        "WindowStartUTC": _iso(entry["hi"] - facts.lookback),
    }


def _iso(micros: int) -> str:
    return format_datetime7(to_moment(micros))
