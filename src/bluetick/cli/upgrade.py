"""`bluetick upgrade`: a ledger of an earlier version for this one, and what this version would say otherwise."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bluetick.cli.failures import FAILED, RAN
from bluetick.cli.grid import visible
from bluetick.cli.options import DataOptions, Moment, MomentType, data_options
from bluetick.cli.writing import compact
from bluetick.detections.ledger.copies import copy_ledger
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_micros, to_moment
from bluetick.detections.operations.rehearsal import Changed, Recorded, Rehearsed, Versions, recorded, rehearse
from bluetick.diagnostics.errors import SourceError
from bluetick.session import Session

_SHOWN = 5


@click.command()
@click.option("--ledger", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The service's ledger.")
@click.option("--rehearse", "rehearses", is_flag=True, help="Change nothing: evaluate windows again, and compare.")
@data_options
@click.option("--last", type=click.IntRange(1), default=24, show_default=True, help="So many windows of each rule.")
@click.option("--since", type=MomentType(), metavar="ISO", help="In place of --last: windows that end then or later.")
@click.option(
    "--timeout", type=click.FloatRange(1), default=600.0, show_default=True, metavar="SECONDS", help="Of one window."
)
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
def upgrade(
    *, ledger: Path, rehearses: bool, data: DataOptions, last: int, since: Moment, timeout: float, form: str
) -> int:
    """Bring a service's ledger to the form of this version.

    A copy of it as it was stays beside it. End the service before. With --rehearse nothing is changed: windows that the
    service has evaluated are evaluated again by this version, over the same data, and what would be otherwise is
    listed (exit code 1).
    """
    if not ledger.is_file():
        raise SourceError(f"there is no ledger '{ledger}'; bluetick schedule makes one", str(ledger))
    if not rehearses:
        return _bring_up(ledger)
    if data.lake is None or data.as_of or since == "newest":
        raise click.UsageError("a rehearsal needs --lake, without --as-of, and --since an instant")
    windows = _recorded(ledger, last, None if since is None else to_micros(since))

    def opened(versions: Versions) -> Session:
        return replace(data, as_of=tuple(versions.items())).open(is_quiet=True)

    with _progress() as move:
        found = rehearse(windows, data.lake, opened, timeout, move)
    for rule in found:
        click.echo(compact(_json(rule)) if form == "json" else "\n".join(_lines(rule)))
    changed = sum(len(rule.changed) for rule in found)
    if form == "text":
        gone = sum(rule.gone for rule in found)
        same = sum(rule.same for rule in found)
        click.echo(
            f"{same:,} windows the same, {changed:,} otherwise, {gone:,} not comparable (their versions are gone)"
        )
    return FAILED if changed else RAN


def _bring_up(ledger: Path) -> int:
    with closing(Ledger(ledger, upgrades=True)) as opened:
        copy = opened.copy
    if copy is None:
        click.echo(f"{ledger} is of this version; nothing to do")
    else:
        click.echo(f"{ledger} is brought to this version; as it was before it lies in {copy}")
    return RAN


def _recorded(ledger: Path, last: int, since: int | None) -> list[Recorded]:
    """From a copy, which is brought to the form of this version."""
    with TemporaryDirectory(prefix="bluetick-") as folder:
        copy = Path(folder) / "ledger"
        copy_ledger(ledger, copy)
        with closing(Ledger(copy, upgrades=True)) as opened:
            return recorded(opened, last, since)


def _lines(rule: Rehearsed) -> Iterator[str]:
    counts = f"{rule.same:,} the same, {len(rule.changed):,} otherwise, {rule.gone:,} not comparable"
    yield visible(f"{rule.name}: {counts}")
    for one in rule.changed[:_SHOWN]:
        yield visible(f"  {to_moment(one.hi):%Y-%m-%d %H:%M}  {'; '.join(one.words)}")
    if len(rule.changed) > _SHOWN:
        yield f"  and {len(rule.changed) - _SHOWN:,} more (--format json gives all)"


def _json(rule: Rehearsed) -> dict[str, Any]:
    changed = [_changed(one) for one in rule.changed]
    return {
        "rule": rule.rule,
        "name": rule.name,
        "same": rule.same,
        "not_comparable": rule.gone,
        "changed": changed,
    }


def _changed(one: Changed) -> dict[str, Any]:
    return {"window": to_moment(one.hi).isoformat().replace("+00:00", "Z"), "changes": list(one.words)}


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar of windows on standard error, on a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("rehearsing"), BarColumn(), MofNCompleteColumn(), TextColumn("windows"))
    with Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
