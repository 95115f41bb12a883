"""Series as numpy vectors: which elements of a dynamic array are numbers, and how results become arrays again."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Vector: TypeAlias = npt.NDArray[np.float64]
Wholes: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]

# JSON has no number for these, so a dynamic value holds them as texts.
_NOT_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_WRAP = 1 << 64


def is_number(item: object) -> bool:
    if isinstance(item, str):
        return item in _NOT_FINITE
    return isinstance(item, int | float) and not isinstance(item, bool)


def real(item: Any) -> float:
    """The element as a real; NaN where it is no number."""
    match item:
        case str():
            return _NOT_FINITE.get(item, float("nan"))
        case float():
            return item
        case int() if not isinstance(item, bool):
            try:
                return float(item)
            except OverflowError:
                return float("inf") if item > 0 else float("-inf")
        case _:
            return float("nan")


def plain(argument: object) -> Any:
    """A decimal as a real, as no element of a dynamic array is a decimal; anything else as it is."""
    return float(argument) if isinstance(argument, Decimal) else argument


def _wrapped(item: int) -> int:
    """An integer as a long, which wraps on overflow."""
    return (item + _WRAP // 2) % _WRAP - _WRAP // 2


@dataclass(frozen=True, slots=True)
class Elements:
    """The elements of an array: as reals, as longs, and which of them are numbers and which are whole ones."""

    reals: Vector
    wholes: Wholes
    is_number: Mask
    is_whole: Mask

    def __len__(self) -> int:
        return len(self.reals)


def elements(items: Sequence[Any]) -> Elements:
    whole = [isinstance(item, int) and not isinstance(item, bool) for item in items]
    return Elements(
        np.array([real(item) for item in items], dtype=np.float64),
        np.array([_wrapped(i) if is_whole else 0 for i, is_whole in zip(items, whole, strict=True)], dtype=np.int64),
        np.array([is_number(item) for item in items], dtype=np.bool_),
        np.array(whole, dtype=np.bool_),
    )


def vector(series: object) -> Vector | None:
    """The elements of an array as reals, NaN for what is no number; None for what is no array."""
    if not isinstance(series, list):
        return None
    if {float, int} >= set(map(type, series)):
        with suppress(OverflowError):
            return np.array(series, dtype=np.float64)
    return np.array([real(item) for item in series], dtype=np.float64)


def complete(series: object) -> Vector | None:
    """The vector of an array that has elements, all of them finite numbers; else None."""
    values = vector(series)
    return values if values is not None and len(values) and bool(np.isfinite(values).all()) else None


def array(values: Vector, is_number: Mask | None = None) -> list[Any]:
    """A dynamic array of reals, with null where the mask says that there is no number."""
    found: list[Any] = values.tolist()
    if is_number is None or is_number.all():
        return found
    return [item if known else None for item, known in zip(found, is_number.tolist(), strict=True)]
