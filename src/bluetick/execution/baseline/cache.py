"""Which parts of a plan are kept, and which of what is kept a run reads.

A part that is asked for again is kept: then its files are read once more and what they leave is written. What the run
itself gives does not depend on it.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Any, Final, TypeAlias

from bluetick.diagnostics.errors import BluetickError, EngineError
from bluetick.engines.protocol import Engine
from bluetick.execution.baseline.bound import BoundPart
from bluetick.execution.baseline.files import TableFile, table_files
from bluetick.execution.baseline.filling import FAILURES, Filling
from bluetick.execution.baseline.footers import Footer, Footers
from bluetick.execution.baseline.policy import USUAL, Policy
from bluetick.execution.baseline.statements import PartStatements, statements_for
from bluetick.execution.baseline.store import Note, PartStore
from bluetick.execution.catalog import Catalog, Table
from bluetick.execution.deadline import Deadline
from bluetick.execution.plan_cache import PlanCache
from bluetick.execution.run import Execution
from bluetick.lowering.flavour import FLAVOURS
from bluetick.plan.ranges import Span, exact_span
from bluetick.plan.relations import TabularStatement
from bluetick.rewrite.kept_parts import KeptPart, Places, find_parts, with_parts
from bluetick.sql import tree as sql
from bluetick.sql.render import render_statement

_VERSIONS: Final = f"{version('bluetick')} {version('duckdb')}"
_STATEMENTS: Final = 256
_FIRST: Final = datetime(1, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(9999, 12, 31, 23, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Asking:
    """A run that is about to start. `scope` is that of the tables' time columns; `values` are those of parameters;
    `seconds` are what is left for the run."""

    engine: Engine
    catalog: Catalog
    now: datetime
    scope: Span
    values: Mapping[str, Any]
    seconds: float | None = None


@dataclass(slots=True)
class _Known:
    places: Places
    statements: dict[tuple[str, tuple[bool, bool]], PartStatements | None] = field(default_factory=dict)
    chosen: dict[frozenset[str], TabularStatement] = field(default_factory=dict)


class BaselineCache:
    """Parts in a folder, for all sessions that are given it. Safe to use from several threads and processes, and to be
    deleted at any time."""

    def __init__(self, folder: Path, policy: Policy = USUAL) -> None:
        self.store = PartStore(folder, policy.limit)
        self.policy = policy
        self._footers = Footers(self.store)
        self.plans = {name: PlanCache() for name in FLAVOURS}
        self._known: OrderedDict[int, _Known] = OrderedDict()
        self._lock = threading.Lock()

    def choose(self, statement: TabularStatement, work: Execution, scope: Span) -> None:
        """Has a run of the statement read what is kept of it, or is now; where nothing is, the run stays as it was.
        `scope` is that of the tables' time columns."""
        seconds = None if work.ends is None else work.ends - monotonic()
        asking = Asking(work.engine, work.catalog, work.parameters["now"], scope, work.parameters, seconds)
        with self._lock:
            known = self._of(statement)
        parts: dict[str, BoundPart] = {}
        read: set[int] = set()  # what is kept by hours is not kept by rows too
        for part in known.places.parts:
            if not part.is_hours and part.reading in read:
                continue
            bound = self._bound(known, part, asking)
            if bound is not None:
                parts[part.name] = bound
                read.add(part.reading)
        if not parts:
            return
        names = frozenset(parts)
        if names not in known.chosen:
            known.chosen[names] = with_parts(known.places, names)
        work.statement, work.parts, work.narrowed = known.chosen[names], parts, self._footers.narrowed

    def _of(self, statement: TabularStatement) -> _Known:
        found = self._known.get(id(statement))
        if found is None or found.places.whole is not statement:
            found = self._known[id(statement)] = _Known(find_parts(statement))
            while len(self._known) > _STATEMENTS:
                self._known.popitem(last=False)
        return found

    def _bound(self, known: _Known, part: KeptPart, asking: Asking) -> BoundPart | None:
        table = asking.catalog.table(part.scan.table)
        span = _span(part, asking)
        if table is None or span is None or (table.snapshot is not None and table.snapshot.is_past):
            return None
        if span.low is not None and (span.high or asking.now) - span.low < self.policy.least:
            return None
        hours = _hours(span) if part.is_hours else None
        statements = self._statements(known, part, asking)
        every = table_files(table)
        if statements is None or not every:
            return None
        note = self.store.note(statements.fingerprint) or Note(table.name)
        if note.refused:
            return None
        if not note.segments and note.asked < self.policy.patience:
            self.store.write_note(statements.fingerprint, replace(note, asked=note.asked + 1))
            return None
        footers = self._footers.of(table, every, statements.made.use.time)
        if footers is None:
            return None
        met = [file for file in every if footers[file.key].meets(span)]
        missing = [file for file in met if file.key not in note.files]
        if missing and (not note.segments or self._is_much(missing, met)):
            filling = Filling(self.store, self.policy, statements, table, _renderer(asking), footers)
            note = self._filled(filling, note, missing, asking)
        return (
            None if note.refused else self._reading(statements, table, note, _Files(every, met, footers), (span, hours))
        )

    def _statements(self, known: _Known, part: KeptPart, asking: Asking) -> PartStatements | None:
        bounds = (asking.scope.low is not None, asking.scope.high is not None)
        key = (part.name, bounds)
        if key not in known.statements:
            dialect = asking.engine.dialect
            try:
                made = statements_for(part, FLAVOURS[dialect.name], dialect, bounds, _VERSIONS)
            except EngineError:  # it has what differs from run to run
                made = None
            known.statements[key] = made
        return known.statements[key]

    def _is_much(self, missing: Collection[TableFile], files: Collection[TableFile]) -> bool:
        share = sum(file.bytes for file in files) * self.policy.missing_share
        return len(missing) >= self.policy.missing_files or sum(file.bytes for file in missing) > share

    def _filled(self, filling: Filling, note: Note, missing: list[TableFile], asking: Asking) -> Note:
        """The note with the missing files kept, or as it was where that cannot be."""
        with suppress(*FAILURES), asking.engine.start() as run:
            deadline = Deadline(run, None if asking.seconds is None else asking.seconds / 2)
            try:
                note = filling.fill(run, note, missing)
            except BluetickError:
                if deadline.is_over:
                    note = replace(note, refused="making it took too long", segments=(), files={})
            finally:
                deadline.close()
        self.store.write_note(filling.statements.fingerprint, note)
        self.store.sweep()
        return note

    def _reading(
        self, statements: PartStatements, table: Table, note: Note, files: "_Files", window: "_Window"
    ) -> BoundPart | None:
        """How the run reads what is kept; None where that is not there, or less than half of what is wanted."""
        span, hours = window
        kept = [file for file in files.met if file.key in note.files]
        others = [file for file in files.met if file.key not in note.files]
        names = {note.files[file.key].segment for file in kept}
        segments = [segment for segment in note.segments if segment.name in names]
        paths = [path for segment in segments if (path := self.store.sound(segment)) is not None]
        if len(paths) < len(segments):
            self.store.drop(statements.fingerprint)
            return None
        if not paths or sum(file.bytes for file in others) > sum(file.bytes for file in kept):
            return None
        if hours is not None and hours[0] >= hours[1]:
            return None
        self.store.touch(statements.fingerprint)
        there = {file.number for file in note.files.values() if file.segment in names}
        current = {one.number for file in files.every if (one := note.files.get(file.key)) and one.segment in names}
        cut = [] if hours is None else [file.path for file in kept if _is_cut(files.footers[file.key], span, hours)]
        return BoundPart(
            statements,
            table,
            tuple(paths),
            None if there == current else tuple(sorted(current)),
            None if span == Span() else hours,
            tuple(file.path for file in others),
            tuple(cut),
        )


_Window: TypeAlias = tuple[Span, tuple[datetime, datetime] | None]
"""The run's, and its whole hours."""


@dataclass(frozen=True, slots=True)
class _Files:
    """Of a table: all, and those that may have rows in the run's window."""

    every: list[TableFile]
    met: list[TableFile]
    footers: Mapping[str, Footer]


def _span(part: KeptPart, asking: Asking) -> Span | None:
    """The run's window of the part's time; None where that cannot be told."""
    time = part.scan.time_column
    if time is None:
        return Span()
    found = exact_span(part.window, time, asking.now, asking.values)
    return None if found is None else found.cut(asking.scope)


def _hours(span: Span) -> tuple[datetime, datetime]:
    """The first whole hour of a span, and the end of the last."""
    hour = timedelta(hours=1)
    first, last = _FIRST, _LAST
    if span.low is not None:
        first = _floor(span.low)
        first = first if first == span.low else min(first, _LAST - hour) + hour
    if span.high is not None:
        last = min(_floor(span.high), _LAST)
    return first, last


def _floor(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _is_cut(footer: Footer, span: Span, hours: tuple[datetime, datetime]) -> bool:
    """Whether it may have rows of the span outside of the whole hours."""
    sides = (Span(span.low, hours[0]), Span(hours[1], span.high))
    ends = (span.low, span.high)
    return any(
        end is not None and side.low != side.high and footer.meets(side) for end, side in zip(ends, sides, strict=True)
    )


def _renderer(asking: Asking) -> Callable[[sql.Statement], str]:
    return lambda statement: render_statement(statement, asking.engine.dialect)
