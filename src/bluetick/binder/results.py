"""The result tables of one tabular statement: one, or several where it ends in fork or facet.

https://learn.microsoft.com/kusto/query/fork-operator, https://learn.microsoft.com/kusto/query/facet-operator
"""

from dataclasses import replace

from bluetick.binder.names import Names, default_name
from bluetick.binder.scope import Env
from bluetick.binder.tabular import bind_pipeline
from bluetick.diagnostics import codes
from bluetick.plan.relations import Binding, Limit, Relation, TabularStatement
from bluetick.syntax.expressions import CallExpression, Expression, Name, NamedExpression
from bluetick.syntax.operators import FacetOperator, ForkOperator, Pipeline, SummarizeOperator

_PRIMARY = "PrimaryResult"

Tables = list[tuple[str, Relation]]


def bind_results(env: Env, pipeline: Pipeline) -> list[TabularStatement]:
    """A statement's tables with its assertions; none once reported."""
    state = env.state
    state.assertions, state.visualization = [], ()
    last = pipeline.operators[-1] if pipeline.operators else None
    if isinstance(last, ForkOperator | FacetOperator):
        rows = bind_pipeline(env, replace(pipeline, operators=pipeline.operators[:-1]), None)
        tables = [] if rows is None else _several(env, last, Binding("fork", rows, materialized=True))
    else:
        relation = bind_pipeline(env, pipeline, None)
        tables = [] if relation is None else [(_PRIMARY, relation)]
    assertions = tuple(state.assertions)
    return [TabularStatement(n, _with_options(env, r), assertions, state.visualization) for n, r in tables]


def _with_options(env: Env, relation: Relation) -> Relation:
    """What request properties say of every result."""
    most = env.state.options.get("query_take_max_records")
    schema = env.state.options.get("query_results_apply_getschema")
    if most is not None:
        relation = Limit(relation, most)
    if schema is None or not schema.value:
        return relation
    from bluetick.binder.operators.naming import schema_of  # noqa: PLC0415 - loaded when a query wants it

    return schema_of(env, relation)


def _several(env: Env, node: ForkOperator | FacetOperator, rows: Binding) -> Tables:
    return _forked(env, node, rows) if isinstance(node, ForkOperator) else _facets(env, node, rows)


def _forked(env: Env, node: ForkOperator, rows: Binding) -> Tables:
    """A table for each branch, in their order, by its name."""
    tables: Tables = []
    for name, branch in node.branches:
        found = env.pipeline(branch, env.refer(rows))
        if found is None:
            return []
        tables.append((_PRIMARY if name is None else name.text, found))
    return tables


def _facets(env: Env, node: FacetOperator, rows: Binding) -> Tables:
    """The table of the subquery, if there is one, then the values of each column with how often they stand there."""
    tables: Tables = []
    if node.subquery is not None:
        found = env.pipeline(node.subquery, env.refer(rows))
        if found is None:
            return []
        tables.append((_PRIMARY, found))
    for column in node.by:
        counted = _counted(env, column, env.refer(rows))
        if counted is None:
            return []
        tables.append((_PRIMARY, counted))
    return tables


def _counted(env: Env, column: Expression, rows: Relation) -> Relation | None:
    from bluetick.binder.operators.summarize import bind_summarize  # noqa: PLC0415 - loaded when met

    name = default_name(column)
    if not name:
        env.report(codes.form_not_supported(column.span, "a facet of anything but a column"))
        return None
    names = Names()
    names.claim(name)
    count = CallExpression(column.span, Name(column.span, "count"), ())
    counted = NamedExpression(column.span, count, (Name(column.span, names.claim(f"count_{name}")),))
    summary = SummarizeOperator(column.span, (counted,), (NamedExpression(column.span, column),))
    return bind_summarize(env, summary, rows)
