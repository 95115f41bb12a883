"""Arithmetic that is exact where engines are not: long wraps around, x / 0 is null, a remainder is never negative."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import TypeAlias

from bluetick.functions.definition import Argument
from bluetick.functions.scalar.clock import DUCKDB as DUCKDB_CLOCK
from bluetick.functions.scalar.clock import SPARK as SPARK_CLOCK
from bluetick.functions.scalar.clock import bounded, within_years
from bluetick.sql.tree import Bare, Binary, Case, Cast, Expr, Literal, Unary, call, coalesce, long
from bluetick.types import INTEGER, NUMBER, Type

Calculate: TypeAlias = "Callable[[Argument, Argument, Type, Numbers], Expr]"

_LONG_MIN, _LONG_MAX = -(2**63), 2**63 - 1
_INT_SIZE = 2**31  # an int's absolute value is at most this


@dataclass(frozen=True, slots=True)
class Numbers:
    """How one engine calculates beyond 64 bits and on instants."""

    wide: str  # an integer type that holds every sum and product of two longs
    wrapped: Callable[[Expr], Expr]  # wide integer -> the long that its lowest 64 bits are
    epoch_micros: str
    moved: Callable[[Expr, Expr], Expr]  # datetime, microseconds -> datetime
    real_divide: Callable[[Expr, Expr], Expr]
    decimal_divide: Callable[[Expr, Expr], Expr]
    decimal_sum: Callable[[str, Expr, Expr], Expr]  # + or - and two decimals -> their result, null beyond 38 digits


def _wrapped_duckdb(value: Expr) -> Expr:
    modulus, half = Cast(Bare(2**64), "HUGEINT"), Cast(Bare(2**63), "HUGEINT")
    positive = Binary("%", Binary("+", Binary("%", value, modulus), Cast(Bare(3 * 2**63), "HUGEINT")), modulus)
    return Cast(Binary("-", positive, half), Type.LONG)


def _wrapped_spark(value: Expr) -> Expr:
    def whole(number: int) -> Expr:
        return Cast(Literal(str(number), Type.STRING), "DECIMAL(20, 0)")

    shifted = Binary("+", call("pmod", value, whole(2**64)), whole(2**63))
    return Cast(Binary("-", call("pmod", shifted, whole(2**64)), whole(2**63)), Type.LONG)


def _ieee_divide(left: Expr, right: Expr) -> Expr:
    return Binary("/", left, right)


def _ieee_divide_spark(left: Expr, right: Expr) -> Expr:
    """Spark refuses x / 0.0: its quotient by null stands for it, and the sign of x decides (0/0 is NaN)."""
    zero = Literal(0.0, Type.REAL)

    def special(name: str) -> Expr:
        return Cast(Literal(name, Type.STRING), Type.REAL)

    by_zero = Case(
        ((Binary(">", left, zero), special("Infinity")), (Binary("<", left, zero), special("-Infinity"))),
        special("NaN"),
    )
    is_by_zero = Binary("AND", Binary("=", right, zero), Unary("IS NOT NULL", left))
    return Case(((is_by_zero, by_zero),), call("try_divide", left, right))


def _decimal_divide(left: Expr, right: Expr) -> Expr:
    quotient = Binary("/", left, call("nullif", right, Cast(long(0), Type.DECIMAL)))
    return Cast(quotient, Type.DECIMAL, safe=True)


def _decimal_sum_duckdb(operator: str, left: Expr, right: Expr) -> Expr:
    return Cast(call("try", Binary(operator, left, right)), Type.DECIMAL, safe=True)


def _decimal_sum_spark(operator: str, left: Expr, right: Expr) -> Expr:
    return Cast(call("try_add" if operator == "+" else "try_subtract", left, right), Type.DECIMAL, safe=True)


DUCKDB = Numbers(
    wide="HUGEINT",
    wrapped=_wrapped_duckdb,
    epoch_micros="epoch_us",
    moved=DUCKDB_CLOCK.plus,
    real_divide=_ieee_divide,
    decimal_divide=_decimal_divide,
    decimal_sum=_decimal_sum_duckdb,
)
SPARK = Numbers(
    wide="DECIMAL(19, 0)",
    wrapped=_wrapped_spark,
    epoch_micros="unix_micros",
    moved=SPARK_CLOCK.plus,
    real_divide=_ieee_divide_spark,
    decimal_divide=_decimal_divide,
    decimal_sum=_decimal_sum_spark,
)


def _as(arg: Argument, target: Type) -> Expr:
    return arg.sql if arg.type is target else Cast(arg.sql, target, safe=target is Type.DECIMAL)


def _span(arg: Argument) -> tuple[int, int]:
    """The least and greatest value that an integer argument can have."""
    if arg.is_constant and isinstance(arg.constant, int):
        return arg.constant, arg.constant
    if arg.type is Type.INT:
        return -_INT_SIZE, _INT_SIZE
    return _LONG_MIN, _LONG_MAX


_RESULTS: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
}


def _fits(operator: str, left: Argument, right: Argument) -> bool:
    results = [_RESULTS[operator](a, b) for a in _span(left) for b in _span(right)]
    return min(results) >= _LONG_MIN and max(results) <= _LONG_MAX


def _whole(operator: str, left: Argument, right: Argument, numbers: Numbers) -> Expr:
    """Long arithmetic that wraps around; the wide form is computed only where 64 bits may not do."""
    if _fits(operator, left, right):
        return Binary(operator, _as(left, Type.LONG), _as(right, Type.LONG))
    wide = Binary(operator, Cast(left.sql, numbers.wide), Cast(right.sql, numbers.wide))
    return coalesce(Cast(wide, Type.LONG, safe=True), numbers.wrapped(wide))


def _number(operator: str, left: Argument, right: Argument, returns: Type, numbers: Numbers) -> Expr:
    if returns is Type.LONG:
        return _whole(operator, left, right, numbers)
    a, b = _as(left, returns), _as(right, returns)
    if returns is Type.DECIMAL:
        return _decimal_product(a, b, numbers) if operator == "*" else numbers.decimal_sum(operator, a, b)
    return Binary(operator, a, b)


_WHOLE, _FRACTION = "DECIMAL(19, 0)", "DECIMAL(18, 18)"


def _decimal_product(left: Expr, right: Expr, numbers: Numbers) -> Expr:
    """Whole parts and fractions one by one: of the 38 digits that a product of two decimals with 18 places may have,
    36 would stand behind the point."""

    def parts(value: Expr) -> tuple[Expr, Expr]:
        fraction = Binary("%", value, Cast(long(1), Type.DECIMAL))
        return Cast(Binary("-", value, fraction), _WHOLE, safe=True), Cast(fraction, _FRACTION)

    products: list[Expr] = [Cast(Binary("*", a, b), Type.DECIMAL, safe=True) for a in parts(left) for b in parts(right)]
    return reduce(lambda total, product: numbers.decimal_sum("+", total, product), products)


def add(left: Argument, right: Argument, returns: Type, numbers: Numbers) -> Expr:
    if returns is Type.DATETIME:
        instant, span = (left, right) if left.type is Type.DATETIME else (right, left)
        return within_years(numbers.moved(instant.sql, bounded(span.sql)))
    if returns is Type.TIMESPAN:
        return Binary("+", left.sql, right.sql)
    return _number("+", left, right, returns, numbers)


def subtract(left: Argument, right: Argument, returns: Type, numbers: Numbers) -> Expr:
    if returns is Type.DATETIME:
        return within_years(numbers.moved(left.sql, Unary("-", bounded(right.sql))))
    if returns is Type.TIMESPAN:
        a, b = (_micros(side, numbers) for side in (left, right))
        return Binary("-", a, b)
    return _number("-", left, right, returns, numbers)


def _micros(arg: Argument, numbers: Numbers) -> Expr:
    return call(numbers.epoch_micros, arg.sql) if arg.type is Type.DATETIME else arg.sql


def multiply(left: Argument, right: Argument, returns: Type, numbers: Numbers) -> Expr:
    if returns is Type.TIMESPAN:
        span, factor = (left, right) if left.type is Type.TIMESPAN else (right, left)
        return _scaled(span, factor, numbers)
    return _number("*", left, right, returns, numbers)


def _scaled(span: Argument, factor: Argument, numbers: Numbers) -> Expr:
    """Null where the product is no timespan."""
    if factor.type in INTEGER:
        wide = Binary("*", Cast(span.sql, numbers.wide), Cast(factor.sql, numbers.wide))
        return Cast(wide, Type.LONG, safe=True)
    return _nearest(Binary("*", Cast(span.sql, Type.REAL), _as(factor, Type.REAL)))


def _nearest(micros: Expr) -> Expr:
    return Cast(call("round", micros), Type.LONG, safe=True)


def divide(left: Argument, right: Argument, returns: Type, numbers: Numbers) -> Expr:
    if left.type is Type.TIMESPAN and right.type is Type.TIMESPAN:
        return numbers.real_divide(Cast(left.sql, Type.REAL), Cast(right.sql, Type.REAL))
    if returns is Type.TIMESPAN and right.type not in INTEGER:
        return _nearest(numbers.real_divide(Cast(left.sql, Type.REAL), _as(right, Type.REAL)))
    if returns in (Type.LONG, Type.TIMESPAN):
        return _whole_quotient(left, right, numbers)
    divide_by = numbers.real_divide if returns is Type.REAL else numbers.decimal_divide
    return divide_by(_as(left, returns), _as(right, returns))


def _divisor(arg: Argument) -> Expr:
    """Null instead of zero; a constant needs no test."""
    if arg.is_constant and arg.constant:
        return _as(arg, Type.LONG)
    return call("nullif", _as(arg, Type.LONG), long(0))


def _may_be_minus_one(arg: Argument) -> bool:
    return not arg.is_constant or arg.constant == -1


def _whole_quotient(left: Argument, right: Argument, numbers: Numbers) -> Expr:
    quotient = Binary("//", _as(left, Type.LONG), _divisor(right))
    if not _may_be_minus_one(right) or _span(left)[0] > _LONG_MIN:
        return quotient
    # The least long has no positive counterpart: divided by -1 it wraps around to itself.
    is_minus_one = Binary("=", _as(right, Type.LONG), long(-1))
    return Case(((is_minus_one, _whole("-", _ZERO, left, numbers)),), quotient)


_ZERO = Argument(long(0), Type.LONG, 0)


def modulo(left: Argument, right: Argument, returns: Type, numbers: Numbers) -> Expr:
    if left.type is Type.DATETIME:
        return _modulo_of_datetime(left, right, numbers)
    if returns in (Type.LONG, Type.TIMESPAN):
        divisor = _divisor(right)
        if _may_be_minus_one(right) and _span(left)[0] <= _LONG_MIN:  # the least long divided by -1 is no long
            divisor = Case(((Binary("=", _as(right, Type.LONG), long(-1)), long(1)),), divisor)
        remainder: Expr = Binary("%", _as(left, Type.LONG), divisor)
        zero: Expr = long(0)
        size = _as(right, Type.LONG)
    else:
        zero = Cast(long(0), returns)
        divisor = call("nullif", _as(right, returns), zero)
        remainder = Binary("%", _as(left, returns), divisor)
        size = _as(right, returns)
    return _not_negative(remainder, size, zero, right)


def _not_negative(remainder: Expr, size: Expr, zero: Expr, divisor: Argument) -> Expr:
    """The remainder turned by the divisor's absolute value, which for the least long is no long itself."""
    turned: Expr = Binary("+", remainder, size)
    if not (divisor.is_constant and isinstance(divisor.constant, int) and divisor.constant > 0):
        turned = Case(((Binary("<", size, zero), Binary("-", remainder, size)),), turned)
    return Case(((Binary("<", remainder, zero), turned),), remainder)


def _modulo_of_datetime(left: Argument, right: Argument, numbers: Numbers) -> Expr:
    """From the first instant of year 1, as ticks count."""
    since_year_one = Binary("+", call(numbers.epoch_micros, left.sql), long(62_135_596_800_000_000))
    return _not_negative(Binary("%", since_year_one, _divisor(right)), right.sql, long(0), right)


def negate(operand: Argument, returns: Type, numbers: Numbers) -> Expr:
    if returns is Type.LONG:
        return _whole("-", _ZERO, operand, numbers)
    if returns in NUMBER or returns is Type.TIMESPAN:
        return Unary("-", _as(operand, returns))
    return operand.sql
