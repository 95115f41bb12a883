"""Reading datetimes, timespans and their ticks out of text and numbers, for both engines."""

from bluetick.functions.scalar import regex
from bluetick.functions.scalar.text_form import MICROS_PER_DAY
from bluetick.sql.tree import Bare, Binary, Case, Cast, Expr, call, coalesce, long, text
from bluetick.types import Type

TICKS_AT_EPOCH = 621_355_968_000_000_000  # 100 ns units from year 1 to 1970

# What ISO parsing leaves over, in the order they are tried: US order as .NET reads it, then RFC 822, 850 and asctime.
_FORMATS_DUCKDB = (
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M:%S.%f %p",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S.%f",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y",
    "%m-%d-%Y %H:%M:%S",
    "%m-%d-%Y",
    "%a, %d %b %Y %H:%M:%S GMT",
    "%a, %d %b %Y %H:%M:%S UTC",
    "%a, %d %b %y %H:%M:%S GMT",
    "%d %b %Y %H:%M:%S",
    "%A, %d-%b-%y %H:%M:%S GMT",
    "%a %b %d %H:%M:%S %Y",
)
_FORMATS_SPARK = (
    "M/d/yyyy h:mm:ss a",
    "M/d/yyyy h:mm:ss.SSSSSS a",
    "M/d/yyyy h:mm a",
    "M/d/yyyy H:mm:ss",
    "M/d/yyyy H:mm:ss.SSSSSS",
    "M/d/yyyy H:mm",
    "M/d/yyyy",
    "M-d-yyyy H:mm:ss",
    "M-d-yyyy",
    "d MMM yyyy HH:mm:ss",
)


def _starts_with_digit(value: Expr) -> Expr:
    """Keeps words that only the engine reads as an instant ('epoch', 'infinity', 'now') away from its cast."""
    return Binary("AND", Binary(">=", value, text("0")), Binary("<", value, text(":")))


# What may stand behind a date: no zone is further from UTC than 18 hours. DuckDB would believe any, Spark does not.
CLOCK_AND_ZONE = r"[^+-]*(?:[A-Za-z][+-].*|[+-](?:0\d|1[0-7])(?::?[0-5]\d(?::?[0-5]\d)?)?|[+-]18(?::?00(?::?00)?)?)?"


def parse_datetime_duckdb(value: Expr) -> Expr:
    """The instant in UTC that a text names, or null. The session's time zone is UTC."""
    trimmed = call("trim", value)
    # Three times faster than with a zone, but an offset would be ignored; a date's own dashes end before place 11.
    behind_date = call("substring", trimmed, Bare(11))
    has_offset = Binary("OR", call("contains", trimmed, text("+")), call("contains", behind_date, text("-")))
    is_zone = call("regexp_full_match", behind_date, text(CLOCK_AND_ZONE))
    with_offset = Case(((is_zone, Cast(Cast(trimmed, "TIMESTAMPTZ", safe=True), "TIMESTAMP")),))
    iso = Case(((has_offset, with_offset),), Cast(trimmed, "TIMESTAMP", safe=True))
    formats = call("list_value", *(text(f) for f in _FORMATS_DUCKDB))
    has_digit = call("regexp_matches", trimmed, text("[0-9]"))
    other = Case(((has_digit, call("try_strptime", trimmed, formats)),))
    return coalesce(Case(((_starts_with_digit(trimmed), iso),)), other)


def parse_datetime_spark(value: Expr) -> Expr:
    trimmed = call("trim", value)
    # Spark reads a bare year or year-month as an instant; KQL does not.
    iso = Case(((call("rlike", trimmed, text("^[0-9]+-[0-9]+-[0-9]+")), Cast(trimmed, Type.DATETIME, safe=True)),))
    # Spark's patterns refuse names of week days: they are cut off first.
    dated = call("regexp_replace", trimmed, text("^[A-Za-z]+, | (?:GMT|UTC)\\z"), text(""))
    others = (call("try_to_timestamp", dated, text(f)) for f in _FORMATS_SPARK)
    return coalesce(iso, *others)


def ticks_of_timespan(micros: Expr) -> Expr:
    return Binary("*", micros, long(10))


def ticks_of_datetime(micros: Expr) -> Expr:
    return Binary("+", Binary("*", micros, long(10)), long(TICKS_AT_EPOCH))


_CLOCK = r"^\s*(-?)(?:(\d{1,8})\.)?([01]?\d|2[0-3]):([0-5]?\d)(?::([0-5]?\d)(?:\.(\d{1,7}))?)?\s*$"
_QUANTITY = (
    r"^\s*(-?\d+(?:\.\d+)?)\s*(d|days?|h|hours?|hrs?|m|min|minutes?|s|sec|seconds?|"
    r"ms|milliseconds?|microseconds?|ticks?)?\s*$"
)
_UNIT_MICROS = (
    ("d", float(MICROS_PER_DAY)),
    ("h", 3_600_000_000.0),
    ("ms", 1_000.0),
    ("mil", 1_000.0),
    ("mic", 1.0),
    ("m", 60_000_000.0),
    ("s", 1_000_000.0),
    ("t", 0.1),
)


def parse_timespan(value: Expr, starts_with: str) -> Expr:
    """Microseconds of '[-][d.]hh:mm[:ss[.fffffff]]', of a number with a unit, or of a bare number of days."""

    def number(group: int) -> Expr:
        found = call("regexp_extract", value, text(regex.own(_CLOCK)), Bare(group))
        return coalesce(Cast(found, Type.LONG, safe=True), long(0))

    fraction = call("rpad", call("regexp_extract", value, text(regex.own(_CLOCK)), Bare(6)), Bare(7), text("0"))
    clock = _sum(
        Binary("*", number(2), long(MICROS_PER_DAY)),
        Binary("*", number(3), long(3_600_000_000)),
        Binary("*", number(4), long(60_000_000)),
        Binary("*", number(5), long(1_000_000)),
        Binary("//", Cast(fraction, Type.LONG), long(10)),
    )
    is_negative = Binary("=", call("regexp_extract", value, text(regex.own(_CLOCK)), Bare(1)), text("-"))
    signed = Case(((is_negative, Binary("-", long(0), clock)),), clock)
    return Case(
        (
            (_matches(value, _CLOCK), signed),
            (_matches(value, _QUANTITY), _quantity(value, starts_with)),
        )
    )


def _quantity(value: Expr, starts_with: str) -> Expr:
    amount = Cast(call("regexp_extract", value, text(regex.own(_QUANTITY)), Bare(1)), Type.REAL, safe=True)
    unit = call("regexp_extract", value, text(regex.own(_QUANTITY)), Bare(2))

    def micros(factor: float) -> Expr:
        return Cast(call("round", Binary("*", amount, Cast(text(repr(factor)), Type.REAL))), Type.LONG, safe=True)

    whens = tuple((call(starts_with, unit, text(prefix)), micros(factor)) for prefix, factor in _UNIT_MICROS)
    return Case(whens, micros(float(MICROS_PER_DAY)))


def _matches(value: Expr, pattern: str) -> Expr:
    """A match without an engine's own predicate: the whole pattern is anchored and never matches nothing."""
    return Binary("<>", call("regexp_extract", value, text(regex.own(pattern)), Bare(0)), text(""))


def _sum(first: Expr, *rest: Expr) -> Expr:
    total = first
    for term in rest:
        total = Binary("+", total, term)
    return total
