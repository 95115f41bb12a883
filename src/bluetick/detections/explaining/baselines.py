"""What a row was held against: the groups of the other side of a join, with what the row's own keys gave there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Final

from bluetick.detections.explaining.conditions import Names, called, comparable, equals, renamed
from bluetick.detections.explaining.joining import Held, Meeting
from bluetick.detections.explaining.measures import condition
from bluetick.detections.explaining.model import Baseline, Condition, Grid
from bluetick.detections.explaining.pins import Pins, pinned_by
from bluetick.detections.explaining.reading import Reader
from bluetick.detections.explaining.tracing import Spot
from bluetick.functions.registry import find_aggregate
from bluetick.plan.expressions import ColumnRef, Expr
from bluetick.plan.relations import (
    Aggregate,
    AggregateCall,
    Filter,
    Project,
    Reference,
    Relation,
    Serialize,
    Sort,
    SortKey,
)
from bluetick.plan.traversal import relations_in
from bluetick.types import NUMBER, Type

_OWN: Final = 5


@dataclass(frozen=True, slots=True)
class _Groups:
    """The groups under a side, the conditions above them (with their texts), and the side's keys as they are there."""

    node: Aggregate
    conditions: tuple[Expr, ...]
    texts: tuple[Condition, ...]
    keys: tuple[Expr, ...]
    name: str


def baselines(reader: Reader, meetings: Sequence[tuple[Spot, Meeting]], text: str, most: int) -> tuple[Baseline, ...]:
    """Each side once that a row had to be absent from, or that groups rows; at most `most` groups of it."""
    found: dict[tuple[str, str, str], Baseline] = {}
    for spot, meeting in meetings:
        is_grouped = any(isinstance(node, Aggregate) for node in relations_in(meeting.against))
        if meeting.keys and (meeting.held is Held.ABSENT or is_grouped):
            one = _baseline(reader, spot, meeting, text, most)
            found.setdefault((one.name, one.relation, repr(one.keys)), one)
    return tuple(found.values())


def _baseline(reader: Reader, spot: Spot, meeting: Meeting, text: str, most: int) -> Baseline:
    groups = _groups(reader, meeting, text)
    own = [(theirs, mine) for theirs, (_, mine) in zip(groups.keys, meeting.keys, strict=True)]
    names = [_name(theirs, mine) for theirs, mine in meeting.keys]
    rows = spot.pins.over(spot.node)
    pins = pinned_by(reader.distinct, spot.node, own, replace(spot.pins, is_exact=True)) or Pins(rows=())
    node, passed = groups.node, Filter(groups.node, groups.conditions) if groups.conditions else groups.node
    there = reader.grid(pins.over(node), _OWN) if pins.rows else Grid(_heads(node), ())
    return Baseline(
        groups.name,
        meeting.held.value,
        groups.texts,
        reader.values(
            rows, [(name, comparable(mine)) for name, (_, mine) in zip(names, meeting.keys, strict=True)], _OWN
        ),
        there,
        bool(pins.rows) and reader.count(pins.over(passed)) > 0,
        reader.count(passed),
        reader.grid(_nearest_first(groups, pins, passed), most),
    )


def _groups(reader: Reader, meeting: Meeting, text: str) -> _Groups:
    """The nearest aggregate under a side through which nothing but names and conditions lie; else its rows, counted by
    the keys."""
    keys = [theirs for theirs, _ in meeting.keys]
    conditions: list[Expr] = []
    texts: list[Condition] = []
    node, name = meeting.against, ""
    while not isinstance(node, Aggregate):
        names: Names = {}
        match node:
            case Reference(binding=binding, columns=columns):
                names = {
                    mine.id: ColumnRef(below) for mine, below in zip(columns, binding.relation.columns, strict=True)
                }
                name = name or binding.name
                node = binding.relation
            case Project(items=items):
                names = {column.id: expr for column, expr in items}
                node = node.input
            case Filter(predicates=predicates, spans=spans):
                conditions += predicates
                pairs = zip(predicates, spans, strict=False)
                texts += [condition(reader, predicate, span, text) for predicate, span in pairs]
                node = node.input
            case Sort() | Serialize():
                node = node.input
            case _:
                return _counted(reader, meeting, name)
        keys = [renamed(key, names) for key in keys]
        conditions = [renamed(one, names) for one in conditions]
    return _Groups(node, tuple(conditions), tuple(texts), tuple(keys), name)


def _counted(reader: Reader, meeting: Meeting, name: str) -> _Groups:
    count = find_aggregate("count")
    if count is None:
        raise AssertionError("count is an aggregate of the language")
    groups = [(reader.column(_name(theirs, mine), theirs.type), theirs) for theirs, mine in meeting.keys]
    call = AggregateCall(reader.column("rows", Type.LONG), count, ())
    node = Aggregate(meeting.against, tuple(groups), (call,))
    return _Groups(node, (), (), tuple(ColumnRef(column) for column, _ in groups), name)


def _nearest_first(groups: _Groups, pins: Pins, passed: Relation) -> Relation:
    """The groups with the most of the row's own keys, then the largest."""
    order: list[SortKey] = []
    if len(pins.keys) > 1 and len(pins.rows) == 1:
        alike = [equals(key, value) for key, value in zip(pins.keys, pins.rows[0], strict=True)]
        numbers: list[Expr] = [called("tolong", Type.LONG, one) for one in alike]
        order.append(_descending(reduce(_plus, numbers)))
    measures = [column for item in groups.node.items for column in item.columns if column.type in NUMBER]
    order += [_descending(ColumnRef(column)) for column in measures[:1]]
    return Sort(passed, tuple(order)) if order else passed


def _plus(left: Expr, right: Expr) -> Expr:
    return called("+", Type.LONG, left, right)


def _descending(value: Expr) -> SortKey:
    return SortKey(value, descending=True, nulls_first=False)


def _heads(node: Aggregate) -> tuple[tuple[str, Type], ...]:
    return tuple((column.name, column.type) for column in node.columns)


def _name(theirs: Expr, mine: Expr) -> str:
    for side in (theirs, mine):
        if isinstance(side, ColumnRef):
            return side.column.name
    return "key"
