"""format_datetime and format_timespan: the format is a constant, taken apart into specifiers and delimiters."""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from bluetick.functions.definition import (
    AS_ARGUMENT,
    Argument,
    BoundCall,
    Check,
    Example,
    Lowering,
    Nulls,
    ScalarFunction,
    param,
    signature,
)
from bluetick.functions.scalar.clock import DAY, DUCKDB, HOUR, MINUTE, SECOND, SPARK, Clock
from bluetick.sql.tree import EMPTY, Binary, Cast, Expr, call, is_not_null, long, text, when
from bluetick.types import Type

# Value, engine -> text of one specifier.
Specifier: TypeAlias = Callable[[Expr, Clock], Expr]

_DELIMITERS = " /-:,._[]"
_TOKEN = re.compile(r"([A-Za-z])\1*|.", re.DOTALL)


def _padded(number: Expr, width: int) -> Expr:
    """At least `width` digits: lpad would cut a longer number."""
    digits = Cast(number, Type.STRING)
    if width == 1:
        return digits
    short = call("lpad", digits, Cast(long(width), Type.INT), text("0"))
    return when(Binary("<", number, long(10 ** (width - 1))), short, digits)


def _fraction_digits(micros: Expr, count: int) -> Expr:
    """The first `count` of the seven digits behind the second; the seventh is 0 with microseconds."""
    fraction = Binary("%", micros, long(SECOND))
    if count >= 6:
        return call("concat", _padded(fraction, 6), text("0" * (count - 6)))
    return _padded(Binary("//", fraction, long(10 ** (6 - count))), count)


def _trimmed_digits(micros: Expr, count: int) -> Expr:
    """The same, without zeros at the end."""
    return call("regexp_replace", _fraction_digits(micros, count), text("0+$"), EMPTY)


def _number(sql_name: str, width: int, modulus: int = 0) -> Specifier:
    def show(value: Expr, _clock: Clock) -> Expr:
        number: Expr = Cast(call(sql_name, value), Type.LONG)
        return _padded(Binary("%", number, long(modulus)) if modulus else number, width)

    return show


def _twelve_hours(width: int) -> Specifier:
    def show(value: Expr, _clock: Clock) -> Expr:
        hour = Binary("%", Cast(call("hour", value), Type.LONG), long(12))
        return _padded(when(Binary("=", hour, long(0)), long(12), hour), width)

    return show


def _half_of_day(value: Expr, _clock: Clock) -> Expr:
    return when(Binary("<", call("hour", value), long(12)), text("AM"), text("PM"))


def _second_fraction(count: int, *, trimmed: bool) -> Specifier:
    digits = _trimmed_digits if trimmed else _fraction_digits
    return lambda value, clock: digits(clock.since_year_one(value), count)


_DATETIME_SPECIFIERS: dict[str, Specifier] = {
    "d": _number("day", 1),
    "dd": _number("day", 2),
    "h": _twelve_hours(1),
    "hh": _twelve_hours(2),
    "H": _number("hour", 1),
    "HH": _number("hour", 2),
    "m": _number("minute", 1),
    "mm": _number("minute", 2),
    "M": _number("month", 1),
    "MM": _number("month", 2),
    "s": _number("second", 1),
    "ss": _number("second", 2),
    "y": _number("year", 1, 100),
    "yy": _number("year", 2, 100),
    "yyyy": _number("year", 4),
    "tt": _half_of_day,
    **{"f" * count: _second_fraction(count, trimmed=False) for count in range(1, 8)},
    **{"F" * count: _second_fraction(count, trimmed=True) for count in range(1, 8)},
}


def _span_part(unit: int, modulus: int, width: int) -> Specifier:
    def show(size: Expr, _clock: Clock) -> Expr:
        whole = Binary("//", size, long(unit))
        return _padded(Binary("%", whole, long(modulus)) if modulus else whole, width)

    return show


def _span_fraction(count: int, *, trimmed: bool) -> Specifier:
    digits = _trimmed_digits if trimmed else _fraction_digits
    return lambda size, _clock: digits(size, count)


_TIMESPAN_SPECIFIERS: dict[str, Specifier] = {
    **{"d" * width: _span_part(DAY, 0, width) for width in range(1, 9)},
    "h": _span_part(HOUR, 24, 1),
    "hh": _span_part(HOUR, 24, 2),
    "H": _span_part(HOUR, 24, 1),
    "HH": _span_part(HOUR, 24, 2),
    "m": _span_part(MINUTE, 60, 1),
    "mm": _span_part(MINUTE, 60, 2),
    "s": _span_part(SECOND, 60, 1),
    "ss": _span_part(SECOND, 60, 2),
    **{"f" * count: _span_fraction(count, trimmed=False) for count in range(1, 8)},
    **{"F" * count: _span_fraction(count, trimmed=True) for count in range(1, 8)},
}


def _tokens(format_: str) -> list[str]:
    """Runs of one letter, and single other characters."""
    return [match.group() for match in _TOKEN.finditer(format_)]


def _check_format(specifiers: Mapping[str, Specifier]) -> Check:
    def check(args: tuple[Argument, ...]) -> str:
        for token in _tokens(str(args[1].constant)):
            if token not in specifiers and token not in _DELIMITERS:
                return f"'{token}' is no format specifier or delimiter here"
        return ""

    return check


def _shown(specifiers: Mapping[str, Specifier], format_: str, value: Expr, clock: Clock) -> Expr:
    parts: list[Expr] = []
    for token in _tokens(format_):
        show = specifiers.get(token)
        parts.append(text(token) if show is None else show(value, clock))
    return call("concat", *parts) if parts else EMPTY


def _format_datetime(clock: Clock) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        shown = _shown(_DATETIME_SPECIFIERS, str(bound[1].constant), bound[0].sql, clock)
        return when(is_not_null(bound[0].sql), shown, EMPTY)

    return lower


FORMAT_DATETIME = ScalarFunction(
    name="format_datetime",
    summary="A datetime as text, by a constant format: y M d H h m s f F tt and the delimiters / - : , . _ [ ] space.",
    signatures=(
        signature(param("date", Type.DATETIME), param("format", Type.STRING, constant=True), returns=Type.STRING),
    ),
    nulls=Nulls.NEVER,
    duckdb=_format_datetime(DUCKDB),
    spark=_format_datetime(SPARK),
    check=_check_format(_DATETIME_SPECIFIERS),
    result_name=AS_ARGUMENT,
    differs="The seventh digit of a second is 0: the engines keep microseconds.",
    examples=(
        Example("format_datetime(datetime(2017-01-29 09:00:05), 'yy-MM-dd [HH:mm:ss]')", "17-01-29 [09:00:05]"),
        Example("format_datetime(datetime(2017-01-29 09:00:05), 'yyyy-M-dd [H:mm:ss]')", "2017-1-29 [9:00:05]"),
        Example("format_datetime(datetime(2017-01-29 21:00:05.5), 'hh tt fff FFF')", "09 PM 500 5"),
        Example("format_datetime(datetime(null), 'yyyy')", ""),
    ),
)


def _format_timespan(bound: BoundCall) -> Expr:
    size = call("abs", bound[0].sql)
    shown = _shown(_TIMESPAN_SPECIFIERS, str(bound[1].constant), size, DUCKDB)
    sign = when(Binary("<", bound[0].sql, long(0)), text("-"), EMPTY)
    return when(is_not_null(bound[0].sql), call("concat", sign, shown), EMPTY)


FORMAT_TIMESPAN = ScalarFunction(
    name="format_timespan",
    summary="A timespan as text, by a constant format: d h H m s f F and the delimiters / - : , . _ [ ] space.",
    signatures=(
        signature(param("timespan", Type.TIMESPAN), param("format", Type.STRING, constant=True), returns=Type.STRING),
    ),
    nulls=Nulls.NEVER,
    duckdb=_format_timespan,
    spark=_format_timespan,
    check=_check_format(_TIMESPAN_SPECIFIERS),
    result_name=AS_ARGUMENT,
    differs="The seventh digit of a second is 0: the engines keep microseconds.",
    examples=(
        Example("format_timespan(time(29.09:00:05.12345), 'dd.hh:mm:ss:FF')", "29.09:00:05:12"),
        Example("format_timespan(time(29.09:00:05.12345), 'ddd.h:mm:ss [fffffff]')", "029.9:00:05 [1234500]"),
        Example("format_timespan(-90m, 'h:mm')", "-1:30"),
        Example("format_timespan(timespan(null), 'd')", ""),
    ),
)

FUNCTIONS: tuple[ScalarFunction, ...] = (FORMAT_DATETIME, FORMAT_TIMESPAN)
