"""The façade: connect, query, check. Everything that runs goes through one `QueryRequest`."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import pyarrow as pa

from bluetick.binder.bind import bind
from bluetick.binder.exclusions import Exclusion
from bluetick.binder.schema import FILE_PROFILE, CatalogSchema, TableFace
from bluetick.diagnostics import Diagnostic, SourceText, has_errors
from bluetick.diagnostics.errors import BluetickError, EngineError, QueryError, SourceError
from bluetick.engines.opening import open_engine
from bluetick.engines.protocol import Engine
from bluetick.enrichment.profiles import FileProfileProvider
from bluetick.execution.catalog import Catalog, Faces, packs_for
from bluetick.execution.exclusions import Choice, counting, without_rows, without_table_rows
from bluetick.execution.given import given_baseline, given_mappings, given_places, given_plans, given_schemas
from bluetick.execution.parameters import as_utc, program_values
from bluetick.execution.plan_cache import Bound, PlanCache, PlanKey
from bluetick.execution.program import Program, build_program
from bluetick.execution.request import Check, QueryRequest
from bluetick.execution.result import Result
from bluetick.execution.run import Execution
from bluetick.functions.resources import PLACES
from bluetick.lowering.flavour import FLAVOURS, Flavour
from bluetick.plan.ranges import Span as TimeSpan
from bluetick.plan.ranges import scan_ranges
from bluetick.plan.relations import QueryPlan, Scan, TabularStatement
from bluetick.plan.traversal import relations_in
from bluetick.rewrite.computed import with_computed
from bluetick.rewrite.rules import BASELINE, rewrites_made, rewritten
from bluetick.schema.files import CustomSchemas
from bluetick.syntax import parse

if TYPE_CHECKING:
    from bluetick.enrichment.local_prevalence import HashTable
    from bluetick.enrichment.places import AddressPlaces
    from bluetick.execution.estimate import TableEstimate
    from bluetick.execution.explaining import Explanation
    from bluetick.lake.folder import AsOf

Exclude: TypeAlias = "Callable[[QueryPlan, Sequence[Exclusion], Faces, Choice], QueryPlan]"
TableInput: TypeAlias = "str | Path | list[str] | pa.Table"
ProfilesInput: TypeAlias = str | Path | FileProfileProvider | Sequence[str | Path | FileProfileProvider]


class Session:
    """Tables, an engine and providers. Safe to query from several threads.

    `plans` are those of texts that were asked before; a `limit` of 0 of it keeps none. An engine may be given that is
    open already; it is closed with the session.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the public surface of connect
        self,
        lake: str | Path | None = None,
        tables: Mapping[str, TableInput] | None = None,
        profiles: ProfilesInput | None = None,
        schemas: str | Path | None = None,
        engine: str | Engine = "duckdb",
        now: datetime | None = None,
        memory_limit: str | None = None,
        threads: int | None = None,
        external: Mapping[str, str | Path] | None = None,
        geo: "str | Path | AddressPlaces | None" = None,
        functions: str | Path | None = None,
        watchlists: str | Path | None = None,
        mapping: str | Path | None = None,
        as_of: "AsOf | Mapping[str, AsOf] | None" = None,
        profiles_offline: bool = False,
        temp_directory: str | Path | None = None,
        temp_limit: str | None = None,
    ) -> None:
        self.now = as_utc(now)
        self.baseline = given_baseline(lake, os.environ)
        # A mistake there is told before Spark starts.
        mappings = () if mapping is None else given_mappings(Path(mapping))
        if isinstance(engine, str):
            engine = open_engine(
                engine, memory_limit=memory_limit, threads=threads, temp_directory=temp_directory, temp_limit=temp_limit
            )
        self.engine = engine
        self.plans = given_plans(self.baseline, engine.dialect.name, geo)
        self.catalog = Catalog(external, functions, watchlists, self.engine, as_of)
        self._schemas, self._custom = given_schemas(schemas)
        self.providers: dict[str, FileProfileProvider] = {}
        self.resources: dict[str, Callable[[], object]] = {} if geo is None else {PLACES.name: given_places(geo)}
        if lake is not None:
            self.catalog.register_folder(Path(lake))
        for name, data in (tables or {}).items():
            self.catalog.register(name, data)
        for mapped in mappings:
            packs = packs_for(self._schemas, "", is_sentinel=False, custom=self._custom)
            self.catalog.map_table(mapped, packs)
        self.catalog.check_as_of()
        provider = self._provider(profiles, profiles_offline)
        if provider is not None:
            self.providers[FILE_PROFILE] = provider

    def faces(self, unread: dict[str, BluetickError] | None = None) -> list[TableFace]:
        """The tables with data, as a query sees them that names no schema. One that cannot be read is raised, or put
        into `unread`."""
        packs = packs_for(self._schemas, "", is_sentinel=False, custom=self._custom)
        return Faces(self.catalog.pinned(), packs).readable(unread)

    # --- queries ---

    def query(self, text: str, parameters: Mapping[str, Any] | None = None, now: datetime | None = None) -> Result:
        """Run a query; of several tabular statements the last one's result.

        Raises QueryError for a refused text and a failed assert; LimitError, SourceError and EngineError may also come
        from reading the rows.
        """
        return self.run(QueryRequest(text, parameters or {}, now))[-1]

    def query_all(
        self, text: str, parameters: Mapping[str, Any] | None = None, now: datetime | None = None
    ) -> list[Result]:
        """Run a query; a result for each tabular statement."""
        return self.run(QueryRequest(text, parameters or {}, now))

    def run(self, request: QueryRequest, began: "Callable[[Execution], None]" = lambda _: None) -> list[Result]:
        """The one way in: a request to results, each read to its end or closed by the caller. A lake's tables are read
        at one version all through. `began` is given what can be cancelled, before each result begins."""
        held = self.pinned()
        if request.tables:
            held.catalog = held.catalog.beside(request.tables)
        return held._run(request, began)

    def pinned(self) -> Self:
        """This session with each table of its lake held at the version that it has when it is first asked for."""
        held = copy(self)
        held.catalog = self.catalog.pinned()
        return held

    def as_stored(self) -> Self:
        """This session with each table as its data is: no known table's schema is laid over it."""
        bare = copy(self)
        bare._custom = CustomSchemas(is_alone=True)
        bare.plans = PlanCache(self.plans.limit)
        return bare

    def _run(self, request: QueryRequest, began: "Callable[[Execution], None]") -> list[Result]:
        moment = self._moment(request)
        plan = self._sound(request, self._bind(request, moment))[0]
        with ExitStack() as stack:  # an error closes those before
            opened = (closing(self._result(one, plan, request, moment, began)) for one in plan.statements)
            results = [stack.enter_context(one) for one in opened]
            stack.pop_all()
        return results

    def start(self, plan: QueryPlan, request: QueryRequest) -> Result:
        """The result of a plan's last statement; the plan is the request's own."""
        return self._result(plan.statements[-1], plan, request, self._moment(request))

    def _result(
        self,
        statement: TabularStatement,
        plan: QueryPlan,
        request: QueryRequest,
        moment: "_Moment",
        began: "Callable[[Execution], None]" = lambda _: None,
    ) -> Result:
        """What is kept may be gone or changed by the time that it is read: then nothing of it is used."""
        program, work = self._prepared(statement, plan, request, moment)
        began(work)
        try:
            return Result(program, work)
        except (SourceError, EngineError):
            if not work.parts:
                raise
        without = replace(request, without_rewrites=request.without_rewrites | {BASELINE})
        program, work = self._prepared(statement, plan, without, moment)
        began(work)
        return Result(program, work)

    @property
    def flavour(self) -> Flavour:
        return FLAVOURS[self.engine.dialect.name]

    def parameters(self, plan: QueryPlan, request: QueryRequest, now: datetime) -> dict[str, Any]:
        """The values of a program's parameters: now, the scope's ends, the query's own."""
        values: dict[str, Any] = {"now": now, **program_values(plan, request.parameters, request.parameter_texts)}
        scope = self._scope(request, _Moment(now, True, None))
        return {**values, "scope_start": scope.low, "scope_end": scope.high}

    def time_columns(self, plan: QueryPlan) -> list[tuple[str, str]]:
        """(table, time column) of every table that a plan reads and that has one."""
        found: dict[str, str] = {}
        for statement in plan.statements:
            for node in relations_in(statement.relation, scalars=True):
                if isinstance(node, Scan) and node.time_column is not None:
                    found[node.table] = node.time_column.name
        return list(found.items())

    def plan(self, request: QueryRequest, *, is_check: bool = False) -> tuple[QueryPlan, tuple[Diagnostic, ...]]:
        """The bound plan and its warnings; a text with errors raises QueryError with all of them.

        Plugins whose columns depend on the rows read them for it, but not with `is_check`.
        """
        return self._sound(request, self._bind(request, None if is_check else self._moment(request)))

    def left_out(self, request: QueryRequest) -> tuple[int, ...]:
        """How many rows each exclusion of a request leaves out by itself, in the order of the exclusions."""
        moment = self._moment(request)
        plan = self._sound(request, self._bind(request, moment, counting))[0]
        found = [0] * len(request.exclusions)
        for statement in plan.statements:
            result = Result(*self._prepared(statement, plan, request, moment))
            for (name, _), count in zip(result.columns, next(result.rows()), strict=True):
                found[int(name)] = count
        return tuple(found)

    def estimate(self, request: QueryRequest) -> "list[TableEstimate]":
        """What a request would read of each table. Nothing runs: plugins whose columns depend on rows bind as in a
        check."""
        from bluetick.execution.estimate import estimate  # noqa: PLC0415 - its reader of footers costs start-up time

        moment = self._moment(request)
        plan = self._sound(request, self._bind(request, None))[0]
        scope = self._scope(request, moment)
        programs = [
            build_program(
                statement,
                self.flavour,
                has_lower_bound=scope.low is not None,
                has_upper_bound=scope.high is not None,
            )
            for statement in plan.statements
        ]
        ranges = [one for statement in plan.statements for one in scan_ranges(statement, moment.now, scope)]
        return estimate(programs, ranges, self.catalog, self.flavour, self.engine.table_bytes)

    def explain(self, request: QueryRequest, *, runs: bool = False) -> "list[Explanation]":
        """How each result of a request would be computed on this session's engine. Nothing runs, as in `estimate`, but
        with `runs` each result is computed too, and how long that took is told."""
        from bluetick.execution import explaining  # noqa: PLC0415 - only this needs it

        anew = copy(self)
        anew.plans = PlanCache()  # what is kept would be told to take no time
        moment = self._moment(request)
        scope = self._scope(request, moment)
        stages = explaining.Stages()
        with stages.timed("parse"):
            parse(request.text)
        with stages.timed("parse and bind"):
            plan = self._sound(request, anew._bind(request, moment if runs else None))[0]
        found = []
        for statement in plan.statements:
            with stages.timed("lower"):
                program, work = anew._prepared(statement, plan, request, moment)
            told = explaining.explain_statement(
                replace(plan, statements=(statement,)), program, work, self.flavour, scope
            )
            ran = explaining.run_through(work, program) if runs else None
            made = rewrites_made(statement, request.without_rewrites) if self.flavour.keeps_lets else ()
            found.append(replace(told, stages=tuple(stages.seconds.items()), ran=ran, rewrites=made))
        return found

    def check(self, text: str, schemas: str | None = None) -> Check:
        """Bind a text against the session's tables and every known one; nothing runs."""
        plan, diagnostics = self._bind(QueryRequest(text, schemas=schemas), None)
        last = plan.statements[-1].relation.columns if plan.statements else ()
        errors = tuple(d for d in diagnostics if d.is_error)
        return Check(
            tuple((c.name, str(c.type)) for c in last) if not errors else (),
            errors,
            tuple(d for d in diagnostics if not d.is_error),
        )

    def close(self) -> None:
        self.engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- inside ---

    def _provider(self, profiles: ProfilesInput | None, is_offline: bool) -> FileProfileProvider | None:
        if profiles is None or profiles == ():
            return None
        # Its readers and clients cost start-up time.
        from bluetick.enrichment.outside import real_outside  # noqa: PLC0415
        from bluetick.enrichment.profile_opening import open_profiles  # noqa: PLC0415

        chosen = profiles if isinstance(profiles, Sequence) and not isinstance(profiles, str) else (profiles,)
        return open_profiles(chosen, is_offline=is_offline, local=self._local_profiles, outside=real_outside())

    def _local_profiles(self, as_global: bool) -> FileProfileProvider:
        from bluetick.enrichment.local_prevalence import LocalPrevalence  # noqa: PLC0415 - few sessions ask it

        return LocalPrevalence(self._local_query, self._hash_tables, as_global=as_global)

    def _local_query(self, text: str, parameters: dict[str, Any]) -> pa.Table:
        return self.run(QueryRequest(text, parameters, self.now, schemas="defender"))[-1].to_arrow()

    def _hash_tables(self) -> "list[HashTable]":
        from bluetick.enrichment.local_prevalence import HashTable  # noqa: PLC0415 - few sessions ask for it

        faces = Faces(self.catalog, packs_for("defender", "", is_sentinel=False, custom=self._custom))
        found = [face for name in self.catalog.names() if (face := faces.find(name)) is not None]
        return [
            HashTable(face.name, frozenset(name for name, _ in face.columns), face.time_column)
            for face in found
            if face.time_column is not None
        ]

    def _scope(self, request: QueryRequest, moment: "_Moment") -> TimeSpan:
        if request.scope is not None:
            return request.scope
        low = None if request.lookback is None else moment.now - request.lookback
        return TimeSpan(low, moment.now) if moment.is_given else TimeSpan()

    def _moment(self, request: QueryRequest) -> "_Moment":
        given = as_utc(request.now) or self.now
        ends = None if request.seconds is None else monotonic() + request.seconds
        return _Moment(given or datetime.now(UTC), given is not None, ends)

    def _prepared(
        self, statement: TabularStatement, plan: QueryPlan, request: QueryRequest, moment: "_Moment"
    ) -> tuple[Program, Execution]:
        """The program of one statement of a plan, and what is to run it in the time that is left."""
        scope = self._scope(request, moment)
        tables, parameters = (self.engine, self.catalog, self.providers), self.parameters(plan, request, moment.now)
        work = Execution(*tables, parameters, request.seconds, moment.ends, statement)
        if self.baseline is not None and self.flavour.keeps_lets and BASELINE not in request.without_rewrites:
            self.baseline.choose(statement, work, scope)
        lower, upper = scope.low is not None, scope.high is not None

        def build() -> Program:
            own = self.flavour.keeps_lets
            left = rewritten(work.statement or statement, request.without_rewrites) if own else statement
            return build_program(left, self.flavour, has_lower_bound=lower, has_upper_bound=upper, by_reading=own)

        variant = (lower, upper, frozenset(work.parts))
        program = self.plans.program(self._plan_key(request, is_check=False), statement, variant, build)
        work.computes(program.statement)
        return program, work

    def _sound(
        self, request: QueryRequest, bound: tuple[QueryPlan, tuple[Diagnostic, ...]]
    ) -> tuple[QueryPlan, tuple[Diagnostic, ...]]:
        if has_errors(bound[1]):
            raise QueryError(bound[1], SourceText(request.text, request.name))
        return bound

    def _bind(
        self, request: QueryRequest, moment: "_Moment | None", exclude: "Exclude" = without_rows
    ) -> tuple[QueryPlan, tuple[Diagnostic, ...]]:
        """The plan and what is to be said of it. Without a moment it is a check: nothing runs, and known tables bind
        without data. `exclude` is what becomes of the request's exclusions."""
        packs = packs_for(
            request.schemas or self._schemas, request.text, is_sentinel=request.is_sentinel_rule, custom=self._custom
        )
        beside = {} if self._custom is None else self._custom.beside
        faces = Faces(self.catalog, packs, moment is None, request.text, beside)

        def bound(catalog: CatalogSchema) -> Bound:
            return self._bound(request, moment, exclude, (catalog, replace(faces, is_check=True)))

        if request.exclusions:  # what they ask of the catalog is asked beside the plan
            return bound(faces)
        return self.plans.bound(self._plan_key(request, is_check=moment is None), faces, bound)

    def _plan_key(self, request: QueryRequest, *, is_check: bool) -> PlanKey:
        return PlanKey(request.text, request.schemas, request.is_sentinel_rule, is_check, request.without_rewrites)

    def _bound(
        self,
        request: QueryRequest,
        moment: "_Moment | None",
        exclude: "Exclude",
        catalogs: "tuple[CatalogSchema, Faces]",
    ) -> Bound:
        """The same by a catalog, and by one that knows all tables."""
        catalog, known = catalogs
        tree, syntax_errors = parse(request.text)
        if has_errors(syntax_errors):
            return QueryPlan(()), syntax_errors
        observer = None if moment is None else _Observer(self, request, moment, known)
        plan, diagnostics = bind(tree, catalog, observer, self.flavour.scalar)
        if request.exclusions and not has_errors(diagnostics):
            plan = exclude(plan, request.exclusions, known, self.flavour.scalar)
        return plan if has_errors(diagnostics) else self._computed(plan, observer), (*syntax_errors, *diagnostics)

    def _computed(self, plan: QueryPlan, observer: "_Observer | None") -> QueryPlan:
        """Without an observer the plan is only checked: then nothing that a session may lack is asked of it."""
        return with_computed(plan, None if observer is None else self.resources)


@dataclass(frozen=True, slots=True)
class _Moment:
    """The instant of one query, whether it was given (then rows of the future are not read), and when it must end."""

    now: datetime
    is_given: bool
    ends: float | None


@dataclass(frozen=True, slots=True)
class _Observer:
    """Reads rows for the binder as the query itself will read them."""

    session: Session
    request: QueryRequest
    moment: _Moment
    known: Faces

    def rows(self, plan: QueryPlan) -> list[tuple[Any, ...]]:
        """The rows of the plan's one statement."""
        plan = without_table_rows(plan, self.request.exclusions, self.known, self.session.flavour.scalar)
        plan = with_computed(plan, self.session.resources)
        return list(Result(*self.session._prepared(plan.statements[0], plan, self.request, self.moment)).rows())


def connect(  # noqa: PLR0913, PLR0917 - the public surface, see Session
    lake: str | Path | None = None,
    tables: Mapping[str, TableInput] | None = None,
    profiles: ProfilesInput | None = None,
    schemas: str | Path | None = None,
    engine: str = "duckdb",
    now: datetime | None = None,
    memory_limit: str | None = None,
    threads: int | None = None,
    external: Mapping[str, str | Path] | None = None,
    geo: "str | Path | AddressPlaces | None" = None,
    functions: str | Path | None = None,
    watchlists: str | Path | None = None,
    mapping: str | Path | None = None,
    as_of: "AsOf | Mapping[str, AsOf] | None" = None,
    profiles_offline: bool = False,
    temp_directory: str | Path | None = None,
    temp_limit: str | None = None,
) -> Session:
    """A session.

    Args:
        lake: a folder with a Delta table for each table (`bluetick ingest` writes one), or a subfolder of data files.
        tables: name -> file, folder, glob, list of files, Arrow table, or "catalog:" and the name of a table that
            Spark's own catalog knows.
        profiles: what answers FileProfile: a file of profiles (Parquet, CSV, NDJSON), "local" for prevalence computed
            from the session's own telemetry, "hashlookup" or "virustotal" for those services, a YAML document, a
            provider of your own, or a list of these: the first that has a value gives it (docs/file_profiles.md).
        schemas: "defender" or "sentinel": which schema a table has that both know; or a JSON file, or a folder of
            them, of your own tables (docs/tables.md).
        engine: "duckdb", "local[n]", "spark://host:port", or "spark": the Spark session that is active, else the one
            that Spark's configuration describes. Settings for Spark follow a question mark:
            "spark://host:port?spark.executor.memory=8g".
        now: the instant that queries take for now(); rows at or after it are not read.
        memory_limit: of the embedded engine, for all queries together, such as "4GB"; what needs more goes to
            temporary files. Default: four fifths of the machine's or the container's memory, less 256 MB.
        threads: of the embedded engine.
        external: address -> local copy, for externaldata; nothing is ever fetched.
        geo: what answers geo_info_from_ip_address: a table of address ranges and their places (CSV, TSV, Parquet),
            read when a query first asks, or one that is loaded already.
        functions: a folder of stored functions (KQL, YAML parser definitions, saved searches in JSON).
        watchlists: a folder of watchlists, each `alias.csv` or `alias.json`.
        mapping: a YAML document, or a folder of them, that computes tables out of other data (docs/tables.md).
        as_of: a version or an instant to which all Delta tables are taken back, or those that are named.
        profiles_offline: no service is asked for profiles, only what its cache holds.
        temp_directory: where the embedded engine puts temporary files; they are removed when the session is closed,
            and those of a process that was killed when the next session starts. Default: the system's place.
        temp_limit: how large they may be together, such as "50GB". Default: nine tenths of what the disk has free.
    """
    return Session(
        lake,
        tables,
        profiles,
        schemas,
        engine,
        now,
        memory_limit,
        threads,
        external,
        geo,
        functions,
        watchlists,
        mapping,
        as_of,
        profiles_offline,
        temp_directory,
        temp_limit,
    )


__all__ = ["Check", "QueryRequest", "Session", "connect"]
