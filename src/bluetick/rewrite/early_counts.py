"""`recent | join kind=leftanti (T | where t >= ago(30d) and t < ago(1h) | summarize n = count() by k | where n > 5)`:
the newest part of the month first, then the whole of it for those keys alone that it does not decide.

Exact because counts only grow with more rows: a key that the newest part has often enough the whole has too, so the
rows that it takes from the left the whole would take as well, and the others are still asked of the whole. The keys
that are left are few where what is looked for is rare, and they cut the rows of the whole (`reduced_groups`).

Measured, 20 million rows of 30 days, 14 countries: 0.024 s to count the two that a day leaves open against 0.10 s to
count all. It is done where the left is groups of a time much shorter than the right's: else its keys are not few.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bluetick.functions.registry import CATALOGUE
from bluetick.plan.column_use import columns_in
from bluetick.plan.expressions import Call, Column, ColumnRef, Expr, Literal, Promote
from bluetick.plan.relations import (
    Aggregate,
    AggregateCall,
    Filter,
    Join,
    JoinKind,
    Project,
    Relation,
    Scan,
    TabularStatement,
)
from bluetick.plan.traversal import queries_in
from bluetick.rewrite.everywhere import changed_everywhere
from bluetick.rewrite.fresh import FreshColumns, is_renaming, over
from bluetick.types import Type

_GROWING = ("count", "countif", "dcount", "count_distinct", "dcountif", "count_distinctif")
_PARTS = 24  # of a month a bit more than a day
_SHORTER = 8  # times that the left's own time must be shorter
_LEAST = 3 * 3_600_000_000  # microseconds: what is shorter than this is read quickly


def with_early_counts(statement: TabularStatement, fresh: FreshColumns) -> TabularStatement:
    return changed_everywhere(statement, lambda node: _early(node, fresh))


@dataclass(frozen=True, slots=True)
class _Ages:
    """Rows of a scan whose `time` lies between two ages, in microseconds before now; `oldest` is the call that says
    so."""

    time: Column
    oldest: Call
    most: int
    least: int


def _early(node: Relation, fresh: FreshColumns) -> Relation:
    if not isinstance(node, Join) or node.kind is not JoinKind.LEFTANTI:
        return node
    path = _path(node.right)
    if path is None:
        return node
    ages, own = _ages(path[-1]), _ages(_groups_of(node.left))
    if ages is None or own is None or ages.most - ages.least < _LEAST or own.most * _SHORTER > ages.most:
        return node
    names: dict[int, Expr] = {}
    newest = _copied(node.right, fresh, names, _newer(ages))
    keys = tuple((left, over(right, names)) for left, right in node.keys)
    same = tuple((column, column) for column in node.left.columns)
    undecided = Join(JoinKind.LEFTANTI, node.left, newest, keys, same, (), node.span)
    return replace(node, left=undecided)


def _groups_of(left: Relation) -> Relation | None:
    while isinstance(left, Project) and is_renaming(left):
        left = left.input
    return left if isinstance(left, Aggregate) else None


def _path(right: Relation) -> list[Relation] | None:
    """The nodes from a lookup's other side down to its groups, where each of them that lets a group through would do so
    with more rows too; None where one may not."""
    path: list[Relation] = []
    below = right
    while isinstance(below, Filter) or (isinstance(below, Project) and is_renaming(below)):
        path.append(below)
        below = below.input
    if not isinstance(below, Aggregate) or not below.groups:
        return None
    if not all(isinstance(item, AggregateCall) for item in below.items):
        return None
    growing = {c.id for item in below.items if _grows(item) for c in item.columns}
    groups = {column.id for column, _ in below.groups}
    for one in reversed(path):
        if isinstance(one, Project):
            below_of = {column.id: expr.column.id for column, expr in one.items if isinstance(expr, ColumnRef)}
            growing = {column for column, source in below_of.items() if source in growing}
            groups = {column for column, source in below_of.items() if source in groups}
        elif isinstance(one, Filter) and not all(_only_more(p, growing, groups) for p in one.predicates):
            return None
    return [*path, below]


def _grows(item: object) -> bool:
    return isinstance(item, AggregateCall) and item.function.name in _GROWING


def _only_more(predicate: Expr, growing: set[int], groups: set[int]) -> bool:
    """Whether a predicate over groups stays true with more rows."""
    if queries_in(predicate):
        return False
    if groups.issuperset(columns_in((predicate,))):
        return True
    if not isinstance(predicate, Call) or predicate.function.name not in (">", ">="):
        return False
    more, bound = predicate.args
    more = more.value if isinstance(more, Promote) else more
    return isinstance(more, ColumnRef) and more.column.id in growing and not any(columns_in((bound,)))


def _ages(groups: Relation | None) -> _Ages | None:
    """The ages of the rows that are grouped: of a scan, by filters that say nothing of other queries."""
    below = groups.input if isinstance(groups, Aggregate) else None
    predicates: list[Expr] = []
    while isinstance(below, Filter):
        predicates += below.predicates
        below = below.input
    if not isinstance(below, Scan) or any(queries_in(predicate) for predicate in predicates):
        return None
    found = [bound for predicate in predicates for bound in _bounds(predicate)]
    oldest = [(column, call, age) for column, is_low, call, age in found if is_low]
    youngest = [age for _, is_low, _, age in found if not is_low]
    if not oldest or len({column.id for column, _, _, _ in found}) > 1:
        return None
    column, call, most = min(oldest, key=lambda one: one[2])
    return _Ages(column, call, most, max(youngest, default=0))


def _bounds(predicate: Expr) -> Iterator[tuple[Column, bool, Call, int]]:
    """The columns that are compared with an age: `t >= ago(30d)`, `t between (ago(30d) .. ago(1h))`."""
    if not isinstance(predicate, Call):
        return
    name, args = predicate.function.name, predicate.args
    if name == "and":
        for part in args:
            yield from _bounds(part)
    elif name in (">", ">=", "<", "<=") and isinstance(args[0], ColumnRef):
        yield from _bound(args[0].column, name[0] == ">", args[1])
    elif name == "between" and isinstance(args[0], ColumnRef):
        yield from _bound(args[0].column, True, args[1])
        yield from _bound(args[0].column, False, args[2])


def _bound(column: Column, is_low: bool, end: Expr) -> Iterator[tuple[Column, bool, Call, int]]:
    if isinstance(end, Call) and end.function.name == "ago" and isinstance(end.args[0], Literal):
        age = end.args[0].value
        if isinstance(age, int) and end.args[0].type is Type.TIMESPAN:
            yield column, is_low, end, age


def _newer(ages: _Ages) -> Expr:
    """The newest part of what lies between two ages."""
    age = Literal(ages.least + (ages.most - ages.least) // _PARTS, Type.TIMESPAN)
    begin = replace(ages.oldest, args=(age,))
    return Call(CATALOGUE.scalars[">="], (ColumnRef(ages.time), begin), Type.BOOL)


def _copied(node: Relation, fresh: FreshColumns, names: dict[int, Expr], also: Expr) -> Relation:
    """The nodes down to the scan under columns of their own, with one more condition on its rows; `names` has the new
    columns for the old."""
    match node:
        case Scan(columns=columns, time_column=time):
            own = fresh.like(columns)
            names.update((old.id, ColumnRef(new)) for old, new in zip(columns, own, strict=True))
            anew = {old.id: new for old, new in zip(columns, own, strict=True)}
            scan = replace(node, columns=own, time_column=None if time is None else anew[time.id])
            return Filter(scan, (over(also, names),))
        case Filter(input=source, predicates=predicates):
            below = _copied(source, fresh, names, also)
            return Filter(below, tuple(over(one, names) for one in predicates), node.spans)
        case Project(input=source, items=items):
            below = _copied(source, fresh, names, also)
            exprs = [over(expr, names) for _, expr in items]  # before a column of the same number is renewed
            return Project(below, tuple((_renewed(c, fresh, names), e) for (c, _), e in zip(items, exprs, strict=True)))
        case Aggregate(input=source):
            below = _copied(source, fresh, names, also)
            keys = [over(expr, names) for _, expr in node.groups]
            calls = [item for item in node.items if isinstance(item, AggregateCall)]
            args = [tuple(over(arg, names) for arg in call.args) for call in calls]
            groups = tuple((_renewed(c, fresh, names), key) for (c, _), key in zip(node.groups, keys, strict=True))
            counts = tuple(
                replace(call, column=_renewed(call.column, fresh, names), args=own)
                for call, own in zip(calls, args, strict=True)
            )
            return Aggregate(below, groups, counts, node.span)
        case _:
            raise AssertionError(f"{type(node).__name__} is not copied")


def _renewed(column: Column, fresh: FreshColumns, names: dict[int, Expr]) -> Column:
    new = fresh.column(column.name, column.type)
    names[column.id] = ColumnRef(new)
    return new
