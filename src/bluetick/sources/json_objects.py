"""JSON objects read strictly and fast: one text means one object, or it is refused."""

import json
from codecs import BOM_UTF8
from typing import Any

import orjson

encoded = json.JSONEncoder(ensure_ascii=False).encode  # a text as JSON writes it
_LONG_END = 2**63

# What could hide a name from the count below: space before the colon, or a name that ends in a backslash.
_ODD_NAMES = (b" :", b"\t:", b"\n:", b"\r:", b'\\\\":')


def read_object(text: bytes) -> dict[str, Any]:
    """As `parse_object`, of UTF-8 bytes; ValueError or RecursionError says why they are not one JSON object.

    The fast parser keeps the last of two values with one name and makes a float of a whole number over 64 bits: a text
    that could hold either is read again by the strict one, which tells.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return _read_strictly(text)
    if type(value) is dict and (_is_same(value, text) or _is_plain(value, text)):
        return value
    return _read_strictly(text)


def _read_strictly(text: bytes) -> dict[str, Any]:
    try:
        decoded = text.removeprefix(BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError("not UTF-8") from error
    return parse_object(decoded)


def _is_same(value: dict[str, Any], text: bytes) -> bool:
    """Whether nothing of the text was lost: most collectors write as compactly as the fast printer does."""
    try:
        return orjson.dumps(value) == text
    except TypeError:
        return False  # nested deeper than it prints


def _is_plain(value: dict[str, Any], text: bytes) -> bool:
    """Whether the objects hold as many names as the text writes, and no number that was too long.

    A quote before a colon ends a name, unless it is escaped: then it stands inside a string.
    """
    names = 0
    inner: list[Any] = [value]
    while inner:
        node = inner.pop()
        if type(node) is dict:
            names += len(node)
            node = node.values()
        for item in node:
            kind = type(item)
            if kind is dict or kind is list:
                inner.append(item)
            elif kind is float and abs(item) >= _LONG_END:
                return False
    if any(odd in text for odd in _ODD_NAMES):
        return False
    written = text.count(b'":')
    return written == names or written - text.count(b'\\":') == names


def parse_object(text: str) -> dict[str, Any]:
    """A JSON object that means one thing: no name twice, no NaN, no half of a surrogate pair; else ValueError."""
    value = json.loads(text, object_pairs_hook=_unique_names, parse_constant=_refuse_constant)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    if "\\ud" in text or "\\uD" in text:
        _refuse_lone_surrogates(value)
    return value


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise ValueError("a name is given twice in one JSON object")
    return record


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _refuse_lone_surrogates(value: dict[str, Any]) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("holds half of a surrogate pair") from None


def read_fault(error: Exception) -> str:
    """A reason that is the same for the same fault: positions would make every line its own."""
    match error:
        case json.JSONDecodeError():
            return "not JSON"
        case RecursionError():
            return "nested too deep"
    return str(error) if not str(error).startswith("Exceeds the limit") else "a number of too many digits"
