"""Values at the edges: what an engine's Arrow column is in Python, in the Arrow a user gets, and in a JSON cell."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

import pyarrow as pa

from bluetick.types import Type

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Value: TypeAlias = (
    "bool | int | float | Decimal | str | datetime | timedelta | UUID | list[Json] | dict[str, Json] | None"
)
Column: TypeAlias = "pa.Array[Any] | pa.ChunkedArray[Any]"

MICROSECOND = timedelta(microseconds=1)

_PHYSICAL: dict[Type, pa.DataType] = {
    Type.BOOL: pa.bool_(),
    Type.INT: pa.int32(),
    Type.LONG: pa.int64(),
    Type.REAL: pa.float64(),
    Type.DECIMAL: pa.decimal128(38, 18),
    Type.STRING: pa.string(),
    Type.DATETIME: pa.timestamp("us"),
    Type.TIMESPAN: pa.int64(),
    Type.GUID: pa.string(),
    Type.DYNAMIC: pa.string(),
}
_LOGICAL: dict[Type, pa.DataType] = {
    **_PHYSICAL,
    Type.DATETIME: pa.timestamp("us", tz="UTC"),
    Type.TIMESPAN: pa.duration("us"),
}


def arrow_type(type_: Type) -> pa.DataType:
    """How an engine hands the type over: a timespan in microseconds, a dynamic as JSON text."""
    return _PHYSICAL[type_]


def logical_arrow_type(type_: Type) -> pa.DataType:
    """What a user's Arrow table has: a timespan as a duration, a datetime in UTC."""
    return _LOGICAL[type_]


def to_physical(column: Column, type_: Type) -> Column:
    """The engine's column with exactly the physical type; engines differ in string width, time zone and scale."""
    wanted = _PHYSICAL[type_]
    if column.type == wanted or (type_ is Type.DECIMAL and pa.types.is_decimal(column.type)):
        return column
    if isinstance(column.type, pa.BaseExtensionType):
        return _from_extension(column)
    return column.cast(wanted)


def _from_extension(column: Column) -> Column:
    """A UUID column as text."""
    return pa.chunked_array([pa.array([None if v is None else str(v) for v in column.to_pylist()], pa.string())])


def to_logical(column: Column, type_: Type) -> Column:
    """The engine's column as users see it in Arrow."""
    physical = to_physical(column, type_)
    if type_ is Type.DATETIME:
        # Through integers: the stored microseconds are UTC already, only the type says so anew.
        return physical.cast(pa.int64()).cast(_LOGICAL[type_])
    return physical.cast(_LOGICAL[type_]) if type_ is Type.TIMESPAN else physical


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC)


def _timedelta(value: int) -> timedelta:
    return timedelta(microseconds=value)


_TO_PYTHON: dict[Type, Callable[..., Value]] = {
    Type.DATETIME: _utc,
    Type.TIMESPAN: _timedelta,
    Type.GUID: UUID,
    Type.DYNAMIC: json.loads,
}


def python_values(column: Column, type_: Type) -> list[Value]:
    """The values of an engine's column: datetimes aware in UTC, timespans as timedelta, dynamic values parsed."""
    values: list[Value] = to_physical(column, type_).to_pylist()
    convert = _TO_PYTHON.get(type_)
    if convert is None:
        return values
    return [None if value is None else convert(value) for value in values]


# --- dynamic values --------------------------------------------------------------------------------------------------


def dynamic_text(value: Json) -> str:
    """The canonical JSON text of a dynamic value; what JSON has no number for is a text."""
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), separators=(",", ":"), ensure_ascii=False)


def _finite(value: Json) -> Json:
    match value:
        case float():
            return _json_real(value)
        case list():
            return [_finite(item) for item in value]
        case dict():
            return {key: _finite(item) for key, item in value.items()}
        case _:
            return value


# --- text forms ------------------------------------------------------------------------------------------------------


def format_timespan(micros: int) -> str:
    """[-][d.]hh:mm:ss[.fffffff], as Kusto prints a timespan."""
    seconds, fraction = divmod(abs(micros), 1_000_000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    sign = "-" if micros < 0 else ""
    day = f"{days}." if days else ""
    tail = f".{fraction:06}0" if fraction else ""
    return f"{sign}{day}{hour:02}:{minute:02}:{second:02}{tail}"


def format_datetime7(value: datetime) -> str:
    """ISO 8601 in UTC with seven digits of a second; a naive value is UTC."""
    naive = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return f"{naive.isoformat(timespec='microseconds')}0Z"


def format_decimal(value: Decimal) -> str:
    """Plain digits without the zeros that only fill the scale."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def json_cell(value: Value, type_: Type) -> Json:
    """A Python value (as `python_values` gives it) as the JSON that Kusto's protocol carries."""
    match value:
        case float():
            return _json_real(value) if type_ is Type.REAL else value
        case datetime():
            return format_datetime7(value)
        case timedelta():
            return format_timespan(value // MICROSECOND)
        case Decimal():
            return format_decimal(value)
        case UUID():
            return str(value)
        case _:
            return value


def json_rows(columns: Iterable[tuple[str, str]], rows: Iterable[Sequence[Any]]) -> Iterator[list[Json]]:
    """Rows with such cells; `columns` are their names and types."""
    types = [Type(type_) for _, type_ in columns]
    for row in rows:
        yield [json_cell(value, type_) for value, type_ in zip(row, types, strict=True)]


def _json_real(value: float) -> Json:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
