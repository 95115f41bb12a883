"""One query's work on Spark, in a session of its own."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from uuid import uuid4

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from bluetick.diagnostics.errors import EngineError, QueryCancelled
from bluetick.engines.protocol import CatalogSource, FileSource, ScanColumn, Stream, TimeRange
from bluetick.engines.spark_errors import DRIVER_ERRORS, translate
from bluetick.engines.spark_files import read_arrow, read_files
from bluetick.engines.spark_scan import quote_name
from bluetick.engines.spark_session import is_over
from bluetick.engines.spark_tables import read_table

T = TypeVar("T")

PATIENCE_SECONDS: Final = 60.0
_INSIST_SECONDS: Final = 0.2
_LOOK_SECONDS: Final = 1.0


class SparkRun:
    """See `Run`. `patience`: for how many seconds a cluster may be without an executor while the run works; None
    waits for ever, as is right where executors come and go."""

    def __init__(self, session: SparkSession, patience: float | None = None) -> None:
        self._session = session
        self._jobs: Any = session.sparkContext._jsc
        self._views: list[str] = []
        self._kept: dict[str, DataFrame] = {}
        self._cancelled = threading.Event()
        self._closing = threading.Event()
        self._busy = False
        self._abandoned = False
        self._tag = f"bluetick-{uuid4()}"
        if patience is not None:
            threading.Thread(target=self._watch, args=(patience,), daemon=True).start()

    def bind_files(
        self, relation: str, source: FileSource, columns: Sequence[ScanColumn], within: TimeRange | None = None
    ) -> None:
        """Spark finds out itself which files and row groups it needs for the filters above."""
        self._guard(lambda: self._view(relation, read_files(self._session, source, columns)), source.files[0])

    def bind_arrow(self, relation: str, table: pa.Table, columns: Sequence[ScanColumn]) -> None:
        self._guard(lambda: self._view(relation, read_arrow(self._session, table, columns, relation)))

    def bind_catalog(self, relation: str, source: CatalogSource, columns: Sequence[ScanColumn]) -> None:
        self._guard(lambda: self._view(relation, read_table(self._session, source, columns)), str(source))

    def bind_view(self, relation: str, sql: str) -> None:
        self._guard(lambda: self._view(relation, self._session.sql(sql)))

    def create(self, relation: str, sql: str) -> None:
        """The first statement that reads it computes and keeps it: a job of its own costs a fifth of a small step."""

        def keep() -> None:
            frame = self._session.sql(sql).persist()
            self._kept[relation] = frame
            self._view(relation, frame)

        self._guard(keep)

    def forget(self, relation: str) -> None:
        def drop() -> None:
            kept = self._kept.pop(relation, None)
            if kept is not None:
                kept.unpersist()
            if relation in self._views:
                self._views.remove(relation)
                self._session.catalog.dropTempView(quote_name(relation))

        self._guard(drop)

    def stream(self, sql: str) -> Stream:
        """All partitions at once, held once, as Arrow, and let go of as it is read. Measured over 5 M rows: reading
        partition after partition holds one of them only, but takes twice the time on two cores already."""
        table = self._guard(lambda: self._session.sql(sql).toArrow())
        schema = pa.schema([pa.field(field.name, _physical(field.type)) for field in table.schema])
        batches = table.cast(schema).to_batches()
        batches.reverse()
        return Stream(schema, self._batches(batches))

    def cancel(self) -> None:
        self._cancelled.set()
        self._interrupt()
        threading.Thread(target=self._insist, daemon=True).start()

    def close(self) -> None:
        if self._closing.is_set():
            return
        self._closing.set()
        with suppress(*DRIVER_ERRORS):  # of a Spark that is gone nothing is left
            for frame in self._kept.values():
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

    def _batches(self, batches: list[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The last batch of the list is the first of the result."""
        while batches:
            self._refuse_if_over()
            yield batches.pop()

    def _guard(self, work: Callable[[], T], place: str = "") -> T:
        self._busy = True  # before the check: a cancel after it sees that there is work to interrupt
        try:
            self._refuse_if_over()
            return self._tagged(work)
        except DRIVER_ERRORS as error:
            self._refuse_if_over()
            raise translate(error, place, is_over=is_over(self._session.sparkContext)) from error
        finally:
            self._busy = False

    def _refuse_if_over(self) -> None:
        if self._cancelled.is_set():
            raise QueryCancelled("the query was cancelled")
        if self._abandoned:
            raise EngineError("the Spark cluster has had no executor for too long to wait on", retryable=True)
        if self._closing.is_set():
            raise EngineError("the run is closed")

    def _tagged(self, work: Callable[[], T]) -> T:
        """A session's own tag is on the jobs of its statements, but not on those that read the schemas of files."""
        self._jobs.addJobTag(self._tag)  # of this thread's jobs
        try:
            return work()
        finally:
            with suppress(*DRIVER_ERRORS):
                self._jobs.removeJobTag(self._tag)

    def _interrupt(self) -> None:
        """Ends the jobs of this run; those of others have other tags."""
        with suppress(*DRIVER_ERRORS):
            self._session.interruptAll()
            self._jobs.cancelJobsWithTag(self._tag)

    def _insist(self) -> None:
        """An interrupt that comes between two jobs of a statement is lost: repeat it while one is at work."""
        while self._busy and not self._closing.wait(_INSIST_SECONDS):
            self._interrupt()

    def _watch(self, patience: float) -> None:
        """Jobs of a cluster whose workers are all gone would wait for ever."""
        alone = 0.0
        while not self._closing.wait(_LOOK_SECONDS):
            alone = alone + _LOOK_SECONDS if self._busy and not self._has_executor() else 0.0
            if alone >= patience:
                self._abandoned = True
                self._insist()
                return

    def _has_executor(self) -> bool:
        try:
            return int(self._jobs.sc().getExecutorMemoryStatus().size()) > 1  # one is the driver
        except DRIVER_ERRORS:
            return True  # the work itself meets the same error and tells of it


def _physical(type_: pa.DataType) -> pa.DataType:
    return pa.timestamp("us") if pa.types.is_timestamp(type_) else type_
