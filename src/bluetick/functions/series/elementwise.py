"""Functions of each element: whole numbers stay whole where Kusto keeps them, what is no number gives null."""

from typing import Any

import numpy as np

from bluetick.functions.series.vectors import Elements, Mask, array, elements, is_number, plain

_REAL = {
    "acos": np.arccos,
    "asin": np.arcsin,
    "atan": np.arctan,
    "ceiling": np.ceil,
    "cos": np.cos,
    "exp": np.exp,
    "floor": np.floor,
    "log": np.log,
    "sin": np.sin,
    "tan": np.tan,
}
_KEEPING = {"abs": np.absolute, "sign": np.sign}

_ARITHMETIC = {"add": np.add, "multiply": np.multiply, "subtract": np.subtract}
_REAL_ARITHMETIC = {"divide": np.divide, "pow": np.power}
_COMPARISONS = {
    "equals": np.equal,
    "greater": np.greater,
    "greater_equals": np.greater_equal,
    "less": np.less,
    "less_equals": np.less_equal,
    "not_equals": np.not_equal,
}


@np.errstate(all="ignore")
def unary(name: str, series: object) -> list[Any] | None:
    """The function of each element of an array; None for what is no array."""
    if not isinstance(series, list):
        return None
    given = elements(series)
    if name in _REAL:
        return array(_REAL[name](given.reals), given.is_number)
    keeping = _KEEPING[name]
    return _mixed(keeping(given.reals), keeping(given.wholes), given.is_whole, given.is_number)


@np.errstate(all="ignore")
def binary(name: str, left: object, right: object) -> list[Any] | None:
    """The operation on the elements in equal places; a number stands for an array of itself.

    As long as the longer array, null where an element is missing or no number. None where neither is an array.
    """
    lengths = [len(side) for side in (left, right) if isinstance(side, list)]
    if not lengths:
        return None
    one, other = _padded(plain(left), max(lengths)), _padded(plain(right), max(lengths))
    if one is None or other is None:
        return None
    is_known = one.is_number & other.is_number
    is_whole = one.is_whole & other.is_whole
    if name in _REAL_ARITHMETIC:
        return array(_REAL_ARITHMETIC[name](one.reals, other.reals), is_known)
    operation = _ARITHMETIC.get(name) or _COMPARISONS[name]
    return _mixed(operation(one.reals, other.reals), operation(one.wholes, other.wholes), is_whole, is_known)


def _padded(side: object, length: int) -> Elements | None:
    if isinstance(side, list):
        return elements([*side, *[None] * (length - len(side))])
    return elements([side] * length) if is_number(side) else None


def _mixed(reals: Any, wholes: Any, is_whole: Mask, is_known: Mask) -> list[Any]:
    """Each element from the operation on longs where its operands are whole, else from the one on reals."""
    chosen = np.where(is_whole, wholes.astype(object), reals.astype(object))
    found: list[Any] = chosen.tolist()
    return [item if known else None for item, known in zip(found, is_known.tolist(), strict=True)]
