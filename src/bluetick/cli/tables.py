"""`bluetick tables`: what a session holds."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.text import Text

from bluetick.cli.failures import say
from bluetick.cli.freshness import Freshness, age, bars, freshness, minute, percent
from bluetick.cli.grid import print_rows, visible
from bluetick.cli.options import DataOptions, Moment, data_options, now_option
from bluetick.cli.page import new_console
from bluetick.cli.writing import compact, whole_file
from bluetick.execution.catalog import TIME_COLUMNS, Table
from bluetick.execution.table_facts import facts_from_log
from bluetick.schema.files import written_schemas
from bluetick.schema.packs import TableSchema
from bluetick.session import Session
from bluetick.values import format_datetime7

if TYPE_CHECKING:
    from bluetick.lake.fullness import Series

_NAMES = ("Table", "Rows", "Files", "MB", "Columns", "First", "Last", "Age", "Version", "Origin")
_HEADS = tuple((name, "") for name in _NAMES)
_COUNTS = frozenset({"Rows", "Files", "MB", "Columns", "Age", "Version"})


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


@dataclass(frozen=True, slots=True)
class Report:
    """What is told of a session's tables: `now` is what ages are counted from, `named` what has no line of its own."""

    summaries: tuple[Summary, ...]
    fresh: Freshness
    now: datetime
    named: tuple[tuple[str, tuple[str, ...]], ...]


@click.command()
@data_options
@now_option
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
@click.option(
    "--write-schema",
    "schema",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the tables' columns and types, for: bluetick check --schemas FILE. Nothing is listed.",
)
@click.option("--columns", "with_columns", is_flag=True, help="List columns too: types, and how full each source is.")
def tables(*, data: DataOptions, now: Moment, form: str, schema: Path | None, with_columns: bool) -> None:
    """List tables: rows, time span, size, age of the newest row.

    Those of a lake (--lake), of --table and of --mapping. Of a lake it is told which columns went empty and which
    sources fell silent (docs/lake.md). Functions, watchlists and what Spark's own catalog has are listed by name. JSON
    is one line a table.
    """
    with data.open() as session:
        if schema is not None:
            _write_schema(session, schema)
            return
        report = _report(session, now, with_catalog=form == "text")
    if form == "json":
        for summary in report.summaries:
            click.echo(_json_line(summary, report, with_columns=with_columns))
        return
    if report.summaries:
        _print(report, with_columns)
    else:
        click.echo("No tables. Name some: --lake DIR, or --table NAME=PATH.")
    for what, names in report.named:
        if names:
            click.echo(f"{len(names)} {what}: {', '.join(visible(name) for name in names)}")
    for warning in report.fresh.warnings():
        click.echo(f"warning: {warning}")


def _write_schema(session: Session, path: Path) -> None:
    """Each table with all of its columns, also those that a query must name to see."""
    found = [table for name in session.catalog.names() if (table := session.catalog.table(name)) is not None]
    schemas = [TableSchema(table.name, (*table.columns, *table.hidden), None) for table in found]
    with whole_file(path) as target:
        target.write_text(written_schemas(schemas), encoding="utf-8")
    say(f"{len(schemas):,} tables in '{path}'")


def _report(session: Session, now: Moment, *, with_catalog: bool) -> Report:
    summaries = tuple(summarise(session, name) for name in session.catalog.names())
    moment = now if isinstance(now, datetime) else datetime.now(UTC)
    if now == "newest":
        moment = max((summary.last for summary in summaries if summary.last is not None), default=moment)
    named = (
        ("functions", () if session.catalog.functions is None else session.catalog.functions.names()),
        ("watchlists", session.catalog.watchlists.names()),
        ("tables of the engine's catalog", session.engine.catalog_tables() if with_catalog else ()),
    )
    return Report(summaries, freshness(session, moment), moment, named)


def summarise(session: Session, name: str) -> Summary:
    """Counts a table and finds its time span; a lake's table by its log, where that says it."""
    table = session.catalog.table(name)
    from_log = None if table is None else _from_log(session, table)
    return from_log or _counted(session, name, table)


def _from_log(session: Session, table: Table) -> Summary | None:
    """None where the table is none of a lake's, or its writer did not say enough."""
    facts = facts_from_log(table)
    if facts is None:
        return None
    columns = session.check(f"['{table.name}'] | take 0").columns
    rows, size = facts.rows or 0, facts.bytes or 0
    return Summary(table.name, columns, len(table.files), rows, facts.first, facts.last, size, facts.version)


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


def _json_line(summary: Summary, report: Report, *, with_columns: bool) -> str:
    age_seconds = None if summary.last is None else (report.now - summary.last).total_seconds()
    facts: dict[str, Any] = {
        "name": summary.name,
        "rows": summary.rows,
        "files": summary.files,
        "bytes": summary.bytes,
        "first": format_datetime7(summary.first) if summary.first else None,
        "last": format_datetime7(summary.last) if summary.last else None,
        "age_seconds": age_seconds,
        **({} if summary.version is None else {"version": summary.version}),
        "columns": summary.columns,
    }
    if summary.origin:
        facts["origin"] = summary.origin
    series = report.fresh.of(summary.name)
    if series:
        facts["warnings"] = report.fresh.facts(summary.name)
    if series and with_columns:
        facts["sources"] = _source_facts(series, summary)
    return compact(facts)


def _source_facts(every: "list[Series]", summary: Summary) -> list[dict[str, Any]]:
    """How full each source's columns are, over all and in equal parts of the time."""
    from bluetick.lake.fullness import parts_of_time  # noqa: PLC0415 - only a lake needs it

    parts = parts_of_time(every)
    return [
        {
            "source": series.source,
            "rows": int(series.rows.sum()),
            "from": format_datetime7(series.starts[0]),
            "to": format_datetime7(series.ends[-1]),
            "parts": {"start": format_datetime7(parts[0]), "hours": parts[1] // timedelta(hours=1)},
            "columns": {
                name: {
                    "rate": _rounded(series.rate(name)),
                    "over_time": [*map(_rounded, series.over_time(name, *parts))],
                }
                for name, _ in summary.columns
                if name in series.filled
            },
        }
        for series in every
    ]


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 4)


def _row(summary: Summary, now: datetime) -> tuple[str, ...]:
    times = (f"{moment:%Y-%m-%d %H:%M}" if moment else "" for moment in (summary.first, summary.last))
    size = f"{summary.bytes / 1e6:,.1f}" if summary.files else ""
    counts = (f"{summary.rows:,}", f"{summary.files:,}", size, str(len(summary.columns)))
    version = "" if summary.version is None else str(summary.version)
    old = "" if summary.last is None else age(now - summary.last)
    return (summary.name, *counts, *times, old, version, visible(summary.origin))


def _print(report: Report, with_columns: bool) -> None:
    console = new_console()
    shown = len(_HEADS) if any(summary.origin for summary in report.summaries) else len(_HEADS) - 1
    rows = [_row(summary, report.now)[:shown] for summary in report.summaries]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    numbers = {i for i, (name, _) in enumerate(_HEADS) if name in _COUNTS}
    print_rows(
        console,
        _HEADS[:shown],
        [tuple(cell.rjust(widths[i]) if i in numbers else cell for i, cell in enumerate(row)) for row in rows],
    )
    for summary in report.summaries if with_columns else ():
        _print_columns(console, summary, report.fresh)


def _print_columns(console: Console, summary: Summary, fresh: Freshness) -> None:
    """Each column with its type, and a line for each source that fills it."""
    console.print(Text(f"\n{visible(summary.name)}", style="bold"))
    told = _told(summary, fresh)
    width = max(len(visible(name)) for name, _ in summary.columns)
    types = max(len(type_) for _, type_ in summary.columns)
    for name, type_ in summary.columns:
        head = Text(f"  {visible(name).ljust(width)}  ").append(
            type_.ljust(types) if told[name] else type_, style="dim"
        )
        indent = Text(" " * len(head))
        for number, line in enumerate(told[name] or [""]):
            before = indent.copy() if number else head
            console.print(before.append(line), no_wrap=True, overflow="ignore", crop=False)


def _told(summary: Summary, fresh: Freshness) -> dict[str, list[str]]:
    """What is told of each column: how full it is by source, over all and over time."""
    every = fresh.of(summary.name)
    if not every:
        return {name: [] for name, _ in summary.columns}
    from bluetick.lake.fullness import parts_of_time  # noqa: PLC0415 - only a lake needs it

    parts = parts_of_time(every)
    wide = max(len(visible(series.source)) for series in every)
    ended = {(found.source, found.column): found.until for found in fresh.emptied if found.table == summary.name}
    return {
        name: [
            f"  {visible(series.source).ljust(wide)}  {percent(series.rate(name)):>5}  "
            f"{bars(series.over_time(name, *parts))}"
            + (f"  empty since {minute(until)}" if (until := ended.get((series.source, name))) else "")
            for series in every
            if name in series.filled
        ]
        for name, _ in summary.columns
    }
