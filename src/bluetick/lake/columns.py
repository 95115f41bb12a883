"""A table's columns as KQL types, as Delta's and as Arrow's.

A KQL type that Delta does not have (dynamic, guid, timespan) is told in the field's metadata; so is that a column is
hidden, as those that a commit adds.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any, Final

import pyarrow as pa
from deltalake import Field, Schema
from deltalake.schema import PrimitiveType

from bluetick.lake.layout import DAY, RECEIVED, SOURCE
from bluetick.types import Type

_TYPE: Final = "bluetick.type"
_HIDDEN: Final = "bluetick.hidden"

# Each KQL type as it is stored: Delta's name, Arrow's type.
_STORED: Final[dict[Type, tuple[str, pa.DataType]]] = {
    Type.BOOL: ("boolean", pa.bool_()),
    Type.INT: ("integer", pa.int32()),
    Type.LONG: ("long", pa.int64()),
    Type.REAL: ("double", pa.float64()),
    Type.DECIMAL: ("decimal(38,18)", pa.decimal128(38, 18)),
    Type.STRING: ("string", pa.string()),
    Type.DATETIME: ("timestamp", pa.timestamp("us", "UTC")),
    Type.TIMESPAN: ("long", pa.int64()),
    Type.GUID: ("string", pa.string()),
    Type.DYNAMIC: ("string", pa.string()),
}
_READ_AS: Final[dict[str, Type]] = {
    "boolean": Type.BOOL,
    "byte": Type.INT,
    "short": Type.INT,
    "integer": Type.INT,
    "long": Type.LONG,
    "float": Type.REAL,
    "double": Type.REAL,
    "string": Type.STRING,
    "binary": Type.STRING,
    "date": Type.DATETIME,
    "timestamp": Type.DATETIME,
    "timestamp_ntz": Type.DATETIME,
}


@dataclass(frozen=True, slots=True)
class LakeColumn:
    """A column as a query may see it; a hidden one only where it is asked for by name."""

    name: str
    type: Type
    is_hidden: bool = False


SYSTEM: Final = (LakeColumn(RECEIVED, Type.DATETIME, True), LakeColumn(SOURCE, Type.STRING, True))


def arrow_type(type_: Type) -> pa.DataType:
    """How a type is stored."""
    return _STORED[type_][1]


def delta_field(column: LakeColumn) -> Field:
    """Every column may be null in Delta: one that is added later is null in the files that were there."""
    name = _STORED[column.type][0]
    marks = {_TYPE: str(column.type)} | ({_HIDDEN: "true"} if column.is_hidden else {})
    return Field(column.name, PrimitiveType(name), nullable=True, metadata=marks)


def delta_schema(columns: tuple[LakeColumn, ...]) -> Schema:
    """The schema of a table of ours, which is parted by day."""
    day = Field(DAY, PrimitiveType("date"), nullable=True, metadata={_HIDDEN: "true"})
    return Schema([*(delta_field(column) for column in columns), day])


def read_columns(schema: Schema) -> tuple[LakeColumn, ...]:
    """The columns of any Delta table; our own day column is none of them."""
    return tuple(_read(field) for field in schema.fields if not is_own_day(field))


def is_own_day(field: Field) -> bool:
    return field.name == DAY and _HIDDEN in field.metadata


def _read(field: Field) -> LakeColumn:
    given: Any = field.metadata.get(_TYPE)
    known = {str(type_) for type_ in Type}
    stored = json.loads(field.type.to_json())
    type_ = Type(given) if given in known else _of_delta(stored)
    return LakeColumn(field.name, type_, _HIDDEN in field.metadata)


def _of_delta(stored: object) -> Type:
    """Anything nested is dynamic."""
    if not isinstance(stored, str):
        return Type.DYNAMIC
    return Type.DECIMAL if stored.startswith("decimal") else _READ_AS.get(stored, Type.DYNAMIC)


def mark_of(columns: tuple[LakeColumn, ...]) -> str:
    """A short name for a set of columns: files that bear the same need not be opened to know that they are alike."""
    text = json.dumps([[column.name, str(column.type)] for column in columns])
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def with_system(columns: tuple[tuple[str, Type], ...]) -> tuple[LakeColumn, ...]:
    """A table's own columns, and those that a commit adds."""
    own = tuple(LakeColumn(name, type_) for name, type_ in columns)
    taken = {column.name.casefold() for column in own}
    return own + tuple(replace(c) for c in SYSTEM if c.name.casefold() not in taken)
