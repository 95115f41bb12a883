"""count and distinct: short forms of an aggregate."""

from bluetick.binder.names import Names, own_name
from bluetick.binder.operators.tuples import spread_parts
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.functions.registry import find_aggregate
from bluetick.plan.expressions import Call, Column, ColumnRef, Expr, Invalid
from bluetick.plan.relations import Aggregate, AggregateCall, Relation
from bluetick.syntax.expressions import Expression, NamedExpression, Star
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
            made = [group_column(env, ColumnRef(c), names.claim(c.name), item.value) for c in rows.columns]
        else:
            made = bind_keys(here, item, names)
        for group in made:
            if group is None:
                return None
            groups.append(group)
    return Aggregate(rows, tuple(groups), (), env.state.place(node.span))


def bind_keys(env: Env, item: NamedExpression, names: Names) -> list[tuple[Column, Expr] | None]:
    """The group keys of an item: one, or one for each part of a call that has several results. None stands for a key
    in which something is reported."""
    value = env.expression(item.value)
    if isinstance(value, Call) and value.function.parts:
        made = spread_parts(env, item, value, names)
        return [None] if made is None else [group_column(env, part, c.name, item.value) for c, part in made]
    own = item.names[0].text if item.names else own_name(item.value, value)
    name = names.claim(own) if own else names.generate(env.state.unnamed)
    return [group_column(env, value, name, item.value)]


def group_column(env: Env, value: Expr, name: str, written: Expression) -> tuple[Column, Expr] | None:
    """A group key under its name; a dynamic key is an error in Kusto."""
    if isinstance(value, Invalid):
        return None
    if value.type is Type.DYNAMIC:
        env.report(codes.dynamic_key(written.span, f"group key '{name}'"))
        return None
    return env.state.column(name, value.type), value
