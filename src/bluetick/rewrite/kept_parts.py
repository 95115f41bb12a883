"""Parts of a plan that are the same for every run over a file that has not changed: they may be kept from run to run.

A part is what one reading of a table leaves of each file, whatever the instant of the run: the rows that filters choose
(`rows`), or what aggregates make of those, hour by hour (`hours`). A filter that depends on the instant is no part of
it: over rows it stays above them, and over hours it chooses among them, with the rows of the hours that it cuts.

Exact because rows are chosen one by one, and because count, sum, min and max of whole numbers and times are the same
whatever groups their rows were in before. Sums of reals are not, so they are never kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bluetick.functions.registry import CATALOGUE
from bluetick.plan.column_use import columns_in
from bluetick.plan.expressions import (
    Call,
    Column,
    ColumnRef,
    Expr,
    InTable,
    Invalid,
    Literal,
    Parameter,
    ScalarQuery,
    WindowCall,
    walk,
)
from bluetick.plan.ranges import is_range
from bluetick.plan.relations import (
    Aggregate,
    AggregateCall,
    Columns,
    Filter,
    Project,
    Relation,
    Scan,
    TabularStatement,
    expressions,
    inputs,
)
from bluetick.rewrite.everywhere import Rebuilding
from bluetick.rewrite.fresh import FreshColumns, fresh_for, over
from bluetick.rewrite.inlined_lets import nodes_of
from bluetick.types import Type

_HOUR = 3_600_000_000
_LONGEST = 200  # parts of an expression that stands for a computed column
_EXACT = (Type.INT, Type.LONG, Type.DATETIME, Type.TIMESPAN)
MERGED = {"count": "sum", "countif": "sum", "sum": "sum", "min": "min", "max": "max"}
MOVING = frozenset({"now", "ago"})
_KEPT_TYPES = frozenset(Type) - {Type.DECIMAL, Type.GUID}  # Arrow has these two in several forms
PREFIX = "kept:"  # no table of a catalog has such a name


@dataclass(frozen=True, slots=True)
class KeptPart:
    """`place` stands in the plan for it: a scan of what is kept, whose sources are k0, k1 ...

    `rows` gives one row of these for each chosen row of `scan`, which reads the table; `keys` are places of columns by
    which those above group. With `merges` rows with the same keys are made one; a row is then of an hour of
    `scan.time_column`, and `window` are the conditions on that which a run has (of rows, those
    that cut them above). `reading` is the same for all parts of one scan of the plan.
    """

    place: Scan
    scan: Scan
    reading: int
    rows: Project
    keys: tuple[int, ...]
    merges: tuple[AggregateCall, ...] = ()
    window: tuple[Expr, ...] = ()

    @property
    def name(self) -> str:
        return self.place.table

    @property
    def is_hours(self) -> bool:
        return bool(self.merges)


@dataclass(frozen=True, slots=True)
class Places:
    """Where parts could be: a node of the statement, and what would be there instead. Nodes may lie in one another: the
    hours of some rows, and the rows. `whole` is the statement, whose nodes are known by identity."""

    found: tuple[tuple[Relation, KeptPart, Relation], ...]
    whole: TabularStatement

    @property
    def parts(self) -> tuple[KeptPart, ...]:
        return tuple(part for _, part, _ in self.found)


def find_parts(statement: TabularStatement) -> Places:
    """Every part that could be kept; of one reading the hours come before the rows."""
    nodes = nodes_of(statement)
    users: dict[int, list[Relation]] = {}
    for node in nodes:
        for below in inputs(node):
            users.setdefault(id(below), []).append(node)
    finder = _Finder(fresh_for(nodes))
    seen: set[int] = set()
    hours, rows = [], []
    for node in nodes:
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Aggregate):
            hours += list(finder.hours(node))
        elif isinstance(node, Filter):
            own = users.get(id(node), [])
            if not any(isinstance(user, Filter) for user in own):
                rows += list(finder.rows(node, own[0] if len(own) == 1 else None))
    return Places((*hours, *rows), statement)


def with_parts(places: Places, names: frozenset[str]) -> TabularStatement:
    """The statement with the parts of these names in their places."""
    instead = {id(node): made for node, part, made in places.found if part.name in names}
    if not instead:
        return places.whole
    return Rebuilding(lambda node: node, instead=instead).statement(places.whole)


@dataclass(slots=True)
class _Finder:
    fresh: FreshColumns
    count: int = 0

    def rows(self, node: Filter, user: Relation | None) -> Iterator[tuple[Relation, KeptPart, Relation]]:
        scan, predicates = _filtered(node)
        if scan is None:
            return
        lasting = tuple(one for one in predicates if is_lasting(one))
        moving = tuple(one for one in predicates if not is_lasting(one))
        columns = _columns_read(scan, predicates, user)
        if not lasting or not columns or any(column.type not in _KEPT_TYPES for column in columns):
            return
        cut = _cut(scan, columns, lasting)
        place = self._place(columns, scan.time_column)
        time = scan.time_column
        window = () if time is None else tuple(one for one in moving if is_range(one, time))
        rows = Project(Filter(cut, lasting), _numbered(columns, [ColumnRef(column) for column in columns], self.fresh))
        groups = [expr for _, expr in user.groups] if isinstance(user, Aggregate) else []
        keys = tuple(number for number, column in enumerate(columns) if ColumnRef(column) in groups)
        part = KeptPart(place, cut, scan.columns[0].id, rows, keys, window=window)
        yield node, part, Filter(place, moving) if moving else place

    def hours(self, node: Aggregate) -> Iterator[tuple[Relation, KeptPart, Relation]]:
        scan, predicates, columns = _computed(node.input)
        calls = [item for item in node.items if isinstance(item, AggregateCall)]
        if scan is None or not calls or len(calls) < len(node.items):
            return
        seeds = [seed(call, columns) for call in calls]
        groups = [over(expr, columns) for _, expr in node.groups]
        lasting = tuple(one for one in predicates if is_lasting(one))
        window = tuple(one for one in predicates if not is_lasting(one))
        given = [one for one in seeds if one is not None]
        if len(given) < len(seeds) or not all(_is_kept(expr) for expr in (*groups, *given)):
            return
        time = scan.time_column
        if time is None or not all(is_range(one, time) for one in window):
            return
        kept = (*(column for column, _ in node.groups), *(call.column for call in calls))
        place = self._place(self.fresh.like(kept), None)
        read = [
            part.column for expr in (*lasting, *groups, *given) for part in walk(expr) if isinstance(part, ColumnRef)
        ]
        cut = _cut(scan, tuple(dict.fromkeys((*read, time))), lasting)
        rows = Project(Filter(cut, lasting) if lasting else cut, _numbered(kept, [*groups, *given], self.fresh))
        own = [ColumnRef(column) for column in place.columns]
        merged = tuple(
            AggregateCall(call.column, CATALOGUE.aggregates[MERGED[call.function.name]], (value,))
            for call, value in zip(calls, own[len(groups) :], strict=True)
        )
        regrouped = tuple((column, ref) for (column, _), ref in zip(node.groups, own, strict=False))
        part = KeptPart(place, cut, scan.columns[0].id, rows, tuple(range(len(groups))), merged, window)
        yield node, part, Aggregate(place, regrouped, merged, node.span)

    def _place(self, columns: Columns, time: Column | None) -> Scan:
        self.count += 1
        sources = tuple(f"k{number}" for number in range(len(columns)))
        has_time = time is not None and time in columns
        return Scan(f"{PREFIX}{self.count}", columns, sources, time if has_time else None)


def is_lasting(expr: Expr) -> bool:
    """Whether it gives the same for a row in every run."""
    return not any(
        isinstance(part, InTable | ScalarQuery | Parameter | WindowCall | Invalid)
        or (isinstance(part, Call) and part.function.name in MOVING)
        for part in walk(expr)
    )


def _is_kept(expr: Expr) -> bool:
    return is_lasting(expr) and expr.type in _KEPT_TYPES and len(walk(expr)) <= _LONGEST


def conjuncts(predicates: Sequence[Expr]) -> Iterator[Expr]:
    """`and` gives true where both do, and a filter takes null for false."""
    pending = list(reversed(predicates))
    while pending:
        one = pending.pop()
        if isinstance(one, Call) and one.function.name == "and":
            pending.extend(reversed(one.args))
        else:
            yield one


def _filtered(node: Relation) -> tuple[Scan | None, tuple[Expr, ...]]:
    """The scan under filters alone, and their conditions, the first first."""
    filters: list[Filter] = []
    while isinstance(node, Filter):
        filters.append(node)
        node = node.input
    if not isinstance(node, Scan):
        return None, ()
    return node, tuple(one for each in reversed(filters) for one in conjuncts(each.predicates))


def _computed(node: Relation) -> tuple[Scan | None, tuple[Expr, ...], dict[int, Expr]]:
    """The scan under filters and computed columns, with conditions and columns over what it reads."""
    chain: list[Filter | Project] = []
    while isinstance(node, Filter | Project):
        chain.append(node)
        node = node.input
    if not isinstance(node, Scan):
        return None, (), {}
    columns: dict[int, Expr] = {column.id: ColumnRef(column) for column in node.columns}
    predicates: list[Expr] = []
    for one in reversed(chain):
        if any(isinstance(part, InTable | ScalarQuery) for expr in expressions(one) for part in walk(expr)):
            return None, (), {}
        if isinstance(one, Filter):
            predicates += [over(each, columns) for each in conjuncts(one.predicates)]
        else:
            columns = {column.id: over(expr, columns) for column, expr in one.items}
        if any(len(walk(expr)) > _LONGEST for expr in columns.values()):
            return None, (), {}
    return node, tuple(predicates), columns


def _columns_read(scan: Scan, predicates: Sequence[Expr], user: Relation | None) -> Columns:
    """Those of the scan that are read above it, as far as the node above says; the time column always. Where rows are
    put in order by all their columns, all are read."""
    if not isinstance(user, Project) and not (
        isinstance(user, Aggregate)
        and all(isinstance(item, AggregateCall) and not item.function.needs_order for item in user.items)
    ):
        return scan.columns
    asked = [*(one for one in predicates if not is_lasting(one)), *expressions(user)]
    read = set(columns_in(asked))
    if scan.time_column is not None:
        read.add(scan.time_column.id)
    return tuple(column for column in scan.columns if column.id in read)


def _cut(scan: Scan, columns: Columns, predicates: Sequence[Expr]) -> Scan:
    """The scan with the columns that a part reads."""
    read = set(columns_in(predicates))
    read |= {column.id for column in columns}
    pairs = [pair for pair in zip(scan.columns, scan.sources, strict=True) if pair[0].id in read]
    return replace(scan, columns=tuple(column for column, _ in pairs), sources=tuple(source for _, source in pairs))


def _numbered(
    columns: Sequence[Column], values: Sequence[Expr], fresh: FreshColumns
) -> tuple[tuple[Column, Expr], ...]:
    made = [fresh.column(f"k{number}", column.type) for number, column in enumerate(columns)]
    return tuple(zip(made, values, strict=True))


def seed(call: AggregateCall, columns: dict[int, Expr]) -> Expr | None:
    """What a single row gives for an aggregate, so that merging what rows give is the aggregate; None where there is no
    such value."""
    args = tuple(over(arg, columns) for arg in call.args)
    match call.function.name:
        case "count" if not args:
            return Literal(1, Type.LONG)
        case "countif":
            counted = (args[0], Literal(1, Type.LONG), Literal(0, Type.LONG))
            return Call(CATALOGUE.scalars["iff"], counted, Type.LONG)
        case "sum" | "min" | "max" if call.column.type == args[0].type and args[0].type in _EXACT:
            return args[0]
    return None


def hour_of(time: Column) -> Expr:
    return Call(CATALOGUE.scalars["bin"], (ColumnRef(time), Literal(_HOUR, Type.TIMESPAN)), Type.DATETIME)
