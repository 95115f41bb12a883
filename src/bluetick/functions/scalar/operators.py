"""Comparison and arithmetic: == != < <= > >= + - * / % and the signs."""

from collections.abc import Callable
from typing import TypeAlias

from bluetick.functions.definition import (
    Argument,
    BoundCall,
    Example,
    Lowering,
    Nulls,
    ReturnRule,
    ScalarFunction,
    Signature,
    param,
    signature,
)
from bluetick.functions.scalar import arithmetic
from bluetick.functions.scalar.arithmetic import DUCKDB as DUCKDB_NUMBERS
from bluetick.functions.scalar.arithmetic import SPARK as SPARK_NUMBERS
from bluetick.functions.scalar.arithmetic import Numbers
from bluetick.functions.scalar.comparison import equal, not_equal, ordered
from bluetick.functions.scalar.conversions import DUCKDB, SPARK, Reading, convert
from bluetick.sql.tree import Cast, Expr
from bluetick.types import ANY_SCALAR, NUMBER, SUMMABLE, Type, widest

Compare: TypeAlias = Callable[[Argument, Argument, Reading, bool], Expr]

_NUMBER_OR_BOOL = (*NUMBER, Type.BOOL)
_FROM_TEXT = (*_NUMBER_OR_BOOL, Type.GUID)

EQUALITY_SIGNATURES: tuple[Signature, ...] = (
    signature(param("left", Type.STRING), param("right", Type.STRING), returns=Type.BOOL),
    signature(param("left", *_NUMBER_OR_BOOL), param("right", *_NUMBER_OR_BOOL), returns=Type.BOOL),
    signature(param("left", Type.DATETIME), param("right", Type.DATETIME), returns=Type.BOOL),
    signature(param("left", Type.TIMESPAN), param("right", Type.TIMESPAN), returns=Type.BOOL),
    signature(param("left", Type.GUID), param("right", Type.GUID), returns=Type.BOOL),
    signature(param("left", Type.DYNAMIC), param("right", *ANY_SCALAR), returns=Type.BOOL),
    signature(param("left", *ANY_SCALAR), param("right", Type.DYNAMIC), returns=Type.BOOL),
    signature(param("left", *_FROM_TEXT), param("right", Type.STRING), returns=Type.BOOL),
    signature(param("left", Type.STRING), param("right", *_FROM_TEXT), returns=Type.BOOL),
)

_ORDERED_BY_DYNAMIC = (*NUMBER, Type.DYNAMIC)
ORDER_SIGNATURES: tuple[Signature, ...] = (
    signature(param("left", *_NUMBER_OR_BOOL), param("right", *_NUMBER_OR_BOOL), returns=Type.BOOL),
    signature(param("left", Type.TIMESPAN), param("right", Type.TIMESPAN), returns=Type.BOOL),
    signature(param("left", Type.DATETIME), param("right", Type.DATETIME), returns=Type.BOOL),
    signature(param("left", Type.DYNAMIC), param("right", *_ORDERED_BY_DYNAMIC), returns=Type.BOOL),
    signature(param("left", *NUMBER), param("right", Type.DYNAMIC), returns=Type.BOOL),
)


def _comparing(compare: Compare, reading: Reading) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        return compare(bound[0], bound[1], reading, bound.truth_only)

    return lower


def _ordering(symbol: str) -> Compare:
    def compare(left: Argument, right: Argument, reading: Reading, _: bool) -> Expr:
        return ordered(symbol, left, right, reading)

    return compare


def _comparison(
    name: str,
    summary: str,
    compare: Compare,
    signatures: tuple[Signature, ...],
    examples: tuple[Example, ...],
    aliases: tuple[str, ...] = (),
    differs: str = "",
) -> ScalarFunction:
    return ScalarFunction(
        name=name,
        summary=summary,
        signatures=signatures,
        nulls=Nulls.OWN,
        duckdb=_comparing(compare, DUCKDB),
        spark=_comparing(compare, SPARK),
        examples=examples,
        aliases=aliases,
        differs=differs,
    )


_TEXT_OPERAND = "A string compared with a number, a bool or a guid is read as a value of that type."

_COMPARISONS = (
    _comparison(
        "==",
        "True when equal. Null with null is null; null with a value is false.",
        equal,
        EQUALITY_SIGNATURES,
        (
            Example("1 == 1.0", True),
            Example('"a" == "A"', False),
            Example("int(null) == 5", False),
            Example("int(null) == int(null)", None),
            Example('dynamic({"a":"x"}).a == "x"', True),
            Example('dynamic({"a":3}).a == 3', True),
        ),
        differs=_TEXT_OPERAND,
    ),
    _comparison(
        "!=",
        "True when not equal. Null with null is null; null with a value is true.",
        not_equal,
        EQUALITY_SIGNATURES,
        (
            Example("2 != 3", True),
            Example("int(null) != 5", True),
            Example("int(null) != int(null)", None),
        ),
        aliases=("<>",),
        differs=_TEXT_OPERAND,
    ),
    _comparison(
        "<",
        "True when less; null where a side is null.",
        _ordering("<"),
        ORDER_SIGNATURES,
        (
            Example("1 < 1.5", True),
            Example("long(null) < 1", None),
            Example("datetime(2024-01-01) < datetime(2023-01-01)", False),
        ),
    ),
    _comparison(
        "<=",
        "True when less or equal; null where a side is null.",
        _ordering("<="),
        ORDER_SIGNATURES,
        (Example("2h <= 120m", True), Example("5 <= long(null)", None)),
    ),
    _comparison(
        ">",
        "True when greater; null where a side is null.",
        _ordering(">"),
        ORDER_SIGNATURES,
        (
            Example("3 > 2", True),
            Example("real(nan) > 2", False),
            Example('dynamic({"a":1.5}).a > 1', True),
            Example("long(null) > 1", None),
        ),
    ),
    _comparison(
        ">=",
        "True when greater or equal; null where a side is null.",
        _ordering(">="),
        ORDER_SIGNATURES,
        (Example("3 >= 3", True), Example("long(null) >= 1", None)),
    ),
)


# --- arithmetic ------------------------------------------------------------------------------------------------


def _beside_dynamic(position: int) -> ReturnRule:
    def rule(types: tuple[Type, ...]) -> Type:
        return Type.LONG if types[position] is Type.INT else types[position]

    return rule


_DYNAMIC_WITH_NUMBER: tuple[Signature, ...] = (
    signature(param("left", Type.DYNAMIC), param("right", *NUMBER), returns=_beside_dynamic(1)),
    signature(param("left", *NUMBER), param("right", Type.DYNAMIC), returns=_beside_dynamic(0)),
)
_NUMBERS = signature(param("left", *NUMBER), param("right", *NUMBER), returns=widest)


def _pair(left: Type, right: Type, returns: ReturnRule) -> Signature:
    return signature(param("left", left), param("right", right), returns=returns)


def _scaled(returns: Type) -> Signature:
    return signature(param("left", Type.TIMESPAN), param("right", *NUMBER), returns=returns)


_SPAN, _TIME, _DYNAMIC = Type.TIMESPAN, Type.DATETIME, Type.DYNAMIC


def _typed(arg: Argument, other: Argument, bound: BoundCall, reading: Reading) -> Argument:
    """A dynamic operand read as what stands beside it; a number as the type of the result."""
    if arg.type is Type.DYNAMIC:
        target = _operand_type(other, bound)
        return Argument(convert(arg, target, reading), target)
    return arg


def _operand_type(other: Argument, bound: BoundCall) -> Type:
    if other.type in (Type.DATETIME, Type.TIMESPAN):
        return other.type
    return bound.returns if bound.returns in NUMBER else Type.REAL


def _calculating(calculate: arithmetic.Calculate, reading: Reading, numbers: Numbers) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        left = _typed(bound[0], bound[1], bound, reading)
        right = _typed(bound[1], bound[0], bound, reading)
        return calculate(left, right, bound.returns, numbers)

    return lower


def _arithmetic(
    name: str,
    summary: str,
    calculate: arithmetic.Calculate,
    signatures: tuple[Signature, ...],
    examples: tuple[Example, ...],
) -> ScalarFunction:
    return ScalarFunction(
        name=name,
        summary=summary,
        signatures=signatures,
        nulls=Nulls.OWN if name in ("/", "%") else Nulls.PROPAGATE,
        duckdb=_calculating(calculate, DUCKDB, DUCKDB_NUMBERS),
        spark=_calculating(calculate, SPARK, SPARK_NUMBERS),
        examples=examples,
    )


def _negate(numbers: Numbers) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        return arithmetic.negate(bound[0], bound.returns, numbers)

    return lower


def _keep(bound: BoundCall) -> Expr:
    value = bound[0]
    return value.sql if value.type is bound.returns else Cast(value.sql, bound.returns)


def _signed(types: tuple[Type, ...]) -> Type:
    return Type.LONG if types[0] is Type.INT else types[0]


_SIGNED_TYPES = tuple(t for t in SUMMABLE if t is not Type.DATETIME)

_ARITHMETIC = (
    _arithmetic(
        "+",
        "Sum. Integers give long, which wraps around on overflow.",
        arithmetic.add,
        (
            _NUMBERS,
            _pair(_SPAN, _SPAN, _SPAN),
            _pair(_TIME, _SPAN, _TIME),
            _pair(_SPAN, _TIME, _TIME),
            *_DYNAMIC_WITH_NUMBER,
            _pair(_DYNAMIC, _SPAN, _SPAN),
            _pair(_SPAN, _DYNAMIC, _SPAN),
        ),
        (
            Example("1 + 2.5", 3.5),
            Example("9223372036854775807 + 1", -9223372036854775808),
            Example("tostring(datetime(2024-02-28) + 1d)", "2024-02-29T00:00:00.0000000Z"),
            Example("1 + long(null)", None),
        ),
    ),
    _arithmetic(
        "-",
        "Difference. Integers give long, which wraps around on overflow.",
        arithmetic.subtract,
        (
            _NUMBERS,
            _pair(_SPAN, _SPAN, _SPAN),
            _pair(_TIME, _TIME, _SPAN),
            _pair(_TIME, _SPAN, _TIME),
            *_DYNAMIC_WITH_NUMBER,
            _pair(_TIME, _DYNAMIC, _SPAN),
            _pair(_DYNAMIC, _TIME, _SPAN),
            _pair(_DYNAMIC, _SPAN, _SPAN),
            _pair(_SPAN, _DYNAMIC, _SPAN),
        ),
        (
            Example("5 - 7", -2),
            Example("tostring(datetime(2024-03-01) - datetime(2024-02-28))", "2.00:00:00"),
            Example("datetime(null) - datetime(2024-02-28)", None),
        ),
    ),
    _arithmetic(
        "*",
        "Product. Integers give long, which wraps around on overflow.",
        arithmetic.multiply,
        (
            _NUMBERS,
            _scaled(_SPAN),
            signature(param("left", *NUMBER), param("right", _SPAN), returns=_SPAN),
            *_DYNAMIC_WITH_NUMBER,
        ),
        (
            Example("6 * 7", 42),
            Example("9223372036854775807 * 2", -2),
            Example("tostring(1h * 1.5)", "01:30:00"),
            Example("long(null) * 2", None),
        ),
    ),
    _arithmetic(
        "/",
        "Quotient. Integers are cut toward zero and give null on division by zero; reals follow IEEE 754.",
        arithmetic.divide,
        (_NUMBERS, _pair(_SPAN, _SPAN, Type.REAL), _scaled(_SPAN), *_DYNAMIC_WITH_NUMBER),
        (
            Example("-7 / 2", -3),
            Example("7 / 0", None),
            Example("1.0 / 0", float("inf")),
            Example("1h / 30m", 2.0),
            Example("tostring(1h / 4)", "00:15:00"),
            Example("7 / long(null)", None),
        ),
    ),
    _arithmetic(
        "%",
        "Remainder, never negative: 0 <= x % d < abs(d).",
        arithmetic.modulo,
        (_NUMBERS, _pair(_SPAN, _SPAN, _SPAN), _pair(_TIME, _SPAN, _SPAN), *_DYNAMIC_WITH_NUMBER),
        (
            Example("-14 % 12", 10),
            Example("-14 % -12", 10),
            Example("7 % 0", None),
            Example("tostring(100m % 1h)", "00:40:00"),
            Example("7 % long(null)", None),
        ),
    ),
    ScalarFunction(
        name="unary-",
        summary="The value with its sign turned.",
        signatures=(signature(param("operand", *_SIGNED_TYPES), returns=_signed),),
        nulls=Nulls.PROPAGATE,
        duckdb=_negate(DUCKDB_NUMBERS),
        spark=_negate(SPARK_NUMBERS),
        examples=(Example("-(3)", -3), Example("-long(null)", None)),
    ),
    ScalarFunction(
        name="unary+",
        summary="The value itself.",
        signatures=(signature(param("operand", *_SIGNED_TYPES), returns=_signed),),
        nulls=Nulls.PROPAGATE,
        duckdb=_keep,
        spark=_keep,
        examples=(Example("+(3)", 3), Example("+long(null)", None)),
    ),
)

FUNCTIONS: tuple[ScalarFunction, ...] = (*_COMPARISONS, *_ARITHMETIC)
