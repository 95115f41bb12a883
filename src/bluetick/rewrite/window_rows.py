"""Rows of many runs in one relation: which windows a row of a table belongs to, by its time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import gcd
from typing import Any, Final, TypeAlias

from bluetick.functions.registry import CATALOGUE
from bluetick.functions.scalar.bins import BIN_AT
from bluetick.plan.expressions import Call, Column, ColumnRef, Expr, Literal
from bluetick.plan.ranges import exact_span
from bluetick.plan.rebuilding import rebuilt_expression, with_children
from bluetick.plan.relations import (
    Aggregate,
    AggregateCall,
    Binding,
    Filter,
    Join,
    JoinKind,
    Project,
    Reference,
    Relation,
    Union,
    Values,
)
from bluetick.rewrite.fresh import FreshColumns
from bluetick.rewrite.kept_parts import MERGED, MOVING, seed
from bluetick.types import Type

MOST_COPIES: Final = 2  # of one row of a table: of longer windows each reads its own rows more quickly
_LEAST_STRETCH: Final = timedelta(minutes=1)
_MICROSECOND: Final = timedelta(microseconds=1)


class NotTogetherError(Exception):
    """These windows cannot be computed in one pass, or had better not."""


@dataclass(frozen=True, slots=True)
class Windows:
    """`count` runs, `step` apart from `first`. Each reads of a table the rows from `lookback` before its instant (None:
    all before it) to before it. `values` are those of the query's parameters, the same in all."""

    first: datetime
    step: timedelta
    count: int
    lookback: timedelta | None
    values: Mapping[str, Any]

    @property
    def instants(self) -> list[datetime]:
        return [self.first + number * self.step for number in range(self.count)]

    @property
    def last(self) -> datetime:
        return self.first + (self.count - 1) * self.step


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of which `window` tells the run's instant; None: every run has all of them."""

    relation: Relation
    window: Column | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A semi-join that has looked at keys alone. `right` gives the distinct keys with their `window`; with each column
    of it but the window's the expression over the rows that must be equal."""

    right: Binding
    keys: tuple[tuple[Expr, Column], ...]
    window: Column


@dataclass(frozen=True, slots=True)
class Timed:
    """Rows that belong to the windows n with n + `low` <= `time` < n + `high`, none twice; `low` None: without a lower
    end. They have no order. Of these windows they stay in those alone whose rows meet all that is `asked`."""

    relation: Relation
    time: Column
    low: timedelta | None
    high: timedelta
    asked: tuple[Asked, ...] = ()


Lifted: TypeAlias = Rows | Timed


@dataclass(frozen=True, slots=True)
class Spreading:
    """Gives rows to their windows."""

    windows: Windows
    fresh: FreshColumns

    def narrowed(self, rows: Timed, predicate: Expr) -> Timed | None:
        """The rows for which a comparison of their time is true; None where it is not the same stretch of time before
        (or after) each run's instant."""
        offsets = set()
        for instant in self.windows.instants:
            span = exact_span((predicate,), rows.time, instant, self.windows.values)
            if span is None:
                return None
            offsets.add(tuple(None if end is None else end - instant for end in (span.low, span.high)))
            if len(offsets) > 1:
                return None
        ((low, high),) = offsets
        lows = [one for one in (low, rows.low) if one is not None]
        return replace(rows, low=max(lows, default=None), high=rows.high if high is None else min(high, rows.high))

    def copies(self, rows: Timed) -> int:
        """The most windows that a row belongs to."""
        if rows.low is None:
            return self.windows.count
        return max(1, min(self.windows.count, -(-(rows.high - rows.low) // self.windows.step)))

    def spread(self, rows: Timed) -> Rows:
        """Each row once for each of its windows."""
        if self.copies(rows) > MOST_COPIES:
            raise NotTogetherError("a row of a table would be copied too often")
        return self._spread(replace(rows, relation=self._within(rows)))

    def merged(self, node: Aggregate, rows: Timed) -> Rows | None:
        """The aggregates of each window, out of those of stretches of time that no window's end cuts; None where
        aggregates of stretches do not make those of windows."""
        stretch = self._stretch(rows)
        calls = [item for item in node.items if isinstance(item, AggregateCall)]
        if stretch is None or len(calls) < len(node.items) or any(seed(call, {}) is None for call in calls):
            return None
        keys = [expr for _, expr in node.groups]
        if any(expr not in keys for asked in rows.asked for expr, _ in asked.keys):
            return None
        time = self.fresh.column(rows.time.name, Type.DATETIME)
        size = Literal(stretch // _MICROSECOND, Type.TIMESPAN)
        origin = _instant(self.windows.first)
        bound = Call(BIN_AT, (ColumnRef(rows.time), size, origin), Type.DATETIME)
        groups = tuple((self.fresh.column(column.name, column.type), expr) for column, expr in node.groups)
        parts = tuple(replace(call, column=self.fresh.column(call.column.name, call.column.type)) for call in calls)
        counted = Aggregate(self._within(rows), ((time, bound), *groups), parts)
        names = [(expr, ColumnRef(column)) for column, expr in groups]
        asked = tuple(
            replace(one, keys=tuple((_named(expr, names), column) for expr, column in one.keys)) for one in rows.asked
        )
        found = self._spread(Timed(counted, time, rows.low, rows.high, asked))
        regrouped = tuple(
            (column, ColumnRef(below)) for (column, _), (below, _) in zip(node.groups, groups, strict=True)
        )
        merged = tuple(
            AggregateCall(call.column, CATALOGUE.aggregates[MERGED[call.function.name]], (ColumnRef(part.column),))
            for call, part in zip(calls, parts, strict=True)
        )
        whole = self.grouped(replace(node, input=found.relation, groups=regrouped, items=merged), found)
        # How many rows there are of all windows no engine guesses: as a step of its own they are known.
        return whole if rows.asked else self._apart(whole)

    def _apart(self, rows: Rows) -> Rows:
        """The same as a step of its own."""
        below = rows.relation.columns
        names = {column.id: self.fresh.column(column.name, column.type) for column in below}
        inner = Project(rows.relation, tuple((names[column.id], ColumnRef(column)) for column in below))
        return Rows(Reference(Binding("windows", inner, apart=True), below), rows.window)

    def reduced(self, node: Join, rows: Timed, items: tuple[tuple[Column, Column], ...], asked: Binding) -> Relation:
        """The rows whose keys one of the windows asks for that are between the first and the last that do. `asked` has
        the keys and then the window; `items` are what is left of the join's left side, with the time of `rows`."""
        given = self.fresh.reference(asked)
        *keys, window = given.columns
        groups = tuple((self.fresh.column("key", key.type), ColumnRef(key)) for key in keys)
        first, last = (
            AggregateCall(self.fresh.column(name, Type.DATETIME), CATALOGUE.aggregates[name], (ColumnRef(window),))
            for name in ("min", "max")
        )
        ends = Aggregate(given, groups, (first, last))
        pairs = zip((mine for mine, _ in node.keys), (ColumnRef(column) for column, _ in groups), strict=True)
        own = ((first.column, first.column), (last.column, last.column))
        met = Join(JoinKind.INNER, node.left, ends, tuple(pairs), items, own)
        time = ColumnRef(rows.time)
        there = [_compared("<", time, _moved(ColumnRef(last.column), rows.high))]
        if rows.low is not None:
            there.append(_compared(">=", time, _moved(ColumnRef(first.column), rows.low)))
        return Filter(met, tuple(there))

    def grouped(self, node: Aggregate, rows: Rows) -> Rows:
        """The aggregate of each window's rows, which are its input."""
        if rows.window is None:
            return Rows(node, None)
        window = self.fresh.column("window", Type.DATETIME)
        made = replace(node, groups=((window, ColumnRef(rows.window)), *node.groups))
        return Rows(made, window) if node.groups else self._with_empty(node, made)

    def every(self) -> Rows:
        """A row for each window."""
        window = self.fresh.column("window", Type.DATETIME)
        rows = tuple((_instant(instant),) for instant in self.windows.instants)
        return Rows(Values((window,), rows), window)

    def crossed(self, relation: Relation) -> Rows:
        """Rows without an order, for each window."""
        windows = self.every()
        window = self.fresh.column("window", Type.DATETIME)
        items = tuple((column, column) for column in relation.columns)
        own = tuple((window, column) for column in windows.relation.columns)
        return Rows(Join(JoinKind.INNER, relation, windows.relation, (), items, own), window)

    def _with_empty(self, node: Aggregate, made: Aggregate) -> Rows:
        """Without groups a window without rows has a row too: what the aggregates give of none."""
        names = {column.id: self.fresh.column(column.name, column.type) for column in node.columns}
        given = Binding("windows", replace(made, items=tuple(_renamed_item(item, names) for item in node.items)))
        names = {column.id: self.fresh.column(column.name, column.type) for column in node.columns}
        nothing = Filter(node.input, (Literal(False, Type.BOOL),))
        empty = replace(node, input=nothing, items=tuple(_renamed_item(item, names) for item in node.items))
        there, every = self.fresh.reference(given), self.every()
        own = tuple((column, column) for column in every.relation.columns)
        keys = ((ColumnRef(own[0][0]), ColumnRef(there.columns[0])),)
        others = Join(JoinKind.LEFTANTI, every.relation, there, keys, own, ())
        both = Join(JoinKind.INNER, others, empty, (), own, tuple((column, column) for column in empty.columns))
        again = self.fresh.reference(given)
        legs: tuple[tuple[Relation, tuple[Expr, ...]], ...] = (
            (again, tuple(ColumnRef(column) for column in again.columns)),
            (both, tuple(ColumnRef(column) for column in both.columns)),
        )
        whole = self.fresh.column("window", Type.DATETIME)
        return Rows(Union((whole, *node.columns), legs), whole)

    def _stretch(self, rows: Timed) -> timedelta | None:
        ends = [one for one in (rows.low, rows.high) if one is not None]
        length = gcd(*((one // _MICROSECOND) for one in (self.windows.step, *ends))) * _MICROSECOND
        return length if length >= _LEAST_STRETCH else None

    def _spread(self, rows: Timed) -> Rows:
        found = self._by_what_is_asked(rows) if rows.asked else self._by_number(rows)
        for one in rows.asked[1:]:
            found = self._exactly(found, one)
        return found

    def _by_what_is_asked(self, rows: Timed) -> Rows:
        """To those windows alone that ask for it."""
        first = rows.asked[0]
        there = self.fresh.reference(first.right)
        mine = dict(zip((column.id for column in first.right.relation.columns), there.columns, strict=True))
        window = mine[first.window.id]
        keys = tuple((expr, ColumnRef(mine[column.id])) for expr, column in first.keys)
        own = tuple((column, column) for column in rows.relation.columns)
        met = Join(JoinKind.INNER, rows.relation, there, keys, own, ((window, window),))
        return Rows(Filter(met, self._ends(rows, window)), window)

    def _exactly(self, rows: Rows, one: Asked) -> Rows:
        there = self.fresh.reference(one.right)
        mine = dict(zip((column.id for column in one.right.relation.columns), there.columns, strict=True))
        keys = [(expr, ColumnRef(mine[column.id])) for expr, column in one.keys]
        if rows.window is not None:
            keys.append((ColumnRef(rows.window), ColumnRef(mine[one.window.id])))
        own = tuple((column, column) for column in rows.relation.columns)
        return Rows(Join(JoinKind.LEFTSEMI, rows.relation, there, tuple(keys), own, ()), rows.window)

    def _by_number(self, rows: Timed) -> Rows:
        """The last window that a row can belong to, the one before it, and so on."""
        windows, copies = self.windows, self.copies(rows)
        last: Expr = _instant(windows.last)
        if rows.low is not None and copies < windows.count:
            size = Literal(windows.step // _MICROSECOND, Type.TIMESPAN)
            origin = _instant(windows.first)
            last = Call(BIN_AT, (_moved(ColumnRef(rows.time), -rows.low), size, origin), Type.DATETIME)
        relation = rows.relation
        if copies > 1:
            back = self.fresh.column("back", Type.TIMESPAN)
            steps = tuple((Literal(n * windows.step // _MICROSECOND, Type.TIMESPAN),) for n in range(copies))
            own = tuple((column, column) for column in relation.columns)
            relation = Join(JoinKind.INNER, relation, Values((back,), steps), (), own, ((back, back),))
            last = Call(CATALOGUE.scalars["-"], (last, ColumnRef(back)), Type.DATETIME)
        window = self.fresh.column("window", Type.DATETIME)
        items = tuple((column, ColumnRef(column)) for column in rows.relation.columns)
        placed = Project(relation, (*items, (window, last)))
        there: list[Expr] = []
        if copies > 1:
            there += [_compared(">=", ColumnRef(window), _instant(windows.first))]
            there += [_compared("<=", ColumnRef(window), _instant(windows.last))]
        is_exact = rows.low is not None and copies < windows.count and rows.high - rows.low == copies * windows.step
        there += [] if is_exact else self._ends(rows, window)  # else no number lies outside of them
        return Rows(Filter(placed, tuple(there)) if there else placed, window)

    def _within(self, rows: Timed) -> Relation:
        """The rows that are of any window."""
        time = ColumnRef(rows.time)
        ends = [_compared("<", time, _instant(self.windows.last + rows.high))]
        if rows.low is not None:
            ends.append(_compared(">=", time, _instant(self.windows.first + rows.low)))
        return Filter(rows.relation, tuple(ends))

    def _ends(self, rows: Timed, window: Column) -> tuple[Expr, ...]:
        time, instant = ColumnRef(rows.time), ColumnRef(window)
        ends = [_compared("<", time, _moved(instant, rows.high))]
        if rows.low is not None:
            ends.append(_compared(">=", time, _moved(instant, rows.low)))
        return tuple(ends)


def _named(expr: Expr, names: Iterable[tuple[Expr, Expr]]) -> Expr:
    return next(name for known, name in names if known == expr)


def _renamed_item(item: Any, names: Mapping[int, Column]) -> Any:
    """An aggregate under other names."""
    if isinstance(item, AggregateCall):
        return replace(item, column=names[item.column.id])
    return replace(item, items=tuple((names[column.id], expr) for column, expr in item.items))


def _compared(name: str, left: Expr, right: Expr) -> Expr:
    return Call(CATALOGUE.scalars[name], (left, right), Type.BOOL)


def _instant(moment: datetime) -> Expr:
    return Literal(moment, Type.DATETIME)


def _moved(moment: Expr, by: timedelta) -> Expr:
    if not by:
        return moment
    return Call(CATALOGUE.scalars["+"], (moment, Literal(by // _MICROSECOND, Type.TIMESPAN)), Type.DATETIME)


def as_of(expr: Expr, window: Column) -> Expr:
    """The expression with the window's instant for now()."""

    def anew(part: Expr, inner: list[Expr]) -> Expr:
        if isinstance(part, Call) and part.function.name in MOVING:
            sign = "-" if part.function.name == "ago" else "+"
            instant: Expr = ColumnRef(window)
            return Call(CATALOGUE.scalars[sign], (instant, *inner), Type.DATETIME) if inner else instant
        return with_children(part, inner) if inner else part

    return rebuilt_expression(expr, anew)
