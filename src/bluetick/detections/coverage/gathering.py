"""What there is of evidence for one rule, level by level; what a level needs is not looked at where it is not given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bluetick.detections.account import Account
from bluetick.detections.coverage.levels import Finding
from bluetick.detections.filling import Filling
from bluetick.detections.fit import Grade, Needs, grade
from bluetick.detections.model import Detection
from bluetick.detections.runs import newest_instant, query_request, run_detection
from bluetick.detections.tuning.model import TuningDocument
from bluetick.diagnostics import Diagnostic
from bluetick.diagnostics.errors import BluetickError, QueryCancelled, QueryError
from bluetick.execution.program import build_program
from bluetick.session import Session

_WHOLE = 0.99  # of a lookback: less history than this is a baseline with a gap
_SHOWN = 3


def binds(session: Session, detection: Detection, problems: Sequence[Diagnostic] = ()) -> Finding:
    """Whether the query binds, by known schemas alone; `problems` are of its document."""
    wrong = [one for one in problems if one.is_error]
    if wrong:
        return Finding(False, f"{wrong[0].code} {wrong[0].message}")
    try:
        plan, _ = session.plan(query_request(detection), is_check=True)
        for statement in plan.statements:
            build_program(statement, session.flavour, has_lower_bound=True, has_upper_bound=True)
    except QueryError as error:
        first = error.diagnostics[0]
        return Finding(False, f"{first.code} {first.message}")
    except BluetickError as error:
        return Finding(False, _first_line(error))
    return Finding(True)


def fed(needs: Needs, filling: Filling) -> Finding:
    """Whether the tables are here, and the columns that decide what the rule finds have values (`bluetick fit`)."""
    fit = grade(needs, filling)
    if fit.grade is Grade.RUNS:
        return Finding(True)
    reasons = [one.message for one in needs.refused if one.is_error]
    reasons += [f"there is no table {table}" for table in needs.missing]
    reasons += [*needs.unmet, *(f"{table} has no row" for table in fit.rowless)]
    reasons += [f"{one.table}.{one.column} is empty" for one in fit.empty]
    more = f" and {len(reasons) - _SHOWN} more" if len(reasons) > _SHOWN else ""
    return Finding(False, "; ".join(reasons[:_SHOWN]) + more)


@dataclass(frozen=True, slots=True)
class Ran:
    """A run's finding, and as of which instant it was."""

    finding: Finding
    now: datetime | None = None


def ran(session: Session, detection: Detection, tuning: TuningDocument | None, now: datetime | None = None) -> Ran:
    """A run over the last window of the data (just after its newest row, unless `now` says otherwise): it must end
    without an error, and each table must have rows for all of the lookback."""
    try:
        now = now or newest_instant(session, detection)
        outcome = run_detection(session, detection, now=now, tuning=tuning)
    except QueryCancelled:
        raise
    except BluetickError as error:
        return Ran(Finding(False, _first_line(error)), now)
    gap = _gap(outcome.account)
    return Ran(Finding(not gap, gap), now)


def _gap(account: Account) -> str:
    for table in account.tables:
        if not table.rows:
            return f"{table.name} is empty"
        if not table.in_scope:
            return f"no row of {table.name} is in the window"
        if account.lookback is None or table.first is None:
            continue
        first = table.first.replace(tzinfo=account.now.tzinfo) if table.first.tzinfo is None else table.first
        if first > account.now - account.lookback * _WHOLE:
            return f"{table.name} begins inside the lookback, so the baseline is not whole"
    return ""


def tested(outcomes: Mapping[str, tuple[str, bool]]) -> Finding:
    """By samples: name -> (kind, passed). At least one hit must pass, and none may fail."""
    failed = [name for name, (_, passed) in outcomes.items() if not passed]
    if failed:
        return Finding(False, f"the sample '{failed[0]}' fails")
    if not any(kind == "hit" for kind, _ in outcomes.values()):
        return Finding(False, "no sample shows a hit")
    return Finding(True, f"{len(outcomes)} samples")


def _first_line(error: BluetickError) -> str:
    if isinstance(error, QueryError) and error.diagnostics:
        return f"{error.diagnostics[0].code} {error.diagnostics[0].message}"
    return str(error).split("\n", 1)[0]
