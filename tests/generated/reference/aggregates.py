"""Aggregates over one group, and windows over ordered rows: of the arguments' types and a list of values a row."""

import math
import statistics
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from generated.reference.values import (
    EPOCH,
    MICROSECOND,
    ascending,
    identity,
    json_text,
    null_of,
    to_json,
    wrapped,
)

Types: TypeAlias = tuple[str, ...]
Table: TypeAlias = list[list[Any]]
Aggregate: TypeAlias = Callable[[Types, Table], Any]


def _present(table: Table) -> list[Any]:
    return [row[0] for row in table if row[0] is not None]


def _if(function: Aggregate, predicate: int = 1) -> Aggregate:
    """The aggregate over the rows where the predicate, the last argument, is true."""

    def call(types: Types, table: Table) -> Any:
        return function(types[:predicate], [row[:predicate] for row in table if row[predicate] is True])

    return call


def _sum(types: Types, table: Table) -> Any:
    values = _present(table)
    match types[0]:
        case "timespan":
            return sum(values, timedelta(0))
        case "int" | "long":
            return wrapped(sum(values))
        case _:
            return sum(values, type(values[0])(0)) if values else 0.0


def _avg(types: Types, table: Table) -> Any:
    """NaN of no numbers, null of no instants."""
    values = _present(table)
    match types[0]:
        case "timespan":
            micros = [v // MICROSECOND for v in values]
            return _cut(sum(micros), len(micros))
        case "datetime":
            first = datetime(1, 1, 1, tzinfo=EPOCH.tzinfo)
            span = _cut(sum((v - first) // MICROSECOND for v in values), len(values))
            return None if span is None else first + span
        case _:
            return math.fsum(values) / len(values) if values else math.nan


def _cut(micros: int, count: int) -> timedelta | None:
    if not count:
        return None
    quotient = abs(micros) // count
    return timedelta(microseconds=quotient if micros >= 0 else -quotient)


def _extreme(pick: Callable[[list[Any]], Any]) -> Aggregate:
    def call(types: Types, table: Table) -> Any:
        values = _present(table)
        return pick(values) if values else null_of(types[0])

    return call


def _dcount(_: Types, table: Table) -> int:
    return len({identity(value) for value in _present(table)})


def _size(table: Table, at: int) -> int | None:
    return table[0][at] if table and len(table[0]) > at else None


def _list(types: Types, table: Table) -> list[Any]:
    """Nulls are left out, but for those of a dynamic column."""
    values = _members([row[0] for row in table if row[0] is not None or types[0] == "dynamic"])
    return [to_json(value, types[0]) for value in values[: _size(table, 1)]]


def _list_with_nulls(types: Types, table: Table) -> list[Any]:
    return [to_json(value, types[0]) for value in _members([row[0] for row in table])]


def _members(values: list[Any]) -> list[Any]:
    """The elements of arrays count one by one, nulls among them too."""
    return [e for value in values for e in (value if isinstance(value, list) else [value])]


def _set(types: Types, table: Table) -> list[Any]:
    found = {identity(v): v for v in _present(table)}
    values = sorted(found.values(), key=lambda v: ascending(v, types[0]))
    return [to_json(value, types[0]) for value in values[: _size(table, 1)]]


def _set_of_dynamic(types: Types, table: Table) -> list[Any]:
    """The elements of arrays count one by one; nulls among them do not count."""
    if types[0] != "dynamic":
        return _set(types, table)
    values = [e for v in _present(table) for e in (v if isinstance(v, list) else [v]) if e is not None]
    found = {json_text(value): value for value in values}
    return [found[key] for key in sorted(found)][: _size(table, 1)]


def _percentile(types: Types, table: Table) -> Any:
    """Nearest rank."""
    values = sorted(_present(table))
    if not values:
        return null_of(types[0])
    return values[max(math.ceil(len(values) * table[0][1] / 100), 1) - 1]


def _spread(function: Callable[[list[float]], float], least: int) -> Aggregate:
    def call(_: Types, table: Table) -> float:
        values = [float(value) for value in _present(table)]
        return float(function(values)) if len(values) >= least else 0.0

    return call


def _bits(fold: Callable[[int, int], int]) -> Aggregate:
    def call(_: Types, table: Table) -> int | None:
        values = _present(table)
        found: int | None = values[0] if values else None
        for value in values[1:]:
            found = fold(found, value)  # type: ignore[arg-type]
        return found

    return call


def _count(types: Types, table: Table) -> int:
    return sum(row[0] is True for row in table) if types == ("bool",) else len(table)


FUNCTIONS: Final[Mapping[str, Aggregate]] = {
    "count": _count,
    "countif": _count,
    "sum": _sum,
    "sumif": _if(_sum),
    "avg": _avg,
    "avgif": _if(_avg),
    "min": _extreme(min),
    "max": _extreme(max),
    "minif": _if(_extreme(min)),
    "maxif": _if(_extreme(max)),
    "dcount": _dcount,
    "dcountif": _if(_dcount),
    "count_distinct": _dcount,
    "make_list": _list,
    "make_list_if": _if(_list),
    "make_list_with_nulls": _list_with_nulls,
    "make_set": _set_of_dynamic,
    "make_set_if": _if(_set_of_dynamic),
    "percentile": _percentile,
    "stdev": _spread(statistics.stdev, 2),
    "stdevp": _spread(statistics.pstdev, 1),
    "variance": _spread(statistics.variance, 2),
    "variancep": _spread(statistics.pvariance, 1),
    "binary_all_and": _bits(lambda a, b: a & b),
    "binary_all_or": _bits(lambda a, b: a | b),
    "binary_all_xor": _bits(lambda a, b: a ^ b),
}

# --- one row of a group ----------------------------------------------------------------------------------------------

# The row that is picked, or None of no rows. `smallest` orders the rows by all their columns.
Pick: TypeAlias = Callable[[Types, Table, list[Any]], int | None]


def _arg(*, largest: bool) -> Pick:
    """Nulls count only where there is nothing else; of equal values the smallest row."""

    def pick(_: Types, table: Table, smallest: list[Any]) -> int | None:
        places = [n for n, row in enumerate(table) if row[0] is not None]
        if places:
            wanted = (max if largest else min)(table[n][0] for n in places)
            places = [n for n in places if table[n][0] == wanted]
        return min(places or range(len(table)), key=lambda n: smallest[n], default=None)

    return pick


def _any(_: Types, table: Table, smallest: list[Any]) -> int | None:
    """Of one column a value that is not null and not empty, where there is one."""
    places = [n for n, row in enumerate(table) if row[0] is not None and row[0] != ""]
    return min(places or range(len(table)), key=lambda n: smallest[n], default=None)


PICKS: Final[Mapping[str, Pick]] = {"arg_max": _arg(largest=True), "arg_min": _arg(largest=False), "take_any": _any}


# --- windows ---------------------------------------------------------------------------------------------------------


def window(function: str, type_: str, table: Table) -> list[Any]:
    match function:
        case "row_number":
            return _numbered(table)
        case "row_cumsum":
            return _running(type_, table)
        case _:
            return _neighbours(1 if function == "prev" else -1, type_, table)


def _numbered(table: Table) -> list[int]:
    found: list[int] = []
    for row in table:
        start = row[0] if row else 1
        begins = not found or (len(row) > 1 and row[1] is True)
        found.append(start if begins else found[-1] + 1)
    return found


def _running(type_: str, table: Table) -> list[Any]:
    found: list[Any] = []
    total: Any = 0
    for row in table:
        if len(row) > 1 and row[1] is True:
            total = 0
        total += row[0] or 0
        found.append(float(total) if type_ == "real" else wrapped(total))
    return found


def _neighbours(sign: int, type_: str, table: Table) -> list[Any]:
    found = []
    for place, row in enumerate(table):
        offset = row[1] if len(row) > 1 else 1
        beyond = row[2] if len(row) > 2 else null_of(type_)
        other = place - sign * offset
        found.append(table[other][0] if 0 <= other < len(table) else beyond)
    return found
