"""`bluetick hunt`: hunts run, made rules, begun."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import click
from rich.console import Console
from rich.text import Text

from bluetick.cli.failures import FAILED, RAN, explain, is_interrupt, say
from bluetick.cli.grid import print_rows, visible
from bluetick.cli.instants import resolve_now
from bluetick.cli.options import DataOptions, DurationType, Moment, data_options, now_option
from bluetick.cli.page import new_console
from bluetick.cli.writing import compact
from bluetick.detections.hunts.files import HuntFile, hunt_path, hunt_paths, read_file, write_file
from bluetick.detections.hunts.model import Cell
from bluetick.detections.hunts.promoting import rule_of
from bluetick.detections.hunts.results import CellResult
from bluetick.detections.hunts.running import check_runnable, run_cell
from bluetick.detections.hunts.template import new_hunt
from bluetick.detections.model import AlertSeverity
from bluetick.detections.runs import query_request
from bluetick.detections.writing.new_rule import save_rule, write_rule
from bluetick.diagnostics import SourceText
from bluetick.diagnostics.errors import QueryError, SourceError
from bluetick.session import Session
from bluetick.values import format_datetime7

_SHOWN_ROWS = 50
_FILE = click.Path(path_type=Path)
_SEVERITIES = {severity.value: severity for severity in AlertSeverity}


@click.group()
def hunt() -> None:
    """Run hunts, markdown files with queries, and make rules of them (docs/hunts.md)."""


@hunt.command()
@click.argument("hunts", nargs=-1, required=True, metavar="FILE|DIR...", type=_FILE)
@click.option("--cell", metavar="ID", help="Only the cell of this id.")
@data_options
@now_option
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
def run(*, hunts: Sequence[Path], cell: str | None, data: DataOptions, now: Moment, form: str) -> int:
    """Run the queries of hunts, and tell which rows are new since the last run.

    What a cell gave is pinned beside its file, in NAME.results/, with the instant and the versions of the tables. JSON
    is one line a cell.
    """
    files = [read_file(path) for path in _paths(hunts)]
    console = new_console() if form == "text" else None
    with data.open() as session:
        done = [_run_hunt(session, file, cell, now, console) for file in files]
    return RAN if all(done) else FAILED


@hunt.command()
@click.argument("file", metavar="FILE", type=_FILE)
@click.option("--cell", metavar="ID", required=True, help="The cell whose query the rule runs.")
@click.option("--name", required=True, help="The rule's name.")
@click.option("--frequency", required=True, type=DurationType(), help="How often it runs.")
@click.option("--period", required=True, type=DurationType(), help="How far back each run reads.")
@click.option("--severity", required=True, type=click.Choice(tuple(_SEVERITIES), case_sensitive=False))
@click.option("--to", "folder", required=True, metavar="DIR", type=_FILE, help="The folder of rules.")
@data_options
def promote(
    *,
    file: Path,
    cell: str,
    name: str,
    frequency: timedelta,
    period: timedelta,
    severity: str,
    folder: Path,
    data: DataOptions,
) -> int:
    """Write a hunt's query as a rule: Sentinel's YAML, in DIR, under a name made of the rule's.

    The hypothesis becomes the description; tactics and techniques are the hunt's. A rule that 'bluetick check' would
    refuse is not written, and nothing is written over.
    """
    found = read_file(file)
    chosen = _cell(found, cell)
    grave = _SEVERITIES[next(known for known in _SEVERITIES if known.lower() == severity.lower())]
    schedule = (frequency, period)
    rule = write_rule(rule_of(found.hunt, chosen, id_=str(uuid4()), name=name, schedule=schedule, severity=grave))
    with data.open() as session:
        session.plan(query_request(rule.detection), is_check=True)
    click.echo(save_rule(folder, rule))
    return RAN


@hunt.command()
@click.argument("name", metavar="NAME")
@click.option("--to", "folder", metavar="DIR", type=_FILE, default=Path(), help="Where. Default: here.")
def new(*, name: str, folder: Path) -> int:
    """Begin a hunt: a file NAME.md with the parts that a hunt has."""
    click.echo(write_file(hunt_path(folder, name), new_hunt(name), None).path)
    return RAN


def _paths(given: Sequence[Path]) -> list[Path]:
    """Files as they are named, and the hunts of folders."""
    found: list[Path] = []
    for path in given:
        inside = hunt_paths(path) if path.is_dir() else [path]
        if not inside:
            raise SourceError(f"the folder '{path}' holds no hunt (.md)", str(path))
        found += inside
    return list(dict.fromkeys(found))


def _cell(file: HuntFile, wanted: str) -> Cell:
    check_runnable(file.hunt)
    found = file.hunt.query(wanted)
    if found is None:
        known = ", ".join(cell.id for cell in file.hunt.queries) or "none"
        raise SourceError(f"the hunt '{file.path}' has no cell '{wanted}'; it has {known}", str(file.path))
    return found


def _run_hunt(session: Session, file: HuntFile, wanted: str | None, now: Moment, console: Console | None) -> bool:
    """Whether every cell ran. One that fails does not keep the others from running."""
    try:
        check_runnable(file.hunt)
        cells = file.hunt.queries if wanted is None else (_cell(file, wanted),)
    except SourceError as error:
        say(explain(error, str(file.path)))
        return False
    return all([_run_cell(session, file, cell, now, console) for cell in cells])


def _run_cell(session: Session, file: HuntFile, cell: Cell, now: Moment, console: Console | None) -> bool:
    try:
        result = run_cell(session, file.path, file.hunt, cell, resolve_now(session, now, cell.text))
    except Exception as error:  # as for rules: whatever it is, the other cells run
        if is_interrupt(error):
            raise
        say(_failure(file, cell, error))
        return False
    if console is None:
        click.echo(compact(_json(file, cell, result)))
    else:
        _print(console, file, cell, result)
    return True


def _failure(file: HuntFile, cell: Cell, error: Exception) -> str:
    """Why a cell did not run; what is wrong in its query is shown with its lines in the file."""
    if isinstance(error, QueryError) and error.source is not None:
        return str(QueryError(error.diagnostics, SourceText(cell.text, str(file.path), cell.line)))
    return explain(error, f"{file.path}: {cell.id}")


def _json(file: HuntFile, cell: Cell, result: CellResult) -> dict[str, Any]:
    return {
        "hunt": file.hunt.name,
        "cell": cell.id,
        "ran": format_datetime7(result.ran.at),
        "now": format_datetime7(result.ran.now),
        "snapshot": dict(result.ran.snapshot),
        "columns": result.ran.columns,
        "rows": result.rows,
        "row_count": result.row_count,
        "is_new": result.is_new,
        "new_count": result.new_count,
        "gone_count": result.gone_count,
        "compared": None if result.compared is None else format_datetime7(result.compared),
        "uncompared": result.uncompared,
    }


def _print(console: Console, file: HuntFile, cell: Cell, result: CellResult) -> None:
    console.print(Text(visible(f"{file.hunt.title}: {cell.id}"), style="bold"))
    versions = (
        f"{table} {'' if one is None else f'version {one}'}".strip() for table, one in result.ran.snapshot.items()
    )
    facts = [f"as of {result.ran.now:%Y-%m-%d %H:%M:%S}", *versions]
    console.print(Text(visible("  ·  ".join(facts)), style="dim"))
    console.print(_counts(result))
    if result.rows:
        console.print()
        pairs = sorted(zip(result.is_new, result.rows, strict=True), key=lambda pair: not pair[0])[:_SHOWN_ROWS]
        columns = (("new", "string"), *result.ran.columns) if result.new_count else result.ran.columns
        rows = [tuple(("+" if is_new else "", *row) if result.new_count else row) for is_new, row in pairs]
        view = print_rows(console, columns, rows, indent=2)
        hidden = result.row_count - len(pairs)
        notes = [f"{hidden:,} more rows"] if hidden else []
        notes += ["long cells are cut"] if view.clipped else []
        if notes:
            console.print(Text(f"  {', '.join(notes)} (--format json gives {_told(result)})", style="dim"))
    console.print()


def _counts(result: CellResult) -> Text:
    words = f"{result.row_count:,} row{'' if result.row_count == 1 else 's'}"
    if result.new_count is None:
        return Text(f"{words}; not compared: {result.uncompared}")
    text = Text(f"{words}; ").append(f"{result.new_count:,} new", style="bold yellow" if result.new_count else "")
    return text.append(f", {result.gone_count:,} gone since {result.compared:%Y-%m-%d %H:%M:%S}")


def _told(result: CellResult) -> str:
    return "everything" if result.row_count == len(result.rows) else f"the first {len(result.rows):,}"
