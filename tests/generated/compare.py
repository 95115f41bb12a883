"""Whether two results are the same: values by type, reals to twelve digits, NaN equal to itself."""

import json
import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

Rows: TypeAlias = Sequence[tuple[Any, ...]]


def canonical(value: Any) -> Any:
    """A value as something that compares, sorts and prints the same wherever it came from."""
    match value:
        case None:
            return ("null", "")
        case float():
            return ("real", "NaN" if math.isnan(value) else repr(_rounded(value)))
        case list() | dict():
            return ("dynamic", json.dumps(_json(value), sort_keys=True))
        case Decimal():
            return ("decimal", str(value.normalize() + 0))
        case _:
            return (type(value).__name__, str(value))


def _rounded(value: float) -> float:
    if not math.isfinite(value) or value == 0:
        return value + 0.0
    return float(f"{value:.11e}")


def _json(value: Any) -> Any:
    match value:
        case list():
            return [_json(item) for item in value]
        case dict():
            return {key: _json(item) for key, item in value.items()}
        case float():
            return _rounded(value)
        case _:
            return value


def canonical_rows(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [tuple(canonical(value) for value in row) for row in rows]


def multiset(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(canonical_rows(rows))
