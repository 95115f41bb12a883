"""Findings of the lint to a repaired query, which is bound and linted again after each fix."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from bluetick.detections.fixing.registry import FIXERS
from bluetick.detections.fixing.repairs import Fix, Repair, apply
from bluetick.detections.linting.model import LintContext, subject_of
from bluetick.detections.linting.registry import lint
from bluetick.detections.model import Detection
from bluetick.detections.runs import query_request
from bluetick.diagnostics import Diagnostic
from bluetick.diagnostics.errors import QueryError
from bluetick.plan.relations import QueryPlan
from bluetick.session import Session

# One dead step more may show when another is gone; no query needs this many fixes.
_MOST = 50


@dataclass(frozen=True, slots=True)
class _State:
    """A query with what is known of it."""

    detection: Detection
    plan: QueryPlan
    findings: tuple[Diagnostic, ...]

    @property
    def columns(self) -> list[tuple[str, str]]:
        return [(column.name, str(column.type)) for one in self.plan.statements for column in one.relation.columns]

    def count(self, like: Diagnostic) -> int:
        """How many findings say the same; their places move."""
        return sum((finding.code, finding.message) == (like.code, like.message) for finding in self.findings)


def propose(
    session: Session, detection: Detection, context: LintContext, wanted: Callable[[Diagnostic], bool]
) -> Repair | None:
    """The query with a fix for each wanted finding that has one; None where none has, or the query does not bind.

    A fix counts only if with it the query binds, its result has the same columns, and the finding is gone.
    """
    start = state = _state(session, detection, context, wanted)
    fixes: list[Fix] = []
    while state is not None and len(fixes) < _MOST:
        step = _next(session, state, context, wanted)
        if step is None:
            break
        fix, state = step
        fixes.append(fix)
    if start is None or state is None or not fixes:
        return None
    direct = tuple(fix for fix, _ in _fixes(session, start, context, wanted))
    return Repair(detection.query, state.detection.query, tuple(fixes), direct)


def _next(
    session: Session, state: _State, context: LintContext, wanted: Callable[[Diagnostic], bool]
) -> tuple[Fix, _State] | None:
    return next(_fixes(session, state, context, wanted), None)


def _fixes(
    session: Session, state: _State, context: LintContext, wanted: Callable[[Diagnostic], bool]
) -> Iterator[tuple[Fix, _State]]:
    """The fixes that a query has, each with what the query is with it alone."""
    subject = subject_of(state.detection, state.plan, context)
    for finding in state.findings:
        fixer = FIXERS.get(finding.code)
        fix = None if fixer is None else fixer(subject, finding)
        if fix is None:
            continue
        query = apply(state.detection.query, fix.edits)
        after = _state(session, replace(state.detection, query=query), context, wanted)
        if after is not None and after.columns == state.columns and after.count(finding) < state.count(finding):
            yield fix, after


def _state(
    session: Session, detection: Detection, context: LintContext, wanted: Callable[[Diagnostic], bool]
) -> _State | None:
    try:
        plan, _ = session.plan(query_request(detection), is_check=True)
    except QueryError:
        return None
    return _State(detection, plan, tuple(one for one in lint(detection, plan, context) if wanted(one)))
