"""The account of a run: how many rows came in, what each filter took away, and why there may be none.

"No rows because nothing matched" and "no rows because nothing could match" must never look alike, so every filter is
counted where it stands, with the rows that it removed because a value was missing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

import pyarrow as pa

from bluetick.enrichment.profile_chain import ProfileChain, SourceCount
from bluetick.enrichment.profiles import FileProfileProvider
from bluetick.execution.program import Builder, Step
from bluetick.lowering.flavour import Flavour
from bluetick.lowering.lowerer import Context, ScanUse, is_expensive
from bluetick.lowering.nodes import new_lowerer
from bluetick.plan.expressions import Call, Expr
from bluetick.plan.relations import (
    Aggregate,
    Computed,
    Filter,
    Join,
    Limit,
    Project,
    ProviderLookup,
    PythonOperator,
    Reference,
    Relation,
    Scan,
    Serialize,
    Sort,
    TabularStatement,
    Union,
    Window,
    inputs,
)
from bluetick.plan.traversal import named_relations, relations_in
from bluetick.sql import tree as sql
from bluetick.types import Type

_ONE = sql.long(1)  # Spark counts rows by a constant, not by nothing


@dataclass(frozen=True, slots=True)
class FilterCount:
    """One conjunct: its text, the rows before and after it, and how many it removed for a null or empty value."""

    text: str
    before: int
    after: int
    missing: int


@dataclass(frozen=True, slots=True)
class StageCount:
    """Rows of one point of the query, under the let (or '' for the query's end) in which it stands."""

    binding: str
    label: str
    rows: int
    filters: tuple[FilterCount, ...] = ()


@dataclass(frozen=True, slots=True)
class TableCount:
    """A table that was read: all its rows, those in the time scope, those at or after now, its time span, and its
    version where it has any."""

    name: str
    rows: int
    in_scope: int
    after_now: int
    without_time: int
    first: datetime | None
    last: datetime | None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class ProviderCount:
    """What a provider said of the rows: how many rows have each state ('' is not asked).

    `sources` are the providers of a chain, with what each said of the files.
    """

    name: str
    states: tuple[tuple[str, int], ...]
    note: str = ""
    version: str = ""
    sources: tuple[SourceCount, ...] = ()


@dataclass(frozen=True, slots=True)
class Measure:
    """One statement of counts and what its numbers are."""

    kind: str  # stage | table | provider
    statement: sql.Statement
    binding: str = ""
    label: str = ""
    texts: tuple[str, ...] = ()
    empties: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountProgram:
    """Steps to run first, then measures."""

    steps: tuple[Step, ...]
    measures: tuple[Measure, ...]
    scans: tuple[ScanUse, ...]
    context: Context


@dataclass(slots=True)
class Point:
    """A relation that is counted, and the filters directly above it."""

    relation: Relation
    filters: list[Filter] = field(default_factory=list)


def build_account(
    statement: TabularStatement, text: str, flavour: Flavour, *, has_lower_bound: bool, has_upper_bound: bool
) -> AccountProgram:
    """The measures of one statement. Lets that group or join are computed once and read by all measures after."""
    context = Context(flavour, has_lower_bound, has_upper_bound)
    builder = Builder(context, lambda binding: binding.materialized or is_expensive(binding.relation))
    builder.prepare(statement.relation)
    measures: list[Measure] = []
    for scan in _scans(statement.relation):
        measures.append(_table_measure(context, scan))
    for name, relation in [*named_relations(statement.relation), ("", statement.relation)]:
        for point in points_of(relation):
            measures.append(_stage_measure(context, name, point, text))
            if isinstance(point.relation, ProviderLookup):
                measures.append(_provider_measure(context, point.relation))
    scans = tuple(replace(use, scope=(False, False)) for use in context.scans.values())  # it counts all rows
    return AccountProgram(tuple(builder.steps), tuple(measures), scans, context)


def _scans(relation: Relation) -> list[Scan]:
    found: dict[str, Scan] = {}
    for node in relations_in(relation, scalars=True):
        if isinstance(node, Scan):
            found.setdefault(node.table, node)
    return list(found.values())


def points_of(relation: Relation) -> list[Point]:
    """The points of one pipeline that are worth counting, from its sources up; a filter that was written belongs to
    what is below it."""
    chain: list[Relation] = []
    node = relation
    while True:
        chain.append(node)
        below = inputs(node)
        if isinstance(node, Reference | Join | Union) or len(below) != 1:
            break
        node = below[0]
    points: list[Point] = []
    if isinstance(node, Join | Union):
        for side in inputs(node):
            points += points_of(side)
    for item in reversed(chain):
        if isinstance(item, Filter) and item.spans:
            if not points or points[-1].relation is not _below_filters(item):
                points.append(Point(item.input))
            points[-1].filters.append(item)
        elif not isinstance(item, Project | Sort | Serialize | Window | Limit | Computed):
            points.append(Point(item))
    return [p for p in points if p.filters or not isinstance(p.relation, Reference)]


def _below_filters(node: Relation) -> Relation:
    while isinstance(node, Filter) and node.spans:
        node = node.input
    return node


_LABELS = {Aggregate: "summarize", Union: "union", ProviderLookup: "FileProfile", PythonOperator: "scan"}


def _label(relation: Relation) -> str:
    match relation:
        case Scan(table=table):
            return table
        case Reference(binding=binding):
            return binding.name
        case Join(kind=kind):
            return f"join kind={kind.value}"
        case _:
            return _LABELS.get(type(relation), "rows")


def _stage_measure(context: Context, name: str, point: Point, text: str) -> Measure:
    lowerer = new_lowerer(context)
    stage = lowerer.lower(point.relation)
    row = stage.row(point.relation.columns)
    items: list[tuple[str, sql.Expr]] = [("n", sql.Aggregate("count", (_ONE,)))]
    passed: list[sql.Expr] = []
    texts: list[str] = []
    empties: list[bool] = []
    for predicate, place in predicates_of(point):
        exact = lowerer.expressions.lower(predicate, row)
        missing = sql.Aggregate("count", (_ONE,), filter=sql.all_of(*passed, sql.is_null(exact)))
        passed.append(lowerer.expressions.lower(predicate, row, truth_only=True))
        number = len(texts)
        items += [(f"p{number}", sql.Aggregate("count", (_ONE,), filter=sql.all_of(*passed))), (f"m{number}", missing)]
        texts.append(" ".join(text[place[0] : place[1]].split()))
        empties.append(_tests_presence(predicate))
    source = sql.RelationRef(stage.relation) if stage.relation else None
    statement = sql.Statement(tuple(lowerer.ctes), sql.Select(tuple(items), source))
    return Measure("stage", statement, name, _label(point.relation), tuple(texts), tuple(empties))


def predicates_of(point: Point) -> Iterator[tuple[Expr, tuple[int, int]]]:
    for node in point.filters:
        for predicate, span in zip(node.predicates, node.spans, strict=True):
            yield predicate, (span.start, span.end)


def _tests_presence(predicate: Expr) -> bool:
    """isnotempty and isnotnull remove rows for a missing value only."""
    return isinstance(predicate, Call) and predicate.function.name in ("isnotempty", "isnotnull")


def _table_measure(context: Context, scan: Scan) -> Measure:
    """Counts over the whole table, whatever the scope."""
    whole = new_lowerer(Context(context.flavour, scans=context.scans))
    stage = whole.lower(scan)
    count = sql.Aggregate("count", (_ONE,))
    items: list[tuple[str, sql.Expr]] = [("n", count)]
    if scan.time_column is not None:
        time = stage.column(scan.time_column)
        now = sql.Parameter("now", Type.DATETIME)
        bounds = [sql.Binary("<", time, sql.Parameter("scope_end", Type.DATETIME))] if context.upper_bound else []
        if context.lower_bound:
            bounds.append(sql.Binary(">=", time, sql.Parameter("scope_start", Type.DATETIME)))
        items += [
            ("in_scope", sql.Aggregate("count", (_ONE,), filter=sql.all_of(*bounds))),
            ("after_now", sql.Aggregate("count", (_ONE,), filter=sql.Binary(">=", time, now))),
            ("without_time", sql.Aggregate("count", (_ONE,), filter=sql.is_null(time))),
            ("first", sql.Aggregate("min", (time,))),
            ("last", sql.Aggregate("max", (time,))),
        ]
    return Measure("table", sql.Statement((), sql.Select(tuple(items), sql.RelationRef(stage.relation))), scan.table)


def _provider_measure(context: Context, node: ProviderLookup) -> Measure:
    lowerer = new_lowerer(context)
    stage = lowerer.lower(node)
    state = stage.column(node.added[-1])
    select = sql.Select(
        (("state", state), ("n", sql.Aggregate("count", (_ONE,)))), sql.RelationRef(stage.relation), group_by=(state,)
    )
    return Measure("provider", sql.Statement(tuple(lowerer.ctes), select), label=node.provider)


def read_stage(measure: Measure, table: pa.Table) -> StageCount:
    """The counts of one point out of its statement's single row."""
    row = {name: table.column(i)[0].as_py() for i, name in enumerate(table.column_names)}
    before = rows = int(row["n"])
    filters = []
    for number, (text, tests_presence) in enumerate(zip(measure.texts, measure.empties, strict=True)):
        after = int(row[f"p{number}"])
        missing = before - after if tests_presence else int(row[f"m{number}"])
        filters.append(FilterCount(text, before, after, missing))
        before = after
    return StageCount(measure.binding, measure.label, rows, tuple(filters))


def read_table(measure: Measure, table: pa.Table, version: int | None = None) -> TableCount:
    row = {name: table.column(i)[0].as_py() for i, name in enumerate(table.column_names)}
    n = int(row["n"])
    return TableCount(
        measure.binding,
        n,
        int(row.get("in_scope", n)),
        int(row.get("after_now", 0)),
        int(row.get("without_time", 0)),
        row.get("first"),
        row.get("last"),
        version,
    )


def read_provider(measure: Measure, table: pa.Table, provider: FileProfileProvider | None) -> ProviderCount:
    states = sorted((str(s), int(n)) for s, n in zip(*(table.column(i).to_pylist() for i in (0, 1)), strict=True))
    if provider is None:
        return ProviderCount(measure.label, tuple(states))
    sources = provider.counts() if isinstance(provider, ProfileChain) else ()
    return ProviderCount(measure.label, tuple(states), provider.note, provider.version, sources)
