"""Numbers that tell of a whole series, or of two."""

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from bluetick.functions.series.vectors import Mask, Vector, complete, plain, vector

# min, min_idx, max, max_idx, avg, stdev, variance
Stats: TypeAlias = tuple[float, int, float, int, float, float, float]


def variance(values: Vector) -> float:
    """The sample variance; exactly 0 of values that are all the same."""
    return _spread(values, float(values.mean())) if values.min() < values.max() else 0.0


def _spread(values: Vector, average: float) -> float:
    """As numpy's var has it, which looks at much before it computes: a tenth of a series of a week takes that long."""
    distances = values - average
    return float((distances * distances).sum() / (len(values) - 1))


@dataclass(frozen=True, slots=True)
class _Finite:
    """The values that count, and which of all values these are."""

    values: Vector
    is_finite: Mask

    def place(self, index: int) -> int:
        """Where the value of this index stands among all."""
        found = index if len(self.values) == len(self.is_finite) else np.flatnonzero(self.is_finite)[index]
        return int(found)

    def stats(self) -> Stats:
        values = self.values
        low, high = int(values.argmin()), int(values.argmax())
        least, most, average = float(values[low]), float(values[high]), float(values.mean())
        spread = _spread(values, average) if least < most else 0.0
        return least, self.place(low), most, self.place(high), average, math.sqrt(spread), spread


def _finite(series: object, ignore_nonfinite: bool | None) -> _Finite | None:
    """None where there is no value that counts, or one that may not be passed over."""
    values = vector(series)
    if values is None:
        return None
    is_finite = np.isfinite(values)
    if is_finite.all():
        return _Finite(values, is_finite) if len(values) else None
    return _Finite(values[is_finite], is_finite) if ignore_nonfinite and is_finite.any() else None


@np.errstate(all="ignore")
def stats(series: object, ignore_nonfinite: bool | None = False) -> Stats | None:
    found = _finite(series, ignore_nonfinite)
    return None if found is None else found.stats()


@np.errstate(all="ignore")
def stats_bag(series: object, ignore_nonfinite: bool | None = False) -> dict[str, Any] | None:
    found = _finite(series, ignore_nonfinite)
    if found is None:
        return None
    names = ("min", "min_idx", "max", "max_idx", "avg", "stdev", "variance")
    own = dict(zip(names, found.stats(), strict=True))
    return {**own, "sum": float(found.values.sum()), "len": len(found.is_finite)}


def _numbers(series: object) -> Vector | None:
    """The elements that are numbers; None for what is no array, or an empty one."""
    values = vector(series)
    return None if values is None or not len(values) else values[~np.isnan(values)]


@np.errstate(all="ignore")
def total(series: object) -> float | None:
    numbers = _numbers(series)
    return None if numbers is None else float(numbers.sum())


@np.errstate(all="ignore")
def product(series: object) -> float | None:
    numbers = _numbers(series)
    return None if numbers is None else float(numbers.prod())


@np.errstate(all="ignore")
def magnitude(series: object) -> float | None:
    numbers = _numbers(series)
    return None if numbers is None else float(np.sqrt((numbers * numbers).sum()))


def _pairs(left: object, right: object) -> tuple[Vector, Vector] | None:
    """Both sides as long as the shorter, without the places where one has no number."""
    one, other = _side(left, right), _side(right, left)
    if one is None or other is None or not len(one) or not len(other):
        return None
    length = min(len(one), len(other))
    one, other = one[:length], other[:length]
    is_known = ~(np.isnan(one) | np.isnan(other))
    return one[is_known], other[is_known]


def _side(side: object, opposite: object) -> Vector | None:
    """The side as a vector; a number beside an array stands for an array of itself."""
    number = plain(side)
    if isinstance(number, int | float) and isinstance(opposite, list):
        return np.full(len(opposite), float(number))
    return vector(side)


@np.errstate(all="ignore")
def dot_product(left: object, right: object) -> float | None:
    pairs = _pairs(left, right)
    return None if pairs is None else float((pairs[0] * pairs[1]).sum())


@np.errstate(all="ignore")
def cosine_similarity(
    left: object, right: object, left_magnitude: float | None = None, right_magnitude: float | None = None
) -> float | None:
    pairs = _pairs(left, right)
    if pairs is None:
        return None
    one, other = pairs
    lengths = [
        np.float64(given) if given is not None else np.sqrt((side * side).sum())
        for given, side in ((left_magnitude, one), (right_magnitude, other))
    ]
    return float((one * other).sum() / (lengths[0] * lengths[1]))


@np.errstate(all="ignore")
def pearson_correlation(left: object, right: object) -> float | None:
    """None unless both are arrays of as many numbers; NaN where one side does not vary."""
    one, other = complete(left), complete(right)
    if one is None or other is None or len(one) != len(other):
        return None
    first, second = one - one.mean(), other - other.mean()
    spread = np.sqrt((first * first).sum() * (second * second).sum())
    return float((first * second).sum() / spread)
