"""`bluetick tables`: what a session holds."""

import os
from dataclasses import dataclass
from datetime import datetime

import click
from rich.text import Text

from bluetick.cli.grid import new_console, print_rows, visible
from bluetick.cli.options import DataOptions, data_options
from bluetick.cli.writing import compact
from bluetick.execution.catalog import TIME_COLUMNS, Table
from bluetick.session import Session
from bluetick.values import format_datetime7

_NAMES = ("Table", "Rows", "Files", "MB", "Columns", "First", "Last", "Version", "Origin")
_HEADS = tuple((name, "") for name in _NAMES)
_COUNTS = frozenset({"Rows", "Files", "MB", "Columns", "Version"})


@dataclass(frozen=True, slots=True)
class Summary:
    """A table in one line. `first` and `last` are None where it has no time or no row, `version` where it has none;
    `origin` says where it is from if not from files of its own."""

    name: str
    columns: tuple[tuple[str, str], ...]
    files: int
    rows: int
    first: datetime | None
    last: datetime | None
    bytes: int
    version: int | None = None
    origin: str = ""


@click.command()
@data_options
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
@click.option("--columns", "with_columns", is_flag=True, help="List the columns of each table too.")
def tables(*, data: DataOptions, form: str, with_columns: bool) -> None:
    """List tables: rows, files, time span.

    Those of a lake (--lake), of --table and of --mapping. Functions, watchlists and what Spark's own catalog has are
    listed by name. JSON is one line a table.
    """
    with data.open() as session:
        summaries = [summarise(session, name) for name in session.catalog.names()]
        functions = () if session.catalog.functions is None else session.catalog.functions.names()
        named = {
            "functions": functions,
            "watchlists": session.catalog.watchlists.names(),
            "tables of the engine's catalog": session.engine.catalog_tables() if form == "text" else (),
        }
    if form == "json":
        for summary in summaries:
            click.echo(_json_line(summary))
    elif not summaries:
        click.echo("No tables. Name some: --lake DIR, or --table NAME=PATH.")
    else:
        _print(summaries, with_columns)
    for what, names in named.items() if form == "text" else ():
        if names:
            click.echo(f"{len(names)} {what}: {', '.join(visible(name) for name in names)}")


def summarise(session: Session, name: str) -> Summary:
    """Counts a table and finds its time span; a lake's table by its log, where that says it."""
    table = session.catalog.table(name)
    from_log = None if table is None else _from_log(session, table)
    return from_log or _counted(session, name, table)


def _from_log(session: Session, table: Table) -> Summary | None:
    """None where the table is none of a lake's, or its writer did not say enough."""
    snapshot = table.snapshot
    if table.view is not None or snapshot is None or snapshot.rows is None:
        return None
    time = next((c for c in TIME_COLUMNS if c in table.column_names), None)
    span = None if time is None else snapshot.span(time)
    if time is not None and span is None and snapshot.rows:
        return None
    first, last = (None, None) if span is None else span
    columns = session.check(f"['{table.name}'] | take 0").columns
    return Summary(table.name, columns, len(table.files), snapshot.rows, first, last, snapshot.bytes, snapshot.version)


def _counted(session: Session, name: str, table: Table | None) -> Summary:
    columns = session.query(f"['{name}'] | take 0").columns
    time = next((c for c in TIME_COLUMNS if (c, "datetime") in columns), None)
    span = f"First = min({time}), Last = max({time})" if time else "First = datetime(null), Last = datetime(null)"
    counts = f"Rows = count(), {span}" if time else "Rows = count()"
    row = next(session.query(f"['{name}'] | summarize {counts}").rows())
    rows, first, last = row if time else (*row, None, None)
    files = () if table is None else table.files
    size = sum(os.path.getsize(file) for file in files)
    origin = "" if table is None else table.origin
    return Summary(name, columns, len(files), rows, first, last, size, session.catalog.version(name), origin)


def _json_line(summary: Summary) -> str:
    return compact(
        {
            "name": summary.name,
            "rows": summary.rows,
            "files": summary.files,
            "bytes": summary.bytes,
            "first": format_datetime7(summary.first) if summary.first else None,
            "last": format_datetime7(summary.last) if summary.last else None,
            **({} if summary.version is None else {"version": summary.version}),
            "columns": summary.columns,
        }
        | ({"origin": summary.origin} if summary.origin else {})
    )


def _row(summary: Summary) -> tuple[str, ...]:
    times = (f"{moment:%Y-%m-%d %H:%M:%S}" if moment else "" for moment in (summary.first, summary.last))
    size = f"{summary.bytes / 1e6:,.1f}" if summary.files else ""
    counts = (f"{summary.rows:,}", f"{summary.files:,}", size, str(len(summary.columns)))
    version = "" if summary.version is None else str(summary.version)
    return (summary.name, *counts, *times, version, visible(summary.origin))


def _print(summaries: list[Summary], with_columns: bool) -> None:
    console = new_console()
    shown = len(_HEADS) if any(summary.origin for summary in summaries) else len(_HEADS) - 1
    rows = [_row(summary)[:shown] for summary in summaries]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    numbers = {i for i, (name, _) in enumerate(_HEADS) if name in _COUNTS}
    print_rows(
        console,
        _HEADS[:shown],
        [tuple(cell.rjust(widths[i]) if i in numbers else cell for i, cell in enumerate(row)) for row in rows],
    )
    for summary in summaries if with_columns else ():
        console.print(Text(f"\n{visible(summary.name)}", style="bold"))
        width = max(len(visible(name)) for name, _ in summary.columns)
        for name, type_ in summary.columns:
            console.print(Text(f"  {visible(name).ljust(width)}  ").append(type_, style="dim"))
