"""DuckDB in this process: one in-memory database an engine, one connection a run.

Temporary views and tables belong to a connection, so runs on several threads neither meet nor leave anything behind.
Files are read by name: any of them, but with a fence, which is for processes that run what others wrote. Nothing but
the SQL of this package reaches the database, and no extension is loaded or installed.
"""

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import duckdb
import pyarrow as pa

from bluetick.diagnostics.errors import BluetickError, EngineError, QueryCancelled, SourceError
from bluetick.engines.duckdb_errors import clean_message, is_bad_value, malformed_file, source_error, translate_error
from bluetick.engines.machine_memory import counted_part, default_ceiling, threads_within
from bluetick.engines.parquet_footers import Footer, Footers, footers_of
from bluetick.engines.protocol import (
    CatalogSource,
    Fence,
    FileSource,
    Finding,
    ScanColumn,
    SourceColumn,
    Stream,
    TimeRange,
)
from bluetick.engines.spill import SpillFolder
from bluetick.sql.dialect import DUCKDB, Dialect
from bluetick.types import Type

if TYPE_CHECKING:
    from bluetick.engines.duckdb_scan import Check

T = TypeVar("T")

_BATCH_ROWS: Final = 65_536
_KEPT_FREE: Final = "64MB"
_INSIST_SECONDS: Final = 0.02
_SHOWN: Final = 200
_DRIVER_ERRORS: Final = (duckdb.Error, pa.ArrowException, OSError, MemoryError)


def _connect(
    memory_limit: str | None, threads: int | None, spill: str, temp_limit: str | None, fence: Fence | None
) -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "python_enable_replacements": False,
        "preserve_insertion_order": False,
        "temp_directory": spill,
        # What is freed goes back to the system before it has grown to much: it counts against no limit.
        "allocator_flush_threshold": _KEPT_FREE,
        "allocator_bulk_deallocation_flush_threshold": _KEPT_FREE,
        "memory_limit": counted_part(memory_limit or default_ceiling()),
    }
    if threads is None and memory_limit is not None:
        threads = threads_within(memory_limit)
    if threads is not None:
        config["threads"] = threads
    try:
        connection = duckdb.connect(config=config)
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        if temp_limit is not None:  # as part of the configuration it would be shown, but not kept
            connection.execute("SET GLOBAL max_temp_directory_size = $limit", {"limit": temp_limit})
        if fence is not None:
            _close_off(connection, fence)
        connection.execute("SET GLOBAL lock_configuration = true")
    except duckdb.Error as error:
        raise EngineError(f"DuckDB does not start: {clean_message(error)}") from error
    return connection


def _close_off(connection: duckdb.DuckDBPyConnection, fence: Fence) -> None:
    """What is allowed goes first: afterwards nothing more can be. DuckDB itself adds the folder for temporary files."""
    for setting, paths in (("allowed_directories", fence.folders), ("allowed_paths", fence.files)):
        spelled = ", ".join(DUCKDB.quote_text(path) for path in paths)
        connection.execute(f"SET GLOBAL {setting} = [{spelled}]")
    connection.execute("SET GLOBAL enable_external_access = false")


def no_catalog(source: CatalogSource) -> str:
    """What to do about a table of a catalog, where there is none."""
    return (
        f"'{source}' is a table of a Spark catalog, and this engine has none: name the table's files (a path, a folder "
        "or a pattern), or run on Spark (--engine local[N] or spark://HOST:PORT)"
    )


class DuckDbRun:
    """See `Run`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, close: Callable[[], None], footers: Footers) -> None:
        self._connection = connection
        self._close = close
        self._footers = footers
        self._checks: list[Check] = []
        self._kinds: dict[str, str] = {}
        self._reader: pa.RecordBatchReader | None = None
        self._cancelled = False
        self._closed = False
        self._busy = False

    def bind_files(
        self, relation: str, source: FileSource, columns: Sequence[ScanColumn], within: TimeRange | None = None
    ) -> None:
        from bluetick.engines.duckdb_scan import describe_with, plan_scan  # noqa: PLC0415 - loaded where there is data

        def bind() -> None:
            footers = self._footers_of(source, columns, within)
            scan = plan_scan(source, columns, describe_with(self._connection), footers, within)
            self._make("VIEW", relation, scan.sql)
            self._checks += scan.checks

        self._guard(bind, self._explain_source)

    def _footers_of(
        self, source: FileSource, columns: Sequence[ScanColumn], within: TimeRange | None
    ) -> Sequence[Footer] | None:
        """What the files' footers say, where that is of use."""
        if source.format != "parquet" or source.native:
            return None
        if within is None and all(column.type is not Type.STRING for column in columns):
            return None
        return self._footers.of(source.files)

    def bind_arrow(self, relation: str, table: pa.Table, columns: Sequence[ScanColumn]) -> None:
        from bluetick.engines.duckdb_scan import Leg, describe_with, select_columns  # noqa: PLC0415 - loaded where there is data

        def bind() -> None:
            given = f"_arrow_{relation}"
            self._connection.register(given, table)
            leg = Leg(DUCKDB.quote_name(given), tuple(describe_with(self._connection)(DUCKDB.quote_name(given))))
            scan = select_columns([leg], columns, relation)
            self._make("VIEW", relation, scan.sql)

        self._guard(bind, self._explain)

    def bind_catalog(self, relation: str, source: CatalogSource, columns: Sequence[ScanColumn]) -> None:
        raise SourceError(no_catalog(source))

    def bind_view(self, relation: str, sql: str) -> None:
        self._guard(lambda: self._make("VIEW", relation, sql), self._explain)

    def create(self, relation: str, sql: str) -> None:
        self._guard(lambda: self._make("TABLE", relation, sql), self._explain)

    def forget(self, relation: str) -> None:
        def drop() -> None:
            kind = self._kinds.pop(relation, None)
            if kind is not None:
                self._connection.execute(f"DROP {kind} {DUCKDB.quote_name(relation)}")

        self._guard(drop, self._explain)

    def _make(self, kind: str, relation: str, sql: str) -> None:
        self._connection.execute(f"CREATE TEMP {kind} {DUCKDB.quote_name(relation)} AS {sql}")
        self._kinds[relation] = kind

    def stream(self, sql: str) -> Stream:
        reader = self._guard(lambda: self._connection.sql(sql).to_arrow_reader(_BATCH_ROWS), self._explain)
        self._reader = reader
        return Stream(reader.schema, self._batches(reader))

    def cancel(self) -> None:
        self._cancelled = True
        with suppress(duckdb.ConnectionException):  # closed meanwhile
            self._connection.interrupt()
        threading.Thread(target=self._insist, daemon=True).start()

    def _insist(self) -> None:
        """An interrupt that comes just before a statement begins is lost: repeat it while one is at work."""
        while self._busy:
            with suppress(duckdb.ConnectionException):
                self._connection.interrupt()
            time.sleep(_INSIST_SECONDS)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._end_stream()
            self._connection.close()
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _guard(self, work: Callable[[], T], explain: Callable[[BaseException], BluetickError]) -> T:
        self._busy = True  # before the check: a cancel after it sees that there is work to interrupt
        try:
            self._refuse_if_over()
            self._end_stream()
            return work()
        except _DRIVER_ERRORS as error:
            raise explain(error) from error
        finally:
            self._busy = False

    def _batches(self, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        while True:
            self._busy = True
            try:
                self._refuse_if_over()
                if reader is not self._reader:
                    raise EngineError("the stream has ended, as its run was used for something else")
                batch = reader.read_next_batch()
            except StopIteration:
                return
            except _DRIVER_ERRORS as error:
                raise self._explain(error) from error
            finally:
                self._busy = False
            yield batch

    def _refuse_if_over(self) -> None:
        if self._cancelled:
            raise QueryCancelled("the query was cancelled")
        if self._closed:
            raise EngineError("the run is closed")

    def _end_stream(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def _explain_source(self, error: BaseException) -> BluetickError:
        return QueryCancelled("the query was cancelled") if self._cancelled else source_error(error)

    def _explain(self, error: BaseException) -> BluetickError:
        if self._cancelled:
            return QueryCancelled("the query was cancelled")
        if is_bad_value(error):
            self._end_stream()
            for check in self._checks:
                found = self._find(check)
                if found is not None:
                    return found
            malformed = malformed_file(error)
            if malformed is not None:
                return malformed
        return translate_error(error)

    def _find(self, check: "Check") -> SourceError | None:
        """The first value that offends a check; None also where the files cannot be read for another reason."""
        shown = f"CAST({check.value} AS VARCHAR)"
        query = f"SELECT filename, {shown} FROM {check.reader} WHERE {check.offends} LIMIT 1"  # noqa: S608 quoted
        try:
            row: tuple[Any, ...] | None = self._connection.execute(query).fetchone()
        except _DRIVER_ERRORS:
            return None
        if row is None:
            return None
        file, value = str(row[0]), str(row[1])[:_SHOWN]
        message = f"'{file}': the value '{value}' of the column '{check.column}' is no {check.type}"
        return SourceError(message, file=file, column=check.column, value=value)


class DuckDbEngine:
    """See `Engine`. Limits hold for all runs together; a run with limits of its own gets its own database.

    Without a `memory_limit` it is `default_ceiling`. What has no room goes to files below `temp_directory` (the
    system's place for such, unless it is named), up to `temp_limit` (DuckDB's own: most of what the disk has free).
    With a `fence` nothing else is opened, and that is final.
    """

    def __init__(
        self,
        *,
        memory_limit: str | None = None,
        threads: int | None = None,
        temp_directory: str | Path | None = None,
        temp_limit: str | None = None,
        fence: Fence | None = None,
    ) -> None:
        self._spill = SpillFolder(temp_directory)
        self._temp_limit = temp_limit
        self._fence = fence
        self._database = _connect(memory_limit, threads, self._spill.new(), temp_limit, fence)
        self._footers = footers_of(os.getpid())
        self._runs: weakref.WeakSet[DuckDbRun] = weakref.WeakSet()

    @property
    def name(self) -> str:
        return "duckdb"

    @property
    def dialect(self) -> Dialect:
        return DUCKDB

    def start(self, *, memory_limit: str | None = None, threads: int | None = None) -> DuckDbRun:
        if memory_limit is None and threads is None:
            run = DuckDbRun(self._database.cursor(), lambda: None, self._footers)
        else:
            own = _connect(memory_limit, threads, self._spill.new(), self._temp_limit, self._fence)
            run = DuckDbRun(own.cursor(), own.close, self._footers)
        self._runs.add(run)
        return run

    def cancel(self) -> None:
        """Cancels every run that there is now."""
        for run in tuple(self._runs):
            run.cancel()

    def describe_files(self, source: FileSource) -> tuple[SourceColumn, ...]:
        from bluetick.engines.describe import describe_on  # noqa: PLC0415 - only who registers files needs it

        with self._database.cursor() as cursor:
            return describe_on(cursor, source, self._footers)

    def describe_table(self, source: CatalogSource) -> tuple[SourceColumn, ...]:
        raise SourceError(no_catalog(source))

    def table_bytes(self, source: CatalogSource) -> int | None:
        raise SourceError(no_catalog(source))

    def catalog_tables(self) -> tuple[str, ...]:
        return ()

    def examine(self) -> Iterator[Finding]:
        row: tuple[Any, ...] | None = self._database.execute(
            "SELECT version(), current_setting('threads'), current_setting('memory_limit'), "
            "current_setting('temp_directory')"
        ).fetchone()
        version, threads, memory, spill = row or ("", "", "", "")
        beyond = f"then files below {os.path.dirname(spill)}" if spill else "and no place for temporary files"
        yield Finding("DuckDB", True, f"{version}, {threads} threads, {memory} of memory, {beyond}")

    def close(self) -> None:
        self._database.close()
        self._spill.close()
