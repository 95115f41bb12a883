"""Every lint rule, and the lint itself."""

from bluetick.detections.linting import (
    attack,
    dead_steps,
    document,
    entities,
    joins,
    nulls,
    rows,
    schedule,
    texts,
    time_bounds,
)
from bluetick.detections.linting.model import LintContext, LintRule, subject_of
from bluetick.detections.model import Detection
from bluetick.diagnostics import Diagnostic
from bluetick.plan.relations import QueryPlan

_FAMILIES = (
    schedule.RULES,
    time_bounds.RULES,
    joins.RULES,
    dead_steps.RULES,
    nulls.RULES,
    rows.RULES,
    entities.RULES,
    attack.RULES,
    texts.RULES,
    document.RULES,
)
RULES: tuple[LintRule, ...] = tuple(sorted((rule for family in _FAMILIES for rule in family), key=lambda one: one.id))


def lint(detection: Detection, plan: QueryPlan | None, context: LintContext) -> list[Diagnostic]:
    """What the rules find, each finding once, in the order of its place in the query.

    Spans are of the query; an empty one at its start is of the whole document. `plan` is what the query binds to, None
    where it does not bind: then only rules that need no plan speak.
    """
    subject = subject_of(detection, plan, context)
    found = [finding for rule in RULES if plan is not None or not rule.needs_plan for finding in rule.check(subject)]
    return sorted(dict.fromkeys(found), key=lambda finding: (finding.span.start, finding.code))
