"""Uses of a graph's nodes and edges: what a pattern's variable names, and what goes to Python by number."""

from dataclasses import dataclass, field

from bluetick.binder.calls import call_operator
from bluetick.binder.scope import Env
from bluetick.diagnostics import Span
from bluetick.functions.registry import find_aggregate
from bluetick.plan.expressions import Column, ColumnRef, Expr, Literal
from bluetick.plan.graph import EDGE_SOURCE, EDGE_TARGET, HIDDEN, NODE_ID, NODE_NUMBER, Graph
from bluetick.plan.relations import (
    Aggregate,
    AggregateCall,
    Filter,
    Join,
    JoinKind,
    Project,
    Reference,
    Relation,
)
from bluetick.types import Type

_COUNTED = {"node_degree_in": EDGE_TARGET, "node_degree_out": EDGE_SOURCE}


@dataclass(slots=True)
class Element:
    """One use of the nodes (or edges) of a graph; `degrees` are columns that were asked for."""

    env: Env
    graph: Graph
    reference: Reference
    is_node: bool
    degrees: dict[str, Column] = field(default_factory=dict)

    @staticmethod
    def node(env: Env, graph: Graph) -> "Element":
        return Element(env, graph, env.refer(graph.nodes), is_node=True)

    @staticmethod
    def edge(env: Env, graph: Graph) -> "Element":
        return Element(env, graph, env.refer(graph.edges), is_node=False)

    @property
    def number(self) -> Column:
        return self.reference.columns[NODE_NUMBER]

    @property
    def properties(self) -> dict[str, Column]:
        return {column.name: column for column in self.reference.columns[HIDDEN:]}

    def id_text(self, span: Span) -> Expr:
        """node_id(): the id as text."""
        value = ColumnRef(self.reference.columns[NODE_ID])
        return value if value.type is Type.STRING else call_operator(self.env, "tostring", (value,), span)

    def degree(self, function: str) -> Expr:
        """node_degree_in() and node_degree_out(): a column that is counted where it is asked for."""
        if function not in self.degrees:
            self.degrees[function] = self.env.state.column(function, Type.LONG)
        return ColumnRef(self.degrees[function])

    @property
    def columns(self) -> tuple[Column, ...]:
        return (*self.reference.columns, *self.degrees.values())

    def relation(self) -> Relation:
        relation: Relation = self.reference
        for function, column in self.degrees.items():
            relation = self._with_degree(relation, column, _COUNTED[function])
        return relation

    def _with_degree(self, relation: Relation, column: Column, end: int) -> Relation:
        edges = self.env.refer(self.graph.edges)
        node = self.env.state.column("node", Type.LONG)
        function = find_aggregate("count")
        if function is None:
            raise AssertionError("the catalogue has count")
        count = self.env.state.column("degree", Type.LONG)
        counted = Aggregate(edges, ((node, ColumnRef(edges.columns[end])),), (AggregateCall(count, function, ()),))
        keys = ((ColumnRef(self.number), ColumnRef(node)),)
        kept = tuple((c, c) for c in relation.columns)
        joined = Join(JoinKind.LEFTOUTER, relation, counted, keys, kept, ((count, count),))
        value = call_operator(self.env, "coalesce", (ColumnRef(count), Literal(0, Type.LONG)), Span(0, 0))
        return Project(joined, (*((c, ColumnRef(c)) for c in relation.columns), (column, value)))

    def numbers(self, predicates: tuple[tuple[Expr, Span], ...]) -> Relation:
        """The numbers of the elements for which all of this holds."""
        kept = Filter(self.relation(), tuple(p for p, _ in predicates), tuple(s for _, s in predicates))
        return Project(kept, ((self.number, ColumnRef(self.number)),))


def edge_ends(env: Env, graph: Graph) -> Relation:
    """Number, source and target of each edge."""
    edges = env.refer(graph.edges)
    return Project(edges, tuple((c, ColumnRef(c)) for c in edges.columns[:HIDDEN]))


def node_numbers(env: Env, graph: Graph) -> Relation:
    nodes = env.refer(graph.nodes)
    return Project(nodes, tuple((c, ColumnRef(c)) for c in nodes.columns[: NODE_NUMBER + 1]))
