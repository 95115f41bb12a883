"""top-nested: the top values of one expression, in each of them the top values of the next, and so on.

Each level is an aggregate over all rows by its own expression and those before it, of which the first few are kept in
each group of the level before; the levels are joined on the expressions that they share.
"""

from dataclasses import dataclass

from bluetick.binder.names import Names, default_name
from bluetick.binder.operators.aggregation import group_column
from bluetick.binder.operators.ordering import row_count
from bluetick.binder.operators.summarize import bind_aggregate
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Column, ColumnRef, Expr
from bluetick.plan.relations import Aggregate, AggregateCall, Binding, Join, JoinKind, Limit, Relation, Sort, SortKey
from bluetick.syntax.expressions import CallExpression, Expression
from bluetick.syntax.operators import TopNestedClause, TopNestedOperator


@dataclass(frozen=True, slots=True)
class Level:
    """The rows of one level: the group columns of all levels so far, then its aggregate."""

    relation: Relation
    groups: tuple[Column, ...]
    value: Column


def bind_top_nested(env: Env, node: TopNestedOperator, rows: Relation) -> Relation | None:
    shared = Binding("top_nested", rows)
    names = Names()
    outputs: list[tuple[str, str]] = []
    for clause in node.clauses:
        name = (
            clause.of.names[0].text
            if clause.of.names
            else default_name(clause.of.value) or names.generate(env.state.unnamed)
        )
        own = names.claim(name)
        wanted = clause.by.names[0].text if clause.by.names else f"aggregated_{own}"
        outputs.append((own, names.claim(wanted)))
    result: Level | None = None
    for depth in range(len(node.clauses)):
        level = _level(env, node.clauses[: depth + 1], env.refer(shared), outputs[depth])
        if level is None:
            return None
        result = level if result is None else _joined(env, result, level)
    return None if result is None else result.relation


def _level(env: Env, clauses: tuple[TopNestedClause, ...], rows: Relation, names: tuple[str, str]) -> Level | None:
    last = clauses[-1]
    if last.others is not None:
        env.report(codes.form_not_supported(last.span, "top-nested with others"))
        return None
    here = env.over(rows)
    groups: list[tuple[Column, Expr]] = []
    for clause in clauses:
        group = group_column(env, here.expression(clause.of.value), names[0], clause.of.value)
        if group is None:
            return None
        groups.append(group)
    aggregate = _aggregate(here, last.by.value)
    count = None if last.count is None else row_count(env, last.count, "top-nested")
    if aggregate is None or (last.count is not None and count is None):
        return None
    value = env.state.column(names[1], aggregate.column.type)
    relation: Relation = Aggregate(rows, tuple(groups), (AggregateCall(value, aggregate.function, aggregate.args),))
    columns = tuple(column for column, _ in groups)
    if count is not None:
        is_descending = last.direction != "asc"
        key = SortKey(ColumnRef(value), is_descending, not is_descending)
        relation = Limit(Sort(relation, (key,)), count, columns[:-1])
    return Level(relation, columns, value)


def _aggregate(env: Env, node: Expression) -> AggregateCall | None:
    if isinstance(node, CallExpression) and node.base is None:
        known = len(env.state.diagnostics)
        found = bind_aggregate(env, node)
        if found is not None or len(env.state.diagnostics) > known:
            return found
    env.report(codes.form_not_supported(node.span, "top-nested by anything but one aggregate function"))
    return None


def _joined(env: Env, outer: Level, inner: Level) -> Level:
    """Every row of the levels so far with the rows of the next one in its group."""
    keys = tuple((ColumnRef(a), ColumnRef(b)) for a, b in zip(outer.groups, inner.groups[:-1], strict=True))
    fresh = env.state.column
    left = tuple((fresh(c.name, c.type), c) for c in outer.relation.columns)
    right = tuple((fresh(c.name, c.type), c) for c in (inner.groups[-1], inner.value))
    node = Join(JoinKind.INNER, outer.relation, inner.relation, keys, left, right)
    placed = {source.id: column for column, source in (*left, *right)}
    groups = (*(placed[c.id] for c in outer.groups), placed[inner.groups[-1].id])
    return Level(node, groups, placed[inner.value.id])
