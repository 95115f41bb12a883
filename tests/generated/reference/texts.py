"""Text: letter case, terms, searching, cutting, and reading values out of text."""

import base64
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from generated.reference.values import MICROSECOND, is_uuid

# --- letter case and terms -------------------------------------------------------------------------------------------


def lower(text: str) -> str:
    """One letter for one letter."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def upper(text: str) -> str:
    return "".join(c.upper() if len(c.upper()) == 1 else c for c in text)


def is_term_char(char: str) -> bool:
    return unicodedata.category(char)[0] in "LN"


def finds_term(text: str, needle: str, *, before: bool, after: bool) -> bool:
    """Whether the needle stands somewhere with its ends on edges of terms; an empty one is everywhere."""
    if not needle:
        return True
    before = before and is_term_char(needle[0])
    after = after and is_term_char(needle[-1])
    place = text.find(needle)
    while place >= 0:
        end = place + len(needle)
        begins = not before or place == 0 or not is_term_char(text[place - 1])
        ends = not after or end == len(text) or not is_term_char(text[end])
        if begins and ends:
            return True
        place = text.find(needle, place + 1)
    return False


_FINDS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, needle: needle in text,
    "startswith": lambda text, needle: text.startswith(needle),
    "endswith": lambda text, needle: text.endswith(needle),
    "has": lambda text, needle: finds_term(text, needle, before=True, after=True),
    "hasprefix": lambda text, needle: finds_term(text, needle, before=True, after=False),
    "hassuffix": lambda text, needle: finds_term(text, needle, before=False, after=True),
}


def search(name: str, text: str, needle: str) -> bool:
    """contains, has and their kin: a leading ! negates, a trailing _cs minds the case."""
    negated, word = name.startswith("!"), name.removeprefix("!")
    if word.endswith("_cs"):
        found = _FINDS[word.removesuffix("_cs")](text, needle)
    else:
        found = _FINDS[word](lower(text), lower(needle))
    return found is not negated


SEARCHES = tuple(f"{sign}{word}{case}" for word in _FINDS for sign in ("", "!") for case in ("", "_cs"))


# --- cutting and searching -------------------------------------------------------------------------------------------


def substring(text: str, start: int, length: int | None = None) -> str:
    """0-based; a negative start counts from the end; what lies outside is empty."""
    if start < 0:
        start = max(len(text) + start, 0)
    if length is None or length < 0:
        return text[start:]
    return text[start : start + length]


def split(text: str, delimiter: str) -> list[str]:
    return text.split(delimiter)


def countof(text: str, needle: str) -> int:
    """Occurrences, overlapping ones too."""
    return sum(text.startswith(needle, place) for place in range(len(text) - len(needle) + 1))


def extract(pattern: str, group: int, text: str) -> str:
    found = re.search(pattern, text, re.ASCII)
    return (found[group] or "") if found else ""


def extract_all(pattern: str, text: str) -> list[Any] | None:
    found = [list(m.groups()) if len(m.groups()) > 1 else m[1] for m in re.finditer(pattern, text, re.ASCII)]
    return found or None


def trim(pattern: str, text: str, *, start: bool = True, end: bool = True) -> str:
    repeated = pattern if pattern.endswith("+") else f"(?:{pattern})+"
    if start:
        text = re.sub(rf"\A{repeated}", "", text)
    return re.sub(rf"{repeated}\Z", "", text) if end else text


def base64_decoded(text: str) -> str:
    return base64.b64decode(text).decode()


def base64_encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


# --- values out of text ----------------------------------------------------------------------------------------------


def read_long(text: str) -> int | None:
    cut = text.strip()
    if not re.fullmatch(r"[+-]?[0-9]+", cut):
        return None
    value = int(cut)
    return value if -(2**63) <= value < 2**63 else None


def read_int(text: str) -> int | None:
    value = read_long(text)
    return value if value is not None and -(2**31) <= value < 2**31 else None


def read_real(text: str) -> float | None:
    cut = text.strip()
    return float(cut) if re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", cut) else None


def read_bool(text: str) -> bool | None:
    word = text.strip().lower()
    if word in ("true", "false"):
        return word == "true"
    number = read_long(text)
    return None if number is None else number != 0


def read_datetime(text: str) -> datetime | None:
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,7}))?)?Z?)?", text.strip())
    if not found:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    fraction = int((found[7] or "0").ljust(7, "0")[:6])
    try:
        return datetime(year, month, day, hour, minute, second, fraction, tzinfo=UTC)
    except ValueError:
        return None


def read_timespan(text: str) -> timedelta | None:
    """[-][d.]hh:mm:ss[.f]; a whole number is days."""
    if re.fullmatch(r"-?[0-9]+", text.strip()):
        return timedelta(days=int(text))
    found = re.fullmatch(r"(-)?(?:(\d+)\.)?(\d\d):(\d\d):(\d\d)(?:\.(\d{1,7}))?", text.strip())
    if not found or int(found[3]) > 23 or int(found[4]) > 59 or int(found[5]) > 59:
        return None
    days, hours, minutes, seconds = (int(found[n] or 0) for n in (2, 3, 4, 5))
    micros = int((found[6] or "0").ljust(7, "0")[:6])
    value = timedelta(days, seconds, micros, hours=hours, minutes=minutes)
    return -value if found[1] else value


def read_decimal(text: str) -> Decimal | None:
    cut = text.strip()
    return Decimal(cut) if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", cut) else None


def read_text(text: str, type_: str) -> Any:
    """A text as a value of a type, null where it is none."""
    return text if type_ == "string" else READERS[type_](text)


READERS: dict[str, Callable[[str], Any]] = {
    "long": read_long,
    "int": read_int,
    "real": read_real,
    "bool": read_bool,
    "datetime": read_datetime,
    "timespan": read_timespan,
    "guid": is_uuid,
    "decimal": read_decimal,
}
TICK = MICROSECOND / 10
