"""Which columns of tables decide what rows a relation has.

A column decides where a filter, a join, a group, a limit, `mv-expand` or Python's reading of whole rows asks for it, or
for what is computed out of it. One that is only shown, or only orders the whole result, decides nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from bluetick.plan.expressions import ColumnRef, Expr, InTable, ScalarQuery, walk
from bluetick.plan.relations import (
    Aggregate,
    AggregateCall,
    Computed,
    Expand,
    Filter,
    Join,
    Limit,
    Project,
    ProviderLookup,
    PythonOperator,
    PythonTable,
    Reference,
    Relation,
    Scan,
    Sort,
    TabularStatement,
    Union,
    Window,
    expressions,
)
from bluetick.plan.traversal import queries_in, relations_in

Edge: TypeAlias = tuple[int, Iterable[int]]


def statement_relations(statement: TabularStatement) -> list[Relation]:
    """Every relation of a statement, those of its assertions and of scalars included."""
    asserted = [query.relation for one in statement.assertions for query in queries_in(one.condition)]
    return [node for root in (statement.relation, *asserted) for node in relations_in(root, scalars=True)]


def deciding_columns(statement: TabularStatement) -> dict[str, set[str]]:
    """By table the names that such columns have in its data; the time that a run's scope asks for is one of them."""
    nodes = statement_relations(statement)
    told = set() if any(_minds_order(node) for node in nodes) else {id(node) for node in nodes}
    told |= {id(node) for node in _last_order(statement.relation)}
    roots = {i for one in statement.assertions for i in _ids(one.condition)}
    made: dict[int, set[int]] = {}
    for node in nodes:
        if not (isinstance(node, Sort) and id(node) in told):
            roots.update(_deciding(node))
        for column, sources in column_edges(node):
            made.setdefault(column, set()).update(sources)
    wanted = _reached(roots, made)
    found: dict[str, set[str]] = {}
    for node in nodes:
        if isinstance(node, Scan):
            pairs = zip(node.columns, node.sources, strict=True)
            found.setdefault(node.table, set()).update(source for column, source in pairs if column.id in wanted)
    return found


def ids_behind(nodes: Iterable[Relation], roots: Iterable[int]) -> set[int]:
    """Columns (by id), and all that they are made of."""
    made: dict[int, set[int]] = {}
    for node in nodes:
        for column, sources in column_edges(node):
            made.setdefault(column, set()).update(sources)
    return _reached(set(roots), made)


def used_ids(nodes: Sequence[Relation], shown: Iterable[int]) -> set[int]:
    """Columns (by id) that are shown, or that decide what rows there are, and all that they are made of."""
    deciding = {column for node in nodes for column in _deciding(node)}
    return ids_behind(nodes, deciding.union(shown))


def _reached(roots: set[int], made: dict[int, set[int]]) -> set[int]:
    found, pending = set(roots), list(roots)
    while pending:
        new = made.get(pending.pop(), set()) - found
        found |= new
        pending.extend(new)
    return found


def _minds_order(node: Relation) -> bool:
    """Whether the order of its input decides which rows, or which values, a node gives."""
    if isinstance(node, Aggregate):
        return any(isinstance(item, AggregateCall) and item.function.needs_order for item in node.items)
    return isinstance(node, Limit | Window | PythonOperator | PythonTable)


def _last_order(relation: Relation) -> Iterator[Relation]:
    """The sorts behind which nothing but projections stand."""
    while isinstance(relation, Sort | Project | Reference):
        yield relation
        relation = relation.binding.relation if isinstance(relation, Reference) else relation.input


def _deciding(node: Relation) -> Iterator[int]:
    """The columns that a node itself asks for to say which rows it has."""
    match node:
        case Filter() | Join() | Limit() | Sort() | Expand() | PythonOperator():
            yield from _of_all(expressions(node))
        case Aggregate(groups=groups):
            yield from _of_all([expr for _, expr in groups])
        case PythonTable(sources=sources):
            yield from (column.id for source in sources for column in source.columns)
        case Scan(time_column=time) if time is not None:
            yield time.id


def column_edges(node: Relation) -> Iterator[Edge]:  # noqa: C901 - one match over all nodes
    """Columns that a node makes, each with the columns that it is made of."""
    match node:
        case Project(items=items):
            yield from ((column.id, _ids(expr)) for column, expr in items)
        case Aggregate():
            yield from _aggregate_edges(node)
        case Join(left_items=left, right_items=right):
            yield from ((column.id, [source.id]) for column, source in (*left, *right))
        case Union(columns=columns, legs=legs):
            for _, exprs in legs:
                yield from ((column.id, _ids(expr)) for column, expr in zip(columns, exprs, strict=True))
        case Window(items=calls, partition=partition):
            for column, call in calls:
                by = [one.id for one in (*partition, *call.partition)]
                yield column.id, [*_ids(call), *by]
        case Expand(items=expanded):
            yield from ((item.column.id, _ids(item.value)) for item in expanded)
        case ProviderLookup(added=added, key=key):
            yield from ((column.id, [key.id]) for column in added)
        case Computed(items=computed):
            yield from ((column.id, [*_of_all(item.args)]) for item in computed for column in item.columns)
        case Reference(binding=binding, columns=columns):
            yield from ((one.id, [below.id]) for one, below in zip(columns, binding.relation.columns, strict=True))
        case _:
            pass


def _aggregate_edges(node: Aggregate) -> Iterator[Edge]:
    yield from ((column.id, _ids(expr)) for column, expr in node.groups)
    for item in node.items:
        if isinstance(item, AggregateCall):
            yield item.column.id, [*_of_all(item.args)]
            continue
        choice = [*_of_all([one for one in (item.by, item.condition) if one is not None])]
        yield from ((column.id, [*_ids(expr), *choice]) for column, expr in item.items)


def _of_all(exprs: Sequence[Expr]) -> Iterator[int]:
    return (i for expr in exprs for i in _ids(expr))


def _ids(expr: Expr) -> list[int]:
    """The columns of an expression; of a query in it those that it gives."""
    if isinstance(expr, ColumnRef):  # most of them: a projection names every column
        return [expr.column.id]
    found = []
    for part in walk(expr):
        if isinstance(part, ColumnRef):
            found.append(part.column.id)
        elif isinstance(part, ScalarQuery | InTable):
            found.extend(column.id for column in part.relation.columns)
    return found
