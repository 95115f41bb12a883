"""Apache Spark: one session a process for each master, and a child session with its own views a run.

ANSI mode is off: KQL wraps an overflow and gives null for a failed conversion, where ANSI mode raises. Scans guard
their casts themselves (`spark_scan`).
"""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from urllib.parse import unquote, urlsplit

import pyarrow as pa
from py4j.protocol import Py4JError  # type: ignore[import-untyped]
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from bluetick.diagnostics.errors import BluetickError, EngineError, Limit, LimitError, QueryCancelled, SourceError
from bluetick.engines.protocol import CatalogSource, FileSource, ScanColumn, SourceColumn, Stream
from bluetick.engines.spark_files import read_arrow, read_files
from bluetick.engines.spark_scan import MARK, SEPARATOR, quote_name
from bluetick.engines.spark_tables import describe_table, read_table, table_names
from bluetick.sql.dialect import SPARK, Dialect

T = TypeVar("T")

_ERRORS: Final = (PySparkException, Py4JError)
_SESSION: Final = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.caseSensitive": "true",
    "spark.sql.variable.substitute": "false",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",
    # Each aggregate, sort and join of a task takes a page at once, however few its rows are, and a page is 64 MB in all
    # but the smallest heaps: twenty `summarize` in one stage then ask for more than 4 GB have.
    "spark.buffer.pageSize": "4m",
    # The SQL parser's cache of states has no end by default: 1,500 different statements took 0.8 GB of the heap, and
    # what is left then looks like memory to the queries, which fail. 40,000 states are about 250 MB.
    "spark.sql.parser.manageParserCaches": "true",
    "spark.sql.parser.parserDfaCacheFlushThreshold": "40000",
}
_LOCAL: Final = {
    "spark.driver.memory": "4g",  # the default of 1 GB is too little for plans of many columns
    "spark.sql.shuffle.partitions": "4",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}


def _start_session(master: str) -> SparkSession:
    builder = SparkSession.builder.master(master).appName("bluetick")
    for key, value in (_SESSION | (_LOCAL if master.startswith("local") else {})).items():
        builder = builder.config(key, value)
    try:
        session = builder.getOrCreate()
    except Exception as error:
        raise EngineError(f"Spark does not start at {master}: {str(error).splitlines()[0]}") from error
    if session.sparkContext.master != master:
        raise EngineError(f"this process uses Spark at {session.sparkContext.master} already, not at {master}")
    session.sparkContext.setLogLevel("OFF")
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL + 1)
    return session


class SparkRun:
    """See `Run`."""

    def __init__(self, session: SparkSession) -> None:
        self._session = session
        self._views: list[str] = []
        self._kept: list[DataFrame] = []
        self._cancelled = threading.Event()
        self._closed = False

    def bind_files(self, relation: str, source: FileSource, columns: Sequence[ScanColumn]) -> None:
        self._guard(lambda: self._view(relation, read_files(self._session, source, columns)), source.files[0])

    def bind_arrow(self, relation: str, table: pa.Table, columns: Sequence[ScanColumn]) -> None:
        self._guard(lambda: self._view(relation, read_arrow(self._session, table, columns, relation)))

    def bind_catalog(self, relation: str, source: CatalogSource, columns: Sequence[ScanColumn]) -> None:
        self._guard(lambda: self._view(relation, read_table(self._session, source, columns)), str(source))

    def bind_view(self, relation: str, sql: str) -> None:
        self._guard(lambda: self._view(relation, self._session.sql(sql)))

    def create(self, relation: str, sql: str) -> None:
        def compute() -> None:
            frame = self._session.sql(sql).persist()
            self._kept.append(frame)
            frame.count()
            self._view(relation, frame)

        self._guard(compute)

    def stream(self, sql: str) -> Stream:
        table = self._guard(lambda: self._session.sql(sql).toArrow())
        schema = pa.schema([pa.field(field.name, _physical(field.type)) for field in table.schema])
        return Stream(schema, self._batches(table.cast(schema)))

    def cancel(self) -> None:
        self._cancelled.set()
        self._session.interruptAll()  # of this run's own session

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            for frame in self._kept:
                frame.unpersist()
            for view in self._views:
                self._session.catalog.dropTempView(quote_name(view))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _view(self, relation: str, frame: DataFrame) -> None:
        frame.createOrReplaceTempView(quote_name(relation))
        self._views.append(relation)

    def _batches(self, table: pa.Table) -> Iterator[pa.RecordBatch]:
        for batch in table.to_batches():
            if self._cancelled.is_set():
                raise QueryCancelled("the query was cancelled")
            yield batch

    def _guard(self, work: Callable[[], T], place: str = "") -> T:
        if self._cancelled.is_set():
            raise QueryCancelled("the query was cancelled")
        if self._closed:
            raise EngineError("the run is closed")
        try:
            return work()
        except _ERRORS as error:
            if self._cancelled.is_set():
                raise QueryCancelled("the query was cancelled") from error
            raise _translate(error, place) from error


class SparkEngine:
    """See `Engine`. `local[n]`, or the address of a cluster whose workers see the same files."""

    def __init__(self, master: str) -> None:
        self._session = _start_session(master)

    @property
    def name(self) -> str:
        return "spark"

    @property
    def dialect(self) -> Dialect:
        return SPARK

    def start(self, *, memory_limit: str | None = None, threads: int | None = None) -> SparkRun:
        if memory_limit is not None or threads is not None:
            raise EngineError("Spark's memory and threads are set where its cluster is started, not for a query")
        return SparkRun(self._session.newSession())

    def describe_table(self, source: CatalogSource) -> tuple[SourceColumn, ...]:
        try:
            return describe_table(self._session, source)
        except _ERRORS as error:
            raise _translate(error, str(source)) from error

    def catalog_tables(self) -> tuple[str, ...]:
        try:
            return table_names(self._session)
        except _ERRORS as error:
            raise _translate(error, "the catalog") from error

    def close(self) -> None:
        """Nothing: the session is the process's, and a second engine may use it."""


def _physical(type_: pa.DataType) -> pa.DataType:
    return pa.timestamp("us") if pa.types.is_timestamp(type_) else type_


def _translate(error: Any, place: str) -> BluetickError:
    text = str(error)
    if MARK in text:
        column, type_, file, value = text.split(MARK + SEPARATOR, 1)[1].split(SEPARATOR)[:4]
        path = unquote(urlsplit(file).path)
        message = f"'{path}': the value '{value}' of the column '{column}' is no {type_}"
        return SourceError(message, file=path, column=column, value=value)
    if "OutOfMemoryError" in text or "UNABLE_TO_ACQUIRE_MEMORY" in text:
        return LimitError("the query needs more memory than it may use", Limit.MEMORY)
    condition = error.getCondition() if isinstance(error, PySparkException) else None
    if place or (condition or "").startswith(("FAILED_READ_FILE", "PATH_NOT_FOUND", "MALFORMED_", "CANNOT_READ")):
        return SourceError(f"Spark cannot read the files: {text.splitlines()[0][:300]}", file=place)
    return EngineError(f"Spark failed: {condition or type(error).__name__}")
