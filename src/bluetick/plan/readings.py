"""One reading of a table as a set of rows: under which conditions, grouped by what, and how many rows make a group.

Two of them can be compared: whether whatever is in one must be in the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from bluetick.plan.conditions import Fact, facts_of, implies
from bluetick.plan.expressions import Call, Column, ColumnRef, Expr, Literal, Promote, children
from bluetick.plan.rebuilding import with_children
from bluetick.plan.relations import (
    Aggregate,
    AggregateCall,
    Computed,
    Filter,
    Join,
    JoinKind,
    Limit,
    Project,
    ProviderLookup,
    Reference,
    Relation,
    Scan,
    Serialize,
    Sort,
    Window,
)

_SAME_ROWS = (Sort, Serialize, Window, Computed, ProviderLookup)


@dataclass(frozen=True, slots=True)
class Reading:
    """Rows of a table for which `facts` hold; with `groups` a row for each group of at least `least` of them.

    Every row comes of such rows. With `is_whole` the other way too: all such rows, or groups, are there. `columns` says
    what a column is over the table's own, `counts` are those that number the rows of a group.
    """

    table: str
    facts: tuple[Fact, ...]
    columns: dict[int, Expr]
    groups: tuple[Expr, ...] | None = None
    least: int = 1
    counts: frozenset[int] = frozenset()
    is_whole: bool = True

    def over_table(self, expr: Expr) -> Expr | None:
        """An expression of a row over the table's columns; None where it is of anything else."""
        if isinstance(expr, ColumnRef):
            return self.columns.get(expr.column.id)
        parts = children(expr)
        if not parts:
            return expr
        found = [self.over_table(part) for part in parts]
        return None if any(part is None for part in found) else with_children(expr, [p for p in found if p is not None])


class Readings:
    """The readings of a plan's relations, each looked at once."""

    def __init__(self) -> None:
        self._known: dict[int, Reading | None] = {}

    def of(self, relation: Relation) -> Reading | None:
        """What a relation reads, where it reads one table and every row of it comes of rows of that table alone."""
        if id(relation) not in self._known:
            self._known[id(relation)] = self._of(relation)
        return self._known[id(relation)]

    def _of(self, relation: Relation) -> Reading | None:  # noqa: PLR0911 - one match over the nodes
        match relation:
            case Scan(table=table, columns=columns, sources=sources):
                # The same names for each reading of the table, so that expressions can be compared.
                pairs = zip(columns, sources, strict=True)
                return Reading(table, (), {c.id: ColumnRef(Column(-1, source, c.type)) for c, source in pairs})
            case Reference(binding=binding, columns=columns):
                below = zip(columns, binding.relation.columns, strict=True)
                return _renamed(self.of(binding.relation), [(column.id, inner.id) for column, inner in below])
            case Join(kind=JoinKind.LEFTSEMI | JoinKind.LEFTANTI, left=left, left_items=items):
                return _part(_renamed(self.of(left), [(column.id, inner.id) for column, inner in items]))
            case Filter(predicates=predicates):
                return _filtered(self.of(relation.input), predicates)
            case Project(items=items):
                return _projected(self.of(relation.input), items)
            case Aggregate():
                return _grouped(self.of(relation.input), relation)
            case Limit():
                return _part(self.of(relation.input))
            case _ if isinstance(relation, _SAME_ROWS):
                return self.of(relation.input)
            case _:
                return None


def must_have(one: Reading, other: Reading, pairs: Sequence[tuple[Expr, Expr]], *, any_count: bool = False) -> bool:
    """Whether each row of `one` has a row in `other` with the same keys, on whatever data.

    `pairs` are the keys, over the columns of the table for either side. With `any_count` the number of rows that
    `other` asks of a group does not count.
    """
    if one.table != other.table or not other.is_whole or not pairs:
        return False
    if any(mine != theirs for mine, theirs in pairs):
        return False
    if one.groups is not None and not all(_among(group, one.groups) for group in other.groups or ()):
        return False
    if not any_count and one.least < other.least:
        return False
    return all(implies(one.facts, fact) for fact in other.facts)


def _among(expr: Expr, others: Sequence[Expr]) -> bool:
    return any(expr == one for one in others)


def _part(reading: Reading | None) -> Reading | None:
    """Some of the rows."""
    return None if reading is None else replace(reading, is_whole=False)


def _renamed(reading: Reading | None, pairs: Sequence[tuple[int, int]]) -> Reading | None:
    if reading is None:
        return None
    columns = {column: reading.columns[below] for column, below in pairs if below in reading.columns}
    counts = frozenset(column for column, below in pairs if below in reading.counts)
    return replace(reading, columns=columns, counts=counts)


def _filtered(reading: Reading | None, predicates: Sequence[Expr]) -> Reading | None:
    for predicate in predicates:
        if reading is None:
            return None
        above = _least(reading, predicate)
        if above is not None:
            reading = replace(reading, least=max(reading.least, above))
            continue
        over = reading.over_table(predicate)
        # Of groups too: what they have in common their rows have.
        reading = _part(reading) if over is None else replace(reading, facts=(*reading.facts, *facts_of(over)))
    return reading


def _least(reading: Reading, predicate: Expr) -> int | None:
    """How many rows a predicate asks of a group: count_ > 5."""
    if not isinstance(predicate, Call) or len(predicate.args) != 2:
        return None
    left, right = predicate.args
    name = predicate.function.name
    if isinstance(left, Literal):
        left, right, name = right, left, {"<": ">", "<=": ">="}.get(name, "")
    value = _number(right)
    if isinstance(left, Promote):
        left = left.value
    if not isinstance(left, ColumnRef) or left.column.id not in reading.counts or value is None:
        return None
    return {">": value + 1, ">=": value}.get(name)


def _number(expr: Expr) -> int | None:
    value: Any = expr.value if isinstance(expr, Literal) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _projected(reading: Reading | None, items: Sequence[tuple[Column, Expr]]) -> Reading | None:
    if reading is None:
        return None
    columns = {column.id: over for column, expr in items if (over := reading.over_table(expr)) is not None}
    counts = frozenset(c.id for c, expr in items if isinstance(expr, ColumnRef) and expr.column.id in reading.counts)
    return replace(reading, columns=columns, counts=counts)


def _grouped(reading: Reading | None, node: Aggregate) -> Reading | None:
    """Groups of the rows; those of groups are not followed, nor the one row that there is without any."""
    if reading is None or reading.groups is not None or not node.groups:
        return None
    groups = [reading.over_table(expr) for _, expr in node.groups]
    known = tuple(group for group in groups if group is not None)
    if len(known) < len(groups):
        return None
    columns = {column.id: over for (column, _), over in zip(node.groups, known, strict=True)}
    counts = frozenset(
        item.column.id
        for item in node.items
        if isinstance(item, AggregateCall) and item.function.name == "count" and not item.args
    )
    return replace(reading, columns=columns, groups=known, counts=counts)
