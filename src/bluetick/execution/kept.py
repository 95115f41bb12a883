"""Several runs of one program, each as of an instant of its own, over tables that are read but once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from bluetick.engines.protocol import Engine, Run
from bluetick.enrichment.profiles import FileProfileProvider
from bluetick.execution.catalog import Catalog
from bluetick.execution.program import Program, statements_of
from bluetick.execution.run import Execution
from bluetick.execution.tallies import Tally
from bluetick.execution.wanted_rows import wanted_rows
from bluetick.lake.layout import RECEIVED
from bluetick.lowering.flavour import FLAVOURS
from bluetick.lowering.lowerer import ScanUse
from bluetick.plan.ranges import Span, hull
from bluetick.plan.relations import TabularStatement
from bluetick.sql import tree as sql
from bluetick.sql.columns_read import columns_read
from bluetick.types import Type

SEEN_UNTIL: Final = "seen_until"  # parameter: rows that were received later are not seen
_RECEIVED_ALIAS: Final = "received_at"
_ALL: Final = "all_"


@dataclass(slots=True)
class KeptTables:
    """The tables of one statement's program, read once for all instants; `over` gives a run as of one.

    `by_receipt`: each run sees only the rows that were received before its parameter SEEN_UNTIL, of the tables that
    say when a row was. `tallies` are counted once too; `scans` is what they and the program read. All is read again
    after a run was stopped: what is stopped cannot be used any more.
    """

    engine: Engine
    catalog: Catalog
    providers: Mapping[str, FileProfileProvider]
    program: Program
    statement: TabularStatement
    by_receipt: bool = False
    tallies: Sequence[Tally] = ()
    scans: Sequence[ScanUse] = ()
    _run: Run | None = field(default=None, init=False)
    _padded: list[tuple[str, sql.Statement]] = field(default_factory=list, init=False)
    _received: list[tuple[str, sql.Statement]] = field(default_factory=list, init=False)

    def spans(self, parameters: dict[str, Any]) -> dict[str, Span]:
        """By table, the times that a run with these parameters can see."""
        work = Execution(self.engine, self.catalog, self.providers, parameters, statement=self.statement)
        return {use.table: work.span(use) for use in self.scans if use.external is None}

    def read(self, spans: Sequence[Mapping[str, Span]]) -> None:
        """Reads what runs with these spans need of each table: the columns and rows that matter, in the hull of the
        times."""
        self.close()
        self._padded, self._received = [], []
        wanted = wanted_rows(self.statement, FLAVOURS[self.engine.dialect.name], self.scans)
        hulls = {table: hull(one[table] for one in spans) for table in (spans[0] if spans else ())}
        uses = [self._narrowed(use) for use in self.scans]
        steps = [step for tally in self.tallies for step in tally.steps]
        work = Execution(self.engine, self.catalog, self.providers, {}, spans=hulls)
        self._run = work.read_once(uses, wanted, self._padded, steps)
        for tally in self.tallies:
            self._run.forget(tally.passing)

    def over(self, parameters: dict[str, Any], seconds: float | None = None) -> Execution:
        """A run over what was read."""
        ends = {name: value for tally in self.tallies for name, value in tally.ends(parameters).items()}
        return Execution(
            self.engine,
            self.catalog,
            self.providers,
            parameters | ends,
            seconds,
            borrowed=self._run,
            views=self._received,
        )

    @property
    def is_open(self) -> bool:
        return self._run is not None

    def close(self) -> None:
        if self._run is not None:
            run, self._run = self._run, None
            run.close()

    def _narrowed(self, use: ScanUse) -> ScanUse:
        """A table with the columns alone that the program needs, its time, and where it is asked for its receipt. What
        else the program names of it is null: it is passed on and changes nothing."""
        if use.external is not None:
            return use
        needed = self._needed().get(use.relation, set())
        columns = [c for c in use.columns if c[0] in needed or c[1] == use.time] or list(use.columns[:1])
        table = self.catalog.table(use.table)
        is_cut = self.by_receipt and table is not None and table.view is None and RECEIVED in table.column_names
        others = tuple((name, sql.null(type_)) for name, _, type_ in use.columns if name not in {c[0] for c in columns})
        if not is_cut and not others:
            return use
        received = ((_RECEIVED_ALIAS, RECEIVED, Type.DATETIME),) if is_cut else ()
        kept = replace(use, relation=_ALL + use.relation, columns=(*columns, *received))
        select = sql.Select(others, sql.RelationRef(kept.relation), star=True, where=_seen() if is_cut else None)
        (self._received if is_cut else self._padded).append((use.relation, sql.Statement((), select)))
        return kept

    def _needed(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        own = [statement for step in self.program.steps for statement in statements_of(step)]
        counted = [statement for tally in self.tallies for _, statement in tally.steps]
        for statement in (*own, self.program.result.statement, *counted):
            for relation, names in columns_read(statement).items():
                found.setdefault(relation, set()).update(names)
        return found


def _seen() -> sql.Expr:
    """Of the rows that were there by then; one that does not say when it came was always there."""
    received = sql.Column(_RECEIVED_ALIAS)
    return sql.any_of(sql.is_null(received), sql.Binary("<", received, sql.Parameter(SEEN_UNTIL, Type.DATETIME)))
