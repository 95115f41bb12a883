"""A query of a hunt made a rule."""

from datetime import timedelta

from bluetick.detections.hunts.model import Cell, Hunt
from bluetick.detections.model import AlertSeverity, Threshold
from bluetick.detections.writing.new_rule import NewRule, schemas_meant


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
        schemas=hunt.schemas or schemas_meant(cell.text),
    )
