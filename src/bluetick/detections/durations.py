"""Durations as rule documents write them: 1h, 1d12h, 1.12:00:00, PT1H, P30D."""

import re
from datetime import timedelta

_SHORT = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.ASCII)
_ISO = re.compile(r"p(?:(\d{1,5})w)?(?:(\d{1,6})d)?(?:t(?=\d)(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?)?", re.ASCII)
_CLOCK = re.compile(r"(?:(\d{1,6})\.)?(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)


def parse_duration(text: str) -> timedelta | None:
    """The duration, or None where the text is none or is not longer than nothing."""
    lowered = text.strip().lower()
    if found := _ISO.fullmatch(lowered):
        weeks, *rest = (int(part or 0) for part in found.groups())
        return _positive(rest[0] + 7 * weeks, rest[1], rest[2], rest[3])
    if found := _CLOCK.fullmatch(lowered):
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        if hours > 23 or minutes > 59 or seconds > 59:
            return None
        return _positive(days, hours, minutes, seconds)
    if found := _SHORT.fullmatch(lowered):
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return _positive(days, hours, minutes, seconds)
    return None


def _positive(days: int, hours: int, minutes: int, seconds: int) -> timedelta | None:
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return length if length else None
