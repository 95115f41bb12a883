"""One run of one detection: its rows, whether the threshold fires, and the account."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bluetick.detections.account import Account
from bluetick.detections.lacks import find_lacks
from bluetick.detections.model import Detection, Threshold
from bluetick.detections.tuning.applying import count_hits, tuned
from bluetick.detections.tuning.model import TuningDocument
from bluetick.diagnostics.errors import SourceError
from bluetick.enrichment.profile_chain import ProfileChain
from bluetick.execution.account import (
    AccountProgram,
    ProviderCount,
    StageCount,
    TableCount,
    build_account,
    read_provider,
    read_stage,
    read_table,
)
from bluetick.execution.near_miss import NearMiss, NearMissQuery, near_miss_queries, read_near_misses
from bluetick.execution.run import Execution
from bluetick.session import QueryRequest, Session


@dataclass(frozen=True, slots=True)
class DetectionRun:
    """What a run found. `rows` hold Python values in the order of `columns` (name, KQL type name)."""

    detection: Detection
    now: datetime
    columns: tuple[tuple[str, str], ...]
    rows: list[tuple[Any, ...]]
    threshold: Threshold
    triggered: bool
    account: Account
    near_misses: tuple[NearMiss, ...] = ()


def query_request(
    detection: Detection, now: datetime | None = None, parameters: dict[str, Any] | None = None
) -> QueryRequest:
    """How a document's query is run: with its lookback as time scope, and its own schemas."""
    return QueryRequest(
        detection.query,
        parameters or {},
        now,
        detection.reach,
        schemas=None,
        is_sentinel_rule=detection.schemas == "sentinel",
        name=detection.name,
    )


def run_detection(
    session: Session,
    detection: Detection,
    *,
    now: datetime | None = None,
    near_miss: int = 0,
    tuning: TuningDocument | None = None,
) -> DetectionRun:
    """Run a detection as of `now` (None: the session's, else the clock). Raises what Session.run raises.

    A detection always has a time scope: rows at or after `now` are not read. `near_miss` is how many rows to show for
    each condition that alone removed them. The rows of the exceptions in `tuning` are left out and counted.
    """
    session = session.pinned()  # the rows and their account are of the same versions
    moment = now or session.now or datetime.now(UTC)
    plain = query_request(detection, moment)
    request = tuned(plain, tuning)
    result = session.run(request)[-1]
    rows = list(result.rows())
    account, near = account_of(session, detection, request, len(rows), near_miss)
    hits = () if tuning is None else count_hits(session, plain, tuning)
    return DetectionRun(
        detection,
        moment,
        result.columns,
        rows,
        detection.threshold,
        detection.threshold.is_met(len(rows)),
        replace(account, tuning=hits),
        near,
    )


def account_of(
    session: Session,
    detection: Detection,
    request: QueryRequest,
    rows: int,
    near_miss: int = 0,
    *,
    of_events: bool = False,
) -> tuple[Account, tuple[NearMiss, ...]]:
    """Count how the rows of a request came about, and what nearly did: some more passes over the data. With
    `of_events` also which events nearly did, as it is worth asking where they are few."""
    plan, _ = session.plan(request)
    moment = request.now or session.now or datetime.now(UTC)
    program = build_account(
        plan.statements[-1],
        request.text,
        session.flavour,
        has_lower_bound=request.lookback is not None,
        has_upper_bound=True,
    )
    last = plan.statements[-1]
    near = near_miss_queries(program.context, last, request.text, near_miss, of_events=of_events) if near_miss else ()
    counts = _measure(session, program, tuple(near), session.parameters(plan, request, moment))
    account = Account(
        moment,
        detection.reach,
        detection.frequency,
        rows,
        tuple(counts.tables),
        tuple(counts.stages),
        tuple(counts.providers),
        has_scope=True,
        lacks=find_lacks(session, plan.statements[-1], moment - request.lookback if request.lookback else None, moment),
    )
    return account, tuple(counts.near_misses)


@dataclass(slots=True)
class _Counts:
    tables: list[TableCount] = field(default_factory=list)
    stages: list[StageCount] = field(default_factory=list)
    providers: list[ProviderCount] = field(default_factory=list)
    near_misses: list[NearMiss] = field(default_factory=list)


def _measure(
    session: Session, program: AccountProgram, near: tuple[NearMissQuery, ...], parameters: dict[str, Any]
) -> _Counts:
    counts = _Counts()
    for provider in session.providers.values():
        if isinstance(provider, ProfileChain):
            provider.forget()
    execution = Execution(session.engine, session.catalog, session.providers, parameters)
    with execution.prepared(program.scans, program.steps) as read:
        for measure in program.measures:
            table = read(measure.statement)
            match measure.kind:
                case "table":
                    counts.tables.append(read_table(measure, table, session.catalog.version(measure.binding)))
                case "provider":
                    counts.providers.append(read_provider(measure, table, session.providers.get(measure.label)))
                case _:
                    counts.stages.append(read_stage(measure, table))
        for query in near:
            counts.near_misses += read_near_misses(query, read(query.statement))
    return counts


def newest_instant(session: Session, detection: Detection, clock: datetime | None = None) -> datetime:
    """Just after the newest believable row of the tables that a detection reads; none of the future, none of before
    1990."""
    clock = clock or datetime.now(UTC)
    plan, _ = session.plan(query_request(detection, clock), is_check=True)
    if not session.time_columns(plan):  # which tables it reads, a check may leave open (union *)
        plan, _ = session.plan(query_request(detection, clock))
    newest: datetime | None = None
    for table, column in session.time_columns(plan):
        text = f"['{table}'] | where {column} < now() and {column} >= datetime(1990-01-01) | summarize max({column})"
        value = next(
            session.run(QueryRequest(text, now=clock, is_sentinel_rule=detection.schemas == "sentinel"))[-1].rows()
        )[0]
        if value is not None and (newest is None or value > newest):
            newest = value
    if newest is None:
        raise SourceError("there is no row with a believable time in the tables that this query reads")
    return newest + timedelta(microseconds=1)
