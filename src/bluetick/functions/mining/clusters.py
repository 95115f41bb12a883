"""A few patterns that tell much of the rows. https://learn.microsoft.com/kusto/query/autocluster-plugin

The product's algorithm is not published in full. Here: from the most frequent rows a search drops one value after the
other and keeps the pattern with the best score; patterns that tell little beyond better ones are left out.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bluetick.functions.mining.patterns import Data, Pattern, cells, encode, fixed_order

LEAST_SHARE = 0.02  # of the rows that a pattern must have
_SHARED = 0.01  # what a value tells that all rows have
_LEAST_NEW = 0.5  # of a pattern's rows that no better pattern may have


def clusters(
    rows: Sequence[Sequence[Any]], weights: Sequence[float], size_weight: float, seeds: int, wildcards: Sequence[Any]
) -> Iterator[tuple[Any, ...]]:
    """Number, count, percent and cells of each pattern, the best first."""
    if not rows:
        return
    data = encode(rows, [(weight,) for weight in weights], LEAST_SHARE)
    scored = {p.items: (score, p) for score, p in _found(data, size_weight, seeds)}
    ordered = sorted(scored.values(), key=lambda one: (-one[0], fixed_order(data, one[1])))
    for number, pattern in enumerate(_distinct(data, [pattern for _, pattern in ordered])):
        (count,) = pattern.support
        yield number, round(count), round(100.0 * count / float(data.totals[0]), 1), *cells(data, pattern, wildcards)


def _found(data: Data, size_weight: float, seeds: int) -> Iterator[tuple[float, Pattern]]:
    rarity = [_rarity(data, column) for column in range(data.columns)]
    for row in np.argsort(-data.weights[0], kind="stable")[:seeds] if data.rows else ():
        score, columns = _best_part(data, int(row), rarity, size_weight)
        if score > 0:
            mask = data.mask([(column, int(data.codes[column, row])) for column in columns])
            closed = data.closure(mask)
            share, told = float(data.support(mask)[0]), sum(float(rarity[c][code]) for c, code in closed)
            yield _score(data, share, told, size_weight), Pattern(closed, (share,))


def _best_part(
    data: Data, row: int, rarity: list[NDArray[np.float64]], size_weight: float
) -> tuple[float, tuple[int, ...]]:
    """The best score on the way from all values of a row to one, each time without the value whose loss is the best."""
    columns = [column for column in range(data.columns) if data.codes[column, row] >= 0]
    told = {column: float(rarity[column][data.codes[column, row]]) for column in columns}
    differs = data.codes != data.codes[:, row : row + 1]
    faults = differs[columns].sum(axis=0)
    best: tuple[float, tuple[int, ...]] = (0.0, ())
    while columns:
        score = _score(data, float(data.weights[0][faults == 0].sum()), sum(told[c] for c in columns), size_weight)
        if score > best[0]:
            best = score, tuple(columns)
        without = {}
        for column in columns if len(columns) > 1 else ():
            weight = float(data.weights[0][faults == differs[column]].sum())
            without[column] = _score(data, weight, sum(told[c] for c in columns if c != column), size_weight)
        dropped = max(without, key=lambda column: without[column], default=columns[0])
        faults = faults - differs[dropped]
        columns.remove(dropped)
    return best


def _rarity(data: Data, column: int) -> NDArray[np.float64]:
    """What each value of a column tells: the share of the rows that do not have it."""
    codes = data.codes[column]
    held = np.bincount(codes[codes >= 0], data.weights[0][codes >= 0], len(data.values[column]))
    rare: NDArray[np.float64] = 1.0 - held / data.totals[0] + _SHARED
    return rare


def _score(data: Data, weight: float, told: float, size_weight: float) -> float:
    """The geometric mean of the share of the rows and of what the values tell, weighted; 0 for too few rows."""
    share = weight / float(data.totals[0])
    if share < LEAST_SHARE:
        return 0.0
    return float(share**size_weight * (told / data.columns) ** (1.0 - size_weight))


def _distinct(data: Data, ordered: list[Pattern]) -> Iterator[Pattern]:
    covered = np.zeros(data.rows, np.bool_)
    for pattern in ordered:
        mask = data.mask(pattern.items)
        if float(data.support(mask & ~covered)[0]) >= _LEAST_NEW * pattern.support[0]:
            covered |= mask
            yield pattern
