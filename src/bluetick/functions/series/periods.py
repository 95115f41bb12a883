"""Periods of a series (https://learn.microsoft.com/kusto/query/series-periods-detect-function).

Kusto's own algorithm is not published. This one takes the frequencies that stand out of the spectrum and finds the hill
of the autocorrelation near each; a period's score is how well the series agrees with itself one period later, weakened
where few periods are seen. It gives what the product pages show.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from bluetick.functions.series.vectors import Vector, complete

LEAST_PERIOD = 4
# How seldom the power of one frequency in noise is as great as that of a candidate.
_CHANCE = 0.01
_MOST_PERIODS = 10_000
# Of Tukey, in ranges between the quartiles.
_FENCE = 1.5


@np.errstate(all="ignore")
def detect(
    series: object, least: float | None, greatest: float | None, count: int | None
) -> tuple[list[Any], list[Any]] | None:
    """As many periods as asked for, best first, and their scores; zeros where there are fewer."""
    values = complete(series)
    if values is None or least is None or greatest is None or count is None or not 0 < count <= _MOST_PERIODS:
        return None
    best = found_periods(values, float(least), float(greatest))[:count]
    rest = [0.0] * (count - len(best))
    return [float(period) for period, _ in best] + rest, [score for _, score in best] + rest


@np.errstate(all="ignore")
def validate(series: object, periods: Iterable[float | None]) -> tuple[list[Any], list[Any]] | None:
    """The periods as given, and their scores; 0 for one below 4 or above half of the length."""
    values, asked = complete(series), [None if period is None else float(period) for period in periods]
    if values is None:
        return None
    views = [(similarity(view), _candidates(view)) for view in _views(values)]
    return list(asked), [max(_validated(*view, period) for view in views) for period in asked]


def _validated(similar: Vector, frequencies: list[int], period: float | None) -> float:
    length = len(similar)
    if period is None or not any(
        length / (frequency + 0.5) <= period <= length / (frequency - 0.5) for frequency in frequencies
    ):
        return 0.0
    return _score(similar, period)


def best_period(values: Vector, threshold: float) -> int:
    """The period of the highest score that reaches the threshold, else 0."""
    found = found_periods(values, LEAST_PERIOD, len(values) / 2)
    return found[0][0] if found and found[0][1] >= threshold else 0


def found_periods(values: Vector, least: float, greatest: float) -> list[tuple[int, float]]:
    """Periods and scores, best first."""
    best: dict[int, float] = {}
    for view in _views(values):
        similar = similarity(view)
        for period in {_hill(similar, frequency) for frequency in _candidates(view)}:
            best[period] = max(best.get(period, 0.0), _score(similar, period))
    found = [(period, score) for period, score in best.items() if score > 0 and least <= period <= greatest]
    return sorted(found, key=lambda one: (-one[1], one[0]))


def _views(values: Vector) -> list[Vector]:
    """The series as it is, and with what lies beyond Tukey's fences cut to them: the extremes may be what repeats, or
    what hides it."""
    low, high = np.percentile(values, [25, 75])
    width = _FENCE * (high - low)
    return [values, np.clip(values, low - width, high + width)] if width > 0 else [values]


def similarity(values: Vector) -> Vector:
    """For each lag the correlation of the series with itself, per pair of elements; all 0 of a constant series."""
    middle = values - values.mean()
    length = len(values)
    power = np.abs(np.fft.rfft(middle, 2 * length)) ** 2
    pairs = np.fft.irfft(power)[:length] / np.arange(length, 0, -1)
    noise = 1e-24 * float((values * values).mean())
    return pairs / pairs[0] if pairs[0] > noise else np.zeros(length)


def _candidates(values: Vector) -> list[int]:
    """The frequencies, in waves over the series, whose power noise would seldom have."""
    power = np.abs(np.fft.rfft(values - values.mean()))[1:] ** 2
    if len(power) < LEAST_PERIOD // 2 or power.sum() <= 0:
        return []
    least = 1 - _CHANCE ** (1 / (len(power) - 1))
    return [int(place) + 1 for place in np.flatnonzero(power / power.sum() > least)]


def _hill(similar: Vector, frequency: int) -> int:
    """The lag of the highest top among those that the frequency stands for; 0 where there is none."""
    length = len(similar)
    least = max(LEAST_PERIOD, int(np.ceil(length / (frequency + 0.5))))
    greatest = min(length // 2, int(length / (frequency - 0.5)))
    tops = [
        lag
        for lag in range(least, greatest + 1)
        if similar[lag] > 0 and similar[lag - 1] < similar[lag] >= similar[min(lag + 1, length - 1)]
    ]
    return max(tops, key=lambda lag: float(similar[lag]), default=0)


def _score(similar: Vector, period: float) -> float:
    """From 0 to 1."""
    length = len(similar)
    if not LEAST_PERIOD <= period <= length / 2:
        return 0.0
    lag = round(period)
    return min(1.0, max(0.0, float(similar[lag] * np.sqrt(1 - lag / length))))
