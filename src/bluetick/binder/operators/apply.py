"""mv-apply and partition: a subquery for each row, and for each value of a column."""

from bluetick.binder.names import Names
from bluetick.binder.operators.expand import Expansion, expansion_of
from bluetick.binder.operators.partitioning import Partitioned, Partitioning
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.functions.registry import find_window
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, WindowCall
from bluetick.plan.relations import Project, Relation, Serialize, Sort, SortKey, Window
from bluetick.syntax.operators import MvApplyOperator, PartitionOperator
from bluetick.types import Type


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
    return None if done is None else _with_outer(env, node, outer, subquery, done)


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


def _with_outer(
    env: Env, node: MvApplyOperator, outer: list[Column], subquery: Relation, done: Partitioned
) -> Relation | None:
    """A column of the subquery that is still the row's own stands once; one that hides the row's is refused."""
    by_name = {c.name: c for c in outer}
    added: list[tuple[Column, Expr]] = []
    names = Names()
    names.taken = set(by_name)
    for column in subquery.columns:
        own = by_name.get(column.name)
        if own is None:
            added.append((env.state.column(names.claim(column.name), column.type), ColumnRef(column)))
        elif done.origins.get(column.id) != own:
            what = f"a subquery of mv-apply that changes the outer column '{column.name}'"
            env.report(codes.form_not_supported(node.span, what, "give the new value another name"))
            return None
    first = tuple((c, ColumnRef(carried)) for c, carried in zip(outer, done.carried, strict=True))
    in_order = tuple(SortKey(ColumnRef(k), descending=False, nulls_first=True) for k in done.keys)
    return Project(Sort(done.relation, in_order), (*first, *added))


def bind_partition(env: Env, node: PartitionOperator, rows: Relation) -> Relation | None:
    """The subquery over the rows of each value of a column."""
    if node.scope is not None or node.subquery.source is not None:
        env.report(codes.form_not_supported(node.span, "a partition whose subquery names its own table"))
        return None
    key = env.over(rows).expression(node.by)
    if isinstance(key, Invalid):
        return None
    if not isinstance(key, ColumnRef) or key.type is Type.DYNAMIC:
        env.report(codes.form_not_supported(node.by.span, "partition by anything but a column that is not dynamic"))
        return None
    subquery = env.pipeline(node.subquery, rows)
    if subquery is None:
        return None
    own = env.state.column(key.column.name, key.type)
    start = Project(rows, (*((c, ColumnRef(c)) for c in rows.columns), (own, key)))
    done = Partitioning(env, node.span, "partition", rows, Partitioned(start, (own,), ())).apply(subquery)
    return None if done is None else Project(done.relation, tuple((c, ColumnRef(c)) for c in subquery.columns))
