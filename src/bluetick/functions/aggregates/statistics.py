"""stdev, variance, covariance and percentile."""

from decimal import Decimal

from bluetick.functions.aggregates.conditional import Body, aggregate, conditional, not_null, plain
from bluetick.functions.definition import (
    AggregateFunction,
    Argument,
    BoundAggregate,
    Example,
    NameRule,
    ResultName,
    param,
    prefixed,
    signature,
)
from bluetick.sql.tree import EMPTY, Binary, Cast, Expr, Literal, call, coalesce, long
from bluetick.types import NOT_DYNAMIC, NUMBER, Type

_PREDICATE = param("predicate", Type.BOOL)
_ZERO = Literal(0.0, Type.REAL)

_SPREAD = "datatable(x:long, y:long)[2, 1, 4, 3, 4, 2, 4, 2, 5, 4, 5, 4, 7, 6, 9, 10, long(null), 7]"
_ONE = "datatable(x:long, y:long)[5, 1]"
_NONE = "datatable(x:long, y:long, s:string)[]"


def _real(arg: Argument) -> Expr:
    return arg.sql if arg.type is Type.REAL else Cast(arg.sql, Type.REAL)


def _spread(engine_name: str) -> Body:
    """A statistic of doubles that is 0 where there are too few values for it."""

    def body(bound: BoundAggregate, where: Expr | None) -> Expr:
        return coalesce(aggregate(engine_name, *(_real(arg) for arg in bound.args), where=where), _ZERO)

    return body


def _statistic(name: str, what: str, engine_name: str, over_spread: float, *, pair: bool = False) -> AggregateFunction:
    names = ("x", "y") if pair else ("x",)
    call_text = f"{name}({', '.join(names)})"
    lowering = plain(_spread(engine_name))
    return AggregateFunction(
        name=name,
        summary=f"The {what} of the values that are not null; 0 of too few values.",
        signatures=(signature(*(param(n, *NUMBER) for n in names), returns=Type.REAL),),
        duckdb=lowering,
        spark=lowering,
        result_name=ResultName(NameRule.PREFIX_AND_FIRST_TWO_ARGUMENTS, name) if pair else prefixed(name),
        examples=(
            Example(call_text, over_spread, over=_SPREAD),
            Example(call_text, 0.0, over=_ONE),
            Example(call_text, 0.0, over=_NONE),
        ),
    )


def _statistic_if(name: str, what: str, engine_name: str, value: float, *, pair: bool = False) -> AggregateFunction:
    names = ("x", "y") if pair else ("x",)
    arguments = ", ".join(names)
    lowering = conditional(_spread(engine_name), predicate=len(names))
    return AggregateFunction(
        name=name,
        summary=f"The {what} of the values that are not null, over the rows where a predicate is true.",
        signatures=(signature(*(param(n, *NUMBER) for n in names), _PREDICATE, returns=Type.REAL),),
        duckdb=lowering,
        spark=lowering,
        result_name=ResultName(NameRule.PREFIX_AND_FIRST_TWO_ARGUMENTS, name) if pair else prefixed(name),
        examples=(
            Example(f"{name}({arguments}, x > 5)", value, over=_SPREAD),
            Example(f"{name}({arguments}, x > 99)", 0.0, over=_SPREAD),
        ),
    )


# --- percentile ------------------------------------------------------------------------------------------------


def _fraction(arg: Argument) -> Decimal:
    """Exact, for as a double the rank 55 of 100 values is the 56th."""
    return Decimal(str(arg.constant)) / 100


def check_percentile(args: tuple[Argument, ...]) -> str:
    """The problem with a percentile's constant rank (the last argument), or nothing."""
    rank = args[-1].constant
    if rank is None or not 0 <= rank <= 100:
        return "a percentile lies between 0 and 100"
    return ""


def nearest_rank_duckdb(value: Argument, rank: Argument, where: Expr | None) -> Expr:
    """The smallest value with at least this share of the values at or below it; a member, of the same type."""
    member = aggregate("quantile_disc", value.sql, Literal(_fraction(rank), Type.DECIMAL), where=where)
    return coalesce(member, EMPTY) if value.type is Type.STRING else member


def nearest_rank_spark(value: Argument, rank: Argument, where: Expr | None) -> Expr:
    """Spark's own percentile_disc goes through doubles, so the member is taken from the sorted list."""
    numerator, denominator = _fraction(rank).as_integer_ratio()
    present = not_null(value, where)
    rows = aggregate("count", value.sql, where=present)
    # The ceiling of count * rank, in whole numbers; the list counts from 0.
    scaled = Binary("*", rows, long(numerator))
    ceiling = Binary("//", Binary("+", scaled, long(denominator - 1)), long(denominator))
    index = call("greatest", Binary("-", ceiling, long(1)), long(0))
    members = call("sort_array", aggregate("collect_list", value.sql, where=present))
    member = call("get", members, Cast(index, Type.INT))
    return coalesce(member, EMPTY) if value.type is Type.STRING else member


def _first_type(types: tuple[Type, ...]) -> Type:
    return types[0]


PERCENTILE = AggregateFunction(
    name="percentile",
    summary="The value that this percentage of the values is less than or equal to (nearest rank).",
    signatures=(
        signature(param("value", *NOT_DYNAMIC), param("percentile", *NUMBER, constant=True), returns=_first_type),
    ),
    duckdb=lambda bound: nearest_rank_duckdb(bound[0], bound[1], None),
    spark=lambda bound: nearest_rank_spark(bound[0], bound[1], None),
    result_name=prefixed("percentile"),
    check=check_percentile,
    differs="Kusto estimates percentiles of large inputs; here they are exact.",
    examples=(
        Example("percentile(x, 50)", 4, over=_SPREAD),
        Example("percentile(x, 0)", 2, over=_SPREAD),
        Example("percentile(x, 95)", 9, over=_SPREAD),
        Example("percentile(x, 87.5)", 7, over=_SPREAD),
        Example("percentile(x, 100)", 9, over=_SPREAD),
        Example("percentile(x, 50)", None, over=_NONE),
    ),
)

# Of 2 4 4 4 5 5 7 9: mean 5, squared deviations 32. Of y at the same rows (1 3 2 2 4 4 6 10, mean 4): products 42.
AGGREGATES: tuple[AggregateFunction, ...] = (
    _statistic("stdev", "sample standard deviation", "stddev_samp", (32 / 7) ** 0.5),
    _statistic_if("stdevif", "sample standard deviation", "stddev_samp", 2**0.5),
    _statistic("stdevp", "population standard deviation", "stddev_pop", 2.0),
    _statistic("variance", "sample variance", "var_samp", 32 / 7),
    _statistic_if("varianceif", "sample variance", "var_samp", 2.0),
    _statistic("variancep", "population variance", "var_pop", 4.0),
    _statistic_if("variancepif", "population variance", "var_pop", 1.0),
    _statistic("covariance", "sample covariance", "covar_samp", 42 / 7, pair=True),
    _statistic_if("covarianceif", "sample covariance", "covar_samp", 4.0, pair=True),
    _statistic("covariancep", "population covariance", "covar_pop", 5.25, pair=True),
    _statistic_if("covariancepif", "population covariance", "covar_pop", 2.0, pair=True),
    PERCENTILE,
)
