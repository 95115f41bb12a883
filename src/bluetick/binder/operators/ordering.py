"""sort, order, top, take, limit, serialize."""

from bluetick.binder.names import Names
from bluetick.binder.operators.project import computed_all, keep
from bluetick.binder.operators.windows import WindowItems, is_serialized, with_windows
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Expr, Invalid, Literal
from bluetick.plan.relations import Limit, Project, Relation, Serialize, Sort, SortKey
from bluetick.syntax.expressions import Expression, OrderedExpression
from bluetick.syntax.operators import (
    SerializeOperator,
    SortOperator,
    TakeOperator,
    TopOperator,
)
from bluetick.types import Type


def sort_keys(env: Env, items: tuple[OrderedExpression, ...], rows: Relation) -> tuple[SortKey, ...] | None:
    """Descending unless said; nulls last when descending, first when ascending."""
    here = env.over(rows)
    keys = []
    for item in items:
        value = here.expression(item.value)
        if isinstance(value, Invalid):
            return None
        if value.type is Type.DYNAMIC:
            env.report(codes.dynamic_key(item.span, "a sort key"))
            return None
        descending = item.direction != "asc"
        nulls_first = not descending if item.nulls is None else item.nulls == "first"
        keys.append(SortKey(value, descending, nulls_first))
    return tuple(keys)


def bind_sort(env: Env, node: SortOperator, rows: Relation) -> Relation | None:
    keys = sort_keys(env, node.items, rows)
    return None if keys is None else Sort(rows, keys, env.state.place(node.span))


def row_count(env: Env, node: Expression, what: str) -> Expr | None:
    """A number of rows: a constant or the result of a scalar step."""
    count = env.without_row().expression(node)
    if isinstance(count, Invalid):
        return None
    if count.type not in (Type.INT, Type.LONG):
        env.report(codes.wrong_type(node.span, f"the number of rows of {what}", "long", str(count.type)))
        return None
    if isinstance(count, Literal) and (count.value is None or count.value < 0):
        env.report(codes.bad_argument(node.span, what, "the number of rows may not be negative or null"))
        return None
    return count


def bind_take(env: Env, node: TakeOperator, rows: Relation) -> Relation | None:
    """take and limit; and sample, for which any rows do: it gives those that take gives."""
    count = row_count(env, node.count, node.kind)
    return None if count is None else Limit(rows, count, span=env.state.place(node.span))


def bind_top(env: Env, node: TopOperator, rows: Relation) -> Relation | None:
    keys = sort_keys(env, node.by, rows)
    count = row_count(env, node.count, "top")
    return None if keys is None or count is None else Limit(Sort(rows, keys), count)


def bind_serialize(env: Env, node: SerializeOperator, rows: Relation) -> Relation | None:
    relation = rows if is_serialized(rows) else Serialize(rows)
    if not node.items:
        return relation
    calls: WindowItems = []
    here = env.over(relation).serialized(calls)
    names = Names()
    done = computed_all(here, node.items, names)
    if done is None:
        return None
    # As extend: a name that exists is replaced where it stands.
    given = {column.name: (column, value) for column, value in done}
    items = [given.pop(column.name, (column, kept)) for column, kept in keep(relation.columns)]
    return Project(with_windows(relation, calls), (*items, *given.values()))
