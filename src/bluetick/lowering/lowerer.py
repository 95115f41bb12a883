"""A plan to one SQL statement: a CTE a stage, every column under an alias of its own."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from bluetick.diagnostics import Span, codes
from bluetick.diagnostics.errors import QueryError
from bluetick.lowering.expressions import Expressions
from bluetick.lowering.flavour import Flavour
from bluetick.lowering.stage import Stage, row_order
from bluetick.plan.expressions import Column, ScalarQuery
from bluetick.plan.relations import (
    Aggregate,
    Binding,
    Computed,
    ComputedItem,
    External,
    Join,
    PythonOperator,
    PythonTable,
    Reference,
    Relation,
    Scan,
    inputs,
)
from bluetick.plan.traversal import relations_in
from bluetick.sql import tree as sql
from bluetick.types import Type


@dataclass(frozen=True, slots=True)
class ScanUse:
    """A table that a statement reads: under `relation` the engine gives it the columns (alias, source, type).

    `time` is the source of its time column. `scope` says whether no row before the scope's start, or none from `now`
    on, is ever wanted of it. `reading` is the id of the first column of the one scan that it is for; None: all of the
    table's.
    """

    relation: str
    table: str
    columns: tuple[tuple[str, str, Type], ...]
    time: str | None = None
    external: External | None = None  # then it is no table, but files that the query names
    scope: tuple[bool, bool] = (False, False)
    reading: int | None = None


@dataclass(frozen=True, slots=True)
class Lowered:
    """A statement whose body has the output columns first (in order), then what the order needs."""

    statement: sql.Statement
    aliases: tuple[str, ...]
    stage: Stage


@dataclass(frozen=True, slots=True)
class PythonResult:
    """What the step of a Python operator left: its numbered input, and under `relation` the operator's rows, each with
    the number of its input row, its own place, and the columns that the operator adds (c0, c1 ...)."""

    input: Stage
    number: str
    relation: str


@dataclass(frozen=True, slots=True)
class Answers:
    """The relation of the results (v0, v1 ...) of calls, in their order, by arguments (c0, c1 ...), with the columns
    that hold these and their types."""

    relation: str
    arguments: tuple[tuple[str, Type], ...]
    calls: tuple[ComputedItem, ...]


@dataclass(frozen=True, slots=True)
class ComputedResult:
    """What the steps of a Computed node left: its input with the calls' arguments beside it, and the answers, those of
    the same arguments together."""

    input: Stage
    answers: tuple[Answers, ...]


@dataclass(slots=True)
class Context:
    """What all statements of one program share: the engine's flavour, the time scope, tables and results of steps.

    With `by_reading` each scan has a relation of its own, so that its columns and its times alone are read.
    """

    flavour: Flavour
    lower_bound: bool = False
    upper_bound: bool = False
    most_stages: int | None = None  # of all statements together
    by_reading: bool = False
    stages: int = 0
    scans: dict[str, ScanUse] = field(default_factory=dict)
    computed: dict[int, Stage] = field(default_factory=dict)  # id of a Binding or ProviderLookup -> its step's result
    scalars: dict[int, str] = field(default_factory=dict)  # id of a ScalarQuery -> parameter name
    providers: dict[int, str] = field(default_factory=dict)  # id of a ProviderLookup -> relation of its answers
    python: dict[int, PythonResult] = field(default_factory=dict)  # id of a PythonOperator -> its step's result
    calls: dict[int, ComputedResult] = field(default_factory=dict)  # id of a Computed -> its steps' results
    tables: dict[int, str] = field(default_factory=dict)  # id of a PythonTable -> relation of its rows
    keep: list[object] = field(default_factory=list)  # what the ids above belong to stays alive

    def count_stage(self) -> None:
        self.stages += 1
        if self.most_stages is not None and self.stages > self.most_stages:
            what = f"more than {self.most_stages:,} stages of SQL: name with materialize what is used often"
            raise QueryError((codes.plan_too_large(Span(0, 0), what),))

    def remember(self, owner: object, stage: Stage) -> None:
        self.keep.append(owner)
        self.computed[id(owner)] = stage


class Lowerer:
    """Lowers relations into the CTEs of one statement."""

    def __init__(self, context: Context, nodes: "Callable[[Lowerer, Relation], Stage]") -> None:
        self.context = context
        self._nodes = nodes
        self.flavour = context.flavour
        self.ctes: list[sql.Cte] = []
        self.stages: list[tuple[Relation, Stage]] = []
        self.numbers: set[str] = set()  # aliases of numbers that no two rows share
        self._stage_names = 0
        self._aliases: dict[int, str] = {}
        self._taken: set[str] = set()
        self._last_numbers: dict[str, int] = {}
        self._bindings: dict[int, Stage] = {}
        self._lowered: dict[int, Stage] = {}  # by the id of a relation of the plan, which lives longer
        self._uses: Counter[int] = Counter()
        self.expressions = Expressions(context.flavour, self._lookup_table, self._scalar_name)

    # --- aliases and stages ---

    def alias(self, column: Column) -> str:
        """This column's alias: its name, with a number where that differs from a taken one only in case or not."""
        found = self._aliases.get(column.id)
        if found is None:
            found = self.fresh_alias(column.name)
            self._aliases[column.id] = found
        return found

    def fresh_alias(self, name: str) -> str:
        base = _UNPRINTABLE.sub("_", name)[:200] or "column"
        number = self._last_numbers.get(base.casefold(), 1)  # those below it are taken: a plan may have one name often
        chosen = base if number == 1 else f"{base}_{number}"
        while chosen.casefold() in self._taken:
            number += 1
            chosen = f"{base}_{number}"
        self._taken.add(chosen.casefold())
        self._last_numbers[base.casefold()] = number
        return chosen

    def add(
        self,
        relation: sql.Relation,
        aliases: dict[int, str],
        order: tuple[sql.Order, ...] = (),
        *,
        materialized: bool = False,
    ) -> Stage:
        """A new CTE."""
        self.context.count_stage()
        self._stage_names += 1
        name = f"s{self._stage_names}"
        self.ctes.append(sql.Cte(name, relation, False))
        return Stage(name, aliases, order)

    def source(self, stage: Stage, alias: str = "") -> sql.RelationRef | None:
        return sql.RelationRef(stage.relation, alias) if stage.relation else None

    def carried(self, stage: Stage) -> tuple[tuple[str, sql.Expr], ...]:
        """Select items for the hidden columns of the order."""
        return tuple((name, sql.Column(name)) for name in stage.hidden)

    # --- relations ---

    def lower(self, relation: Relation) -> Stage:
        """The stage of a relation, inputs first: long pipelines and chains of lets are walked, so that each node finds
        the stages below it ready."""
        pending: list[tuple[Relation, bool]] = [(relation, False)]
        while pending:
            node, is_ready = pending.pop()
            if id(node) in self._lowered:
                continue
            if is_ready or not (below := self._below(node)):
                self._lowered[id(node)] = self._stage(node)
                continue
            pending.append((node, True))
            pending.extend((one, False) for one in reversed(below))
        return self._lowered[id(relation)]

    def _below(self, relation: Relation) -> tuple[Relation, ...]:
        """What must be lowered before this relation."""
        computed = self.context.computed
        if id(relation) in computed:
            return ()
        if isinstance(relation, Reference) and (
            id(relation.binding) in computed or id(relation.binding) in self._bindings
        ):
            return ()
        if isinstance(relation, PythonOperator | Computed | PythonTable):
            return ()  # their steps have read what is below
        return inputs(relation)

    def _stage(self, relation: Relation) -> Stage:
        """A relation computed by an earlier step is read from there."""
        from_step = self.context.computed.get(id(relation))
        stage = from_step if from_step is not None else self._lower(relation)
        self.stages.append((relation, stage))
        self.reserve(stage)
        return stage

    def reserve(self, stage: Stage) -> None:
        """No new column takes a name that is here: a table's columns and an earlier step's were not named by this
        lowerer, and SQL would read a group's key as the column of the same name below it."""
        self._taken.update(name.casefold() for name in (*stage.aliases.values(), *stage.hidden))

    def _lower(self, relation: Relation) -> Stage:
        if isinstance(relation, Reference):
            return self._reference(relation)
        if isinstance(relation, Scan):
            return self._scan(relation)
        if isinstance(relation, External):
            return self._external(relation)
        return self._nodes(self, relation)

    def _reference(self, relation: Reference) -> Stage:
        """Bound once, lowered once; each use has its own column identities over the same aliases."""
        binding = relation.binding
        stage = self.context.computed.get(id(binding)) or self._bindings.get(id(binding))
        if stage is None:
            stage = self._binding_stage(binding)
            self._bindings[id(binding)] = stage
        aliases = {
            mine.id: stage.aliases[theirs.id]
            for mine, theirs in zip(relation.columns, binding.relation.columns, strict=True)
        }
        return Stage(stage.relation, aliases, stage.order)

    def _binding_stage(self, binding: Binding) -> Stage:
        stage = self.lower(binding.relation)
        if self._uses[id(binding)] > 1 and is_expensive(binding.relation) and self.ctes:
            last = self.ctes[-1]
            if last.name == stage.relation:
                self.ctes[-1] = sql.Cte(last.name, last.relation, True)
        return stage

    def _scan(self, relation: Scan) -> Stage:
        """The engine's relation of the table, cut to the query's time scope."""
        reading = relation.columns[0].id if self.context.by_reading and relation.columns else None
        key = relation.table if reading is None else f"{relation.table} {reading}"
        use = self.context.scans.get(key)
        if use is None or len(use.columns) < len(relation.columns):
            use = self.context.scans[key] = self._new_scan(relation, reading)
        aliases = {c.id: alias for c, (alias, _, _) in zip(relation.columns, use.columns, strict=True)}
        stage = Stage(use.relation, aliases)
        bounds = self._scope(relation, stage)
        if not bounds:
            return stage
        select = sql.Select((), sql.RelationRef(use.relation), star=True, where=sql.all_of(*bounds))
        return self.add(select, aliases)

    def _new_scan(self, relation: Scan, reading: int | None) -> ScanUse:
        taken: set[str] = set()
        columns: list[tuple[str, str, Type]] = []
        for column, source in zip(relation.columns, relation.sources, strict=True):
            alias, number = _UNPRINTABLE.sub("_", column.name), 1
            while alias.casefold() in taken:
                number += 1
                alias = f"{column.name}_{number}"
            taken.add(alias.casefold())
            columns.append((alias, source, column.type))
        bounds = (self.context.lower_bound, self.context.upper_bound)
        scope = bounds if relation.time_column is not None else (False, False)
        sources = {column.id: source for column, source in zip(relation.columns, relation.sources, strict=True)}
        time = None if relation.time_column is None else sources[relation.time_column.id]
        name = f"table_{len(self.context.scans) + 1}"
        return ScanUse(name, relation.table, tuple(columns), time, scope=scope, reading=reading)

    def _external(self, relation: External) -> Stage:
        """Files named in the query, under a name of their own; their columns are c0, c1 ..."""
        name = f"external_{len(self.context.scans) + 1}"
        columns = tuple((f"c{i}", f"c{i}", c.type) for i, c in enumerate(relation.columns))
        self.context.scans[name] = ScanUse(name, name, columns, external=relation)
        return Stage(name, {c.id: alias for c, (alias, _, _) in zip(relation.columns, columns, strict=True)})

    def _scope(self, relation: Scan, stage: Stage) -> list[sql.Expr]:
        """The run's time scope, most often [now - lookback, now), of the table's time column (DESIGN, invariant 4)."""
        if relation.time_column is None:
            return []
        time = stage.column(relation.time_column)
        bounds: list[sql.Expr] = []
        if self.context.lower_bound:
            bounds.append(sql.Binary(">=", time, sql.Parameter("scope_start", Type.DATETIME)))
        if self.context.upper_bound:
            bounds.append(sql.Binary("<", time, sql.Parameter("scope_end", Type.DATETIME)))
        return bounds

    # --- what expressions need ---

    def _lookup_table(self, relation: Relation, fold: bool) -> tuple[str, str]:
        """The relation of an `in (table)`: its non-null values, folded where asked for."""
        stage = self.lower(relation)
        column = relation.columns[0]
        value: sql.Expr = stage.column(column)
        where = None if column.type is Type.STRING else sql.is_not_null(value)
        if fold:
            value = sql.call("lower", value)
        alias = self.fresh_alias(column.name)
        select = sql.Select(((alias, value),), self.source(stage), where=where)
        return self.add(select, {}).relation, alias

    def _scalar_name(self, query: ScalarQuery) -> str:
        return self.context.scalars[id(query)]

    # --- whole statements ---

    def lower_whole(self, relation: Relation) -> Stage:
        """The stage of a statement's relation: how often it uses what it binds decides what is computed once."""
        self._uses.update(id(r.binding) for r in relations_in(relation) if isinstance(r, Reference))
        return self.lower(relation)

    def statement(self, relation: Relation, *, ordered: bool) -> Lowered:
        """The statement for a relation. `ordered`: rows come in a total order, for a person to see."""
        stage = self.lower_whole(relation)
        visible = tuple(stage.aliases[c.id] for c in relation.columns)
        names = dict.fromkeys((*visible, *stage.hidden)) if not ordered else dict.fromkeys(visible)
        items: tuple[tuple[str, sql.Expr], ...] = tuple((name, sql.Column(name)) for name in names)
        body = sql.Select(
            items or ((self.fresh_alias("row"), sql.long(0)),),  # rows without a column: SQL wants one
            self.source(stage),
            order_by=row_order(stage, relation.columns) if ordered else (),
        )
        return Lowered(sql.Statement(tuple(self.ctes), body), visible, stage)


_UNPRINTABLE = re.compile(r"[^0-9A-Za-z_]")


def is_expensive(relation: Relation) -> bool:
    """Worth computing once when it is used several times: it groups or joins. A filtered scan is not (measured:
    1.23 s against 0.66 s for the first founding document)."""
    pending, seen = [relation], {id(relation)}
    while pending:
        node = pending.pop()
        if isinstance(node, Aggregate | Join):
            return True
        for below in inputs(node):
            if id(below) not in seen:  # lets that name each other twice double with each step
                seen.add(id(below))
                pending.append(below)
    return False
