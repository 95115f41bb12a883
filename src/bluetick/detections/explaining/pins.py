"""What is known of those rows of a relation that are behind a result row."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self, TypeAlias

from bluetick.detections.explaining.conditions import (
    Names,
    all_of,
    any_of,
    column_ids,
    comparable,
    equals,
    is_nan,
    is_over,
    literal,
    renamed,
)
from bluetick.plan.expressions import Column, ColumnRef, Expr, InTable, walk
from bluetick.plan.relations import Filter, Relation, Values

# Rows of values that differ in one key, and comparisons of those that differ in several.
_MOST_VALUES: Final = 10_000
_MOST_COMPARED: Final = 2_000
_FEW: Final = 20
_VALUE: Final = (1 << 29) - 1  # the id of the column of a table of values
Pairs: TypeAlias = Sequence[tuple[Expr, Expr]]


@dataclass(frozen=True, slots=True)
class Pins:
    """The `keys`, expressions over the relation's columns, have together the values of one of `rows`, and the `held`
    conditions are true. `is_exact`: each row of which that is so is behind the result row; else they are among them.
    `is_met`: for each of `rows` there is such a row."""

    keys: tuple[Expr, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ((),)
    held: tuple[Expr, ...] = ()
    is_exact: bool = True
    is_met: bool = True
    notes: tuple[str, ...] = ()

    @property
    def conditions(self) -> tuple[Expr, ...]:
        """All of it as conditions; what is the same in all rows is asked for once."""
        same = [i for i in range(len(self.keys)) if len({_mark(row[i]) for row in self.rows}) == 1]
        found = [equals(self.keys[i], self.rows[0][i]) for i in same]
        if len(other := self._differing) == 1:
            found.append(_one_of(self.keys[other[0]], [row[other[0]] for row in self.rows]))
        elif other:
            found.append(any_of([all_of([equals(self.keys[i], row[i]) for i in other]) for row in self.rows]))
        return (*found, *self.held)

    @property
    def _differing(self) -> list[int]:
        """The places of the keys that do not have the same value in all rows."""
        return [i for i in range(len(self.keys)) if len({_mark(row[i]) for row in self.rows}) != 1]

    @property
    def is_long(self) -> bool:
        """Whether its conditions are too long for a statement."""
        count = len(self._differing)
        return len(self.rows) > _MOST_VALUES if count == 1 else len(self.rows) * count > _MOST_COMPARED

    @property
    def size(self) -> int:
        """The parts of all expressions in its conditions."""
        held = sum(len(walk(one)) for one in self.held)
        return held + len(self.rows) * sum(len(walk(key)) for key in self.keys)

    @property
    def fixed(self) -> set[int]:
        """The columns (by id) that have but one value in each of `rows`: those that are keys themselves."""
        return {key.column.id for key in self.keys if isinstance(key, ColumnRef)}

    def over(self, relation: Relation) -> Relation:
        """The pinned rows of the relation."""
        conditions = self.conditions
        return Filter(relation, conditions) if conditions else relation

    def named(self, names: Names) -> Self:
        """The same with other expressions in the place of columns."""
        return replace(
            self,
            keys=tuple(renamed(key, names) for key in self.keys),
            held=tuple(renamed(one, names) for one in self.held),
        )

    def holding(self, conditions: Iterable[Expr]) -> Self:
        return replace(self, held=(*self.held, *conditions))

    def only(self, ids: Iterable[int]) -> Self:
        """What it says of these columns."""
        known = set(ids)
        places = [i for i, key in enumerate(self.keys) if is_over(key, known)]
        rows = dict.fromkeys(tuple(row[i] for i in places) for row in self.rows)
        return replace(
            self,
            keys=tuple(self.keys[i] for i in places),
            rows=tuple(rows),
            held=tuple(one for one in self.held if is_over(one, known)),
        )

    def says_more_than(self, ids: Iterable[int]) -> bool:
        """Whether it asks for other columns than these."""
        known = set(ids)
        return any(not column_ids(expr) <= known for expr in (*self.keys, *self.held))

    def vague(self, *notes: str) -> Self:
        return replace(self, is_exact=False, notes=tuple(dict.fromkeys((*self.notes, *notes))))


Distinct: TypeAlias = Callable[[Relation, Sequence[Expr], int], list[tuple[Any, ...]]]


def pinned_by(distinct: Distinct, rows: Relation, pairs: Pairs, pins: Pins) -> Pins | None:
    """Pins by the values that the second of each pair has in the pinned `rows`, for the first of it; None where these
    are too many. What holds of the rows as a whole (exactness, notes) stays."""
    found = distinct(pins.over(rows), [comparable(value) for _, value in pairs], _MOST_VALUES + 1)
    made = replace(pins, keys=tuple(comparable(key) for key, _ in pairs), rows=tuple(found), held=(), is_met=True)
    return None if made.is_long else made


def _one_of(key: Expr, values: Sequence[Any]) -> Expr:
    """By single comparisons, or by a table of values, which has no place for null and NaN."""
    some = [value for value in values if value is not None and not is_nan(value)]
    if len(some) <= _FEW:
        return any_of([equals(key, value) for value in values])
    table = Values((Column(_VALUE, "value", key.type),), tuple((literal(value, key.type),) for value in some))
    others = [equals(key, value) for value in values if value is None or is_nan(value)]
    return any_of([InTable(key, table, negated=False, fold=False), *others])


def _mark(value: Any) -> Any:
    return "nan" if is_nan(value) else (type(value), value)
