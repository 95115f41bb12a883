"""`--estimate`: what would be read, for people and as a line of JSON."""

from collections.abc import Sequence

import click

from bluetick.cli.grid import print_rows, visible
from bluetick.cli.page import new_console
from bluetick.cli.writing import compact
from bluetick.execution.estimate import TableEstimate

_HEADS = tuple((name, "") for name in ("Table", "Bytes", "Rows", "Columns", "Files", "Row groups", ""))


def print_estimate(name: str, id_: str | None, found: Sequence[TableEstimate], form: str) -> None:
    """One query's estimate; any form but 'json' is the table."""
    if form == "json":
        click.echo(compact({"id": id_, "name": name, "bytes": _total(found), "tables": [_json(one) for one in found]}))
        return
    console = new_console()
    console.print(visible(name), style="bold")
    if found:
        rows = [_row(one) for one in found]
        widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
        numbers = range(1, 4)
        console_rows = [tuple(c.rjust(widths[i]) if i in numbers else c for i, c in enumerate(row)) for row in rows]
        print_rows(console, _HEADS, console_rows, indent=2)
    total = _total(found)
    known = "some sizes are not known" if total is None else f"{file_size(total)} to read at most"
    console.print(f"  {known}; nothing was run\n" if found else "  no table is read\n")


def _total(found: Sequence[TableEstimate]) -> int | None:
    sizes = [one.bytes for one in found]
    return None if None in sizes else sum(size for size in sizes if size is not None)


def _row(one: TableEstimate) -> tuple[str, ...]:
    return (
        visible(one.table),
        "not known" if one.bytes is None else file_size(one.bytes),
        "not known" if one.rows is None else f"{one.rows:,}",
        str(len(one.columns)),
        _of(one.files),
        _of(one.groups),
        "the engine's guess of the whole table" if one.is_guess else "",
    )


def _of(counts: tuple[int, int]) -> str:
    return f"{counts[0]:,} of {counts[1]:,}" if counts[1] else ""


def file_size(size: int) -> str:
    """A size in words."""
    for unit, scale in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= scale:
            return f"{size / scale:,.1f} {unit}"
    return f"{size} B"


def _json(one: TableEstimate) -> dict[str, object]:
    return {
        "table": one.table,
        "columns": one.columns,
        "rows": one.rows,
        "bytes": one.bytes,
        "files": one.files,
        "row_groups": one.groups,
        "guess": one.is_guess,
    }
