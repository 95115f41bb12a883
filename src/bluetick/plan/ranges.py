"""What a plan asks of the datetime columns of its tables before anything else: the ranges that a scan may be cut to."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from bluetick.plan.column_use import columns_in, read_always, read_for
from bluetick.plan.evaluation import folded
from bluetick.plan.expressions import (
    Call,
    Column,
    ColumnRef,
    Expr,
    InTable,
    Literal,
    Parameter,
    Promote,
    ScalarQuery,
    children,
    walk,
)
from bluetick.plan.rebuilding import with_children
from bluetick.plan.relations import (
    Aggregate,
    Computed,
    Expand,
    Filter,
    Join,
    Project,
    Reference,
    Relation,
    Scan,
    Serialize,
    Sort,
    TabularStatement,
    Union,
    expressions,
    inputs,
)
from bluetick.types import Type

_TICK = timedelta(microseconds=1)
_MOST_VISITS = 10_000  # of a plan whose lets name each other many times; what is left then has no range


@dataclass(frozen=True, slots=True)
class Span:
    """From `low` to before `high`; None: without an end."""

    low: datetime | None = None
    high: datetime | None = None

    def cut(self, other: "Span") -> "Span":
        lows = [end for end in (self.low, other.low) if end is not None]
        highs = [end for end in (self.high, other.high) if end is not None]
        return Span(max(lows, default=None), min(highs, default=None))

    def meets(self, least: datetime, most: datetime) -> bool:
        """Whether a value from `least` to `most` may lie in it."""
        return (self.low is None or most >= self.low) and (self.high is None or least < self.high)


Spans: TypeAlias = Mapping[int, Span]
"""By the id of a column."""


def hull(spans: Iterable[Span]) -> Span:
    """From the least to the greatest end of spans; of none, all."""
    ends = list(spans)
    lows = [span.low for span in ends if span.low is not None]
    highs = [span.high for span in ends if span.high is not None]
    return Span(
        min(lows) if lows and len(lows) == len(ends) else None,
        max(highs) if highs and len(highs) == len(ends) else None,
    )


@dataclass(frozen=True, slots=True)
class Known:
    """What is constant for one run."""

    now: datetime
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ScanRange:
    """One reading of a table: the spans of its datetime columns, by the names that these have in the data.

    `reading` is the id of the scan's first column. Of the columns `alone` nothing but their span is asked.
    """

    table: str
    spans: tuple[tuple[str, Span], ...]
    reading: int | None = None
    alone: frozenset[str] = frozenset()


def scan_ranges(
    statement: TabularStatement, now: datetime, scope: Span, values: Mapping[str, Any] | None = None
) -> list[ScanRange]:
    """Every reading of a table by the statement. `scope` cuts the time column of each; `values` are those of the
    query's parameters, where they are known."""
    known = Known(now, values or {})
    found: dict[ScanRange, None] = {}
    scans: dict[int | None, Scan] = {}
    asserted = [inner for assertion in statement.assertions for inner in _inner(assertion.condition)]
    pending: list[tuple[Relation, Spans]] = [(relation, {}) for relation in (statement.relation, *asserted)]
    seen: set[tuple[int, frozenset[tuple[int, Span]]]] = set()
    beyond = {column.id for relation in (statement.relation, *asserted) for column in relation.columns}
    feeds: dict[int, set[int]] = {}
    is_whole = True
    while pending:
        node, spans = pending.pop()
        if len(seen) > _MOST_VISITS:
            spans, is_whole = {}, False
        if (state := (id(node), frozenset(spans.items()))) in seen:
            continue
        seen.add(state)
        if isinstance(node, Scan):
            found[_scan_range(node, spans, scope)] = None
            scans[node.columns[0].id if node.columns else None] = node
            continue
        pending.extend(_below(node, spans, known))
        _note_beyond(node, known, beyond, feeds)
        for inner in (inner for expr in expressions(node) for inner in _inner(expr)):
            pending.append((inner, {}))
            beyond.update(column.id for column in inner.columns)
    return _with_alone(list(found), scans, _reached(beyond, feeds)) if is_whole else list(found)


def _with_alone(found: list[ScanRange], scans: Mapping[int | None, Scan], beyond: set[int]) -> list[ScanRange]:
    """The readings with the columns of which nothing is asked but one and the same span, wherever the scan stands."""
    times = Counter(one.reading for one in found)
    told = []
    for one in found:
        scan = scans[one.reading]
        pairs = zip(scan.columns, scan.sources, strict=True)
        # A face may show one column of the data as two, and the other of them may be asked for more.
        alone = frozenset(
            source
            for column, source in pairs
            if column.type is Type.DATETIME and column.id not in beyond and scan.sources.count(source) == 1
        )
        told.append(replace(one, alone=alone) if times[one.reading] == 1 and one.reading is not None else one)
    return told


def _note_beyond(node: Relation, known: Known, beyond: set[int], feeds: dict[int, set[int]]) -> None:
    """Adds the columns of which a node asks more than what `_below` takes down as a span; of those that it only passes
    on, what they feed."""
    match node:
        case Filter(predicates=predicates):
            beyond.update(columns_in(_not_spans(predicates, known)))
        case Project(items=items):
            _note_passed(items, beyond, feeds)
        case Reference(binding=binding, columns=columns):
            for column, inner in zip(columns, binding.relation.columns, strict=True):
                feeds.setdefault(column.id, set()).add(inner.id)
        case Union(columns=columns, legs=legs):
            for _, exprs in legs:
                _note_passed(zip(columns, exprs, strict=True), beyond, feeds)
        case Sort() | Expand(limit=None) | Computed():
            beyond.update(columns_in(expressions(node)))
        case Aggregate() | Join():
            beyond.update(read_always(node))
            for _, taken in read_for(node):
                beyond.update(taken)
        case _:
            beyond.update(column.id for below in inputs(node) for column in below.columns)


def _note_passed(items: Iterable[tuple[Column, Expr]], beyond: set[int], feeds: dict[int, set[int]]) -> None:
    for column, expr in items:
        if isinstance(expr, ColumnRef):
            feeds.setdefault(column.id, set()).add(expr.column.id)
        else:
            beyond.update(columns_in((expr,)))


def _reached(beyond: set[int], feeds: Mapping[int, set[int]]) -> set[int]:
    pending, found = list(beyond), set(beyond)
    while pending:
        for below in feeds.get(pending.pop(), ()):
            if below not in found:
                found.add(below)
                pending.append(below)
    return found


def _not_spans(predicates: Iterable[Expr], known: Known) -> Iterator[Expr]:
    """The parts of a filter that say anything but that a column lies in a span which is known."""
    pending = list(predicates)
    while pending:
        part = pending.pop()
        if isinstance(part, Call) and part.function.name == "and":
            pending.extend(part.args)
        elif not _is_span(part, known):
            yield part


def _is_span(part: Expr, known: Known) -> bool:
    """Whether a predicate holds just where one column lies in the span that is taken of it."""
    asked = list(_asked(part, known))
    if len(asked) != 1:
        return False
    column, span = asked[0]
    compared = _compared_with(part, column)
    ends = (True, True) if compared is None else _SPANS[compared[0]]  # what is no comparison is `between`
    return all(end is None or told is not None for end, told in zip(ends, (span.low, span.high), strict=True))


def _scan_range(scan: Scan, spans: Spans, scope: Span) -> ScanRange:
    named = []
    for column, source in zip(scan.columns, scan.sources, strict=True):
        span = spans.get(column.id, Span())
        if scan.time_column is not None and column.id == scan.time_column.id:
            span = span.cut(scope)
        if span != Span():
            named.append((source, span))
    return ScanRange(scan.table, tuple(named), scan.columns[0].id if scan.columns else None)


def _inner(expr: Expr) -> Iterator[Relation]:
    for part in walk(expr):
        if isinstance(part, InTable | ScalarQuery):
            yield part.relation


def _below(node: Relation, spans: Spans, known: Known) -> list[tuple[Relation, Spans]]:
    """The inputs of a node, with what is known of their rows that count."""
    match node:
        case Filter(input=source, predicates=predicates):
            return [(source, _narrowed(spans, predicates, known))]
        case Project(input=source, items=items):
            kept = {expr.column.id: spans[c.id] for c, expr in items if isinstance(expr, ColumnRef) and c.id in spans}
            return [(source, kept)]
        case Reference(binding=binding, columns=columns):
            pairs = zip(columns, binding.relation.columns, strict=True)
            return [(binding.relation, {inner.id: spans[outer.id] for outer, inner in pairs if outer.id in spans})]
        case Union(columns=columns, legs=legs):
            return [(leg, _of_leg(columns, exprs, spans)) for leg, exprs in legs]
        case Sort() | Serialize() | Expand(limit=None) | Computed():  # a lookup's limit is over all its rows
            return [(node.input, spans)]
        case _:
            return [(source, {}) for source in inputs(node)]


def _of_leg(columns: tuple[Column, ...], exprs: tuple[Expr, ...], spans: Spans) -> Spans:
    pairs = zip(columns, exprs, strict=True)
    return {e.column.id: spans[c.id] for c, e in pairs if isinstance(e, ColumnRef) and c.id in spans}


def _narrowed(spans: Spans, predicates: tuple[Expr, ...], known: Known) -> Spans:
    found = dict(spans)
    for predicate in predicates:
        for column, span in _asked(predicate, known):
            found[column.id] = found.get(column.id, Span()).cut(span)
    return found


def asked(predicate: Expr, now: datetime) -> list[tuple[Column, Span]]:
    """The columns that a predicate alone compares with an instant that is known before a run as of `now`."""
    return list(_asked(predicate, Known(now, {})))


def _asked(predicate: Expr, known: Known) -> Iterator[tuple[Column, Span]]:
    """The columns that a predicate compares with a known instant."""
    if not isinstance(predicate, Call):
        return
    name, args = predicate.function.name, predicate.args
    if name == "and":
        for part in args:
            yield from _asked(part, known)
    elif name == "between" and isinstance(args[0], ColumnRef):
        low, high = (_instant(arg, known) for arg in args[1:3])
        length = folded(args[2])
        if low is not None and isinstance(length, Literal) and length.type is Type.TIMESPAN:
            high = None if length.value is None else _moved(low, timedelta(microseconds=length.value))
        yield args[0].column, Span(low, _after(high))
    elif name in _SPANS and isinstance(args[0], ColumnRef):
        yield from _compared(name, args[0].column, _instant(args[1], known))
    elif name in _SPANS and isinstance(args[1], ColumnRef):
        yield from _compared(_TURNED[name], args[1].column, _instant(args[0], known))


def _compared(name: str, column: Column, instant: datetime | None) -> Iterator[tuple[Column, Span]]:
    if instant is not None:
        low, high = _SPANS[name]
        ends = (None if end is None else _moved(instant, end) for end in (low, high))
        yield column, Span(*ends)


_SPANS: dict[str, tuple[timedelta | None, timedelta | None]] = {
    ">=": (timedelta(0), None),
    ">": (_TICK, None),
    "<": (None, timedelta(0)),
    "<=": (None, _TICK),
    "==": (timedelta(0), _TICK),
}
_TURNED = {">=": "<=", ">": "<", "<": ">", "<=": ">=", "==": "=="}


def _after(instant: datetime | None) -> datetime | None:
    return None if instant is None else _moved(instant, _TICK)


def _moved(instant: datetime, by: timedelta) -> datetime | None:
    try:
        return instant + by
    except OverflowError:
        return None


def instant(expr: Expr, now: datetime) -> datetime | None:
    """The instant that an expression without parameters gives for every row of a run at `now`; None where it is not one
    that can be told before the run."""
    return _instant(expr, Known(now, {}))


def _instant(expr: Expr, known: Known) -> datetime | None:
    """The instant that an expression gives for every row, where it is one that can be told before the run."""
    found = folded(_at(expr, known))
    if isinstance(found, Literal) and found.type is Type.DATETIME and isinstance(found.value, datetime):
        return found.value if found.value.tzinfo else found.value.replace(tzinfo=UTC)
    return None


def _at(expr: Expr, known: Known) -> Expr:
    """The expression with now(), ago(), parameters and starts of days as instants."""
    if isinstance(expr, Parameter):
        value = known.values.get(expr.name)
        return Literal(value, expr.type) if isinstance(value, datetime | int) else expr
    if not isinstance(expr, Call | Promote):
        return expr
    made = with_children(expr, [_at(child, known) for child in children(expr)])
    if not isinstance(made, Call) or made.function.name not in ("now", "ago", "startofday"):
        return made
    if made.function.name == "startofday":
        return _start_of_day(made)
    spans = [folded(arg) for arg in made.args]
    moved = known.now
    for span in spans:
        if not isinstance(span, Literal) or not isinstance(span.value, int):
            return made
        by = timedelta(microseconds=span.value)
        after = _moved(moved, -by if made.function.name == "ago" else by)
        if after is None:
            return made
        moved = after
    return Literal(moved, Type.DATETIME)


def _start_of_day(call: Call) -> Expr:
    """Without an offset, of a known instant."""
    moment = folded(call.args[0])
    if len(call.args) > 1 or not isinstance(moment, Literal) or not isinstance(moment.value, datetime):
        return call
    return Literal(moment.value.replace(hour=0, minute=0, second=0, microsecond=0), Type.DATETIME)


def is_range(predicate: Expr, column: Column) -> bool:
    """Whether it is one comparison of this column with what is the same for all rows of a run."""
    return _compared_with(predicate, column) is not None


def exact_span(predicates: Iterable[Expr], column: Column, now: datetime, values: Mapping[str, Any]) -> Span | None:
    """The span in which the column lies just where all of these are true; None where that cannot be told."""
    known = Known(now, values)
    span = Span()
    for predicate in predicates:
        if not is_range(predicate, column) or not _is_span(predicate, known):
            return None
        for _, one in _asked(predicate, known):
            span = span.cut(one)
    return span


def _compared_with(predicate: Expr, column: Column) -> tuple[str, Expr] | None:
    """The comparison, as if the column stood on its left, and what stands on the other side."""
    if not isinstance(predicate, Call) or predicate.function.name not in _SPANS:
        return None
    left, right = predicate.args
    name = predicate.function.name
    if right == ColumnRef(column):
        left, right, name = right, left, _TURNED[name]
    is_fixed = not any(isinstance(part, ColumnRef | InTable | ScalarQuery) for part in walk(right))
    return (name, right) if left == ColumnRef(column) and is_fixed else None
