"""Operations on the bits of a long: binary_and, binary_shift_left, bitset_count_ones."""

from collections.abc import Callable

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
from bluetick.sql.tree import Binary, Cast, Expr, call, long, when
from bluetick.types import INTEGER, Type


def _whole(argument: Argument) -> Expr:
    return argument.sql if argument.type is Type.LONG else Cast(argument.sql, Type.LONG)


def _native(sql_name: str) -> Lowering:
    """A function or operator of the engine; operators have names too, in quotes."""
    return lambda bound: call(sql_name, *(_whole(arg) for arg in bound.args))


def _bits(
    name: str, summary: str, parameters: tuple[str, ...], duckdb: Lowering, spark: Lowering, *examples: Example
) -> ScalarFunction:
    return ScalarFunction(
        name=name,
        summary=summary,
        signatures=(signature(*(param(given, *INTEGER) for given in parameters), returns=Type.LONG),),
        nulls=Nulls.PROPAGATE,
        duckdb=duckdb,
        spark=spark,
        result_name=AS_ARGUMENT,
        examples=examples,
    )


_PAIR = ("value1", "value2")

BINARY_AND = _bits(
    "binary_and",
    "The bits that both values have.",
    _PAIR,
    _native('"&"'),
    _native("`&`"),
    Example("binary_and(12, 10)", 8),
    Example("binary_and(long(null), 10)", None),
)
BINARY_OR = _bits(
    "binary_or",
    "The bits that either value has.",
    _PAIR,
    _native('"|"'),
    _native("`|`"),
    Example("binary_or(12, 10)", 14),
    Example("binary_or(1, long(null))", None),
)
BINARY_XOR = _bits(
    "binary_xor",
    "The bits that one of the values has.",
    _PAIR,
    _native("xor"),
    _native("`^`"),
    Example("binary_xor(12, 10)", 6),
    Example("binary_xor(1, long(null))", None),
)
BINARY_NOT = _bits(
    "binary_not",
    "The bits that the value has not.",
    ("value",),
    _native('"~"'),
    _native("`~`"),
    Example("binary_not(100)", -101),
    Example("binary_not(long(null))", None),
)


def _shift(move: Callable[[Expr, Expr], Expr]) -> Lowering:
    """The shift is taken by 64; a negative one gives null."""

    def lower(bound: BoundCall) -> Expr:
        value, count = (_whole(arg) for arg in bound.args)
        places = Cast(Binary("%", count, long(64)), Type.INT)
        return when(Binary(">=", count, long(0)), move(value, places))

    return lower


def _left_duckdb(value: Expr, places: Expr) -> Expr:
    """Over BIT: DuckDB's shift of a number is an error where a bit falls out."""
    return Cast(call('"<<"', Cast(value, "BIT"), places), Type.LONG)


def _right_duckdb(value: Expr, places: Expr) -> Expr:
    return call('">>"', value, Cast(places, Type.LONG))


_SHIFTED = ("value", "shift")

BINARY_SHIFT_LEFT = _bits(
    "binary_shift_left",
    "The bits moved to the left, by the shift modulo 64; null for a negative shift.",
    _SHIFTED,
    _shift(_left_duckdb),
    _shift(lambda value, places: call("shiftleft", value, places)),
    Example("binary_shift_left(1, 2)", 4),
    Example("binary_shift_left(1, 63)", -9_223_372_036_854_775_808),
    Example("binary_shift_left(1, -1)", None),
    Example("binary_shift_left(1, long(null))", None),
)
BINARY_SHIFT_RIGHT = _bits(
    "binary_shift_right",
    "The bits moved to the right, the sign kept, by the shift modulo 64; null for a negative shift.",
    _SHIFTED,
    _shift(_right_duckdb),
    _shift(lambda value, places: call("shiftright", value, places)),
    Example("binary_shift_right(1, 2)", 0),
    Example("binary_shift_right(-8, 1)", -4),
    Example("binary_shift_right(1, long(null))", None),
)


def _count_ones(bound: BoundCall) -> Expr:
    return Cast(call("bit_count", _whole(bound[0])), Type.LONG)


BITSET_COUNT_ONES = _bits(
    "bitset_count_ones",
    "How many bits of the value are set.",
    ("value",),
    _count_ones,
    _count_ones,
    Example("bitset_count_ones(42)", 3),
    Example("bitset_count_ones(-1)", 64),
    Example("bitset_count_ones(long(null))", None),
)

FUNCTIONS: tuple[ScalarFunction, ...] = (
    BINARY_AND,
    BINARY_OR,
    BINARY_XOR,
    BINARY_NOT,
    BINARY_SHIFT_LEFT,
    BINARY_SHIFT_RIGHT,
    BITSET_COUNT_ONES,
)
