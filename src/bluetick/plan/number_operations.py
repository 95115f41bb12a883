"""Arithmetic on physical values that are not null: a long wraps around, x / 0 is null, no remainder is negative."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from bluetick.types import Type
from bluetick.values import MICROSECOND

Number: TypeAlias = int | float
Operations: TypeAlias = dict[Type, Callable[..., object]]

_HALF, _WHOLE = 2**63, 2**64


def _wrapped(value: int) -> int:
    return (value + _HALF) % _WHOLE - _HALF


def _span(value: int) -> int | None:
    """Null where it is no timespan."""
    return value if -_HALF <= value < _HALF else None


def _nearest(value: float) -> int | None:
    """The nearest whole number, halves away from zero."""
    if not math.isfinite(value):
        return None
    whole = math.trunc(value)
    rest = value - whole
    return _span(whole + (1 if rest >= 0.5 else -1 if rest <= -0.5 else 0))


def _moved(instant: datetime, micros: int) -> datetime | None:
    """Null outside the years 1 to 9999."""
    try:
        return instant + timedelta(microseconds=micros)
    except OverflowError:
        return None


def _added_instant(left: datetime | int, right: datetime | int) -> datetime | None:
    if isinstance(left, datetime):
        return _moved(left, right) if isinstance(right, int) else None
    return _moved(right, left) if isinstance(right, datetime) else None


def _distance(left: datetime | int, right: datetime | int) -> int | None:
    if isinstance(left, datetime) and isinstance(right, datetime):
        return (left - right) // MICROSECOND
    return _span(left - right) if isinstance(left, int) and isinstance(right, int) else None


def _scaled(left: Number, right: Number) -> int | None:
    product = left * right
    return _span(product) if isinstance(product, int) else _nearest(product)


def divided_wholes(left: int, right: int) -> int | None:
    """Toward zero."""
    if right == 0:
        return None
    quotient = abs(left) // abs(right)
    return _wrapped(quotient if (left < 0) == (right < 0) else -quotient)


def divided_reals(left: Number, right: Number) -> float:
    """As IEEE 754 says."""
    a, b = float(left), float(right)
    if b != 0:
        return a / b
    return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1.0, b)


def divided_span(left: int, right: float) -> int | None:
    return _nearest(divided_reals(left, right))


def _whole_remainder(left: int, right: int) -> int | None:
    return None if right == 0 else left % abs(right)


def _real_remainder(left: Number, right: Number) -> float | None:
    a, b = float(left), float(right)
    if b == 0:
        return None
    if math.isinf(a) or math.isnan(a) or math.isnan(b):
        return math.nan
    rest = math.fmod(a, b)
    return rest + abs(b) if rest < 0 else rest


ADDED: Operations = {
    Type.LONG: lambda a, b: _wrapped(a + b),
    Type.REAL: lambda a, b: float(a) + float(b),
    Type.TIMESPAN: lambda a, b: _span(a + b),
    Type.DATETIME: _added_instant,
}
SUBTRACTED: Operations = {
    Type.LONG: lambda a, b: _wrapped(a - b),
    Type.REAL: lambda a, b: float(a) - float(b),
    Type.TIMESPAN: _distance,
    Type.DATETIME: lambda instant, micros: _moved(instant, -micros),
}
MULTIPLIED: Operations = {
    Type.LONG: lambda a, b: _wrapped(a * b),
    Type.REAL: lambda a, b: float(a) * float(b),
    Type.TIMESPAN: _scaled,
}
REMAINDERS: Operations = {
    Type.LONG: _whole_remainder,
    Type.REAL: _real_remainder,
    Type.TIMESPAN: _whole_remainder,
}
NEGATED: Operations = {
    Type.LONG: lambda a: _wrapped(-a),
    Type.REAL: lambda a: -a,
    Type.TIMESPAN: lambda a: _span(-a),
}
