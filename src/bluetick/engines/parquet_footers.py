"""What the footers of Parquet files tell before a row is read: whether the files are of one schema, which columns hold
no null, and between which instants the values of a datetime column lie.

A string of KQL is never null: a column that may hold nulls is read through `coalesce`, which hides it from the filters
that DuckDB pushes from a join's few keys into the scan (measured: a semi-join over 30 days took 2 to 5 times as long).
"""

import os
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pyarrow as pa

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_Identity: TypeAlias = tuple[str, int, int, int, int]

_MOST_AT_ONCE: Final = 256  # footers that one scan may read for this: half a millisecond each
_MOST_KEPT: Final = 50_000
_TOLD: Final = ("BYTE_ARRAY", "INT64")  # texts and times: of other columns nobody asks
_FULL: Final = re.compile(r"(?<=^  )required", re.MULTILINE)
_PLAIN_NUMBER: Final = re.compile(r"(\bint(32|64) [^;]*) \(Int\(bitWidth=\2, isSigned=true\)\)")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROS: Final = {"milliseconds": (1000, 1), "microseconds": (1, 1), "nanoseconds": (1, 1000)}


class FileSchema:
    """What files of the same schema share; `types` are the names and types of the columns, as the engine has them, once
    it was asked."""

    __slots__ = ("types",)

    def __init__(self) -> None:
        self.types: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Footer:
    """Of one file: its schema, its columns of text and of times that have a value in every row, and of the datetime
    columns among these the first and the last instant."""

    schema: FileSchema
    full: frozenset[str]
    times: Mapping[str, tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True)
class Told:
    """What a footer says: the columns in words, the number of rows, and what `Footer` has of the columns."""

    schema: str
    rows: int
    full: frozenset[str]
    times: Mapping[str, tuple[datetime, datetime]]


class Footers:
    """Remembers what footers told, by the identity of each file. Safe to use from several threads."""

    def __init__(self) -> None:
        self._known: dict[_Identity, Footer | None] = {}
        self._schemas: dict[str, FileSchema] = {}
        self._sets: dict[frozenset[str], frozenset[str]] = {}  # files of one table share theirs
        self._lock = threading.Lock()

    def of(self, files: Sequence[str]) -> tuple[Footer, ...] | None:
        """What is known of each file; None where one of them cannot be read, or is not known yet and too many are to be
        asked at once. (A file that cannot be read is left to the scan, which tells what is wrong with it.)"""
        try:
            identities = [_identity(file) for file in files]
        except OSError:
            return None
        for one in [one for one in identities if one not in self._known][:_MOST_AT_ONCE]:
            self._ask(one)
        with self._lock:
            found = [self._known.get(one) for one in identities]
        known = tuple(footer for footer in found if footer is not None)
        return known if len(known) == len(found) else None

    def _ask(self, one: _Identity) -> None:
        try:
            told = read_footer(one[0])
        except (pa.ArrowException, OSError):
            footer = None
        else:
            footer = self._footer(told)
        with self._lock:
            self._known[one] = footer
            while len(self._known) > _MOST_KEPT:
                del self._known[next(iter(self._known))]

    def _footer(self, told: Told) -> Footer:
        with self._lock:
            schema = self._schemas.setdefault(told.schema, FileSchema())
            return Footer(schema, self._sets.setdefault(told.full, told.full), told.times)


@lru_cache(maxsize=1)
def footers_of(_process: int) -> Footers:
    """Those that all engines of a process remember; one that was forked has locks of its own."""
    return Footers()


def read_footer(file: str) -> Told:
    """ArrowException or OSError where it cannot be read."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - only a scan of such files needs it

    metadata = pq.read_metadata(file)
    full, times = _facts(metadata)
    return Told(_columns(metadata.schema), metadata.num_rows, full, times)


def _columns(schema: "pq.ParquetSchema") -> str:
    """Names and types, in order. Behind two lines the text of a schema has all that makes it up, but for what Arrow put
    beside it. Writers differ in how they call the root, in whether they say of a column that it has no null, and in
    whether they say of a plain number that it is one: files of several still are of one table."""
    columns = repr(schema).split("\n", 2)[2]
    return _PLAIN_NUMBER.sub(r"\1", _FULL.sub("optional", columns))


def _facts(metadata: "pq.FileMetaData") -> tuple[frozenset[str], dict[str, tuple[datetime, datetime]]]:
    """Columns by themselves alone: a leaf of a nested one has its path for a name, which may be a column's own."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    names = [metadata.schema.column(place).path for place in range(metadata.num_columns)]
    full: set[str] = set()
    times: dict[str, tuple[datetime, datetime]] = {}
    for place, name in enumerate(names):
        column = metadata.schema.column(place)
        is_plain = column.name == name and not column.max_repetition_level and names.count(name) == 1
        if not is_plain or column.physical_type not in _TOLD:
            continue
        statistics: list[Any] = [group.column(place).statistics for group in groups]
        if all(one is not None and one.has_null_count and one.null_count == 0 for one in statistics):
            full.add(name)
            if column.physical_type == "INT64" and (ends := _ends(column, statistics)) is not None:
                times[name] = ends
    return frozenset(full), times


def _ends(column: Any, statistics: Sequence[Any]) -> tuple[datetime, datetime] | None:
    """The first and the last instant of a datetime column. Of what is finer than a microsecond the ends are moved
    apart, as an engine may cut or round it."""
    unit = str(column.logical_type.to_json())
    found = next((by for name, by in _MICROS.items() if '"Timestamp"' in unit and name in unit), None)
    if found is None or not statistics or not all(one.has_min_max for one in statistics):
        return None
    times, parts = found
    low = min(one.min_raw for one in statistics) * times // parts
    high = max(one.max_raw for one in statistics) * times // parts
    margin = timedelta(microseconds=int(parts > 1))
    try:
        return _EPOCH + timedelta(microseconds=low) - margin, _EPOCH + timedelta(microseconds=high) + margin
    except OverflowError:
        return None


def _identity(file: str) -> _Identity:
    found = os.stat(file)
    return file, found.st_mtime_ns, found.st_size, found.st_ctime_ns, found.st_ino
