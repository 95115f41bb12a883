"""sum, avg, min, max with their `if` forms, and the bitwise aggregates."""

from datetime import UTC, datetime, timedelta

from bluetick.functions.aggregates.conditional import Body, aggregate, conditional, plain
from bluetick.functions.definition import (
    AS_ARGUMENT,
    AggregateFunction,
    AggregateLowering,
    BoundAggregate,
    Example,
    Signature,
    param,
    prefixed,
    signature,
)
from bluetick.sql.tree import EMPTY, Binary, Cast, Expr, Literal, call, coalesce, long
from bluetick.types import INTEGER, Type

_PREDICATE = param("predicate", Type.BOOL)
_NAN = Literal(float("nan"), Type.REAL)
# Shifts every instant from year 1 on to a count that is not negative, so that integer division rounds down.
_MICROS_YEAR_ONE_TO_EPOCH = long(62_135_596_800_000_000)

_VALUES = (
    "datatable(n:long, i:int, r:real, m:decimal, s:string, t:timespan, d:datetime, b:bool)["
    "3, 3, 0.5, decimal(1.25), 'b', 1h, datetime(2024-01-01), true, "
    "4, 4, 2.0, decimal(2.25), 'B', 30m, datetime(2024-01-03), false, "
    "long(null), int(null), real(null), decimal(null), '', timespan(null), datetime(null), bool(null)]"
)
_NONE = "datatable(n:long, r:real, s:string, t:timespan, d:datetime)[]"
_NULLS = "datatable(n:long, r:real)[long(null), real(null)]"


# --- sum -------------------------------------------------------------------------------------------------------

_TWO_TO_63 = Cast(Literal("9223372036854775808", Type.STRING), "HUGEINT")
_TWO_TO_64 = Cast(Literal("18446744073709551616", Type.STRING), "HUGEINT")


def wrap_long(total: Expr) -> Expr:
    """A HUGEINT as the long that 64-bit arithmetic gives: DuckDB sums longs into 128 bits."""
    shifted = Binary("%", Binary("+", total, _TWO_TO_63), _TWO_TO_64)
    positive = Binary("%", Binary("+", shifted, _TWO_TO_64), _TWO_TO_64)
    return Cast(Binary("-", positive, _TWO_TO_63), Type.LONG)


def _sum_duckdb(bound: BoundAggregate, where: Expr | None) -> Expr:
    total = aggregate("sum", bound[0].sql, where=where)
    if bound[0].type in {Type.LONG, Type.TIMESPAN}:
        # What fits is not wrapped: of many groups that would take as long as the sums themselves.
        return coalesce(Cast(total, Type.LONG, safe=True), wrap_long(total), long(0))
    return coalesce(Cast(total, bound.returns), Cast(long(0), bound.returns))


def _sum_spark(bound: BoundAggregate, where: Expr | None) -> Expr:
    total = aggregate("sum", bound[0].sql, where=where)
    return coalesce(Cast(total, bound.returns), Cast(long(0), bound.returns))


_SUM_RETURNS = {Type.INT: Type.LONG}


def _sum_type(types: tuple[Type, ...]) -> Type:
    return _SUM_RETURNS.get(types[0], types[0])


_SUMMED = param("value", Type.INT, Type.LONG, Type.REAL, Type.DECIMAL, Type.TIMESPAN)
_SUM_DIFFERS = "A sum of longs past 64 bits wraps on DuckDB; on Spark it is an error."

SUM = AggregateFunction(
    name="sum",
    summary="Add up the values that are not null; 0 when there are none.",
    signatures=(signature(_SUMMED, returns=_sum_type),),
    duckdb=plain(_sum_duckdb),
    spark=plain(_sum_spark),
    result_name=prefixed("sum"),
    differs=_SUM_DIFFERS,
    examples=(
        Example("sum(n)", 7, over=_VALUES),
        Example("sum(r)", 2.5, over=_VALUES),
        Example("tostring(sum(t))", "01:30:00", over=_VALUES),
        Example("sum(n)", 0, over=_NULLS),
        Example("sum(r)", 0.0, over=_NONE),
    ),
)

SUMIF = AggregateFunction(
    name="sumif",
    summary="Add up the values that are not null, over the rows where a predicate is true; 0 when there are none.",
    signatures=(signature(_SUMMED, _PREDICATE, returns=_sum_type),),
    duckdb=conditional(_sum_duckdb),
    spark=conditional(_sum_spark),
    result_name=prefixed("sumif"),
    differs=_SUM_DIFFERS,
    examples=(
        Example("sumif(n, n > 3)", 4, over=_VALUES),
        Example("sumif(n, n > 9)", 0, over=_VALUES),
    ),
)


# --- avg -------------------------------------------------------------------------------------------------------


def _mean_micros_duckdb(micros: Expr, where: Expr | None) -> Expr:
    """A quotient of integers, not of doubles; the sum has 128 bits."""
    total = aggregate("sum", micros, where=where)
    return Cast(Binary("//", total, aggregate("count", micros, where=where)), Type.LONG)


def _mean_micros_spark(micros: Expr, where: Expr | None) -> Expr:
    total = aggregate("sum", Cast(micros, "DECIMAL(20, 0)"), where=where)
    quotient = Binary("/", total, Cast(aggregate("count", micros, where=where), "DECIMAL(20, 0)"))
    return Cast(quotient, Type.LONG)


def _avg_duckdb(bound: BoundAggregate, where: Expr | None) -> Expr:
    value = bound[0].sql
    match bound[0].type:
        case Type.TIMESPAN:
            return _mean_micros_duckdb(value, where)
        case Type.DATETIME:
            since_year_one = Binary("+", call("epoch_us", value), _MICROS_YEAR_ONE_TO_EPOCH)
            mean = _mean_micros_duckdb(since_year_one, where)
            return call("make_timestamp", Binary("-", mean, _MICROS_YEAR_ONE_TO_EPOCH))
        case _:
            return _mean_number(bound, where)


def _avg_spark(bound: BoundAggregate, where: Expr | None) -> Expr:
    value = bound[0].sql
    match bound[0].type:
        case Type.TIMESPAN:
            return _mean_micros_spark(value, where)
        case Type.DATETIME:
            since_year_one = Binary("+", call("unix_micros", value), _MICROS_YEAR_ONE_TO_EPOCH)
            mean = _mean_micros_spark(since_year_one, where)
            return call("timestamp_micros", Binary("-", mean, _MICROS_YEAR_ONE_TO_EPOCH))
        case _:
            return _mean_number(bound, where)


def _mean_number(bound: BoundAggregate, where: Expr | None) -> Expr:
    mean = Cast(aggregate("avg", bound[0].sql, where=where), bound.returns)
    return coalesce(mean, _NAN) if bound.returns is Type.REAL else mean


def _average_signatures(predicate: bool) -> tuple[Signature, ...]:
    more = (_PREDICATE,) if predicate else ()
    return tuple(
        signature(param("value", *types), *more, returns=returns)
        for types, returns in (
            (INTEGER, Type.REAL),
            ((Type.REAL,), Type.REAL),
            ((Type.DECIMAL,), Type.DECIMAL),
            ((Type.TIMESPAN,), Type.TIMESPAN),
            ((Type.DATETIME,), Type.DATETIME),
        )
    )


_AVG_DIFFERS = "On DuckDB the average of decimals has the precision of a double."

AVG = AggregateFunction(
    name="avg",
    summary="The mean of the values that are not null. Of no numbers it is NaN, as the engine gives it.",
    signatures=_average_signatures(predicate=False),
    duckdb=plain(_avg_duckdb),
    spark=plain(_avg_spark),
    result_name=prefixed("avg"),
    differs=_AVG_DIFFERS,
    examples=(
        Example("avg(n)", 3.5, over=_VALUES),
        Example("avg(r)", 1.25, over=_VALUES),
        Example("avg(t)", timedelta(minutes=45), over=_VALUES),
        Example("avg(d)", datetime(2024, 1, 2, tzinfo=UTC), over=_VALUES),
        Example("tostring(avg(n))", "NaN", over=_NONE),
        Example("tostring(avg(r))", "NaN", over=_NULLS),
        Example("avg(t)", None, over=_NONE),
    ),
)

AVGIF = AggregateFunction(
    name="avgif",
    summary="The mean of the values that are not null, over the rows where a predicate is true.",
    signatures=_average_signatures(predicate=True),
    duckdb=conditional(_avg_duckdb),
    spark=conditional(_avg_spark),
    result_name=prefixed("avgif"),
    differs=_AVG_DIFFERS,
    examples=(
        Example("avgif(n, n > 3)", 4.0, over=_VALUES),
        Example("tostring(avgif(n, n > 9))", "NaN", over=_VALUES),
    ),
)


# --- min, max --------------------------------------------------------------------------------------------------


def _extreme(name: str) -> Body:
    """Strings compare by their UTF-8 bytes on both engines; the least of no strings is the empty one."""

    def body(bound: BoundAggregate, where: Expr | None) -> Expr:
        value = aggregate(name, bound[0].sql, where=where)
        return coalesce(value, EMPTY) if bound.returns is Type.STRING else value

    return body


def _first_type(types: tuple[Type, ...]) -> Type:
    return types[0]


_MIN = _extreme("min")
_MAX = _extreme("max")
_ORDERED = param("value", *(t for t in Type if t not in {Type.DYNAMIC, Type.GUID}))

MIN = AggregateFunction(
    name="min",
    summary="The least value that is not null.",
    signatures=(signature(_ORDERED, returns=_first_type),),
    duckdb=plain(_MIN),
    spark=plain(_MIN),
    result_name=prefixed("min"),
    examples=(
        Example("min(n)", 3, over=_VALUES),
        Example("min(d)", datetime(2024, 1, 1, tzinfo=UTC), over=_VALUES),
        Example("min(t)", timedelta(minutes=30), over=_VALUES),
        Example("min(s)", "", over=_NONE),
        Example("min(n)", None, over=_NULLS),
    ),
)

MAX = AggregateFunction(
    name="max",
    summary="The greatest value that is not null.",
    signatures=(signature(_ORDERED, returns=_first_type),),
    duckdb=plain(_MAX),
    spark=plain(_MAX),
    result_name=prefixed("max"),
    examples=(
        Example("max(n)", 4, over=_VALUES),
        Example("max(s)", "b", over=_VALUES),
        Example("max(b)", True, over=_VALUES),
        Example("max(d)", None, over=_NONE),
    ),
)

MINIF = AggregateFunction(
    name="minif",
    summary="The least value that is not null, over the rows where a predicate is true.",
    signatures=(signature(_ORDERED, _PREDICATE, returns=_first_type),),
    duckdb=conditional(_MIN),
    spark=conditional(_MIN),
    result_name=prefixed("minif"),
    examples=(Example("minif(n, n > 3)", 4, over=_VALUES), Example("minif(n, n > 9)", None, over=_VALUES)),
)

MAXIF = AggregateFunction(
    name="maxif",
    summary="The greatest value that is not null, over the rows where a predicate is true.",
    signatures=(signature(_ORDERED, _PREDICATE, returns=_first_type),),
    duckdb=conditional(_MAX),
    spark=conditional(_MAX),
    result_name=prefixed("maxif"),
    examples=(Example("maxif(n, n < 4)", 3, over=_VALUES), Example("maxif(s, n > 9)", "", over=_VALUES)),
)


# --- bits ------------------------------------------------------------------------------------------------------


def _bitwise(name: str, operation: str, value: int) -> AggregateFunction:
    lowering: AggregateLowering = plain(lambda bound, where: aggregate(operation, bound[0].sql, where=where))
    return AggregateFunction(
        name=name,
        summary=f"Fold the bits of the integers that are not null with {name.removeprefix('binary_all_')}.",
        signatures=(signature(param("value", *INTEGER), returns=_first_type),),
        duckdb=lowering,
        spark=lowering,
        result_name=AS_ARGUMENT,
        examples=(Example(f"{name}(n)", value, over=_VALUES), Example(f"{name}(n)", None, over=_NULLS)),
    )


AGGREGATES: tuple[AggregateFunction, ...] = (
    SUM,
    SUMIF,
    AVG,
    AVGIF,
    MIN,
    MAX,
    MINIF,
    MAXIF,
    _bitwise("binary_all_and", "bit_and", 0),
    _bitwise("binary_all_or", "bit_or", 7),
    _bitwise("binary_all_xor", "bit_xor", 7),
)
