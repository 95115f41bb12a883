"""Results of one query held against each other: row by row in their order, as streams, so that memory is bounded.

Beside the places that differ, the rows that only one side has are counted: a row is set aside until the other side
brings its equal, so what is kept is no more than what the two are apart.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bluetick.types import Type
from bluetick.values import arrow_type, dynamic_text, json_cell, python_values

Row: TypeAlias = tuple[Any, ...]
"""Cells as JSON carries them; a dynamic one as its text."""
Flags: TypeAlias = "np.ndarray[Any, np.dtype[np.bool_]]"

KEPT_PLACES = 1_000
MOST_APART = 100_000


@dataclass(frozen=True, slots=True)
class Rule:
    """When two rows are equal. Reals may differ by `tolerance` times the larger of 1 and their size; a NaN is equal to
    a NaN, -0.0 to 0.0."""

    types: tuple[Type, ...]
    tolerance: float = 0.0

    def is_close(self, left: Any, right: Any) -> bool:
        if left == right:
            return True
        if not isinstance(left, float) or not isinstance(right, float):
            return False
        return abs(left - right) <= self.tolerance * max(1.0, abs(left), abs(right))

    def key(self, row: Row) -> Row:
        """What two equal rows have in common for certain."""
        if not self.tolerance:
            return row
        return tuple(cell for cell, type_ in zip(row, self.types, strict=True) if type_ is not Type.REAL)

    def are_equal(self, left: Row, right: Row) -> bool:
        return all(self.is_close(a, b) for a, b in zip(left, right, strict=True))


@dataclass(frozen=True, slots=True)
class Place:
    """A row number (from 1) with different rows; None where one side has ended. `columns` are those that differ."""

    number: int
    left: Row | None
    right: Row | None
    columns: tuple[int, ...]


@dataclass(slots=True)
class Apart:
    """The rows that only one side has, so far; `is_whole` is False once there were too many to keep."""

    rule: Rule
    most: int = MOST_APART
    is_whole: bool = True
    _kept: tuple[dict[Row, list[Row]], dict[Row, list[Row]]] = field(default_factory=lambda: ({}, {}))
    _count: int = 0

    def add(self, side: int, row: Row) -> None:
        """A row of the left (0) or the right (1)."""
        if not self.is_whole:
            return
        key = self.rule.key(row)
        waiting = self._kept[1 - side].get(key, [])
        found = next((i for i, other in enumerate(waiting) if self.rule.are_equal(row, other)), None)
        if found is not None:
            self._take(1 - side, key, waiting, found)
            return
        self._kept[side].setdefault(key, []).append(row)
        self._count += 1
        self.is_whole = self._count <= self.most

    def _take(self, side: int, key: Row, waiting: list[Row], place: int) -> None:
        waiting.pop(place)
        if not waiting:
            del self._kept[side][key]
        self._count -= 1

    def rows(self, side: int) -> list[Row]:
        return [row for rows in self._kept[side].values() for row in rows]

    def count(self, side: int) -> int:
        return sum(len(rows) for rows in self._kept[side].values())


@dataclass(slots=True)
class Comparison:
    """What holding one side (right) against another (left) found. Feed it `take`, in order."""

    rule: Rule
    left_rows: int = 0
    right_rows: int = 0
    differing: int = 0
    places: list[Place] = field(default_factory=list)
    apart: Apart = field(init=False)

    def __post_init__(self) -> None:
        self.apart = Apart(self.rule)

    @property
    def is_equal(self) -> bool:
        return self.differing == 0

    @property
    def is_order_alone(self) -> bool:
        """The same rows, in another order."""
        return not self.is_equal and self.apart.is_whole and self.apart.count(0) == self.apart.count(1) == 0

    def take(self, left: pa.RecordBatch, right: pa.RecordBatch) -> None:
        """The next rows of both; where one has fewer, it has ended."""
        both = min(left.num_rows, right.num_rows)
        same = rows_equal(left.slice(0, both), right.slice(0, both), self.rule)
        wrong = np.flatnonzero(~same)
        pairs = zip(wrong, _rows_at(left, wrong, self.rule), _rows_at(right, wrong, self.rule), strict=True)
        for place, ours, theirs in pairs:
            self._differ(self.left_rows + int(place) + 1, ours, theirs)
        for number, row in enumerate(cells(left.slice(both), self.rule.types), self.left_rows + both + 1):
            self._differ(number, row, None)
        for number, row in enumerate(cells(right.slice(both), self.rule.types), self.right_rows + both + 1):
            self._differ(number, None, row)
        self.left_rows += left.num_rows
        self.right_rows += right.num_rows

    def _differ(self, number: int, left: Row | None, right: Row | None) -> None:
        self.differing += 1
        for side, row in enumerate((left, right)):
            if row is not None:
                self.apart.add(side, row)
        if len(self.places) < KEPT_PLACES:
            self.places.append(Place(number, left, right, self._columns(left, right)))

    def _columns(self, left: Row | None, right: Row | None) -> tuple[int, ...]:
        if left is None or right is None:
            return ()
        return tuple(i for i, (a, b) in enumerate(zip(left, right, strict=True)) if not self.rule.is_close(a, b))


def compare_streams(streams: Sequence[Iterator[pa.RecordBatch]], rule: Rule) -> list[Comparison]:
    """Every further stream against the first, all read at the same pace, each to its end."""
    readers = [_Reader(stream) for stream in streams]
    found = [Comparison(rule) for _ in readers[1:]]
    while any([reader.fill() for reader in readers]):
        length = min(reader.waiting for reader in readers if reader.waiting)
        first, *others = [reader.take(length) for reader in readers]
        for comparison, other in zip(found, others, strict=True):
            comparison.take(first or _nothing(rule), other or _nothing(rule))
    return found


def _nothing(rule: Rule) -> pa.RecordBatch:
    arrays: list[Any] = [pa.array([], arrow_type(type_)) for type_ in rule.types]
    return pa.RecordBatch.from_arrays(arrays, names=[f"c{i}" for i in range(len(arrays))])


@dataclass(slots=True)
class _Reader:
    """A stream that is taken in pieces of any length, no longer than a batch."""

    stream: Iterator[pa.RecordBatch]
    batch: pa.RecordBatch | None = None

    @property
    def waiting(self) -> int:
        return 0 if self.batch is None else self.batch.num_rows

    def fill(self) -> bool:
        """Reads on where nothing waits; False at the end."""
        while self.waiting == 0:
            self.batch = next(self.stream, None)
            if self.batch is None:
                return False
        return True

    def take(self, length: int) -> pa.RecordBatch | None:
        if self.batch is None:
            return None
        taken, self.batch = self.batch.slice(0, length), self.batch.slice(length)
        return taken


# --- cells ------------------------------------------------------------------------------------------------------------


def cells(batch: pa.RecordBatch, types: Sequence[Type]) -> Iterator[Row]:
    """The rows of a batch in physical types."""
    columns = [_column_cells(batch.column(i), type_) for i, type_ in enumerate(types)]
    return iter(zip(*columns, strict=True)) if columns else iter([()] * batch.num_rows)


def _column_cells(column: "pa.Array[Any]", type_: Type) -> list[Any]:
    if type_ is Type.DYNAMIC:
        return [None if text is None else dynamic_text(json.loads(text)) for text in column.to_pylist()]
    return [json_cell(value, type_) for value in python_values(column, type_)]


def _rows_at(batch: pa.RecordBatch, places: Any, rule: Rule) -> Iterator[Row]:
    return cells(batch.take(pa.array(places, pa.int64())), rule.types)


def rows_equal(left: pa.RecordBatch, right: pa.RecordBatch, rule: Rule) -> Flags:
    """Row by row; both have the same number of rows."""
    same = np.ones(left.num_rows, dtype=np.bool_)
    for i, type_ in enumerate(rule.types):
        ours, theirs = left.column(i), right.column(i)
        if not ours.equals(theirs):
            same &= _column_equal(ours, theirs, type_, rule)
    return same


def _column_equal(left: "pa.Array[Any]", right: "pa.Array[Any]", type_: Type, rule: Rule) -> Flags:
    match type_:
        case Type.REAL:
            return _reals_equal(left, right, rule.tolerance)
        case Type.DYNAMIC | Type.DECIMAL:  # several texts, or scales, are the same value
            pairs = zip(_column_cells(left, type_), _column_cells(right, type_), strict=True)
            return np.fromiter((a == b for a, b in pairs), np.bool_, len(left))
        case _:
            equal: Any = pc.equal(left, right)
            return _flags(equal.fill_null(False)) | (_flags(left.is_null()) & _flags(right.is_null()))


def _flags(values: Any) -> Flags:
    flags: Flags = values.to_numpy(zero_copy_only=False)
    return flags


def _reals_equal(left: "pa.Array[Any]", right: "pa.Array[Any]", tolerance: float) -> Flags:
    a, b = (side.to_numpy(zero_copy_only=False).astype(np.float64) for side in (left, right))  # a null is a NaN there
    nulls = _flags(left.is_null()) == _flags(right.is_null())
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    if tolerance:
        with np.errstate(invalid="ignore"):
            size = np.maximum(1.0, np.maximum(np.abs(a), np.abs(b)))
            same |= np.isfinite(a) & np.isfinite(b) & (np.abs(a - b) <= tolerance * size)
    flags: Flags = nulls & same
    return flags
