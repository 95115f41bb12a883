"""Every lint rule, and the lint itself."""

from collections.abc import Iterator, Sequence

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
from bluetick.detections.linting.model import WHOLE, LintContext, LintRule, Subject, subject_of
from bluetick.detections.model import Allowance, Detection
from bluetick.diagnostics import Diagnostic, lint_codes
from bluetick.diagnostics.nearest import did_you_mean, nearest
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


def _of_allowances(_: Subject) -> Iterator[Diagnostic]:
    """Found by `lint` itself, which alone knows what the others find."""
    return iter(())


ALLOWANCE = LintRule(
    "BTL023", "idle-allowance", "A rule is allowed in vain, or without a reason.", _of_allowances, needs_plan=False
)
RULES: tuple[LintRule, ...] = tuple(
    sorted((*(rule for family in _FAMILIES for rule in family), ALLOWANCE), key=lambda rule: rule.id)
)
_BY_WORD = {word: rule for rule in RULES for word in (rule.id, rule.name)}


def lint(detection: Detection, plan: QueryPlan | None, context: LintContext) -> list[Diagnostic]:
    """What the rules find, each finding once, in the order of its place in the query.

    Spans are of the query; an empty one at its start is of the whole document. `plan` is what the query binds to, None
    where it does not bind: then only rules that need no plan speak. What the document allows is left out.
    """
    subject = subject_of(detection, plan, context)
    spoke = [rule for rule in RULES if plan is not None or not rule.needs_plan]
    found = dict.fromkeys(finding for rule in spoke for finding in _checked(rule, subject))
    allowed = {rule.id for one in detection.allowed if (rule := _BY_WORD.get(one.rule)) is not None}
    kept = [finding for finding in found if finding.code not in allowed]
    kept += _judged(detection.allowed, spoke, {finding.code for finding in found})
    return sorted(kept, key=lambda finding: (finding.span.start, finding.code))


def _checked(rule: LintRule, subject: Subject) -> list[Diagnostic]:
    """A rule that follows a plan as deep as Python goes says nothing of it."""
    try:
        return list(rule.check(subject))
    except RecursionError:
        return []


def _judged(allowed: Sequence[Allowance], spoke: Sequence[LintRule], found: set[str]) -> Iterator[Diagnostic]:
    for one in allowed:
        place = f"{one.origin}: " if one.origin else ""
        rule = _BY_WORD.get(one.rule)
        if rule is None:
            near = nearest(one.rule, _BY_WORD)
            yield lint_codes.allowed_unknown(WHOLE, place, one.rule, did_you_mean(near))
        elif not one.reason:
            yield lint_codes.allowed_without_reason(WHOLE, place, one.rule)
        elif rule in spoke and rule.id not in found:
            yield lint_codes.allowed_in_vain(WHOLE, place, one.rule)
