"""`bluetick ingest`: log files into a lake's tables; what cannot become a row is kept aside."""

import base64
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import pyarrow as pa
import pyarrow.parquet as pq

from bluetick.cli.failures import say
from bluetick.cli.writing import compact, whole_file
from bluetick.diagnostics.errors import SourceError
from bluetick.enrichment.geo import load_range_countries
from bluetick.sources.detection import detect_source
from bluetick.sources.lines import read_json_lines
from bluetick.sources.model import Quarantined, ReadReport
from bluetick.sources.sysmon import read_sysmon

# Names without a suffix: nothing in these folders is a table's data.
_RECEIPTS = "_ingested"
_QUARANTINE = "_quarantine"
_LOGS = (".ndjson", ".jsonl", ".json", ".ndjson.gz", ".jsonl.gz", ".json.gz")
_PROCESSES = "DeviceProcessEvents"


@dataclass(frozen=True, slots=True)
class Input:
    """A file, and the digest of its bytes: the same bytes are never stored twice."""

    path: Path
    digest: str


@dataclass(slots=True)
class Tally:
    """Lines by their fate. input = stored + quarantined + duplicates + other."""

    input: int = 0
    stored: int = 0
    quarantined: int = 0
    duplicates: int = 0
    other: int = 0

    def add(self, report: ReadReport) -> None:
        self.input += report.input_lines
        self.stored += report.stored
        self.quarantined += len(report.quarantined)
        self.duplicates += report.duplicates
        self.other += report.other_events

    def add_known(self, lines: int) -> None:
        """Lines of a file that was ingested before."""
        self.input += lines
        self.duplicates += lines


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@click.option("--lake", required=True, type=click.Path(path_type=Path), help="The folder of tables; made if missing.")
@click.option(
    "--countries",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Address ranges with countries (start, end, country), for RemoteCountry.",
)
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
def ingest(*, paths: Sequence[Path], lake: Path, countries: Path | None, form: str) -> None:
    """Read log files into a lake's tables.

    Read are Sysmon events as JSON lines, plain or gzipped. A file whose bytes were ingested before adds nothing: its
    lines count as duplicates.
    """
    inputs = _inputs(paths)
    tally = Tally()
    new = [item for item in inputs if not _receipt(lake, item).exists()]
    for item in inputs:
        if item not in new:
            tally.add_known(_known_lines(lake, item))
    rows: dict[str, int] = {}
    if new:
        rows = _store(lake, new, countries, tally, is_quiet=form == "json")
    if form == "json":
        fates = ("input", "stored", "quarantined", "duplicates")
        click.echo(
            compact(dict(zip(fates, (tally.input, tally.stored, tally.quarantined, tally.duplicates), strict=True)))
        )
        return
    _print(lake, tally, rows)


def _inputs(paths: Sequence[Path]) -> list[Input]:
    """The files of the paths, each content once."""
    found: dict[str, Input] = {}
    for file in (file for path in paths for file in _expand(path)):
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        found.setdefault(digest, Input(file, digest))
    return list(found.values())


def _expand(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(f for f in path.rglob("*") if f.is_file() and f.name.lower().endswith(_LOGS))
    if not files:
        raise SourceError(f"the folder '{path}' holds no log file ({', '.join(_LOGS)})", str(path))
    return files


def _store(lake: Path, new: list[Input], countries: Path | None, tally: Tally, *, is_quiet: bool) -> dict[str, int]:
    """Reads the files together, as one may explain another; then tables, quarantine, and last the receipts."""
    for item in new:
        if detect_source(item.path) is None:
            raise SourceError(
                f"'{item.path}' is of no known log format; Sysmon events as JSON lines are read", str(item.path)
            )
    geo = load_range_countries(countries) if countries is not None else None
    result = read_sysmon([item.path for item in new], geo=geo, known_processes=_known_processes(lake))
    name = hashlib.sha256("".join(sorted(item.digest for item in new)).encode()).hexdigest()[:32]
    rows: dict[str, int] = {}
    for table, data in result.tables.items():
        if data.num_rows:
            _write_table(lake / table / f"{name}.parquet", data)
            rows[table] = data.num_rows
    if result.report.quarantined:
        _write_text(lake / _QUARANTINE / name, "".join(_quarantine_line(q) for q in result.report.quarantined))
    tally.add(result.report)
    lines = {item.path: 0 for item in new}
    for item in new:
        lines[item.path] = sum(1 for _ in read_json_lines(item.path))
        _write_text(_receipt(lake, item), compact({"file": str(item.path), "lines": lines[item.path]}) + "\n")
    if geo is None and "VMConnection" in rows and not is_quiet:
        say("note: no --countries FILE was given, so RemoteCountry is empty")
    return rows


def _write_table(path: Path, data: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as part:
        pq.write_table(_without_case_twins(data), part, compression="zstd")


def _without_case_twins(data: pa.Table) -> pa.Table:
    """The table without empty columns that differ from another in case only: engines fold the case of file columns,
    and what a file lacks is read as empty anyway."""
    names = data.column_names
    folded = [name.casefold() for name in names]
    twins = [i for i, name in enumerate(folded) if folded.count(name) > 1 and data.column(i).null_count == len(data)]
    return data.select([i for i in range(len(names)) if i not in twins])


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8")


def _quarantine_line(item: Quarantined) -> str:
    raw = base64.b64encode(item.raw).decode("ascii")
    return compact({"file": str(item.path), "line": item.line_number, "reason": item.reason, "raw": raw}) + "\n"


def _receipt(lake: Path, item: Input) -> Path:
    return lake / _RECEIPTS / item.digest


def _known_lines(lake: Path, item: Input) -> int:
    try:
        return int(json.loads(_receipt(lake, item).read_text("utf-8"))["lines"])
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(
            f"the receipt '{_receipt(lake, item)}' is damaged; remove it to ingest its file anew"
        ) from error


def _known_processes(lake: Path) -> pa.Table | None:
    """Process starts that earlier files told of: a process may talk long after them."""
    files = sorted((lake / _PROCESSES).glob("*.parquet"))
    return pa.concat_tables([pq.read_table(file) for file in files]) if files else None


def _print(lake: Path, tally: Tally, rows: dict[str, int]) -> None:
    click.echo(f"{tally.input:>12,} lines read")
    click.echo(f"{tally.stored:>12,} stored")
    click.echo(f"{tally.duplicates:>12,} duplicates")
    click.echo(f"{tally.other:>12,} other events, of which no table tells")
    where = f", kept in {os.path.join(lake, _QUARANTINE)}" if tally.quarantined else ""
    click.echo(f"{tally.quarantined:>12,} quarantined{where}")
    for table, count in rows.items():
        click.echo(f"  {table:<22}{count:>10,} rows")
