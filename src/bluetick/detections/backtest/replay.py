"""A detection run as of many instants: the same rows as single runs give, in less time.

The query is bound once, since its plan has `now` as a parameter. Where the plan allows it windows are computed
together; else the tables are read once, for the whole time that the windows see, into the engine, and the windows
follow one another. Where the plan depends on the rows (bag_unpack, pivot), or a table cannot be read as a whole, each
window is a run of its own.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, TypeAlias

from bluetick.detections.backtest.profiles import RememberedProfiles
from bluetick.detections.backtest.together import together
from bluetick.detections.model import Detection
from bluetick.detections.runs import query_request
from bluetick.detections.tuning.applying import tuned
from bluetick.detections.tuning.model import TuningDocument
from bluetick.diagnostics.errors import BluetickError, Limit, LimitError, QueryCancelled, QueryError, SourceError
from bluetick.execution.kept import SEEN_UNTIL, KeptTables
from bluetick.execution.program import Given, build_program
from bluetick.execution.result import Result
from bluetick.execution.tallies import Runs, find_tallies
from bluetick.lowering.lowerer import ScanUse
from bluetick.plan.identity import identity_columns
from bluetick.plan.relations import QueryPlan, TabularStatement
from bluetick.rewrite.rules import OF_SINGLE_RUNS, rewritten
from bluetick.session import QueryRequest, Session

Columns: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class WindowResult:
    """What the detection said as of one instant. With an `error` there are no rows, and nothing is known. `identity`:
    the places of the columns that say what a row is of."""

    now: datetime
    columns: Columns
    rows: tuple[tuple[Any, ...], ...]
    triggered: bool
    error: BluetickError | None = None
    identity: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """`received_within`: each window sees only the rows that were received before its instant and this time; None: all
    that are there now. `seconds` is the most that one window may take."""

    received_within: timedelta | None = None
    seconds: float | None = None


def replay(
    session: Session,
    detection: Detection,
    windows: Sequence[datetime],
    *,
    tuning: TuningDocument | None = None,
    options: ReplayOptions = ReplayOptions(),
) -> Generator[WindowResult]:
    """The detection as of each instant, in order, without the rows of the exceptions that applied then.

    A refused query raises QueryError; what fails in one window is that window's error. Stop reading, and what was read
    is let go of.
    """
    held = session.pinned()
    held.providers = {name: RememberedProfiles(one) for name, one in session.providers.items()}
    requests = [(now, tuned(query_request(detection, now), tuning)) for now in windows]
    for _, group in groupby(requests, key=lambda pair: pair[1].exclusions):
        yield from _replay_equal(held, detection, list(group), options)


def _replay_equal(
    session: Session, detection: Detection, windows: list[tuple[datetime, QueryRequest]], options: ReplayOptions
) -> Generator[WindowResult]:
    """Windows whose requests differ in their instant alone."""
    # Of one window alone, nothing of what is read is read again.
    is_one = len(windows) == 1 and options.received_within is None
    plan = None if is_one else _plan(session, windows, options)
    done = 0
    if plan is not None and options.received_within is None:
        columns, identity = _columns(plan), identity_columns(plan.statements[-1])
        instants = [now for now, _ in windows]
        for rows in together(session, plan, windows[-1][1], instants, options.seconds):
            triggered = detection.threshold.is_met(len(rows))
            yield WindowResult(instants[done], columns, rows, triggered, identity=identity)
            done += 1
    left = windows[done:]
    if left:
        yield from _one_by_one(session, detection, left, plan, options)


def _one_by_one(
    session: Session,
    detection: Detection,
    windows: list[tuple[datetime, QueryRequest]],
    plan: QueryPlan | None,
    options: ReplayOptions,
) -> Generator[WindowResult]:
    replayed = None if plan is None else _open(session, detection, windows, plan, options)
    if replayed is None:
        yield from _singly(session, detection, windows, options)
        return
    try:
        for now, _ in windows:
            yield replayed.window(now)
    finally:
        replayed.tables.close()


def _columns(plan: QueryPlan) -> Columns:
    return tuple((column.name, str(column.type)) for column in plan.statements[-1].relation.columns)


def _plan(session: Session, windows: list[tuple[datetime, QueryRequest]], options: ReplayOptions) -> QueryPlan | None:
    """The plan of all windows; None where each must be bound by itself."""
    try:
        plan, _ = session.plan(windows[-1][1])
    except QueryError:  # as of this instant perhaps
        return None
    if plan.is_observed:
        _refuse_as_received(options, "its columns depend on the rows that are there (bag_unpack, pivot)")
        return None
    return plan


def _open(
    session: Session,
    detection: Detection,
    windows: list[tuple[datetime, QueryRequest]],
    plan: QueryPlan,
    options: ReplayOptions,
) -> "_Replay | None":
    """None where the windows must run singly."""
    request = windows[-1][1]
    parameters = [session.parameters(plan, request, now) for now, _ in windows]
    tables = _tables(session, plan.statements[-1], request, parameters, options)
    identity = identity_columns(plan.statements[-1])
    replayed = _Replay(session, detection, request, plan, identity, tables, options, [now for now, _ in windows])
    try:
        replayed.read()
    except SourceError:  # of one file perhaps, that few of the windows see
        if options.received_within is not None:
            raise
        return None
    return replayed


def _tables(
    session: Session,
    statement: TabularStatement,
    request: QueryRequest,
    parameters: list[dict[str, Any]],
    options: ReplayOptions,
) -> KeptTables:
    """The program of all windows, and the tables that it is to read. What a window sees of rows as they came in cannot
    be counted before."""
    if session.flavour.keeps_lets:
        statement = rewritten(statement, OF_SINGLE_RUNS | request.without_rewrites)
    scans: dict[str, ScanUse] = {}
    by_receipt = options.received_within is not None
    runs = Runs(session.flavour, session.engine.dialect, request.lookback, () if by_receipt else parameters)
    tallies = find_tallies(statement, runs, scans)
    program = build_program(
        statement,
        session.flavour,
        has_lower_bound=request.lookback is not None,
        has_upper_bound=True,
        given=[Given(one.aggregate, one.name, one.statement, one.aliases) for one in tallies],
        scans=scans,
    )
    return KeptTables(
        session.engine,
        session.catalog,
        session.providers,
        program,
        statement,
        by_receipt=by_receipt,
        tallies=tallies,
        scans=tuple(scans.values()),
    )


@dataclass(slots=True)
class _Replay:
    """Windows over tables that were read once."""

    session: Session
    detection: Detection
    request: QueryRequest
    plan: QueryPlan
    identity: tuple[int, ...]
    tables: KeptTables
    options: ReplayOptions
    windows: Sequence[datetime]

    def read(self) -> None:
        self.tables.read([self.tables.spans(self._parameters(now)) for now in self.windows])

    def window(self, now: datetime) -> WindowResult:
        try:
            if not self.tables.is_open:
                self.read()
            result = Result(self.tables.program, self.tables.over(self._parameters(now), self.options.seconds))
            return _found(self.detection, now, result, self.identity)
        except QueryCancelled:
            raise
        except BluetickError as error:
            if isinstance(error, LimitError) and error.limit is Limit.TIME:
                self.tables.close()  # what was stopped is read anew
            return _failed(now, error)

    def _parameters(self, now: datetime) -> dict[str, Any]:
        values = self.session.parameters(self.plan, self.request, now)
        if self.options.received_within is not None:
            values[SEEN_UNTIL] = now + self.options.received_within
        return values


def _singly(
    session: Session, detection: Detection, windows: list[tuple[datetime, QueryRequest]], options: ReplayOptions
) -> Generator[WindowResult]:
    """Each window as a run of its own."""
    for now, request in windows:
        yield _single(session, detection, now, replace(request, seconds=options.seconds))


def _single(session: Session, detection: Detection, now: datetime, request: QueryRequest) -> WindowResult:
    plan = None
    try:
        plan, _ = session.plan(request)
        return _found(detection, now, session.start(plan, request), identity_columns(plan.statements[-1]))
    except QueryCancelled:
        raise
    except BluetickError as error:
        # Whether a query is refused may depend on the rows of its window, where its columns do.
        is_refused = plan is None and isinstance(error, QueryError)
        if is_refused and not session.plan(request, is_check=True)[0].is_open:
            raise
        return _failed(now, error)


def _found(detection: Detection, now: datetime, result: Result, identity: tuple[int, ...]) -> WindowResult:
    try:
        rows = tuple(result.rows())
    finally:
        result.close()
    return WindowResult(now, result.columns, rows, detection.threshold.is_met(len(rows)), identity=identity)


def _failed(now: datetime, error: BluetickError) -> WindowResult:
    return WindowResult(now, (), (), triggered=False, error=error)


def _refuse_as_received(options: ReplayOptions, why: str) -> None:
    if options.received_within is not None:
        raise SourceError(f"this detection cannot be replayed as its rows came in: {why}")
