"""Filling the missing elements of a series; what is not missing stays as it is."""

from itertools import pairwise
from typing import Any

from bluetick.functions.series.vectors import is_number, plain, real


def _is_missing(item: Any, placeholder: float | None) -> bool:
    if placeholder is None:
        return item is None
    return isinstance(item, int | float) and not isinstance(item, bool) and item == placeholder


def forward(series: object, placeholder: float | None = None) -> list[Any] | None:
    """Missing elements take the nearest value on their left; those before the first value stay."""
    if not isinstance(series, list):
        return None
    filled: list[Any] = []
    for item in series:
        take_last = bool(filled) and _is_missing(item, placeholder)
        filled.append(filled[-1] if take_last else item)
    return filled


def backward(series: object, placeholder: float | None = None) -> list[Any] | None:
    """Missing elements take the nearest value on their right; those behind the last value stay."""
    filled = forward(series[::-1] if isinstance(series, list) else None, placeholder)
    return None if filled is None else filled[::-1]


def constant(series: object, value: float | None = 0, placeholder: float | None = None) -> list[Any] | None:
    if not isinstance(series, list):
        return None
    filling = plain(value)
    return [filling if _is_missing(item, placeholder) else item for item in series]


def linear(
    series: object, placeholder: float | None = None, fill_edges: bool | None = True, value: float | None = 0.0
) -> list[Any] | None:
    """Missing elements on the line between their neighbours, at the edges the nearest value; where all are missing,
    `value`. Between whole numbers only, whole numbers."""
    if not isinstance(series, list):
        return None
    is_gap = [_is_missing(item, placeholder) for item in series]
    known = [i for i, item in enumerate(series) if not is_gap[i] and is_number(item)]
    if not known:
        filling = plain(value)
        return [filling if gap and value is not None else item for item, gap in zip(series, is_gap, strict=True)]
    filled = list(series)
    if fill_edges is not False:
        _fill(filled, is_gap, range(known[0]), series[known[0]])
        _fill(filled, is_gap, range(known[-1] + 1, len(series)), series[known[-1]])
    whole = all(isinstance(series[i], int) for i in known)
    for start, end in pairwise(known):
        for place in range(start + 1, end):
            if is_gap[place]:
                filled[place] = _between(series[start], series[end], place - start, end - start, whole)
    return filled


def _fill(items: list[Any], is_gap: list[bool], places: range, value: Any) -> None:
    for place in places:
        if is_gap[place]:
            items[place] = value


def _between(first: Any, last: Any, step: int, steps: int, whole: bool) -> Any:
    """The value `step` steps from `first`; a whole one is cut towards zero."""
    if not whole:
        return real(first) + (real(last) - real(first)) * step / steps
    times = first * steps + (last - first) * step
    return times // steps if times >= 0 else -(-times // steps)
