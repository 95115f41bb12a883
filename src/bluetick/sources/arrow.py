"""Rows of a known table as Arrow: every column of its schema, in order, with typed nulls and never a null string."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import pyarrow as pa

from bluetick.schema.packs import TableSchema, known_table, stored_name
from bluetick.types import Type

Cell = str | int | float | bool | None
Cells: TypeAlias = "Sequence[Cell] | pa.Array[Any]"  # of a column

# A datetime is given as microseconds since 1970 and a dynamic as JSON text: both are how they are stored.
_ARROW: Mapping[Type, pa.DataType] = {
    Type.BOOL: pa.bool_(),
    Type.INT: pa.int32(),
    Type.LONG: pa.int64(),
    Type.REAL: pa.float64(),
    Type.DECIMAL: pa.decimal128(38, 18),
    Type.STRING: pa.string(),
    Type.DATETIME: pa.timestamp("us", "UTC"),
    Type.TIMESPAN: pa.int64(),
    Type.GUID: pa.string(),
    Type.DYNAMIC: pa.string(),
}


def arrow_schema(table: TableSchema) -> pa.Schema:
    """The stored form of a table's columns."""
    return pa.schema([pa.field(name, _ARROW[kind], nullable=kind is not Type.STRING) for name, kind in table.columns])


def arrow_table(table: TableSchema, columns: Mapping[str, Cells], row_count: int) -> pa.Table:
    """A table of these columns; those not given are typed nulls, or "" for strings. An array has its column's type."""
    schema = arrow_schema(table)
    unknown = columns.keys() - set(schema.names)
    if unknown:
        raise ValueError(f"table '{table.name}' has no column {sorted(unknown)}")
    arrays = [
        _array(columns[name], schema.field(name).type)
        if name in columns
        else pa.repeat(pa.scalar(_missing(kind), schema.field(name).type), row_count)
        for name, kind in table.columns
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def kept_rows(name: str, rows: pa.Table) -> pa.Table:
    """Rows of a pack's table as a lake keeps it: all columns of both packs, under the names that it keeps them."""
    schema = known_table(name)
    if schema is None:
        return rows
    named = {stored_name(name, column): rows[column].combine_chunks() for column in rows.column_names}
    return arrow_table(schema, named, rows.num_rows)


def _array(cells: Cells, kind: pa.DataType) -> "pa.Array[Any]":
    return cells if isinstance(cells, pa.Array) else pa.array(cells, kind)


def _missing(kind: Type) -> Cell:
    return "" if kind is Type.STRING else None
