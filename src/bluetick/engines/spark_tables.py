"""Tables of Spark's own catalog (Delta, Iceberg, Hive, Parquet, views): found and described by name."""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import DataType, StructType

from bluetick.diagnostics.errors import SourceError
from bluetick.diagnostics.nearest import nearest
from bluetick.engines.protocol import CatalogSource, ScanColumn, SourceColumn
from bluetick.engines.spark_files import select, types_of
from bluetick.engines.spark_scan import Given, natural_type, quote_name

_ABSENT: Final = ("TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND", "CATALOG_NOT_FOUND", "NO_SUCH", "_LEGACY_ERROR_TEMP")
_SHOWN: Final = 1000
_UNKNOWN: Final = 2**62


def read_table(session: SparkSession, source: CatalogSource, columns: Sequence[ScanColumn]) -> DataFrame:
    """The wanted columns of a table."""
    frame = _frame(session, source)
    return select(frame, columns, Given(types_of(frame.schema), str(source)))


def describe_table(session: SparkSession, source: CatalogSource) -> tuple[SourceColumn, ...]:
    """The columns of a table with the KQL types that hold them, and the fields of its structs."""
    found = tuple(_column(field.name, field.dataType) for field in _frame(session, source).schema.fields)
    folded = [column.name.casefold() for column in found]
    twin = next((column.name for column in found if folded.count(column.name.casefold()) > 1), None)
    if twin is not None:
        message = f"'{source}' has columns that differ from '{twin}' in case only; rename one of them"
        raise SourceError(message, file=str(source), column=twin)
    return found


def table_bytes(session: SparkSession, source: CatalogSource) -> int | None:
    """The optimiser's guess; None where it has none, which is then the largest long."""
    plan = _frame(session, source)._jdf.queryExecution().optimizedPlan()
    size = int(plan.stats().sizeInBytes())
    return size if size < _UNKNOWN else None


def table_names(session: SparkSession) -> tuple[str, ...]:
    """The tables and views of the current catalog, by database; of a large catalog the first."""
    catalog = session.catalog
    names = (
        f"{database.name}.{table.name}"
        for database in catalog.listDatabases()
        for table in catalog.listTables(quote_name(database.name))
        if not table.isTemporary
    )
    return tuple(islice(names, _SHOWN))


def _column(name: str, type_: DataType) -> SourceColumn:
    fields = type_.fields if isinstance(type_, StructType) else []
    return SourceColumn(
        name, natural_type(type_.simpleString()), tuple(_column(field.name, field.dataType) for field in fields)
    )


def _frame(session: SparkSession, source: CatalogSource) -> DataFrame:
    """Named in full, so that no relation of a run is taken for it."""
    parts = source.parts if len(source.parts) > 1 else (session.catalog.currentDatabase(), *source.parts)
    try:
        return session.table(".".join(quote_name(part) for part in parts))
    except AnalysisException as error:
        condition = error.getCondition() or ""
        if not condition.startswith(_ABSENT):
            raise
        raise SourceError(_absent(session, source), file=str(source)) from error


def _absent(session: SparkSession, source: CatalogSource) -> str:
    """What a table is called that is not there, and what else is."""
    names = table_names(session)
    wanted = ".".join(source.parts)
    near = nearest(wanted, names) or next((name for name in names if name.rpartition(".")[2] == source.parts[-1]), "")
    hint = f"; did you mean '{near}'?" if near else ""
    listed = ", ".join(names[:10]) + (" ..." if len(names) > 10 else "")
    known = f"; it has {listed}" if names and not near else ""
    return f"the catalog of this Spark session has no table '{wanted}'{hint}{known}"
