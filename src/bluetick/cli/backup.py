"""`bluetick backup` and `bluetick restore`: ledger and lake, as they were at one moment."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bluetick.cli.failures import FAILED, RAN, say
from bluetick.cli.writing import compact
from bluetick.detections.operations.backup import Place, Taken, back_up
from bluetick.detections.operations.manifest import Manifest, number_of, read_manifest
from bluetick.detections.operations.restore import Target, restore
from bluetick.detections.operations.store import Store
from bluetick.diagnostics.errors import SourceError

_folder = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
_form = click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)


@click.command()
@_folder
@click.option("--ledger", type=click.Path(path_type=Path, dir_okay=False), help="The service's ledger.")
@click.option("--lake", type=click.Path(path_type=Path, file_okay=False), help="The folder of tables.")
@click.option(
    "--also", multiple=True, type=click.Path(path_type=Path), help="Rules, watchlists, profiles. May be repeated."
)
@click.option("--keep", type=click.IntRange(1), default=7, show_default=True, help="So many of the newest stay.")
@click.option("--list", "lists", is_flag=True, help="Only list the backups.")
@click.option("--verify", is_flag=True, help="Only read all backups, and compare every byte's checksum.")
@_form
def backup(
    *,
    folder: Path,
    ledger: Path | None,
    lake: Path | None,
    also: Sequence[Path],
    keep: int,
    lists: bool,
    verify: bool,
    form: str,
) -> int:
    """Back up a ledger and its lake into DIR, beside earlier backups.

    A service and an ingest may go on. What an earlier backup has is not stored again. See docs/operations.md.
    """
    store = Store(folder)
    if lists or verify:
        return _verified(store, form, verify=verify)
    if ledger is None or lake is None:
        raise click.UsageError("a backup needs --ledger and --lake")
    place = Place(ledger, lake, tuple(also))
    with _progress("copying") as move:
        done = back_up(place, store, _now, keep=keep, program=version("bluetick"), progress=move)
    if form == "json":
        click.echo(compact(_taken_json(done)))
    else:
        click.echo(
            f"backup {done.manifest.label}: {len(done.manifest.files):,} files, {done.manifest.size / 1e6:,.1f} MB, of"
            f" which {done.new_files:,} files, {done.new_bytes / 1e6:,.1f} MB were new"
        )
    return RAN


@click.command("restore")
@_folder
@click.option("--ledger", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Where to put it.")
@click.option("--lake", type=click.Path(path_type=Path, file_okay=False), required=True, help="Where to put it.")
@click.option("--also", type=click.Path(path_type=Path, file_okay=False), help="Where to put what was beside them.")
@click.option("--number", type=click.IntRange(1), help="Which backup, as --list numbers them. Default: the newest.")
@click.option("--force", is_flag=True, help="Move what is there aside.")
def restore_command(
    *, folder: Path, ledger: Path, lake: Path, also: Path | None, number: int | None, force: bool
) -> int:
    """Put a backup back, after checking all of it."""
    store = Store(folder)
    manifest = read_manifest(_chosen(store.paths(), number))
    with _progress("checking") as move:
        aside = restore(store, manifest, Target(ledger, lake, also), _now(), replaces=force, progress=move)
    for path in aside:
        say(f"what was there lies in {path}")
    click.echo(f"backup {manifest.label} is restored: ledger {ledger}, lake {lake}")
    return RAN


def _now() -> datetime:
    return datetime.now(UTC)


def _chosen(paths: list[Path], number: int | None) -> Path:
    if number is None:
        return paths[-1]
    found = next((path for path in paths if number_of(path) == number), None)
    if found is None:
        raise SourceError(f"there is no backup {number}; there are {', '.join(str(number_of(path)) for path in paths)}")
    return found


def _verified(store: Store, form: str, *, verify: bool) -> int:
    """Lists the backups, the oldest first, and says what is damaged."""
    manifests: list[Manifest] = []
    damaged = 0
    for path in store.paths():
        try:
            manifests.append(one := read_manifest(path))
        except SourceError as error:
            damaged += 1
            say(f"error: {error}")
        else:
            text = f"{one.label}: {len(one.files):,} files, {one.size / 1e6:,.1f} MB"
            click.echo(compact(_manifest_json(one)) if form == "json" else text)
    if verify:
        with _progress("checking") as move:
            wrong = store.damaged(manifests, move)
        for name, why in wrong:
            say(f"damaged: '{name}': {why}")
        damaged += len(wrong)
    return FAILED if damaged else RAN


def _manifest_json(one: Manifest) -> dict[str, object]:
    return {
        "number": one.number,
        "made": one.made,
        "program": one.program,
        "ledger_form": one.form,
        "tables": one.versions,
        "files": len(one.files),
        "bytes": one.size,
    }


def _taken_json(done: Taken) -> dict[str, object]:
    return {
        **_manifest_json(done.manifest),
        "new_files": done.new_files,
        "new_bytes": done.new_bytes,
        "removed_backups": done.pruned,
    }


@contextmanager
def _progress(name: str) -> Iterator[Callable[[int, int], None]]:
    """A bar of files on standard error, on a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("files"))
    with Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
