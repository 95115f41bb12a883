"""What a plan asks of the datetime columns of its tables before anything else: the ranges that a scan may be cut to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from bluetick.plan.evaluation import folded
from bluetick.plan.expressions import (
    Call,
    Column,
    ColumnRef,
    Expr,
    InTable,
    Literal,
    Promote,
    ScalarQuery,
    children,
    walk,
)
from bluetick.plan.rebuilding import with_children
from bluetick.plan.relations import (
    Filter,
    Project,
    Reference,
    Relation,
    Scan,
    Serialize,
    Sort,
    TabularStatement,
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


@dataclass(frozen=True, slots=True)
class ScanRange:
    """One reading of a table: the spans of its datetime columns, by the names that these have in the data."""

    table: str
    spans: tuple[tuple[str, Span], ...]


def scan_ranges(statement: TabularStatement, now: datetime, scope: Span) -> list[ScanRange]:
    """Every reading of a table by the statement. `scope` cuts the time column of each."""
    found: dict[ScanRange, None] = {}
    asserted = [inner for assertion in statement.assertions for inner in _inner(assertion.condition)]
    pending: list[tuple[Relation, Spans]] = [(relation, {}) for relation in (statement.relation, *asserted)]
    seen: set[tuple[int, frozenset[tuple[int, Span]]]] = set()
    while pending:
        node, spans = pending.pop()
        if len(seen) > _MOST_VISITS:
            spans = {}
        if (state := (id(node), frozenset(spans.items()))) in seen:
            continue
        seen.add(state)
        if isinstance(node, Scan):
            found[_scan_range(node, spans, scope)] = None
            continue
        pending.extend(_below(node, spans, now))
        pending.extend((inner, {}) for expr in expressions(node) for inner in _inner(expr))
    return list(found)


def _scan_range(scan: Scan, spans: Spans, scope: Span) -> ScanRange:
    named = []
    for column, source in zip(scan.columns, scan.sources, strict=True):
        span = spans.get(column.id, Span())
        if scan.time_column is not None and column.id == scan.time_column.id:
            span = span.cut(scope)
        if span != Span():
            named.append((source, span))
    return ScanRange(scan.table, tuple(named))


def _inner(expr: Expr) -> Iterator[Relation]:
    for part in walk(expr):
        if isinstance(part, InTable | ScalarQuery):
            yield part.relation


def _below(node: Relation, spans: Spans, now: datetime) -> list[tuple[Relation, Spans]]:
    """The inputs of a node, with what is known of their rows that count."""
    match node:
        case Filter(input=source, predicates=predicates):
            return [(source, _narrowed(spans, predicates, now))]
        case Project(input=source, items=items):
            kept = {expr.column.id: spans[c.id] for c, expr in items if isinstance(expr, ColumnRef) and c.id in spans}
            return [(source, kept)]
        case Reference(binding=binding, columns=columns):
            pairs = zip(columns, binding.relation.columns, strict=True)
            return [(binding.relation, {inner.id: spans[outer.id] for outer, inner in pairs if outer.id in spans})]
        case Sort(input=source) | Serialize(input=source):
            return [(source, spans)]
        case _:
            return [(source, {}) for source in inputs(node)]


def _narrowed(spans: Spans, predicates: tuple[Expr, ...], now: datetime) -> Spans:
    found = dict(spans)
    for predicate in predicates:
        for column, span in _asked(predicate, now):
            found[column.id] = found.get(column.id, Span()).cut(span)
    return found


def _asked(predicate: Expr, now: datetime) -> Iterator[tuple[Column, Span]]:
    """The columns that a predicate compares with a known instant."""
    if not isinstance(predicate, Call):
        return
    name, args = predicate.function.name, predicate.args
    if name == "and":
        for part in args:
            yield from _asked(part, now)
    elif name == "between" and isinstance(args[0], ColumnRef):
        low, high = (_instant(arg, now) for arg in args[1:3])
        yield args[0].column, Span(low, _after(high))
    elif name in _SPANS and isinstance(args[0], ColumnRef):
        yield from _compared(name, args[0].column, _instant(args[1], now))
    elif name in _SPANS and isinstance(args[1], ColumnRef):
        yield from _compared(_TURNED[name], args[1].column, _instant(args[0], now))


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


def _instant(expr: Expr, now: datetime) -> datetime | None:
    """The instant that an expression gives for every row, where it is one that can be told before the run."""
    found = folded(_at(expr, now))
    if isinstance(found, Literal) and found.type is Type.DATETIME and isinstance(found.value, datetime):
        return found.value if found.value.tzinfo else found.value.replace(tzinfo=UTC)
    return None


def _at(expr: Expr, now: datetime) -> Expr:
    """The expression with now() and ago() as instants."""
    if not isinstance(expr, Call | Promote):
        return expr
    made = with_children(expr, [_at(child, now) for child in children(expr)])
    if not isinstance(made, Call) or made.function.name not in ("now", "ago"):
        return made
    spans = [folded(arg) for arg in made.args]
    moved = now
    for span in spans:
        if not isinstance(span, Literal) or not isinstance(span.value, int):
            return made
        by = timedelta(microseconds=span.value)
        after = _moved(moved, -by if made.function.name == "ago" else by)
        if after is None:
            return made
        moved = after
    return Literal(moved, Type.DATETIME)
