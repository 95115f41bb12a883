"""Warming: what a rule says while its tables have less past than it looks back on.

To a rule that asks what is new in thirty days everything is new in a lake of three.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from bluetick.detections.ledger.times import to_micros
from bluetick.detections.ledger.windows import Outcome
from bluetick.plan.relations import QueryPlan
from bluetick.session import Session

# A past that is short by less is no cause: a table's first row of a day comes when it comes.
_LEAST_MISSING: Final = timedelta(days=1)
# Times before this are no times of events (1601, 1970 and year 1 are what clocks say that were never set).
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Warming:
    """The rows of a rule's youngest table begin at `since`; windows that end before `until` look further back."""

    since: datetime
    until: datetime


def first_rows(session: Session, plan: QueryPlan) -> tuple[datetime, ...]:
    """When the rows of each table begin that a plan reads, as the lake's log tells it. Tables without rows, and those
    whose log does not tell, are left out."""
    found = []
    for name, column in session.time_columns(plan):
        table = session.catalog.table(name)
        snapshot = None if table is None or table.view is not None else table.snapshot
        first = None if snapshot is None else snapshot.first(column, _EARLIEST)
        if first is not None:
            found.append(first)
    return tuple(found)


def warming_of(firsts: Iterable[datetime], end: datetime, lookback: timedelta | None) -> Warming | None:
    """Whether a window that ends then is warming. It follows from the rows alone, not from when it is evaluated."""
    since = max(firsts, default=None)
    if since is None or lookback is None or since - (end - lookback) <= _LEAST_MISSING:
        return None
    return Warming(since, since + lookback - _LEAST_MISSING)


def as_warming(outcome: Outcome, warming: Warming | None) -> Outcome:
    """The outcome of a window that may be warming: what it found is marked as such."""
    if warming is None:
        return outcome
    mark = {"warming": True, "warming_since": _iso(warming.since), "warming_until": _iso(warming.until)}
    findings = (
        replace(one, content=json.dumps({**json.loads(one.content), **mark}, ensure_ascii=False, sort_keys=True))
        for one in outcome.findings
    )
    return replace(outcome, findings=tuple(findings), warming=to_micros(warming.until))


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
