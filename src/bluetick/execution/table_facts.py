"""What is known of a table before a row of it is read: from its lake's log, else from the footers of its files."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from bluetick.engines.parquet_footers import Told, read_footer
from bluetick.engines.protocol import FileSource
from bluetick.execution.catalog import TIME_COLUMNS, Table

if TYPE_CHECKING:
    from bluetick.lake.snapshot import Snapshot

_MOST_FOOTERS: Final = 2_000  # half a millisecond each, the first time


@dataclass(frozen=True, slots=True)
class TableFacts:
    """`first` and `last` are of the table's time, to the millisecond where a log tells them. None: not known."""

    rows: int | None = None
    bytes: int | None = None
    first: datetime | None = None
    last: datetime | None = None
    version: int | None = None


def facts_of(table: Table) -> TableFacts:
    """What is known. Of a mapping's view it is what is known of the files below it, so no rows and no times."""
    if table.view is not None:
        return TableFacts(bytes=_bytes(table.files) if table.files else None)
    if isinstance(table.data, pa.Table):
        return TableFacts(table.data.num_rows, table.data.nbytes)
    if table.snapshot is not None:
        return _of_snapshot(table, table.snapshot)
    return _of_files(table.data) if isinstance(table.data, FileSource) else TableFacts()


def facts_from_log(table: Table) -> TableFacts | None:
    """None where the table is none of a lake's, or its writer did not say enough."""
    if table.view is not None or table.snapshot is None:
        return None
    facts = _of_snapshot(table, table.snapshot)
    lacks_span = facts.last is None and facts.rows != 0 and _time(table.column_names) is not None
    return None if facts.rows is None or lacks_span else facts


def _of_snapshot(table: Table, snapshot: "Snapshot") -> TableFacts:
    time = _time(table.column_names)
    first, last = (None if time is None else snapshot.span(time)) or (None, None)
    return TableFacts(snapshot.rows, snapshot.bytes, first, last, snapshot.version)


def _of_files(source: FileSource) -> TableFacts:
    size = _bytes(source.files)
    if source.format != "parquet" or size is None or not 0 < len(source.files) <= _MOST_FOOTERS:
        return TableFacts(bytes=size)
    try:
        told = [_footer(file, *_state(file)) for file in source.files]
    except (pa.ArrowException, OSError):  # a query of the table tells what is wrong with the file
        return TableFacts(bytes=size)
    names = frozenset(name for one in told for name in one.times)
    time = _time(names)
    ends = [one.times.get(time) for one in told if one.rows] if time is not None else []
    known = [pair for pair in ends if pair is not None]
    is_known = bool(known) and len(known) == len(ends)
    first = min(low for low, _ in known) if is_known else None
    last = max(high for _, high in known) if is_known else None
    return TableFacts(sum(one.rows for one in told), size, first, last)


def _time(names: frozenset[str]) -> str | None:
    return next((name for name in TIME_COLUMNS if name in names), None)


def _bytes(files: Sequence[str]) -> int | None:
    try:
        return sum(os.path.getsize(file) for file in files)
    except OSError:
        return None


def _state(file: str) -> tuple[int, int]:
    found = os.stat(file)
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=10_000)
def _footer(file: str, changed: int, size: int) -> Told:
    """`changed` and `size` tell a file from one that was put in its place."""
    return read_footer(file)
