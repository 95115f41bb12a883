"""Arrow columns to the JSON that Kusto's protocols carry, written as text straight from the batches.

https://learn.microsoft.com/kusto/api/rest/response-http-v2 and docs/server.md say the form of each type.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, TypeAlias

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from bluetick.types import Type
from bluetick.values import format_decimal, format_timespan, to_physical

Cells: TypeAlias = Sequence[Any]
Array: TypeAlias = "pa.Array[Any]"
Encoder: TypeAlias = "Callable[[Array], Cells]"
ROWS_AT_ONCE = 2_000


def _as_is(column: Array) -> Cells:
    return column.to_pylist()


def _text(column: Array) -> Cells:
    """A string is never null on the wire."""
    return column.fill_null("").to_pylist()


def _real(column: Array) -> Cells:
    """JSON has no number for what is not finite: Kusto writes those as text."""
    values: list[Any] = column.to_pylist()
    if pc.all(pc.is_finite(column)).as_py() is False:
        return [_infinite(value) for value in values]
    return values


def _infinite(value: float | None) -> float | str | None:
    if value is None or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _datetime(column: Array) -> Cells:
    """Seven digits of a second: 2026-06-18T12:00:00.1234560Z."""
    texts: list[str | None] = column.cast(pa.timestamp("us")).cast(pa.string()).to_pylist()
    return [None if text is None else f"{text[:10]}T{text[11:]}0Z" for text in texts]


def _timespan(column: Array) -> Cells:
    return [None if value is None else format_timespan(value) for value in column.to_pylist()]


def _decimal(column: Array) -> Cells:
    return [None if value is None else format_decimal(value) for value in column.to_pylist()]


def _guid(column: Array) -> Cells:
    return pc.ascii_lower(column).to_pylist()


def _inline(column: Array) -> Cells:
    """JSON text as it stands: numbers of any length keep their digits, keys their order."""
    return [_fragment(text) for text in column.to_pylist()]


def _fragment(text: str | None) -> orjson.Fragment | str | None:
    """Text that is no JSON (a file may hold anything) goes out as a string: the answer stays JSON."""
    if text is None:
        return None
    return orjson.Fragment(text) if is_json(text) else text


def is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except ValueError:  # which refuses some that JSON allows: lone surrogates as escapes, depth
        try:
            json.loads(text, parse_constant=_refuse)
        except (ValueError, RecursionError):
            return False
    return True


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


# Kusto's own protocols and advanced hunting have dynamic values inline.
KUSTO: Mapping[Type, Encoder] = {
    Type.BOOL: _as_is,
    Type.INT: _as_is,
    Type.LONG: _as_is,
    Type.REAL: _real,
    Type.DECIMAL: _decimal,
    Type.STRING: _text,
    Type.DATETIME: _datetime,
    Type.TIMESPAN: _timespan,
    Type.GUID: _guid,
    Type.DYNAMIC: _inline,
}
# Log Analytics has them as text.
LOG_ANALYTICS: Mapping[Type, Encoder] = {**KUSTO, Type.DYNAMIC: _as_is}


class RowWriter:
    """Rows of one table as JSON text, without the brackets around all of them. `as_objects`: names with each value."""

    def __init__(
        self, columns: Sequence[tuple[str, str]], forms: Mapping[Type, Encoder] = KUSTO, *, as_objects: bool = False
    ) -> None:
        self._names = tuple(name for name, _ in columns)
        self._types = tuple(Type(type_) for _, type_ in columns)
        self._forms = forms
        self._as_objects = as_objects

    def rows(self, batch: pa.RecordBatch) -> Iterator[list[Any]]:
        """Lists of rows, each of few enough that their text is small beside a batch's."""
        for start in range(0, batch.num_rows, ROWS_AT_ONCE):
            part = batch.slice(start, ROWS_AT_ONCE)
            cells = [
                self._forms[type_](_array(to_physical(part.column(i), type_))) for i, type_ in enumerate(self._types)
            ]
            rows: list[Any] = list(zip(*cells, strict=True))
            yield [dict(zip(self._names, row, strict=True)) for row in rows] if self._as_objects else rows


def _array(column: Any) -> Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def dump(rows: Sequence[Any]) -> bytes:
    """The rows' text, commas between them."""
    return orjson.dumps(rows)[1:-1]
