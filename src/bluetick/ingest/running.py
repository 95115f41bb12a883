"""One call from paths to a lake: what the command, the tests and a watch of folders share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pyarrow as pa

from bluetick.diagnostics.errors import SourceError
from bluetick.engines.duckdb_records import RecordReader
from bluetick.ingest.batches import HELD, Batches, Derive, Enrichment, Tally
from bluetick.ingest.formats import Format
from bluetick.ingest.listing import files_below
from bluetick.ingest.pipeline import Advance, Ingest, Unknown
from bluetick.ingest.plain_rows import PlainRows
from bluetick.ingest.progress import KnownInputs
from bluetick.ingest.recognition import Recognition, declared
from bluetick.ingest.windows import WindowsRecogniser
from bluetick.lake.fill import fill_rows
from bluetick.lake.intake import TableRows, locked, receipt, receipt_names
from bluetick.lake.seen import seen_rows


def utc_now() -> datetime:
    return datetime.now(UTC)


class _Nothing:
    """An enrichment that knows nothing."""

    provenance: Mapping[str, str] = MappingProxyType({})

    def enrich(self, table: str, rows: pa.Table) -> pa.Table:
        return rows


_NOTHING: Final = _Nothing()


def derived(tables: Sequence[TableRows], source: str) -> Sequence[TableRows]:
    """What a commit tells of its own rows: first sights and how full each column is."""
    told = [table for table in tables if not table.name.startswith("_")]
    found = (seen_rows(told), fill_rows(told, source))
    return [rows for rows in found if rows is not None]


@dataclass(frozen=True, slots=True)
class Options:
    """How an ingest goes about its work. `formats` are the user's own, which come before those of this package, and
    alone where `is_mapped`; of a known `table` are all records, if it is given. `advance` hears of every block."""

    now: Callable[[], datetime] = utc_now
    formats: Sequence[Format] = ()
    is_mapped: bool = False
    table: str = ""
    enrichment: Enrichment = _NOTHING
    derive: Derive = derived
    advance: Advance = lambda *_: None
    threads: int | None = None


_DEFAULTS = Options()


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the inputs, and the files of folders that are of no known format."""

    tally: Tally
    left_out: tuple[str, ...]


def ingest_paths(paths: Sequence[Path], lake: Path, options: Options = _DEFAULTS) -> Report:
    """Stores what is new in the files and folders. A named file of no known format is a SourceError, before anything
    is stored; so is one that cannot be opened."""
    files = files_of(paths, lake)
    with locked(lake):
        known = KnownInputs(receipt_names(lake))
        reader = RecordReader(options.threads)
        try:
            batches = Batches(lake, known, options.now, options.enrichment, options.derive)
            run = Ingest(recognition(lake, options, reader), known, batches, options.advance)
            inputs, unknown = run.look(files)
            left_out = _left_out(unknown, paths)
            return Report(run.run(inputs), left_out)
        finally:
            reader.close()


def recognition(lake: Path | None, options: Options, reader: RecordReader) -> Recognition:
    """The formats that an ingest may find; `lake` is what it goes into."""
    held = held_back(lake) if lake is not None else {}
    if options.is_mapped:
        return Recognition(declared(reader, options.now, options.formats), held, only=True)
    if options.table:
        return Recognition([PlainRows(reader, options.now, options.table)], held, only=True)
    own = declared(reader, options.now, options.formats) if options.formats else []
    known = declared(reader, options.now)
    return Recognition([*own, WindowsRecogniser(lake, options.now), *known, PlainRows(reader, options.now)], held)


def held_back(lake: Path) -> dict[str, str]:
    """What normalisers held back at the end of the last commit, by format."""
    names = [name for name in receipt_names(lake) if name.startswith(HELD)]
    return {name.removeprefix(HELD): receipt(lake, name) or "" for name in names}


def files_of(paths: Sequence[Path], lake: Path | None) -> list[Path]:
    """The files of the paths; of a folder all that it holds and that is not hidden, but for the lake itself."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            if path.exists() and not path.is_file():
                raise SourceError(f"'{path}' is neither a file nor a folder", str(path))
            found.append(path)
            continue
        files = list(files_below(path, lake, _refuse))
        if not files:
            raise SourceError(f"the folder '{path}' holds no file", str(path))
        found += files
    return found


def _refuse(error: OSError) -> None:
    raise SourceError(f"'{error.filename}' cannot be read: {error.strerror}", str(error.filename)) from error


def _left_out(unknown: Sequence[Unknown], paths: Sequence[Path]) -> tuple[str, ...]:
    named = {str(path) for path in paths}
    others = [item for item in unknown if not item.is_empty]
    for item in others:
        if item.name.partition("!")[0] in named:
            hint = item.hint or "--explain FILE proposes a mapping, --map reads by one"
            raise SourceError(f"'{item.name}' is of no known log format: {hint}", item.name)
    return tuple(item.name for item in others)
