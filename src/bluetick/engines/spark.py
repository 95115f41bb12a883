"""Apache Spark: one session a process, and a child session with its own settings and views a run.

ANSI mode is off: KQL wraps an overflow and gives null for a failed conversion, where ANSI mode raises. Scans guard
their casts themselves (`spark_scan`).
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

from pyspark.sql import SparkSession

from bluetick.diagnostics.errors import EngineError
from bluetick.engines.describe import describe_columns
from bluetick.engines.protocol import CatalogSource, FileSource, Finding, SourceColumn
from bluetick.engines.spark_errors import DRIVER_ERRORS, translate
from bluetick.engines.spark_report import examine_spark
from bluetick.engines.spark_run import PATIENCE_SECONDS, SparkRun
from bluetick.engines.spark_session import SessionSource, is_over
from bluetick.engines.spark_settings import parse_address
from bluetick.engines.spark_tables import describe_table, table_bytes, table_names
from bluetick.sql.dialect import SPARK, Dialect

T = TypeVar("T")


class SparkEngine:
    """See `Engine`. `local[n]`, `spark://host:port` (a cluster whose workers see the same files), or `spark`: the
    session that is active in this process, else the one that Spark's own configuration describes. Settings for Spark
    follow a question mark: `spark://host:port?spark.executor.memory=8g&spark.cores.max=32`."""

    def __init__(self, name: str) -> None:
        self._source = SessionSource(parse_address(name))

    @property
    def name(self) -> str:
        return "spark"

    @property
    def dialect(self) -> Dialect:
        return SPARK

    def start(self, *, memory_limit: str | None = None, threads: int | None = None) -> SparkRun:
        if memory_limit is not None or threads is not None:
            raise EngineError("Spark's memory and threads are set where its cluster is started, not for a query")
        return SparkRun(self._source.child(), PATIENCE_SECONDS if self._source.address.hosts else None)

    def describe_files(self, source: FileSource) -> tuple[SourceColumn, ...]:
        return describe_columns(source)

    def describe_table(self, source: CatalogSource) -> tuple[SourceColumn, ...]:
        return self._asked(lambda session: describe_table(session, source), str(source))

    def table_bytes(self, source: CatalogSource) -> int | None:
        return self._asked(lambda session: table_bytes(session, source), str(source))

    def catalog_tables(self) -> tuple[str, ...]:
        return self._asked(table_names, "the catalog")

    def examine(self) -> Iterator[Finding]:
        return examine_spark(self._source)

    def close(self) -> None:
        """Nothing: the session is the process's, and a second engine may use it."""

    def _asked(self, question: Callable[[SparkSession], T], place: str) -> T:
        session = self._source.session()
        try:
            return question(session)
        except DRIVER_ERRORS as error:
            raise translate(error, place, is_over=is_over(session.sparkContext)) from error
