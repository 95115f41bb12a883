"""What execution asks of an engine. An engine keeps nothing of a run after the run is closed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Literal, Protocol, Self, TypeAlias

import pyarrow as pa

from bluetick.sql.dialect import Dialect
from bluetick.types import Type

FileFormat: TypeAlias = Literal["parquet", "ndjson", "json", "csv"]


@dataclass(frozen=True, slots=True)
class FileSource:
    """Files of one format, listed once; a name is a path, never a pattern.

    `uniform`: the caller knows that all files have the same columns, so the engine need not open each to plan.
    `native`: this package wrote them, so columns have the engine's own types for those that are asked, no string is
    null, and a dynamic column holds JSON text for certain. `partitions` are columns that stand in the names of the
    folders next to the files (`day=2026-01-05`), the same for all; `safe` are types that each of their values has.
    """

    files: tuple[str, ...]
    format: FileFormat
    uniform: bool = False
    native: bool = False
    partitions: tuple[tuple[str, Type], ...] = ()
    safe: tuple[tuple[str, Type], ...] = ()


@dataclass(frozen=True, slots=True)
class Fence:
    """The files that an engine may open, and the folders below which it may open any. (DuckDB knows no right to read
    that is not one to write, too.)"""

    folders: tuple[str, ...]
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogSource:
    """A table that the engine's own catalog knows, by the parts of its name."""

    parts: tuple[str, ...]

    def __str__(self) -> str:
        return "catalog:" + ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column as its source has it, with the KQL type that holds everything it may; a struct has `fields`."""

    name: str
    type: Type
    fields: "tuple[SourceColumn, ...]" = ()


@dataclass(frozen=True, slots=True)
class ScanColumn:
    """A column of a bound relation: its SQL alias, the name it has in the source (None: absent there), its type.

    An absent column is the typed null, the empty string for a string; so is one that a file of the list lacks.
    `path` leads from the source's column to a field of it. Columns that go by path or whole may share a source.
    """

    alias: str
    source: str | None
    type: Type
    path: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """The column or field in words."""
        return ".".join((self.source or self.alias, *self.path))


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Of the rows of a scan only those matter whose `column` (the source's name) is at or after `low` and before `high`
    (None: without an end): an engine may leave out others. `is_alone`: nothing else is asked of the column's values, so
    any instant of the range may stand for all those that are known to lie in it."""

    column: str
    low: datetime | None
    high: datetime | None
    is_alone: bool = False

    def meets(self, ends: tuple[datetime, datetime]) -> bool:
        """Whether a value from the first to the last of these instants may lie in the range."""
        return (self.low is None or ends[1] >= self.low) and (self.high is None or ends[0] < self.high)

    def holds(self, ends: tuple[datetime, datetime]) -> bool:
        """Whether every such value does."""
        return (self.low is None or ends[0] >= self.low) and (self.high is None or ends[1] < self.high)


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """A result on its way, to be read once. (A Python object all through: Arrow's own reader over a generator hides
    it from the garbage collector, and then an unread result outlives its driver at exit.)"""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return self.batches

    def read_all(self) -> pa.Table:
        return pa.Table.from_batches(list(self.batches), self.schema)


@dataclass(frozen=True, slots=True)
class Finding:
    """What an examination found of one thing; where it is not well, `words` say what to do."""

    name: str
    is_well: bool
    words: str


class Run(Protocol):
    """One query's work on one engine, a context manager. Used by one thread, but for `cancel`."""

    def bind_files(
        self, relation: str, source: FileSource, columns: Sequence[ScanColumn], within: TimeRange | None = None
    ) -> None:
        """Make the files readable as a relation. Values are cast to the columns' types without loss; one that
        does not fit is a SourceError, here or when it is read. Of rows that are not `within` the range some or all may
        be absent."""
        ...

    def bind_arrow(self, relation: str, table: pa.Table, columns: Sequence[ScanColumn]) -> None:
        """Make an Arrow table readable as a relation, with the same promises."""
        ...

    def bind_catalog(self, relation: str, source: CatalogSource, columns: Sequence[ScanColumn]) -> None:
        """Make a table of the engine's catalog readable as a relation, with the same promises."""
        ...

    def bind_view(self, relation: str, sql: str) -> None:
        """Make a statement over relations of this run readable as one; it is computed wherever it is read."""
        ...

    def create(self, relation: str, sql: str) -> None:
        """Compute a step's result once and keep it as a relation of this run."""
        ...

    def forget(self, relation: str) -> None:
        """Drop a relation of this run, so that its name may be given anew; what reads it goes first."""
        ...

    def stream(self, sql: str) -> Stream:
        """The result of a query in physical types. Any other call on this run ends the stream."""
        ...

    def cancel(self) -> None:
        """Stop what runs, from any thread: it and every later call raise QueryCancelled."""
        ...

    def close(self) -> None:
        """Drop everything that the run made."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Engine(Protocol):
    """Executes SQL of its dialect; safe to start runs from several threads."""

    @property
    def name(self) -> str: ...

    @property
    def dialect(self) -> Dialect: ...

    def start(self, *, memory_limit: str | None = None, threads: int | None = None) -> Run:
        """A new run; limits given here hold for this run alone."""
        ...

    def describe_files(self, source: FileSource) -> tuple[SourceColumn, ...]:
        """The columns of files. Those that cannot be read are a SourceError."""
        ...

    def describe_table(self, source: CatalogSource) -> tuple[SourceColumn, ...]:
        """The columns of a table of the engine's catalog. One that is not there is a SourceError."""
        ...

    def table_bytes(self, source: CatalogSource) -> int | None:
        """How large the engine believes a table of its catalog to be; None where it does not know."""
        ...

    def catalog_tables(self) -> tuple[str, ...]:
        """The names of the tables in the engine's catalog that it shows without asking each; none without one."""
        ...

    def examine(self) -> Iterator[Finding]:
        """What the engine is made of, and whether that is what it needs."""
        ...

    def close(self) -> None: ...
