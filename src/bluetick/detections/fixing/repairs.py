"""A proposed repair of a query: edits of its text, each with the lint rule that it answers."""

from collections.abc import Iterable
from dataclasses import dataclass

from bluetick.diagnostics import Span


@dataclass(frozen=True, slots=True)
class Edit:
    """What stands in `span` of the query becomes `text`; an empty span inserts."""

    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True)
class Fix:
    """One rewrite. `code` is the lint rule that it answers, `place` the span that rule spoke of.

    `title` says what changes, `effect` what that does to the rows: a repair of a detection need not keep them.
    """

    code: str
    place: Span
    title: str
    effect: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Repair:
    """A query, and the same with its fixes made one after another.

    The spans of a fix are of the query with those before it made. `direct` are fixes of the query as it is, each by
    itself.
    """

    query: str
    repaired: str
    fixes: tuple[Fix, ...]
    direct: tuple[Fix, ...] = ()


def apply(query: str, edits: Iterable[Edit]) -> str:
    """The query with the edits made; ValueError where two overlap."""
    pieces: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda one: (one.span.start, one.span.end)):
        if edit.span.start < at:
            raise ValueError("two edits overlap")
        pieces += [query[at : edit.span.start], edit.text]
        at = edit.span.end
    return "".join([*pieces, query[at:]])
