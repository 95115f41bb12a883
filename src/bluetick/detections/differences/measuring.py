"""What one version of a rule says over many instants, and what it costs."""

import json
import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from time import perf_counter
from typing import Any, TypeAlias

from bluetick.detections.backtest.replay import WindowResult, replay
from bluetick.detections.backtest.windows import interval, scheduled_instants
from bluetick.detections.differences.changes import Version
from bluetick.detections.linting.model import LintContext
from bluetick.detections.linting.registry import lint
from bluetick.detections.model import Detection
from bluetick.detections.runs import query_request
from bluetick.detections.tuning.applying import tuned
from bluetick.detections.tuning.pricing import Seen, alerting
from bluetick.diagnostics import Diagnostic, tuning_codes
from bluetick.diagnostics.errors import BluetickError, QueryError, SourceError
from bluetick.plan.relations import QueryPlan
from bluetick.session import Session

MOST_VALUES = 200_000
_DAILY = timedelta(days=1)

Columns: TypeAlias = tuple[tuple[str, str], ...]
Row: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """The instants that are replayed: those of a rule's schedule after `first` up to `last`; `every` is the step of a
    rule that has none."""

    first: datetime
    last: datetime
    every: timedelta = _DAILY

    def windows(self, detection: Detection) -> list[datetime]:
        try:
            step = interval(detection)
        except SourceError:
            step = self.every
        return scheduled_instants(self.first, self.last, step, detection.start)


@dataclass(slots=True)
class Outcome:
    """All windows of one version together. `values` holds each row once by its value, with the first instant that
    showed it; `refused` says why nothing ran: on this data, where the version `binds`."""

    windows: int = 0
    rows: int = 0
    columns: Columns = ()
    alerts: list[datetime] = field(default_factory=list)
    values: dict[Row, datetime] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    failed: list[tuple[datetime, str]] = field(default_factory=list)
    seconds: float = 0.0
    rows_read: int | None = None
    bytes_read: int | None = None
    findings: tuple[Diagnostic, ...] = ()
    refused: str = ""
    binds: bool = True

    @property
    def is_whole(self) -> bool:
        return not self.refused and not self.failed


def measure(session: Session, version: Version, span: Span, seen: Seen | None, today: date) -> Outcome:
    """Replays a version; what keeps it from running stands in the outcome."""
    outcome = Outcome()
    outcome.findings, plan = _findings(session, version, today)
    if plan is None or not version.may_run:
        outcome.binds = False
        first = next((one for one in outcome.findings if one.is_error), None)
        outcome.refused = str(version.tuning_problem or "") or (first.message if first else "it cannot be read")
        return outcome
    begun = perf_counter()
    detection = version.detection
    kept: list[WindowResult] = []
    try:
        windows = span.windows(detection)
        for result in replay(session, detection, windows, tuning=version.tuning):
            _take(outcome, result)
            kept.append(result if seen is not None else replace(result, rows=((),) * len(result.rows)))
        heard = alerting(detection, kept)
        outcome.alerts = [result.now for result in heard]
        outcome.labels = set() if seen is None else seen(detection, heard)
        _estimate(session, version, windows, outcome)
    except BluetickError as error:
        outcome.refused = _first_line(error)
    outcome.seconds = perf_counter() - begun
    return outcome


def _take(outcome: Outcome, result: WindowResult) -> None:
    outcome.windows += 1
    if result.error is not None:
        outcome.failed.append((result.now, _first_line(result.error)))
        return
    outcome.columns = result.columns
    outcome.rows += len(result.rows)
    for row in result.rows:
        outcome.values.setdefault(tuple(frozen(cell) for cell in row), result.now)
    if len(outcome.values) > MOST_VALUES:
        raise SourceError(f"more than {MOST_VALUES:,} different rows are not compared: take a shorter time")


def frozen(cell: Any) -> Hashable:
    """A cell that is equal where the value is: a bag or an array as its text, one NaN for all."""
    if isinstance(cell, dict | list):
        return json.dumps(cell, sort_keys=True, ensure_ascii=False, default=str)
    if isinstance(cell, float) and math.isnan(cell):
        return "NaN"
    return cell if isinstance(cell, Hashable) else str(cell)


def _findings(session: Session, version: Version, today: date) -> tuple[tuple[Diagnostic, ...], QueryPlan | None]:
    """What check and lint say of a version, and its plan where it binds."""
    detection = version.detection
    plan: QueryPlan | None = None
    try:
        plan, found = session.plan(tuned(query_request(detection), version.tuning), is_check=True)
    except QueryError as error:
        found = error.diagnostics
    except BluetickError as error:
        found = (tuning_codes.does_not_run(_first_line(error)),)
    return (*version.problems, *found, *lint(detection, plan, LintContext(today))), plan


def _estimate(session: Session, version: Version, windows: Sequence[datetime], outcome: Outcome) -> None:
    """What the last window reads."""
    if not windows:
        return
    read = session.estimate(tuned(query_request(version.detection, windows[-1]), version.tuning))
    outcome.rows_read = _sum(one.rows for one in read)
    outcome.bytes_read = _sum(one.bytes for one in read)


def _sum(numbers: Iterable[int | None]) -> int | None:
    """None where one of them is not known."""
    total = 0
    for number in numbers:
        if number is None:
            return None
        total += number
    return total


def _first_line(error: BluetickError) -> str:
    if isinstance(error, QueryError) and error.diagnostics:
        return f"{error.diagnostics[0].code} {error.diagnostics[0].message}"
    return str(error).split("\n", 1)[0]
