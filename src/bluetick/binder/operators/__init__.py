"""Tabular operators: one module each (or a family); `bind_operator` finds the one for a node in `binders`."""

from bluetick.binder.operators.binders import OF_GRAPHS, OF_ROWS
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.functions import refusals
from bluetick.plan.graph import Graph
from bluetick.plan.relations import Relation
from bluetick.syntax import operators as syntax

_REFUSED: dict[type, tuple[str, str]] = {
    syntax.ForkOperator: ("'fork' before the end of a statement", "give each branch all operators that it needs"),
    syntax.FacetOperator: ("'facet' before the end of a statement", "its tables go through no further operator"),
    syntax.ReduceOperator: ("'reduce'", refusals.OPERATORS["reduce"]),
}


def bind_operator(env: Env, node: syntax.Operator, rows: Relation | Graph) -> Relation | Graph | None:
    """The relation (or graph) after this operator; None once reported."""
    if isinstance(node, syntax.MissingOperator):
        return None
    if isinstance(rows, Graph):
        return _after_graph(env, node, rows)
    if type(node) in OF_GRAPHS:
        env.report(codes.graph_expected(node.span))
        return None
    load = OF_ROWS.get(type(node))
    if load is None:
        what, hint = _REFUSED[type(node)]
        env.report(codes.form_not_supported(node.span, what, hint))
        return None
    return load()(env, node, rows)


def _after_graph(env: Env, node: syntax.Operator, graph: Graph) -> Relation | Graph | None:
    load = OF_GRAPHS.get(type(node))
    if load is None:
        env.report(codes.graph_result(node.span))
        return None
    return load()(env, node, graph)
