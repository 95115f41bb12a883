"""`sort by k | extend prev(k) | summarize ...`: rows that are equal in the sort's keys are put in order by no more
columns than can tell them apart for what is summarized, and the other columns are not read.

Exact because such rows come in the order of their columns, one column after the other. Behind the last column that is
wanted above, the columns could only put rows in order that are alike in all that is wanted: whichever comes first, the
window functions give the same values beside the same rows. Nothing above sees the order itself: between the window and
the aggregates stand only filters and projections, and no aggregate asks for an order or picks a whole row.
"""

from dataclasses import replace

from bluetick.plan.column_use import columns_in
from bluetick.plan.expressions import ColumnRef
from bluetick.plan.relations import (
    Aggregate,
    AggregateCall,
    Columns,
    Filter,
    Project,
    Relation,
    Sort,
    TabularStatement,
    Window,
    expressions,
)
from bluetick.rewrite.everywhere import changed_everywhere
from bluetick.rewrite.fresh import FreshColumns


def with_alike_ties(statement: TabularStatement, fresh: FreshColumns) -> TabularStatement:
    return changed_everywhere(statement, _alike)


def _alike(node: Relation) -> Relation:
    if not isinstance(node, Aggregate) or not all(_sees_no_order(item) for item in node.items):
        return node
    steps: list[Filter | Project] = []
    wanted = set(columns_in(expressions(node)))
    below = node.input
    while isinstance(below, Filter | Project):
        steps.append(below)
        wanted = _wanted_below(below, wanted)
        below = below.input
    if not isinstance(below, Window) or below.ties_are_alike or not isinstance(below.input, Sort):
        return node
    return replace(node, input=_rebuilt(steps, _over_few_columns(below, below.input, wanted)))


def _sees_no_order(item: object) -> bool:
    return isinstance(item, AggregateCall) and not item.function.needs_order


def _over_few_columns(window: Window, sort: Sort, wanted: set[int]) -> Window:
    """The window over the columns that are read of its rows, and those that tell rows apart before them."""
    read = (wanted | set(columns_in(expressions(window)))) - {column.id for column, _ in window.items}
    keys = [key.value for key in sort.keys]
    kept = _told_apart(sort.columns, read, {key.column.id for key in keys if isinstance(key, ColumnRef)})
    kept |= read | set(columns_in(keys))
    rows = sort.input
    if len(kept) < len(rows.columns):
        rows = Project(rows, tuple((column, ColumnRef(column)) for column in rows.columns if column.id in kept))
    return replace(window, input=replace(sort, input=rows), ties_are_alike=True)


def _told_apart(columns: Columns, read: set[int], keys: set[int]) -> set[int]:
    """The columns up to the last one that is read and may differ where the keys do not."""
    last = max((place for place, column in enumerate(columns) if column.id in read - keys), default=-1)
    return {column.id for column in columns[: last + 1]}


def _wanted_below(step: Filter | Project, wanted: set[int]) -> set[int]:
    if isinstance(step, Filter):
        return wanted | set(columns_in(step.predicates))
    return set(columns_in(expr for column, expr in step.items if column.id in wanted))


def _rebuilt(steps: list[Filter | Project], rows: Relation) -> Relation:
    """The steps over these rows, without the projected columns whose own are no longer there."""
    for step in reversed(steps):
        if isinstance(step, Project):
            there = {column.id for column in rows.columns}
            items = tuple((column, expr) for column, expr in step.items if set(columns_in([expr])) <= there)
            rows = replace(step, input=rows, items=items)
        else:
            rows = replace(step, input=rows)
    return rows
