"""count, countif, dcount, dcountif, count_distinct, count_distinctif."""

from bluetick.functions.aggregates.conditional import aggregate, conditional, plain
from bluetick.functions.definition import (
    AggregateFunction,
    BoundAggregate,
    Example,
    param,
    prefixed,
    signature,
)
from bluetick.sql.tree import Aggregate, Expr, long
from bluetick.types import ANY_SCALAR, NOT_DYNAMIC, Type

_NOT_BOOL = tuple(t for t in Type if t is not Type.BOOL)
_ACCURACY = param("accuracy", Type.INT, Type.LONG, optional=True, constant=True)
_PREDICATE = param("predicate", Type.BOOL)

_NUMBERS = "datatable(x:long, s:string)[1, 'a', 2, 'b', 2, '', long(null), 'a']"
_EMPTY = "datatable(x:long, s:string)[]"


def _count_rows(bound: BoundAggregate, where: Expr | None) -> Expr:
    return aggregate("count", long(1), where=where)


def _count(bound: BoundAggregate) -> Expr:
    where = bound[0].sql if bound.args and bound[0].type is Type.BOOL else None
    return _count_rows(bound, where)


def _count_distinct(bound: BoundAggregate, where: Expr | None) -> Expr:
    return Aggregate("count", (bound[0].sql,), distinct=True, filter=where)


def _row_count(name: str) -> AggregateFunction:
    return AggregateFunction(
        name=name,
        summary="Count the rows, nulls included; with a boolean argument, the rows where it is true.",
        signatures=(
            signature(returns=Type.LONG),
            signature(_PREDICATE, returns=Type.LONG),
            signature(param("value", *_NOT_BOOL), returns=Type.LONG),
        ),
        duckdb=_count,
        spark=_count,
        result_name=prefixed(name),
        examples=(
            Example(f"{name}()", 4, over=_NUMBERS),
            Example(f"{name}(x)", 4, over=_NUMBERS),
            Example(f"{name}(x > 1)", 2, over=_NUMBERS),
            Example(f"{name}()", 0, over=_EMPTY),
        ),
    )


COUNT = _row_count("count")
CNT = _row_count("cnt")

COUNTIF = AggregateFunction(
    name="countif",
    summary="Count the rows where a predicate is true.",
    signatures=(signature(_PREDICATE, returns=Type.LONG),),
    duckdb=conditional(_count_rows, predicate=0),
    spark=conditional(_count_rows, predicate=0),
    result_name=prefixed("countif"),
    examples=(
        Example("countif(x > 1)", 2, over=_NUMBERS),
        Example("countif(s == 'a')", 2, over=_NUMBERS),
        Example("countif(x > 1)", 0, over=_EMPTY),
    ),
)

_EXACT = "Kusto estimates dcount; here it is exact, and the accuracy is accepted without effect."

DCOUNT = AggregateFunction(
    name="dcount",
    summary="Count the distinct values that are not null.",
    signatures=(signature(param("value", *ANY_SCALAR), _ACCURACY, returns=Type.LONG),),
    duckdb=plain(_count_distinct),
    spark=plain(_count_distinct),
    result_name=prefixed("dcount"),
    differs=_EXACT,
    examples=(
        Example("dcount(x)", 2, over=_NUMBERS),
        Example("dcount(s, 2)", 3, over=_NUMBERS),
        Example("dcount(x)", 0, over=_EMPTY),
    ),
)

DCOUNTIF = AggregateFunction(
    name="dcountif",
    summary="Count the distinct values that are not null, over the rows where a predicate is true.",
    signatures=(signature(param("value", *ANY_SCALAR), _PREDICATE, _ACCURACY, returns=Type.LONG),),
    duckdb=conditional(_count_distinct),
    spark=conditional(_count_distinct),
    result_name=prefixed("dcountif"),
    differs=_EXACT,
    examples=(
        Example("dcountif(s, x >= 1)", 3, over=_NUMBERS),
        Example("dcountif(s, x > 1, 2)", 2, over=_NUMBERS),
        Example("dcountif(s, x > 1)", 0, over=_EMPTY),
    ),
)

COUNT_DISTINCT = AggregateFunction(
    name="count_distinct",
    summary="Count the distinct values that are not null, exactly.",
    signatures=(signature(param("value", *NOT_DYNAMIC), returns=Type.LONG),),
    duckdb=plain(_count_distinct),
    spark=plain(_count_distinct),
    result_name=prefixed("count_distinct"),
    examples=(
        Example("count_distinct(x)", 2, over=_NUMBERS),
        Example("count_distinct(s)", 3, over=_NUMBERS),
        Example("count_distinct(x)", 0, over=_EMPTY),
    ),
)

COUNT_DISTINCTIF = AggregateFunction(
    name="count_distinctif",
    summary="Count the distinct values that are not null exactly, over the rows where a predicate is true.",
    signatures=(signature(param("value", *NOT_DYNAMIC), _PREDICATE, returns=Type.LONG),),
    duckdb=conditional(_count_distinct),
    spark=conditional(_count_distinct),
    result_name=prefixed("count_distinctif"),
    examples=(
        Example("count_distinctif(s, x > 1)", 2, over=_NUMBERS),
        Example("count_distinctif(s, x > 5)", 0, over=_NUMBERS),
    ),
)

AGGREGATES: tuple[AggregateFunction, ...] = (COUNT, CNT, COUNTIF, DCOUNT, DCOUNTIF, COUNT_DISTINCT, COUNT_DISTINCTIF)
