"""The text that KQL gives any value (what tostring prints), for both engines. Null is the empty string."""

from collections.abc import Callable
from typing import TypeAlias

from bluetick.functions.definition import Argument
from bluetick.functions.scalar.json_path import look_up, split_path
from bluetick.sql.tree import (
    EMPTY,
    Binary,
    Case,
    Cast,
    Column,
    Expr,
    Literal,
    Unary,
    call,
    coalesce,
    is_not_null,
    long,
    text,
)
from bluetick.types import Type

TextForm: TypeAlias = Callable[[Argument], Expr]

MICROS_PER_DAY = 86_400_000_000
_MICROS_PER_HOUR = 3_600_000_000
_MICROS_PER_MINUTE = 60_000_000
_MICROS_PER_SECOND = 1_000_000


def or_empty(value: Expr) -> Expr:
    return coalesce(value, EMPTY)


def _bool_text(value: Expr) -> Expr:
    return Case(((value, text("True")), (Unary("NOT", value), text("False"))), EMPTY)


def _decimal_text(value: Expr) -> Expr:
    """Engines print every declared digit behind the point; KQL prints the significant ones."""
    return _significant(Cast(value, Type.STRING))


def _significant(printed: Expr) -> Expr:
    cut = call("regexp_replace", printed, text(r"\.?0+$"), EMPTY)
    return Case(((Binary("LIKE", printed, text("%.%")), cut),), or_empty(printed))


def _decimal_text_spark(value: Expr) -> Expr:
    """Spark prints zero as 0E-18, and small numbers with exponents too: so one is added to what is below one."""
    zero, one = Cast(long(0), Type.DECIMAL), Cast(long(1), Type.DECIMAL)
    size = call("abs", value)
    shifted = Binary("+", Cast(size, "DECIMAL(19, 18)", safe=True), Cast(long(1), "DECIMAL(1, 0)"))
    sign = Case(((Binary("<", value, zero), text("-")),), EMPTY)
    plain = call("concat", sign, text("0"), call("substring", Cast(shifted, Type.STRING), Cast(long(2), Type.INT)))
    return _significant(Case(((Binary("<", size, one), plain),), Cast(value, Type.STRING)))


def _two_digits(value: Expr) -> Expr:
    return call("lpad", Cast(value, Type.STRING), Cast(long(2), Type.INT), text("0"))


def timespan_text(micros: Expr) -> Expr:
    """[-][d.]hh:mm:ss[.fffffff]"""
    size = call("abs", micros)
    days = Binary("//", size, long(MICROS_PER_DAY))
    fraction = Binary("%", size, long(_MICROS_PER_SECOND))

    def part(unit: int, modulus: int) -> Expr:
        return _two_digits(Binary("%", Binary("//", size, long(unit)), long(modulus)))

    printed = call(
        "concat",
        Case(((Binary("<", micros, long(0)), text("-")),), EMPTY),
        Case(((Binary(">", days, long(0)), call("concat", Cast(days, Type.STRING), text("."))),), EMPTY),
        part(_MICROS_PER_HOUR, 24),
        text(":"),
        part(_MICROS_PER_MINUTE, 60),
        text(":"),
        part(_MICROS_PER_SECOND, 60),
        Case(((Binary(">", fraction, long(0)), _fraction_text(fraction)),), EMPTY),
    )
    return Case(((is_not_null(micros), printed),), EMPTY)


def _fraction_text(fraction: Expr) -> Expr:
    digits = call("lpad", Cast(fraction, Type.STRING), Cast(long(6), Type.INT), text("0"))
    return call("concat", text("."), digits, text("0"))


def _is_json_string(value: Expr, starts_with: str) -> Expr:
    return call(starts_with, value, text('"'))


# --- DuckDB ----------------------------------------------------------------------------------------------------


def _real_text_duckdb(value: Expr) -> Expr:
    printed = Cast(value, Type.STRING)
    return Case(((call("isnan", value), text("NaN")),), or_empty(printed))


def _dynamic_text_duckdb(value: Expr) -> Expr:
    base, path = split_path(value)
    if path != "$":  # the value is looked up once: what engines share between expressions they do not within a CASE
        return or_empty(look_up("json_extract_string", base, path))
    bare = or_empty(call("json_extract_string", value, text("$")))
    if isinstance(value, Column):  # whatever else is computed again for each mention
        plain = Binary("AND", call("ends_with", value, text('"')), Unary("NOT", call("contains", value, text("\\"))))
        between = call("substring", value, long(2), Binary("-", call("length", value), long(2)))
        bare = Case(((plain, between),), bare)  # a third of the time of reading it as JSON
    return Case(((_is_json_string(value, "starts_with"), bare),), or_empty(value))


def text_duckdb(arg: Argument) -> Expr:
    match arg.type:
        case Type.STRING:
            return arg.sql
        case Type.BOOL:
            return _bool_text(arg.sql)
        case Type.REAL:
            return _real_text_duckdb(arg.sql)
        case Type.DECIMAL:
            return _decimal_text(arg.sql)
        case Type.DATETIME:
            return or_empty(Binary("||", call("strftime", arg.sql, text("%Y-%m-%dT%H:%M:%S.%f")), text("0Z")))
        case Type.TIMESPAN:
            return timespan_text(arg.sql)
        case Type.DYNAMIC:
            return _dynamic_text_duckdb(arg.sql)
        case _:
            return or_empty(Cast(arg.sql, Type.STRING))


# --- Spark -----------------------------------------------------------------------------------------------------


def _real_text_spark(value: Expr) -> Expr:
    """Java turns to exponents below 0.001 and from ten million up; KQL below 0.0001 and from 1e16 up."""
    size = call("abs", value)
    java = Cast(value, Type.STRING)
    plain = call(
        "regexp_replace",
        Cast(Cast(java, Type.DECIMAL), Type.STRING),
        text(r"(\.[0-9]+?)0*$"),
        text("$1"),
    )
    exponent = call("regexp_replace", java, text(r"\.0E"), text("E"))
    exponent = call("regexp_replace", exponent, text(r"E([0-9])"), text("E+$1"))
    exponent = call("regexp_replace", exponent, text(r"E([+-])([0-9])$"), text("E$10$2"))
    exponent = call("replace", exponent, text("E"), text("e"))

    def below(limit: float) -> Expr:
        return Binary("<", size, Literal(limit, Type.REAL))

    return Case(
        (
            (call("isnan", value), text("NaN")),
            (Binary("=", size, Cast(text("Infinity"), Type.REAL)), _infinity_text(value)),
            (Binary("=", value, Literal(0.0, Type.REAL)), java),
            (below(1e-4), exponent),
            (below(1e-3), plain),
            (below(1e7), java),
            (below(1e16), plain),
        ),
        or_empty(exponent),
    )


def _infinity_text(value: Expr) -> Expr:
    return Case(((Binary("<", value, Literal(0.0, Type.REAL)), text("-inf")),), text("inf"))


def _dynamic_text_spark(value: Expr) -> Expr:
    bare = call("get_json_object", value, text("$"))
    return Case(((_is_json_string(value, "startswith"), or_empty(bare)),), or_empty(value))


def text_spark(arg: Argument) -> Expr:
    match arg.type:
        case Type.STRING:
            return arg.sql
        case Type.BOOL:
            return _bool_text(arg.sql)
        case Type.REAL:
            return _real_text_spark(arg.sql)
        case Type.DECIMAL:
            return _decimal_text_spark(arg.sql)
        case Type.DATETIME:
            stamp = call("date_format", arg.sql, text("yyyy-MM-dd'T'HH:mm:ss.SSSSSS"))
            return or_empty(call("concat", stamp, text("0Z")))
        case Type.TIMESPAN:
            return timespan_text(arg.sql)
        case Type.DYNAMIC:
            return _dynamic_text_spark(arg.sql)
        case _:
            return or_empty(Cast(arg.sql, Type.STRING))
