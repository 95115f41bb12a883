"""`bluetick ingest`: log files into a lake's tables; what cannot become a row is kept aside."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import click
import pyarrow as pa
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from bluetick.cli.explanation import explain
from bluetick.cli.failures import say
from bluetick.cli.following import follow as follow_paths
from bluetick.cli.fusion import StoredTimes, tell
from bluetick.cli.options import DurationType
from bluetick.cli.writing import compact
from bluetick.enrichment.opening import open_enricher
from bluetick.ingest.batches import Tally
from bluetick.ingest.following import Rhythm
from bluetick.ingest.formats import Format, read_format
from bluetick.ingest.indicators import store_indicators
from bluetick.ingest.pipeline import Advance
from bluetick.ingest.plain_rows import packs_of
from bluetick.ingest.running import Options, Report, files_of, ingest_paths
from bluetick.lake.layout import QUARANTINE

_FATES = ("input", "stored", "quarantined", "duplicates")
_SHOWN = 5
_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=_FILE)
@click.option("--lake", type=_FILE, help="The folder of tables; made if missing.")
@click.option(
    "--map", "mapping", type=_FILE, metavar="FILE", help="Read every file by this mapping, whatever it looks like."
)
@click.option("--table", metavar="NAME", help="Every record is a row of this known table, column for column.")
@click.option(
    "--countries", type=_FILE, metavar="FILE", help="Countries of addresses: a .mmdb database, or ranges as CSV."
)
@click.option("--asn", type=_FILE, metavar="FILE", help="Autonomous systems of addresses: a .mmdb database.")
@click.option("--indicators", multiple=True, type=_FILE, metavar="FILE", help="Threat indicators, CSV or STIX 2.1.")
@click.option("--explain", "explains", is_flag=True, help="Only tell what each file is, and what would become of it.")
@click.option("--write", type=_FILE, metavar="FILE", help="Where --explain puts the mapping that it proposes.")
@click.option("--fuse", is_flag=True, help="At the end, `lake fuse` over the times that were stored.")
@click.option("--follow", is_flag=True, help="Stay, and take in what is added to the files and folders.")
@click.option("--interval", type=DurationType(), default="1s", show_default=True, help="How often --follow looks.")
@click.option("--commit-every", type=DurationType(), default="5s", show_default=True, help="How often --follow stores.")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
def ingest(  # noqa: PLR0913 - one for each option
    *,
    paths: Sequence[Path],
    lake: Path | None,
    mapping: Path | None,
    table: str | None,
    countries: Path | None,
    asn: Path | None,
    indicators: Sequence[Path],
    explains: bool,
    write: Path | None,
    fuse: bool,
    follow: bool,
    interval: timedelta,
    commit_every: timedelta,
    form: str,
) -> None:
    """Read log files into a lake's tables.

    The format is found in the content: plain, gzip, zstd or zip. Records that were ingested before, under whatever
    name, count as duplicates; what was interrupted is finished by the next ingest. What cannot become a row is kept
    with its bytes and the reason: see `bluetick quarantine`.
    """
    pa.set_memory_pool(pa.system_memory_pool())  # gives back what is free; the default one keeps a fifth more
    enricher = open_enricher(countries, asn, indicators)
    formats = _formats(mapping, table)
    options = Options(formats=formats, is_mapped=bool(formats), table=table or "", enrichment=enricher, threads=1)
    if explains:
        explain(paths, options, form, write)
        return
    if lake is None:
        raise click.UsageError("Missing option '--lake'.")
    times = StoredTimes()
    if fuse:
        options = replace(options, derive=times.watching(options.derive))
    rhythm = Rhythm(interval.total_seconds(), commit_every.total_seconds()) if follow else None
    report = _ingested(paths, lake, options, rhythm)
    fused = list(times.fuse(lake))
    for name, count in store_indicators(lake, indicators, options.now()).items():
        say(f"note: {count:,} rows of indicators in {name}")
    for note in enricher.notes:
        say(f"note: {note}")
    for name in report.left_out:
        say(f"note: '{name}' is of no known log format, and was left out (--explain, --map)")
    if form == "json":
        tally = report.tally
        counts = (tally.input, tally.stored, tally.quarantined, tally.duplicates)
        click.echo(compact(dict(zip(_FATES, counts, strict=True))))
        return
    _print(lake, report)
    for found in fused:
        tell(found, form)
    if "VMConnection" in report.tally.rows and "country" not in enricher.provenance:
        say("note: RemoteCountry is empty: give --countries FILE, or install bluetick[countries]")


def _ingested(paths: Sequence[Path], lake: Path, options: Options, rhythm: Rhythm | None) -> Report:
    """Once, or with a rhythm until a signal ends it."""
    if rhythm is not None:
        return Report(follow_paths(paths, lake, options, rhythm), ())
    with _progress(paths, lake) as advance:
        return ingest_paths(paths, lake, replace(options, advance=advance))


def _formats(mapping: Path | None, table: str | None) -> tuple[Format, ...]:
    """The user's mapping; usage errors of it and of a table."""
    if mapping is not None and table is not None:
        raise click.UsageError("--map and --table are two ways to say what the records are: give one")
    if table is not None and not packs_of(table):
        raise click.BadParameter(f"no known table is called '{table}'", param_hint="--table")
    return () if mapping is None else (read_format(mapping),)


@contextmanager
def _progress(paths: Sequence[Path], lake: Path) -> Iterator[Advance]:
    """A bar over the bytes of the files, on a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda *_: None
        return
    total = sum(file.stat().st_size for file in files_of(paths, lake) if file.exists())
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[records]:,} records, {task.fields[rate]:,.0f}/s"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("reading", total=total, records=0, rate=0.0)
        seen: dict[str, tuple[int, int]] = {}

        def advance(name: str, records: int, position: int) -> None:
            seen[name] = (records, position)
            count = sum(one for one, _ in seen.values())
            elapsed = bar.tasks[0].elapsed or 0.0
            rate = count / elapsed if elapsed else 0.0
            done = min(sum(at for _, at in seen.values()), total)
            bar.update(task, completed=done, records=count, rate=rate, description=os.path.basename(name))

        yield advance


def _print(lake: Path, report: Report) -> None:
    tally: Tally = report.tally
    where = f", kept in {os.path.join(lake, QUARANTINE)}" if tally.quarantined else ""
    click.echo(f"{tally.input:>12,} records read, {tally.bytes['input']:,} bytes")
    click.echo(f"{tally.stored:>12,} stored")
    click.echo(f"{tally.duplicates:>12,} duplicates")
    click.echo(f"{tally.quarantined:>12,} quarantined{where}")
    for reason, count in tally.reasons.most_common(_SHOWN):
        click.echo(f"{count:>16,} {reason}")
    for table, count in sorted(tally.rows.items()):
        if not table.startswith("_"):
            click.echo(f"  {table:<22}{count:>10,} rows")
    for note, count in tally.notes.most_common():
        click.echo(f"  note: {note}: {count:,}")
