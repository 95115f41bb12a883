"""tdigest and tdigest_merge: the values with their weights, from which percentiles and ranks are taken later.

A digest is [[type], [values], [weights]], values ascending.
https://learn.microsoft.com/kusto/query/tdigest-aggregation-function
"""

from typing import Any

from bluetick.functions.aggregates.collections import whole_list
from bluetick.functions.aggregates.gathered import DUCKDB, SPARK, gather
from bluetick.functions.aggregates.weighted import gathered_pairs
from bluetick.functions.definition import AggregateFunction, Argument, Example, param, prefixed, signature
from bluetick.functions.scalar.digests import EXACT, merged, written
from bluetick.types import INTEGER, SUMMABLE, Type
from bluetick.values import Json


def _nothing(_: tuple[Argument, ...]) -> Json:
    return []


def _digest(raw: Any) -> Json:
    type_, pairs = gathered_pairs(raw)
    return written(type_, pairs)


def _merged(digests: Any) -> Json:
    return merged(digests)


_VALUES = "datatable(g:string, x:long, w:long)['a', 3, 1, 'a', 1, 2, 'b', 3, 4, 'b', long(null), 1]"
_DIGESTS = (
    "datatable(d:dynamic)[dynamic([['long'], [1, 3], [2, 4]]), dynamic([['long'], [2, 3], [1, 1]]), dynamic(null)]"
)
_NONE = "datatable(x:long, d:dynamic)[]"

_UNWEIGHTED = gather(DUCKDB, _nothing, weighted=False), gather(SPARK, _nothing, weighted=False)
_WEIGHTED = gather(DUCKDB, _nothing, weighted=True), gather(SPARK, _nothing, weighted=True)

TDIGEST = AggregateFunction(
    name="tdigest",
    summary="The values that are not null with their weights, in a form for percentile_tdigest and rank_tdigest.",
    signatures=(signature(param("value", *SUMMABLE), param("weight", *INTEGER, optional=True), returns=Type.DYNAMIC),),
    duckdb=lambda bound: (_WEIGHTED if len(bound) > 1 else _UNWEIGHTED)[0](bound),
    spark=lambda bound: (_WEIGHTED if len(bound) > 1 else _UNWEIGHTED)[1](bound),
    finish=_digest,
    result_name=prefixed("tdigest"),
    differs=EXACT,
    examples=(
        Example("tdigest(x)", [["long"], [1, 3], [1, 2]], over=_VALUES),
        Example("tdigest(x, w)", [["long"], [1, 3], [2, 5]], over=_VALUES),
        Example("tdigest(x)", [["long"], [], []], over=_NONE),
    ),
)


def _merging(name: str) -> AggregateFunction:
    duckdb, spark = whole_list()
    return AggregateFunction(
        name=name,
        summary="One digest of several; null where they hold values of different types.",
        signatures=(signature(param("tdigest", Type.DYNAMIC), returns=Type.DYNAMIC),),
        duckdb=duckdb,
        spark=spark,
        finish=_merged,
        result_name=prefixed("merge_tdigests"),
        differs=EXACT,
        examples=(
            Example(f"{name}(d)", [["long"], [1, 2, 3], [2, 1, 5]], over=_DIGESTS),
            Example(f"{name}(d)", None, over=_NONE),
        ),
    )


AGGREGATES: tuple[AggregateFunction, ...] = (TDIGEST, _merging("tdigest_merge"), _merging("merge_tdigest"))
