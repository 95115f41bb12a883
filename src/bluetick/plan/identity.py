"""Which columns of a result say what a row is of, and not how it stands just now.

A count, a first or last time, a collected set, a rank: what is computed over several rows changes with each run over a
later window, though the row is of the same thing. So does what is computed from the instant of the run. All others
(keys of groups, values of single rows) stay.
"""

from collections.abc import Iterator
from typing import Final

from bluetick.functions.aggregates.carried import CARRIED
from bluetick.plan.deciding import column_edges
from bluetick.plan.expressions import Call, Column, Expr, walk
from bluetick.plan.relations import (
    Aggregate,
    AggregateCall,
    Project,
    ProviderLookup,
    PythonOperator,
    PythonTable,
    Relation,
    TabularStatement,
    Window,
)
from bluetick.plan.traversal import relations_in

_INSTANT: Final = frozenset({"now", "ago"})


def identity_columns(statement: TabularStatement) -> tuple[int, ...]:
    """The positions of such columns among the result's, in order; none where every one is computed over rows."""
    passing = passing_columns(statement.relation)
    columns = statement.relation.columns
    return tuple(place for place, column in enumerate(columns) if column.id not in passing)


def passing_columns(relation: Relation) -> set[int]:
    """The columns (by id) of a relation, and of all under it, that are computed over several rows, by a provider or
    from the instant."""
    nodes = list(relations_in(relation, scalars=True))
    passing = {column for node in nodes for column in _passing(node)}
    made = [(column, set(of)) for node in nodes for column, of in column_edges(node)]
    is_growing = True
    while is_growing:
        new = {column for column, sources in made if column not in passing and sources & passing}
        passing |= new
        is_growing = bool(new)
    return passing


def carried(node: Aggregate) -> Iterator[tuple[Column, Expr]]:
    """The columns that have one value in each group and are carried along, as by mv-apply, and what they carry."""
    for item in node.items:
        if isinstance(item, AggregateCall) and item.function is CARRIED:
            yield item.column, item.args[0]


def _passing(node: Relation) -> Iterator[int]:
    """The columns that a node itself computes over several rows, from a provider's answers, or from the instant."""
    match node:
        case Aggregate(items=items):
            kept = {column.id for column, _ in carried(node)}
            yield from (column.id for item in items for column in item.columns if column.id not in kept)
        case Window(items=calls):
            yield from (column.id for column, _ in calls)
        case ProviderLookup(added=added):
            yield from (column.id for column in added)
        case PythonOperator(operator=operator):
            yield from (column.id for column in operator.columns)
        case PythonTable(columns=columns):
            yield from (column.id for column in columns)
        case Project(items=projected):
            yield from (column.id for column, expr in projected if _asks_for_the_instant(expr))


def _asks_for_the_instant(expr: Expr) -> bool:
    return any(isinstance(part, Call) and part.function.name in _INSTANT for part in walk(expr))
