"""What a problem in a text looks like: a code, a span, words and a way out."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open character offsets into one text."""

    start: int
    end: int

    def to(self, other: "Span") -> "Span":
        """The span from the start of this one to the end of the other."""
        return Span(self.start, max(self.end, other.end))

    def shift(self, by: int) -> "Span":
        return Span(self.start + by, self.end + by)


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One reported problem. `span` refers to the text that was given; `note` stands beside the caret."""

    code: str
    message: str
    span: Span
    severity: Severity = Severity.ERROR
    note: str = ""
    hint: str = ""

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def shift(self, by: int) -> "Diagnostic":
        return replace(self, span=self.span.shift(by))


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(d.is_error for d in diagnostics)
