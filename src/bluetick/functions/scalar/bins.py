"""bin, bin_at: values rounded down to multiples of a size, toward minus infinity."""

from datetime import datetime, timedelta

from bluetick.functions.definition import (
    AS_ARGUMENT,
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
from bluetick.functions.scalar.clock import DUCKDB, SPARK, Clock, add, subtract
from bluetick.functions.scalar.temporal import MICROSECOND_NOTE
from bluetick.sql.tree import Binary, Case, Cast, Expr, call, long, null, when
from bluetick.types import NUMBER, Type, widest


def _past_edge(value: Expr, size: Expr) -> Expr:
    """The remainder from 0 up to the size; SQL's takes the sign of the value."""
    rest = Binary("%", value, call("nullif", size, long(0)))
    return when(Binary("<", rest, long(0)), add(rest, size), rest)


def _floor(value: Expr, size: Expr, type_: Type, clock: Clock) -> Expr:
    if type_ is Type.REAL:
        return Binary("*", clock.floor(Binary("/", value, call("nullif", size, Cast(long(0), Type.REAL)))), size)
    return _wrapping_difference(value, _past_edge(value, size))


def _wrapping_difference(value: Expr, past_edge: Expr) -> Expr:
    """value - past_edge, which below the least long wraps around as all arithmetic of longs does."""
    from_end = Binary("+", subtract(_MAX, past_edge), add(subtract(value, _MIN), long(1)))
    below = Binary("<", value, add(_MIN, past_edge))
    return Case(((below, from_end),), subtract(value, past_edge))


_MIN, _MAX = long(-(2**63)), long(2**63 - 1)


def _where_positive(size: Argument, result: Expr, returns: Type) -> Expr:
    """The result, or null for a size that is null or not above zero."""
    if not size.is_constant:
        return when(Binary(">", size.sql, Cast(long(0), size.type)), result)
    return result if size.constant is not None and size.constant > 0 else null(returns)


def _bin(clock: Clock) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        value, size = bound.args
        if bound.returns is not Type.DATETIME:
            number, step = _as_numbers(bound, value, size)
            return _where_positive(size, _floor(number, step, bound.returns, clock), bound.returns)
        micros = clock.micros(value.sql)
        # Counted from year 1 no instant is negative: the plain remainder will do.
        width = size.sql if size.is_constant else call("nullif", size.sql, long(0))
        past_edge = Binary("%", clock.since_year_one(value.sql), width)
        return _where_positive(size, clock.instant(subtract(micros, past_edge)), Type.DATETIME)

    return lower


def _as_numbers(bound: BoundCall, *args: Argument) -> tuple[Expr, ...]:
    """The arguments in the type of the result (a timespan is its microseconds)."""
    return tuple(arg.sql if arg.type is bound.returns else Cast(arg.sql, bound.returns) for arg in args)


_NUMBERS = signature(param("value", *NUMBER), param("size", *NUMBER), returns=widest)
_TIMESPANS = signature(param("value", Type.TIMESPAN), param("size", Type.TIMESPAN), returns=Type.TIMESPAN)
_DATETIMES = signature(param("value", Type.DATETIME), param("size", Type.TIMESPAN), returns=Type.DATETIME)

BIN = ScalarFunction(
    name="bin",
    aliases=("floor",),
    summary="The largest multiple of the size that is not above the value; datetimes count from 0001-01-01.",
    signatures=(_NUMBERS, _TIMESPANS, _DATETIMES),
    nulls=Nulls.PROPAGATE,
    duckdb=_bin(DUCKDB),
    spark=_bin(SPARK),
    result_name=AS_ARGUMENT,
    differs=MICROSECOND_NOTE,
    examples=(
        Example("bin(4.5, 1)", 4.0),
        Example("bin(-5, 2)", -6),
        Example("bin(datetime(1955-11-05 01:21), 7d)", datetime(1955, 10, 31)),
        Example("bin(time(16d), 7d)", timedelta(days=14)),
        Example("bin(5, -1)", None),
        Example("bin(datetime(null), 1h)", None),
    ),
)


def _past_edge_from(value: Expr, size: Expr, origin: Expr) -> Expr:
    """The remainder of value - origin, a difference that may be no long."""
    apart = subtract(_past_edge(value, size), _past_edge(origin, size))
    return when(Binary("<", apart, long(0)), add(apart, size), apart)


def _bin_at(clock: Clock) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        value, size, origin = bound.args
        if bound.returns is Type.DATETIME:
            micros = clock.micros(value.sql)
            past_edge = _past_edge(subtract(micros, clock.micros(origin.sql)), size.sql)
            return _where_positive(size, clock.instant(subtract(micros, past_edge)), Type.DATETIME)
        number, width, start = _as_numbers(bound, value, size, origin)
        if bound.returns is Type.REAL:
            result = add(start, _floor(subtract(number, start), width, bound.returns, clock))
        else:
            result = _wrapping_difference(number, _past_edge_from(number, width, start))
        return _where_positive(size, result, bound.returns)

    return lower


def _with_origin(plain: Signature, *origin: Type) -> Signature:
    return Signature((*plain.parameters, param("fixed_point", *origin)), plain.returns)


BIN_AT = ScalarFunction(
    name="bin_at",
    summary="The value rounded down to a multiple of the size, counted from a fixed point.",
    signatures=(
        _with_origin(_NUMBERS, *NUMBER),
        _with_origin(_TIMESPANS, Type.TIMESPAN),
        _with_origin(_DATETIMES, Type.DATETIME),
    ),
    nulls=Nulls.PROPAGATE,
    duckdb=_bin_at(DUCKDB),
    spark=_bin_at(SPARK),
    result_name=AS_ARGUMENT,
    differs=MICROSECOND_NOTE,
    examples=(
        Example("bin_at(6.5, 2.5, 7)", 4.5),
        Example("bin_at(time(1h), 1d, 12h)", timedelta(hours=-12)),
        Example("bin_at(datetime(2017-05-17 10:20:00.0), 7d, datetime(2017-06-04 00:00:00.0))", datetime(2017, 5, 14)),
        Example("bin_at(6, 0, 7)", None),
        Example("bin_at(real(null), 2.5, 7)", None),
    ),
)


def _whole_steps(clock: Clock) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        value, size, origin = bound.args
        apart = subtract(clock.micros(value.sql), clock.micros(origin.sql))
        return _where_positive(size, Binary("//", apart, size.sql), Type.LONG)

    return lower


# No function of the language: make-series numbers its steps by it.
WHOLE_STEPS = ScalarFunction(
    name="whole_steps",
    summary="How many whole steps of a size lie between an origin and a datetime that is not before it.",
    signatures=(
        signature(
            param("value", Type.DATETIME),
            param("size", Type.TIMESPAN),
            param("origin", Type.DATETIME),
            returns=Type.LONG,
        ),
    ),
    nulls=Nulls.PROPAGATE,
    duckdb=_whole_steps(DUCKDB),
    spark=_whole_steps(SPARK),
    examples=(),
)

FUNCTIONS: tuple[ScalarFunction, ...] = (BIN, BIN_AT)
