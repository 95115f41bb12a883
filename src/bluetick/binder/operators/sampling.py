"""sample, sample-distinct, top-hitters: where Kusto may give any rows or an estimate, the choice here is fixed.

sample gives the rows that take gives, sample-distinct the smallest values, top-hitters the exact counts and sums.
"""

from bluetick.binder.names import default_name
from bluetick.binder.operators.aggregation import group_column
from bluetick.binder.operators.ordering import row_count
from bluetick.binder.operators.summarize import bind_aggregate
from bluetick.binder.scope import Env
from bluetick.plan.expressions import Column, ColumnRef, Expr
from bluetick.plan.relations import Aggregate, AggregateCall, Limit, Relation, Sort, SortKey
from bluetick.syntax.expressions import Argument, CallExpression, Expression, Name
from bluetick.syntax.operators import SampleDistinctOperator, TopHittersOperator


def bind_sample_distinct(env: Env, node: SampleDistinctOperator, rows: Relation) -> Relation | None:
    count = row_count(env, node.count, "sample-distinct")
    group = _group(env, node.of, rows)
    return None if count is None or group is None else Limit(Aggregate(rows, (group,), ()), count)


def _group(env: Env, of: Expression, rows: Relation, name: str = "") -> tuple[Column, Expr] | None:
    return group_column(env, env.over(rows).expression(of), name or default_name(of) or "Column1", of)


def bind_top_hitters(env: Env, node: TopHittersOperator, rows: Relation) -> Relation | None:
    """The values with the highest count, or the highest sum of `by`."""
    count = row_count(env, node.count, "top-hitters")
    group = _group(env, node.of.value, rows, node.of.names[0].text if node.of.names else "")
    function = "count" if node.by is None else "sum"
    arguments = () if node.by is None else (Argument(node.by.span, node.by),)
    found = bind_aggregate(env.over(rows), CallExpression(node.span, Name(node.span, function), arguments))
    if count is None or group is None or found is None:
        return None
    of = group[0].name if node.by is None else default_name(node.by)
    column = env.state.column(f"approximate_{function}_{of}", found.column.type)
    aggregate = Aggregate(rows, (group,), (AggregateCall(column, found.function, found.args),))
    return Limit(Sort(aggregate, (SortKey(ColumnRef(column), descending=True, nulls_first=False),)), count)
