"""Values: their order, equality, text and JSON forms. Null is None; a string is never null."""

import json
import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

MICROSECOND = timedelta(microseconds=1)
YEAR_ONE = datetime(1, 1, 1, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NUMBERS = ("int", "long", "real", "decimal")


def wrapped(value: int) -> int:
    """What 64 bits keep of a whole number."""
    return (value + 2**63) % 2**64 - 2**63


def null_of(type_: str) -> Any:
    return "" if type_ == "string" else None


# --- order -----------------------------------------------------------------------------------------------------------


class Backwards:
    """A key whose order is turned round."""

    __slots__ = ("key",)

    def __init__(self, key: Any) -> None:
        self.key = key

    def __lt__(self, other: "Backwards") -> bool:
        return bool(other.key < self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Backwards) and bool(self.key == other.key)

    def __hash__(self) -> int:
        return hash(self.key)


def comparable(value: Any, type_: str) -> Any:
    """A value of one type as Python orders it: text by its code points, dynamic by its JSON text."""
    match type_:
        case "dynamic":
            return json_text(value)
        case "guid":
            return str(value)
        case _:
            return value


def ascending(value: Any, type_: str) -> tuple[Any, ...]:
    """Null first, then NaN, then by value."""
    if value is None:
        return (0,)
    if isinstance(value, float) and math.isnan(value):
        return (1,)
    return (2, comparable(value, type_))


def row_key(row: Iterable[Any], types: Iterable[str]) -> tuple[Any, ...]:
    return tuple(ascending(value, type_) for value, type_ in zip(row, types, strict=True))


def sort_key(value: Any, type_: str, *, descending: bool, nulls_first: bool) -> Any:
    """Null at its end, NaN beside it, the rest by value."""
    if value is None:
        return (0 if nulls_first else 4,)
    if isinstance(value, float) and math.isnan(value):
        return (1 if nulls_first else 3,)
    key = comparable(value, type_)
    return (2, Backwards(key) if descending else key)


def identity(value: Any) -> Any:
    """What groups and distinct counts go by: NaN is one value, True is not 1."""
    if isinstance(value, float) and math.isnan(value):
        return "NaN", "real"
    if isinstance(value, list | dict):
        return json_text(value), "json"
    return value, type(value).__name__


# --- text ------------------------------------------------------------------------------------------------------------


def json_text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def timespan_text(value: timedelta) -> str:
    micros = abs(value) // MICROSECOND
    seconds, fraction = divmod(micros, 1_000_000)
    days, rest = divmod(seconds, 86_400)
    tail = f".{fraction:06}0" if fraction else ""
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}{tail}"
    return f"{'-' if value < timedelta(0) else ''}{f'{days}.' if days else ''}{clock}"


def datetime_text(value: datetime) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%S.%f}0Z"


def real_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return repr(value)


def decimal_text(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def text_of(value: Any, type_: str) -> str:  # noqa: PLR0911 - one match over the types
    """tostring of a value; of any null the empty string."""
    if value is None:
        return ""
    match type_:
        case "string":
            return str(value)
        case "bool":
            return str(value)
        case "real":
            return real_text(value)
        case "datetime":
            return datetime_text(value)
        case "timespan":
            return timespan_text(value)
        case "decimal":
            return decimal_text(value)
        case "dynamic":
            return value if isinstance(value, str) else json_text(value)
        case _:
            return str(value)


def to_json(value: Any, type_: str) -> Any:
    """A typed value inside a dynamic: numbers, bools and texts as themselves, the rest as text."""
    match type_:
        case "datetime" | "timespan" | "guid" if value is not None:
            return text_of(value, type_)
        case "real" if value is not None and not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case "decimal" if value is not None:
            return decimal_text(value)
        case _:
            return value


def is_uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if len(text) == 36 else None
    except ValueError:
        return None


def as_number(value: Any) -> Any:
    """A bool as 0 or 1, beside a number."""
    return int(value) if isinstance(value, bool) else value
