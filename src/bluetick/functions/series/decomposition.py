"""A series as seasonal, trend and residual parts, and what is built on them.

https://learn.microsoft.com/kusto/query/series-decompose-function
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from bluetick.functions.series.fits import fitted_line
from bluetick.functions.series.outliers import KINDS, TUKEY, scores
from bluetick.functions.series.periods import best_period
from bluetick.functions.series.vectors import Mask, Vector, array, vector

AVERAGE, LINE, NO_TREND = "avg", "linefit", "none"
TRENDS = (AVERAGE, LINE, NO_TREND)
AUTODETECT = -1
SEASONALITY_THRESHOLD = 0.6  # of series_decompose and what is built on it
_SEASONAL_THRESHOLD = 0.7  # of series_seasonal
# Residuals that differ by less than this part of the values differ by rounding only.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Decomposition:
    """`learned` is how many points, the last ones excepted, the parts were learned from."""

    values: Vector
    learned: int
    seasonal: Vector
    trend: Vector

    @property
    def baseline(self) -> Vector:
        return self.seasonal + self.trend

    @property
    def residual(self) -> Vector:
        return self.values - self.baseline

    @property
    def is_known(self) -> Mask:
        return ~np.isnan(self.values)


def _learned(series: object, test_points: int | None) -> tuple[Vector, int] | None:
    """The series and how many of its points to learn from; None where one of these is no number, or there is none."""
    values = vector(series)
    if values is None:
        return None
    count = len(values) - max(test_points or 0, 0)
    return (values, count) if count > 0 and np.isfinite(values[:count]).all() else None


def decomposed(
    series: object, period: int | None, trend: str, test_points: int | None, threshold: float | None
) -> Decomposition | None:
    found = _learned(series, test_points)
    if found is None or trend not in TRENDS:
        return None
    values, count = found
    if period is None or period == AUTODETECT:
        period = best_period(values[:count], SEASONALITY_THRESHOLD if threshold is None else float(threshold))
    seasonal = _seasonal(values[:count], period, len(values))
    return Decomposition(values, count, seasonal, _trend(values[:count] - seasonal[:count], trend, len(values)))


def _seasonal(learned: Vector, period: int, points: int) -> Vector:
    """For each point the median of the learned points at its place in the period; 0 without a period."""
    if not 0 < period <= len(learned):
        return np.zeros(points)
    rows, rest = divmod(len(learned), period)
    whole = learned[: rows * period].reshape(rows, period)
    longer = np.vstack([whole[:, :rest], learned[rows * period :]])
    medians = np.concatenate([np.median(longer, axis=0), np.median(whole[:, rest:], axis=0)])
    return np.resize(medians, points)


def _trend(learned: Vector, trend: str, points: int) -> Vector:
    if trend == AVERAGE:
        return np.full(points, learned.mean())
    return fitted_line(learned, points).fitted if trend == LINE else np.zeros(points)


@np.errstate(all="ignore")
def decompose(
    series: object,
    period: int | None = AUTODETECT,
    trend: str = AVERAGE,
    test_points: int | None = 0,
    threshold: float | None = SEASONALITY_THRESHOLD,
) -> tuple[list[Any], list[Any], list[Any], list[Any]] | None:
    """baseline, seasonal, trend, residual."""
    found = decomposed(series, period, trend, test_points, threshold)
    if found is None:
        return None
    residual = array(found.residual, found.is_known)
    return found.baseline.tolist(), found.seasonal.tolist(), found.trend.tolist(), residual


@np.errstate(all="ignore")
def forecast(
    series: object,
    points: int | None,
    period: int | None = AUTODETECT,
    trend: str = AVERAGE,
    threshold: float | None = SEASONALITY_THRESHOLD,
) -> tuple[list[Any], list[Any], list[Any], list[Any]] | None:
    """The decomposition of which the last points are not learned from: there the baseline is the forecast."""
    return None if points is None else decompose(series, period, trend, points, threshold)


@np.errstate(all="ignore")
def anomalies(
    series: object,
    limit: float | None = 1.5,
    period: int | None = AUTODETECT,
    trend: str = AVERAGE,
    test_points: int | None = 0,
    method: str = KINDS[0],
    threshold: float | None = SEASONALITY_THRESHOLD,
) -> tuple[list[Any], list[Any], list[Any]] | None:
    """ad_flag, ad_score, baseline."""
    found = decomposed(series, period, trend, test_points, threshold)
    if found is None or method not in KINDS:
        return None
    fence = 1.5 if limit is None else float(limit)
    percentiles = (25.0, 75.0) if method == TUKEY else (10.0, 90.0)
    learned = found.residual[: found.learned]
    noise = _ROUNDING * float(np.abs(found.values[: found.learned]).max())
    score = scores(found.residual, learned, percentiles, noise)
    flag = (score > fence).astype(np.int64) - (score < -fence).astype(np.int64)
    return flag.tolist(), score.tolist(), found.baseline.tolist()


@np.errstate(all="ignore")
def seasonal(series: object, period: int | None = AUTODETECT, test_points: int | None = 0) -> list[Any] | None:
    found = _learned(series, test_points)
    if found is None:
        return None
    values, count = found
    if period is None or period == AUTODETECT:
        period = best_period(values[:count], _SEASONAL_THRESHOLD)
    part: list[Any] = _seasonal(values[:count], period, len(values)).tolist()
    return part
