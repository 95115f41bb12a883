"""A query of a hunt made a rule."""

import re
from datetime import timedelta

from bluetick.detections.hunts.model import Cell, Hunt
from bluetick.detections.model import AlertSeverity, Schemas, Threshold
from bluetick.detections.writing.new_rule import NewRule


def rule_of(
    hunt: Hunt,
    cell: Cell,
    *,
    id_: str,
    name: str,
    schedule: tuple[timedelta, timedelta],
    severity: AlertSeverity,
    threshold: Threshold | None = None,
) -> NewRule:
    """The rule that runs a cell's query: the hypothesis is its description, tactics and techniques are the hunt's.
    `schedule` is how often it runs and how far back each run reads; without a threshold any row raises an alert."""
    frequency, period = schedule
    return NewRule(
        id=id_,
        name=name,
        query=cell.text,
        frequency=frequency,
        period=period,
        severity=severity,
        threshold=threshold or Threshold(declared=True),
        description=hunt.hypothesis or hunt.title,
        tactics=hunt.tactics,
        techniques=hunt.techniques,
        schemas=hunt.schemas or _meant(cell.text),
    )


def _meant(query: str) -> Schemas:
    """Whose tables a query means that says nothing: as for any query, Sentinel's only if it names their time."""
    return "sentinel" if "TimeGenerated" in query or not re.search(r"\bTimestamp\b", query) else "defender"
