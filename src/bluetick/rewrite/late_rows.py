"""`summarize ..., arg_max(x, *) by k | where <aggregates>`: the aggregates and the filter first, from the few columns
that they need, then the rows of the groups that are left. Without such a filter the same, of all groups: the rows that
can be picked are still few among those that are read.

Exact because a group's picked row is one of its rows with the largest (smallest) x: those rows of the groups that are
left are fetched, all of them, and the same node picks one among them as it would have among all. The filters that come
first see the aggregates only, which are the same. A group whose x are all null would pick among rows without an x: so
this is done only where a filter on x below has left no null. x is a whole number or a time: a real may be NaN.

Measured, 920,000 rows, arg_max(t, *): 200 groups 0.16 s against 0.68, 70,000 groups 2.8 s against 16.7, and where each
row is a group of its own 13.6 s against 17.6: comparing whole rows costs more than reading the columns again.
"""

from dataclasses import dataclass, replace

from bluetick.diagnostics import Span
from bluetick.functions.registry import CATALOGUE
from bluetick.plan.expressions import Call, Column, ColumnRef, Expr, InTable, Promote, ScalarQuery, walk
from bluetick.plan.relations import (
    Aggregate,
    AggregateCall,
    Binding,
    Filter,
    Join,
    JoinKind,
    PickRow,
    Project,
    Reference,
    Relation,
    Scan,
    TabularStatement,
    Values,
    expressions,
)
from bluetick.rewrite.everywhere import changed_everywhere
from bluetick.rewrite.fresh import FreshColumns, is_renaming, over
from bluetick.types import Type

_EXACT = (Type.DATETIME, Type.LONG, Type.INT, Type.TIMESPAN)
_ORDERINGS = ("<", "<=", ">", ">=")
_LEAST_COLUMNS = 4  # of the picked row: below that there is little to leave unread


def with_late_rows(statement: TabularStatement, fresh: FreshColumns) -> TabularStatement:
    """Those under a filter first: what is made of them has nothing left for the second round."""
    filtered = changed_everywhere(statement, lambda node: _late(node, fresh))
    return changed_everywhere(filtered, lambda node: _late_unfiltered(node, fresh))


@dataclass(frozen=True, slots=True)
class _Summary:
    """A filter over groups of which one row each is picked by `by`."""

    node: Filter
    groups: Aggregate
    pick: PickRow
    by: Column

    def early(self) -> list[bool]:
        """Of each predicate whether it sees no more than groups and aggregates."""
        picked = {column.id for column in self.pick.columns}
        return [_columns(one).isdisjoint(picked) and not _has_table(one) for one in self.node.predicates]


def _late(node: Relation, fresh: FreshColumns) -> Relation:
    if isinstance(node, Filter) and isinstance(node.input, Project) and is_renaming(node.input):
        return _late_below_names(node, node.input, fresh)
    found = _summary(node)
    if found is None or not any(found.early()):
        return node
    return _fetched(found, fresh)


def _fetched(found: _Summary, fresh: FreshColumns) -> Relation:
    largest = fresh.column(found.by.name, found.by.type)
    kept, renewed = _survivors(found, largest, fresh)
    rows = _rows(found, kept, largest, fresh)
    groups = tuple((fresh.column(column.name, column.type), expr) for column, expr in found.groups.groups)
    picked = Aggregate(rows, groups, (found.pick,), found.groups.span)
    mine = fresh.reference(kept)
    place = dict(zip((column.id for column in kept.relation.columns), mine.columns, strict=True))
    left_items = tuple((column, place[below.id]) for column, below in renewed)
    keys = tuple(
        (ColumnRef(below), ColumnRef(group)) for (_, below), (group, _) in zip(left_items, groups, strict=False)
    )
    joined = Join(JoinKind.INNER, mine, picked, keys, left_items, tuple((c, c) for c in found.pick.columns))
    in_order = Project(joined, tuple((column, ColumnRef(column)) for column in found.node.columns))
    rest = [one for one, is_early in zip(found.node.predicates, found.early(), strict=True) if not is_early]
    return Filter(in_order, tuple(rest), _spans(found, early=False)) if rest else in_order


def _late_unfiltered(node: Relation, fresh: FreshColumns) -> Relation:
    found = _summary(Filter(node, ())) if isinstance(node, Aggregate) else None
    return node if found is None else _fetched(found, fresh)


def _late_below_names(node: Filter, names: Project, fresh: FreshColumns) -> Relation:
    """The same where the columns have got other names in between, as those of a let that stands where it is used."""
    columns = {column.id: expr for column, expr in names.items}
    below = Filter(names.input, tuple(over(one, columns) for one in node.predicates), node.spans)
    late = _late(below, fresh)
    return node if late is below else Project(late, names.items)


def _survivors(
    found: _Summary, largest: Column, fresh: FreshColumns
) -> tuple[Binding, tuple[tuple[Column, Column], ...]]:
    """The groups that the filter keeps, with their aggregates and the value of their row's `by`; and which of its
    columns stands for which column of the result: the groups first."""
    calls = [item for item in found.groups.items if isinstance(item, AggregateCall)]
    olds = [column for column, _ in found.groups.groups] + [call.column for call in calls]
    renewed = tuple(zip(olds, fresh.like(olds), strict=True))
    names = {old.id: new for old, new in renewed}
    extreme = CATALOGUE.aggregates["max" if found.pick.descending else "min"]
    narrow = Aggregate(
        found.groups.input,
        tuple((names[column.id], expr) for column, expr in found.groups.groups),
        (
            *(replace(call, column=names[call.column.id]) for call in calls),
            AggregateCall(largest, extreme, (ColumnRef(found.by),)),
        ),
        found.groups.span,
    )
    refs: dict[int, Expr] = {old.id: ColumnRef(new) for old, new in renewed}
    early = [over(one, refs) for one, is_early in zip(found.node.predicates, found.early(), strict=True) if is_early]
    kept = Filter(narrow, tuple(early), _spans(found, early=True)) if early else narrow
    return Binding("kept", kept, True), renewed


def _rows(found: _Summary, kept: Binding, largest: Column, fresh: FreshColumns) -> Relation:
    """The rows of these groups whose `by` is the wanted one. The range of those values prunes files and row groups."""
    place = [column.id for column in kept.relation.columns].index(largest.id)
    by = ColumnRef(found.by)
    within = Filter(
        found.groups.input,
        (
            _compared(">=", by, _end("min", kept, place, fresh)),
            _compared("<=", by, _end("max", kept, place, fresh)),
        ),
    )
    mine = fresh.reference(kept)
    keys = [(expr, ColumnRef(column)) for (_, expr), column in zip(found.groups.groups, mine.columns, strict=False)]
    own = tuple((column, column) for column in within.columns)
    return Join(JoinKind.LEFTSEMI, within, mine, (*keys, (by, ColumnRef(mine.columns[place]))), own, ())


def _end(name: str, kept: Binding, place: int, fresh: FreshColumns) -> ScalarQuery:
    mine = fresh.reference(kept)
    value = mine.columns[place]
    end = AggregateCall(fresh.column(name, value.type), CATALOGUE.aggregates[name], (ColumnRef(value),))
    return ScalarQuery(Aggregate(mine, (), (end,)), value.type)


def _compared(operator: str, left: Expr, right: Expr) -> Expr:
    return Call(CATALOGUE.scalars[operator], (left, right), Type.BOOL)


def _spans(found: _Summary, *, early: bool) -> tuple[Span, ...]:
    pairs = zip(found.node.spans, found.early(), strict=False)
    return tuple(span for span, is_early in pairs if is_early == early)


def _summary(node: Relation) -> _Summary | None:
    if not isinstance(node, Filter) or not isinstance(node.input, Aggregate):
        return None
    groups = node.input
    picks = [item for item in groups.items if isinstance(item, PickRow)]
    if len(picks) != 1 or not groups.groups or len(picks[0].items) < _LEAST_COLUMNS:
        return None
    by = picks[0].by
    if not isinstance(by, ColumnRef) or by.type not in _EXACT or picks[0].condition is not None:
        return None
    if not _is_read_cheaply(groups.input) or not _is_never_null(groups.input, by.column):
        return None
    return _Summary(node, groups, picks[0], by.column)


def _is_read_cheaply(relation: Relation) -> bool:
    """Whether it may be read twice: rows of a table, chosen and computed one by one."""
    while not isinstance(relation, Scan | Values):
        if any(_has_table(expr) for expr in expressions(relation)):
            return False
        match relation:
            case Filter() | Project():
                relation = relation.input
            case Reference(binding=binding):
                relation = binding.relation
            case _:
                return False
    return True


def _is_never_null(relation: Relation, column: Column) -> bool:
    """Whether a filter compares the column with something: a null is then neither less nor more."""
    while isinstance(relation, Filter | Project | Reference):
        if isinstance(relation, Filter) and any(_compares(one, column) for one in relation.predicates):
            return True
        below = _below(relation, column)
        if below is None:
            return False
        relation, column = below
    return False


def _below(relation: Filter | Project | Reference, column: Column) -> tuple[Relation, Column] | None:
    """The input, and the column of it that this one is as it was."""
    if isinstance(relation, Reference):
        below = relation.binding.relation
        return below, below.columns[[one.id for one in relation.columns].index(column.id)]
    if isinstance(relation, Project):
        made = dict((one.id, expr) for one, expr in relation.items).get(column.id)
        return (relation.input, made.column) if isinstance(made, ColumnRef) else None
    return relation.input, column


def _compares(predicate: Expr, column: Column) -> bool:
    if not isinstance(predicate, Call) or predicate.function.name not in _ORDERINGS:
        return False
    sides = [arg.value if isinstance(arg, Promote) else arg for arg in predicate.args]
    return ColumnRef(column) in sides


def _columns(expr: Expr) -> set[int]:
    return {part.column.id for part in walk(expr) if isinstance(part, ColumnRef)}


def _has_table(expr: Expr) -> bool:
    return any(isinstance(part, InTable) for part in walk(expr))
