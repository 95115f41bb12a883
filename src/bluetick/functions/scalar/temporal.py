"""Instants and their periods: now, ago, startof..., endof..., unixtime_..., time zones."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import TypeAlias
from zoneinfo import available_timezones

from bluetick.functions.definition import (
    AS_ARGUMENT,
    UNNAMED,
    Argument,
    BoundCall,
    Example,
    Lowering,
    Nulls,
    ScalarFunction,
    param,
    signature,
)
from bluetick.functions.scalar.clock import (
    DAY,
    DUCKDB,
    FIRST_MICROSECOND,
    LAST_MICROSECOND,
    SECOND,
    SPARK,
    WEEK,
    Clock,
    add,
    bounded,
    subtract,
    times,
    within_years,
)
from bluetick.sql.tree import Binary, Cast, Expr, In, Literal, Unary, all_of, call, long, text, when
from bluetick.types import NUMBER, Type

MICROSECOND_NOTE = "Kusto keeps 100 ns; both engines here keep 1 us."
# datetime, number of periods to move by (None: none) -> datetime
Start: TypeAlias = Callable[[Clock, Expr, Expr | None], Expr]


def _from_now(clock: Clock, bound: BoundCall, span: Expr, moved: Expr) -> Expr:
    """now and a span: plain where the span is a constant of ordinary length, so that a reader sees what prunes."""
    if isinstance(span, Literal) and isinstance(span.value, int) and abs(span.value) <= _ORDINARY:
        return clock.plus(bound.now, long(span.value if moved is span else -span.value))
    return within_years(clock.plus(bound.now, moved))


_ORDINARY = 1_000 * 366 * DAY


def _now(clock: Clock) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        if not bound.args:
            return bound.now
        span = bounded(bound[0].sql)
        return _from_now(clock, bound, span, span)

    return lower


NOW = ScalarFunction(
    name="now",
    summary="The instant of the query, the same wherever it is asked for, moved by the offset.",
    signatures=(signature(param("offset", Type.TIMESPAN, optional=True), returns=Type.DATETIME),),
    nulls=Nulls.PROPAGATE,
    duckdb=_now(DUCKDB),
    spark=_now(SPARK),
    examples=(Example("now() - now(-1d)", timedelta(days=1)), Example("now(timespan(null))", None)),
)


def _ago(clock: Clock) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        span = bounded(bound[0].sql)
        return _from_now(clock, bound, span, Unary("-", span))

    return lower


AGO = ScalarFunction(
    name="ago",
    summary="The instant of the query less the timespan.",
    signatures=(signature(param("timespan", Type.TIMESPAN), returns=Type.DATETIME),),
    nulls=Nulls.PROPAGATE,
    duckdb=_ago(DUCKDB),
    spark=_ago(SPARK),
    examples=(Example("now() - ago(90m)", timedelta(minutes=90)), Example("ago(timespan(null))", None)),
)


# --- startof..., endof... --------------------------------------------------------------------------------------


def truncate(unit: str, value: Expr) -> Expr:
    """The start of the unit: both engines have date_trunc, with weeks from Monday."""
    return call("date_trunc", text(unit), value)


def start_of_day(clock: Clock, value: Expr, offset: Expr | None) -> Expr:
    start = truncate("day", value)
    return start if offset is None else clock.plus(start, times(bounded(offset, DAY), DAY))


def start_of_week(clock: Clock, value: Expr, offset: Expr | None) -> Expr:
    """The Sunday: one day before the Monday of the week in which the next day lies."""
    move = long(-DAY) if offset is None else subtract(times(bounded(offset, WEEK), WEEK), long(DAY))
    return clock.plus(truncate("week", clock.plus(value, long(DAY))), move)


def start_of_month(clock: Clock, value: Expr, offset: Expr | None) -> Expr:
    start = truncate("month", value)
    return start if offset is None else clock.plus_months(start, bounded(offset, DAY))


def start_of_year(clock: Clock, value: Expr, offset: Expr | None) -> Expr:
    start = truncate("year", value)
    return start if offset is None else clock.plus_months(start, times(bounded(offset, 12 * DAY), 12))


def _start(start: Start, clock: Clock) -> Lowering:
    return lambda bound: within_years(start(clock, bound[0].sql, bound[1].sql if len(bound) > 1 else None))


def _end(start: Start, clock: Clock) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        following = add(bounded(bound[1].sql), long(1)) if len(bound) > 1 else long(1)
        return within_years(clock.plus(start(clock, bound[0].sql, following), long(-1)))

    return lower


_PERIOD = (signature(param("date", Type.DATETIME), param("offset", Type.LONG, optional=True), returns=Type.DATETIME),)


def _start_of(unit: str, start: Start, *examples: Example) -> ScalarFunction:
    return ScalarFunction(
        name=f"startof{unit}",
        summary=f"The first instant of the {unit}, moved by a number of {unit}s.",
        signatures=_PERIOD,
        nulls=Nulls.PROPAGATE,
        duckdb=_start(start, DUCKDB),
        spark=_start(start, SPARK),
        result_name=AS_ARGUMENT if unit == "day" else UNNAMED,
        examples=examples,
    )


def _end_of(unit: str, start: Start, *examples: Example) -> ScalarFunction:
    return ScalarFunction(
        name=f"endof{unit}",
        summary=f"The last instant of the {unit}, moved by a number of {unit}s.",
        signatures=_PERIOD,
        nulls=Nulls.PROPAGATE,
        duckdb=_end(start, DUCKDB),
        spark=_end(start, SPARK),
        differs="Ends in .999999: the engines keep microseconds, Kusto 100 ns (.9999999).",
        examples=examples,
    )


def _last(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 23, 59, 59, 999_999)


STARTOFDAY = _start_of(
    "day",
    start_of_day,
    Example("startofday(datetime(2017-01-01 10:10:17))", datetime(2017, 1, 1)),
    Example("startofday(datetime(2017-01-01 10:10:17), -1)", datetime(2016, 12, 31)),
    Example("startofday(datetime(null))", None),
)
STARTOFWEEK = _start_of(
    "week",
    start_of_week,
    Example("startofweek(datetime(2017-01-01 10:10:17))", datetime(2017, 1, 1)),
    Example("startofweek(datetime(2017-01-07 10:10:17), 1)", datetime(2017, 1, 8)),
    Example("startofweek(datetime(null))", None),
)
STARTOFMONTH = _start_of(
    "month",
    start_of_month,
    Example("startofmonth(datetime(2017-01-31 10:10:17))", datetime(2017, 1, 1)),
    Example("startofmonth(datetime(2017-01-31 10:10:17), 1)", datetime(2017, 2, 1)),
    Example("startofmonth(datetime(null))", None),
)
STARTOFYEAR = _start_of(
    "year",
    start_of_year,
    Example("startofyear(datetime(2017-03-31 10:10:17))", datetime(2017, 1, 1)),
    Example("startofyear(datetime(2017-03-31 10:10:17), -1)", datetime(2016, 1, 1)),
    Example("startofyear(datetime(null))", None),
)
ENDOFDAY = _end_of(
    "day",
    start_of_day,
    Example("endofday(datetime(2017-01-01 10:10:17))", _last(2017, 1, 1)),
    Example("endofday(datetime(2017-01-01 10:10:17), -1)", _last(2016, 12, 31)),
    Example("endofday(datetime(null))", None),
)
ENDOFWEEK = _end_of(
    "week",
    start_of_week,
    Example("endofweek(datetime(2017-01-01 10:10:17))", _last(2017, 1, 7)),
    Example("endofweek(datetime(2017-01-01 10:10:17), 1)", _last(2017, 1, 14)),
    Example("endofweek(datetime(null))", None),
)
ENDOFMONTH = _end_of(
    "month",
    start_of_month,
    Example("endofmonth(datetime(2017-02-01 10:10:17))", _last(2017, 2, 28)),
    Example("endofmonth(datetime(2017-02-01 10:10:17), -1)", _last(2017, 1, 31)),
    Example("endofmonth(datetime(null))", None),
)
ENDOFYEAR = _end_of(
    "year",
    start_of_year,
    Example("endofyear(datetime(2017-01-01 10:10:17))", _last(2017, 12, 31)),
    Example("endofyear(datetime(null))", None),
)


# --- unixtime --------------------------------------------------------------------------------------------------


def _from_unix(clock: Clock, per_second: int) -> Lowering:
    """The instant of a count of units since 1970, of which a second has `per_second`."""
    least, most = (edge * per_second // SECOND for edge in (FIRST_MICROSECOND, LAST_MICROSECOND))

    def lower(bound: BoundCall) -> Expr:
        value = bound[0].sql
        if bound[0].type in (Type.REAL, Type.DECIMAL):
            scaled = Binary("*", value, Cast(long(SECOND // per_second), bound[0].type))
            micros: Expr = Cast(call("round", scaled), Type.LONG)
        else:
            micros = times(Cast(value, Type.LONG), SECOND // per_second)
        inside = all_of(Binary(">=", value, long(least)), Binary("<=", value, long(most)))
        return when(inside, clock.instant(micros))

    return lower


def _from_unix_nanoseconds(clock: Clock) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        return clock.instant(Binary("//", Cast(bound[0].sql, Type.LONG, safe=True), long(1000)))

    return lower


def _unixtime(unit: str, duckdb: Lowering, spark: Lowering, *examples: Example) -> ScalarFunction:
    return ScalarFunction(
        name=f"unixtime_{unit}_todatetime",
        summary=f"The instant that many {unit} after 1970-01-01; null outside the years 1 to 9999.",
        signatures=(signature(param("number", *NUMBER), returns=Type.DATETIME),),
        nulls=Nulls.PROPAGATE,
        duckdb=duckdb,
        spark=spark,
        differs=MICROSECOND_NOTE if unit == "nanoseconds" else "",
        examples=examples,
    )


UNIXTIME_SECONDS = _unixtime(
    "seconds",
    _from_unix(DUCKDB, 1),
    _from_unix(SPARK, 1),
    Example("unixtime_seconds_todatetime(1546300800)", datetime(2019, 1, 1)),
    Example("unixtime_seconds_todatetime(1546300800.5)", datetime(2019, 1, 1, 0, 0, 0, 500_000)),
    Example("unixtime_seconds_todatetime(long(null))", None),
    Example("unixtime_seconds_todatetime(99999999999999)", None),
)
UNIXTIME_MILLISECONDS = _unixtime(
    "milliseconds",
    _from_unix(DUCKDB, 1000),
    _from_unix(SPARK, 1000),
    Example("unixtime_milliseconds_todatetime(1546300800123)", datetime(2019, 1, 1, 0, 0, 0, 123_000)),
    Example("unixtime_milliseconds_todatetime(long(null))", None),
)
UNIXTIME_MICROSECONDS = _unixtime(
    "microseconds",
    _from_unix(DUCKDB, SECOND),
    _from_unix(SPARK, SECOND),
    Example("unixtime_microseconds_todatetime(1546300800000001)", datetime(2019, 1, 1, 0, 0, 0, 1)),
    Example("unixtime_microseconds_todatetime(long(null))", None),
)
UNIXTIME_NANOSECONDS = _unixtime(
    "nanoseconds",
    _from_unix_nanoseconds(DUCKDB),
    _from_unix_nanoseconds(SPARK),
    Example("unixtime_nanoseconds_todatetime(1546300800000001000)", datetime(2019, 1, 1, 0, 0, 0, 1)),
    Example("unixtime_nanoseconds_todatetime(long(null))", None),
)


# --- time zones ------------------------------------------------------------------------------------------------


@cache
def _zones() -> tuple[str, ...]:
    """The names that both engines know as well: what a machine's own copy links to its place is no zone of theirs."""
    return tuple(sorted(available_timezones() - {"localtime"}))


def _check_zone(args: tuple[Argument, ...]) -> str:
    zone = args[1].constant
    return f"there is no time zone {zone!r}" if isinstance(zone, str) and zone not in _zones() else ""


def _known_zone(zone: Argument) -> Expr:
    """A row's time zone, or null: engines end at a name that they do not know."""
    if zone.is_constant:
        return zone.sql
    return when(In(zone.sql, tuple(text(name) for name in _zones())), zone.sql)


def _utc_to_local(clock: Clock) -> Lowering:
    return lambda bound: within_years(clock.to_local(bound[0].sql, _known_zone(bound[1])))


def _local_to_utc(clock: Clock) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        local, zone = bound[0].sql, _known_zone(bound[1])
        utc = clock.to_utc(local, zone)
        # In the hour that a clock skips, engines read the time by the offset before it, Kusto by the one behind it.
        skipped = subtract(clock.micros(clock.to_local(utc, zone)), clock.micros(local))
        return within_years(clock.plus(utc, Unary("-", skipped)))

    return lower


_ZONED = (signature(param("from", Type.DATETIME), param("timezone", Type.STRING), returns=Type.DATETIME),)
_UNKNOWN_ZONE = "A time zone that this machine's copy of the IANA database lacks gives null."

DATETIME_UTC_TO_LOCAL = ScalarFunction(
    name="datetime_utc_to_local",
    summary="The time on the clocks of a time zone at a UTC instant.",
    signatures=_ZONED,
    nulls=Nulls.PROPAGATE,
    duckdb=_utc_to_local(DUCKDB),
    spark=_utc_to_local(SPARK),
    check=_check_zone,
    differs=_UNKNOWN_ZONE,
    examples=(
        Example("datetime_utc_to_local(datetime(2020-02-02 19:02), 'Europe/Paris')", datetime(2020, 2, 2, 20, 2)),
        Example("datetime_utc_to_local(datetime(null), 'UTC')", None),
    ),
)

DATETIME_LOCAL_TO_UTC = ScalarFunction(
    name="datetime_local_to_utc",
    summary="The UTC instant at which the clocks of a time zone show this time.",
    signatures=_ZONED,
    nulls=Nulls.PROPAGATE,
    duckdb=_local_to_utc(DUCKDB),
    spark=_local_to_utc(SPARK),
    check=_check_zone,
    differs=_UNKNOWN_ZONE,
    examples=(
        Example("datetime_local_to_utc(datetime(2020-02-02 20:02:20), 'US/Pacific')", datetime(2020, 2, 3, 4, 2, 20)),
        Example("datetime_local_to_utc(datetime(2022-03-27 02:00:00), 'Europe/Brussels')", datetime(2022, 3, 27)),
        Example("datetime_local_to_utc(datetime(2022-03-27 03:00:00), 'Europe/Brussels')", datetime(2022, 3, 27, 1)),
        Example("datetime_local_to_utc(datetime(null), 'Europe/Madrid')", None),
    ),
)

FUNCTIONS: tuple[ScalarFunction, ...] = (
    NOW,
    AGO,
    STARTOFDAY,
    STARTOFWEEK,
    STARTOFMONTH,
    STARTOFYEAR,
    ENDOFDAY,
    ENDOFWEEK,
    ENDOFMONTH,
    ENDOFYEAR,
    UNIXTIME_SECONDS,
    UNIXTIME_MILLISECONDS,
    UNIXTIME_MICROSECONDS,
    UNIXTIME_NANOSECONDS,
    DATETIME_UTC_TO_LOCAL,
    DATETIME_LOCAL_TO_UTC,
)
