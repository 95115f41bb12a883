"""The binder of each tabular operator: a module is loaded when its operator is first met."""

from collections.abc import Callable
from typing import Any, TypeAlias

from bluetick.binder.scope import Env
from bluetick.plan.graph import Graph
from bluetick.plan.relations import Relation
from bluetick.syntax import graph as graphs
from bluetick.syntax import operators as syntax

Binder: TypeAlias = Callable[[Env, Any, Relation], Relation | Graph | None]
GraphBinder: TypeAlias = Callable[[Env, Any, Graph], Relation | Graph | None]


def _as() -> Binder:
    from bluetick.binder.operators.naming import bind_as  # noqa: PLC0415 - loaded when met

    return bind_as


def _count() -> Binder:
    from bluetick.binder.operators.aggregation import bind_count  # noqa: PLC0415 - loaded when met

    return bind_count


def _distinct() -> Binder:
    from bluetick.binder.operators.aggregation import bind_distinct  # noqa: PLC0415 - loaded when met

    return bind_distinct


def _evaluate() -> Binder:
    from bluetick.binder.operators.evaluate import bind_evaluate  # noqa: PLC0415 - loaded when met

    return bind_evaluate


def _expand() -> Binder:
    from bluetick.binder.operators.expand import bind_expand  # noqa: PLC0415 - loaded when met

    return bind_expand


def _find() -> Binder:
    from bluetick.binder.operators.find import bind_find  # noqa: PLC0415 - loaded when met

    return bind_find


def _invoke() -> Binder:
    from bluetick.binder.operators.invoke import bind_invoke  # noqa: PLC0415 - loaded when met

    return bind_invoke


def _join() -> Binder:
    from bluetick.binder.operators.join import bind_join  # noqa: PLC0415 - loaded when met

    return bind_join


def _make_graph() -> Binder:
    from bluetick.binder.operators.graphs.make_graph import bind_make_graph  # noqa: PLC0415 - loaded when met

    return bind_make_graph


def _make_series() -> Binder:
    from bluetick.binder.operators.make_series import bind_make_series  # noqa: PLC0415 - loaded when met

    return bind_make_series


def _mv_apply() -> Binder:
    from bluetick.binder.operators.apply import bind_mv_apply  # noqa: PLC0415 - loaded when met

    return bind_mv_apply


def _parse() -> Binder:
    from bluetick.binder.operators.parse import bind_parse  # noqa: PLC0415 - loaded when met

    return bind_parse


def _parse_kv() -> Binder:
    from bluetick.binder.operators.parse_kv import bind_parse_kv  # noqa: PLC0415 - loaded when met

    return bind_parse_kv


def _partition() -> Binder:
    from bluetick.binder.operators.apply import bind_partition  # noqa: PLC0415 - loaded when met

    return bind_partition


def _project() -> Binder:
    from bluetick.binder.operators.project import bind_project  # noqa: PLC0415 - loaded when met

    return bind_project


def _render() -> Binder:
    from bluetick.binder.operators.naming import bind_render  # noqa: PLC0415 - loaded when met

    return bind_render


def _reorder() -> Binder:
    from bluetick.binder.operators.project import bind_reorder  # noqa: PLC0415 - loaded when met

    return bind_reorder


def _sample_distinct() -> Binder:
    from bluetick.binder.operators.sampling import bind_sample_distinct  # noqa: PLC0415 - loaded when met

    return bind_sample_distinct


def _scan() -> Binder:
    from bluetick.binder.operators.scan import bind_scan  # noqa: PLC0415 - loaded when met

    return bind_scan


def _search() -> Binder:
    from bluetick.binder.operators.search import bind_search  # noqa: PLC0415 - loaded when met

    return bind_search


def _serialize() -> Binder:
    from bluetick.binder.operators.ordering import bind_serialize  # noqa: PLC0415 - loaded when met

    return bind_serialize


def _simple() -> Binder:
    from bluetick.binder.operators.naming import bind_simple  # noqa: PLC0415 - loaded when met

    return bind_simple


def _sort() -> Binder:
    from bluetick.binder.operators.ordering import bind_sort  # noqa: PLC0415 - loaded when met

    return bind_sort


def _summarize() -> Binder:
    from bluetick.binder.operators.summarize import bind_summarize  # noqa: PLC0415 - loaded when met

    return bind_summarize


def _take() -> Binder:
    from bluetick.binder.operators.ordering import bind_take  # noqa: PLC0415 - loaded when met

    return bind_take


def _top() -> Binder:
    from bluetick.binder.operators.ordering import bind_top  # noqa: PLC0415 - loaded when met

    return bind_top


def _top_hitters() -> Binder:
    from bluetick.binder.operators.sampling import bind_top_hitters  # noqa: PLC0415 - loaded when met

    return bind_top_hitters


def _top_nested() -> Binder:
    from bluetick.binder.operators.top_nested import bind_top_nested  # noqa: PLC0415 - loaded when met

    return bind_top_nested


def _union() -> Binder:
    from bluetick.binder.operators.union import bind_union  # noqa: PLC0415 - loaded when met

    return bind_union


def _where() -> Binder:
    from bluetick.binder.operators.where import bind_where  # noqa: PLC0415 - loaded when met

    return bind_where


def _graph_components() -> GraphBinder:
    from bluetick.binder.operators.graphs.tables import bind_components  # noqa: PLC0415 - loaded when met

    return bind_components


def _graph_match() -> GraphBinder:
    from bluetick.binder.operators.graphs.match import bind_graph_match  # noqa: PLC0415 - loaded when met

    return bind_graph_match


def _graph_to_table() -> GraphBinder:
    from bluetick.binder.operators.graphs.tables import bind_graph_to_table  # noqa: PLC0415 - loaded when met

    return bind_graph_to_table


def _graph_where() -> GraphBinder:
    from bluetick.binder.operators.graphs.tables import bind_graph_where  # noqa: PLC0415 - loaded when met

    return bind_graph_where


# Each takes its own node class; the table pairs them, so the callable's node type is open here.
OF_ROWS: dict[type, Callable[[], Binder]] = {
    syntax.WhereOperator: _where,
    syntax.ProjectOperator: _project,
    syntax.ProjectReorderOperator: _reorder,
    syntax.SummarizeOperator: _summarize,
    syntax.DistinctOperator: _distinct,
    syntax.CountOperator: _count,
    syntax.TakeOperator: _take,
    syntax.SortOperator: _sort,
    syntax.TopOperator: _top,
    syntax.SerializeOperator: _serialize,
    syntax.JoinOperator: _join,
    syntax.UnionOperator: _union,
    syntax.MvExpandOperator: _expand,
    syntax.ParseOperator: _parse,
    syntax.SearchOperator: _search,
    syntax.AsOperator: _as,
    syntax.InvokeOperator: _invoke,
    syntax.RenderOperator: _render,
    syntax.SimpleOperator: _simple,
    syntax.EvaluateOperator: _evaluate,
    syntax.FindOperator: _find,
    graphs.MakeGraphOperator: _make_graph,
    syntax.MakeSeriesOperator: _make_series,
    syntax.MvApplyOperator: _mv_apply,
    syntax.ParseKvOperator: _parse_kv,
    syntax.PartitionOperator: _partition,
    syntax.SampleDistinctOperator: _sample_distinct,
    syntax.ScanOperator: _scan,
    syntax.TopHittersOperator: _top_hitters,
    syntax.TopNestedOperator: _top_nested,
}

OF_GRAPHS: dict[type, Callable[[], GraphBinder]] = {
    graphs.GraphComponentsOperator: _graph_components,
    graphs.GraphMatchOperator: _graph_match,
    graphs.GraphToTableOperator: _graph_to_table,
    graphs.GraphWhereOperator: _graph_where,
}
