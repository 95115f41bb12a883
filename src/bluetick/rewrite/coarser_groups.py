"""Groups of one input by some keys, and by some of these keys alone: the coarser are made of the finer ones, so that
the input is read and grouped once.

`X | summarize sum(n) by a` beside `X | summarize sum(n) by a, b` becomes `F | summarize sum(s) by a` beside `F`, where
F is `X | summarize s = sum(n) by a, b`, computed once. top-nested is made of such.

Exact because each of the coarser groups is the union of the finer ones that have its keys, null among them; sums of
whole numbers wrap alike however they are put together, the sum of a group without a value is 0, counts add up, and the
least and the largest of all are among those of the parts. Sums of reals depend on their order and stay, and so do the
extremes of reals, of which NaN is none.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from bluetick.functions.registry import CATALOGUE
from bluetick.plan.expressions import ColumnRef, Expr
from bluetick.plan.relations import (
    Aggregate,
    AggregateCall,
    Binding,
    Columns,
    Project,
    Reference,
    Relation,
    TabularStatement,
)
from bluetick.plan.traversal import relations_in
from bluetick.rewrite.everywhere import Rebuilding
from bluetick.rewrite.fresh import FreshColumns
from bluetick.types import Type

_AGAIN: Final = {"sum": "sum", "count": "sum", "min": "min", "max": "max"}
_WHOLE: Final = (Type.LONG, Type.INT, Type.TIMESPAN)
_ORDERED: Final = (*_WHOLE, Type.DATETIME, Type.STRING)

# An aggregate by its function's name and the place of its argument among the input's columns; None: it has none.
_Call: TypeAlias = tuple[str, int | None]


@dataclass(frozen=True, slots=True)
class _Groups:
    """The places of the keys among the columns of a named relation, and what is computed of each group."""

    keys: tuple[int, ...]
    calls: tuple[_Call, ...]

    def are_made_of(self, finer: "_Groups") -> bool:
        return set(self.keys) < set(finer.keys) and set(self.calls) <= set(finer.calls)


def with_coarser_groups(statement: TabularStatement, fresh: FreshColumns) -> TabularStatement:
    found: dict[int, list[_Groups]] = {}
    for node in relations_in(statement.relation):
        if isinstance(node, Aggregate) and isinstance(node.input, Reference) and (groups := _groups(node)) is not None:
            found.setdefault(id(node.input.binding), []).append(groups)
    finest = {binding: finer for binding, some in found.items() if (finer := _finest(some)) is not None}
    return _Work(finest, fresh).statement(statement) if finest else statement


def _finest(some: Iterable[_Groups]) -> _Groups | None:
    """The groups that others are made of, the most of them."""
    groups = list(some)
    made = {finer: sum(one.are_made_of(finer) for one in groups) for finer in groups}
    best = max(made, key=lambda finer: made[finer])
    return best if made[best] else None


def _groups(node: Aggregate) -> _Groups | None:
    """None where a key is computed, or something is asked for that cannot be put together."""
    places = {column.id: place for place, column in enumerate(node.input.columns)}
    keys = [_place(expr, places) for _, expr in node.groups]
    calls = [_call(item, places) for item in node.items]
    if not calls or None in keys or None in calls:
        return None
    return _Groups(tuple(key for key in keys if key is not None), tuple(call for call in calls if call is not None))


def _place(expr: Expr, places: dict[int, int]) -> int | None:
    return places[expr.column.id] if isinstance(expr, ColumnRef) else None


def _call(item: object, places: dict[int, int]) -> _Call | None:
    if not isinstance(item, AggregateCall) or item.function is not CATALOGUE.aggregates.get(_name(item)):
        return None
    if not item.args:
        return (item.function.name, None) if item.function.name == "count" else None
    place = _place(item.args[0], places) if len(item.args) == 1 else None
    is_exact = place is not None and item.args[0].type in (_WHOLE if item.function.name == "sum" else _ORDERED)
    return (item.function.name, place) if is_exact and item.function.name != "count" else None


def _name(item: AggregateCall) -> str:
    return item.function.name if item.function.name in _AGAIN else ""


@dataclass(slots=True)
class _Finer:
    """The finest groups of a named relation: where its columns are, by key and by call."""

    binding: Binding
    keys: dict[int, int]
    calls: dict[_Call, int]


@dataclass(slots=True)
class _Work:
    finest: dict[int, _Groups]  # by the id of the binding as it was
    fresh: FreshColumns
    made: dict[int, _Finer] = field(default_factory=dict)
    rebuilding: Rebuilding = field(init=False)

    def __post_init__(self) -> None:
        self.rebuilding = Rebuilding(self._node)

    def statement(self, statement: TabularStatement) -> TabularStatement:
        return self.rebuilding.statement(statement)

    def _node(self, node: Relation) -> Relation:
        if not isinstance(node, Aggregate) or not isinstance(node.input, Reference):
            return node
        before = next(self._before(node.input.binding), None)
        groups = _groups(node)
        if before is None or groups is None:
            return node
        finest = self.finest[before]
        if not groups.are_made_of(finest) and groups != finest:
            return node
        if before not in self.made:
            self.made[before] = self._finer(finest, node.input.binding)
        return self._over(node, groups, self.made[before], is_finest=groups == finest)

    def _before(self, binding: Binding) -> Iterator[int]:
        """The binding that this one was made of, if it is one of those."""
        return (old for old in self.finest if self.rebuilding.bindings.get(old) is binding)

    def _finer(self, groups: _Groups, binding: Binding) -> _Finer:
        rows = self.fresh.reference(binding)
        keys = dict.fromkeys(groups.keys)
        calls = dict.fromkeys(groups.calls)
        items = tuple(self._item(call, rows.columns) for call in calls)
        by = tuple((self.fresh.column(c.name, c.type), ColumnRef(c)) for c in (rows.columns[key] for key in keys))
        return _Finer(
            Binding("groups", Aggregate(rows, by, items)),
            {key: place for place, key in enumerate(keys)},
            {call: len(keys) + place for place, call in enumerate(calls)},
        )

    def _item(self, call: _Call, columns: Columns) -> AggregateCall:
        name, place = call
        args = () if place is None else (ColumnRef(columns[place]),)
        type_ = Type.LONG if not args or (name == "sum" and args[0].type is Type.INT) else args[0].type
        return AggregateCall(self.fresh.column(name, type_), CATALOGUE.aggregates[name], args)

    def _over(self, node: Aggregate, groups: _Groups, finer: _Finer, *, is_finest: bool) -> Relation:
        rows = self.fresh.reference(finer.binding)
        by = tuple(
            (column, ColumnRef(rows.columns[finer.keys[key]]))
            for (column, _), key in zip(node.groups, groups.keys, strict=True)
        )
        values = [ColumnRef(rows.columns[finer.calls[call]]) for call in groups.calls]
        columns = [column for item in node.items for column in item.columns]
        if is_finest:
            return Project(rows, (*by, *zip(columns, values, strict=True)))
        items = tuple(
            AggregateCall(column, CATALOGUE.aggregates[_AGAIN[name]], (value,))
            for column, value, (name, _) in zip(columns, values, groups.calls, strict=True)
        )
        return Aggregate(rows, by, items, node.span)
