"""Whether two answers are the same rows, whatever engine gave them and in whatever order."""

import json
import math
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

_PLACES = 9  # sums of floats differ in their last bits with the order of the rows


def difference(ours: pa.Table, theirs: pa.Table) -> str | None:
    """What tells two answers apart, columns by their place; None where they are the same rows, each as often."""
    if ours.num_columns != theirs.num_columns:
        return f"{ours.num_columns} columns against {theirs.num_columns}"
    left, right = _rows(ours), _rows(theirs)
    if left == right:
        return None
    only_left, only_right = left - right, right - left
    shown = f"{next(iter(only_left), None)} against {next(iter(only_right), None)}"
    return f"{only_left.total()} rows of {left.total()} are ours alone, {only_right.total()} theirs alone: {shown}"


def _rows(table: pa.Table) -> Counter[tuple[Any, ...]]:
    columns = [[_plain(value) for value in column.to_pylist()] for column in table.columns]
    return Counter(zip(*columns, strict=True))


def _plain(value: Any) -> Any:
    """One value for what several types write differently: hashable, and a float to nine places."""
    match value:
        case datetime():
            return value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)
        case float() | Decimal():
            return "NaN" if math.isnan(value) else float(f"{value:.{_PLACES}g}")
        case bytes():
            return _plain(value.decode())
        case str() if value[:1] in {"[", "{"}:
            return _plain(json.loads(value))
        case list():
            return tuple(_plain(item) for item in value)
        case dict():
            return tuple(sorted((key, _plain(item)) for key, item in value.items()))
        case _:
            return value
