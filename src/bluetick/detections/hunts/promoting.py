"""A query of a hunt made a rule."""

import re
from dataclasses import dataclass
from datetime import timedelta

from bluetick.detections.hunts.model import Cell, Hunt
from bluetick.detections.model import AlertSeverity, Schemas, Threshold
from bluetick.detections.writing.new_rule import NewRule, RuleText, write_rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """What the hunt does not say of the rule. `period` is how far back a run reads."""

    id: str
    name: str
    frequency: timedelta
    period: timedelta
    severity: AlertSeverity
    threshold: Threshold = Threshold(declared=True)  # noqa: RUF009 - it cannot be changed


def promoted(hunt: Hunt, cell: Cell, wanted: Promotion) -> RuleText:
    """The rule's document: the hypothesis is its description, tactics and techniques are the hunt's. Raises what
    `write_rule` raises; whether the query binds is not looked at."""
    return write_rule(
        NewRule(
            id=wanted.id,
            name=wanted.name,
            query=cell.text,
            frequency=wanted.frequency,
            period=wanted.period,
            severity=wanted.severity,
            threshold=wanted.threshold,
            description=hunt.hypothesis or hunt.title,
            tactics=hunt.tactics,
            techniques=hunt.techniques,
            schemas=hunt.schemas or _meant(cell.text),
        )
    )


def _meant(query: str) -> Schemas:
    """Whose tables a query means that says nothing: as for any query, Sentinel's only if it names their time."""
    return "sentinel" if "TimeGenerated" in query or not re.search(r"\bTimestamp\b", query) else "defender"
