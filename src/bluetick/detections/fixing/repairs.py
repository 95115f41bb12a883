"""A proposed repair of a query: edits of its text, each with the lint rule that it answers."""

from collections.abc import Iterable
from dataclasses import dataclass

from bluetick.diagnostics import Span


@dataclass(frozen=True, slots=True)
class Edit:
    """What stands in `span` of the query becomes `text`; an empty span inserts."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """One rewrite. `code` is the lint rule that it answers, `place` the span that rule spoke of.

    `title` says what changes, `effect` what that does to the result: a repair of a detection seldom keeps its rows.
    """

    code: str
    place: Span
    title: str
    effect: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Repair:
    """A query with all of its fixes made."""

    query: str
    repaired: str
    fixes: tuple[Fix, ...]


def apply(query: str, edits: Iterable[Edit]) -> str:
    """The query with the edits made; none may overlap another."""
    pieces: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda one: (one.span.start, one.span.end)):
        if edit.span.start < at:
            raise ValueError("two edits overlap")
        pieces += [query[at : edit.span.start], edit.text]
        at = edit.span.end
    return "".join([*pieces, query[at:]])


def overlaps(fix: Fix, others: Iterable[Fix]) -> bool:
    """Whether a fix would write where another does."""
    return any(_meet(edit.span, made.span) for other in others for made in other.edits for edit in fix.edits)


def _meet(a: Span, b: Span) -> bool:
    return a.start == b.start or (a.start < b.end and b.start < a.end)
