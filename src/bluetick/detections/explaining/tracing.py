"""A result row followed down through a plan to the rows of tables that are behind it.

What is behind a row is what the operators say: of a group all its rows, of a join the rows of both sides that met, of a
row that passed a filter the row itself. (After Cui, Widom: "Lineage tracing for general data warehouse
transformations", VLDB 2001.) Conditions on columns are taken through what only renames and computes; where rows come
together or part, the intermediate rows are read, and those below are pinned to their values.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bluetick.detections.explaining.conditions import Names, column_ids, comparable
from bluetick.detections.explaining.joining import Meeting, Side, meeting_of
from bluetick.detections.explaining.pins import Pins, pinned_by
from bluetick.detections.explaining.reading import Reader
from bluetick.plan.expressions import Column, ColumnRef, Expr, InTable
from bluetick.plan.identity import carried
from bluetick.plan.relations import (
    Aggregate,
    Computed,
    Expand,
    External,
    Filter,
    Join,
    Limit,
    Project,
    ProviderLookup,
    PythonOperator,
    PythonTable,
    Range,
    Reference,
    Relation,
    Scan,
    Serialize,
    Sort,
    Union,
    Values,
    Window,
    expressions,
)

# Relations that are looked into; a plan whose lets name each other again and again has more.
_MOST_STEPS: Final = 400
_MOST_PARTS: Final = 2_000  # of the conditions on the rows of a relation


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the plan, and which of its rows are behind the result row. `place` is the let around it."""

    node: Relation
    pins: Pins
    place: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """Where the way down led: the tables at its end, the filters, joins and providers on it, and the operators through
    which it could not be followed."""

    scans: list[Spot] = field(default_factory=list)
    filters: list[Spot] = field(default_factory=list)
    meetings: list[tuple[Spot, Meeting]] = field(default_factory=list)
    lookups: list[Spot] = field(default_factory=list)
    unreached: list[str] = field(default_factory=list)


def trace(reader: Reader, root: Relation, pins: Pins) -> Trace:
    """Follow the rows of `root` that the pins tell."""
    work = _Work(reader, Trace())
    pending = [Spot(root, pins)]
    while pending:
        spot = pending.pop()
        if not spot.pins.rows:
            continue
        work.steps += 1
        below = work.below(spot)
        pending.extend(reversed(below))
    return work.found


@dataclass(slots=True)
class _Work:
    reader: Reader
    found: Trace
    steps: int = 0

    def below(self, spot: Spot) -> list[Spot]:  # noqa: C901, PLR0911, PLR0912 - one match over all nodes
        """The spots under one."""
        node, pins = spot.node, spot.pins
        match node:
            case Scan():
                self.found.scans.append(spot)
                return []
            case Values() | Range():
                return []
            case External():
                return self._unreached(spot, "data of other files (externaldata)")
            case Reference(binding=binding, columns=columns):
                pairs = zip(columns, binding.relation.columns, strict=True)
                names: Names = {mine.id: ColumnRef(theirs) for mine, theirs in pairs}
                return [Spot(binding.relation, pins.named(names), binding.name)]
            case Sort() | Serialize():
                return [replace(spot, node=node.input)]
            case Project():
                return self._project(spot, node)
            case Union(columns=columns, legs=legs):
                one = replace(pins, is_met=len(legs) == 1 and pins.is_met)
                return [replace(spot, node=leg, pins=one.named(_leg_names(columns, exprs))) for leg, exprs in legs]
            case Filter():
                return self._filter(spot, node)
            case Aggregate():
                return self._aggregate(spot, node)
            case Limit():
                return self._limit(spot, node)
            case Join():
                return self._join(spot, node)
            case Expand() | Computed() | ProviderLookup():
                return self._row_by_row(spot, node)
            case Window() | PythonOperator():
                return self._beside(spot, node)
            case PythonTable():
                return self._unreached(spot, node.operator.name)

    # --- rows that pass -----------------------------------------------------------------------------------------------

    def _project(self, spot: Spot, node: Project) -> list[Spot]:
        """What is asked of computed columns is asked of what they are computed of; where that grows too long, the
        values of the columns below are read."""
        names: Names = {column.id: expr for column, expr in node.items}
        pins = spot.pins.named(names)
        if pins.size <= _MOST_PARTS:
            return [replace(spot, node=node.input, pins=pins)]
        asked = {column for expr in (*pins.keys, *pins.held) for column in column_ids(expr)}
        below = [(self.reader.column(c.name, c.type), ColumnRef(c)) for c in node.input.columns if c.id in asked]
        wide = Project(node.input, (*node.items, *below))
        copies: Names = {column.id: expr for column, expr in node.items if isinstance(expr, ColumnRef)}
        return self._pinned(spot, wide, node.input, [(expr, ColumnRef(c)) for c, expr in below], copies)

    def _filter(self, spot: Spot, node: Filter) -> list[Spot]:
        self.found.filters.append(spot)
        passed = replace(spot, node=node.input, pins=spot.pins.holding(node.predicates))
        return [passed, *self._sets_asked(spot, node)]

    def _sets_asked(self, spot: Spot, node: Filter) -> Iterator[Spot]:
        """What stands in the tables of `in`; where a row must be in one, it is behind it too."""
        for predicate in node.predicates:
            for meeting in meeting_of(predicate):
                self.found.meetings.append((replace(spot, node=node.input, pins=spot.pins), meeting))
            if isinstance(predicate, InTable) and not predicate.negated and not predicate.fold:
                pairs = [(_first(predicate), predicate.value)]
                yield from self._pinned(spot, node, predicate.relation, pairs, {})

    def _limit(self, spot: Spot, node: Limit) -> list[Spot]:
        """Where more rows are alike than were taken, it is not known which."""
        pins = spot.pins
        taken, there = self.reader.count(pins.over(node)), self.reader.count(pins.over(node.input))
        return [
            replace(spot, node=node.input, pins=pins if taken == there else pins.vague("only some of them were taken"))
        ]

    # --- groups and joins ---------------------------------------------------------------------------------------------

    def _aggregate(self, spot: Spot, node: Aggregate) -> list[Spot]:
        """All rows of the groups."""
        if not node.groups:
            whole = Pins(is_exact=spot.pins.is_exact, notes=spot.pins.notes)
            return [replace(spot, node=node.input, pins=whole)]
        kept = [*node.groups, *carried(node)]
        pairs = [(expr, ColumnRef(column)) for column, expr in kept]
        return self._pinned(spot, node, node.input, pairs, {column.id: expr for column, expr in kept})

    def _join(self, spot: Spot, node: Join) -> list[Spot]:
        (meeting,) = meeting_of(node)
        self.found.meetings.append((spot, meeting))
        return [one for side in meeting.behind for one in self._side(spot, node, side)]

    def _side(self, spot: Spot, node: Join, side: Side) -> list[Spot]:
        """The rows of a side that met: where the keys of the join are pinned already, those that are pinned."""
        if _is_decided(spot.pins, side):
            direct = spot.pins.only(side.names).named(side.names)
            return [replace(spot, node=side.relation, pins=direct)]
        return self._pinned(spot, node, side.relation, side.pairs, side.names)

    def _pinned(
        self, spot: Spot, node: Relation, below: Relation, pairs: Sequence[tuple[Expr, Expr]], names: Names
    ) -> list[Spot]:
        """Rows of `below` pinned by what stands in the rows of `node`; where these are too many, by what is known
        without reading them."""
        if self.steps <= _MOST_STEPS:
            pins = pinned_by(self.reader.distinct, node, pairs, spot.pins)
            if pins is not None:
                return [replace(spot, node=below, pins=pins)]
        loose = spot.pins.only(names).named(names).vague("they come from too many intermediate rows to tell them apart")
        return [replace(spot, node=below, pins=loose)]

    # --- rows with something added ------------------------------------------------------------------------------------

    def _row_by_row(self, spot: Spot, node: Expand | Computed | ProviderLookup) -> list[Spot]:
        """What is added follows from the row itself."""
        if isinstance(node, ProviderLookup):
            self.found.lookups.append(spot)
        own = _ids(node.input)
        if not spot.pins.says_more_than(own) and not isinstance(node, Expand):
            return [replace(spot, node=node.input)]
        asked = [ColumnRef(node.key)] if isinstance(node, ProviderLookup) else [*expressions(node)]
        kept = spot.pins.only(own)
        pairs = [(expr, expr) for expr in (*kept.keys, *(comparable(one) for one in asked))]
        names: Names = {column.id: ColumnRef(column) for column in node.input.columns}
        return [
            replace(one, pins=one.pins.holding(kept.held)) if one.pins.is_exact else one
            for one in self._pinned(spot, node, node.input, pairs, names)
        ]

    def _beside(self, spot: Spot, node: Window | PythonOperator) -> list[Spot]:
        """Rows beside a row take part in what is added, be they of its keys or not."""
        if isinstance(node, Window):
            if (numbered := self._numbered(spot, node)) is not None:
                return [numbered]
            names = ", ".join(dict.fromkeys(f"{call.function.name}()" for _, call in node.items))
            kept = replace(spot.pins.only(_ids(node.input)), held=())
        else:
            names = "scan"
            kept = replace(spot.pins.only(column.id for column in node.partition), held=())
        note = f"{names} looked at the rows beside them too, which may be of other keys"
        return [replace(spot, node=node.input, pins=kept.vague(note))]

    def _numbered(self, spot: Spot, node: Window) -> Spot | None:
        """Numbers that only tell rows apart, as mv-apply has them: the row is found by the rest of it, where no other
        row is the same."""
        own = _ids(node.input)
        if any(call.function.name != "row_number" for _, call in node.items):
            return None
        if any(not column_ids(one) <= own for one in spot.pins.held):
            return None
        kept = spot.pins.only(own)
        is_alone = self.reader.count(kept.over(node.input)) == self.reader.count(spot.pins.over(node))
        return replace(spot, node=node.input, pins=kept) if is_alone else None

    def _unreached(self, spot: Spot, name: str) -> list[Spot]:
        """Any row of the inputs may be behind it."""
        self.found.unreached.append(name)
        if not isinstance(spot.node, PythonTable):
            return []
        note = f"which of them {name} made the row of is not known"
        return [replace(spot, node=source, pins=Pins().vague(*spot.pins.notes, note)) for source in spot.node.sources]


def _is_decided(pins: Pins, side: Side) -> bool:
    """Whether the pins alone tell which rows of a side met: they give its keys of the join, and ask for nothing that
    depends on the one row that was met."""
    if side.is_picked or not pins.is_met:
        return False
    own = pins.only(side.names).named(side.names)
    keys = {column for key in side.keys for column in column_ids(key)}
    if not keys or not keys <= own.fixed:
        return False
    mine = set(side.names)
    asked = [column_ids(expr) for expr in (*pins.keys, *pins.held)]
    return all(ids <= mine or (len(pins.rows) == 1 and not ids & mine) for ids in asked)


def _leg_names(columns: Sequence[Column], exprs: Sequence[Expr]) -> Names:
    return {column.id: expr for column, expr in zip(columns, exprs, strict=True)}


def _first(asked: InTable) -> Expr:
    return ColumnRef(asked.relation.columns[0])


def _ids(relation: Relation) -> set[int]:
    return {column.id for column in relation.columns}
