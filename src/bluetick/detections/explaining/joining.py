"""Where rows meet other rows: joins and `in (table)`; which of them are behind a row, and which it was held against."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from bluetick.detections.explaining.conditions import Names, is_over, renamed
from bluetick.plan.expressions import Column, ColumnRef, Expr, InTable
from bluetick.plan.relations import Join, JoinKind, Relation
from bluetick.plan.traversal import queries_in

Pair: TypeAlias = tuple[Expr, Expr]
Items: TypeAlias = tuple[tuple[Column, Column], ...]


class Held(Enum):
    """How a row stands to what it was held against."""

    ABSENT = "absent from"
    PRESENT = "present in"
    JOINED = "joined with"


@dataclass(frozen=True, slots=True)
class Side:
    """Rows of a side that are behind a row: pairs of an expression over the side and one over the node above, what the
    node's columns are in the side, and the side's own keys. `is_picked`: of rows with equal keys one alone meets."""

    relation: Relation
    pairs: tuple[Pair, ...]
    names: Names
    keys: tuple[Expr, ...]
    is_picked: bool = False


@dataclass(frozen=True, slots=True)
class Meeting:
    """`against` is the side that a row was held against; `keys` pair its expressions with those of the row."""

    held: Held
    against: Relation
    keys: tuple[Pair, ...]
    behind: tuple[Side, ...] = ()


def meeting_of(where: Join | Expr) -> Iterator[Meeting]:
    """Of a join its one; of a condition those of the tables that it looks into."""
    if isinstance(where, Join):
        yield _of_join(where)
        return
    for query in queries_in(where):
        if isinstance(query, InTable):
            keys = ((ColumnRef(query.relation.columns[0]), query.value),)
            yield Meeting(Held.ABSENT if query.negated else Held.PRESENT, query.relation, keys)


_OF_RIGHT = (JoinKind.RIGHTOUTER, JoinKind.RIGHTSEMI, JoinKind.RIGHTANTI)
_SEMI = (JoinKind.LEFTSEMI, JoinKind.RIGHTSEMI)
_ANTI = (JoinKind.LEFTANTI, JoinKind.RIGHTANTI)


def _of_join(node: Join) -> Meeting:
    """The side whose rows are the result's comes first: the right one where the join is of the right."""
    keys = node.keys
    first, second, first_items, second_items = node.left, node.right, node.left_items, node.right_items
    if node.kind in _OF_RIGHT:
        first, second, first_items, second_items = second, first, second_items, first_items
        keys = tuple((b, a) for a, b in keys)
    above = {below.id: ColumnRef(column) for column, below in first_items}
    seen = tuple((other, renamed(mine, above)) for mine, other in keys if is_over(mine, above))
    is_picked = node.kind is JoinKind.INNERUNIQUE
    own = tuple(mine for mine, _ in keys)
    behind = [Side(first, _item_pairs(first_items), _names(first_items), own, is_picked)]
    if node.kind not in _ANTI:
        met = seen if node.kind is not JoinKind.FULLOUTER else ()
        theirs = tuple(other for _, other in keys)
        behind.append(Side(second, (*_item_pairs(second_items), *met), _names(second_items), theirs))
    held = Held.ABSENT if node.kind in _ANTI else Held.PRESENT if node.kind in _SEMI else Held.JOINED
    return Meeting(held, second, seen, tuple(behind))


def _item_pairs(items: Items) -> tuple[Pair, ...]:
    return tuple((ColumnRef(below), ColumnRef(column)) for column, below in items)


def _names(items: Items) -> Mapping[int, Expr]:
    return {column.id: ColumnRef(below) for column, below in items}
