"""make-graph: edges, nodes from tables or from the ends of the edges, and a graph for each value of a column.

https://learn.microsoft.com/kusto/query/make-graph-operator
Graphs of partitions are one graph whose nodes are known by partition and id: a pattern is connected, so that each of
its matches lies in one partition.
"""

from dataclasses import dataclass

from bluetick.binder.calls import call_operator
from bluetick.binder.operators.apply import numbered
from bluetick.binder.scope import Env
from bluetick.diagnostics import Span, codes
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal
from bluetick.plan.graph import HIDDEN, NODE_ID, NODE_NUMBER, NODE_PARTITION, Graph
from bluetick.plan.relations import Aggregate, Binding, Join, JoinKind, PickRow, Project, Reference, Relation, Union
from bluetick.syntax.expressions import Name
from bluetick.syntax.graph import GraphNodes, MakeGraphOperator
from bluetick.types import Type

MAX_NODE_TABLES = 2
_NO_PARTITION = Literal(0, Type.LONG)


@dataclass(frozen=True, slots=True)
class _Table:
    """A table with the places of its ids (an edge has two) and of the column that cuts the graph, if any does."""

    binding: Binding
    ids: tuple[int, ...]
    partition: int | None

    def key(self, row: Reference, place: int) -> tuple[Expr, Expr]:
        """The id and the partition of a use of the table."""
        cut = _NO_PARTITION if self.partition is None else ColumnRef(row.columns[self.partition])
        return ColumnRef(row.columns[place]), cut


def bind_make_graph(env: Env, node: MakeGraphOperator, rows: Relation) -> Relation | Graph | None:
    graph = _graph(env, node, rows)
    if graph is None or node.subquery is None:
        return graph
    result = env.flow(node.subquery, graph)
    if isinstance(result, Graph):
        env.report(codes.graph_result(node.subquery.span))
        return None
    return result


def _graph(env: Env, node: MakeGraphOperator, rows: Relation) -> Graph | None:
    if not node.is_directed:
        env.report(codes.form_not_supported(node.span, "make-graph with undirected edges"))
        return None
    source, target = _place(env, node.source, rows), _place(env, node.target, rows)
    if source is None or target is None:
        return None
    type_ = rows.columns[source].type
    if type_ is Type.DYNAMIC:
        env.report(codes.dynamic_key(node.source.span, "the id of a node"))
        return None
    if not _same_type(env, node.target.span, type_, rows.columns[target].type):
        return None
    counted, number = numbered(env, rows)
    cut = None if node.partition is None else _place(env, node.partition, rows)
    edges = _Table(Binding("graph_edges", counted, materialized=True), (source, target), cut)
    tables = _node_tables(env, node, type_)
    if tables is None or (node.partition is not None and cut is None):
        return None
    nodes = _nodes(env, node, edges, tables)
    return None if nodes is None else Graph(nodes, _with_ends(env, edges, number, nodes))


def _place(env: Env, name: Name, rows: Relation) -> int | None:
    for place, column in enumerate(rows.columns):
        if column.name == name.text:
            return place
    env.report(codes.unresolved_column(name.span, name.text, (c.name for c in rows.columns)))
    return None


def _same_type(env: Env, span: Span, wanted: Type, given: Type) -> bool:
    if wanted is given:
        return True
    env.report(codes.wrong_type(span, "the id of a node", str(wanted), str(given)))
    return False


def _node_tables(env: Env, node: MakeGraphOperator, type_: Type) -> list[_Table] | None:
    if len(node.nodes) > MAX_NODE_TABLES:
        env.report(codes.form_not_supported(node.span, f"make-graph with more than {MAX_NODE_TABLES} tables of nodes"))
        return None
    tables = [_node_table(env, node, item, type_) for item in node.nodes]
    done = [table for table in tables if table is not None]
    return done if len(done) == len(tables) else None


def _node_table(env: Env, node: MakeGraphOperator, item: GraphNodes, type_: Type) -> _Table | None:
    relation = env.without_row().pipeline(item.table)
    if relation is None:
        return None
    place = _place(env, item.key, relation)
    if place is None or not _same_type(env, item.key.span, type_, relation.columns[place].type):
        return None
    cut = None if node.partition is None else _place(env, node.partition, relation)
    if node.partition is not None and cut is None:
        return None
    return _Table(Binding("graph_nodes", relation), (place,), cut)


# --- nodes -----------------------------------------------------------------------------------------------------------


def _nodes(env: Env, node: MakeGraphOperator, edges: _Table, tables: list[_Table]) -> Binding | None:
    """Every id once, with the properties that the tables have for it; without tables, the id where it has a name."""
    relation, hidden = _numbered_ids(env, edges, tables)
    properties: dict[str, tuple[Column, Expr]] = {}
    if node.node_id is not None:
        column = env.state.column(node.node_id.text, hidden[NODE_ID].type)
        properties[column.name] = (column, ColumnRef(hidden[NODE_ID]))
    for table, item in zip(tables, node.nodes, strict=True):
        relation, own = _with_table(env, relation, hidden, table)
        for column, value in own:
            before = properties.get(column.name)
            if before is not None and before[0].type is not column.type:
                what = f"a node's property '{column.name}' of two types ({before[0].type} and {column.type})"
                env.report(codes.form_not_supported(item.span, what, "rename one of the columns"))
                return None
            if before is not None:
                merged = call_operator(env, "coalesce", (before[1], value), item.span)
                properties[column.name] = (column, merged)
            else:
                properties[column.name] = (column, value)
    items = (*((c, ColumnRef(c)) for c in hidden), *properties.values())
    if any(isinstance(value, Invalid) for _, value in items):
        return None
    return Binding("nodes", Project(relation, items), materialized=True)


def _numbered_ids(env: Env, edges: _Table, tables: list[_Table]) -> tuple[Relation, tuple[Column, ...]]:
    """The distinct ids, numbered in their order: relation, and the columns number, id and partition."""
    legs: list[tuple[Relation, tuple[Expr, ...]]] = []
    for table in (edges, *tables):
        for place in table.ids:
            row = env.refer(table.binding)
            legs.append((row, table.key(row, place)))
    fresh = env.state.column
    types = tuple(value.type for value in legs[0][1])
    all_ids = (fresh("id", types[0]), fresh("partition", types[1]))
    groups = (fresh("id", types[0]), fresh("partition", types[1]))
    pairs = tuple((group, ColumnRef(column)) for group, column in zip(groups, all_ids, strict=True))
    relation, number = numbered(env, Aggregate(Union(all_ids, tuple(legs)), pairs, ()))
    return relation, (number, *groups)


def _with_table(
    env: Env, relation: Relation, hidden: tuple[Column, ...], table: _Table
) -> tuple[Relation, list[tuple[Column, Expr]]]:
    """The nodes beside what a table has for them (of several rows the smallest), and its columns as properties."""
    row = env.refer(table.binding)
    place = table.ids[0]
    fresh = env.state.column
    keys = table.key(row, place)
    groups = (fresh("id", keys[0].type), fresh("partition", keys[1].type))
    others = tuple(c for i, c in enumerate(row.columns) if i != place)
    picked = PickRow(None, descending=False, items=tuple((fresh(c.name, c.type), ColumnRef(c)) for c in others))
    one_each = Aggregate(row, tuple(zip(groups, keys, strict=True)), (picked,) if others else ())
    on = (
        (ColumnRef(hidden[NODE_ID]), ColumnRef(groups[0])),
        (ColumnRef(hidden[NODE_PARTITION]), ColumnRef(groups[1])),
    )
    left = tuple((c, c) for c in relation.columns)
    right = tuple((c, c) for c in picked.columns)
    joined = Join(JoinKind.LEFTOUTER, relation, one_each, on, left, right)
    values: list[Expr] = [ColumnRef(c) for c in picked.columns]
    values.insert(place, ColumnRef(hidden[NODE_ID]))
    return joined, [(fresh(c.name, c.type), value) for c, value in zip(row.columns, values, strict=True)]


# --- edges -----------------------------------------------------------------------------------------------------------


def _with_ends(env: Env, edges: _Table, number: Column, nodes: Binding) -> Binding:
    """The edges with the numbers of the nodes at both ends."""
    row = env.refer(edges.binding)
    relation: Relation = row
    ends: list[Column] = []
    for place in edges.ids:
        use = env.refer(nodes)
        keys = (use.columns[NODE_ID], use.columns[NODE_PARTITION])
        on = tuple((value, ColumnRef(key)) for value, key in zip(edges.key(row, place), keys, strict=True))
        ends.append(use.columns[NODE_NUMBER])
        left = tuple((c, c) for c in relation.columns)
        relation = Join(JoinKind.INNER, relation, use, on, left, ((ends[-1], ends[-1]),))
    counted = edges.binding.relation.columns
    by_place = {c.id: own for c, own in zip(counted, row.columns, strict=True)}
    properties = tuple(by_place[c.id] for c in counted if c is not number)
    columns = (by_place[number.id], *ends, *properties)
    if len(columns) != HIDDEN + len(properties):
        raise AssertionError("an edge has a number and two ends")
    return Binding("edges", Project(relation, tuple((c, ColumnRef(c)) for c in columns)), materialized=True)
