"""Logic over conditions: and, or, not, between."""

from bluetick.functions.definition import (
    Argument,
    BoundCall,
    Example,
    Lowering,
    Nulls,
    ScalarFunction,
    Signature,
    param,
    signature,
)
from bluetick.functions.scalar.arithmetic import DUCKDB as DUCKDB_NUMBERS
from bluetick.functions.scalar.arithmetic import SPARK as SPARK_NUMBERS
from bluetick.functions.scalar.arithmetic import Numbers, add
from bluetick.functions.scalar.comparison import ordered
from bluetick.functions.scalar.conversions import DUCKDB, SPARK, Reading, to_bool
from bluetick.sql.tree import Binary, Expr, not_
from bluetick.types import NUMBER, Type

_CONDITION = (Type.BOOL, Type.DYNAMIC)


def _connecting(operator: str, reading: Reading) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        left, right = (to_bool(arg, reading) for arg in bound.args)
        return Binary(operator, left, right)

    return lower


def _connective(name: str, operator: str, summary: str, examples: tuple[Example, ...]) -> ScalarFunction:
    return ScalarFunction(
        name=name,
        summary=summary,
        signatures=(signature(param("left", *_CONDITION), param("right", *_CONDITION), returns=Type.BOOL),),
        nulls=Nulls.OWN,
        duckdb=_connecting(operator, DUCKDB),
        spark=_connecting(operator, SPARK),
        examples=examples,
    )


def _not(bound: BoundCall) -> Expr:
    return not_(bound[0].sql)


def _between(bound: BoundCall, reading: Reading, numbers: Numbers) -> tuple[Expr, Expr, Expr, Expr]:
    """value >= low, value <= high, value < low, value > high"""
    value, low, high = bound.args
    if high.type is Type.TIMESPAN and low.type is Type.DATETIME:
        high = Argument(add(low, high, Type.DATETIME, numbers), Type.DATETIME)
    return (
        ordered(">=", value, low, reading),
        ordered("<=", value, high, reading),
        ordered("<", value, low, reading),
        ordered(">", value, high, reading),
    )


def _inside(reading: Reading, numbers: Numbers) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        from_low, to_high, _, _ = _between(bound, reading, numbers)
        return Binary("AND", from_low, to_high)

    return lower


def _outside(reading: Reading, numbers: Numbers) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        _, _, below, above = _between(bound, reading, numbers)
        return Binary("OR", below, above)

    return lower


def _range(value: tuple[Type, ...], low: tuple[Type, ...], high: tuple[Type, ...]) -> Signature:
    return signature(param("value", *value), param("low", *low), param("high", *high), returns=Type.BOOL)


_TIME, _SPAN, _DYNAMIC = (Type.DATETIME,), (Type.TIMESPAN,), (Type.DYNAMIC,)
_RANGES = (
    _range(NUMBER, NUMBER, NUMBER),
    _range(_TIME, _TIME, _TIME),
    _range(_TIME, _TIME, _SPAN),
    _range(_SPAN, _SPAN, _SPAN),
    _range(_DYNAMIC, NUMBER, NUMBER),
    _range(NUMBER, _DYNAMIC, _DYNAMIC),
    _range(NUMBER, _DYNAMIC, NUMBER),
    _range(NUMBER, NUMBER, _DYNAMIC),
)

FUNCTIONS: tuple[ScalarFunction, ...] = (
    _connective(
        "and",
        "AND",
        "True when both are true; false beats null.",
        (
            Example("true and false", False),
            Example("false and bool(null)", False),
            Example("true and bool(null)", None),
        ),
    ),
    _connective(
        "or",
        "OR",
        "True when either is true; true beats null.",
        (
            Example("true or false", True),
            Example("bool(null) or true", True),
            Example("bool(null) or false", None),
        ),
    ),
    ScalarFunction(
        name="not",
        summary="The opposite; null of null.",
        signatures=(signature(param("condition", Type.BOOL), returns=Type.BOOL),),
        nulls=Nulls.PROPAGATE,
        duckdb=_not,
        spark=_not,
        examples=(Example("not(true)", False), Example("not(bool(null))", None)),
    ),
    ScalarFunction(
        name="between",
        summary="True when the value lies in the range, both ends included. A timespan as end counts from the start.",
        signatures=_RANGES,
        nulls=Nulls.OWN,
        duckdb=_inside(DUCKDB, DUCKDB_NUMBERS),
        spark=_inside(SPARK, SPARK_NUMBERS),
        examples=(
            Example("5 between (1 .. 5)", True),
            Example("datetime(2024-03-02) between (datetime(2024-03-01) .. 1d)", True),
            Example("long(null) between (1 .. 5)", None),
        ),
    ),
    ScalarFunction(
        name="!between",
        summary="True when the value lies outside the range.",
        signatures=_RANGES,
        nulls=Nulls.OWN,
        duckdb=_outside(DUCKDB, DUCKDB_NUMBERS),
        spark=_outside(SPARK, SPARK_NUMBERS),
        examples=(
            Example("6 !between (1 .. 5)", True),
            Example("1h !between (30m .. 2h)", False),
            Example("long(null) !between (1 .. 5)", None),
        ),
    ),
)
