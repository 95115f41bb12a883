"""around: whether a value lies within a distance of another."""

from collections.abc import Callable

from bluetick.functions.definition import (
    Argument,
    BoundCall,
    Example,
    Lowering,
    Nulls,
    ScalarFunction,
    param,
    signature,
)
from bluetick.functions.scalar.arithmetic import DUCKDB, SPARK, Numbers
from bluetick.sql.tree import Binary, Cast, Expr, all_of, call
from bluetick.types import Type

_EXACT = (Type.LONG, Type.TIMESPAN, Type.DATETIME)


def _position(numbers: Numbers) -> Callable[[Argument], Expr]:
    """The value as a number that neither a sum nor a difference overflows."""

    def position(argument: Argument) -> Expr:
        if argument.type is Type.DATETIME:
            return Cast(call(numbers.epoch_micros, argument.sql), numbers.wide)
        return Cast(argument.sql, numbers.wide) if argument.type in _EXACT else argument.sql

    return position


def _around(numbers: Numbers) -> Lowering:
    position = _position(numbers)

    def lower(bound: BoundCall) -> Expr:
        value, center, delta = (position(argument) for argument in bound.args)
        return all_of(
            Binary(">=", value, Binary("-", center, delta)),
            Binary("<=", value, Binary("+", center, delta)),
        )

    return lower


def _same(type_: Type) -> tuple[Type, Type, Type]:
    return type_, type_, type_


_FORMS = (
    _same(Type.LONG),
    _same(Type.REAL),
    _same(Type.DECIMAL),
    _same(Type.TIMESPAN),
    (Type.DATETIME, Type.DATETIME, Type.TIMESPAN),
)

AROUND = ScalarFunction(
    name="around",
    summary="Whether a value lies between center - delta and center + delta, both included.",
    signatures=tuple(
        signature(param("value", value), param("center", center), param("delta", delta), returns=Type.BOOL)
        for value, center, delta in _FORMS
    ),
    nulls=Nulls.PROPAGATE,
    duckdb=_around(DUCKDB),
    spark=_around(SPARK),
    examples=(
        Example("around(datetime(2021-01-01 01:29), datetime(2021-01-01 01:30), 1min)", True),
        Example("around(12, 10, 1)", False),
        Example("around(1.5, 1, 0.5)", True),
        Example("around(9223372036854775807, 9223372036854775806, 2)", True),
        Example("around(1d, timespan(null), 1h)", None),
    ),
)

FUNCTIONS: tuple[ScalarFunction, ...] = (AROUND,)
