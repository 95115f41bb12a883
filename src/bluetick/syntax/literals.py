"""The values of literals: strings, numbers, and the typed forms such as datetime(...) and guid(...)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from bluetick.syntax.expressions import LiteralValue
from bluetick.types import ALIASES, Type

LONG_MAX = 2**63 - 1
_TIMESPAN_LIMIT = 2**63 // 10  # Kusto counts ticks of 100 ns in 64 bits; we count microseconds


class LiteralProblem(ValueError):
    """The text is no literal of its type; `out_of_range` where only its size is wrong."""

    def __init__(self, out_of_range: bool = False) -> None:
        super().__init__()
        self.out_of_range = out_of_range


class EscapeProblem(ValueError):
    """An escape that KQL does not know, at an offset of the token."""

    def __init__(self, offset: int, escape: str) -> None:
        super().__init__()
        self.offset = offset
        self.escape = escape


# --- strings -------------------------------------------------------------------------------------------------

_ESCAPE = re.compile(r"\\(?:([abfnrtv'\"\\])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|(.))")
_PLAIN = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "'": "'",
    '"': '"',
    "\\": "\\",
}
_SMART = "“”„‘’‚"


def decode_string(text: str) -> str:
    """The value of one string token, whichever of the quoted forms it has. Raises EscapeProblem."""
    body = text[1:] if text[0] in "hH" else text
    if body.startswith(("```", "~~~")):
        return body[3:-3] if len(body) >= 6 and body.endswith(body[:3]) else body[3:]
    if body[0] == "@":
        quote = body[1]
        return _unquote(body[1:]).replace(quote * 2, quote)
    if body[0] in _SMART:
        return body.strip(_SMART)
    inner = _unquote(body)
    return _unescape(inner, len(text) - len(body) + 1) if "\\" in inner else inner


def _unquote(body: str) -> str:
    return body[1:-1] if len(body) > 1 and body[-1] == body[0] else body[1:]


def _unescape(inner: str, offset: int) -> str:
    def replace(match: re.Match[str]) -> str:
        plain, two, four, eight, octal, _ = match.groups()
        if plain in _PLAIN:
            return _PLAIN[plain]
        digits = two or four or eight
        number = int(digits, 16) if digits else int(octal, 8) if octal else -1
        if not 0 <= number <= 0x10FFFF or (octal and number > 0o377):
            raise EscapeProblem(offset + match.start(), match.group())
        return chr(number)

    value = _ESCAPE.sub(replace, inner)
    if any("\ud800" <= character <= "\udfff" for character in value):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return value


# --- date and time -------------------------------------------------------------------------------------------

_ISO = re.compile(
    r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:[T ]\s*(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,9}))?)?)?)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?)?",
    re.IGNORECASE,
)
_SPACED = re.compile(r"(\d{4})\s*([-,])\s*(\d{1,2})\s*\2\s*(\d{1,2})")  # 2025, 6, 14 and 2017 - 08 - 01
_SLASHED = re.compile(
    r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?:[T ]\s*(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,9}))?)?)?\s*(AM|PM)?",
    re.IGNORECASE,
)
_RFC = re.compile(
    r"(?:[A-Z][a-z]+,\s*)?(\d{1,2})[ -]([A-Za-z]{3})[a-z]*[ -](\d{4}|\d{2})"
    r"(?:\s+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?)?\s*(Z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?)?",
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def parse_datetime(text: str) -> datetime:
    """A point in time in UTC; ticks below a microsecond are cut off. Raises LiteralProblem."""
    text = text.strip()
    if match := _ISO.fullmatch(text):
        year, month, day, hour, minute, second, fraction, zone = match.groups()
    elif match := _SPACED.fullmatch(text):
        year, _, month, day = match.groups()
        hour = minute = second = fraction = zone = None
    elif match := _SLASHED.fullmatch(text):
        month, day, year, hour, minute, second, fraction, half = match.groups()
        zone, hour = None, _clock_hour(hour, half)
    elif (match := _RFC.fullmatch(text)) and match.group(2).lower() in _MONTHS:
        day, month, year, hour, minute, second, fraction, zone = match.groups()
        month = str(_MONTHS.index(month.lower()) + 1)
        year = year if len(year) == 4 else str(2000 + int(year) if int(year) < 50 else 1900 + int(year))
    else:
        raise LiteralProblem
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    parts = (int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0), micro)
    try:
        return datetime(*parts, tzinfo=UTC) - _zone_offset(zone)
    except (ValueError, OverflowError):
        raise LiteralProblem(out_of_range=True) from None


def _clock_hour(hour: str | None, half: str | None) -> str | None:
    if hour is None or half is None:
        return hour
    return str(int(hour) % 12 + (12 if half.upper() == "PM" else 0))


def _zone_offset(zone: str | None) -> timedelta:
    if zone is None or zone[0] not in "+-":
        return timedelta(0)
    digits = zone[1:].replace(":", "")
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return offset if zone[0] == "+" else -offset


def format_datetime(value: datetime) -> str:
    """The text that a datetime has inside dynamic: seven digits of a second, and Z."""
    return f"{value.year:04d}-{value:%m-%dT%H:%M:%S}.{value.microsecond:06d}0Z"


_UNIT_MICROSECONDS = (
    (re.compile(r"d(?:ays?)?"), Decimal(86_400_000_000)),
    (re.compile(r"h(?:ours?|rs?)?"), Decimal(3_600_000_000)),
    (re.compile(r"m(?:in(?:utes?)?)?"), Decimal(60_000_000)),
    (re.compile(r"s(?:ec(?:onds?)?)?"), Decimal(1_000_000)),
    (re.compile(r"ms|milli.*"), Decimal(1000)),
    (re.compile(r"micro.*"), Decimal(1)),
    (re.compile(r"nano.*"), Decimal("0.001")),
    (re.compile(r"ticks?"), Decimal("0.1")),
)
_SPAN_UNITS = re.compile(r"([+-]?)(\d+(?:\.\d*)?)\s*([a-z]+)?")
_SPAN_CLOCK = re.compile(r"([+-]?)(?:(\d+)[.:](?=\d+:\d+:\d+))?(\d+):(\d{1,2})(?::(\d{1,2})(?:\.(\d+))?)?")


def parse_timespan(text: str) -> int:
    """Microseconds of 2 (days), 1.5h, 30s, 1.02:03:04.5 and the like; cut off below one. Raises LiteralProblem."""
    text = text.strip()
    if match := _SPAN_CLOCK.fullmatch(text):
        sign, day, hour, minute, second, fraction = match.groups()
        if int(hour) > 23 or int(minute) > 59 or int(second or 0) > 59:
            raise LiteralProblem(out_of_range=True)
        clock = (int(day or 0) * 24 + int(hour)) * 3600 + int(minute) * 60 + int(second or 0)
        value = clock * 1_000_000 + int((fraction or "0")[:6].ljust(6, "0"))
    elif match := _SPAN_UNITS.fullmatch(text):
        sign, number, unit = match.groups()
        value = int(Decimal(number) * _unit_size(unit or "d"))
    else:
        raise LiteralProblem
    if value > _TIMESPAN_LIMIT:
        raise LiteralProblem(out_of_range=True)
    return -value if sign == "-" else value


_FINE = re.compile(r"tick|nano|\.\d{6}\d*[1-9]")


def is_finer_than_kept(text: str) -> bool:
    """Whether a datetime or timespan literal speaks of less than a microsecond, which is cut off."""
    return _FINE.search(text) is not None


_BELOW_MICROSECOND = re.compile(r":\d{1,2}[.,]\d{6}(\d)")


def nanoseconds_cut(text: str) -> int:
    """What a datetime literal says below a microsecond: Kusto reads seven digits of a second."""
    match = _BELOW_MICROSECOND.search(text)
    return int(match.group(1)) * 100 if match else 0


def _unit_size(unit: str) -> Decimal:
    for pattern, size in _UNIT_MICROSECONDS:
        if pattern.fullmatch(unit):
            return size
    raise LiteralProblem


def format_timespan(value: int) -> str:
    """The text that a timespan has inside dynamic: [-][d.]hh:mm:ss[.fffffff]."""
    seconds, micro = divmod(abs(value), 1_000_000)
    day, rest = divmod(seconds, 86_400)
    clock = f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
    return f"{'-' if value < 0 else ''}{f'{day}.' if day else ''}{clock}{f'.{micro:06d}0' if micro else ''}"


# --- numbers and the rest ------------------------------------------------------------------------------------

_INTEGER = re.compile(r"([+-]?)\s*(?:0[xX]([0-9a-fA-F]+)|(\d+))")
_REAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_GUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}
_SPECIAL_REALS = {"nan": float("nan"), "inf": float("inf"), "+inf": float("inf"), "-inf": float("-inf")}


def parse_integer(text: str, low: int, high: int) -> int:
    match = _INTEGER.fullmatch(text.strip())
    if match is None:
        raise LiteralProblem
    sign, hexadecimal, digits = match.groups()
    if len(hexadecimal or digits) > 400:
        raise LiteralProblem(out_of_range=True)
    value = int(hexadecimal, 16) if hexadecimal else int(digits)
    value = -value if sign == "-" else value
    if not low <= value <= high:
        raise LiteralProblem(out_of_range=True)
    return value


def parse_long(text: str) -> int:
    return parse_integer(text, -LONG_MAX - 1, LONG_MAX)


def _parse_int(text: str) -> int:
    return parse_integer(text, -(2**31), 2**31 - 1)


def parse_real(text: str) -> float:
    text = text.strip()
    special = _SPECIAL_REALS.get(text.lower())
    if special is not None:
        return special
    if not _REAL.fullmatch(text):
        raise LiteralProblem
    return float(text)


def _parse_decimal(text: str) -> Decimal:
    if not _REAL.fullmatch(text):
        raise LiteralProblem
    value = Decimal(text)
    if value and value.adjusted() > 38:
        raise LiteralProblem(out_of_range=True)
    return value


def _parse_bool(text: str) -> bool:
    value = _BOOLEANS.get(text.lower())
    if value is None:
        raise LiteralProblem
    return value


def _parse_guid(text: str) -> UUID:
    if not _GUID.fullmatch(text):
        raise LiteralProblem
    return UUID(text)


_PARSERS: dict[Type, Callable[[str], LiteralValue]] = {
    Type.BOOL: _parse_bool,
    Type.INT: _parse_int,
    Type.LONG: parse_long,
    Type.REAL: parse_real,
    Type.DECIMAL: _parse_decimal,
    Type.DATETIME: parse_datetime,
    Type.TIMESPAN: parse_timespan,
    Type.GUID: _parse_guid,
}
TYPED_NAMES = frozenset(name for name, type_ in ALIASES.items() if type_ in _PARSERS)


def parse_typed(text: str) -> tuple[Type, LiteralValue]:
    """Type and value of a whole typed literal such as datetime(2024-01-01) or long(null). Raises LiteralProblem."""
    name, _, rest = text.partition("(")
    type_ = ALIASES[name.strip()]
    inner = rest[:-1].strip()
    if len(inner) > 1 and inner[0] in "\"'" and inner[-1] == inner[0]:
        inner = inner[1:-1].strip()
    if inner == "null":
        return type_, None
    return type_, _PARSERS[type_](inner)
