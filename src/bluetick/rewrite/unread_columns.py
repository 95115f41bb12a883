"""Columns that nothing reads are not read: a scan, and what lies above it, has those alone that the result, a
condition, a key or an order takes. Nor are they computed: of what Python makes, only what is read is handed on.

Exact because a column that no node reads changes no row and no order, and what Python computes is a function of its
arguments alone. Where whole rows are compared (the smallest of several, the first ones of an unordered input) all
columns of a row count as read, so that the choice stays the same. The time column of a table stays for the query's
time scope.

What it saves: an engine plans each column of each stage of each reading of a table, which was half the time of the
first founding document over 2 million rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bluetick.plan.column_use import read_always, read_for
from bluetick.plan.expressions import Column, InTable, ScalarQuery
from bluetick.plan.relations import (
    Aggregate,
    Computed,
    ComputedItem,
    Join,
    Project,
    Reference,
    Relation,
    Scan,
    TabularStatement,
    Union,
    expressions,
)
from bluetick.plan.traversal import queries_in
from bluetick.rewrite.everywhere import Rebuilding
from bluetick.rewrite.fresh import FreshColumns
from bluetick.rewrite.inlined_lets import nodes_of


def without_unread_columns(statement: TabularStatement, fresh: FreshColumns) -> TabularStatement:
    nodes = nodes_of(statement)
    read = _read(statement, nodes)
    if all(column.id in read for node in nodes if isinstance(node, Scan | Computed) for column in node.columns):
        return statement
    below: dict[int, set[int]] = {}  # a rewrite's reference may have the very columns of what it refers to
    for node in nodes:
        if isinstance(node, Reference):
            for column, inner in zip(node.columns, node.binding.relation.columns, strict=True):
                below.setdefault(column.id, set()).add(inner.id)
    return Rebuilding(lambda node: _narrowed(node, read, below)).statement(statement)


def _read(statement: TabularStatement, nodes: Sequence[Relation]) -> set[int]:
    """The ids of all columns that are read, and of one of each node that has to have one."""
    takes: dict[int, list[int]] = {}
    pending = [column.id for column in statement.relation.columns]
    for assertion in statement.assertions:
        pending += _of_queries(queries_in(assertion.condition))
    for node in nodes:
        pending += read_always(node)
        for expr in expressions(node):
            pending += _of_queries(queries_in(expr))
        for column, taken in read_for(node):
            takes.setdefault(column, []).extend(taken)
    read = set[int]()
    _reach(read, pending, takes)
    for node in nodes:
        has_one = isinstance(node, Join | Union) or (isinstance(node, Aggregate) and not node.groups)
        if has_one and read.isdisjoint(column.id for column in node.columns):
            _reach(read, [column.id for column in node.columns[:1]], takes)
    return read


def _reach(read: set[int], pending: list[int], takes: Mapping[int, Iterable[int]]) -> None:
    while pending:
        column = pending.pop()
        if column not in read:
            read.add(column)
            pending += takes.get(column, ())


def _of_queries(queries: Iterable[ScalarQuery | InTable]) -> list[int]:
    return [column.id for query in queries for column in query.relation.columns]


def _narrowed(node: Relation, read: set[int], below: dict[int, set[int]]) -> Relation:
    """The node over inputs that are narrowed already."""
    match node:
        case Scan():
            both = list(zip(node.columns, node.sources, strict=True))
            pairs = [pair for pair in both if pair[0].id in read or pair[0] == node.time_column] or both[:1]
            return replace(node, columns=tuple(c for c, _ in pairs), sources=tuple(source for _, source in pairs))
        case Project(items=items):
            return replace(node, items=tuple(pair for pair in items if pair[0].id in read))
        case Join(left_items=left, right_items=right):
            return replace(node, left_items=_kept(left, read), right_items=_kept(right, read))
        case Union(columns=columns, legs=legs):
            keeps = [column.id in read for column in columns]
            return Union(
                tuple(column for column, is_kept in zip(columns, keeps, strict=True) if is_kept),
                tuple((leg, tuple(e for e, k in zip(exprs, keeps, strict=True) if k)) for leg, exprs in legs),
            )
        case Reference(binding=binding, columns=columns):
            own = {column.id for column in binding.relation.columns}
            return Reference(binding, tuple(column for column in columns if not own.isdisjoint(below[column.id])))
        case Aggregate(items=aggregates):
            return replace(node, items=tuple(i for i in aggregates if not read.isdisjoint(c.id for c in i.columns)))
        case Computed(items=computed):
            wanted = tuple(item for one in computed if (item := _wanted(one, read)) is not None)
            return replace(node, items=wanted) if wanted else node.input
        case _:
            return node


def _wanted(item: ComputedItem, read: set[int]) -> ComputedItem | None:
    """The call with those of its results that are read; None where none is."""
    kept = [place for place, column in enumerate(item.columns) if column.id in read]
    if len(kept) == len(item.columns):
        return item
    parts = item.parts or range(len(item.columns))
    columns = tuple(item.columns[place] for place in kept)
    return replace(item, columns=columns, parts=tuple(parts[place] for place in kept)) if kept else None


def _kept(pairs: tuple[tuple[Column, Column], ...], read: set[int]) -> tuple[tuple[Column, Column], ...]:
    return tuple(pair for pair in pairs if pair[0].id in read)
