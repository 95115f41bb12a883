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
from bluetick.cli.writing import compact
from bluetick.diagnostics.errors import SourceError
from bluetick.enrichment.geo import load_range_countries
from bluetick.lake.folder import DeltaFolder
from bluetick.lake.intake import Batch, TableRows, locked, receipt, store
from bluetick.lake.layout import QUARANTINE, is_delta
from bluetick.schema.packs import known_table
from bluetick.sources.detection import detect_source
from bluetick.sources.lines import read_json_lines
from bluetick.sources.model import Quarantined, ReadReport
from bluetick.sources.windows import read_sysmon

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
    lines count as duplicates. What was interrupted is finished by the next ingest.
    """
    inputs = _inputs(paths)
    for item in inputs:
        _refuse_unknown(item)
    tally = Tally()
    rows: dict[str, int] = {}
    with locked(lake):
        new = []
        for item in inputs:
            lines = _known_lines(lake, item)
            if lines is None:
                new.append(item)
            else:
                tally.add_known(lines)
        if new:
            rows = _store(lake, new, countries, tally)
    if countries is None and "VMConnection" in rows and form != "json":
        say("note: no --countries FILE was given, so RemoteCountry is empty")
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


def _refuse_unknown(item: Input) -> None:
    if detect_source(item.path) is None:
        raise SourceError(
            f"'{item.path}' is of no known log format; Sysmon events as JSON lines are read", str(item.path)
        )


def _store(lake: Path, new: list[Input], countries: Path | None, tally: Tally) -> dict[str, int]:
    """Reads the files together, as one may explain another, and stores their rows, their quarantine and their receipts
    together."""
    geo = load_range_countries(countries) if countries is not None else None
    result = read_sysmon([item.path for item in new], geo=geo, known_processes=_known_processes(lake))
    name = hashlib.sha256("".join(sorted(item.digest for item in new)).encode()).hexdigest()[:32]
    tally.add(result.report)
    tables = tuple(_table_rows(table, data) for table, data in result.tables.items() if data.num_rows)
    quarantine = "".join(map(_quarantine_line, result.report.quarantined))
    return store(lake, Batch(name, "sysmon", tables, dict(map(_receipt, new)), quarantine))


def _table_rows(name: str, data: pa.Table) -> TableRows:
    schema = known_table(name)
    if schema is None or schema.time_column is None:
        raise AssertionError(f"a reader gave rows of '{name}', of which no pack knows the time column")
    data = _without_case_twins(data)
    types = dict(schema.columns)
    columns = tuple((column, types[column]) for column in data.column_names)
    return TableRows(name, data, columns, schema.time_column)


def _without_case_twins(data: pa.Table) -> pa.Table:
    """The table without empty columns that differ from another in case only: engines fold the case of file columns,
    and what a file lacks is read as empty anyway."""
    names = data.column_names
    folded = [name.casefold() for name in names]
    twins = [i for i, name in enumerate(folded) if folded.count(name) > 1 and data.column(i).null_count == len(data)]
    return data.select([i for i in range(len(names)) if i not in twins])


def _quarantine_line(item: Quarantined) -> str:
    raw = base64.b64encode(item.raw).decode("ascii")
    return compact({"file": str(item.path), "line": item.line_number, "reason": item.reason, "raw": raw}) + "\n"


def _receipt(item: Input) -> tuple[str, str]:
    lines = sum(1 for _ in read_json_lines(item.path))
    return item.digest, compact({"file": str(item.path), "lines": lines}) + "\n"


def _known_lines(lake: Path, item: Input) -> int | None:
    """The lines of a file that was ingested before; None of a new one."""
    found = receipt(lake, item.digest)
    try:
        return None if found is None else int(json.loads(found)["lines"])
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(
            f"the receipt of '{item.path}' in '{lake}' is damaged; remove '{item.digest}' there to ingest it anew"
        ) from error


def _known_processes(lake: Path) -> pa.Table | None:
    """Process starts that earlier files told of: a process may talk long after them."""
    folder = lake / _PROCESSES
    files = DeltaFolder(folder).snapshot().files if is_delta(folder) else sorted(map(str, folder.glob("*.parquet")))
    tables = [pq.ParquetFile(file).read() for file in files]
    return pa.concat_tables(tables, promote_options="default") if tables else None


def _print(lake: Path, tally: Tally, rows: dict[str, int]) -> None:
    click.echo(f"{tally.input:>12,} lines read")
    click.echo(f"{tally.stored:>12,} stored")
    click.echo(f"{tally.duplicates:>12,} duplicates")
    click.echo(f"{tally.other:>12,} other events, of which no table tells")
    where = f", kept in {os.path.join(lake, QUARANTINE)}" if tally.quarantined else ""
    click.echo(f"{tally.quarantined:>12,} quarantined{where}")
    for table, count in rows.items():
        click.echo(f"  {table:<22}{count:>10,} rows")
