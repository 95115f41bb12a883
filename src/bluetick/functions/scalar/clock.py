"""How each engine counts, cuts and shifts instants: UTC timestamps, and microseconds for spans of time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bluetick.sql.tree import Bare, Binary, Call, Cast, Expr, Literal, all_of, call, long, text, when
from bluetick.types import Type

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
# Kusto counts time from 0001-01-01, a Monday; both engines from 1970.
YEAR_ONE_TO_1970 = (datetime(1970, 1, 1) - datetime(1, 1, 1)) // timedelta(microseconds=1)
FIRST_MICROSECOND = -YEAR_ONE_TO_1970
LAST_MICROSECOND = (datetime.max - datetime(1970, 1, 1)) // timedelta(microseconds=1)


_YEARS = 20_000 * 366 * DAY  # no span between two instants is longer


def bounded(count: Expr, unit: int = 1) -> Expr:
    """A count of units of so many microseconds; null where it leads beyond every instant anyway, as it may overflow."""
    most = _YEARS // unit
    if isinstance(count, Literal) and isinstance(count.value, int) and -most <= count.value <= most:
        return count
    return when(all_of(Binary(">=", count, long(-most)), Binary("<=", count, long(most))), count)


def within_years(instant: Expr) -> Expr:
    """Null outside the years 1 to 9999, at which neither engine stops."""
    after, before = (Literal(edge, Type.DATETIME) for edge in (datetime(1, 1, 1), datetime.max))
    return when(all_of(Binary(">=", instant, after), Binary("<=", instant, before)), instant)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One engine's arithmetic of time."""

    micros: Callable[[Expr], Expr]  # datetime -> microseconds since 1970
    instant: Callable[[Expr], Expr]  # and back
    plus: Callable[[Expr, Expr], Expr]  # datetime, microseconds -> datetime
    plus_months: Callable[[Expr, Expr], Expr]  # datetime, months -> datetime; the day cut to the last of its month
    weekday: Callable[[Expr], Expr]  # datetime -> 0 on Sunday to 6
    to_local: Callable[[Expr, Expr], Expr]  # UTC datetime, zone -> the clock on the wall there
    to_utc: Callable[[Expr, Expr], Expr]
    floor: Callable[[Expr], Expr]  # real -> real

    def since_year_one(self, value: Expr) -> Expr:
        """Microseconds since 0001-01-01: never negative, so that division and remainder are plain ones."""
        return Binary("+", self.micros(value), long(YEAR_ONE_TO_1970))


def add(left: Expr, right: Expr) -> Expr:
    return Binary("+", left, right)


def subtract(left: Expr, right: Expr) -> Expr:
    return Binary("-", left, right)


def times(left: Expr, factor: int) -> Expr:
    return left if factor == 1 else Binary("*", left, long(factor))


def _duckdb_to_local(value: Expr, zone: Expr) -> Expr:
    return call("timezone", zone, call("timezone", text("UTC"), value))


def _duckdb_to_utc(value: Expr, zone: Expr) -> Expr:
    return call("timezone", text("UTC"), call("timezone", zone, value))


DUCKDB = Clock(
    micros=lambda value: call("epoch_us", value),
    instant=lambda value: call("make_timestamp", value),
    # Interval arithmetic leaves the column bare, so that a comparison with a constant shift of now prunes files.
    plus=lambda value, micros: Binary("+", value, call("to_microseconds", micros)),
    plus_months=lambda value, months: Binary("+", value, call("to_months", Cast(months, Type.INT))),
    weekday=lambda value: Cast(call("dayofweek", value), Type.LONG),
    to_local=_duckdb_to_local,
    to_utc=_duckdb_to_utc,
    floor=lambda value: call("floor", value),
)


def _spark_floor(value: Expr) -> Expr:
    """Spark's floor is a long: a real beyond that, infinite or not a number is its own floor."""
    small = Binary("<", call("abs", value), Cast(text("9e18"), Type.REAL))
    return call("if", small, Cast(call("floor", value), Type.REAL), value)


SPARK = Clock(
    micros=lambda value: call("unix_micros", value),
    instant=lambda value: call("timestamp_micros", value),
    plus=lambda value, micros: call("timestamp_micros", Binary("+", call("unix_micros", value), micros)),
    plus_months=lambda value, months: Binary("+", value, Call("make_ym_interval", (Bare(0), Cast(months, Type.INT)))),
    weekday=lambda value: Binary("-", Cast(call("dayofweek", value), Type.LONG), long(1)),
    to_local=lambda value, zone: call("from_utc_timestamp", value, zone),
    to_utc=lambda value, zone: call("to_utc_timestamp", value, zone),
    floor=_spark_floor,
)
