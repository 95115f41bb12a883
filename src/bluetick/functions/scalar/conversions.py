"""toint, tolong, toreal, todecimal, tobool, tostring, todatetime, totimespan, toguid.

A value that cannot be converted is null, never an error.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID

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
from bluetick.functions.scalar import regex
from bluetick.functions.scalar.text_form import TextForm, text_duckdb, text_spark
from bluetick.functions.scalar.time_values import (
    parse_datetime_duckdb,
    parse_datetime_spark,
    parse_timespan,
    ticks_of_datetime,
    ticks_of_timespan,
)
from bluetick.sql.tree import Bare, Binary, Case, Cast, Expr, call, coalesce, long, null, text
from bluetick.types import ANY_SCALAR, Type

Convert: TypeAlias = Callable[[Argument], Expr]

_INTEGER_TEXT = r"^\s*[-+]?[0-9]+\s*$"
_HEX_TEXT = r"^\s*0[xX][0-9a-fA-F]{1,16}\s*$"
_WHOLE_TEXT = r"^(?:\s*[-+]?[0-9]+\s*|\s*0[xX][0-9a-fA-F]{1,16} *)$"
_REAL_TEXT = r"^\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*$|^\s*([nN]a[nN]|[-+]?[iI]nf(inity)?)\s*$"
_DECIMAL_TEXT = r"^\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)\s*$"


@dataclass(frozen=True, slots=True)
class Reading:
    """How one engine reads values: the pieces in which the two differ."""

    text: TextForm
    matches: str  # regular expression predicate: matches(value, pattern)
    whole_number: Callable[[Expr], Expr]  # a text's, decimal or hexadecimal
    whole: Callable[[Expr], Expr]  # a real or decimal cut toward zero
    epoch_micros: str
    datetime: Callable[[Expr], Expr]
    starts_with: str
    guid: Callable[[Expr], Expr]


def _hex_spark(value: Expr) -> Expr:
    digits = call("substring", call("trim", value), Bare(3))
    return Cast(call("conv", digits, Bare(16), Bare(-10)), Type.LONG, safe=True)


def _long_of_text_duckdb(value: Expr) -> Expr:
    """The value is named once, which may be a long way to it: the cast reads both spellings, and takes the empty text
    of what does not match for none."""
    return Cast(call("trim", call("regexp_extract", value, text(_WHOLE_TEXT))), Type.LONG, safe=True)


def _long_of_text_spark(value: Expr) -> Expr:
    plain = Cast(call("trim", value), Type.LONG, safe=True)
    return Case(
        (
            (call("rlike", value, text(_INTEGER_TEXT)), plain),
            (call("rlike", value, text(_HEX_TEXT)), _hex_spark(value)),
        )
    )


def _guid_duckdb(value: Expr) -> Expr:
    return Cast(call("trim", value), Type.GUID, safe=True)


def _guid_spark(value: Expr) -> Expr:
    """Spark has no guid type: 32 hexadecimal digits, dashes and one pair of braces allowed, printed the one way."""
    digits = call("lower", call("regexp_replace", value, text(regex.own(r"^\s*[({]?|[)}]?\s*$|-")), text("")))
    dashed = call(
        "regexp_replace",
        digits,
        text("^(.{8})(.{4})(.{4})(.{4})(.{12})\\z"),
        text("$1-$2-$3-$4-$5"),
    )
    return Case(((call("rlike", digits, text(r"^[0-9a-f]{32}\z")), dashed),))


def _truncate(value: Expr) -> Expr:
    return call("trunc", value)


def _as_it_is(value: Expr) -> Expr:
    return value


DUCKDB = Reading(
    text=text_duckdb,
    matches="regexp_matches",
    whole_number=_long_of_text_duckdb,
    whole=_truncate,
    epoch_micros="epoch_us",
    datetime=parse_datetime_duckdb,
    starts_with="starts_with",
    guid=_guid_duckdb,
)
SPARK = Reading(
    text=text_spark,
    matches="rlike",
    whole_number=_long_of_text_spark,
    whole=_as_it_is,  # its cast to an integer truncates
    epoch_micros="unix_micros",
    datetime=parse_datetime_spark,
    starts_with="startswith",
    guid=_guid_spark,
)


def _json_bool(value: Expr, of_true: Expr, of_false: Expr) -> Expr:
    return Case(((Binary("=", value, text("true")), of_true), (Binary("=", value, text("false")), of_false)))


def _ticks(arg: Argument, reading: Reading) -> Expr:
    if arg.type is Type.TIMESPAN:
        return ticks_of_timespan(arg.sql)
    return ticks_of_datetime(call(reading.epoch_micros, arg.sql))


def to_long(arg: Argument, reading: Reading) -> Expr:
    match arg.type:
        case Type.LONG:
            return arg.sql
        case Type.INT | Type.BOOL:
            return Cast(arg.sql, Type.LONG)
        case Type.REAL | Type.DECIMAL:
            return Cast(reading.whole(arg.sql), Type.LONG, safe=True)
        case Type.DATETIME | Type.TIMESPAN:
            return _ticks(arg, reading)
        case Type.STRING:
            return reading.whole_number(arg.sql)
        case Type.DYNAMIC:
            number = Cast(arg.sql, Type.REAL, safe=True)
            return coalesce(
                reading.whole_number(reading.text(arg)),
                Cast(reading.whole(number), Type.LONG, safe=True),
                _json_bool(arg.sql, long(1), long(0)),
            )
        case _:
            return null(Type.LONG)


def to_int(arg: Argument, reading: Reading) -> Expr:
    if arg.type is Type.INT:
        return arg.sql
    return Cast(to_long(arg, reading), Type.INT, safe=True)


def to_real(arg: Argument, reading: Reading) -> Expr:
    match arg.type:
        case Type.REAL:
            return arg.sql
        case Type.INT | Type.LONG | Type.DECIMAL:
            return Cast(arg.sql, Type.REAL)
        case Type.BOOL:
            return Cast(Cast(arg.sql, Type.INT), Type.REAL)
        case Type.DATETIME | Type.TIMESPAN:
            return Cast(_ticks(arg, reading), Type.REAL)
        case Type.STRING:
            return _real_of_text(arg.sql, reading)
        case Type.DYNAMIC:
            one, zero = Cast(long(1), Type.REAL), Cast(long(0), Type.REAL)
            return coalesce(_real_of_text(reading.text(arg), reading), _json_bool(arg.sql, one, zero))
        case _:
            return null(Type.REAL)


def _real_of_text(value: Expr, reading: Reading) -> Expr:
    number = Cast(call("trim", value), Type.REAL, safe=True)
    return Case(((call(reading.matches, value, text(_REAL_TEXT)), number),))


def to_decimal(arg: Argument, reading: Reading) -> Expr:
    match arg.type:
        case Type.DECIMAL:
            return arg.sql
        case Type.INT | Type.LONG:
            return Cast(arg.sql, Type.DECIMAL, safe=True)
        case Type.REAL:  # by way of its shortest text, or 1.1 were 1.100000000000000128
            return Cast(Cast(arg.sql, Type.STRING), Type.DECIMAL, safe=True)
        case Type.BOOL:
            return Cast(Cast(arg.sql, Type.INT), Type.DECIMAL)
        case Type.DATETIME | Type.TIMESPAN:
            return Cast(_ticks(arg, reading), Type.DECIMAL)
        case Type.STRING | Type.DYNAMIC:
            value = reading.text(arg)
            number = Cast(call("trim", value), Type.DECIMAL, safe=True)
            return Case(((call(reading.matches, value, text(_DECIMAL_TEXT)), number),))
        case _:
            return null(Type.DECIMAL)


def to_bool(arg: Argument, reading: Reading) -> Expr:
    match arg.type:
        case Type.BOOL:
            return arg.sql
        case Type.INT | Type.LONG | Type.REAL | Type.DECIMAL:
            return Binary("<>", arg.sql, Cast(long(0), arg.type))
        case Type.STRING | Type.DYNAMIC:
            value = reading.text(arg)
            word = call("lower", call("trim", value))
            known = _json_bool(word, _TRUE, _FALSE)
            return coalesce(known, Binary("<>", reading.whole_number(value), long(0)))
        case _:
            return null(Type.BOOL)


_TRUE = Binary("=", long(1), long(1))
_FALSE = Binary("=", long(1), long(0))


def to_datetime(arg: Argument, reading: Reading) -> Expr:
    return arg.sql if arg.type is Type.DATETIME else reading.datetime(reading.text(arg))


def to_timespan(arg: Argument, reading: Reading) -> Expr:
    return arg.sql if arg.type is Type.TIMESPAN else parse_timespan(reading.text(arg), reading.starts_with)


def to_guid(arg: Argument, reading: Reading) -> Expr:
    return arg.sql if arg.type is Type.GUID else reading.guid(reading.text(arg))


def _text(arg: Argument, reading: Reading) -> Expr:
    return reading.text(arg)


_CONVERSIONS: dict[Type, Callable[[Argument, Reading], Expr]] = {
    Type.LONG: to_long,
    Type.INT: to_int,
    Type.REAL: to_real,
    Type.DECIMAL: to_decimal,
    Type.BOOL: to_bool,
    Type.DATETIME: to_datetime,
    Type.TIMESPAN: to_timespan,
    Type.GUID: to_guid,
    Type.STRING: _text,
}


def convert(arg: Argument, target: Type, reading: Reading) -> Expr:
    """The argument as a value of another type (dynamic is no target), null where it has none."""
    return arg.sql if arg.type is target else _CONVERSIONS[target](arg, reading)


def _lowering(target: Type, reading: Reading) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        return convert(bound[0], target, reading)

    return lower


def _conversion(
    name: str,
    target: Type,
    accepts: tuple[Type, ...],
    examples: tuple[Example, ...],
    aliases: tuple[str, ...] = (),
    differs: str = "",
) -> ScalarFunction:
    return ScalarFunction(
        name=name,
        summary=f"Convert a value to {target}; null where it has no such value.",
        signatures=(signature(param("value", *accepts), returns=target),),
        nulls=Nulls.NEVER if target is Type.STRING else Nulls.OWN,
        duckdb=_lowering(target, DUCKDB),
        spark=_lowering(target, SPARK),
        examples=examples,
        aliases=aliases,
        result_name=AS_ARGUMENT,
        differs=differs,
    )


_TIME_SOURCES = (Type.STRING, Type.DYNAMIC)

FUNCTIONS: tuple[ScalarFunction, ...] = (
    _conversion(
        "tostring",
        Type.STRING,
        ANY_SCALAR,
        (
            Example("tostring(true)", "True"),
            Example("tostring(1d)", "1.00:00:00"),
            Example("tostring(-90061.5s)", "-1.01:01:01.5000000"),
            Example("tostring(datetime(2024-02-29 01:02:03.5))", "2024-02-29T01:02:03.5000000Z"),
            Example("tostring(int(null))", ""),
            Example('tostring(dynamic({"a":[1,"x"]}))', '{"a":[1,"x"]}'),
            Example('tostring(dynamic("bare"))', "bare"),
            Example("tostring(2.5)", "2.5"),
        ),
        differs="The seventh digit of a second is always 0: engines here count microseconds.",
    ),
    _conversion(
        "tolong",
        Type.LONG,
        ANY_SCALAR,
        (
            Example('tolong("-42")', -42),
            Example('tolong("0x1F")', 31),
            Example("tolong(-2.5)", -2),
            Example('tolong("many")', None),
            Example('tolong(dynamic({"a":7}).a)', 7),
            Example('tolong("")', None),
        ),
    ),
    _conversion(
        "toint",
        Type.INT,
        ANY_SCALAR,
        (
            Example('toint("4624")', 4624),
            Example('toint("2147483648")', None),
            Example("toint(2.9)", 2),
            Example("toint(true)", 1),
            Example('toint("")', None),
        ),
    ),
    _conversion(
        "toreal",
        Type.REAL,
        ANY_SCALAR,
        (
            Example('toreal("1.5e3")', 1500.0),
            Example('toreal("1,5")', None),
            Example("toreal(3)", 3.0),
            Example("toreal(int(null))", None),
        ),
        aliases=("todouble",),
    ),
    _conversion(
        "todecimal",
        Type.DECIMAL,
        ANY_SCALAR,
        (
            Example('todecimal("123.45678")', Decimal("123.45678")),
            Example('todecimal("a lot")', None),
            Example("todecimal(real(null))", None),
        ),
        differs="A decimal has 18 digits behind the point.",
    ),
    _conversion(
        "tobool",
        Type.BOOL,
        ANY_SCALAR,
        (
            Example('tobool("TRUE")', True),
            Example("tobool(0)", False),
            Example('tobool("perhaps")', None),
            Example("tobool(long(null))", None),
        ),
        aliases=("toboolean",),
    ),
    _conversion(
        "todatetime",
        Type.DATETIME,
        (*_TIME_SOURCES, Type.DATETIME),
        (
            Example('todatetime("2024-03-10T13:45:30.25Z")', datetime(2024, 3, 10, 13, 45, 30, 250000, tzinfo=UTC)),
            Example('todatetime("2024-03-10T13:45:00+02:00")', datetime(2024, 3, 10, 11, 45, tzinfo=UTC)),
            Example('todatetime("3/10/2024 1:45:30 PM")', datetime(2024, 3, 10, 13, 45, 30, tzinfo=UTC)),
            Example('todatetime("Sun, 10 Mar 2024 13:45:30 GMT")', datetime(2024, 3, 10, 13, 45, 30, tzinfo=UTC)),
            Example('todatetime("soon")', None),
            Example('todatetime("")', None),
        ),
        differs="Fractions of a second keep six digits.",
    ),
    _conversion(
        "totimespan",
        Type.TIMESPAN,
        (*_TIME_SOURCES, Type.TIMESPAN),
        (
            Example('totimespan("1.02:03:04.5")', timedelta(days=1, hours=2, minutes=3, seconds=4.5)),
            Example('totimespan("15m")', timedelta(minutes=15)),
            Example('totimespan("a while")', None),
            Example('totimespan("")', None),
        ),
        aliases=("totime",),
    ),
    _conversion(
        "toguid",
        Type.GUID,
        (*_TIME_SOURCES, Type.GUID),
        (
            Example('toguid("70FC66F7-8279-44FC-9092-D364D70FCE44")', UUID("70fc66f7-8279-44fc-9092-d364d70fce44")),
            Example('toguid("none")', None),
            Example('toguid("")', None),
        ),
    ),
)
