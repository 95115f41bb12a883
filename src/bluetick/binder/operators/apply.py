"""mv-apply and partition: a subquery for each row, and for each value of a column."""

from bluetick.binder.operators.expand import Expansion, expansion_of
from bluetick.binder.operators.partitioning import Partitioned, Partitioning
from bluetick.binder.scope import Env, ScalarSymbol
from bluetick.diagnostics import codes
from bluetick.functions.registry import find_window
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal, WindowCall, walk
from bluetick.plan.relations import (
    Aggregate,
    Join,
    JoinKind,
    Project,
    Reference,
    Relation,
    Serialize,
    Sort,
    SortKey,
    Window,
    expressions,
    inputs,
)
from bluetick.plan.traversal import relations_in
from bluetick.syntax.expressions import PipelineExpression
from bluetick.syntax.operators import ExpressionSource, MvApplyOperator, Operator, PartitionOperator, Pipeline, Source
from bluetick.types import Type

_ONE = Literal(1, Type.LONG)


def bind_mv_apply(env: Env, node: MvApplyOperator, rows: Relation) -> Relation | None:
    """The elements of each row go through the subquery by themselves, in their order. Output: the row's columns
    without the expanded ones that the elements replace, then the subquery's. A row whose subquery gives nothing goes.
    """
    counted, number = numbered(env, rows)
    expansion = expansion_of(env, node, counted)
    if expansion is None:
        return None
    visible = tuple(item for item in expansion.items if item[0] is not number)
    base = Serialize(Project(expansion.node, visible))
    subquery = env.pipeline(node.subquery, base)
    if subquery is None:
        return None
    outer = [c for c in rows.columns if c.name not in expansion.replaced]
    start = _start(env, expansion, visible, number, outer)
    done = Partitioning(env, node.span, "mv-apply", base, start).apply(subquery)
    return None if done is None else _with_outer(env, outer, subquery, done)


def numbered(env: Env, rows: Relation) -> tuple[Relation, Column]:
    """The rows with a number of their own, in their order."""
    function = find_window("row_number")
    if function is None:
        raise AssertionError("the catalogue has row_number")
    number = env.state.column("row_number", Type.LONG)
    return Window(Serialize(rows), ((number, WindowCall(function, (), Type.LONG)),)), number


def _start(
    env: Env, expansion: Expansion, visible: tuple[tuple[Column, Expr], ...], number: Column, outer: list[Column]
) -> Partitioned:
    """The elements of all rows, by row and place, with the row's number and its columns kept aside."""
    position = expansion.node.index
    if position is None:
        position = env.state.column("position", Type.LONG)
    node = type(expansion.node)(
        expansion.node.input, expansion.node.items, position, expansion.node.limit, expansion.node.as_pairs
    )
    keys = tuple(SortKey(ColumnRef(c), descending=False, nulls_first=True) for c in (number, position))
    kept = [(env.state.column(c.name, c.type), ColumnRef(c)) for c in outer]
    rows = Project(Sort(node, keys), (*visible, (number, ColumnRef(number)), *kept))
    return Partitioned(rows, (number,), tuple(c for c, _ in kept), {c.id: c for c in outer})


def _with_outer(env: Env, outer: list[Column], subquery: Relation, done: Partitioned) -> Relation:
    """The row's columns, then those that the subquery adds. One that has the name of a row's column, as where it was
    computed anew, takes its place."""
    given = {column.name: column for column in subquery.columns}
    items: list[tuple[Column, Expr]] = []
    for column, carried in zip(outer, done.carried, strict=True):
        own = given.pop(column.name, None)
        is_same = own is None or done.origins.get(own.id) == column
        items.append((column, ColumnRef(carried)) if own is None or is_same else (own, ColumnRef(own)))
    items.extend((env.state.column(c.name, c.type), ColumnRef(c)) for c in given.values())
    in_order = tuple(SortKey(ColumnRef(k), descending=False, nulls_first=True) for k in done.keys)
    return Project(Sort(done.relation, in_order), tuple(items))


def bind_partition(env: Env, node: PartitionOperator, rows: Relation) -> Relation | None:
    """The subquery over the rows of each value of a column; hints say how Kusto goes about it, not what it gives."""
    if node.scope is not None:
        env.report(codes.form_not_supported(node.span, "partition with a scope of values"))
        return None
    key = env.over(rows).expression(node.by)
    if isinstance(key, Invalid):
        return None
    if not isinstance(key, ColumnRef) or key.type is Type.DYNAMIC:
        env.report(codes.form_not_supported(node.by.span, "partition by anything but a column that is not dynamic"))
        return None
    own = env.state.column(key.column.name, key.type)
    if node.subquery.source is not None:
        return _bind_sourced(env, node, Aggregate(rows, ((own, key),), ()), own)
    subquery = env.pipeline(node.subquery, rows)
    if subquery is None:
        return None
    start = Project(rows, (*((c, ColumnRef(c)) for c in rows.columns), (own, key)))
    done = Partitioning(env, node.span, "partition", rows, Partitioned(start, (own,), ())).apply(subquery)
    return None if done is None else Project(done.relation, tuple((c, ColumnRef(c)) for c in subquery.columns))


def _bind_sourced(env: Env, node: PartitionOperator, keys: Relation, key: Column) -> Relation | None:
    """A subquery over a table of its own, once for each value of the column, which it sees as a scalar."""
    inside = env.inside(env.scope.child()).without_row()
    inside.scope.names[key.name] = ScalarSymbol(ColumnRef(key))
    source, operators = _opened(node.subquery)
    rows = inside.pipeline(Pipeline(node.subquery.span, source))
    if rows is None:
        return None
    base = rows if not isinstance(rows, Reference) else Project(rows, tuple((c, ColumnRef(c)) for c in rows.columns))
    subquery = inside.pipeline(Pipeline(node.subquery.span, None, operators), base)
    if subquery is None:
        return None
    # Each row beside each value: the keys of the join are the same everywhere.
    left = tuple((c, c) for c in base.columns)
    beside = Join(JoinKind.INNER, base, keys, ((_ONE, _ONE),), left, ((key, key),))
    done = Partitioning(env, node.span, "partition", base, Partitioned(beside, (key,), ())).apply(subquery)
    if done is None:
        return None
    given = Project(done.relation, tuple((c, ColumnRef(c)) for c in subquery.columns))
    if not _is_closed(given, key):
        what = "the partition's value inside a table or a subquery of the subquery"
        env.report(codes.form_not_supported(node.span, what))
        return None
    return given


def _opened(pipeline: Pipeline) -> tuple[Source | None, tuple[Operator, ...]]:
    """The source and the operators, out of the parentheses that may stand around the first of them."""
    source, operators = pipeline.source, pipeline.operators
    while isinstance(source, ExpressionSource) and isinstance(source.expression, PipelineExpression):
        inner = source.expression.pipeline
        source, operators = inner.source, (*inner.operators, *operators)
    return source, operators


def _is_closed(relation: Relation, key: Column) -> bool:
    """Whether the value is named only where it stands beside the rows."""
    for node in relations_in(relation, scalars=True):
        have = {c.id for part in inputs(node) for c in part.columns}
        named = [part.column.id for e in expressions(node) for part in walk(e) if isinstance(part, ColumnRef)]
        if key.id in named and key.id not in have:
            return False
    return True
