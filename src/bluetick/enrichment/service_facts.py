"""Reading the JSON of services strictly: a value of another type than documented is no value to guess at."""

from collections.abc import Mapping
from typing import Any

from bluetick.enrichment.http_provider import MalformedAnswerError
from bluetick.enrichment.profiles import hash_kind

_LAST_SECOND = 253402300799  # of the year 9999
_MAX_LONG = 2**63 - 1
_MAX_TEXT = 1000


def mapping(value: Any) -> Mapping[str, Any]:
    """An object; an absent one is empty."""
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    raise MalformedAnswerError


def text(value: Any) -> str:
    """A text as one line, cut where it is beyond reason; '' where there is none."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise MalformedAnswerError
    printable = "".join(c if c.isprintable() else " " for c in value[:_MAX_TEXT])
    return printable.strip()


def whole(value: Any, most: int = _MAX_LONG) -> int | None:
    """A whole number that is not negative."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise MalformedAnswerError
    return value


def instant(value: Any) -> int | None:
    """Seconds since 1970; some services write 0 or -1 for a time that they do not have."""
    if isinstance(value, int) and not isinstance(value, bool) and value in (0, -1):
        return None
    return whole(value, _LAST_SECOND)


def file_hash(value: Any, kind: str) -> str:
    """A hash of this kind in lower case, or ''."""
    found = text(value).lower()
    if found and hash_kind(found) != kind:
        raise MalformedAnswerError
    return found
