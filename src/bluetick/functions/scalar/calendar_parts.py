"""Parts of a datetime, and arithmetic by calendar parts: hourofday, datetime_part, datetime_diff, make_datetime."""

from datetime import datetime, timedelta

from bluetick.functions.definition import (
    Argument,
    BoundCall,
    Check,
    Example,
    Lowering,
    NameRule,
    Nulls,
    ResultName,
    ScalarFunction,
    param,
    signature,
)
from bluetick.functions.scalar import conversions
from bluetick.functions.scalar.clock import (
    DAY,
    DUCKDB,
    HOUR,
    MINUTE,
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
from bluetick.functions.scalar.temporal import MICROSECOND_NOTE
from bluetick.sql.tree import Binary, Cast, Expr, all_of, call, long, text, when
from bluetick.types import ANY_SCALAR, INTEGER, NUMBER, Type

_ENGINE_TYPE = "Kusto's analyzer calls the result an int; its engine and this one give a long."


def _calendar(sql_name: str, value: Expr) -> Expr:
    """A part that both engines name alike: year, quarter, month, weekofyear (ISO), day, dayofyear, hour ..."""
    return Cast(call(sql_name, value), Type.LONG)


def _fraction(clock: Clock, value: Expr) -> Expr:
    return Binary("%", clock.since_year_one(value), long(SECOND))


_CALENDAR_PARTS = {
    "year": "year",
    "quarter": "quarter",
    "month": "month",
    "week_of_year": "weekofyear",
    "day": "day",
    "dayofyear": "dayofyear",
    "hour": "hour",
    "minute": "minute",
    "second": "second",
}


def _part(clock: Clock, name: str, value: Expr) -> Expr:
    match name:
        case "millisecond":
            return Binary("//", _fraction(clock, value), long(1000))
        case "microsecond":
            return _fraction(clock, value)
        case "nanosecond":
            return times(_fraction(clock, value), 1000)
        case _:
            return _calendar(_CALENDAR_PARTS[name], value)


def _number_of(sql_name: str) -> Lowering:
    return lambda bound: _calendar(sql_name, bound[0].sql)


def _part_function(
    name: str, sql_name: str, what: str, *examples: Example, aliases: tuple[str, ...] = ()
) -> ScalarFunction:
    return ScalarFunction(
        name=name,
        aliases=aliases,
        summary=f"The {what} of a datetime.",
        signatures=(signature(param("date", Type.DATETIME), returns=Type.LONG),),
        nulls=Nulls.PROPAGATE,
        duckdb=_number_of(sql_name),
        spark=_number_of(sql_name),
        differs=_ENGINE_TYPE,
        examples=examples,
    )


DAYOFMONTH = _part_function(
    "dayofmonth",
    "day",
    "day of the month, from 1,",
    Example("dayofmonth(datetime(2015-12-14))", 14),
    Example("dayofmonth(datetime(null))", None),
)
DAYOFYEAR = _part_function(
    "dayofyear",
    "dayofyear",
    "day of the year, from 1,",
    Example("dayofyear(datetime(2015-12-14))", 348),
    Example("dayofyear(datetime(null))", None),
)
HOUROFDAY = _part_function(
    "hourofday",
    "hour",
    "hour of the day, 0 to 23,",
    Example("hourofday(datetime(2015-12-14 18:54))", 18),
    Example("hourofday(datetime(null))", None),
)
GETYEAR = _part_function(
    "getyear", "year", "year", Example("getyear(datetime(2015-10-12))", 2015), Example("getyear(datetime(null))", None)
)
GETMONTH = _part_function(
    "getmonth",
    "month",
    "month, 1 to 12,",
    Example("getmonth(datetime(2015-10-12))", 10),
    Example("getmonth(datetime(null))", None),
    aliases=("monthofyear",),
)
WEEK_OF_YEAR = _part_function(
    "week_of_year",
    "weekofyear",
    "ISO 8601 week number",
    Example("week_of_year(datetime(2020-12-31))", 53),
    Example("week_of_year(datetime(2021-01-03))", 53),
    Example("week_of_year(datetime(null))", None),
    aliases=("weekofyear",),
)


def _day_of_week(clock: Clock) -> Lowering:
    return lambda bound: times(clock.weekday(bound[0].sql), DAY)


DAYOFWEEK = ScalarFunction(
    name="dayofweek",
    summary="The time since the Sunday before, in whole days, as a timespan.",
    signatures=(signature(param("date", Type.DATETIME), returns=Type.TIMESPAN),),
    nulls=Nulls.PROPAGATE,
    duckdb=_day_of_week(DUCKDB),
    spark=_day_of_week(SPARK),
    examples=(
        Example("dayofweek(datetime(1947-11-30 10:00:05))", timedelta()),
        Example("dayofweek(datetime(1970-05-11))", timedelta(days=1)),
        Example("dayofweek(datetime(null))", None),
    ),
)


# --- datetime_part, datetime_diff, datetime_add ----------------------------------------------------------------


def _part_name(arg: Argument) -> str:
    return str(arg.constant).lower()


def _one_of(names: tuple[str, ...]) -> Check:
    def check(args: tuple[Argument, ...]) -> str:
        if _part_name(args[0]) in names:
            return ""
        return f"'{args[0].constant}' is no part of a datetime here; the parts are {', '.join(names)}"

    return check


def _datetime_part(clock: Clock) -> Lowering:
    return lambda bound: _part(clock, _part_name(bound[0]), bound[1].sql)


DATETIME_PART = ScalarFunction(
    name="datetime_part",
    summary="A part of a datetime as a number; the fractions of a second count from the whole second.",
    signatures=(signature(param("part", Type.STRING, constant=True), param("date", Type.DATETIME), returns=Type.LONG),),
    nulls=Nulls.PROPAGATE,
    duckdb=_datetime_part(DUCKDB),
    spark=_datetime_part(SPARK),
    check=_one_of((*_CALENDAR_PARTS, "millisecond", "microsecond", "nanosecond")),
    differs=_ENGINE_TYPE,
    examples=(
        Example("datetime_part('week_of_year', datetime(2017-10-30 01:02:03.7654321))", 44),
        Example("datetime_part('dayOfYear', datetime(2017-10-30 01:02:03.7654321))", 303),
        Example("datetime_part('microsecond', datetime(2017-10-30 01:02:03.765432))", 765_432),
        Example("datetime_part('hour', datetime(null))", None),
    ),
)

_MONTHS = {"year": 12, "quarter": 3, "month": 1}
_MICROS = {"week": WEEK, "day": DAY, "hour": HOUR, "minute": MINUTE, "second": SECOND, "millisecond": 1000}


def _boundary(clock: Clock, part: str, value: Expr) -> Expr:
    """How many boundaries of the part lie between year 1 and the value; weeks begin on Sundays."""
    if part in _MONTHS:
        month = add(times(_calendar("year", value), 12), subtract(_calendar("month", value), long(1)))
        return month if part == "month" else Binary("//", month, long(_MONTHS[part]))
    micros = clock.since_year_one(value)
    if part == "week":  # 0001-01-01 was a Monday
        micros = add(micros, long(DAY))
    return micros if part == "microsecond" else Binary("//", micros, long(_MICROS[part]))


def _datetime_diff(clock: Clock) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        part, first, second = bound.args
        name = _part_name(part)
        return subtract(_boundary(clock, name, first.sql), _boundary(clock, name, second.sql))

    return lower


_SPANS = (*_MONTHS, *_MICROS, "microsecond", "nanosecond")
_DIFFERENCES = _SPANS[:-1]

DATETIME_DIFF = ScalarFunction(
    name="datetime_diff",
    summary="How many boundaries of the part lie between two datetimes: the first less the second.",
    signatures=(
        signature(
            param("part", Type.STRING, constant=True),
            param("first", Type.DATETIME),
            param("second", Type.DATETIME),
            returns=Type.LONG,
        ),
    ),
    nulls=Nulls.PROPAGATE,
    duckdb=_datetime_diff(DUCKDB),
    spark=_datetime_diff(SPARK),
    check=_one_of(_DIFFERENCES),
    differs=MICROSECOND_NOTE + " So a difference in nanoseconds is known between two literals only.",
    examples=(
        Example("datetime_diff('year', datetime(2017-01-01), datetime(2000-12-31))", 17),
        Example("datetime_diff('week', datetime(2017-10-29 00:00), datetime(2017-09-30 23:59))", 5.0),
        Example("datetime_diff('hour', datetime(2017-10-31 01:00), datetime(2017-10-30 23:59))", 2),
        Example("datetime_diff('day', datetime(null), now())", None),
    ),
)


def _datetime_add(clock: Clock) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        part, count, value = bound.args
        name = _part_name(part)
        if name in _MONTHS:
            months = times(bounded(count.sql, _MONTHS[name] * DAY), _MONTHS[name])
            return within_years(clock.plus_months(value.sql, months))
        if name == "nanosecond":
            return within_years(clock.plus(value.sql, bounded(Binary("//", count.sql, long(1000)))))
        unit = _MICROS.get(name, 1)
        return within_years(clock.plus(value.sql, times(bounded(Cast(count.sql, Type.LONG), unit), unit)))

    return lower


DATETIME_ADD = ScalarFunction(
    name="datetime_add",
    summary="A datetime moved by a number of parts; where the month is shorter, its last day.",
    signatures=(
        signature(
            param("part", Type.STRING, constant=True),
            param("value", *INTEGER),
            param("date", Type.DATETIME),
            returns=Type.DATETIME,
        ),
    ),
    nulls=Nulls.PROPAGATE,
    duckdb=_datetime_add(DUCKDB),
    spark=_datetime_add(SPARK),
    check=_one_of(_SPANS),
    differs=MICROSECOND_NOTE,
    examples=(
        Example("datetime_add('month', -15, datetime(2017-01-01))", datetime(2015, 10, 1)),
        Example("datetime_add('month', 1, datetime(2017-01-31 10:00))", datetime(2017, 2, 28, 10)),
        Example("datetime_add('week', 100, datetime(2017-01-01))", datetime(2018, 12, 2)),
        Example("datetime_add('day', long(null), datetime(2017-01-01))", None),
    ),
)


# --- make_datetime, make_timespan ------------------------------------------------------------------------------


def _between(value: Expr, least: int, most: int) -> Expr:
    return all_of(Binary(">=", value, long(least)), Binary("<=", value, long(most)))


def _whole(arg: Argument) -> Expr:
    """Without what is behind the point, which one engine's cast cuts off and the other's rounds."""
    if arg.type is Type.LONG:
        return arg.sql
    if arg.type is Type.INT:
        return Cast(arg.sql, Type.LONG)
    fraction = Binary("%", arg.sql, Cast(long(1), arg.type))
    return Cast(Binary("-", arg.sql, fraction), Type.LONG, safe=True)


def _in_micros(count: Expr, unit: int) -> Expr:
    """Microseconds of a count of units; null beyond what a timespan holds."""
    most = 2**63 // 10 // unit
    return times(when(_between(count, -most, most), count), unit)


def _seconds_in_micros(arg: Argument) -> Expr:
    """Microseconds of a number of seconds, by way of ten millionths as in Kusto, so that 0.1 is not 0.099999."""
    if arg.type in INTEGER:
        return _in_micros(_whole(arg), SECOND)
    ticks = call("round", Binary("*", Cast(arg.sql, Type.REAL), Cast(long(10 * SECOND), Type.REAL)))
    return Binary("//", Cast(ticks, Type.LONG, safe=True), long(10))


def _time_of_day(hour: Argument, minute: Argument, second: Argument | None) -> tuple[Expr, Expr]:
    """Microseconds since midnight, and whether the parts are in their ranges."""
    micros = add(times(_whole(hour), HOUR), times(_whole(minute), MINUTE))
    valid = all_of(_between(_whole(hour), 0, 23), _between(_whole(minute), 0, 59))
    if second is None:
        return micros, valid
    in_micros = _seconds_in_micros(second)
    return add(micros, in_micros), all_of(valid, _between(in_micros, 0, MINUTE - 1))


def _date_text(year: Expr, month: Expr, day: Expr) -> Expr:
    """yyyy-MM-dd; a part out of range makes a text that is no date."""

    def padded(value: Expr, width: int) -> Expr:
        return call("lpad", Cast(value, Type.STRING), Cast(long(width), Type.INT), text("0"))

    return call("concat", padded(year, 4), text("-"), padded(month, 2), text("-"), padded(day, 2))


def _make_datetime(clock: Clock, reading: conversions.Reading) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        if len(bound) == 1:
            return conversions.convert(bound[0], Type.DATETIME, reading)
        year, month, day = (_whole(arg) for arg in bound.args[:3])
        valid = all_of(_between(year, 1, 9999), _between(month, 1, 12), _between(day, 1, 31))
        midnight = Cast(_date_text(year, month, day), Type.DATETIME, safe=True)
        if len(bound) == 3:
            return when(valid, midnight)
        micros, time_valid = _time_of_day(bound[3], bound[4], bound[5] if len(bound) > 5 else None)
        return when(all_of(valid, time_valid), clock.plus(midnight, micros))

    return lower


_YEAR_MONTH_DAY = tuple(param(name, *NUMBER) for name in ("year", "month", "day"))
_HOUR_MINUTE = tuple(param(name, *NUMBER) for name in ("hour", "minute"))
_SECOND = param("second", *NUMBER, optional=True)

MAKE_DATETIME = ScalarFunction(
    name="make_datetime",
    summary="A datetime from its parts; null where a part is out of range.",
    signatures=(
        signature(param("value", *ANY_SCALAR), returns=Type.DATETIME),
        signature(*_YEAR_MONTH_DAY, returns=Type.DATETIME),
        signature(*_YEAR_MONTH_DAY, *_HOUR_MINUTE, _SECOND, returns=Type.DATETIME),
    ),
    nulls=Nulls.OWN,
    duckdb=_make_datetime(DUCKDB, conversions.DUCKDB),
    spark=_make_datetime(SPARK, conversions.SPARK),
    result_name=ResultName(NameRule.ONLY_ARGUMENT),
    differs=MICROSECOND_NOTE,
    examples=(
        Example("make_datetime(2017, 10, 1)", datetime(2017, 10, 1)),
        Example("make_datetime(2017, 10, 1, 12, 11, 0.125)", datetime(2017, 10, 1, 12, 11, 0, 125_000)),
        Example("make_datetime(2017, 2, 30)", None),
        Example("make_datetime(2017, 10, 1, 24, 0)", None),
        Example("make_datetime(2017, 10, long(null))", None),
    ),
)


def _make_timespan(reading: conversions.Reading) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        if len(bound) == 1:
            return conversions.convert(bound[0], Type.TIMESPAN, reading)
        *days, hour, minute = bound.args if len(bound) == 2 else bound.args[:-1]
        micros, valid = _time_of_day(hour, minute, None if len(bound) == 2 else bound[len(bound) - 1])
        if days:
            micros = add(_in_micros(_whole(days[0]), DAY), micros)
        return when(valid, micros)

    return lower


MAKE_TIMESPAN = ScalarFunction(
    name="make_timespan",
    summary="A timespan from its parts; null where one is out of range.",
    signatures=(
        signature(param("value", *ANY_SCALAR), returns=Type.TIMESPAN),
        signature(*_HOUR_MINUTE, _SECOND, returns=Type.TIMESPAN),
        signature(param("days", *NUMBER), *_HOUR_MINUTE, param("second", *NUMBER), returns=Type.TIMESPAN),
    ),
    nulls=Nulls.OWN,
    duckdb=_make_timespan(conversions.DUCKDB),
    spark=_make_timespan(conversions.SPARK),
    result_name=ResultName(NameRule.ONLY_ARGUMENT),
    differs=MICROSECOND_NOTE,
    examples=(
        Example("make_timespan(1, 12)", timedelta(hours=1, minutes=12)),
        Example(
            "make_timespan(1, 12, 30, 55.123)",
            timedelta(days=1, hours=12, minutes=30, seconds=55, milliseconds=123),
        ),
        Example("make_timespan(25, 0)", None),
        Example("make_timespan(1, long(null))", None),
    ),
)

FUNCTIONS: tuple[ScalarFunction, ...] = (
    DAYOFMONTH,
    DAYOFYEAR,
    HOUROFDAY,
    GETYEAR,
    GETMONTH,
    WEEK_OF_YEAR,
    DAYOFWEEK,
    DATETIME_PART,
    DATETIME_DIFF,
    DATETIME_ADD,
    MAKE_DATETIME,
    MAKE_TIMESPAN,
)
