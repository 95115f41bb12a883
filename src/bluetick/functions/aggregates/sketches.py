"""hll and hll_merge: the distinct values of many rows, to be counted or merged later.

Kusto's value is an estimate of this shape: [[1024,14],[hashes],[]]. Here the hashes are of all values, so that counts
are exact. https://learn.microsoft.com/kusto/query/hll-aggregation-function
"""

from bluetick.functions.aggregates.conditional import Body, conditional, not_null, plain
from bluetick.functions.definition import (
    AggregateFunction,
    Argument,
    BoundAggregate,
    Example,
    param,
    prefixed,
    signature,
)
from bluetick.functions.scalar.sketches import DUCKDB, EXACT, SPARK, Sketches
from bluetick.sql.tree import Aggregate, Expr
from bluetick.types import INTEGER, Type

_COUNTED = tuple(t for t in Type if t not in (Type.REAL, Type.BOOL))
_ACCURACY = param("accuracy", *INTEGER, optional=True, constant=True)
_PREDICATE = param("predicate", Type.BOOL)


def _distinct(sketches: Sketches) -> Body:
    def body(bound: BoundAggregate, where: Expr | None) -> Expr:
        collected = Aggregate(
            sketches.collect, (sketches.hashed(bound[0]),), distinct=True, filter=not_null(bound[0], where)
        )
        return sketches.sketch(collected)

    return body


def _merged(sketches: Sketches) -> Body:
    def body(bound: BoundAggregate, where: Expr | None) -> Expr:
        collected = Aggregate(sketches.collect, (sketches.hashes(bound[0].sql),), filter=not_null(bound[0], where))
        return sketches.sketch(sketches.flat(collected))

    return body


def _check_accuracy(args: tuple[Argument, ...]) -> str:
    accuracy = args[-1]
    given = len(args) > 1 and accuracy.is_constant and accuracy.type in INTEGER
    return "the accuracy lies between 0 and 4" if given and not 0 <= (accuracy.constant or 0) <= 4 else ""


_ROWS = "datatable(x:long, s:string)[1, 'a', 2, 'b', 2, 'a', long(null), '']"
_NONE = "datatable(x:long, d:dynamic)[]"
_MERGED = "datatable(d:dynamic)[dynamic([[1024,14],['0a','0b'],[]]), dynamic([[1024,14],['0b'],[]]), dynamic(null)]"

HLL = AggregateFunction(
    name="hll",
    summary="The distinct values that are not null, in a form for dcount_hll and hll_merge.",
    signatures=(signature(param("value", *_COUNTED), _ACCURACY, returns=Type.DYNAMIC),),
    duckdb=plain(_distinct(DUCKDB)),
    spark=plain(_distinct(SPARK)),
    result_name=prefixed("hll"),
    check=_check_accuracy,
    differs=EXACT,
    examples=(
        Example("dcount_hll(hll(x))", 2, over=_ROWS),
        Example("dcount_hll(hll(s, 2))", 3, over=_ROWS),
        Example("hll(x)", [[1024, 14], [], []], over=_NONE),
    ),
)
HLL_IF = AggregateFunction(
    name="hll_if",
    summary="The distinct values that are not null of the rows where a predicate is true, as hll gives them.",
    signatures=(signature(param("value", *_COUNTED), _PREDICATE, _ACCURACY, returns=Type.DYNAMIC),),
    duckdb=conditional(_distinct(DUCKDB)),
    spark=conditional(_distinct(SPARK)),
    result_name=prefixed("hll_if"),
    check=_check_accuracy,
    differs=EXACT,
    examples=(
        Example("dcount_hll(hll_if(s, x == 2))", 2, over=_ROWS),
        Example("dcount_hll(hll_if(x, s == 'z', 4))", 0, over=_ROWS),
    ),
)
HLL_MERGE = AggregateFunction(
    name="hll_merge",
    summary="One value of hll for several.",
    signatures=(signature(param("hll", Type.DYNAMIC), returns=Type.DYNAMIC),),
    duckdb=plain(_merged(DUCKDB)),
    spark=plain(_merged(SPARK)),
    result_name=prefixed("hll_merge"),
    differs=EXACT,
    examples=(
        Example("hll_merge(d)", [[1024, 14], ["0a", "0b"], []], over=_MERGED),
        Example("dcount_hll(hll_merge(d))", 0, over=_NONE),
    ),
)

AGGREGATES: tuple[AggregateFunction, ...] = (HLL, HLL_IF, HLL_MERGE)
