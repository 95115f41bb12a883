"""Rows for people: an aligned table where it fits the width, else a card for each row."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size

from bluetick.cli.page import ConsolePage, Page, Piece
from bluetick.diagnostics import inert
from bluetick.values import MICROSECOND, format_decimal, format_timespan

if TYPE_CHECKING:
    from rich.console import Console

visible = inert.visible  # rows are written by strangers
Columns = Sequence[tuple[str, str]]
_NUMBERS = frozenset({"int", "long", "real", "decimal", "timespan"})
# How wide a cell may be, and whether long heads are folded at their capitals: tried in this order.
_FORMS = ((80, False), (56, False), (40, False), (40, True), (28, True), (20, True))
_CARD_LINES = 3  # that one value may take
_GAP = 2
_WORD = re.compile(r"[^A-Z_]+_*|[A-Z][^A-Z_]+_*|[A-Z]+(?![a-z])_*|_+|.")


def shown(value: Any) -> str:
    """A cell as a person reads it, on one line; a datetime can be pasted back into datetime()."""
    match value:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case float():
            return f"{value:.15g}"
        case datetime():
            return _moment(value)
        case timedelta():
            return format_timespan(value // MICROSECOND)
        case Decimal():
            return format_decimal(value)
        case dict() | list():
            return visible(json.dumps(value, ensure_ascii=False))
        case _:
            return visible(str(value))


def _moment(value: datetime) -> str:
    text = value.astimezone(UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a view left out, for the line below it."""

    clipped: bool
    cards: bool


@dataclass(frozen=True, slots=True)
class _Grid:
    """Columns, and their cells as text."""

    columns: Columns
    cells: list[list[str]]

    def pick(self, indexes: Sequence[int]) -> "_Grid":
        return _Grid([self.columns[i] for i in indexes], [[row[i] for i in indexes] for row in self.cells])

    def varying(self) -> list[int]:
        """The columns that do not have the same value in every row."""
        return [i for i in range(len(self.columns)) if any(row[i] != self.cells[0][i] for row in self.cells)]


def print_rows(console: "Console", columns: Columns, rows: Sequence[tuple[Any, ...]], indent: int = 0) -> Shown:
    """As `write_rows`, for a command that writes by rich."""
    return write_rows(ConsolePage(console), columns, rows, indent)


def write_rows(page: Page, columns: Columns, rows: Sequence[tuple[Any, ...]], indent: int = 0) -> Shown:
    """Writes the rows in the form that fits: a table; what is the same in all rows, then a table of the rest; or a
    card for each row. Tells what had to be left out."""
    grid = _Grid(columns, [[shown(value) for value in row] for row in rows])
    width = page.width - indent
    if (widths := _fitting(grid, width)) is not None:
        return _write_table(page, grid, widths, indent)
    is_clipped = False
    varying = grid.varying() if len(rows) > 1 else []
    if varying and len(varying) < len(columns):
        same = grid.pick([i for i in range(len(columns)) if i not in varying])
        is_clipped = _write_fields(page, same, same.cells[0], indent, f"the same in all {len(rows)} rows")
        grid = grid.pick(varying)
        if (widths := _fitting(grid, width)) is not None:
            page.write()
            return Shown(_write_table(page, grid, widths, indent).clipped or is_clipped, cards=False)
    for number, row in enumerate(grid.cells, 1):
        is_clipped |= _write_fields(page, grid, row, indent, f"row {number}")
    return Shown(is_clipped, cards=True)


def _fitting(grid: _Grid, width: int) -> list[int] | None:
    """The widths of columns with as much of the cells as fits; None where no table does."""
    for clip, folded in _FORMS:
        widths = _widths(grid.columns, grid.cells, clip, folded)
        if sum(widths) + _GAP * (len(widths) - 1) <= width:
            return widths
    return None


def _widths(columns: Columns, cells: list[list[str]], clip: int, folded: bool) -> list[int]:
    heads = [
        max(len(type_), *(cell_len(word) for word in (_words(visible(name)) if folded else [visible(name)])))
        for name, type_ in columns
    ]
    return [max(head, min(clip, max((cell_len(row[i]) for row in cells), default=0))) for i, head in enumerate(heads)]


def _words(name: str) -> list[str]:
    """A name in the pieces between which it may be folded: SentBytes, min_TimeGenerated."""
    return _WORD.findall(name) or [name]


def _head(name: str, type_: str, width: int) -> list[Piece]:
    """A name on as many lines as its column's width asks for, then the type."""
    lines = [""]
    for word in _words(name):
        if lines[-1] and cell_len(lines[-1] + word) > width:
            lines.append(word)
        else:
            lines[-1] += word
    return [*((line, "bold") for line in lines), *([(type_, "dim")] if type_ else [])]


def _write_table(page: Page, grid: _Grid, widths: Sequence[int], indent: int) -> Shown:
    if not grid.columns:
        page.write()
        return Shown(clipped=False, cards=False)
    heads = [_head(visible(name), type_, width) for (name, type_), width in zip(grid.columns, widths, strict=True)]
    sides = [type_ in _NUMBERS for _, type_ in grid.columns]

    def write(cells: Iterable[Piece]) -> None:
        pieces: list[Piece] = []
        for (text, style), width, is_right in zip(cells, widths, sides, strict=True):
            room = " " * (width - cell_len(text))
            pieces += [(" " * (_GAP if pieces else indent), ""), (room + text if is_right else text + room, style)]
        page.write(*pieces)

    height = max(map(len, heads))
    for line in range(-height, 0):  # they end on the same line
        write(head[line] if -line <= len(head) else ("", "") for head in heads)
    page.write((" " * indent + page.dash * (sum(widths) + _GAP * (len(widths) - 1)), ""))
    for row in grid.cells:
        texts = [clipped(cell, width) for cell, width in zip(row, widths, strict=True)]
        write((text, "dim" if text == "null" else "") for text in texts)
    is_clipped = any(cell_len(cell) > width for row in grid.cells for cell, width in zip(row, widths, strict=True))
    return Shown(is_clipped, cards=False)


def clipped(text: str, width: int) -> str:
    """The text in so many cells of a terminal, with an ellipsis where it is cut."""
    return text if cell_len(text) <= width else set_cell_size(text, width - 1).rstrip() + "…"


def _write_fields(page: Page, grid: _Grid, row: Sequence[str], indent: int, title: str) -> bool:
    """`name  value` lines under a title; whether a value was cut. Empty ones are counted: rules have dozens of them."""
    names = [visible(name) for name, _ in grid.columns]
    filled = [(name, cell) for name, cell in zip(names, row, strict=True) if cell not in ("", "null")]
    margin = max((cell_len(name) for name, _ in filled), default=0) + _GAP
    room = max(20, page.width - indent - margin - _GAP)
    page.write((f"{' ' * indent}{page.dash * 3} {title}", "dim"))
    for name, cell in filled:
        _write_field(page, name.ljust(margin), _folded(cell, room), indent + _GAP)
    empty = len(row) - len(filled)
    if empty:
        words = "1 more column is empty" if empty == 1 else f"{empty} more columns are empty"
        page.write((f"{' ' * (indent + _GAP)}({words})", "dim"))
    return any(cell_len(cell) > room * _CARD_LINES for _, cell in filled)


def _write_field(page: Page, name: str, lines: Iterable[str], indent: int) -> None:
    head = name
    for line in lines:
        page.write((" " * indent, ""), (head, "cyan"), (line, ""))
        head = " " * len(name)


def _folded(cell: str, room: int) -> list[str]:
    """At most three lines; the last one ends in an ellipsis where more follows."""
    lines = [cell[i : i + room] for i in range(0, len(cell), room)]
    if len(lines) <= _CARD_LINES:
        return lines
    return [*lines[: _CARD_LINES - 1], clipped(lines[_CARD_LINES - 1] + "…", room)]
