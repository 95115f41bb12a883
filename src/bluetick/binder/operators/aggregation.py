"""count and distinct: short forms of an aggregate."""

from bluetick.binder.names import Names, default_name
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.functions.registry import find_aggregate
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid
from bluetick.plan.relations import Aggregate, AggregateCall, Relation
from bluetick.syntax.expressions import Expression, Star
from bluetick.syntax.operators import CountOperator, DistinctOperator
from bluetick.types import Type


def bind_count(env: Env, node: CountOperator, rows: Relation) -> Relation | None:
    function = find_aggregate("count")
    if function is None:
        env.report(codes.operator_not_supported(node.span, "count"))
        return None
    name = node.name.text if node.name is not None else "Count"
    return Aggregate(rows, (), (AggregateCall(env.state.column(name, Type.LONG), function, ()),))


def bind_distinct(env: Env, node: DistinctOperator, rows: Relation) -> Relation | None:
    here = env.over(rows)
    groups: list[tuple[Column, Expr]] = []
    names = Names()
    for item in node.items:
        if isinstance(item.value, Star):
            found: list[tuple[str, Expr, Expression]] = [(c.name, ColumnRef(c), item.value) for c in rows.columns]
        else:
            own = item.names[0].text if item.names else default_name(item.value)
            found = [(own, here.expression(item.value), item.value)]
        for name, value, written in found:
            group = group_column(env, value, names.claim(name) if name else names.generate(env.state.unnamed), written)
            if group is None:
                return None
            groups.append(group)
    return Aggregate(rows, tuple(groups), ())


def group_column(env: Env, value: Expr, name: str, written: Expression) -> tuple[Column, Expr] | None:
    """A group key under its name; a dynamic key is an error in Kusto."""
    if isinstance(value, Invalid):
        return None
    if value.type is Type.DYNAMIC:
        env.report(codes.dynamic_key(written.span, f"group key '{name}'"))
        return None
    return env.state.column(name, value.type), value
