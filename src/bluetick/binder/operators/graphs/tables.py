"""Graph operators without a pattern: graph-mark-components, graph-where-nodes, graph-where-edges, graph-to-table.

https://learn.microsoft.com/kusto/query/graph-mark-components-operator
https://learn.microsoft.com/kusto/query/graph-to-table-operator
"""

from bluetick.binder.calls import call_operator
from bluetick.binder.expressions import bind_predicate
from bluetick.binder.operators.graphs.elements import Element
from bluetick.binder.operators.graphs.matching import inside_element
from bluetick.binder.operators.join import word
from bluetick.binder.scope import Env, TabularSymbol
from bluetick.diagnostics import codes
from bluetick.functions.registry import find_scalar
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid
from bluetick.plan.graph import EDGE_SOURCE, EDGE_TARGET, HIDDEN, NODE_ID, NODE_NUMBER, NODE_PARTITION, Graph
from bluetick.plan.graph_components import MarkComponents
from bluetick.plan.relations import Binding, Filter, Join, JoinKind, Project, PythonTable, Relation
from bluetick.syntax.graph import GraphComponentsOperator, GraphOutput, GraphToTableOperator, GraphWhereOperator
from bluetick.types import Type

_KINDS = ("weak", "strong")


def bind_components(env: Env, node: GraphComponentsOperator, graph: Graph) -> Graph | None:
    """The graph with a property more of its nodes: the number of the component."""
    values = {p.name: word(p) for p in node.parameters}
    kind, name = values.get("kind", _KINDS[0]), values.get("with_component_id", "ComponentId")
    if kind not in _KINDS:
        env.report(codes.bad_parameter(node.span, "kind", ", ".join(_KINDS)))
        return None
    nodes = env.refer(graph.nodes)
    if any(column.name == name for column in nodes.columns[HIDDEN:]):
        env.report(codes.duplicate_column(node.span, name))
        return None
    inner = env.refer(graph.nodes)
    edges = env.refer(graph.edges)
    pairs = (inner.columns[NODE_NUMBER], inner.columns[NODE_PARTITION])
    sources = (_only(inner, pairs), _only(edges, (edges.columns[EDGE_SOURCE], edges.columns[EDGE_TARGET])))
    number, component = env.state.column("number", Type.LONG), env.state.column(name, Type.LONG)
    marked = PythonTable(sources, MarkComponents(kind == "strong"), (number, component))
    keys = ((ColumnRef(nodes.columns[NODE_NUMBER]), ColumnRef(number)),)
    left = tuple((c, c) for c in nodes.columns)
    joined = Join(JoinKind.INNER, nodes, marked, keys, left, ((component, component),))
    return Graph(Binding("nodes", joined, materialized=True), graph.edges)


def _only(relation: Relation, columns: tuple[Column, ...]) -> Relation:
    return Project(relation, tuple((c, ColumnRef(c)) for c in columns))


def bind_graph_where(env: Env, node: GraphWhereOperator, graph: Graph) -> Graph | None:
    """Of nodes those that meet a condition, with the edges between them; or of edges, with all nodes."""
    is_node = node.keyword == "graph-where-nodes"
    element = (Element.node if is_node else Element.edge)(env, graph)
    predicate = bind_predicate(inside_element(env.without_row(), element), node.predicate, "the condition")
    if isinstance(predicate, Invalid):
        return None
    kept = Filter(element.relation(), (predicate,), (node.span,))
    binding = Binding("nodes" if is_node else "edges", _only(kept, element.reference.columns), materialized=True)
    if not is_node:
        return Graph(graph.nodes, binding)
    edges = env.refer(graph.edges)
    relation: Relation = edges
    for end in (EDGE_SOURCE, EDGE_TARGET):
        use = env.refer(binding)
        keys = ((ColumnRef(edges.columns[end]), ColumnRef(use.columns[NODE_NUMBER])),)
        relation = Join(JoinKind.LEFTSEMI, relation, use, keys, tuple((c, c) for c in relation.columns), ())
    return Graph(binding, Binding("edges", relation, materialized=True))


# --- graph-to-table --------------------------------------------------------------------------------------------------


def bind_graph_to_table(env: Env, node: GraphToTableOperator, graph: Graph) -> Relation | None:
    """One table; or two, which only get their names: later statements give them."""
    if len(node.outputs) == 1:
        return _output(env, node.outputs[0], graph)
    kinds = sorted(output.kind for output in node.outputs)
    names = [output.name.text for output in node.outputs if output.name is not None]
    if kinds != ["edges", "nodes"] or len(set(names)) < len(kinds):
        problem = "two tables are nodes as one name, edges as another"
        env.report(codes.bad_argument(node.span, "graph-to-table", problem))
        return None
    for output in node.outputs:
        if _output(env, output, graph) is None:
            return None
    return None


def _output(env: Env, node: GraphOutput, graph: Graph) -> Relation | None:
    relation = _nodes(env, node, graph) if node.kind == "nodes" else _edges(env, node, graph)
    if relation is None or node.name is None:
        return relation
    binding = Binding(node.name.text, relation, materialized=True)
    env.query_scope().names.setdefault(node.name.text, TabularSymbol(binding))
    return env.refer(binding)


def _nodes(env: Env, node: GraphOutput, graph: Graph) -> Relation | None:
    nodes = env.refer(graph.nodes)
    hashes = _hashes(env, node, {"with_node_id": nodes.columns[NODE_ID]})
    return None if hashes is None else _table(env, node, nodes, hashes, nodes.columns[HIDDEN:])


def _edges(env: Env, node: GraphOutput, graph: Graph) -> Relation | None:
    edges = env.refer(graph.edges)
    relation: Relation = edges
    ids: dict[str, Column] = {}
    for name, end in (("with_source_id", EDGE_SOURCE), ("with_target_id", EDGE_TARGET)):
        if any(p.name == name for p in node.parameters):
            use = env.refer(graph.nodes)
            keys = ((ColumnRef(edges.columns[end]), ColumnRef(use.columns[NODE_NUMBER])),)
            ids[name] = use.columns[NODE_ID]
            left = tuple((c, c) for c in relation.columns)
            relation = Join(JoinKind.INNER, relation, use, keys, left, ((ids[name], ids[name]),))
    hashes = _hashes(env, node, ids)
    return None if hashes is None else _table(env, node, relation, hashes, edges.columns[HIDDEN:])


def _hashes(env: Env, node: GraphOutput, ids: dict[str, Column]) -> list[tuple[Column, Expr]] | None:
    """The columns of hashed ids, in the order of their parameters: a node's hash is that of its text."""
    found: list[tuple[Column, Expr]] = []
    for parameter in node.parameters:
        column = ids[parameter.name]
        if column.type is not Type.STRING or find_scalar("hash") is None:
            what = f"{parameter.name} over ids of type {column.type}"
            env.report(codes.form_not_supported(parameter.span, what, "use the id itself: with_node_id= of make-graph"))
            return None
        value = call_operator(env, "hash", (ColumnRef(column),), parameter.span)
        found.append((env.state.column(word(parameter), Type.LONG), value))
    return found


def _table(
    env: Env,
    node: GraphOutput,
    relation: Relation,
    hashes: list[tuple[Column, Expr]],
    properties: tuple[Column, ...],
) -> Relation | None:
    names = [column.name for column, _ in hashes] + [column.name for column in properties]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        env.report(codes.duplicate_column(node.span, twice))
        return None
    return Project(relation, (*hashes, *((c, ColumnRef(c)) for c in properties)))
