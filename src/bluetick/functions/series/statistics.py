"""Numbers that tell of a whole series, or of two."""

from typing import Any, TypeAlias

import numpy as np

from bluetick.functions.series.vectors import Vector, complete, plain, vector

# min, min_idx, max, max_idx, avg, stdev, variance
Stats: TypeAlias = tuple[float, int, float, int, float, float, float]


def variance(values: Vector) -> float:
    """The sample variance; exactly 0 of values that are all the same."""
    return float(np.var(values, ddof=1)) if values.min() < values.max() else 0.0


def _finite(series: object, ignore_nonfinite: bool | None) -> tuple[Vector, list[int]] | None:
    """The values that count and their places; None where there is none, or one that may not be passed over."""
    values = vector(series)
    if values is None:
        return None
    is_finite = np.isfinite(values)
    if not is_finite.any() or not (ignore_nonfinite or is_finite.all()):
        return None
    return values[is_finite], np.flatnonzero(is_finite).tolist()


@np.errstate(all="ignore")
def stats(series: object, ignore_nonfinite: bool | None = False) -> Stats | None:
    found = _finite(series, ignore_nonfinite)
    if found is None:
        return None
    values, places = found
    low, high = int(values.argmin()), int(values.argmax())
    spread = variance(values)
    average = float(values.mean())
    return float(values[low]), places[low], float(values[high]), places[high], average, float(np.sqrt(spread)), spread


@np.errstate(all="ignore")
def stats_bag(series: object, ignore_nonfinite: bool | None = False) -> dict[str, Any] | None:
    found, values = stats(series, ignore_nonfinite), vector(series)
    if found is None or values is None:
        return None
    names = ("min", "min_idx", "max", "max_idx", "avg", "stdev", "variance")
    total = float(values[np.isfinite(values)].sum())
    return {**dict(zip(names, found, strict=True)), "sum": total, "len": len(values)}


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
