"""Sizes of data: format_bytes and estimate_data_size."""

import math
from decimal import ROUND_HALF_UP, Context, Decimal

from bluetick.functions.definition import (
    AS_ARGUMENT,
    Argument,
    BoundCall,
    Example,
    Lowering,
    Nulls,
    ScalarFunction,
    param,
    signature,
)
from bluetick.functions.scalar.string_forms import DUCKDB, SPARK, StringForms
from bluetick.sql.tree import Binary, Cast, Expr, call, coalesce, long
from bluetick.types import ANY_SCALAR, INTEGER, NUMBER, Type
from bluetick.values import format_decimal

_UNITS = ("Bytes", "KB", "MB", "GB", "TB", "PB", "EB")
_MOST_DIGITS = 28  # behind the point
_EXACT = Context(prec=400, rounding=ROUND_HALF_UP)  # the largest real has 309 digits


def _format_bytes(size: float | Decimal | None, precision: int | None = 0, units: str = "") -> str:
    """https://learn.microsoft.com/kusto/query/format-bytes-function"""
    if size is None or precision is None or not math.isfinite(size):
        return ""
    value = Decimal(size)
    names = {name.lower(): place for place, name in enumerate(_UNITS)}
    place = names.get(units.lower()) if units else _fitting(value)
    if place is None:
        return ""
    digits = Decimal(1).scaleb(-max(0, min(precision, _MOST_DIGITS)))
    shown = _EXACT.quantize(_EXACT.divide(value, Decimal(1024**place)), digits)
    return f"{format_decimal(shown)} {_UNITS[place]}"


def _fitting(value: Decimal) -> int:
    """The largest unit of which there is one at least."""
    return max((place for place in range(len(_UNITS)) if abs(value) >= 1024**place), default=0)


FORMAT_BYTES = ScalarFunction(
    name="format_bytes",
    summary="A number of bytes as text in the unit that fits it, or in a given unit; an unknown unit gives no text.",
    signatures=(
        signature(
            param("size", *NUMBER),
            param("precision", *INTEGER, optional=True),
            param("units", Type.STRING, optional=True),
            returns=Type.STRING,
        ),
    ),
    nulls=Nulls.NEVER,
    compute=_format_bytes,
    result_name=AS_ARGUMENT,
    examples=(
        Example("format_bytes(564)", "564 Bytes"),
        Example("format_bytes(10332, 1)", "10.1 KB"),
        Example('format_bytes(20010332, 0, "KB")', "19541 KB"),
        Example("format_bytes(-2048.0)", "-2 KB"),
        Example("format_bytes(long(null))", ""),
    ),
)

_FIXED = {
    Type.BOOL: 1,
    Type.INT: 4,
    Type.LONG: 8,
    Type.REAL: 8,
    Type.DATETIME: 8,
    Type.TIMESPAN: 8,
    Type.DECIMAL: 16,
    Type.GUID: 16,
}


def _size(argument: Argument, forms: StringForms) -> Expr:
    """A string and a dynamic value by the bytes of their text, any other by its type."""
    if argument.type in _FIXED:
        return long(_FIXED[argument.type])
    size = call("octet_length", forms.encoded(argument.sql))
    return coalesce(Cast(size, Type.LONG), long(0))


def _estimate(forms: StringForms) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        total: Expr = _size(bound[0], forms)
        for argument in bound.args[1:]:
            total = Binary("+", total, _size(argument, forms))
        return total

    return lower


ESTIMATE_DATA_SIZE = ScalarFunction(
    name="estimate_data_size",
    summary="How many bytes the values take: of a string its UTF-8 text, of other types a fixed number.",
    signatures=(signature(param("column", *ANY_SCALAR, repeat=1_000), returns=Type.LONG),),
    nulls=Nulls.NEVER,
    duckdb=_estimate(DUCKDB),
    spark=_estimate(SPARK),
    examples=(
        Example('estimate_data_size("1234567890")', 10),
        Example('estimate_data_size(1, "1234567890")', 18),
        Example('estimate_data_size("", bool(null))', 1),
        Example("estimate_data_size(dynamic(null))", 0),
    ),
    differs="A dynamic value counts as its JSON text; Kusto keeps it in another form, which is larger.",
)

FUNCTIONS: tuple[ScalarFunction, ...] = (FORMAT_BYTES, ESTIMATE_DATA_SIZE)
