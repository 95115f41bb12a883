"""Which columns of a result say what a row is of, and not how it stands just now.

A count, a first or last time, a collected set, a rank: what is computed over several rows changes with each run over a
later window, though the row is of the same thing. So does what is computed from the instant of the run. All others
(keys of groups, values of single rows) stay.
"""

from collections.abc import Iterator
from typing import Final

from bluetick.plan.deciding import column_edges
from bluetick.plan.expressions import Call, Expr, walk
from bluetick.plan.relations import (
    Aggregate,
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
    nodes = list(relations_in(statement.relation, scalars=True))
    passing = {column for node in nodes for column in _passing(node)}
    made = [(column, set(of)) for node in nodes for column, of in column_edges(node)]
    is_growing = True
    while is_growing:
        new = {column for column, sources in made if column not in passing and sources & passing}
        passing |= new
        is_growing = bool(new)
    columns = statement.relation.columns
    return tuple(place for place, column in enumerate(columns) if column.id not in passing)


def _passing(node: Relation) -> Iterator[int]:
    """The columns that a node itself computes over several rows, from a provider's answers, or from the instant."""
    match node:
        case Aggregate(items=items):
            yield from (column.id for item in items for column in item.columns)
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
