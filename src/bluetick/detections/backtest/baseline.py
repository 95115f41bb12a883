"""Cold start: windows that look back to before the data begins, so that what is usual was not known yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bluetick.detections.model import Detection
from bluetick.detections.runs import query_request
from bluetick.plan.ranges import Span, scan_ranges
from bluetick.plan.relations import Scan, TabularStatement
from bluetick.plan.traversal import relations_in
from bluetick.session import QueryRequest, Session

_LEEWAY: Final = 0.01  # of the time looked at: the first row need not come with its first second


@dataclass(frozen=True, slots=True)
class Baseline:
    """The first row of each table that the detection reads, and the windows that begin before one of these."""

    first_rows: tuple[tuple[str, datetime | None], ...]
    incomplete: frozenset[datetime]


def find_baseline(session: Session, detection: Detection, windows: Sequence[datetime]) -> Baseline:
    """Which windows had less history than they ask for. Queries without a lower end of time never have."""
    if not windows:
        return Baseline((), frozenset())
    request = query_request(detection, windows[-1])
    plan, _ = session.plan(request, is_check=True)
    statement = plan.statements[-1]
    firsts = {
        table: _first_row(session, detection, table, column, windows[-1])
        for table, column in session.time_columns(plan)
    }
    sources = _time_sources(statement)
    incomplete = set()
    for now in windows:
        scope = Span(None if detection.reach is None else now - detection.reach, now)
        lows = _lows(statement, now, scope, session.parameters(plan, request, now), sources)
        if any(_is_short(low, now, firsts.get(table)) for table, low in lows.items()):
            incomplete.add(now)
    return Baseline(tuple(firsts.items()), frozenset(incomplete))


def _lows(
    statement: TabularStatement, now: datetime, scope: Span, values: Mapping[str, object], sources: Mapping[str, str]
) -> dict[str, datetime]:
    """By table, the earliest instant that any reading of it asks for."""
    found: dict[str, datetime] = {}
    for one in scan_ranges(statement, now, scope, values):
        low = dict(one.spans).get(sources.get(one.table, ""), Span()).low
        if low is not None:
            found[one.table] = min(low, found.get(one.table, low))
    return found


def _time_sources(statement: TabularStatement) -> dict[str, str]:
    """The name that each table's time has in its data."""
    found = {}
    for node in relations_in(statement.relation, scalars=True):
        if isinstance(node, Scan) and node.time_column is not None:
            names = dict(zip((column.id for column in node.columns), node.sources, strict=True))
            found[node.table] = names[node.time_column.id]
    return found


def _is_short(low: datetime, now: datetime, first: datetime | None) -> bool:
    return first is None or (first - low) > (now - low) * _LEEWAY


def _first_row(session: Session, detection: Detection, table: str, column: str, last: datetime) -> datetime | None:
    text = f"['{table}'] | where {column} >= datetime(1990-01-01) | summarize min({column})"
    request = QueryRequest(text, now=last, is_sentinel_rule=detection.schemas == "sentinel")
    found: datetime | None = next(session.run(request)[-1].rows())[0]
    return found
