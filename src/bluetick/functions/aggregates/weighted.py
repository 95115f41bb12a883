"""percentilew, percentiles_array, percentilesw_array: nearest-rank percentiles of values with weights.

https://learn.microsoft.com/kusto/query/percentilesw-aggregation-function
"""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from bluetick.functions.aggregates.gathered import DUCKDB, SPARK, gather
from bluetick.functions.definition import (
    AggregateFunction,
    Argument,
    Example,
    Parameter,
    Signature,
    param,
    prefixed,
    signature,
)
from bluetick.functions.ranks import Sortable, as_dynamic, at_rank, in_order, physical, read
from bluetick.types import INTEGER, NOT_DYNAMIC, NUMBER, Type
from bluetick.values import Json

_MOST_RANKS = 64
_VALUE = param("value", *NOT_DYNAMIC)
_WEIGHT = param("weight", *INTEGER)
_RANK = param("percentile", *NUMBER, constant=True)
_RANKS = param("percentile", *NUMBER, constant=True, repeat=_MOST_RANKS)
_RANK_ARRAY = param("percentiles", Type.DYNAMIC, constant=True)


def _ranks(args: tuple[Argument, ...]) -> Json:
    """The percentiles as texts, which keep them exact."""
    (first, *_) = args
    given = first.constant if isinstance(first.constant, list) else [arg.constant for arg in args]
    return [str(rank) for rank in given]


def _check(args: tuple[Argument, ...]) -> str:
    """The problem with the constants of a call, or nothing."""
    given: list[Any] = []
    for arg in args:
        if arg.type is Type.DYNAMIC and arg.is_constant:
            if not isinstance(arg.constant, list) or not arg.constant:
                return "percentiles stand in an array of numbers"
            given.extend(arg.constant)
    given = given or [args[-1].constant]
    for rank in given:
        if isinstance(rank, bool) or not isinstance(rank, int | float | Decimal) or not 0 <= rank <= 100:
            return "a percentile lies between 0 and 100"
    return ""


def gathered_pairs(raw: Any) -> tuple[Type, list[tuple[Sortable, int]]]:
    type_ = Type(raw["type"])
    return type_, in_order((read(value, type_), weight) for value, weight in raw["items"])


def _one(raw: Any) -> Any:
    type_, pairs = gathered_pairs(raw)
    value = at_rank(pairs, Fraction(raw["with"][0]))
    if value is None:
        return "" if type_ is Type.STRING else None
    return physical(value, type_)


def _all(raw: Any) -> Json:
    type_, pairs = gathered_pairs(raw)
    if not pairs:
        return None
    found = (at_rank(pairs, Fraction(rank)) for rank in raw["with"])
    return [None if value is None else as_dynamic(value, type_) for value in found]


def _first_type(types: tuple[Type, ...]) -> Type:
    return types[0]


_EXACT = "Kusto estimates percentiles of large inputs; here they are exact."
_BUCKETS = "datatable(n:long, x:long)[8, 10, 6, 20, 3, 30, 1, 40, 5, long(null), long(null), 7]"
_NONE = "datatable(n:long, x:long, s:string)[]"

PERCENTILEW = AggregateFunction(
    name="percentilew",
    summary="The percentile of the values when each counts as often as its weight says (nearest rank).",
    signatures=(signature(_VALUE, _WEIGHT, _RANK, returns=_first_type),),
    duckdb=gather(DUCKDB, _ranks, weighted=True),
    spark=gather(SPARK, _ranks, weighted=True),
    finish=_one,
    result_name=prefixed("percentile"),
    check=_check,
    differs=_EXACT,
    examples=(
        Example("percentilew(x, n, 50)", 20, over=_BUCKETS),
        Example("percentilew(x, n, 99.9)", 40, over=_BUCKETS),
        Example("percentilew(x, n, 0)", 10, over=_BUCKETS),
        Example("percentilew(x, n, 50)", None, over=_NONE),
        Example("percentilew(s, n, 50)", "", over=_NONE),
    ),
)


def _array(
    name: str, summary: str, leading: tuple[Parameter, ...], prefix: str, examples: tuple[Example, ...]
) -> AggregateFunction:
    signatures: tuple[Signature, ...] = (
        signature(*leading, _RANKS, returns=Type.DYNAMIC),
        signature(*leading, _RANK_ARRAY, returns=Type.DYNAMIC),
    )
    weighted = len(leading) > 1
    return AggregateFunction(
        name=name,
        summary=summary,
        signatures=signatures,
        duckdb=gather(DUCKDB, _ranks, weighted=weighted),
        spark=gather(SPARK, _ranks, weighted=weighted),
        finish=_all,
        result_name=prefixed(prefix),
        check=_check,
        differs=_EXACT,
        examples=examples,
    )


AGGREGATES: tuple[AggregateFunction, ...] = (
    PERCENTILEW,
    _array(
        "percentiles_array",
        "Percentiles of the values in an array (nearest rank); null of no values.",
        (_VALUE,),
        "percentiles",
        (
            Example("percentiles_array(x, 0, 50, 100)", [7, 20, 40], over=_BUCKETS),
            Example("percentiles_array(x, dynamic([25, 99.5]))", [10, 40], over=_BUCKETS),
            Example("percentiles_array(x * 1h, 50)", ["20:00:00"], over=_BUCKETS),
            Example("percentiles_array(x, 50)", None, over=_NONE),
        ),
    ),
    _array(
        "percentilesw_array",
        "Percentiles of the values in an array when each counts as often as its weight says; null of no values.",
        (_VALUE, _WEIGHT),
        "percentile",
        (
            Example("percentilesw_array(x, n, 50, 75, 99.9)", [20, 20, 40], over=_BUCKETS),
            Example("percentilesw_array(x, n, dynamic([50, 75, 99.9]))", [20, 20, 40], over=_BUCKETS),
            Example("percentilesw_array(x, n, 50)", None, over=_NONE),
        ),
    ),
)
