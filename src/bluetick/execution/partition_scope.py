"""The partitions of a source that a time scope leaves to be read."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from bluetick.execution.mapping import PartitionHint
from bluetick.plan.expressions import Column
from bluetick.sql import tree as sql
from bluetick.types import Type

_DIGITS: Final = {"month": 6, "day": 8, "hour": 10}
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Partition:
    """A hint with the columns of the source that it names, each read as the type that it is compared in."""

    hint: PartitionHint
    columns: tuple[Column, ...]


def partition_condition(
    partition: Partition, aliases: dict[int, str], start: datetime | None, end: datetime | None
) -> sql.Expr | None:
    """What a partition must fulfil to hold rows of [start, end); None where that is no condition.

    A partition whose value is no period is always read.
    """
    hint = partition.hint
    first = None if start is None else _moved(start, -hint.slack)
    last = None if end is None else _moved(end, hint.slack - _MICROSECOND)
    if first is None and last is None:
        return None
    values = [sql.Column(aliases[column.id]) for column in partition.columns]
    if hint.has_parts:
        return _of_parts(hint, values, first, last)
    match partition.columns[0].type:
        case Type.STRING:
            return _of_text(hint, values[0], first, last)
        case Type.DATETIME:
            bounds = (_truncated(moment, hint.unit) for moment in (first, last))
            low, high = (None if m is None else sql.Literal(m, Type.DATETIME) for m in bounds)
            return sql.any_of(sql.is_null(values[0]), _between(values[0], low, high))
        case _:
            return _of_digits(hint, values[0], first, last)


def _moved(moment: datetime, by: timedelta) -> datetime | None:
    try:
        return moment + by
    except OverflowError:  # past the end of the calendar there is nothing to leave out
        return None


def _truncated(moment: datetime | None, unit: str) -> datetime | None:
    if moment is None:
        return None
    day, hour = (moment.day if unit != "month" else 1), (moment.hour if unit == "hour" else 0)
    return datetime(moment.year, moment.month, day, hour, tzinfo=UTC)


def _between(value: sql.Expr, low: sql.Expr | None, high: sql.Expr | None) -> sql.Expr:
    bounds = [sql.Binary(">=", value, low)] if low is not None else []
    bounds += [sql.Binary("<=", value, high)] if high is not None else []
    return sql.all_of(*bounds)


def written(moment: datetime, form: str) -> str:
    """A moment in a hint's format, with years of four digits on every platform."""
    parts = {"%Y": f"{moment.year:04}", "%m": f"{moment.month:02}", "%d": f"{moment.day:02}", "%H": f"{moment.hour:02}"}
    for mark, digits in parts.items():
        form = form.replace(mark, digits)
    return form


def _of_text(hint: PartitionHint, value: sql.Expr, first: datetime | None, last: datetime | None) -> sql.Expr:
    low, high = (None if m is None else sql.text(written(m, hint.format)) for m in (first, last))
    shape = hint.format.replace("%Y", "____")
    for mark in ("%m", "%d", "%H"):
        shape = shape.replace(mark, "__")
    other = sql.not_(sql.Binary("LIKE", value, sql.text(shape)))
    return sql.any_of(other, _between(value, low, high))


def _of_digits(hint: PartitionHint, value: sql.Expr, first: datetime | None, last: datetime | None) -> sql.Expr:
    digits = _DIGITS[hint.unit]
    low, high = (None if m is None else sql.long(_number(m, digits // 2 - 1)) for m in (first, last))
    least, most = sql.long(10 ** (digits - 1)), sql.long(10**digits)
    other = (sql.is_null(value), sql.Binary("<", value, least), sql.Binary(">=", value, most))
    return sql.any_of(*other, _between(value, low, high))


def _of_parts(hint: PartitionHint, values: list[sql.Column], first: datetime | None, last: datetime | None) -> sql.Expr:
    """Year, month ... part by part: DuckDB pushes no arithmetic, which might fail, down to its list of files."""
    bounds = [_beyond(values, _parts(first), ">")] if first is not None else []
    bounds += [_beyond(values, _parts(last), "<")] if last is not None else []
    return sql.any_of(*(sql.is_null(value) for value in values), sql.all_of(*bounds))


def _beyond(values: list[sql.Column], bound: tuple[int, ...], operator: str) -> sql.Expr:
    """Whether the parts are the bound's, or beyond it."""
    last = len(values) - 1
    found: sql.Expr = sql.Binary(f"{operator}=", values[last], sql.long(bound[last]))
    for value, part in list(zip(values, bound, strict=False))[:last][::-1]:
        same = sql.Binary("AND", sql.Binary("=", value, sql.long(part)), found)
        found = sql.any_of(sql.Binary(operator, value, sql.long(part)), same)
    return found


def _parts(moment: datetime) -> tuple[int, ...]:
    return moment.year, moment.month, moment.day, moment.hour


def _number(moment: datetime, parts: int) -> int:
    """The digits of a moment, such as 20260105."""
    number = 0
    for part in _parts(moment)[:parts]:
        number = number * 100 + part
    return number
