"""`bluetick lake`: upkeep of a lake's Delta tables, and their history."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bluetick.cli.failures import say
from bluetick.cli.fusion import fuse_command
from bluetick.cli.grid import print_rows
from bluetick.cli.options import DurationType
from bluetick.cli.page import new_console
from bluetick.cli.writing import compact
from bluetick.detections.ledger.listing import versions_read
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_micros
from bluetick.diagnostics.errors import SourceError
from bluetick.lake.intake import locked
from bluetick.lake.layout import RESERVED, is_delta
from bluetick.lake.maintenance import Change, history, vacuum
from bluetick.lake.merging import tidy

_KEPT = "7d"
_RUNS = "30d"
_HEADS = tuple((name, "") for name in ("Version", "Time (UTC)", "Operation", "Rows", "Added", "Removed", "Source"))


_lake_option = click.option("--lake", required=True, type=click.Path(path_type=Path), help="The folder of tables.")
_tables_argument = click.argument("tables", nargs=-1, metavar="[TABLE...]")
_format_option = click.option(
    "--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True
)


@click.group()
def lake() -> None:
    """Look after a lake's Delta tables."""


lake.add_command(fuse_command)


@lake.command("optimize")
@_tables_argument
@_lake_option
@_format_option
def optimize_command(*, tables: Sequence[str], lake: Path, form: str) -> None:
    """Merge small files: fewer to open, sorted by time.

    Rows stay as they are, and so do earlier versions until a vacuum. Without TABLE all tables of the lake.
    """
    folders = _folders(lake, tables)
    with locked(lake):
        for folder in folders:
            with _progress(folder.name, is_shown=form == "text") as move:
                done = tidy(folder, move)
            if form == "json":
                facts = {"files_before": done.files_before, "files_after": done.files_after, "rows": done.rows}
                click.echo(compact({"table": folder.name, **facts}))
            elif not done.files_before:
                click.echo(f"{folder.name}: nothing to merge")
            else:
                click.echo(
                    f"{folder.name}: {done.files_before:,} small files are now {done.files_after:,} "
                    f"({done.rows:,} rows)"
                )


@lake.command("vacuum")
@_tables_argument
@_lake_option
@click.option(
    "--keep",
    type=DurationType(or_none=True),
    default=_KEPT,
    show_default=True,
    help="Versions of this time stay readable.",
)
@click.option(
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Of a service: versions stay readable that its runs of the last --runs read.",
)
@click.option(
    "--runs", type=DurationType(or_none=True), default=_RUNS, show_default=True, help="With --ledger: which runs."
)
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@_format_option
def vacuum_command(
    *,
    tables: Sequence[str],
    lake: Path,
    keep: timedelta,
    ledger: Path | None,
    runs: timedelta,
    dry_run: bool,
    form: str,
) -> None:
    """Remove files that no kept version needs.

    What --as-of can go back to ends there. Queries that run on older versions while this removes them may fail.
    """
    folders = _folders(lake, tables)
    pinned = {} if ledger is None else _pinned(ledger, lake, runs)
    with locked(lake):
        for folder in folders:
            done = vacuum(folder, keep, is_rehearsal=dry_run, pinned=pinned.get(folder.name))
            if form == "json":
                click.echo(compact({"table": folder.name, "files": len(done.files), "bytes": done.bytes}))
            else:
                word = "would be removed" if dry_run else "removed"
                click.echo(f"{folder.name}: {len(done.files):,} files {word}, {done.bytes / 1e6:,.1f} MB")


def _pinned(ledger: Path, lake: Path, runs: timedelta) -> dict[str, int]:
    """By table, the oldest version that a recent run read."""
    kept = Ledger(ledger)
    found = versions_read(kept, to_micros(datetime.now(UTC) - runs))
    kept.close()
    for name in found:
        if not is_delta(lake / name):
            say(f"{name} is no table of this lake; which versions it read of others is not known")
    return found


@lake.command("history")
@_tables_argument
@_lake_option
@click.option("--last", type=click.IntRange(1), default=20, show_default=True, help="How many versions of each table.")
@_format_option
def history_command(*, tables: Sequence[str], lake: Path, last: int, form: str) -> None:
    """List versions: when, what, how many rows.

    Any of them can be queried with --as-of, until a vacuum.
    """
    console = new_console()
    for number, folder in enumerate(_folders(lake, tables)):
        changes = history(folder, last)
        if form == "json":
            for change in changes:
                click.echo(compact({"table": folder.name, **_facts(change)}))
            continue
        click.echo(f"{chr(10) if number else ''}{folder.name}")
        print_rows(console, _HEADS, [_cells(change) for change in changes])


def _folders(lake: Path, names: Sequence[str]) -> list[Path]:
    """The named tables' folders, or all of the lake."""
    if not lake.is_dir():
        raise SourceError(f"'{lake}' is no folder", str(lake))
    missing = next((name for name in names if not is_delta(lake / name)), None)
    if missing is not None:
        raise SourceError(f"the lake '{lake}' has no Delta table '{missing}'", str(lake / missing))
    found = [lake / name for name in names] or [
        entry for entry in sorted(lake.iterdir()) if is_delta(entry) and entry.name not in RESERVED
    ]
    if not found:
        raise SourceError(f"the lake '{lake}' has no Delta table", str(lake))
    return found


def _facts(change: Change) -> dict[str, Any]:
    return {
        "version": change.version,
        "time": change.time.isoformat().replace("+00:00", "Z"),
        "operation": change.operation,
        "rows": change.rows,
        "files_added": change.files_added,
        "files_removed": change.files_removed,
        "source": change.source,
        "provenance": dict(change.provenance),
    }


def _cells(change: Change) -> tuple[str, ...]:
    counts = (change.rows, change.files_added, change.files_removed)
    told = ["" if count is None else f"{count:,}" for count in counts]
    return (str(change.version), f"{change.time:%Y-%m-%d %H:%M:%S}", change.operation, *told, change.source)


@contextmanager
def _progress(name: str, *, is_shown: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar of days on standard error; gives what moves it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("days"))
    console = Console(stderr=True)
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True, disable=not is_shown) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
