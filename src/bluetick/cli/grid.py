"""Rows for people: an aligned table where it fits the width, else a card for each row."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import IO, Any

from rich import box
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bluetick.values import MICROSECOND, format_decimal, format_timespan

Columns = Sequence[tuple[str, str]]
_NUMBERS = frozenset({"int", "long", "real", "decimal", "timespan"})
_CLIPS = (80, 56, 40, 28, 20)
_CARD_LINES = 3  # of one value in a card
_GAP = 2
_MARGIN = 2
# What would move the cursor, colour the screen or turn the reading direction: rows are written by strangers.
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def new_console(stream: IO[str] | None = None) -> Console:
    """Standard output or a file, in colours only where a person looks at it."""
    return Console(file=stream, highlight=False, markup=False, emoji=False)


def shown(value: Any) -> str:
    """A cell as a person reads it, on one line; a datetime can be pasted back into datetime()."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return visible(value)
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
            return str(value)


def visible(text: str) -> str:
    """The text with control characters spelled out."""
    return _UNSHOWN.sub(_spelled, text)


def _spelled(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def _moment(value: datetime) -> str:
    text = value.astimezone(UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a view left out, for the line below it."""

    clipped: bool
    cards: bool


def print_rows(console: Console, columns: Columns, rows: Sequence[tuple[Any, ...]], indent: int = 0) -> Shown:
    """Prints the rows in the form that fits; tells what had to be left out."""
    cells = [[shown(value) for value in row] for row in rows]
    width = console.width - indent
    for clip in _CLIPS:
        widths = _widths(columns, cells, clip)
        if sum(widths) + _GAP * (len(widths) - 1) + _MARGIN <= width:
            console.print(Padding(_table(columns, cells, rows, widths), (0, 0, 0, indent), expand=False))
            is_clipped = any(cell_len(cell) > w for row in cells for cell, w in zip(row, widths, strict=True))
            return Shown(is_clipped, cards=False)
    return _print_cards(console, columns, cells, indent)


def _widths(columns: Columns, cells: list[list[str]], clip: int) -> list[int]:
    heads = [max(cell_len(visible(name)), len(type_)) for name, type_ in columns]
    return [
        max(head, min(clip, max((cell_len(row[i]) for row in cells), default=0))) for i, head in enumerate(heads)
    ]


def _table(
    columns: Columns, cells: list[list[str]], rows: Sequence[tuple[Any, ...]], widths: Sequence[int]
) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False, collapse_padding=True)
    for (name, type_), width in zip(columns, widths, strict=True):
        head = Text(visible(name), style="bold").append(f"\n{type_}", style="dim")
        table.add_column(
            head, justify="right" if type_ in _NUMBERS else "left", no_wrap=True, min_width=width, max_width=width
        )
    for texts, values in zip(cells, rows, strict=True):
        table.add_row(
            *(
                Text(clipped(text, width), style="dim" if value is None else "")
                for text, value, width in zip(texts, values, widths, strict=True)
            )
        )
    return table


def clipped(text: str, width: int) -> str:
    """The text in so many cells of a terminal, with an ellipsis where it is cut."""
    return text if cell_len(text) <= width else set_cell_size(text, width - 1).rstrip() + "…"


def _print_cards(console: Console, columns: Columns, cells: list[list[str]], indent: int) -> Shown:
    """A card a row: `name  value`. Empty cells are left out: published rules have dozens of columns."""
    names = [visible(name) for name, _ in columns]
    margin = max((cell_len(name) for name in names), default=0) + _GAP
    room = max(20, console.width - indent - margin - 2)
    is_clipped = False
    for number, row in enumerate(cells, 1):
        console.print(Text(f"{' ' * indent}─── row {number} ", style="dim"))
        filled = [(name, cell) for name, cell in zip(names, row, strict=True) if cell not in ("", "null")]
        for name, cell in filled:
            is_clipped |= cell_len(cell) > room * _CARD_LINES
            _print_field(console, name.ljust(margin), _folded(cell, room), indent + 2)
        if len(filled) < len(row):
            console.print(Text(f"{' ' * indent}  ({len(row) - len(filled)} more columns are empty)", style="dim"))
    return Shown(is_clipped, cards=True)


def _print_field(console: Console, name: str, lines: Iterable[str], indent: int) -> None:
    head = name
    for line in lines:
        console.print(Text(" " * indent).append(head, style="cyan").append(line), no_wrap=True, overflow="ignore")
        head = " " * len(name)


def _folded(cell: str, room: int) -> list[str]:
    """At most three lines; the last one ends in an ellipsis where more follows."""
    lines = [cell[i : i + room] for i in range(0, len(cell), room)]
    if len(lines) <= _CARD_LINES:
        return lines
    return [*lines[: _CARD_LINES - 1], clipped(lines[_CARD_LINES - 1] + "…", room)]
