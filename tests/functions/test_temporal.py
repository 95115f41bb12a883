"""Time functions against Python's own calendar, over seeded instants of all years."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from example_runner import session

_EPOCH = datetime(1, 1, 1)
_WEEK = timedelta(days=7)


def _instants() -> list[datetime]:
    random_ = random.Random(7)  # noqa: S311 - test data
    edges = [datetime(1970, 1, 1), datetime(1969, 12, 31, 23, 59, 59, 999_999), datetime(2024, 2, 29, 23, 59, 59)]
    span = (datetime(9998, 1, 1) - datetime(2, 1, 1)) // timedelta(microseconds=1)
    drawn = [datetime(2, 1, 1) + timedelta(microseconds=random_.randrange(span)) for _ in range(150)]
    return edges + drawn


INSTANTS = _instants()


def _rows(expression: str) -> list[object]:
    """The expression over the instants `t`, each beside the one before it as `u`."""
    pairs = zip(INSTANTS, [INSTANTS[-1], *INSTANTS[:-1]], strict=True)
    cells = ", ".join(f"datetime({t.isoformat()}), datetime({u.isoformat()})" for t, u in pairs)
    result = session("duckdb").query(f"datatable(t: datetime, u: datetime)[{cells}] | project x = {expression}")
    return [value.replace(tzinfo=None) if isinstance(value, datetime) else value for (value,) in result.rows()]


def check(expression: str, expected: Callable[[datetime, datetime], object]) -> None:
    pairs = zip(INSTANTS, [INSTANTS[-1], *INSTANTS[:-1]], strict=True)
    assert _rows(expression) == [expected(t, u) for t, u in pairs]


def _midnight(value: datetime) -> datetime:
    return datetime(value.year, value.month, value.day)


def _sunday(value: datetime) -> datetime:
    return _midnight(value) - timedelta(days=value.isoweekday() % 7)


@pytest.mark.parametrize(
    ("size", "width"),
    [
        ("1s", timedelta(seconds=1)),
        ("7d", _WEEK),
        ("90m", timedelta(minutes=90)),
        ("totimespan('13:00:00')", timedelta(hours=13)),
    ],
)
def test_bin_counts_from_year_one(size: str, width: timedelta) -> None:
    check(f"bin(t, {size})", lambda t, _: t - (t - _EPOCH) % width)


def test_bin_at_counts_from_its_fixed_point() -> None:
    check("bin_at(t, 7d, u)", lambda t, u: t - (t - u) % _WEEK)


def test_periods_start_and_end_with_the_calendar() -> None:
    tick = timedelta(microseconds=1)
    check("startofday(t)", lambda t, _: _midnight(t))
    check("startofweek(t)", lambda t, _: _sunday(t))
    check("startofweek(t, -3)", lambda t, _: _sunday(t) - 3 * _WEEK)
    check("endofweek(t)", lambda t, _: _sunday(t) + _WEEK - tick)
    check("startofmonth(t)", lambda t, _: datetime(t.year, t.month, 1))
    check("startofyear(t, -1)", lambda t, _: datetime(t.year - 1, 1, 1))
    check("endofyear(t)", lambda t, _: datetime(t.year + 1, 1, 1) - tick)


def test_parts_are_those_of_the_calendar() -> None:
    check("dayofweek(t)", lambda t, _: timedelta(days=t.isoweekday() % 7))
    check("dayofyear(t)", lambda t, _: t.timetuple().tm_yday)
    check("week_of_year(t)", lambda t, _: t.isocalendar().week)
    check("hourofday(t)", lambda t, _: t.hour)
    check("datetime_part('microsecond', t)", lambda t, _: t.microsecond)
    check("datetime_part('quarter', t)", lambda t, _: (t.month + 2) // 3)


@pytest.mark.parametrize(
    ("part", "number"),
    [
        ("year", lambda t: t.year),
        ("quarter", lambda t: t.year * 4 + (t.month - 1) // 3),
        ("month", lambda t: t.year * 12 + t.month),
        ("week", lambda t: (_sunday(t) - _EPOCH) // timedelta(days=1) // 7),
        ("day", lambda t: t.toordinal()),
        ("minute", lambda t: (t - _EPOCH) // timedelta(minutes=1)),
        ("millisecond", lambda t: (t - _EPOCH) // timedelta(milliseconds=1)),
    ],
)
def test_datetime_diff_counts_the_boundaries_crossed(part: str, number: Callable[[datetime], int]) -> None:
    check(f"datetime_diff('{part}', t, u)", lambda t, u: number(t) - number(u))


def test_formats_show_what_python_shows() -> None:
    check("format_datetime(t, 'yyyy-MM-dd HH:mm:ss.ffffff')", lambda t, _: t.isoformat(" ", "microseconds"))
    check(
        "format_datetime(t, 'h:mm tt')",
        lambda t, _: f"{t.hour % 12 or 12}:{t.minute:02} {'AM' if t.hour < 12 else 'PM'}",
    )
    check("make_datetime(getyear(t), getmonth(t), dayofmonth(t))", lambda t, _: _midnight(t))


def test_now_is_one_instant_and_ago_counts_back_from_it() -> None:
    now = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    rows = session("duckdb").query("print now(), ago(1d), now(-1h), now() == now()", now=now).rows()
    assert list(rows) == [(now, now - timedelta(days=1), now - timedelta(hours=1), True)]


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("format_datetime(now(), 'yyyy q')", "'q'"),
        ("format_timespan(1d, 'd T')", "'T'"),
        ("datetime_part('weekday', now())", "'weekday'"),
        ("datetime_diff('dayofyear', now(), now())", "'dayofyear'"),
        ("bag_set_key(dynamic({}), '$.a[0]', 1)", "'$.a[0]'"),
        ("coalesce('a', 1)", "coalesce()"),
    ],
)
def test_what_is_not_understood_is_refused_before_it_runs(expression: str, named: str) -> None:
    (diagnostic,) = session("duckdb").check(f"print {expression}").diagnostics
    assert named in diagnostic.message
