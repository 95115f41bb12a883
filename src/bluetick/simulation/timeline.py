"""Time as whole microseconds since 1970 in UTC, and the window that is cut into days."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NEVER = 1 << 62

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_micros(instant: datetime) -> int:
    """Microseconds since 1970; the datetime must know its zone."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def to_datetime(micros: int) -> datetime:
    """The UTC datetime of a count of microseconds."""
    return _EPOCH + timedelta(microseconds=micros)


def is_workday(day_number: int) -> bool:
    """Whether the day (counted from 1970-01-01, a Thursday) is Monday to Friday."""
    return (day_number + 3) % 7 < 5


def last_workday_before(day_number: int) -> int:
    """The nearest Monday-to-Friday day before this one."""
    day_number -= 1
    while not is_workday(day_number):
        day_number -= 1
    return day_number


@dataclass(frozen=True, slots=True)
class Day:
    """The part of one calendar day, [low, high), that lies in the window."""

    number: int
    low: int
    high: int

    @property
    def midnight(self) -> int:
        return self.number * DAY

    @property
    def label(self) -> str:
        return to_datetime(self.midnight).date().isoformat()


@dataclass(frozen=True, slots=True)
class Window:
    """The simulated time, [start, end)."""

    start: int
    end: int

    def days(self) -> tuple[Day, ...]:
        """The calendar days touched, first to last."""
        numbers = range(self.start // DAY, (self.end - 1) // DAY + 1)
        return tuple(Day(n, max(self.start, n * DAY), min(self.end, (n + 1) * DAY)) for n in numbers)
