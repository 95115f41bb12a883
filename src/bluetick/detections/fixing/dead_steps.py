"""BTL005 and BTL021: what cannot change the result is taken out; the rows stay as they are."""

from bluetick.detections.fixing.removing import remove_condition, remove_let, remove_step
from bluetick.detections.fixing.repairs import Fix
from bluetick.detections.linting.model import Subject
from bluetick.diagnostics import Diagnostic, lint_codes

_SAME = "the rows stay the same"


def fix_dead_step(subject: Subject, finding: Diagnostic) -> Fix | None:
    """Nothing is proposed for a condition that no row passes: what was meant is not known."""
    span = finding.span
    if finding == lint_codes.unused_let(span, subject.written(span)):
        title, edit = f"remove '{subject.written(span)}', which is never used", remove_let(subject, span)
    elif finding in (lint_codes.implied_filter(span), lint_codes.constant_filter(span, is_true=True)):
        title, edit = "remove a condition that removes nothing", remove_condition(subject, span)
    elif finding in _steps(finding):
        edit = remove_step(subject, span) or remove_condition(subject, span)
        title = "remove a step that cannot change the result"
    else:
        return None
    return None if edit is None else Fix(finding.code, span, title, _SAME, (edit,))


def fix_lost_order(subject: Subject, finding: Diagnostic) -> Fix | None:
    """Nothing is proposed before a join: of equal keys Kusto may keep the row that comes first, which it does not
    promise and the author may have seen."""
    if finding == lint_codes.lost_order(finding.span, "a join"):
        return None
    edit = remove_step(subject, finding.span)
    return None if edit is None else Fix(finding.code, finding.span, "remove an order that is lost", _SAME, (edit,))


def _steps(finding: Diagnostic) -> tuple[Diagnostic, ...]:
    span = finding.span
    exclusions = (lint_codes.implied_exclusion(span, is_later=is_later) for is_later in (True, False))
    return (*exclusions, lint_codes.never_removes(span))
