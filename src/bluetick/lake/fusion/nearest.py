"""Pairs of rows of two sides that are alike and the nearest in time, each row in one pair at most."""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

Numbers: TypeAlias = npt.NDArray[np.int64]
_FAR: Final = np.iinfo(np.int64).max


def nearest_pairs(keys: Numbers, times: Numbers, sides: Numbers, skew: int) -> tuple[Numbers, Numbers]:
    """The places of side 0 and of side 1 of each pair. Of all pairs with the same key and times no further apart than
    the skew the nearest is taken first; of two as near the earlier.

    Each round takes the rows that are the nearest to each other, which the nearest of all always are.
    """
    order = np.lexsort((sides, times, keys))
    found: list[tuple[Numbers, Numbers]] = []
    while len(order):
        near, is_mutual = _mutual(keys[order], times[order], sides[order], skew)
        first = np.flatnonzero(is_mutual & (sides[order] == 0))
        found.append((order[first], order[near[first]]))
        order = order[(near >= 0) & ~is_mutual]  # what has nobody near now has nobody later
    return _joined([one for one, _ in found]), _joined([other for _, other in found])


def _mutual(keys: Numbers, times: Numbers, sides: Numbers, skew: int) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    """Of each row the nearest of the other side (-1: none), and whether it is that one's nearest too."""
    count = len(keys)
    places = np.arange(count)
    before = _others(places, sides, -1, np.maximum.accumulate)
    after = _others(places[::-1], sides[::-1], count, np.minimum.accumulate)[::-1]
    back = _distance(keys, times, places, before)
    ahead = _distance(keys, times, places, after)
    near = np.where(back <= ahead, before, after)
    near = np.where(np.minimum(back, ahead) <= skew, near, -1)
    return near, (near >= 0) & (near[near] == places)


def _others(places: Numbers, sides: Numbers, nobody: int, last: Any) -> Numbers:
    """For each row the last place so far of a row of the other side."""
    of_first: Numbers = last(np.where(sides == 0, places, nobody))
    of_second: Numbers = last(np.where(sides == 1, places, nobody))
    return np.where(sides == 0, of_second, of_first)


def _distance(keys: Numbers, times: Numbers, places: Numbers, others: Numbers) -> Numbers:
    """How far apart in time a row and another are; as far as can be from none and from one that is not alike."""
    is_one = (others >= 0) & (others < len(places))
    other = np.where(is_one, others, 0)
    return np.where(is_one & (keys[other] == keys), np.abs(times[other] - times), _FAR)


def _joined(parts: list[Numbers]) -> Numbers:
    return np.concatenate(parts) if parts else no_numbers()


def no_numbers() -> Numbers:
    return np.empty(0, np.int64)
