"""Every message about the samples of a rule, one factory each: BTK0300 to BTK0319."""

from collections.abc import Iterable

from bluetick.diagnostics.model import Diagnostic, Span
from bluetick.diagnostics.nearest import near_hint


def unknown_key(span: Span, key: str, place: str, known: Iterable[str]) -> Diagnostic:
    keys = tuple(known)
    hint = near_hint(key, keys) or f"it may have {', '.join(keys)}"
    return Diagnostic("BTK0300", f"'{key}' is no key of {place}", span, hint=hint)


def missing_part(span: Span, what: str, hint: str = "") -> Diagnostic:
    return Diagnostic("BTK0301", what, span, hint=hint)


def wrong_part(span: Span, key: str, wanted: str) -> Diagnostic:
    return Diagnostic("BTK0302", f"'{key}' must be {wanted}", span)


def named_twice(span: Span, name: str) -> Diagnostic:
    return Diagnostic("BTK0303", f"two samples are named '{name}'", span)


def bad_cell(span: Span, column: str, type_: str, hint: str = "") -> Diagnostic:
    return Diagnostic("BTK0304", f"this is no {type_}, which '{column}' is", span, hint=hint)


def unknown_column(span: Span, table: str, column: str, candidates: Iterable[str]) -> Diagnostic:
    return Diagnostic(
        "BTK0305",
        f"{table} has no column '{column}', and the query does not name it",
        span,
        hint=near_hint(column, candidates),
    )


def row_without_time(span: Span, table: str, column: str) -> Diagnostic:
    return Diagnostic(
        "BTK0306",
        f"a row of '{table}' has no {column}, so the rule would never read it",
        span,
        hint=f"{column}: now - 10m",
    )


def wrong_column_type(span: Span, table: str, column: str, wanted: str, given: str) -> Diagnostic:
    return Diagnostic("BTK0307", f"'{column}' of '{table}' is {wanted}, and this query gives {given}", span)


def unreadable_table(span: Span, problem: str, hint: str = "") -> Diagnostic:
    return Diagnostic("BTK0308", problem, span, hint=hint)


def unread_table(span: Span, name: str, read: Iterable[str]) -> Diagnostic:
    tables = tuple(read)
    hint = near_hint(name, tables) or f"it reads {', '.join(tables)}"
    return Diagnostic("BTK0310", f"the rule reads no table '{name}'", span, hint=hint)


def no_such_detection(span: Span, name: str, known: Iterable[str]) -> Diagnostic:
    return Diagnostic(
        "BTK0309", f"the document has no rule '{name}'", span, hint=f"it has {', '.join(repr(one) for one in known)}"
    )
