"""Scores of outliers by Tukey's fences (https://learn.microsoft.com/kusto/query/series-outliers-function).

A score is the distance from the nearer percentile in units of the range between both, and 0 inside the range. For
other percentiles than 25 and 75 it is scaled so that, of normal values, the same ones score 1.5 (the makers tell how in
https://github.com/microsoft/Kusto-Query-Language/issues/136).
"""

from statistics import NormalDist
from typing import Any

import numpy as np

from bluetick.functions.series.vectors import Vector, vector

TUKEY = "tukey"
CUSTOM_TUKEY = "ctukey"
KINDS = (CUSTOM_TUKEY, TUKEY)
LEAST_PERCENTILE, GREATEST_PERCENTILE = 2.0, 98.0

# Standard deviations from the mean of the quartiles, and of the fence at a score of 1.5, as Kusto rounds them.
_QUARTILE = 0.675
_FENCE = 4 * _QUARTILE
# What Kusto takes for the 90th percentile of normal values, found from scores that it published.
_NINETIETH = 1.29682082


@np.errstate(all="ignore")
def outliers(
    series: object,
    kind: str = CUSTOM_TUKEY,
    ignored: float | None = None,
    low: float | None = 10.0,
    high: float | None = 90.0,
    test_points: int | None = 0,
) -> list[Any] | None:
    """The score of each element, 0 for an ignored value and for what is no number."""
    values = vector(series)
    if values is None:
        return None
    if ignored is not None:
        values = np.where(values == float(ignored), np.nan, values)
    percentiles = (25.0, 75.0) if kind == TUKEY else (_or(low, 10.0), _or(high, 90.0))
    if kind not in KINDS or not LEAST_PERCENTILE <= percentiles[0] < percentiles[1] <= GREATEST_PERCENTILE:
        return None
    learned = values[: len(values) - max(test_points or 0, 0)]
    found: list[Any] = scores(values, learned[np.isfinite(learned)], percentiles).tolist()
    return found


def _or(given: float | None, default: float) -> float:
    return default if given is None else float(given)


def scores(values: Vector, learned: Vector, percentiles: tuple[float, float], noise: float = 0.0) -> Vector:
    """The scores of values by the percentiles of those learned from. Differences up to `noise` count as none; where
    the range is none, what lies outside of it is infinitely far."""
    if not len(learned):
        return np.zeros(len(values))
    low, high = (float(edge) for edge in np.percentile(learned, percentiles))
    below, above = _factors(*percentiles)
    span = high - low if high - low > noise else 0.0
    up = np.where(values - high > noise, above * (values - high) / span, 0.0)
    down = np.where(low - values > noise, below * (values - low) / span, 0.0)
    return up + down


def _factors(low: float, high: float) -> tuple[float, float]:
    """What scales scores below and above the range; 1 for the quartiles."""
    if (low, high) == (25.0, 75.0):
        return 1.0, 1.0
    least, greatest = _deviations(low), _deviations(high)
    span = (greatest - least) / (2 * _QUARTILE) * (_FENCE - _QUARTILE)
    return span / (_FENCE + least), span / (_FENCE - greatest)


def _deviations(percentile: float) -> float:
    """Where the percentile of normal values lies."""
    if percentile in {10.0, 90.0}:
        return _NINETIETH if percentile > 50 else -_NINETIETH
    return NormalDist().inv_cdf(percentile / 100)
