"""Datetimes and timespans: bins, starts and ends of periods, differences, formats. Outside years 1 to 9999: null."""

import calendar
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from generated.reference.values import EPOCH, MICROSECOND, YEAR_ONE

DAY = timedelta(days=1)


def moved(value: datetime, span: timedelta) -> datetime | None:
    try:
        return value + span
    except OverflowError:
        return None


def bin_datetime(value: datetime, size: timedelta) -> datetime | None:
    """Counted from year 1; a bin of no width or less is null."""
    return value - (value - YEAR_ONE) % size if size > timedelta(0) else None


def bin_timespan(value: timedelta, size: timedelta) -> timedelta | None:
    return value - value % size if size > timedelta(0) else None


def add_months(value: datetime, months: int) -> datetime | None:
    """The same day of another month, or that month's last day."""
    year, month = divmod(value.year * 12 + value.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        return None
    return value.replace(year=year, month=month + 1, day=min(value.day, calendar.monthrange(year, month + 1)[1]))


def _midnight(value: datetime) -> datetime:
    return value.replace(hour=0, minute=0, second=0, microsecond=0)


def _start_of_week(value: datetime) -> datetime:
    return _midnight(value) - DAY * (value.isoweekday() % 7)


def start_of(unit: str, value: datetime, offset: int = 0) -> datetime | None:
    match unit:
        case "day":
            return moved(_midnight(value), DAY * offset)
        case "week":
            return moved(_start_of_week(value), 7 * DAY * offset)
        case "month":
            return add_months(_midnight(value).replace(day=1), offset)
        case _:
            return add_months(_midnight(value).replace(day=1, month=1), 12 * offset)


def end_of(unit: str, value: datetime, offset: int = 0) -> datetime | None:
    following = start_of(unit, value, offset + 1)
    return None if following is None else following - MICROSECOND


_UNITS: dict[str, timedelta] = {
    "week": 7 * DAY,
    "day": DAY,
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
    "millisecond": timedelta(milliseconds=1),
    "microsecond": MICROSECOND,
}


def datetime_add(part: str, amount: int, value: datetime) -> datetime | None:
    match part:
        case "year":
            return add_months(value, 12 * amount)
        case "quarter":
            return add_months(value, 3 * amount)
        case "month":
            return add_months(value, amount)
        case _:
            return moved(value, _UNITS[part] * amount)


def datetime_diff(part: str, first: datetime, second: datetime) -> int:
    """How many boundaries of the part lie between, first less second."""
    match part:
        case "year":
            return first.year - second.year
        case "quarter":
            return 4 * (first.year - second.year) + (first.month - 1) // 3 - (second.month - 1) // 3
        case "month":
            return 12 * (first.year - second.year) + first.month - second.month
        case "week":
            return (_start_of_week(first) - _start_of_week(second)) // (7 * DAY)
        case _:
            unit = _UNITS[part]
            return (first - YEAR_ONE) // unit - (second - YEAR_ONE) // unit


_PARTS: dict[str, Callable[[datetime], int]] = {
    "year": lambda t: t.year,
    "quarter": lambda t: (t.month + 2) // 3,
    "month": lambda t: t.month,
    "week_of_year": lambda t: t.isocalendar().week,
    "day": lambda t: t.day,
    "dayOfYear": lambda t: t.timetuple().tm_yday,
    "hour": lambda t: t.hour,
    "minute": lambda t: t.minute,
    "second": lambda t: t.second,
    "millisecond": lambda t: t.microsecond // 1000,
    "microsecond": lambda t: t.microsecond,
}


def datetime_part(part: str, value: datetime) -> int:
    return _PARTS[part](value)


def day_of_week(value: datetime) -> timedelta:
    """Days since Sunday, as a timespan."""
    return DAY * (value.isoweekday() % 7)


def from_unix_seconds(seconds: float) -> datetime | None:
    return moved(EPOCH, timedelta(seconds=seconds))


def make_datetime(year: int, month: int, day: int) -> datetime | None:
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None


def scaled(span: timedelta, factor: float) -> timedelta | None:
    """The nearest microsecond; null where the product is no timespan."""
    if isinstance(factor, int):
        micros = span // MICROSECOND * factor
    else:
        product = (span // MICROSECOND) * factor
        if not math.isfinite(product):
            return None
        micros = math.floor(abs(product) + 0.5) * (1 if product >= 0 else -1)
    return timedelta(microseconds=micros) if abs(micros) < 2**63 else None


_FORMATS: dict[str, Callable[[datetime], str]] = {
    "yyyy-MM-dd": lambda t: f"{t:%Y-%m-%d}",
    "yy/M/d": lambda t: f"{t.year % 100:02}/{t.month}/{t.day}",
    "HH:mm:ss.fff": lambda t: f"{t:%H:%M:%S}.{t.microsecond // 1000:03}",
    "hh:mm tt": lambda t: f"{(t.hour + 11) % 12 + 1:02}:{t.minute:02} {'AM' if t.hour < 12 else 'PM'}",
}
FORMATS = tuple(_FORMATS)


def format_datetime(value: datetime, pattern: str) -> str:
    return _FORMATS[pattern](value)
