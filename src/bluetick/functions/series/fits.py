"""Lines and polynomials fitted to a series. As in Kusto the first element stands at x = 1."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from bluetick.functions.series.statistics import variance
from bluetick.functions.series.vectors import Vector, complete

# rsquare, slope, variance, rvariance, interception, line_fit
LineParts: TypeAlias = tuple[float, float, float, float, float, list[float]]

_LEAST_POINTS = 2  # on each side of a split, too
_GREATEST_DEGREE = 50


@dataclass(frozen=True, slots=True)
class Line:
    slope: float
    interception: float
    variance: float
    residual_variance: float
    fitted: Vector

    @property
    def rsquare(self) -> float:
        return _rsquare(self.residual_variance, self.variance)

    def parts(self) -> LineParts:
        return (
            self.rsquare,
            self.slope,
            self.variance,
            self.residual_variance,
            self.interception,
            self.fitted.tolist(),
        )


def _rsquare(residual: float, whole: float) -> float:
    """NaN where the values do not vary."""
    return max(0.0, 1 - residual / whole) if whole else float("nan")


@dataclass(frozen=True, slots=True)
class _Axis:
    """The places of a series' elements, from 1, and what a line is fitted with."""

    places: Vector
    middle: float
    from_middle: Vector
    squares: float


@lru_cache(maxsize=2)  # one query's series are mostly of one length, which may be a million
def _axis(length: int) -> _Axis:
    places = np.arange(1, length + 1, dtype=np.float64)
    middle = float(places.mean())
    from_middle = places - middle
    return _Axis(places, middle, from_middle, float((from_middle * from_middle).sum()))


def fitted_line(values: Vector, points: int | None = None) -> Line:
    """The line of least squares, drawn over `points` points (as many as it was fitted to unless told)."""
    axis = _axis(len(values))
    average = float(values.mean())
    slope = float((axis.from_middle * (values - average)).sum() / axis.squares) if len(values) > 1 else 0.0
    interception = average - slope * axis.middle
    fitted = slope * _axis(points or len(values)).places + interception
    return Line(slope, interception, variance(values), variance(values - fitted[: len(values)]), fitted)


@np.errstate(all="ignore")
def line(series: object) -> LineParts | None:
    """rsquare, slope, variance, rvariance, interception, line_fit; None unless there are two numbers or more."""
    values = complete(series)
    return None if values is None or len(values) < _LEAST_POINTS else fitted_line(values).parts()


@np.errstate(all="ignore")
def line_bag(series: object) -> dict[str, Any] | None:
    found = line(series)
    names = ("rsquare", "slope", "variance", "rvariance", "interception", "line_fit")
    return None if found is None else dict(zip(names, found, strict=True))


@dataclass(frozen=True, slots=True)
class TwoLines:
    """The best line on each side of the best split; `split` is the place of the right side's first element."""

    values: Vector
    split: int
    left: Line
    right: Line

    @property
    def fitted(self) -> Vector:
        return np.concatenate([self.left.fitted, self.right.fitted])

    @property
    def variance(self) -> float:
        return variance(self.values)

    @property
    def residual_variance(self) -> float:
        return variance(self.values - self.fitted)

    @property
    def rsquare(self) -> float:
        return _rsquare(self.residual_variance, self.variance)


def _two_lines(series: object) -> TwoLines | None:
    values = complete(series)
    if values is None or len(values) < 2 * _LEAST_POINTS:
        return None
    ends = np.arange(_LEAST_POINTS, len(values) - _LEAST_POINTS + 1)
    missed = _squares_missed(values)[ends] + _squares_missed(values[::-1])[len(values) - ends]
    # What differs by rounding only is a tie, and the first split wins.
    noise = 1e-12 * float(((values - values.mean()) ** 2).sum())
    split = int(ends[int((missed <= missed.min() + noise).argmax())])
    return TwoLines(values, split, fitted_line(values[:split]), fitted_line(values[split:]))


def _squares_missed(values: Vector) -> Vector:
    """For each length, the squared distance of that many first values from their best line."""
    y = values - values.mean()
    x = np.arange(len(y), dtype=np.float64) - (len(y) - 1) / 2
    count = np.arange(len(y) + 1, dtype=np.float64)
    sums = [np.concatenate([[0.0], np.cumsum(product)]) for product in (x, y, x * x, x * y, y * y)]
    xx, xy, yy = sums[2] - sums[0] ** 2 / count, sums[3] - sums[0] * sums[1] / count, sums[4] - sums[1] ** 2 / count
    missed: Vector = np.maximum(yy - xy * xy / xx, 0.0)
    return missed


@np.errstate(all="ignore")
def two_lines(series: object) -> tuple[Any, ...] | None:
    """rsquare, split_idx, variance, rvariance, line_fit, then the five facts of the right line and of the left one."""
    found = _two_lines(series)
    if found is None:
        return None
    own = (found.rsquare, found.split, found.variance, found.residual_variance, found.fitted.tolist())
    return (*own, *_side(found.right), *_side(found.left))


def _side(side: Line) -> tuple[float, ...]:
    return side.rsquare, side.slope, side.interception, side.variance, side.residual_variance


@np.errstate(all="ignore")
def two_lines_bag(series: object) -> dict[str, Any] | None:
    found = two_lines(series)
    if found is None:
        return None
    own, sides = ("rsquare", "split_idx", "variance", "rvariance", "line_fit"), (found[5:10], found[10:])
    names = ("rsquare", "slope", "interception", "variance", "rvariance")
    right, left = (dict(zip(names, side, strict=True)) for side in sides)
    return {**dict(zip(own, found, strict=False)), "right": right, "left": left}


@np.errstate(all="ignore")
def polynomial(
    y_series: object, x_series: object = None, degree: int | None = 1
) -> tuple[float, list[float], float, float, list[float]] | None:
    """rsquare, coefficients from the highest power down, variance, rvariance, poly_fit."""
    y = complete(y_series)
    if y is None:
        return None
    x = np.arange(1, len(y) + 1, dtype=np.float64) if x_series is None else complete(x_series)
    power = 1 if degree is None else degree
    if x is None or len(x) != len(y) or not 0 <= power < min(len(y), _GREATEST_DEGREE + 1):
        return None
    coefficients = _coefficients(x, y, power)
    if coefficients is None:
        return None
    fitted = np.polyval(coefficients, x)
    whole, residual = variance(y), variance(y - fitted)
    return _rsquare(residual, whole), coefficients.tolist(), whole, residual, fitted.tolist()


def _coefficients(x: Vector, y: Vector, degree: int) -> Vector | None:
    """By least squares on columns scaled to one size, as high powers differ by orders of magnitude."""
    powers = np.vander(x, degree + 1)
    if not np.isfinite(powers).all():
        return None
    size = np.abs(powers).max(axis=0)
    size[size == 0] = 1.0
    solution = np.linalg.lstsq(powers / size, y, rcond=None)[0]
    return np.asarray(solution / size, dtype=np.float64)
