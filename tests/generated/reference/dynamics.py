"""Dynamic values, as what their JSON says: paths, arrays, bags, sets, conversions."""

import json
from typing import Any

from generated.reference.texts import read_text
from generated.reference.values import json_text


def parse(text: str) -> Any:
    """Text that is no JSON is itself, as a dynamic string; empty text is null."""
    if not text:
        return None
    try:
        return json.loads(text, parse_constant=_no_json)
    except ValueError:
        return text


def _no_json(text: str) -> Any:
    """A bare NaN or Infinity, which Python's parser takes for a number."""
    raise ValueError(text)


def member(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def element(value: Any, index: int) -> Any:
    """A negative index counts from the end; what is not there is null."""
    if not isinstance(value, list) or not -len(value) <= index < len(value):
        return None
    return value[index]


def kind(value: Any) -> str:
    kinds = {bool: "bool", int: "long", float: "double", str: "string", list: "array", dict: "dictionary"}
    return "null" if value is None else kinds[type(value)]


def convert(value: Any, type_: str) -> Any:
    """tolong, toreal ... of a dynamic value, and the type of an expanded element."""
    if type_ == "dynamic":
        return value
    if type_ == "string":
        return "" if value is None else value if isinstance(value, str) else json_text(value)
    if value is None or isinstance(value, list | dict):
        return None
    if isinstance(value, str):
        return read_text(value, type_)
    match type_:
        case "long" | "int":
            return int(value) if abs(value) < (2**63 if type_ == "long" else 2**31) else None
        case "real":
            return float(value)
        case "bool":
            return _as_bool(value)
        case _:
            return None


def _as_bool(value: Any) -> bool | None:
    if isinstance(value, float):
        return None
    return value if isinstance(value, bool) else value != 0


def beside(value: Any, type_: str) -> Any:
    """A dynamic value as it is compared with one of another type."""
    match type_:
        case "long" | "int" | "real":
            return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
        case "bool":
            return value if isinstance(value, bool) else None
        case _:
            return convert(value, type_)


def distinct(values: list[Any]) -> list[Any]:
    found: dict[str, Any] = {}
    for value in values:
        found.setdefault(json_text(value), value)
    return list(found.values())


def set_difference(first: Any, second: Any) -> Any:
    if not isinstance(first, list) or not isinstance(second, list):
        return None
    gone = {json_text(value) for value in second}
    return [value for value in distinct(first) if json_text(value) not in gone]


def set_intersect(first: Any, second: Any) -> Any:
    if not isinstance(first, list) or not isinstance(second, list):
        return None
    kept = {json_text(value) for value in second}
    return [value for value in distinct(first) if json_text(value) in kept]


def set_union(first: Any, second: Any) -> Any:
    if not isinstance(first, list) or not isinstance(second, list):
        return None
    return distinct([*first, *second])


def array_slice(value: Any, start: int, end: int) -> Any:
    """Both ends included; negative ones count from the end."""
    if not isinstance(value, list):
        return None
    size = len(value)
    start = max(start + size, 0) if start < 0 else start
    end = end + size if end < 0 else end
    return value[start : end + 1] if end >= start else []
