"""Values with weights, in order: nearest-rank percentiles and ranks (aggregates and digests)."""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from bluetick.types import Type
from bluetick.values import Json, format_datetime7, format_timespan

# What a value is while it is sorted: a datetime as microseconds since 1970, a timespan as microseconds.
Sortable: TypeAlias = "bool | int | float | Decimal | str"

_EPOCH = datetime(1970, 1, 1)


def read(value: Json, type_: Type) -> Sortable:
    """A gathered value, to be compared with others."""
    if type_ is Type.DECIMAL:
        return Decimal(str(value))
    if type_ is Type.REAL and isinstance(value, str | int):
        return float(value)
    return value  # type: ignore[return-value] # no list or bag is gathered


def physical(value: Sortable, type_: Type) -> Any:
    """As a column of this type holds it."""
    return _EPOCH + timedelta(microseconds=int(value)) if type_ is Type.DATETIME else value


def as_dynamic(value: Sortable, type_: Type) -> Json:
    """As a dynamic value holds it."""
    match type_:
        case Type.DATETIME:
            return format_datetime7(_EPOCH + timedelta(microseconds=int(value)))
        case Type.TIMESPAN:
            return format_timespan(int(value))
        case Type.DECIMAL:
            return str(value)
        case _:
            return value  # type: ignore[return-value] # no decimal any more


def in_order(pairs: Iterable[tuple[Sortable, int]]) -> list[tuple[Sortable, int]]:
    """Each value once with the sum of its weights, ascending; NaN last."""
    weights: dict[Sortable, int] = {}
    nan = 0
    for value, weight in pairs:
        if isinstance(value, float) and math.isnan(value):
            nan += weight
        else:
            weights[value] = weights.get(value, 0) + weight
    ordered = sorted(weights.items(), key=lambda pair: pair[0])
    return [*ordered, (math.nan, nan)] if nan else ordered


def at_rank(pairs: Sequence[tuple[Sortable, int]], percentile: Fraction) -> "Sortable | None":
    """The smallest value with at least this percentage of all weight at or below it; `pairs` are ascending."""
    wanted = percentile * sum(weight for _, weight in pairs) / 100
    passed = 0
    for value, weight in pairs:
        passed += weight
        if passed >= wanted:
            return value
    return pairs[-1][0] if pairs else None
