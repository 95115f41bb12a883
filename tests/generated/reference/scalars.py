"""Scalar functions and operators: name -> a function of the arguments' types and values."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from generated.reference import dynamics, instants, texts
from generated.reference.values import MICROSECOND, NUMBERS, as_number, json_text, null_of, text_of, to_json, wrapped

Types: TypeAlias = tuple[str, ...]
Scalar: TypeAlias = Callable[..., Any]  # (types, *values) -> value


def strict(function: Callable[..., Any]) -> Scalar:
    """Null where any argument is null."""

    def call(_: Types, *values: Any) -> Any:
        return None if any(value is None for value in values) else function(*values)

    return call


# --- comparison ------------------------------------------------------------------------------------------------------


def _paired(types: Types, left: Any, right: Any) -> tuple[Any, Any]:
    """Both sides in one family: numbers beside a real are reals, a dynamic is read as what stands beside it."""
    if types[0] == "dynamic":
        return dynamics.beside(left, types[1]), right
    if types[1] == "dynamic":
        return left, dynamics.beside(right, types[0])
    if "real" in types:
        return (None if side is None else float(side) for side in (left, right))  # type: ignore[return-value]
    return as_number(left), as_number(right)


def equals(types: Types, left: Any, right: Any) -> bool | None:
    a, b = _paired(types, left, right)
    if a is None and b is None:
        return None
    if a is None or b is None:
        return False
    return bool(a == b)


def _negated(value: bool | None) -> bool | None:
    return None if value is None else not value


def _ordered(compare: Callable[[Any, Any], bool]) -> Scalar:
    def call(types: Types, left: Any, right: Any) -> bool | None:
        a, b = _paired(types, left, right)
        return None if a is None or b is None else bool(compare(a, b))

    return call


_LESS, _AT_MOST = _ordered(lambda a, b: a < b), _ordered(lambda a, b: a <= b)
_MORE, _AT_LEAST = _ordered(lambda a, b: a > b), _ordered(lambda a, b: a >= b)


def _and(_: Types, left: bool | None, right: bool | None) -> bool | None:
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def _or(_: Types, left: bool | None, right: bool | None) -> bool | None:
    if left is True or right is True:
        return True
    return None if left is None or right is None else False


def _bounds(types: Types, low: Any, high: Any) -> Any:
    if types[1:] == ("datetime", "timespan"):
        return None if low is None or high is None else instants.moved(low, high)
    return high


def _between(types: Types, value: Any, low: Any, high: Any) -> bool | None:
    top = _bounds(types, low, high)
    kind = "datetime" if types[2] == "timespan" and types[0] == "datetime" else types[2]
    return _and((), _AT_LEAST(types[:2], value, low), _AT_MOST((types[0], kind), value, top))


def _not_between(types: Types, value: Any, low: Any, high: Any) -> bool | None:
    top = _bounds(types, low, high)
    kind = "datetime" if types[2] == "timespan" and types[0] == "datetime" else types[2]
    return _or((), _LESS(types[:2], value, low), _MORE((types[0], kind), value, top))


def _in(types: Types, value: Any, *items: Any) -> bool | None:
    """An or of ==; the elements of an array count one by one."""
    found: bool | None = False
    for type_, item in zip(types[1:], items, strict=True):
        if type_ == "dynamic":
            same: bool | None = any(dynamics.beside(e, types[0]) == value and value is not None for e in item)
        else:
            same = equals((types[0], type_), value, item)
        found = _or((), found, same)
    return found


def _in_any_case(_: Types, value: str, *items: str) -> bool:
    return texts.lower(value) in [texts.lower(item) for item in items]


def _has_each(types: Types, value: str, *items: Any) -> list[bool]:
    return [texts.search("has", value, item) for item in items]


def _searching(name: str) -> Scalar:
    """A test of text; a dynamic is its text."""
    return lambda types, left, right: texts.search(name, text_of(left, types[0]), text_of(right, types[1]))


# --- arithmetic ------------------------------------------------------------------------------------------------------


def _add(types: Types, left: Any, right: Any) -> Any:
    if left is None or right is None:
        return None
    if "datetime" in types:
        return instants.moved(left, right) if types[0] == "datetime" else instants.moved(right, left)
    return wrapped(left + right) if "real" not in types and types[0] in ("int", "long") else left + right


def _subtract(types: Types, left: Any, right: Any) -> Any:
    if left is None or right is None:
        return None
    if types == ("datetime", "timespan"):
        return instants.moved(left, -right)
    return wrapped(left - right) if _whole(types) else left - right


def _whole(types: Types) -> bool:
    return all(type_ in ("int", "long") for type_ in types)


def _multiply(types: Types, left: Any, right: Any) -> Any:
    if left is None or right is None:
        return None
    if "timespan" in types:
        return instants.scaled(left, right) if types[0] == "timespan" else instants.scaled(right, left)
    return wrapped(left * right) if _whole(types) else left * right


def _divide(types: Types, left: Any, right: Any) -> Any:
    """Whole numbers are cut toward zero and give null for x / 0; reals follow IEEE 754."""
    if left is None or right is None:
        return None
    if _whole(types):
        quotient = None if right == 0 else abs(left) // abs(right)
        return None if quotient is None else wrapped(quotient if (left < 0) is (right < 0) else -quotient)
    if types == ("timespan", "timespan"):
        return _ieee(left // MICROSECOND, right // MICROSECOND)
    return _ieee(float(left), float(right))


def _ieee(left: float, right: float) -> float:
    if right != 0:
        return left / right
    return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left)


def _modulo(_: Types, left: Any, right: Any) -> Any:
    """Never negative; null for x % 0."""
    if left is None or right is None or right == type(right)(0):
        return None
    if isinstance(left, datetime):
        left = left - datetime(1, 1, 1, tzinfo=left.tzinfo)
    return left % abs(right)


def _bin(types: Types, value: Any, size: Any) -> Any:
    if value is None or size is None:
        return None
    if isinstance(value, datetime):
        return instants.bin_datetime(value, size)
    if isinstance(value, timedelta):
        return instants.bin_timespan(value, size)
    if size <= 0:
        return None
    if not isinstance(value, float) and not isinstance(size, float):
        return wrapped(value // size * size)
    return math.floor(value / size) * float(size) if math.isfinite(value) else value


def _round(_: Types, value: float | None, digits: int = 0) -> float | None:
    """Half away from zero."""
    if value is None or not math.isfinite(value):
        return value
    scale = 10.0**digits
    return math.copysign(math.floor(abs(value) * scale + 0.5) / scale, value)


def _sqrt(value: float) -> float | None:
    """Null of a negative number."""
    return None if value < 0 else math.sqrt(value)


def _shift(left: bool) -> Callable[[int, int], int]:
    def call(value: int, places: int) -> int:
        return wrapped(value << (places % 64)) if left else value >> (places % 64)

    return call


# --- choices and tests -----------------------------------------------------------------------------------------------


def _iff(_: Types, condition: bool | None, then: Any, otherwise: Any) -> Any:
    return then if condition else otherwise


def _case(_: Types, *args: Any) -> Any:
    for condition, value in zip(args[:-1:2], args[1::2], strict=True):
        if condition:
            return value
    return args[-1]


def _coalesce(types: Types, *values: Any) -> Any:
    empty = null_of(types[0])
    return next((value for value in values if value is not None and value != empty), empty)


def _extreme(pick: Callable[..., Any]) -> Scalar:
    def call(_: Types, *values: Any) -> Any:
        present = [value for value in values if value is not None]
        return pick(present) if present else None

    return call


def _is_empty(_: Types, value: Any) -> bool:
    return value is None or value == ""


# --- conversions -----------------------------------------------------------------------------------------------------


def _to(type_: str) -> Scalar:
    def call(types: Types, value: Any) -> Any:
        if types[0] == "string":
            return texts.read_text(value, type_)
        if types[0] == "dynamic":
            return dynamics.convert(value, type_)
        return None if value is None else _to_number(value, type_)

    return call


def _to_number(value: Any, type_: str) -> Any:
    if type_ == "bool":
        return bool(value != 0)
    if type_ == "real":
        return float(value)
    if isinstance(value, datetime):
        value = (value - datetime(1, 1, 1, tzinfo=value.tzinfo)) // MICROSECOND * 10
    if isinstance(value, float) and not math.isfinite(value):
        return None
    limit = 2**63 if type_ == "long" else 2**31
    return int(value) if -limit <= int(value) < limit else None


def _strcat(types: Types, *values: Any) -> str:
    return "".join(text_of(value, type_) for type_, value in zip(types, values, strict=True))


def _strcat_delim(types: Types, delimiter: str, *values: Any) -> str:
    return delimiter.join(text_of(value, type_) for type_, value in zip(types[1:], values, strict=True))


def _pack(types: Types, *values: Any) -> list[Any]:
    return [to_json(value, type_) for type_, value in zip(types, values, strict=True)]


def _bag_pack(types: Types, *values: Any) -> dict[str, Any]:
    return dict(zip(values[::2], _pack(types[1::2], *values[1::2]), strict=True))


def _arrays(function: Callable[..., Any]) -> Scalar:
    """Null where the first argument is no array."""

    def call(_: Types, value: Any, *more: Any) -> Any:
        return function(value, *more) if isinstance(value, list) else None

    return call


def _array_concat(_: Types, *values: Any) -> Any:
    return [e for value in values for e in value] if all(isinstance(v, list) for v in values) else None


def _has_element(_: Types, value: Any, wanted: Any) -> bool | None:
    return any(json_text(e) == json_text(wanted) for e in value) if isinstance(value, list) else None


def _strcmp(left: str, right: str) -> int:
    return (left > right) - (left < right)


_SIMPLE: Final[Mapping[str, Callable[..., Any]]] = {
    "unary-": lambda v: wrapped(-v) if isinstance(v, int) else -v,
    "not": lambda v: not v,
    "abs": lambda v: wrapped(abs(v)) if isinstance(v, int) else abs(v),
    "sign": lambda v: (v > 0) - (v < 0),
    "sqrt": _sqrt,
    "binary_and": lambda a, b: a & b,
    "binary_or": lambda a, b: a | b,
    "binary_xor": lambda a, b: a ^ b,
    "binary_not": lambda a: ~a,
    "binary_shift_left": _shift(left=True),
    "binary_shift_right": _shift(left=False),
    "strlen": len,
    "string_size": lambda v: len(v.encode()),
    "toupper": texts.upper,
    "tolower": texts.lower,
    "reverse": lambda v: v[::-1],
    "substring": texts.substring,
    "indexof": lambda v, wanted: v.find(wanted),
    "countof": texts.countof,
    "strcmp": _strcmp,
    "replace_string": lambda v, old, new: v.replace(old, new),
    "strrep": lambda v, times: v * times,
    "split": texts.split,
    "extract": texts.extract,
    "extract_all": texts.extract_all,
    "trim": texts.trim,
    "trim_start": lambda p, v: texts.trim(p, v, end=False),
    "trim_end": lambda p, v: texts.trim(p, v, start=False),
    "base64_encode_tostring": texts.base64_encoded,
    "todynamic": dynamics.parse,
    "startofday": lambda t, n=0: instants.start_of("day", t, n),
    "startofweek": lambda t, n=0: instants.start_of("week", t, n),
    "startofmonth": lambda t, n=0: instants.start_of("month", t, n),
    "startofyear": lambda t, n=0: instants.start_of("year", t, n),
    "endofday": lambda t, n=0: instants.end_of("day", t, n),
    "endofweek": lambda t, n=0: instants.end_of("week", t, n),
    "endofmonth": lambda t, n=0: instants.end_of("month", t, n),
    "endofyear": lambda t, n=0: instants.end_of("year", t, n),
    "dayofweek": instants.day_of_week,
    "dayofmonth": lambda t: t.day,
    "dayofyear": lambda t: t.timetuple().tm_yday,
    "hourofday": lambda t: t.hour,
    "getyear": lambda t: t.year,
    "getmonth": lambda t: t.month,
    "datetime_add": instants.datetime_add,
    "datetime_diff": instants.datetime_diff,
    "datetime_part": instants.datetime_part,
    "unixtime_seconds_todatetime": instants.from_unix_seconds,
    "make_datetime": instants.make_datetime,
}
_DYNAMIC: Final[Mapping[str, Scalar]] = {
    ".": lambda _, value, key: dynamics.member(value, key),
    "[]": lambda _, value, index: dynamics.element(value, index),
    "array_length": _arrays(len),
    "array_reverse": _arrays(lambda v: v[::-1]),
    "array_slice": _arrays(dynamics.array_slice),
    "array_concat": _array_concat,
    "array_index_of": _arrays(
        lambda v, wanted: next((n for n, e in enumerate(v) if json_text(e) == json_text(wanted)), -1)
    ),
    "bag_keys": lambda _, value: list(value) if isinstance(value, dict) else None,
    "bag_has_key": lambda _, value, key: key in value if isinstance(value, dict) else None,
    "set_difference": lambda _, a, b: dynamics.set_difference(a, b),
    "set_intersect": lambda _, a, b: dynamics.set_intersect(a, b),
    "set_union": lambda _, a, b: dynamics.set_union(a, b),
    "set_has_element": _has_element,
    "gettype": lambda types, value: dynamics.kind(value) if types[0] == "dynamic" else types[0],
    "pack_array": _pack,
    "bag_pack": _bag_pack,
}
_OWN: Final[Mapping[str, Scalar]] = {
    "==": equals,
    "!=": lambda types, a, b: _negated(equals(types, a, b)),
    "<": _LESS,
    "<=": _AT_MOST,
    ">": _MORE,
    ">=": _AT_LEAST,
    "=~": lambda _, a, b: texts.lower(a) == texts.lower(b),
    "!~": lambda _, a, b: texts.lower(a) != texts.lower(b),
    "and": _and,
    "or": _or,
    "between": _between,
    "!between": _not_between,
    "in": _in,
    "!in": lambda types, *values: _negated(_in(types, *values)),
    "in~": _in_any_case,
    "!in~": lambda types, *values: not _in_any_case(types, *values),
    "has_any": lambda types, *values: any(_has_each(types, *values)),
    "has_all": lambda types, *values: all(_has_each(types, *values)),
    "matches regex": lambda _, text, pattern: re.search(pattern, text, re.ASCII) is not None,
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "%": _modulo,
    "bin": _bin,
    "round": _round,
    "ceiling": lambda _, v: v if v is None or not math.isfinite(v) else float(math.ceil(v)),
    "iff": _iff,
    "case": _case,
    "coalesce": _coalesce,
    "max_of": _extreme(max),
    "min_of": _extreme(min),
    "isnull": lambda _, v: v is None,
    "isnotnull": lambda _, v: v is not None,
    "isempty": _is_empty,
    "isnotempty": lambda types, v: not _is_empty(types, v),
    "isnan": lambda _, v: v is not None and math.isnan(v),
    "isinf": lambda _, v: v is not None and math.isinf(v),
    "isfinite": lambda _, v: v is not None and math.isfinite(v),
    "tostring": lambda types, v: text_of(v, types[0]),
    "tolong": _to("long"),
    "toint": _to("int"),
    "toreal": _to("real"),
    "tobool": _to("bool"),
    "todatetime": _to("datetime"),
    "totimespan": _to("timespan"),
    "toguid": _to("guid"),
    "strcat": _strcat,
    "strcat_delim": _strcat_delim,
    "format_datetime": lambda _, t, pattern: "" if t is None else instants.format_datetime(t, pattern),
}
FUNCTIONS: Final[Mapping[str, Scalar]] = {
    **{name: strict(function) for name, function in _SIMPLE.items()},
    **_DYNAMIC,
    **_OWN,
    **{name: _searching(name) for name in texts.SEARCHES},
}


def promoted(value: Any, from_: str, to: str) -> Any:
    """A number in the wider type of its neighbours."""
    if value is None or from_ == to or to not in NUMBERS:
        return value
    return float(value) if to == "real" else value
