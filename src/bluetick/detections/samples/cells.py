"""Values as a sample writes them: text of YAML to a value of a column's type."""

import math
import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from bluetick.diagnostics import SourceText
from bluetick.diagnostics import sample_codes as codes
from bluetick.diagnostics.errors import QueryError
from bluetick.syntax.literals import LiteralProblem, parse_datetime, parse_timespan, parse_typed
from bluetick.syntax.strict_yaml import YamlList, YamlMapping, YamlNode, YamlText
from bluetick.types import Type
from bluetick.values import Json, Value

_RELATIVE = re.compile(r"now(?:\s*([+-])\s*((?:\d+[dhms]\s*)+))?")
_LENGTH = re.compile(r"(\d+)([dhms])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_WHOLE = re.compile(r"[+-]?\d+")
_FRACTION = re.compile(r"[+-]?\d+\.\d*(?:[eE][+-]?\d+)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?")
_MOMENT_HINT = "write an instant such as 2026-01-15T12:00:00Z, or now - 2h30m"
_CLOSE = 1e-9


def cell_value(node: YamlNode, type_: Type, column: str, now: datetime, source: SourceText) -> Value:
    """The value, or QueryError at its place. Nothing written is null, or an empty string."""
    if type_ is Type.DYNAMIC:
        return None if _is_absent(node) else _json(node)
    if not isinstance(node, YamlText):
        raise QueryError((codes.bad_cell(node.span, column, str(type_)),), source)
    if type_ is Type.STRING:
        return node.value
    if _is_absent(node):
        return None
    try:
        return _typed(node.value.strip(), type_, now)
    except (LiteralProblem, OverflowError):
        hint = _MOMENT_HINT if type_ is Type.DATETIME else ""
        raise QueryError((codes.bad_cell(node.span, column, str(type_), hint),), source) from None


def written_type(node: YamlNode) -> Type | None:
    """The type that a value has by the way it is written; None for nothing at all."""
    if not isinstance(node, YamlText):
        return Type.DYNAMIC
    if node.style:
        return Type.STRING
    tests = (
        (node.value == "", None),
        (node.value in ("true", "false"), Type.BOOL),
        (_WHOLE.fullmatch(node.value) is not None, Type.LONG),
        (_FRACTION.fullmatch(node.value) is not None, Type.REAL),
        (_DATE.fullmatch(node.value) is not None or is_relative(node.value), Type.DATETIME),
    )
    return next((type_ for is_so, type_ in tests if is_so), Type.STRING)


def is_relative(text: str) -> bool:
    return _RELATIVE.fullmatch(text.strip()) is not None


def moment_of(text: str, now: datetime) -> datetime:
    """An instant as written, or one that is told from `now`. Raises LiteralProblem."""
    found = _RELATIVE.fullmatch(text.strip())
    if found is None:
        return parse_datetime(text)
    length = timedelta()
    for number, unit in _LENGTH.findall(found[2] or ""):
        length += timedelta(**{_UNITS[unit]: int(number)})
    return now - length if found[1] == "-" else now + length


def is_same(wanted: Value, found: Value) -> bool:
    """Whether a value is the expected one; reals may differ in what they lose when they are computed."""
    if isinstance(wanted, float) and isinstance(found, float):
        both_nan = math.isnan(wanted) and math.isnan(found)
        return both_nan or math.isclose(wanted, found, rel_tol=_CLOSE, abs_tol=_CLOSE)
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(is_same(*pair) for pair in zip(wanted, found, strict=True))
    if isinstance(wanted, dict) and isinstance(found, dict):
        return wanted.keys() == found.keys() and all(is_same(value, found[key]) for key, value in wanted.items())
    if isinstance(wanted, bool) or isinstance(found, bool):
        return wanted is found
    return wanted == found


def _is_absent(node: YamlNode) -> bool:
    return isinstance(node, YamlText) and not node.style and not node.value


def _typed(text: str, type_: Type, now: datetime) -> Value:
    match type_:
        case Type.DATETIME:
            return moment_of(text, now)
        case Type.TIMESPAN:
            return timedelta(microseconds=parse_timespan(text))
        case _:
            value: Any = parse_typed(f"{type_}({text})")[1]
            if not isinstance(value, bool | int | float | Decimal | UUID):
                raise LiteralProblem
            return value


def _json(node: YamlNode) -> Json:
    """A dynamic value: what is quoted is text, what is not is a number, a truth or null where it looks like one."""
    match node:
        case YamlList(items=items):
            return [_json(item) for item in items]
        case YamlMapping(entries=entries):
            return {key.value: _json(value) for key, value in entries}
        case YamlText(value=value, style=""):
            return _plain_json(value)
        case YamlText(value=value):
            return value


def _plain_json(value: str) -> Json:
    if value in ("", "true", "false"):
        return {"": None, "true": True, "false": False}[value]
    if _WHOLE.fullmatch(value):
        return int(value)
    return float(value) if _FRACTION.fullmatch(value) else value
