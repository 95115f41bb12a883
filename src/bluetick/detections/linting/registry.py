"""Every lint rule, and the lint itself."""

from bluetick.detections.linting import schedule
from bluetick.detections.linting.model import LintContext, LintRule, subject_of
from bluetick.detections.model import Detection
from bluetick.diagnostics import Diagnostic
from bluetick.plan.relations import QueryPlan

RULES: tuple[LintRule, ...] = tuple(sorted((*schedule.RULES,), key=lambda rule: rule.id))


def lint(detection: Detection, plan: QueryPlan | None, context: LintContext) -> list[Diagnostic]:
    """What the rules find, each finding once, in the order of its place in the query.

    Spans are of the query; an empty one at its start is of the whole document. `plan` is what the query binds to, None
    where it does not bind: then only rules that need no plan speak.
    """
    subject = subject_of(detection, plan, context)
    found = [finding for rule in RULES if plan is not None or not rule.needs_plan for finding in rule.check(subject)]
    return sorted(dict.fromkeys(found), key=lambda finding: (finding.span.start, finding.code))
