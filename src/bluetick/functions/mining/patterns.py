"""Rows as numbers, and the patterns that enough of them share.

A pattern names a value for some of the columns. It is closed where no further column has one value in all its rows:
of the patterns that the same rows meet, the one that says most.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isnan
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Mask: TypeAlias = NDArray[np.bool_]
Item: TypeAlias = tuple[int, int]  # a column and the number of one of its values

NAN = "NaN"
_WORK = 2_000_000_000  # cells that a search looks at before it gives up: some seconds
_CANDIDATE = 1_000  # what one more set of values to think about costs, in cells


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

    def closure(self, mask: Mask) -> tuple[Item, ...]:
        """The values that all these rows share."""
        inside = self.codes[:, mask]
        first = inside[:, 0]
        shared = (first >= 0) & (inside == first[:, None]).all(axis=1)
        return tuple((int(column), int(first[column])) for column in np.nonzero(shared)[0])

    def items(self) -> Iterator[Item]:
        for column, values in enumerate(self.values):
            yield from ((column, code) for code in range(len(values)))


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
        kept, codes = _column([_plain(row[column]) for row in rows], given, totals * share)
        values.append(kept)
        columns.append(codes)
    merged: dict[tuple[int, ...], NDArray[np.float64]] = defaultdict(lambda: np.zeros(len(totals)))
    for place, key in enumerate(zip(*columns, strict=True) if columns else ()):
        merged[key] += given[:, place]
    keys = sorted(merged)
    return Data(
        np.array(keys, np.int32).reshape(len(keys), width).T,
        tuple(values),
        np.array([merged[key] for key in keys], np.float64).reshape(len(keys), len(totals)).T,
        totals,
    )


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


def closed_patterns(data: Data, share: float, most_dimensions: int) -> Search:
    """The closed patterns with at least this share of one of the sets that this many values determine.

    Level by level: only a set of values that is rarer than each of its parts is worth extending.
    """
    if not data.rows:
        return Search((), complete=True)
    least = data.totals * share
    found: dict[tuple[Item, ...], Pattern] = {}
    known: dict[frozenset[Item], float] = {frozenset(): float(data.totals.sum())}
    level: list[tuple[Item, ...]] = [()]
    _add(found, data, np.ones(data.rows, np.bool_), data.totals)
    items = list(data.items())
    work = 0
    for _ in range(most_dimensions):
        following: list[tuple[Item, ...]] = []
        work += len(level) * len(items) * _CANDIDATE
        for wanted in _candidates(level, items, known):
            work += data.rows * data.columns
            if work > _WORK:
                return Search(tuple(found.values()), complete=False)
            mask = data.mask(wanted)
            support = data.support(mask)
            total = float(support.sum())
            if not (support >= least).any() or total >= min(known[frozenset(p)] for p in _parts(wanted)):
                continue
            known[frozenset(wanted)] = total
            following.append(wanted)
            _add(found, data, mask, support)
        level = following
    return Search(tuple(found.values()), complete=True)


def _add(found: dict[tuple[Item, ...], Pattern], data: Data, mask: Mask, support: NDArray[np.float64]) -> None:
    items = data.closure(mask)
    if items:
        found.setdefault(items, Pattern(items, tuple(float(one) for one in support)))


def _candidates(
    level: list[tuple[Item, ...]], items: list[Item], known: dict[frozenset[Item], float]
) -> Iterator[tuple[Item, ...]]:
    """Each set of the level with one more value, of a later column, all parts of which are known."""
    for start in level:
        after = start[-1][0] if start else -1
        for item in items:
            wanted = (*start, item)
            if item[0] > after and all(frozenset(part) in known for part in _parts(wanted)):
                yield wanted


def _parts(wanted: tuple[Item, ...]) -> Iterator[tuple[Item, ...]]:
    return combinations(wanted, len(wanted) - 1)


def cells(data: Data, pattern: Pattern, wildcards: Sequence[Any]) -> tuple[Any, ...]:
    """A pattern as a row: its values, and wildcards for the columns that it leaves open."""
    row = list(wildcards)
    for column, code in pattern.items:
        row[column] = data.values[column][code]
    return tuple(row)


def fixed_order(data: Data, pattern: Pattern) -> tuple[Any, ...]:
    """Patterns that count the same: those of fewer values first, then by their values."""
    return (len(pattern.items), pattern.items)
