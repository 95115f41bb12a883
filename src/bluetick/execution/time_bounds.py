"""What time a statement wants of each table, where its own filters say so: only a hint to leave partitions unread."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from bluetick.plan.expressions import Call, Column, ColumnRef, Expr, InTable, Literal, Parameter, ScalarQuery, walk
from bluetick.plan.relations import Filter, Relation, Scan, TabularStatement, inputs
from bluetick.plan.traversal import relations_in
from bluetick.types import Type

Bounds: TypeAlias = tuple[datetime | None, datetime | None]
"""From the first instant, and up to (not with) the second; None where there is no bound."""

_MICROSECOND = timedelta(microseconds=1)
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def time_bounds(statement: TabularStatement, parameters: Mapping[str, Any]) -> dict[str, Bounds]:
    """The bounds of each table that the statement reads: the widest of all the places where it does."""
    nodes = {id(node): node for root in _roots(statement) for node in relations_in(root, scalars=True)}
    read = {id(below) for node in nodes.values() for below in inputs(node)}
    unfiltered = {id(below) for node in nodes.values() if not isinstance(node, Filter) for below in inputs(node)}
    found: dict[str, Bounds] = {}
    for key, node in nodes.items():
        if key in read and key not in unfiltered:
            continue  # only filters read it: each of them begins a chain that ends here
        chain = _filters_over(node)
        if chain is not None:
            scan, filters = chain
            bounds = _of_filters(scan, filters, parameters)
            found[scan.table] = _widest(found[scan.table], bounds) if scan.table in found else bounds
    return found


def _roots(statement: TabularStatement) -> Iterator[Relation]:
    yield statement.relation
    for assertion in statement.assertions:
        for part in walk(assertion.condition):
            if isinstance(part, ScalarQuery | InTable):
                yield part.relation


def _filters_over(node: Relation) -> tuple[Scan, list[Filter]] | None:
    filters: list[Filter] = []
    while isinstance(node, Filter):
        filters.append(node)
        node = node.input
    return (node, filters) if isinstance(node, Scan) else None


def _of_filters(scan: Scan, filters: list[Filter], parameters: Mapping[str, Any]) -> Bounds:
    low: datetime | None = None
    high: datetime | None = None
    if scan.time_column is None:
        return low, high
    for predicate in (predicate for one in filters for predicate in one.predicates):
        for operator, moment in _comparisons(predicate, scan.time_column, parameters):
            if operator in (">", ">="):
                low, high = narrowed((low, high), (moment, None))
            else:
                low, high = narrowed((low, high), (None, moment if operator == "<" else moment + _MICROSECOND))
    return low, high


def _widest(one: Bounds, other: Bounds) -> Bounds:
    low = None if one[0] is None or other[0] is None else min(one[0], other[0])
    high = None if one[1] is None or other[1] is None else max(one[1], other[1])
    return low, high


def narrowed(one: Bounds, other: Bounds) -> Bounds:
    """The time that lies in both."""
    low = max((moment for moment in (one[0], other[0]) if moment is not None), default=None)
    return low, min((moment for moment in (one[1], other[1]) if moment is not None), default=None)


def _comparisons(expr: Expr, time: Column, parameters: Mapping[str, Any]) -> Iterator[tuple[str, datetime]]:
    """What a condition says of the time column, as far as it can be told before anything runs."""
    match expr:
        case Call(function=function, args=(left, right)) if function.name == "and":
            yield from _comparisons(left, time, parameters)
            yield from _comparisons(right, time, parameters)
        case Call(function=function, args=(ColumnRef(column=column), value)) if column == time:
            yield from _told(function.name, value, parameters)
        case Call(function=function, args=(value, ColumnRef(column=column))) if column == time:
            yield from _told(_MIRRORED.get(function.name, ""), value, parameters)
        case Call(function=function, args=(ColumnRef(column=column), low, high)) if column == time:
            if function.name == "between":
                yield from _told(">=", low, parameters)
                yield from _told("<=", high, parameters)


def _told(operator: str, value: Expr, parameters: Mapping[str, Any]) -> Iterator[tuple[str, datetime]]:
    if operator in _MIRRORED:
        try:
            moment = _instant(value, parameters)
        except OverflowError:  # beyond the calendar: no bound
            return
        if moment is not None and moment.year < datetime.max.year:
            yield operator, moment


def _instant(expr: Expr, parameters: Mapping[str, Any]) -> datetime | None:
    """The instant that a constant is, for the forms in which rules write one."""
    now: datetime = parameters["now"]
    match expr:
        case Literal(type=Type.DATETIME, value=datetime() as value):
            return value
        case Parameter(name=name, type=Type.DATETIME):
            given = parameters.get(name)
            return given if isinstance(given, datetime) else None
        case Call(function=function, args=()) if function.name == "now":
            return now
        case Call(function=function, args=(Literal(type=Type.TIMESPAN, value=int(span)),)):
            sign = {"now": 1, "ago": -1}.get(function.name)
            return None if sign is None else now + timedelta(microseconds=sign * span)
        case Call(function=function, args=(inner, Literal(type=Type.TIMESPAN, value=int(span)))):
            sign = {"+": 1, "-": -1}.get(function.name)
            moment = None if sign is None else _instant(inner, parameters)
            return None if moment is None or sign is None else moment + timedelta(microseconds=sign * span)
        case Call(function=function, args=(inner,)) if function.name == "startofday":
            moment = _instant(inner, parameters)
            return None if moment is None else moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return None
