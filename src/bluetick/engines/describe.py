"""What the columns of a user's files are, for a table without a known schema."""

from typing import Final

import duckdb

from bluetick.diagnostics.errors import SourceError
from bluetick.engines.duckdb_casts import conversion
from bluetick.engines.duckdb_errors import source_error
from bluetick.engines.duckdb_fields import column_of
from bluetick.engines.duckdb_scan import (
    Leg,
    describe_with,
    file_list,
    read_csv,
    read_parquet,
    refuse_case_twins,
    refuse_partition_twins,
)
from bluetick.engines.parquet_footers import Footers
from bluetick.engines.protocol import FileSource, SourceColumn
from bluetick.sql.dialect import DUCKDB
from bluetick.types import Type

# What CSV text is tried as, in this order; text that begins with a zero is a number to nobody.
_CSV_TYPES: Final = (Type.LONG, Type.REAL, Type.BOOL, Type.DATETIME, Type.GUID, Type.TIMESPAN)
_ZEROS: Final = r"\s*[-+]?0\d.*"


def describe_files(source: FileSource) -> tuple[tuple[str, Type], ...]:
    """Column names and KQL types in the files' order. Text formats are read whole: a type holds for every row."""
    return tuple((column.name, column.type) for column in describe_columns(source))


def describe_columns(source: FileSource) -> tuple[SourceColumn, ...]:
    """The same with the fields of nested columns."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": False, "python_enable_replacements": False})
    try:
        connection.execute("SET TimeZone = 'UTC'")
        return describe_on(connection, source, Footers())
    finally:
        connection.close()


def describe_on(
    connection: duckdb.DuckDBPyConnection, source: FileSource, footers: Footers
) -> tuple[SourceColumn, ...]:
    """The same on a connection that is there."""
    try:
        match source.format:
            case "parquet":
                found = _natural(read_parquet(source, describe_with(connection), footers.of(source.files))[0])
            case "csv":
                found = _describe_csv(source, connection)
            case "ndjson" | "json":
                found = _describe_json(source, connection)
    except duckdb.Error as error:
        raise source_error(error) from error
    folders = {name: SourceColumn(name, type_) for name, type_ in source.partitions}
    return tuple({**{column.name: column for column in found}, **folders}.values())


def _natural(leg: Leg) -> tuple[SourceColumn, ...]:
    if not leg.types:
        raise SourceError("the files have no column")
    return tuple(column_of(name, type_) for name, type_ in leg.types)


def _describe_json(source: FileSource, connection: duckdb.DuckDBPyConnection) -> tuple[SourceColumn, ...]:
    form = "newline_delimited" if source.format == "ndjson" else "auto"
    reader = (
        f"read_json({file_list(source.files)}, format='{form}', sample_size=-1, map_inference_threshold=-1, "
        "maximum_sample_files=2147483647, records='true', union_by_name=true, hive_partitioning=false)"
    )
    leg = Leg(reader, tuple(describe_with(connection)(reader)))
    refuse_case_twins((name for name, _ in leg.types), source)
    refuse_partition_twins((name for name, _ in leg.types), source)
    return _natural(leg)


def _describe_csv(source: FileSource, connection: duckdb.DuckDBPyConnection) -> tuple[SourceColumn, ...]:
    legs = read_csv(source)
    names = list(dict.fromkeys(name for leg in legs for name, _ in leg.types))
    possible: dict[str, set[Type]] = {name: set(_CSV_TYPES) for name in names}
    filled: set[str] = set()
    for leg in legs:
        tests = [(name, type_) for name, _ in leg.types for type_ in _CSV_TYPES]
        items = [_fits(name, type_) for name, type_ in tests]
        items += [f"count({DUCKDB.quote_name(name)})" for name, _ in leg.types]
        row = connection.execute(f"SELECT {', '.join(items)} FROM {leg.reader}").fetchone()  # noqa: S608
        answers = row or ()
        for (name, type_), fits in zip(tests, answers, strict=False):
            if fits is False:
                possible[name].discard(type_)
        filled |= {name for (name, _), count in zip(leg.types, answers[len(tests) :], strict=True) if count}
    return tuple(SourceColumn(name, _first(possible[name]) if name in filled else Type.STRING) for name in names)


def _first(types: set[Type]) -> Type:
    return next((type_ for type_ in _CSV_TYPES if type_ in types), Type.STRING)


def _fits(name: str, type_: Type) -> str:
    """An aggregate: whether every value of a text column has the type."""
    column = DUCKDB.quote_name(name)
    done = conversion(column, "VARCHAR", type_)
    offends = done.offends if done is not None else "TRUE"
    zeros = f" OR regexp_full_match({column}, '{_ZEROS}')" if type_ is Type.LONG else ""
    zeros = f" OR regexp_full_match({column}, '\\s*[-+]?0\\d[^.]*')" if type_ is Type.REAL else zeros
    digits = f" OR regexp_full_match({column}, '\\s*\\d+\\s*')" if type_ in {Type.BOOL, Type.TIMESPAN} else ""
    return f"bool_and(NOT coalesce({offends}{zeros}{digits}, FALSE))"
