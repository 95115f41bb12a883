"""Every message about a mapping of tables, one factory each: BTK0250 to BTK0269."""

from collections.abc import Iterable

from bluetick.diagnostics.model import Diagnostic, Severity, Span
from bluetick.diagnostics.nearest import near_hint


def unknown_key(span: Span, key: str, place: str, known: Iterable[str]) -> Diagnostic:
    keys = tuple(known)
    hint = near_hint(key, keys) or f"it may have {', '.join(keys)}"
    return Diagnostic("BTK0250", f"'{key}' is no key of {place}", span, hint=hint)


def missing_part(span: Span, what: str, hint: str = "") -> Diagnostic:
    return Diagnostic("BTK0251", what, span, hint=hint)


def wrong_part(span: Span, key: str, wanted: str) -> Diagnostic:
    return Diagnostic("BTK0252", f"'{key}' must be {wanted}", span)


def mapped_twice(span: Span, table: str, other: str) -> Diagnostic:
    return Diagnostic("BTK0253", f"table '{table}' is mapped in '{other}' too", span)


def wrong_result(span: Span, what: str, wanted: str, given: str, hint: str) -> Diagnostic:
    return Diagnostic("BTK0254", f"{what} is {wanted}, and its expression gives {given}", span, hint=hint)


def not_of_the_row(span: Span, what: str) -> Diagnostic:
    hint = "a mapping computes each value out of its row alone, in the engine"
    return Diagnostic("BTK0255", f"{what} cannot stand in a mapping", span, hint=hint)


def unknown_mapped_column(span: Span, table: str, column: str, candidates: Iterable[str]) -> Diagnostic:
    message = f"the known table '{table}' has no column '{column}'; it is added to it"
    return Diagnostic("BTK0256", message, span, Severity.WARNING, hint=near_hint(column, candidates))


def bad_partition(span: Span, problem: str, hint: str = "") -> Diagnostic:
    return Diagnostic("BTK0257", problem, span, hint=hint)


def bad_source(span: Span, problem: str, hint: str = "") -> Diagnostic:
    return Diagnostic("BTK0258", problem, span, hint=hint)
