"""What a call may look like: name, argument kinds, result type. A kind is a type, or a pool of constants with '='."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from generated.reference.instants import FORMATS
from generated.reference.texts import SEARCHES
from generated.tables import at


@dataclass(frozen=True, slots=True)
class Shape:
    name: str
    kinds: tuple[str, ...]
    result: str
    weight: int = 1


_PATTERNS: Final = ("a", "^a", "[0-9]+", "b$", "(?i)foo", "o{2}", "^$", "a.b", "[^a-z]", "x=([0-9]+)", "cmd|bar", "\\.")

# pool -> (type, values)
CONSTANTS: Final[Mapping[str, tuple[str, tuple[Any, ...]]]] = {
    "needle": (
        "string",
        (
            *("", "a", "A", "b", "bar", "FOO", "foo", "abc", "oob", "cmd", "exe", ".exe", "é", "CAFÉ", "ß", "1", "10"),
            *("a_b", "%", "_", "a.b", "-", "=", "x=", " ", "B", "ab", "\\", "i", "Win", "éx", "z", "0", "."),
        ),
    ),
    "confusable": (
        "string",
        ("foo", "foo", "FOO", "FOO", "Foo", "bar", "BAR", "Bar", "foo bar", "o", "é", "É", "", "oo", "1", ".foo"),
    ),
    "pattern": ("string", _PATTERNS),
    "cut": ("string", (" ", "[0-9]", "a", "[a-z]", "[^a-z]+", "\\.")),
    "group": ("string", ("([a-z]+)", "([0-9]+)", "x=([^;]*)", "(a)(b)", "^(.)")),
    "format": ("string", FORMATS),
    "key": ("string", ("a", "b", "c")),
    "shift": ("long", (0, 1, 2, 33)),
    "times": ("long", (0, 1, 3)),
    "index": ("long", (0, 1, -1, 2, -3, 7)),
    "start": ("long", (0, 1, -1, 2, -2, 5, -9, 40)),
    "length": ("long", (0, 1, 2, 10)),
    "digits": ("long", (0, 1, 2)),
    "offset": ("long", (0, 1, -1, 13)),
    "one": ("long", (1,)),
    "zero": ("long", (0,)),
    "bin": ("long", (1, 2, 7, 10, 0, -1)),
    "realbin": ("real", (0.5, 1.0, 2.5)),
    "span": (
        "timespan",
        tuple(
            timedelta(**kwargs) for kwargs in ({"hours": 1}, {"days": 1}, {"days": 7}, {"minutes": 7}, {"seconds": 0.5})
        ),
    ),
    "ago": (
        "timespan",
        (timedelta(hours=1), timedelta(days=1), timedelta(days=-1), timedelta(0), timedelta(minutes=90)),
    ),
    # No week: its difference is a real, and the type of a shape does not hang on an argument.
    "part": ("string", ("year", "quarter", "month", "day", "day", "hour", "minute", "second", "millisecond")),
    "addpart": ("string", ("year", "quarter", *("month",) * 4, "week", "day", "hour", "minute", "second")),
    "datepart": (
        "string",
        ("year", "quarter", "month", "week_of_year", "day", "dayOfYear", "hour", "minute", "second", "millisecond"),
    ),
    "seconds": ("long", (0, 1_700_000_000, -1, 86_400, 951_782_400)),
    "year": ("long", (2024, 2023, 1900, 0)),
    "month": ("long", (1, 2, 12, 13)),
    "day": ("long", (1, 28, 29, 31)),
    "item": ("dynamic", (1, "a", "x", "10", None, True)),
    "array": ("dynamic", ([1, 2], ["a", "x"], [], ["x", "10", "abc"], [3, 1])),
    "longs": ("dynamic", ([1, 2, 3], [7], [])),
    "texts": ("dynamic", (["a", "abc"], ["", "bar"], ["foo bar"])),
    "spantext": ("string", ("1.02:03:04", "00:00:01.5", "-1.00:00:00", "25:00:00", "x", "", "12:34:56", "3")),
    "name": ("string", ("a", "b")),
    "other": ("string", ("c", "d e")),
    "epoch": ("datetime", (at(2024, 1, 1), at(2024, 3, 1), at(1970, 1, 1))),
}

_NUMBER_PAIRS = (
    *(("long", "long"), ("int", "long"), ("real", "real"), ("long", "real"), ("real", "long"), ("int", "int")),
    *(("int", "real"), ("decimal", "decimal")),
)
_SAME = ("string", "bool", "datetime", "timespan", "guid")
_ANY = ("string", "long", "int", "real", "bool", "datetime", "timespan", "guid", "decimal", "dynamic")


def _comparisons() -> list[Shape]:
    found = [Shape(name, pair, "bool", 2) for pair in _NUMBER_PAIRS for name in ("==", "!=", "<", "<=", ">", ">=")]
    found += [Shape(name, (type_, type_), "bool", 3) for type_ in _SAME for name in ("==", "!=")]
    found += [
        Shape(name, (type_, type_), "bool", 2) for type_ in ("datetime", "timespan") for name in ("<", "<=", ">", ">=")
    ]
    found += [Shape(name, ("dynamic", other), "bool", 2) for other in ("=needle", "long") for name in ("==", "!=")]
    found += [Shape(name, ("dynamic", "long"), "bool") for name in ("<", "<=", ">", ">=")]
    return found


def _text_tests() -> list[Shape]:
    found = [Shape(name, ("text", "=confusable"), "bool", 8) for name in SEARCHES]
    found += [Shape(name, ("string", "=needle"), "bool", 3) for name in SEARCHES]
    found += [Shape(name, ("text", "text"), "bool") for name in SEARCHES]
    found += [Shape(name, ("dynamic", "=needle"), "bool") for name in ("has", "contains", "startswith", "!has")]
    found += [
        Shape(name, ("text", other), "bool", 5)
        for name in ("=~", "!~", "==", "!=")
        for other in ("=confusable", "text")
    ]
    found.append(Shape("matches regex", ("string", "=pattern"), "bool", 6))
    for name in ("in", "!in"):
        found.append(Shape(name, ("text", "=confusable", "=confusable", "=confusable"), "bool", 6))
        found.append(Shape(name, ("long", "long", "=bin", "=times"), "bool", 4))
        found.append(Shape(name, ("long", "=longs"), "bool", 2))
        found.append(Shape(name, ("string", "=texts"), "bool", 2))
        found.append(Shape(name, ("datetime", "datetime", "=epoch"), "bool", 2))
        found.append(Shape(name, ("dynamic", "=needle", "=needle"), "bool", 2))
    found += [Shape(name, ("text", "=confusable", "=confusable", "=confusable"), "bool", 6) for name in ("in~", "!in~")]
    found += [Shape(name, ("text", "=confusable", "=confusable"), "bool", 6) for name in ("has_any", "has_all")]
    return found


def _logic() -> list[Shape]:
    found = [Shape(name, ("bool", "bool"), "bool", 12) for name in ("and", "or")]
    found.append(Shape("not", ("bool",), "bool", 12))
    for name in ("between", "!between"):
        found += [Shape(name, (t, t, t), "bool", 3) for t in ("long", "int", "real", "datetime", "timespan")]
        found.append(Shape(name, ("datetime", "datetime", "=span"), "bool", 3))
    for name in ("isnull", "isnotnull", "isempty", "isnotempty"):
        found += [Shape(name, (type_,), "bool") for type_ in (*_ANY, "text", "text", "text")]
    found += [Shape(name, ("real",), "bool", 2) for name in ("isnan", "isinf", "isfinite")]
    found += [Shape("tobool", (type_,), "bool") for type_ in ("string", "long", "dynamic")]
    found.append(Shape("set_has_element", ("dynamic", "=item"), "bool"))
    found.append(Shape("bag_has_key", ("dynamic", "=key"), "bool"))
    return found


def _choices() -> list[Shape]:
    found = []
    for type_ in _ANY:
        found.append(Shape("iff", ("bool", type_, type_), type_, 3))
        found.append(Shape("case", ("bool", type_, "bool", type_, type_), type_, 2))
    found += [Shape("coalesce", (type_, type_), type_, 2) for type_ in _ANY if type_ != "dynamic"]
    found.append(Shape("coalesce", ("text", "text"), "string", 4))
    for name in ("max_of", "min_of"):
        found += [Shape(name, (type_, type_), type_, 2) for type_ in ("long", "datetime", "timespan")]
        found.append(Shape(name, ("long", "long", "long"), "long"))
    return found


def _arithmetic() -> list[Shape]:
    found = [Shape(n, ("long", "long"), "long", 3) for n in ("+", "-", "*", "/", "%")]
    found += [
        Shape(n, pair, "long", 2) for n in ("+", "-", "*", "/", "%") for pair in (("int", "int"), ("int", "long"))
    ]
    found += [Shape(n, pair, "real") for n in ("+", "-", "*", "/") for pair in (("real", "real"), ("real", "long"))]
    found += [Shape("+", ("decimal", "decimal"), "decimal", 2), Shape("-", ("decimal", "decimal"), "decimal", 2)]
    found += [Shape("+", ("datetime", "timespan"), "datetime", 3), Shape("-", ("datetime", "timespan"), "datetime", 3)]
    found += [Shape("-", ("datetime", "datetime"), "timespan", 3), Shape("%", ("timespan", "timespan"), "timespan")]
    found += [Shape("+", ("timespan", "timespan"), "timespan", 2), Shape("-", ("timespan", "timespan"), "timespan", 2)]
    found += [Shape("*", ("timespan", "=times"), "timespan"), Shape("/", ("timespan", "timespan"), "real", 2)]
    found += [Shape("unary-", (type_,), type_) for type_ in ("long", "real", "timespan")]
    found += [Shape("abs", (type_,), type_) for type_ in ("long", "real")]
    found += [Shape("bin", ("long", "=bin"), "long", 3), Shape("bin", ("real", "=realbin"), "real", 2)]
    found += [Shape("bin", ("int", "=bin"), "long"), Shape("bin", ("timespan", "=span"), "timespan", 2)]
    found += [Shape("bin", ("datetime", "=span"), "datetime", 6), Shape("round", ("real",), "real")]
    found += [
        Shape("round", ("real", "=digits"), "real"),
        Shape("ceiling", ("real",), "real"),
        Shape("sqrt", ("real",), "real"),
    ]
    found += [Shape(n, ("long", "long"), "long") for n in ("binary_and", "binary_or", "binary_xor")]
    found += [Shape(n, ("long", "=shift"), "long") for n in ("binary_shift_left", "binary_shift_right")]
    return [*found, Shape("binary_not", ("long",), "long")]


def _texts() -> list[Shape]:
    found = [Shape("tostring", (type_,), "string", 2) for type_ in _ANY]
    found += [
        Shape("strcat", ("string", "=needle", other), "string") for other in ("long", "bool", "string", "dynamic")
    ]
    found += [Shape("strcat_delim", ("=other", "string", "long"), "string")]
    found += [Shape(n, ("string",), "string", 2) for n in ("tolower", "reverse", "base64_encode_tostring")]
    found.append(Shape("toupper", ("plain",), "string", 2))
    found += [
        Shape("substring", ("string", "=start"), "string", 2),
        Shape("substring", ("string", "=start", "=length"), "string", 3),
    ]
    found += [
        Shape("replace_string", ("string", "=name", "=other"), "string", 2),
        Shape("strrep", ("string", "=times"), "string"),
    ]
    found += [Shape(n, ("=cut", "string"), "string", 2) for n in ("trim", "trim_start", "trim_end")]
    found += [
        Shape("extract", ("=group", "=one", "string"), "string", 2),
        Shape("extract", ("=group", "=zero", "string"), "string"),
    ]
    found += [
        Shape("format_datetime", ("datetime", "=format"), "string", 2),
        Shape("gettype", ("dynamic",), "string", 2),
    ]
    found += [Shape(n, ("string",), "long", 2) for n in ("strlen", "string_size")]
    found += [Shape("indexof", ("string", "=needle"), "long", 2), Shape("countof", ("string", "=name"), "long", 2)]
    found += [Shape("strcmp", ("string", "string"), "long")]
    found += [Shape("tolong", (type_,), "long") for type_ in ("string", "real", "int", "bool", "dynamic")]
    found += [Shape("toint", (type_,), "int") for type_ in ("string", "long", "dynamic")]
    found += [Shape("toreal", (type_,), "real") for type_ in ("string", "long", "dynamic", "bool")]
    found.append(Shape("totimespan", ("=spantext",), "timespan"))
    return [*found, Shape("todatetime", ("string",), "datetime", 2), Shape("toguid", ("string",), "guid")]


def _instants() -> list[Shape]:
    found = []
    for unit in ("day", "week", "month", "year"):
        for edge in ("startof", "endof"):
            found.append(Shape(f"{edge}{unit}", ("datetime",), "datetime"))
            found.append(Shape(f"{edge}{unit}", ("datetime", "=offset"), "datetime"))
    found += [Shape("ago", ("=ago",), "datetime", 5), Shape("now", (), "datetime", 2)]
    found += [Shape("datetime_add", ("=addpart", "=offset", "datetime"), "datetime", 3)]
    found += [Shape("unixtime_seconds_todatetime", ("=seconds",), "datetime")]
    found += [Shape("make_datetime", ("=year", "=month", "=day"), "datetime")]
    found += [Shape("dayofweek", ("datetime",), "timespan", 2)]
    found += [Shape(n, ("datetime",), "long") for n in ("dayofmonth", "dayofyear", "hourofday", "getyear", "getmonth")]
    found += [Shape("datetime_diff", ("=part", "datetime", "datetime"), "long", 4)]
    return [*found, Shape("datetime_part", ("=datepart", "datetime"), "long", 3)]


def _dynamics() -> list[Shape]:
    found = [Shape(".", ("path", "=key"), "dynamic", 8), Shape("[]", ("path", "=index"), "dynamic", 5)]
    found += [Shape("todynamic", ("string",), "dynamic", 2), Shape("split", ("string", "=other"), "dynamic")]
    found += [
        Shape("pack_array", (a, b), "dynamic") for a, b in (("long", "string"), ("real", "bool"), ("datetime", "guid"))
    ]
    found += [
        Shape("bag_pack", ("=name", a, "=other", b), "dynamic")
        for a, b in (("long", "string"), ("timespan", "dynamic"))
    ]
    found += [Shape(n, ("dynamic", "=array"), "dynamic") for n in ("set_difference", "set_intersect", "set_union")]
    found += [Shape("array_concat", ("dynamic", "=array"), "dynamic"), Shape("array_reverse", ("dynamic",), "dynamic")]
    found += [
        Shape("array_slice", ("dynamic", "=index", "=index"), "dynamic"),
        Shape("bag_keys", ("dynamic",), "dynamic"),
    ]
    found += [Shape("array_length", ("dynamic",), "long", 4), Shape("array_index_of", ("dynamic", "=item"), "long")]
    return [*found, Shape("extract_all", ("=group", "string"), "dynamic")]


SHAPES: Final = (
    *_comparisons(),
    *_text_tests(),
    *_logic(),
    *_choices(),
    *_arithmetic(),
    *_texts(),
    *_instants(),
    *_dynamics(),
)
