"""What nearly was a result: printed below the account, or added to its JSON."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.text import Text

from bluetick.cli.grid import print_rows, visible
from bluetick.execution.near_miss import NearMiss
from bluetick.types import Type
from bluetick.values import json_cell


def print_near_misses(console: Console, misses: Sequence[NearMiss]) -> None:
    """A table for each condition, of the rows that it alone removed, nearest first."""
    if not misses:
        console.print("  No row failed exactly one condition.")
    for (binding, condition), group in groupby(misses, key=lambda miss: (miss.binding, miss.condition)):
        rows = list(group)
        place = f" in {binding}" if binding else ""
        count = f"{len(rows)} row{'' if len(rows) == 1 else 's'}"
        console.print(Text(visible(f"  Near: {count} failed only `{condition}`{place}"), style="bold"))
        _print_rows(console, rows)
        console.print()


def _print_rows(console: Console, rows: Sequence[NearMiss]) -> None:
    names = [(name, _kind(value)) for name, value in rows[0].row]
    values: list[tuple[Any, ...]] = [tuple(value for _, value in miss.row) for miss in rows]
    if any(miss.distance is not None for miss in rows):
        names.insert(0, ("off by", "real"))
        values = [(miss.distance, *row) for miss, row in zip(rows, values, strict=True)]
    print_rows(console, names, values, indent=4)


def _kind(value: object) -> str:
    return "long" if isinstance(value, int) and not isinstance(value, bool) else ""


def near_misses_json(misses: Sequence[NearMiss]) -> list[dict[str, Any]]:
    """Near misses with cells as the Kusto protocol carries them."""
    return [
        {
            "let": miss.binding or None,
            "condition": miss.condition,
            "distance": miss.distance,
            "row": {name: _json(value) for name, value in miss.row},
        }
        for miss in misses
    ]


def _json(value: Any) -> Any:
    return json_cell(value, Type.REAL if isinstance(value, float) else Type.STRING)
