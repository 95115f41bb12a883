"""A program on an engine: steps in order, then a stream of the result."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from bluetick.binder.schema import FILE_PROFILE_COLUMNS
from bluetick.diagnostics import Diagnostic
from bluetick.diagnostics import Span as TextSpan
from bluetick.diagnostics.errors import Limit, LimitError, QueryCancelled, QueryError, SourceError
from bluetick.engines.protocol import Engine, Run, ScanColumn, Stream
from bluetick.enrichment.profiles import FileProfileProvider
from bluetick.execution.binding import Times, bind_columns, bind_rows
from bluetick.execution.catalog import Catalog, Table
from bluetick.execution.deadline import Deadline
from bluetick.execution.program import (
    MAX_PYTHON_ROWS,
    AssertionStep,
    ComputeStep,
    Program,
    ProviderStep,
    PythonStep,
    RelationStep,
    ScalarStep,
    Step,
    TableStep,
)
from bluetick.execution.python_steps import computed_answers, table_answers, too_many
from bluetick.lowering.flavour import FLAVOURS
from bluetick.lowering.lowerer import ScanUse
from bluetick.lowering.steps import PROVIDER_KEY, PYTHON_PLACE, PYTHON_ROW, python_column
from bluetick.plan.ranges import ScanRange, Span, hull, scan_ranges
from bluetick.plan.relations import External, TabularStatement
from bluetick.sql import tree as sql
from bluetick.sql.render import render_statement
from bluetick.sql.tree import Statement
from bluetick.types import Type
from bluetick.values import python_values, to_physical

if TYPE_CHECKING:
    from bluetick.execution.baseline.bound import BoundPart

_SCOPE = ("scope_start", "scope_end")  # parameters


@dataclass(slots=True)
class Execution:
    """One run on an engine: `start` a program, then `drain` what it gives, or `close`.

    `ends` is the instant (of time.monotonic) at which `seconds` are over, where some of them have gone by already.
    With the `statement` that runs, its own filters on time tell which files of a lake's table, and which partitions of
    a mapped one, are not wanted; `spans` say it by table for all of several runs. A `borrowed` run has the tables
    already, but for `views` over them, and stays open: at the end only what this one made is forgotten. `parts` are
    read in the place of tables of these names; `narrowed` gives a table with the files that a span of its time needs.
    """

    engine: Engine
    catalog: Catalog
    providers: Mapping[str, FileProfileProvider]
    parameters: dict[str, Any]
    seconds: float | None = None
    ends: float | None = None
    statement: TabularStatement | None = None
    spans: Mapping[str, Span] | None = None
    borrowed: Run | None = None
    views: Sequence[tuple[str, Statement]] = ()
    parts: Mapping[str, "BoundPart"] = field(default_factory=dict)
    narrowed: "Callable[[Table, str | None, Span], Table]" = lambda table, _time, _span: table
    spent: list[float] = field(default_factory=list, init=False)  # seconds: tables, each step, the result's begin
    _run: Run | None = field(default=None, init=False)
    _deadline: Deadline | None = field(default=None, init=False)
    _made: list[str] = field(default_factory=list, init=False)
    _ranges: dict[Span, list[ScanRange]] = field(default_factory=dict, init=False)

    def start(self, program: Program) -> Stream:
        """Binds the tables, runs the steps and begins the result. What fails here leaves nothing behind."""
        with self._closing_on_error():
            run = self._prepare(program.scans, program.steps)
            with self._timed():
                return run.stream(self.render(program.result.statement))

    @contextmanager
    def prepared(self, scans: Sequence[ScanUse], steps: Sequence[Step]) -> Iterator[Callable[[Statement], pa.Table]]:
        """The same preparation for several statements: gives a reader of one statement's whole result."""
        with self._closing_on_error():
            run = self._prepare(scans, steps)
            yield lambda statement: run.stream(self.render(statement)).read_all()
        self.close()

    def computes(self, statement: TabularStatement) -> None:
        """Says what runs, where a rewrite made it of what was given."""
        self.statement = statement
        self._ranges.clear()

    def _prepare(self, scans: Sequence[ScanUse], steps: Sequence[Step]) -> Run:
        run = self._run = self.borrowed or self.engine.start()
        self._deadline = Deadline(run, self.seconds if self.ends is None else max(self.ends - time.monotonic(), 0.0))
        with self._timed():
            for use in scans if self.borrowed is None else ():
                self._bind_scan(run, use)
            for name, statement in self.views:
                self._made.append(name)
                run.bind_view(name, self.render(statement))
        for step in steps:
            with self._timed():
                self._step(run, step)
        return run

    @contextmanager
    def _timed(self) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.spent.append(time.perf_counter() - begun)

    def read_once(
        self,
        scans: Sequence[ScanUse],
        wanted: Mapping[str, sql.Expr],
        views: Sequence[tuple[str, Statement]] = (),
        steps: Sequence[tuple[str, Statement]] = (),
    ) -> Run:
        """A run that has copies of the tables' rows in the `spans` that are `wanted` (by table, over its aliases),
        views over them, and what the steps make of these, to be borrowed; the caller closes it."""
        with self._closing_on_error():
            run = self._prepare([use for use in scans if use.external is not None], ())
            for use in scans:
                if use.external is None:
                    whole = replace(use, relation=f"{use.relation}_whole")
                    self._bind_scan(run, whole)
                    run.create(use.relation, self.render(copy_of(whole, self.span(use), wanted.get(use.table))))
            for name, statement in views:
                run.bind_view(name, self.render(statement))
            for name, statement in steps:
                run.create(name, self.render(statement))
        self._run = None
        self.close()  # the deadline was for the reading
        return run

    def _bind_scan(self, run: Run, use: ScanUse) -> None:
        """Gives the engine a table, or a query's external data, under the name that the program has for it; of a lake's
        table only the files that may have rows of the span."""
        if use.external is not None:
            bind_external(run, self.catalog, use, use.external)
            return
        if (part := self.parts.get(use.table)) is not None:
            self.parameters.update(part.ends)
            part.bind(run, use, self.render)
            return
        table = self.catalog.table(use.table)
        if table is None:
            raise SourceError(f"table '{use.table}' has no data in this session")
        if table.view is not None:
            source = f"{use.relation}_source"
            span = self._scope(use) if self.statement is None and self.spans is None else self.span(use)
            reading = table.view.reading(use, source, FLAVOURS[self.engine.dialect.name], (span.low, span.high))
            time = table.view.time_source(use.time)
            bind_columns(run, table, (source, list(reading.columns)), Times(time, self.span(use)), self.render)
            run.bind_view(use.relation, self.render(reading.statement))
            return
        span = self.span(use)
        bind_rows(run, self.narrowed(table, use.time, span), use, self._times(use), self.render)

    def _scope(self, use: ScanUse) -> Span:
        """The run's own time scope of a table."""
        return Span(*(self.parameters[n] if is_bound else None for n, is_bound in zip(_SCOPE, use.scope, strict=True)))

    def span(self, use: ScanUse) -> Span:
        """The time that is wanted of a table by all that the statement reads of it; all of it for an account, which
        counts the rows outside the scope too."""
        if self.spans is not None:
            return self.spans.get(use.table, Span())
        if self.statement is None or use.time is None:
            return Span()
        return hull(dict(one.spans).get(use.time, Span()) for one in self._readings(use))

    def _readings(self, use: ScanUse) -> list[ScanRange]:
        """What the statement reads of a table for a use of it."""
        scope = self._scope(use)
        if self.statement is not None and scope not in self._ranges:
            self._ranges[scope] = scan_ranges(self.statement, self.parameters["now"], scope, self.parameters)
        return [
            one for one in self._ranges.get(scope, ()) if one.table == use.table and use.reading in (None, one.reading)
        ]

    def _times(self, use: ScanUse) -> Times:
        """The rows that count of a table without a view."""
        found = self._readings(use) if use.reading is not None and self.spans is None else []
        return Times(use.time, self.span(use), len(found) == 1 and use.time in found[0].alone)

    @contextmanager
    def _closing_on_error(self) -> Iterator[None]:
        try:
            yield
        except QueryCancelled as error:
            self.close()
            raise self._stopped(error) from None
        except BaseException:
            self.close()
            raise

    def drain(self, stream: Stream) -> Iterator[pa.RecordBatch]:
        """The result in physical types; everything is released at its end."""
        try:
            yield from stream
        except QueryCancelled as error:
            raise self._stopped(error) from None
        finally:
            self.close()

    def render(self, statement: Statement) -> str:
        return render_statement(statement, self.engine.dialect, self.parameters)

    def cancel(self) -> None:
        if self._run is not None:
            self._run.cancel()

    def close(self) -> None:
        if self._deadline is not None:
            self._deadline.close()
        if self._run is not None:
            run, self._run = self._run, None
            if self.borrowed is None:
                run.close()
                return
            with suppress(QueryCancelled):  # of a run that was stopped nothing can be used again
                while self._made:
                    run.forget(self._made.pop())

    def _stopped(self, error: QueryCancelled) -> Exception:
        if self._deadline is not None and self._deadline.is_over:
            return LimitError(f"the query did not finish within {self.seconds:g} s", Limit.TIME)
        return error

    def _step(self, run: Run, step: Step) -> None:
        if not isinstance(step, ScalarStep | AssertionStep):
            self._made.append(step.name if isinstance(step, RelationStep) else step.relation)
        match step:
            case RelationStep(name=name, statement=statement):
                run.create(name, self.render(statement))
            case ScalarStep():
                self.parameters[step.parameter] = self._first_cell(run, step.statement, step.type)
            case AssertionStep():
                if self._first_cell(run, step.statement, Type.BOOL) is not True:
                    raise QueryError((assertion_failed(step.message),))
            case ProviderStep():
                self._ask(run, step)
            case PythonStep():
                self._compute(run, step)
            case ComputeStep():
                asked = run.stream(self.render(step.statement)).read_all()
                run.bind_arrow(step.relation, *computed_answers(step, asked, self._check))
            case TableStep():
                tables = [run.stream(self.render(statement)).read_all() for statement, _ in step.inputs]
                run.bind_arrow(step.relation, *table_answers(step, tables, self._check))

    def _check(self) -> None:
        """Python's own work ends with the deadline too; a cancel is seen by the engine's next statement."""
        if self._deadline is not None and self._deadline.is_over:
            raise QueryCancelled

    def _first_cell(self, run: Run, statement: Statement, type_: Type) -> Any:
        table = run.stream(self.render(statement)).read_all()
        if table.num_rows == 0:
            return "" if type_ is Type.STRING else None
        column = to_physical(table.column(0).slice(0, 1), type_)
        if type_ in (Type.TIMESPAN, Type.DYNAMIC):
            return column[0].as_py()
        return python_values(column, type_)[0]

    def _ask(self, run: Run, step: ProviderStep) -> None:
        provider = self.providers.get(step.provider)
        if provider is None:
            raise SourceError(missing_provider(step.provider))
        table = run.stream(self.render(step.statement)).read_all()
        answers = provider.lookup(step.key_name, [str(key) for key in table.column(0).to_pylist()])
        columns = [ScanColumn(PROVIDER_KEY, PROVIDER_KEY, Type.STRING)]
        columns += [ScanColumn(name, name, type_) for name, type_ in FILE_PROFILE_COLUMNS]
        run.bind_arrow(step.relation, answers, columns)

    def _compute(self, run: Run, step: PythonStep) -> None:
        table = run.stream(self.render(step.statement)).read_all()
        if table.num_rows > MAX_PYTHON_ROWS:
            raise too_many("scan", "rows")
        from bluetick.execution.scan_rows import scan_rows  # noqa: PLC0415 - few queries have the operator

        names = {PYTHON_ROW: Type.LONG, PYTHON_PLACE: Type.LONG}
        names |= {python_column(place): column.type for place, column in enumerate(step.operator.columns)}
        answers = pa.table(dict(zip(names, scan_rows(step.operator, step.reads, table), strict=True)))
        run.bind_arrow(step.relation, answers, [ScanColumn(name, name, type_) for name, type_ in names.items()])


def copy_of(use: ScanUse, span: Span, wanted: sql.Expr | None) -> Statement:
    """The rows of a bound table in a span of its time, those that are wanted."""
    time = next((sql.Column(alias) for alias, source, _ in use.columns if source == use.time), None)
    asked: list[sql.Expr] = []
    if time is not None and span.low is not None:
        asked.append(sql.Binary(">=", time, sql.Literal(span.low, Type.DATETIME)))
    if time is not None and span.high is not None:
        asked.append(sql.Binary("<", time, sql.Literal(span.high, Type.DATETIME)))
    asked += [] if wanted is None else [wanted]
    items = tuple((alias, sql.Column(alias)) for alias, _, _ in use.columns)
    where = sql.all_of(*asked) if asked else None
    return Statement((), sql.Select(items, sql.RelationRef(use.relation), where=where))


def missing_provider(name: str) -> str:
    return f"'{name}' has no provider here: give a file of profiles (--profiles FILE), or --profiles local"


def assertion_failed(message: str) -> Diagnostic:
    return Diagnostic("SEM0500", f"assert() has failed with message: '{message}'", TextSpan(0, 0))


def bind_external(run: Run, catalog: Catalog, use: ScanUse, node: External) -> None:
    from bluetick.execution.external import load_external  # noqa: PLC0415 - few queries have the operator

    names = tuple(column.name for column in node.columns)
    data = load_external(node.uris, node.format, names, catalog.external, skips_first=node.skips_first)
    run.bind_arrow(use.relation, data, [ScanColumn(alias, source, type_) for alias, source, type_ in use.columns])
