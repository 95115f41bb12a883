"""Offsets to lines and columns, and the caret form of a diagnostic."""

from bisect import bisect_right
from dataclasses import dataclass, field

from bluetick.diagnostics.inert import inert, same_width, visible
from bluetick.diagnostics.model import Diagnostic

_WIDTH = 160


@dataclass(frozen=True, slots=True)
class SourceText:
    """A text with the name it has for its reader; lines and columns count from 1.

    `first_line` is the line of the surrounding document on which the text begins.
    """

    text: str
    name: str = "query"
    first_line: int = 1
    _starts: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        starts = [0]
        at = self.text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        object.__setattr__(self, "_starts", tuple(starts))

    def position(self, offset: int) -> tuple[int, int]:
        """(line, column) of an offset in the surrounding document."""
        row = bisect_right(self._starts, offset) - 1
        return self.first_line + row, offset - self._starts[row] + 1

    def line(self, offset: int) -> str:
        row = bisect_right(self._starts, offset) - 1
        end = self._starts[row + 1] - 1 if row + 1 < len(self._starts) else len(self.text)
        return self.text[self._starts[row] : end].rstrip("\r")


def render_diagnostic(diagnostic: Diagnostic, source: SourceText) -> str:
    """The form a person reads in a terminal: place, line, caret, hint. Nothing in it acts on the terminal."""
    start = min(diagnostic.span.start, len(source.text))
    row, column = source.position(start)
    line = source.line(start)
    head = f"{diagnostic.severity.value}[{diagnostic.code}]: {inert(diagnostic.message)}"
    before = line[: column - 1]
    clip = max(0, len(before) - _WIDTH // 2)
    shown = line[clip : clip + _WIDTH].replace("\t", " ")
    shown = same_width(shown)
    length = max(1, min(diagnostic.span.end - start, len(shown) - (column - 1 - clip)))
    margin = len(str(row))
    note = f" {inert(diagnostic.note)}" if diagnostic.note else ""
    lines = [
        head,
        f"{' ' * margin} --> {visible(source.name)}:{row}:{column}",
        f"{' ' * margin}  |",
        f" {row} | {shown}",
        f"{' ' * margin}  | {' ' * (column - 1 - clip)}{'^' * length}{note}",
    ]
    if diagnostic.hint:
        lines.append(f"{' ' * margin}  = hint: {inert(diagnostic.hint)}")
    return "\n".join(lines)
