"""Faults of scalar functions and operators."""

from dataclasses import replace
from typing import Final

from bluetick.functions.definition import NOT_CONSTANT, BoundCall, Lowering
from bluetick.sql.tree import (
    EMPTY,
    FALSE,
    TRUE,
    Bare,
    Binary,
    Case,
    Cast,
    Expr,
    all_of,
    any_of,
    call,
    coalesce,
    is_not_null,
    is_null,
    long,
    not_,
    text,
    when,
)
from bluetick.types import Type
from generated.faults import Fault, Wrong, argument, scalar, taken_for

_SWAPPED: Final = (
    *(("has", "contains"), ("has", "has_cs"), ("!has", "!contains"), ("has_cs", "has"), ("contains", "contains_cs")),
    *(("!contains", "!contains_cs"), ("contains_cs", "contains"), ("startswith", "startswith_cs")),
    *(("startswith", "contains"), ("startswith_cs", "startswith"), ("endswith", "endswith_cs")),
    *(("endswith", "contains"), ("hasprefix", "startswith"), ("hasprefix", "has"), ("hasprefix_cs", "hasprefix")),
    *(("hassuffix", "endswith"), ("hassuffix", "has"), ("=~", "=="), ("!~", "!="), ("in~", "in"), ("!in~", "!in")),
    *(("has_any", "has_all"), ("has_all", "has_any"), ("<", "<="), ("<=", "<"), (">", ">="), (">=", ">")),
    *(("!between", "between"), ("isempty", "isnull"), ("isnotempty", "isnotnull"), ("max_of", "min_of")),
    *(("strlen", "string_size"), ("trim", "trim_start"), ("trim_end", "trim"), ("startofday", "endofday")),
    *(
        ("set_intersect", "set_difference"),
        ("dayofmonth", "dayofyear"),
        ("isinf", "isnan"),
        ("binary_or", "binary_xor"),
    ),
)


def _plain(operator: str) -> Wrong:
    return lambda bound, _: Binary(operator, bound[0].sql, bound[1].sql)


def _same_types(wrong: Wrong) -> Wrong:
    """Only where both sides are of one type, as others need a conversion."""
    return lambda bound, right: wrong(bound, right) if bound[0].type is bound[1].type else right(bound)


def _moved(by: int) -> Wrong:
    """The right result plus a number."""
    return lambda bound, right: Binary("+", right(bound), long(by))


def _first(bound: BoundCall, _: Lowering) -> Expr:
    return bound[0].sql


def _of(type_: Type, wrong: Wrong) -> Wrong:
    """Only where the first argument is of this type."""
    return lambda bound, right: wrong(bound, right) if bound[0].type is type_ else right(bound)


def _giving(type_: Type, wrong: Wrong) -> Wrong:
    """Only where the result is of this type."""
    return lambda bound, right: wrong(bound, right) if bound.returns is type_ else right(bound)


def _swapped(bound: BoundCall, right: Lowering) -> Expr:
    return right(replace(bound, args=bound.args[::-1]))


def _without_last(bound: BoundCall, right: Lowering) -> Expr:
    return right(replace(bound, args=bound.args[:-1]))


def _open_end(bound: BoundCall, right: Lowering) -> Expr:
    return all_of(right(bound), Binary("<", bound[0].sql, bound[2].sql))


def _open_start(bound: BoundCall, right: Lowering) -> Expr:
    return all_of(right(bound), Binary(">", bound[0].sql, bound[1].sql))


def _truncating_bin(bound: BoundCall, right: Lowering) -> Expr:
    value, size = bound[0].sql, bound[1].sql
    return when(is_not_null(right(bound)), Binary("*", Binary("//", value, size), size))


def _bin_of_1970(bound: BoundCall, _: Lowering) -> Expr:
    micros = call("epoch_us", bound[0].sql)
    return call("make_timestamp", Binary("-", micros, Binary("%", micros, bound[1].sql)))


def _null_is_true(bound: BoundCall, right: Lowering) -> Expr:
    return coalesce(right(bound), TRUE)


def _iff_of_null(bound: BoundCall, right: Lowering) -> Expr:
    return right(argument(bound, 0, coalesce(bound[0].sql, TRUE)))


def _greatest_or_null(bound: BoundCall, right: Lowering) -> Expr:
    return when(not_(any_of(*(is_null(arg.sql) for arg in bound.args))), right(bound))


def _coalesce_of_empty(bound: BoundCall, _: Lowering) -> Expr:
    return coalesce(*(arg.sql for arg in bound.args))


def _substring_from_one(bound: BoundCall, right: Lowering) -> Expr:
    changed = argument(bound, 1, Binary("-", bound[1].sql, long(1)))
    return right(changed)


def _no_negative_start(bound: BoundCall, right: Lowering) -> Expr:
    return right(argument(bound, 1, call("greatest", bound[1].sql, long(0))))


def _group_zero(bound: BoundCall, _: Lowering) -> Expr:
    return call("regexp_extract", bound[2].sql, text(str(bound[0].constant)), Bare(0))


def _later(bound: BoundCall, right: Lowering) -> Expr:
    return right(argument(bound, 0, Binary("-", bound[0].sql, long(1))))


def _into_the_future(bound: BoundCall, right: Lowering) -> Expr:
    return right(argument(bound, 0, Binary("-", long(0), bound[0].sql)))


def _week_from_monday(bound: BoundCall, right: Lowering) -> Expr:
    return call("date_trunc", text("week"), bound[0].sql) if len(bound) == 1 else right(bound)


def _elapsed(bound: BoundCall, right: Lowering) -> Expr:
    if bound[0].constant not in ("day", "hour", "minute", "month", "year", "week", "second"):
        return right(bound)
    return Cast(call("date_sub", bound[0].sql, bound[2].sql, bound[1].sql), Type.LONG)


def _thirty_days(bound: BoundCall, right: Lowering) -> Expr:
    if bound[0].constant != "month":
        return right(bound)
    return Binary("+", bound[2].sql, call("to_days", Cast(Binary("*", bound[1].sql, long(30)), Type.INT)))


def _index_from_one(bound: BoundCall, right: Lowering) -> Expr:
    constant = bound[1].constant
    if constant is NOT_CONSTANT or isinstance(constant, str) or constant < 0:
        return right(bound)
    return right(replace(bound, args=(bound[0], replace(bound[1], sql=long(constant - 1), constant=constant - 1))))


def _no_index_from_end(bound: BoundCall, right: Lowering) -> Expr:
    constant = bound[1].constant
    if isinstance(constant, int) and constant < 0:
        return right(replace(bound, args=(bound[0], replace(bound[1], sql=long(99), constant=99))))
    return right(bound)


def _other_case(name: str) -> Wrong:
    return lambda bound, right: call(name, right(bound))


def _rounded_to_even(bound: BoundCall, right: Lowering) -> Expr:
    return call("round_even", bound[0].sql, Bare(0)) if len(bound) == 1 else right(bound)


def _rounded_long(bound: BoundCall, _: Lowering) -> Expr:
    return Cast(bound[0].sql, Type.LONG, safe=True)


def _divided_down(bound: BoundCall, right: Lowering) -> Expr:
    a, b = (Cast(arg.sql, Type.REAL) for arg in bound.args)
    return when(is_not_null(right(bound)), Cast(call("floor", Binary("/", a, b)), Type.LONG, safe=True))


def _sign_of_dividend(bound: BoundCall, right: Lowering) -> Expr:
    return when(is_not_null(right(bound)), call("mod", bound[0].sql, call("nullif", bound[1].sql, long(0))))


def _zero_for_null(bound: BoundCall, right: Lowering) -> Expr:
    return coalesce(right(bound), long(0))


def _false_for_null(bound: BoundCall, right: Lowering) -> Expr:
    return coalesce(right(bound), FALSE)


def _empty_bag_value(bound: BoundCall, right: Lowering) -> Expr:
    return coalesce(right(bound), text('""'))


def _long_for_int(bound: BoundCall, right: Lowering) -> Expr:
    return Case(((Binary("=", right(bound), text("long")), text("int")),), right(bound))


_WRONG: Final[tuple[tuple[str, str, Wrong], ...]] = (
    ("==", "== without the null arm", _same_types(_plain("="))),
    ("!=", "!= without the null arm", _same_types(_plain("<>"))),
    ("==", "== never null", _false_for_null),
    ("between", "between without its end", _same_types(_open_end)),
    ("between", "between without its start", _same_types(_open_start)),
    ("!in", "!in null for null", lambda bound, right: when(is_not_null(bound[0].sql), right(bound))),
    ("in", "in without its last item", _without_last),
    ("not", "not of null is true", _null_is_true),
    ("iff", "iff of null takes the first", _iff_of_null),
    ("case", "case of null takes its value", _iff_of_null),
    ("max_of", "max_of null with a null", _greatest_or_null),
    ("coalesce", "coalesce keeps empty texts", _giving(Type.STRING, _coalesce_of_empty)),
    ("-", "- with sides changed", _of(Type.LONG, _same_types(_swapped))),
    ("+", "+ off by one", _giving(Type.LONG, _moved(1))),
    ("/", "/ rounds down", _giving(Type.LONG, _divided_down)),
    ("/", "/ by zero is zero", _giving(Type.LONG, _zero_for_null)),
    ("%", "% with the sign of the dividend", _giving(Type.LONG, _sign_of_dividend)),
    ("bin", "bin toward zero", _of(Type.LONG, _truncating_bin)),
    ("bin", "bin of datetimes from 1970", _giving(Type.DATETIME, _bin_of_1970)),
    ("round", "round half to even", _rounded_to_even),
    ("abs", "abs keeps the sign", _first),
    ("ceiling", "ceiling rounds down", lambda bound, _: call("floor", bound[0].sql)),
    ("substring", "substring from one", _substring_from_one),
    ("substring", "substring without negative starts", _no_negative_start),
    ("indexof", "indexof from one", _moved(1)),
    ("toupper", "toupper keeps the case", _first),
    ("tolower", "tolower raises the case", _other_case("upper")),
    ("extract", "extract gives the whole match", _group_zero),
    ("tostring", "tostring of bool in lower case", _of(Type.BOOL, _other_case("lower"))),
    (
        "tostring",
        "tostring of null is 'null'",
        _of(Type.LONG, lambda b, r: when(is_null(b[0].sql), text("null"), r(b))),
    ),
    ("tolong", "tolong rounds", _of(Type.REAL, _rounded_long)),
    (
        "toreal",
        "toreal of text gives 0 for null",
        _of(Type.STRING, lambda b, r: coalesce(r(b), Cast(long(0), Type.REAL))),
    ),
    ("startofweek", "weeks begin on Monday", _week_from_monday),
    ("endofmonth", "endofmonth is the next start", lambda b, r: Binary("+", r(b), call("to_microseconds", long(1)))),
    ("dayofweek", "dayofweek from one", _moved(86_400_000_000)),
    ("datetime_diff", "datetime_diff counts whole units", _elapsed),
    ("datetime_add", "months have thirty days", _thirty_days),
    ("ago", "ago off by one", _later),
    ("ago", "ago into the future", _into_the_future),
    ("getmonth", "months from zero", _moved(-1)),
    ("[]", "array elements from one", _index_from_one),
    ("[]", "no array elements from the end", _no_index_from_end),
    (".", "a missing key is an empty text", _empty_bag_value),
    ("array_length", "array_length of no array is 0", _zero_for_null),
    ("gettype", "gettype says int for long", _long_for_int),
    ("strcmp", "strcmp turned round", _swapped),
    ("replace_string", "replace_string the other way round", lambda b, r: r(replace(b, args=(b[0], b[2], b[1])))),
    ("strcat", "strcat without its last argument", _without_last),
    ("matches regex", "matches regex from the start", lambda b, _: call("regexp_full_match", b[0].sql, b[1].sql)),
    ("isnan", "isnan of null is null", lambda bound, _: call("isnan", bound[0].sql)),
    ("binary_shift_right", "shifts by one place more", lambda b, r: Binary("//", r(b), long(2))),
    ("reverse", "reverse does nothing", _first),
    ("todatetime", "todatetime drops the time of day", lambda b, r: call("date_trunc", text("day"), r(b))),
    (
        "isempty",
        "isempty of text counts spaces",
        _of(Type.STRING, lambda b, _: Binary("=", call("trim", b[0].sql), EMPTY)),
    ),
)

FAULTS: Final[tuple[Fault, ...]] = (
    *(taken_for(name, other) for name, other in _SWAPPED),
    *(scalar(name, fault, wrong) for name, fault, wrong in _WRONG),
)
