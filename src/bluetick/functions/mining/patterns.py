"""Rows as numbers, and the patterns that enough of them share.

A pattern names a value for some of the columns. It is closed where no further column has one value in all its rows:
of the patterns that the same rows meet, the one that says most.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import isnan
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Mask: TypeAlias = NDArray[np.bool_]
Places: TypeAlias = NDArray[np.intp]  # of rows
Item: TypeAlias = tuple[int, int]  # a column and the number of one of its values

NAN = "NaN"
_ROUNDING = 1e-12
_WORK = 1_000_000_000  # cells that a search looks at before it gives up: some seconds


@dataclass(frozen=True, slots=True)
class Data:
    """`codes[column]` holds for each row the number of its value among `values[column]`, -1 for a value that is too
    rare to be part of a pattern. `weights` has a row for each set that is compared; `totals` are the sets' sizes."""

    codes: NDArray[np.int32]
    values: tuple[tuple[Any, ...], ...]
    weights: NDArray[np.float64]
    totals: NDArray[np.float64]

    @property
    def rows(self) -> int:
        return int(self.codes.shape[1])

    @property
    def columns(self) -> int:
        return int(self.codes.shape[0])

    def mask(self, items: Sequence[Item]) -> Mask:
        """The rows that have all these values."""
        found: Mask = np.ones(self.rows, np.bool_)
        for column, code in items:
            found &= self.codes[column] == code
        return found

    def support(self, mask: Mask) -> NDArray[np.float64]:
        """The weight of some rows in each set."""
        found: NDArray[np.float64] = self.weights[:, mask].sum(axis=1)
        return found

    def closure(self, rows: Mask | Places) -> tuple[Item, ...]:
        """The values that all these rows share."""
        inside = self.codes[:, rows]
        first = inside[:, 0]
        shared = (first >= 0) & (inside == first[:, None]).all(axis=1)
        return tuple((int(column), int(first[column])) for column in np.nonzero(shared)[0])

    def held(self, column: int, rows: Places) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """How many of these rows have each value of a column, and their weight in each set."""
        codes = self.codes[column, rows] + 1
        many = len(self.values[column]) + 1
        weights = [np.bincount(codes, one[rows], many)[1:] for one in self.weights]
        return np.bincount(codes, minlength=many)[1:], np.array(weights, np.float64)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A closed pattern and the weight of its rows in each set."""

    items: tuple[Item, ...]
    support: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """`complete` says that no pattern was left out for the size of the work."""

    patterns: tuple[Pattern, ...]
    complete: bool


def encode(rows: Sequence[Sequence[Any]], weights: Sequence[Sequence[float]], share: float) -> Data:
    """Rows that are the same in all that can be part of a pattern are one; a value can where it has at least this share
    of one of the sets."""
    width = len(rows[0]) if rows else 0
    given = np.array(weights, np.float64).reshape(len(rows), -1).T
    totals = given.sum(axis=1)
    values, columns = [], []
    for column in range(width):
        kept, numbers = _column([_plain(row[column]) for row in rows], given, totals * (share - _ROUNDING))
        values.append(kept)
        columns.append(numbers)
    codes = np.array(columns, np.int32).reshape(width, len(rows))
    kinds, places = np.unique(codes, axis=1, return_inverse=True)
    sums = [np.bincount(places.ravel(), one, kinds.shape[1]) for one in given]
    return Data(kinds, tuple(values), np.array(sums, np.float64).reshape(len(totals), -1), totals)


def least_weight(data: Data, share: float) -> NDArray[np.float64]:
    """What is this share of each set, but for the rounding of reals."""
    least: NDArray[np.float64] = data.totals * (share - _ROUNDING)
    return least


def _plain(value: Any) -> Any:
    """NaN is no value that equals itself; here all are one."""
    return (NAN,) if isinstance(value, float) and isnan(value) else value


def _column(
    cells: list[Any], weights: NDArray[np.float64], least: NDArray[np.float64]
) -> tuple[tuple[Any, ...], list[int]]:
    """The values of a column that are frequent, and each cell's number among them."""
    numbers: dict[Any, int] = {}
    places = np.array([numbers.setdefault(cell, len(numbers)) for cell in cells], np.int64)
    sums = np.array([np.bincount(places, one, len(numbers)) for one in weights])
    frequent: Mask = np.any(sums >= least[:, None], axis=0)
    kept = sorted((value for value, number in numbers.items() if frequent[number]), key=sort_key)
    codes = {numbers[value]: code for code, value in enumerate(kept)}
    return tuple(float("nan") if value == (NAN,) else value for value in kept), [codes.get(int(p), -1) for p in places]


def sort_key(value: Any) -> tuple[int, Any]:
    """Values of one column in a fixed order, null first, then NaN."""
    if value is None:
        return 0, 0
    return (1, 0) if value == (NAN,) or value != value else (2, value)  # noqa: PLR0124 - NaN differs from itself


@dataclass(slots=True)
class _Walk:
    """Level by level over sets of values: only one that fewer rows have than have each of its parts is worth extending.

    `known` holds how many rows have each of those.
    """

    data: Data
    least: NDArray[np.float64]
    known: dict[frozenset[Item], int] = field(default_factory=dict)
    found: dict[tuple[Item, ...], Pattern] = field(default_factory=dict)
    work: int = 0

    def extend(self, start: tuple[Item, ...]) -> Iterator[tuple[Item, ...]]:
        """The set with one more value, of a later column."""
        rows = np.nonzero(self.data.mask(start))[0]
        self.work += self.data.rows
        for column in range(start[-1][0] + 1 if start else 0, self.data.columns):
            counts, weights = self.data.held(column, rows)
            self.work += len(rows) * 2
            for code in np.nonzero(np.any(weights >= self.least[:, None], axis=0))[0]:
                wanted = (*start, (column, int(code)))
                least = min(self.known.get(frozenset(p), 0) for p in combinations(wanted, len(start)))
                if counts[code] < least:
                    self.known[frozenset(wanted)] = int(counts[code])
                    self.add(rows[self.data.codes[column, rows] == code], weights[:, code])
                    yield wanted

    def add(self, rows: Places, support: NDArray[np.float64]) -> None:
        self.work += len(rows) * self.data.columns
        items = self.data.closure(rows)
        if items:
            self.found.setdefault(items, Pattern(items, tuple(float(one) for one in support)))


def closed_patterns(data: Data, share: float, most_dimensions: int) -> Search:
    """The closed patterns with at least this share of one of the sets that this many values determine."""
    if not data.rows:
        return Search((), complete=True)
    walk = _Walk(data, least_weight(data, share))
    walk.known[frozenset()] = data.rows
    walk.add(np.arange(data.rows), data.totals)
    level: list[tuple[Item, ...]] = [()]
    for _ in range(most_dimensions):
        following: list[tuple[Item, ...]] = []
        for start in level:
            following.extend(walk.extend(start))
            if walk.work > _WORK:
                return Search(tuple(walk.found.values()), complete=False)
        level = following
    return Search(tuple(walk.found.values()), complete=True)


def cells(data: Data, pattern: Pattern, wildcards: Sequence[Any]) -> tuple[Any, ...]:
    """A pattern as a row: its values, and wildcards for the columns that it leaves open."""
    row = list(wildcards)
    for column, code in pattern.items:
        row[column] = data.values[column][code]
    return tuple(row)


def fixed_order(data: Data, pattern: Pattern) -> tuple[Any, ...]:
    """Patterns that count the same: those of fewer values first, then by their values."""
    return (len(pattern.items), pattern.items)
