"""Near misses: rows that failed exactly one condition, and by how much.

Only conditions over grouped or enriched rows are looked at: there a row is a candidate (a country, a file), while
raw events fail conditions by the million and mean nothing. Of a few events that someone wrote down each means much.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from bluetick.execution.account import Point, points_of, predicates_of
from bluetick.lowering.lowerer import Context
from bluetick.lowering.nodes import new_lowerer
from bluetick.lowering.stage import Stage, row_order
from bluetick.plan.expressions import Call, Column, Expr, Literal, Promote
from bluetick.plan.relations import Aggregate, ProviderLookup, PythonOperator, TabularStatement
from bluetick.plan.traversal import named_relations, relations_in
from bluetick.sql import tree as sql
from bluetick.types import NUMBER, Type
from bluetick.values import python_values, to_physical

_COMPARISONS = ("<", "<=", ">", ">=")
_MEASURED = (*NUMBER, Type.TIMESPAN)


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A row that all conditions but one let through. `distance` is how far the value was from the limit (None where
    the condition is no comparison of numbers, or the value is missing)."""

    binding: str
    condition: str
    distance: float | None
    row: tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class NearMissQuery:
    """One condition at one point: the statement gives the distance and then the row."""

    binding: str
    condition: str
    statement: sql.Statement
    columns: tuple[Column, ...]


def near_miss_queries(
    context: Context, statement: TabularStatement, text: str, most: int, *, of_events: bool = False
) -> Iterator[NearMissQuery]:
    """For each condition over candidates: the rows that only it removed, nearest first, at most `most`. With
    `of_events` events are candidates too."""
    for name, relation in [*named_relations(statement.relation), ("", statement.relation)]:
        for point in points_of(relation):
            if point.filters and (of_events or _has_candidates(point)):
                yield from _queries(context, name, point, text, most)


def _has_candidates(point: Point) -> bool:
    return any(isinstance(node, Aggregate | ProviderLookup | PythonOperator) for node in relations_in(point.relation))


def _queries(context: Context, name: str, point: Point, text: str, most: int) -> Iterator[NearMissQuery]:
    predicates = list(predicates_of(point))
    for index, (predicate, (start, end)) in enumerate(predicates):
        lowerer = new_lowerer(context)
        stage = lowerer.lower(point.relation)
        row = stage.row(point.relation.columns)
        truths = [sql.coalesce(lowerer.expressions.lower(p, row), sql.FALSE) for p, _ in predicates]
        only = sql.all_of(*(sql.not_(t) if i == index else t for i, t in enumerate(truths)))
        limit = _limit(predicate)
        distance: sql.Expr = sql.null(Type.REAL)
        if limit is not None:
            value, bound = (sql.Cast(lowerer.expressions.lower(e, row), Type.REAL) for e in limit)
            distance = sql.call("abs", sql.Binary("-", value, bound))
        yield NearMissQuery(
            name,
            " ".join(text[start:end].split()),
            sql.Statement(tuple(lowerer.ctes), _select(stage, point, distance, only, most)),
            point.relation.columns,
        )


def _select(stage: Stage, point: Point, distance: sql.Expr, only: sql.Expr, most: int) -> sql.Select:
    columns = point.relation.columns
    items = (("distance", distance), *((f"c{i}", stage.column(c)) for i, c in enumerate(columns)))
    order = (sql.Order(distance, nulls_first=False), *row_order(stage, columns))
    return sql.Select(items, sql.RelationRef(stage.relation), where=only, order_by=order, limit=sql.Bare(most))


def _limit(predicate: Expr) -> tuple[Expr, Expr] | None:
    """The two sides of a comparison of numbers with a constant."""
    if not isinstance(predicate, Call) or predicate.function.name not in _COMPARISONS:
        return None
    left, right = predicate.args
    if left.type not in _MEASURED or not (_is_constant(left) or _is_constant(right)):
        return None
    return left, right


def _is_constant(expr: Expr) -> bool:
    return isinstance(expr, Literal) or (isinstance(expr, Promote) and _is_constant(expr.value))


def read_near_misses(query: NearMissQuery, table: pa.Table) -> list[NearMiss]:
    distances = table.column(0).to_pylist()
    columns = [python_values(to_physical(table.column(i + 1), c.type), c.type) for i, c in enumerate(query.columns)]
    names = [c.name for c in query.columns]
    return [
        NearMiss(query.binding, query.condition, distance, tuple(zip(names, row, strict=True)))
        for distance, row in zip(distances, zip(*columns, strict=True), strict=True)
    ]
