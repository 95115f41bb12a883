"""ISO 8601 intervals, as Log Analytics and advanced hunting take the time of the rows that a query is to read."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from bluetick.plan.ranges import Span
from bluetick.server.errors import bad_request

_DURATION = re.compile(
    r"P(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?=\d)(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,10}(?:\.\d{1,6})?)S)?)?",
    re.ASCII | re.IGNORECASE,
)


def interval(given: Any, now: datetime) -> Span | None:
    """The span of a duration (it ends now), of `start/end`, `start/duration` or `duration/end`; of an instant alone it
    is from then to now. None for nothing at all."""
    if given is None or given == "":
        return None
    if not isinstance(given, str):
        raise bad_request("'timespan' must be a text")
    first, slash, second = given.strip().partition("/")
    start, end = _part(first), _part(second) if slash else now
    try:
        match start, end:
            case timedelta(), datetime():
                return Span(end - start, end)
            case datetime(), timedelta():
                return Span(start, start + end)
            case datetime(), datetime():
                return Span(start, end)
    except OverflowError:
        pass
    raise _wrong(given)


def _part(text: str) -> datetime | timedelta:
    found = _DURATION.fullmatch(text)
    try:
        if found and any(found.groups()):
            weeks, days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
            return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _wrong(text) from error


def _wrong(text: str) -> Exception:
    return bad_request(f"'{text[:100]}' is not an ISO 8601 interval such as P1D or 2026-06-18T00:00:00Z/PT1H")
