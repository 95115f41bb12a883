"""`bluetick quarantine`: records that could not become rows: what they are, why, and another try."""

import sys
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import click

from bluetick.cli.failures import say
from bluetick.cli.grid import print_rows, visible
from bluetick.cli.page import new_console
from bluetick.cli.writing import compact
from bluetick.enrichment.opening import open_enricher
from bluetick.ingest.formats import read_format
from bluetick.ingest.kept import Amount, Choice, Group, Kept, chosen, groups
from bluetick.ingest.quarantine import retry
from bluetick.ingest.running import Options

_FILE = click.Path(path_type=Path)
_HEADS = (("Received (UTC)", ""), ("File", ""), ("Format", ""), ("Reason", ""), ("Records", "long"), ("Bytes", "long"))
_SHOWN = 20
_SHOWN_BYTES = 2_000  # of a record, to people
_FATES = ("input", "stored", "quarantined", "duplicates")

_lake_option = click.option("--lake", required=True, type=_FILE, help="The folder of tables.")
_format_option = click.option(
    "--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True
)


def _choice_options(command: Callable[..., None]) -> Callable[..., None]:
    """Which records are meant."""
    options = (
        click.option("--reason", default="", metavar="TEXT", help="Only records whose reason has this text in it."),
        click.option("--file", default="", metavar="TEXT", help="Only records of files whose name has it in it."),
        click.option("--source", default="", metavar="NAME", help="Only records that were read as this format."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def quarantine() -> None:
    """Look into what was kept aside, and try it again."""


@quarantine.command("list")
@_lake_option
@_choice_options
@_format_option
def list_command(*, lake: Path, reason: str, file: str, source: str, form: str) -> None:
    """List how many records are kept, of which files, and why."""
    found = groups(lake, Choice(reason, file, source))
    if form == "json":
        for group, amount in found.items():
            told = {"batch": group.batch, "received": group.received, "file": group.file, "format": group.form}
            click.echo(compact({**told, "reason": group.reason, "records": amount.records, "bytes": amount.bytes}))
        return
    if found:
        print_rows(new_console(), _HEADS, [_cells(group, amount) for group, amount in found.items()])
    records = sum(amount.records for amount in found.values())
    size = sum(amount.bytes for amount in found.values())
    click.echo(f"{records:,} {'record' if records == 1 else 'records'}, {size:,} bytes")


def _cells(group: Group, amount: Amount) -> tuple[Any, ...]:
    received = group.received[:19].replace("T", " ")
    return received, group.file, group.form, group.reason, amount.records, amount.bytes


@quarantine.command("show")
@_lake_option
@_choice_options
@click.option("--limit", type=click.IntRange(1), metavar="N", help=f"How many; {_SHOWN} without --raw.")
@click.option("--raw", is_flag=True, help="Write the very bytes, a line feed behind each record, and nothing else.")
def show_command(*, lake: Path, reason: str, file: str, source: str, limit: int | None, raw: bool) -> None:
    """Show records, with what cannot be printed as escapes."""
    found = chosen(lake, Choice(reason, file, source))
    if raw:
        for kept in islice(found, limit):
            sys.stdout.buffer.write(kept.raw + b"\n")
        return
    most = limit or _SHOWN
    for kept in islice(found, most):
        click.echo(f"{visible(kept.file)}, record {kept.record:,} ({visible(kept.form)}): {visible(kept.reason)}")
        click.echo(f"    {_printable(kept)}")
    if next(found, None) is not None:
        say(f"note: more than {most} records are kept (--limit)")


def _printable(kept: Kept) -> str:
    text = visible(kept.raw[:_SHOWN_BYTES].decode("utf-8", "backslashreplace"))
    more = len(kept.raw) - _SHOWN_BYTES
    return text if more <= 0 else f"{text}… ({more:,} bytes more: --raw)"


@quarantine.command("retry")
@_lake_option
@_choice_options
@click.option("--map", "mapping", type=_FILE, metavar="FILE", help="Read them by this mapping, whatever they were.")
@click.option(
    "--countries", type=_FILE, metavar="FILE", help="Countries of addresses: a .mmdb database, or ranges as CSV."
)
@click.option("--asn", type=_FILE, metavar="FILE", help="Autonomous systems of addresses: a .mmdb database.")
@click.option("--indicators", multiple=True, type=_FILE, metavar="FILE", help="Threat indicators, CSV or STIX 2.1.")
@_format_option
def retry_command(
    *,
    lake: Path,
    mapping: Path | None,
    countries: Path | None,
    asn: Path | None,
    indicators: Sequence[Path],
    form: str,
    **choice: str,
) -> None:
    """Run records through today's formats again.

    What now becomes rows leaves the quarantine in the commit that stores it; what fails again stays, with its new
    reason. Without a filter all are tried.
    """
    enricher = open_enricher(countries, asn, indicators)
    formats = (read_format(mapping),) if mapping is not None else ()
    options = Options(formats=formats, is_mapped=mapping is not None, enrichment=enricher, threads=1)
    tally = retry(lake, Choice(choice["reason"], choice["file"], choice["source"]), options)
    counts = (tally.input, tally.stored, tally.quarantined, tally.duplicates)
    if form == "json":
        click.echo(compact(dict(zip(_FATES, counts, strict=True))))
        return
    words = ("records tried", "stored", "still quarantined", "duplicates")
    for count, word in zip(counts, words, strict=True):
        click.echo(f"{count:>12,} {word}")
    for why, count in tally.reasons.most_common():
        click.echo(f"{count:>16,} {visible(why)}")
    for note, count in tally.notes.most_common():
        click.echo(f"  note: {note}: {count:,}")
