"""Tabular operators: one module each (or a family); `bind_operator` finds the one for a node."""

from bluetick.binder.operators.aggregation import bind_count, bind_distinct
from bluetick.binder.operators.expand import bind_expand
from bluetick.binder.operators.invoke import bind_invoke
from bluetick.binder.operators.join import bind_join
from bluetick.binder.operators.naming import bind_as, bind_render, bind_simple
from bluetick.binder.operators.ordering import bind_serialize, bind_sort, bind_take, bind_top
from bluetick.binder.operators.parse import bind_parse
from bluetick.binder.operators.project import bind_project, bind_reorder
from bluetick.binder.operators.rarer import OF_GRAPHS, RARER, Binder
from bluetick.binder.operators.search import bind_search
from bluetick.binder.operators.summarize import bind_summarize
from bluetick.binder.operators.union import bind_union
from bluetick.binder.operators.where import bind_where
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.functions import refusals
from bluetick.plan.graph import Graph
from bluetick.plan.relations import Relation
from bluetick.syntax import operators as syntax

# Each takes its own node class; the table pairs them, so the callable's node type is open here.
_BINDERS: dict[type, Binder] = {
    syntax.WhereOperator: bind_where,
    syntax.ProjectOperator: bind_project,
    syntax.ProjectReorderOperator: bind_reorder,
    syntax.SummarizeOperator: bind_summarize,
    syntax.DistinctOperator: bind_distinct,
    syntax.CountOperator: bind_count,
    syntax.TakeOperator: bind_take,
    syntax.SortOperator: bind_sort,
    syntax.TopOperator: bind_top,
    syntax.SerializeOperator: bind_serialize,
    syntax.JoinOperator: bind_join,
    syntax.UnionOperator: bind_union,
    syntax.MvExpandOperator: bind_expand,
    syntax.ParseOperator: bind_parse,
    syntax.SearchOperator: bind_search,
    syntax.AsOperator: bind_as,
    syntax.InvokeOperator: bind_invoke,
    syntax.RenderOperator: bind_render,
    syntax.SimpleOperator: bind_simple,
}

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
    load = RARER.get(type(node))
    binder = load() if load is not None else _BINDERS.get(type(node))
    if binder is None:
        what, hint = _REFUSED[type(node)]
        env.report(codes.form_not_supported(node.span, what, hint))
        return None
    return binder(env, node, rows)


def _after_graph(env: Env, node: syntax.Operator, graph: Graph) -> Relation | Graph | None:
    load = OF_GRAPHS.get(type(node))
    if load is None:
        env.report(codes.graph_result(node.span))
        return None
    return load()(env, node, graph)
