"""Filters of a series, and its Fourier transform."""

from typing import Any

import numpy as np

from bluetick.functions.series.vectors import array, complete, vector


@np.errstate(all="ignore")
def fir(series: object, taps: object, normalize: bool | None = None, center: bool | None = False) -> list[Any] | None:
    """Each element and those before it (around it when `center`), weighted; there are zeros beyond the ends.

    Normalized weights sum to 1, as they do unless told otherwise or one is negative. An element whose window holds
    what is no number is null.
    """
    values, weights = vector(series), complete(taps)
    if values is None or weights is None:
        return None
    if not len(values):
        return []
    is_negative = bool((weights < 0).any())
    if normalize and is_negative:
        return None
    if normalize or (normalize is None and not is_negative):
        weights = weights / weights.sum()
    start = (len(weights) - 1) // 2 if center else 0
    is_known = ~np.isnan(values)
    filtered = np.convolve(np.where(is_known, values, 0.0), weights)[start : start + len(values)]
    touched = np.convolve(~is_known, np.ones(len(weights)))[start : start + len(values)]
    return array(filtered, touched < 0.5)


@np.errstate(all="ignore")
def iir(series: object, numerators: object, denominators: object) -> list[Any] | None:
    """The recursive filter; null from the first element on that is no number, and all null where it would divide
    by zero."""
    values, b, a = vector(series), complete(numerators), complete(denominators)
    if values is None or b is None or a is None or a[0] == 0:
        return None
    ahead = np.convolve(values, b)[: len(values)].tolist() if len(values) else []
    first, *back = a.tolist()
    found: list[float] = []
    for place, item in enumerate(ahead):
        recent = found[place - len(back) : place] if place >= len(back) else found
        feedback = sum(weight * past for weight, past in zip(back, reversed(recent), strict=False))
        found.append((item - feedback) / first)
    results = np.array(found, dtype=np.float64)
    return array(results, np.logical_and.accumulate(~np.isnan(values)))


@np.errstate(all="ignore")
def fft(real: object, imaginary: object = None) -> tuple[list[Any], list[Any]] | None:
    """The real and the imaginary parts of the series' frequencies."""
    values = _complex(real, imaginary)
    return None if values is None else _parts(np.fft.fft(values))


@np.errstate(all="ignore")
def ifft(real: object, imaginary: object = None) -> tuple[list[Any], list[Any]] | None:
    """The series that has these frequencies."""
    values = _complex(real, imaginary)
    return None if values is None else _parts(np.fft.ifft(values))


def _complex(real: object, imaginary: object) -> Any:
    """The complex series; None where a part is no array of finite numbers, or the lengths differ."""
    first = complete(real)
    second = np.zeros(0 if first is None else len(first)) if imaginary is None else complete(imaginary)
    if first is None or second is None or len(first) != len(second):
        return None
    return first + 1j * second


def _parts(values: Any) -> tuple[list[Any], list[Any]]:
    return values.real.tolist(), values.imag.tolist()
