"""Counts that many runs share: where a query counts rows by keys within some time, each run adds up what was counted
once for each stretch of time.

It is the same to the row: the ends of every run's time are ends of stretches, so that each stretch lies within a run's
time or outside it. What is taken is `summarize count() by keys` straight above filters of a table, of which each either
says nothing of the time, or compares it with an instant that is known before the run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import gcd
from typing import Any, Final

from bluetick.diagnostics.errors import BluetickError
from bluetick.functions.scalar.bins import BIN_AT
from bluetick.lowering.flavour import Flavour
from bluetick.lowering.lowerer import Context, ScanUse
from bluetick.lowering.nodes import new_lowerer
from bluetick.plan.expressions import Call, Column, ColumnRef, Expr, Literal, walk
from bluetick.plan.ranges import Span, asked, scan_ranges
from bluetick.plan.relations import Aggregate, AggregateCall, Filter, Scan, TabularStatement
from bluetick.plan.traversal import queries_in, relations_in
from bluetick.sql import tree as sql
from bluetick.sql.dialect import Dialect
from bluetick.sql.render import render_statement
from bluetick.types import Type

FEWEST_RUNS: Final = 6  # fewer are not worth the counting
MOST_STRETCHES: Final = 50_000
_LEAST_STRETCH: Final = timedelta(minutes=1)
_MICROSECOND: Final = timedelta(microseconds=1)
_COMPARES: Final = frozenset({"<", "<=", ">", ">="})
_TIME: Final = "stretch"
_COUNT: Final = "n"
_ID: Final = "id"


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of one aggregate. `steps` make them once, in order, each under its name; `statement` gives the
    aggregate's rows in a run, under `aliases`, and has parameters for the ends of the run's time."""

    aggregate: Aggregate
    name: str
    lookback: timedelta | None
    steps: tuple[tuple[str, sql.Statement], ...]
    statement: sql.Statement
    aliases: dict[int, str]

    @property
    def passing(self) -> str:
        """The step that nothing needs once the others are made."""
        return self.steps[0][0]

    def ends(self, parameters: Mapping[str, Any]) -> dict[str, datetime | None]:
        """The parameters of `statement` in a run with these."""
        span = _span(self.aggregate, parameters, self.lookback)
        return {f"{self.name}_low": span.low, f"{self.name}_high": span.high}


@dataclass(frozen=True, slots=True)
class Runs:
    """What all runs have in common, and the parameters of each."""

    flavour: Flavour
    dialect: Dialect
    lookback: timedelta | None
    parameters: Sequence[Mapping[str, Any]]


def find_tallies(statement: TabularStatement, runs: Runs, scans: dict[str, ScanUse]) -> list[Tally]:
    """The aggregates of a statement that its runs can add up. What these read is added to `scans`."""
    found: list[Tally] = []
    if len(runs.parameters) < FEWEST_RUNS:
        return found
    for node in relations_in(statement.relation, scalars=True):
        if isinstance(node, Aggregate) and all(node is not one.aggregate for one in found):
            tally = _tally(node, f"tally_{len(found) + 1}", runs, scans)
            found += [] if tally is None else [tally]
    return found


def _tally(node: Aggregate, name: str, runs: Runs, scans: dict[str, ScanUse]) -> Tally | None:
    scan = _source(node)
    if scan is None or scan.time_column is None or not _is_count(node):
        return None
    time = scan.time_column
    kept = _untimed(node, time, runs.parameters[0]["now"])
    keys = [expr for _, expr in node.groups]
    if kept is None or any(_reads(expr, time) for expr in keys) or any(queries_in(expr) for expr in (*keys, *kept)):
        return None
    stretch = _stretch(node, runs)
    if stretch is None:
        return None
    counted = Aggregate(Filter(scan, kept), ((time, _stretch_of(time, *stretch)), *node.groups), node.items)
    context = Context(runs.flavour, scans=scans)
    lowered = new_lowerer(context).statement(counted, ordered=False)
    try:
        render_statement(lowered.statement, runs.dialect)  # what hangs on a run has a parameter, and none is given
    except BluetickError:
        return None
    steps, statement = _statements(name, lowered.aliases, lowered.statement, len(node.groups))
    aliases = {column.id: f"g{i}" for i, (column, _) in enumerate(node.groups)}
    return Tally(node, name, runs.lookback, steps, statement, aliases | {node.items[0].columns[0].id: _COUNT})


def _source(node: Aggregate) -> Scan | None:
    below = node.input
    while isinstance(below, Filter):
        below = below.input
    return below if isinstance(below, Scan) else None


def _is_count(node: Aggregate) -> bool:
    if len(node.items) != 1 or not node.groups:
        return False
    item = node.items[0]
    return isinstance(item, AggregateCall) and item.function.name == "count" and not item.args


def _reads(expr: Expr, column: Column) -> bool:
    return any(isinstance(part, ColumnRef) and part.column.id == column.id for part in walk(expr))


def _conjuncts(predicate: Expr) -> Iterator[Expr]:
    if isinstance(predicate, Call) and predicate.function.name == "and":
        for part in predicate.args:
            yield from _conjuncts(part)
    else:
        yield predicate


def _untimed(node: Aggregate, time: Column, now: datetime) -> tuple[Expr, ...] | None:
    """The filters that say nothing of the time; None where one says something else than from when or to when."""
    found: list[Expr] = []
    below = node.input
    while isinstance(below, Filter):
        for predicate in (part for one in below.predicates for part in _conjuncts(one)):
            if not _reads(predicate, time):
                found.append(predicate)
            elif not _is_end(predicate, time, now):
                return None
        below = below.input
    return tuple(found)


def _is_end(predicate: Expr, time: Column, now: datetime) -> bool:
    """Whether it compares the time with an instant that is known before a run."""
    if not isinstance(predicate, Call) or predicate.function.name not in _COMPARES:
        return False
    if sum(isinstance(arg, ColumnRef) and arg.column.id == time.id for arg in predicate.args) != 1:
        return False
    ends = [span for column, span in asked(predicate, now) if column.id == time.id]
    return len(ends) == 1 and ends[0] != Span()


def _span(node: Aggregate, parameters: Mapping[str, Any], lookback: timedelta | None) -> Span:
    """The time that a run counts."""
    now = parameters["now"]
    scope = Span(None if lookback is None else now - lookback, now)
    (reading,) = scan_ranges(TabularStatement("Counted", node), now, scope, parameters)
    scan = _source(node)
    if scan is None or scan.time_column is None:
        return Span()
    source = next(s for c, s in zip(scan.columns, scan.sources, strict=True) if c.id == scan.time_column.id)
    return dict(reading.spans).get(source, Span())


def _stretch(node: Aggregate, runs: Runs) -> tuple[datetime, timedelta] | None:
    """An end, and the longest stretch of which all ends are whole ones from there; None if it is too short."""
    spans = [_span(node, parameters, runs.lookback) for parameters in runs.parameters]
    ends = sorted({end for span in spans for end in (span.low, span.high) if end is not None})
    if any(span.low is None or span.high is None for span in spans):
        return None
    steps = [(end - ends[0]) // _MICROSECOND for end in ends]
    length = timedelta(microseconds=gcd(*steps))
    if length < _LEAST_STRETCH or (ends[-1] - ends[0]) // length > MOST_STRETCHES:
        return None
    return ends[0], length


def _stretch_of(time: Column, start: datetime, length: timedelta) -> Expr:
    size = Literal(length // _MICROSECOND, Type.TIMESPAN)
    return Call(BIN_AT, (ColumnRef(time), size, Literal(start, Type.DATETIME)), Type.DATETIME)


def _statements(
    name: str, aliases: Sequence[str], counted: sql.Statement, groups: int
) -> tuple[tuple[tuple[str, sql.Statement], ...], sql.Statement]:
    """Rows with their keys, the distinct keys with a number, counts by that number; and what a run adds up of them:
    a number groups many times faster than texts do."""
    rows, keys, counts = f"{name}_rows", f"{name}_keys", f"{name}_counts"
    names = [f"g{i}" for i in range(groups)]
    given = aliases[1 : groups + 1]
    distinct = sql.Select(
        tuple((n, sql.Column(a)) for n, a in zip(names, given, strict=True)), sql.RelationRef(rows), distinct=True
    )
    order = tuple(sql.Order(sql.Column(n)) for n in names)
    numbered = sql.Select(
        ((_ID, sql.Window(sql.Call("row_number"), (), order)), *((n, sql.Column(n)) for n in names)),
        sql.RelationRef("distinct_keys"),
    )
    same = sql.all_of(
        *(
            sql.Binary("IS NOT DISTINCT FROM", sql.Column(n, "k"), sql.Column(a, "r"))
            for n, a in zip(names, given, strict=True)
        )
    )
    short = sql.Select(
        (
            (_TIME, sql.Column(aliases[0], "r")),
            (_ID, sql.Column(_ID, "k")),
            (_COUNT, sql.Column(aliases[groups + 1], "r")),
        ),
        sql.JoinItem(sql.RelationRef(rows, "r"), sql.RelationRef(keys, "k"), "INNER", same),
    )
    steps = (
        (rows, counted),
        (keys, sql.Statement((sql.Cte("distinct_keys", distinct),), numbered)),
        (counts, sql.Statement((), short)),
    )
    return steps, _in_a_run(name, names)


def _in_a_run(name: str, names: Sequence[str]) -> sql.Statement:
    low, high = (sql.Parameter(f"{name}_{end}", Type.DATETIME) for end in ("low", "high"))
    time = sql.Column(_TIME)
    added = sql.Select(
        ((_ID, sql.Column(_ID)), (_COUNT, sql.Cast(sql.Aggregate("sum", (sql.Column(_COUNT),)), Type.LONG))),
        sql.RelationRef(f"{name}_counts"),
        where=sql.all_of(sql.Binary(">=", time, low), sql.Binary("<", time, high)),
        group_by=(sql.Column(_ID),),
    )
    body = sql.Select(
        (*((n, sql.Column(n, "k")) for n in names), (_COUNT, sql.Column(_COUNT, "a"))),
        sql.JoinItem(
            sql.RelationRef("added", "a"),
            sql.RelationRef(f"{name}_keys", "k"),
            "INNER",
            sql.Binary("=", sql.Column(_ID, "a"), sql.Column(_ID, "k")),
        ),
    )
    return sql.Statement((sql.Cte("added", added),), body)
