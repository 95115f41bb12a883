"""What the footers of Parquet files tell before a row is read: whether the files are of one schema, which columns hold
no null, and between which instants the values of a datetime column lie.

A string of KQL is never null: a column that may hold nulls is read through `coalesce`, which hides it from the filters
that DuckDB pushes from a join's few keys into the scan (measured: a semi-join over 30 days took 2 to 5 times as long).
"""

import os
import re
import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pyarrow as pa

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_Identity: TypeAlias = tuple[str, int, int, int, int]
_Ends: TypeAlias = tuple[datetime, datetime]
_Told: TypeAlias = tuple[bool, _Ends | None]

_MOST_AT_ONCE: Final = 256  # footers that one scan may read for this: half a millisecond each
_MOST_KEPT: Final = 50_000
_MOST_OPEN: Final = 20_000  # columns in row groups, a kilobyte each, of footers that have more to tell
_TOLD: Final = ("BYTE_ARRAY", "INT64")  # texts and times: of other columns nobody asks
_FULL: Final = re.compile(r"(?<=^  )required", re.MULTILINE)
_PLAIN_NUMBER: Final = re.compile(r"(\bint(32|64) [^;]*) \(Int\(bitWidth=\2, isSigned=true\)\)")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROS: Final = {"milliseconds": (1000, 1), "microseconds": (1, 1), "nanoseconds": (1, 1000)}


@dataclass(frozen=True, slots=True)
class _Place:
    """Of a column by itself: where it stands, and of a datetime one how its numbers become microseconds."""

    number: int
    unit: tuple[int, int] | None


class FileSchema:
    """What files of the same schema share: `text` is that in words; `types` are the names and types of the columns, as
    the engine has them, once it was asked."""

    __slots__ = ("places", "text", "types")

    def __init__(self, text: str = "", places: Mapping[str, _Place] | None = None) -> None:
        self.text = text
        self.places = places or {}
        self.types: tuple[tuple[str, str], ...] | None = None


class Footer:
    """Of one file: its schema and the number of its rows, and of a column of text or of times whether it has a value in
    every row, then of a datetime column the first and the last instant. This is worked out for the columns that are
    asked for; `settle` does it for all, and lets go of the rest of the footer."""

    __slots__ = ("_found", "_full", "_metadata", "_times", "rows", "schema")

    def __init__(self, schema: FileSchema, metadata: "pq.FileMetaData") -> None:
        self.schema = schema
        self.rows = metadata.num_rows
        self._metadata: pq.FileMetaData | None = metadata
        self._found: dict[str, _Told] = {}
        self._full: frozenset[str] = frozenset()
        self._times: dict[str, _Ends] = {}

    def is_full(self, column: str) -> bool:
        metadata = self._metadata
        return column in self._full if metadata is None else self._of(metadata, column)[0]

    def ends(self, column: str) -> _Ends | None:
        metadata = self._metadata
        return self._times.get(column) if metadata is None else self._of(metadata, column)[1]

    def settle(self, shared: dict[frozenset[str], frozenset[str]]) -> None:
        """`shared` are the sets of columns of other files: those of one table have the same."""
        metadata = self._metadata
        if metadata is None:
            return
        full, self._times = _facts(metadata, self.schema.places)
        self._full = shared.setdefault(full, full)
        self._metadata = None  # the last: another thread may ask meanwhile
        self._found = {}

    def _of(self, metadata: "pq.FileMetaData", column: str) -> _Told:
        found = self._found.get(column)
        if found is None:
            place = self.schema.places.get(column)
            found = self._found[column] = (False, None) if place is None else _told(metadata, place)
        return found


@dataclass(frozen=True, slots=True)
class Told:
    """What a footer says: the number of rows, and all that `Footer` has of the columns."""

    rows: int
    full: frozenset[str]
    times: Mapping[str, tuple[datetime, datetime]]


class Footers:
    """Remembers what footers told, by the identity of each file. Safe to use from several threads."""

    def __init__(self) -> None:
        self._known: dict[_Identity, Footer | None] = {}
        self._schemas: dict[str, FileSchema] = {}
        self._spelled: dict[str, FileSchema] = {}  # by the words of each writer
        self._sets: dict[frozenset[str], frozenset[str]] = {}
        self._open: deque[tuple[Footer, int]] = deque()  # with the number of its columns in row groups
        self._parts = 0
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
            metadata = _metadata(one[0])
            spelled = _spelled(metadata.schema)
        except OSError:  # the next time it may be read
            return
        except pa.ArrowException:
            with self._lock:
                self._keep(one, None)
            return
        with self._lock:
            footer = Footer(self._spelled.get(spelled) or self._schema(spelled, metadata), metadata)
            self._keep(one, footer)
            parts = metadata.num_columns * metadata.num_row_groups
            self._open.append((footer, parts))
            self._parts += parts
            while self._parts > _MOST_OPEN:
                footer, parts = self._open.popleft()
                footer.settle(self._sets)
                self._parts -= parts

    def _schema(self, spelled: str, metadata: "pq.FileMetaData") -> FileSchema:
        text = _plain(spelled)
        schema = self._schemas.get(text)
        if schema is None:
            schema = self._schemas[text] = FileSchema(text, _places(metadata.schema))
        self._spelled[spelled] = schema
        return schema

    def _keep(self, one: _Identity, footer: Footer | None) -> None:
        self._known[one] = footer
        while len(self._known) > _MOST_KEPT:
            del self._known[next(iter(self._known))]


@lru_cache(maxsize=1)
def footers_of(_process: int) -> Footers:
    """Those that all engines of a process remember; one that was forked has locks of its own."""
    return Footers()


def read_footer(file: str) -> Told:
    """ArrowException or OSError where it cannot be read."""
    metadata = _metadata(file)
    return Told(metadata.num_rows, *_facts(metadata, _places(metadata.schema)))


def _metadata(file: str) -> "pq.FileMetaData":
    import pyarrow.parquet as pq  # noqa: PLC0415 - only a scan of such files needs it

    return pq.read_metadata(file)


def _spelled(schema: "pq.ParquetSchema") -> str:
    """Names and types, in order: behind two lines the text of a schema has all that makes it up, but for what Arrow put
    beside it."""
    return repr(schema).split("\n", 2)[2]


def _plain(spelled: str) -> str:
    """The same for any writer. They differ in how they call the root, in whether they say of a column that it has no
    null, and in whether they say of a plain number that it is one: files of several still are of one table."""
    return _PLAIN_NUMBER.sub(r"\1", _FULL.sub("optional", spelled))


def _places(schema: "pq.ParquetSchema") -> dict[str, _Place]:
    """Columns by themselves alone: a leaf of a nested one has its path for a name, which may be a column's own."""
    columns = [schema.column(number) for number in range(len(schema))]
    counts = Counter(column.path for column in columns)
    return {
        column.name: _Place(number, _unit(column))
        for number, column in enumerate(columns)
        if column.name == column.path and not column.max_repetition_level and counts[column.name] == 1
        if column.physical_type in _TOLD
    }


def _unit(column: "pq.ColumnSchema") -> tuple[int, int] | None:
    if column.physical_type != "INT64":
        return None
    unit = str(column.logical_type.to_json())
    return next((by for name, by in _MICROS.items() if '"Timestamp"' in unit and name in unit), None)


def _facts(metadata: "pq.FileMetaData", places: Mapping[str, _Place]) -> tuple[frozenset[str], dict[str, _Ends]]:
    told = {name: _told(metadata, place) for name, place in places.items()}
    full = frozenset(name for name, (is_full, _) in told.items() if is_full)
    return full, {name: ends for name, (_, ends) in told.items() if ends is not None}


def _told(metadata: "pq.FileMetaData", place: _Place) -> _Told:
    groups = range(metadata.num_row_groups)
    statistics: list[Any] = [metadata.row_group(number).column(place.number).statistics for number in groups]
    if not all(one is not None and one.has_null_count and one.null_count == 0 for one in statistics):
        return False, None
    return True, None if place.unit is None else _ends(place.unit, statistics)


def _ends(unit: tuple[int, int], statistics: Sequence[Any]) -> _Ends | None:
    """The first and the last instant of a datetime column. Of what is finer than a microsecond the ends are moved
    apart, as an engine may cut or round it."""
    if not statistics or not all(one.has_min_max for one in statistics):
        return None
    times, parts = unit
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
