"""Fields of nested columns in DuckDB: what a struct holds, and the way to one of its fields."""

import duckdb

from bluetick.diagnostics.errors import SourceError
from bluetick.engines.duckdb_casts import natural_type
from bluetick.engines.protocol import SourceColumn
from bluetick.sql.dialect import DUCKDB
from bluetick.types import Type


def column_of(name: str, duckdb_type: str) -> SourceColumn:
    """A column with its fields, by the text of its type."""
    return SourceColumn(name, natural_type(duckdb_type), _fields(duckdb_type))


def _fields(duckdb_type: str) -> tuple[SourceColumn, ...]:
    if not _is_struct(duckdb_type):
        return ()
    return tuple(column_of(name, str(type_)) for name, type_ in duckdb.dtype(duckdb_type).children)


def _is_struct(duckdb_type: str) -> bool:
    return duckdb_type.startswith("STRUCT(") and not duckdb_type.endswith("]")


def field_of(value: str, duckdb_type: str, path: tuple[str, ...], wanted: Type) -> tuple[str, str]:
    """The expression and the type of a field below a quoted column; of JSON also of the column itself, so that its
    text goes the way of all text."""
    if duckdb_type == "JSON" and (path or wanted is not Type.DYNAMIC):
        return _json_field(value, path, wanted)
    for place, name in enumerate(path):
        types = (
            {str(field): str(type_) for field, type_ in duckdb.dtype(duckdb_type).children}
            if _is_struct(duckdb_type)
            else {}
        )
        if name not in types:
            raise SourceError(f"the column '{value}' has no field '{'.'.join(path)}'", column=value)
        value, duckdb_type = f"struct_extract({value}, {DUCKDB.quote_text(name)})", types[name]
        if duckdb_type == "JSON":
            return field_of(value, duckdb_type, path[place + 1 :], wanted)
    return value, duckdb_type


def _json_field(value: str, path: tuple[str, ...], wanted: Type) -> tuple[str, str]:
    pointer = "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in path)
    place = DUCKDB.quote_text(pointer)
    if wanted is Type.DYNAMIC:
        return f"nullif(json_extract({value}, {place}), CAST('null' AS JSON))", "JSON"
    return f"json_extract_string({value}, {place})", "VARCHAR"
