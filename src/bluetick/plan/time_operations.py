"""datetime_add in Python: a number of calendar parts added to a time."""

from calendar import monthrange
from datetime import datetime, timedelta
from typing import Any

_MONTHS = {"year": 12, "quarter": 3, "month": 1}
_STEPS = {
    "week": timedelta(weeks=1),
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
    "millisecond": timedelta(milliseconds=1),
    "microsecond": timedelta(microseconds=1),
}
PERIODS = frozenset({*_MONTHS, *_STEPS})


def added(period: str, amount: int | None, instant: datetime | None) -> Any:
    """Null where an argument is, or where the result is no time between the years 1 and 9999. A day that the month
    does not have is its last."""
    if amount is None or instant is None:
        return None
    try:
        if period in _STEPS:
            return instant + _STEPS[period] * amount
        months = instant.year * 12 + instant.month - 1 + _MONTHS[period] * amount
        year, month = divmod(months, 12)
        return instant.replace(year=year, month=month + 1, day=min(instant.day, monthrange(year, month + 1)[1]))
    except (OverflowError, ValueError):
        return None
