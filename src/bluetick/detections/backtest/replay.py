"""A detection run as of many instants, one after another: the same rows as single runs give, in less time.

The query is bound once, since its plan has `now` as a parameter; the tables are read once, for the whole time that the
windows see, into the engine. Where the plan depends on the rows (bag_unpack, pivot), or a table cannot be read as a
whole, each window is a run of its own.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final, TypeAlias

from bluetick.detections.backtest.profiles import RememberedProfiles
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
from bluetick.rewrite.rules import rewritten
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
    replayed = None if is_one else _open(session, detection, windows, options)
    if replayed is None:
        yield from _singly(session, detection, windows, options)
        return
    try:
        for now, _ in windows:
            yield replayed.window(now)
    finally:
        replayed.tables.close()


def _open(
    session: Session, detection: Detection, windows: list[tuple[datetime, QueryRequest]], options: ReplayOptions
) -> "_Replay | None":
    """None where the windows must run singly."""
    request = windows[-1][1]
    try:
        plan, _ = session.plan(request)
    except QueryError:  # as of this instant perhaps
        return None
    if plan.is_observed:
        _refuse_as_received(options, "its columns depend on the rows that are there (bag_unpack, pivot)")
        return None
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
        statement = rewritten(statement, _OF_SINGLE_RUNS | request.without_rewrites)
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


# What these leave unread was read once for all windows, and a whole baseline is counted once.
_OF_SINGLE_RUNS: Final = frozenset({"unread-columns", "early-counts"})


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
