"""Rules about how often a detection runs and how far it looks back."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bluetick.detections.linting.model import WHOLE, LintRule, Subject
from bluetick.detections.model import Comparison
from bluetick.diagnostics import Diagnostic, lint_codes
from bluetick.plan.ranges import Span as TimeSpan
from bluetick.plan.ranges import scan_ranges
from bluetick.plan.relations import Scan

# https://learn.microsoft.com/azure/sentinel/scheduled-rules-overview: both from 5 minutes to 14 days.
SENTINEL_LEAST, SENTINEL_MOST = timedelta(minutes=5), timedelta(days=14)
# https://learn.microsoft.com/defender-xdr/custom-detection-rules: what each frequency reads.
DEFENDER_LOOKBACK = {
    timedelta(hours=24): timedelta(days=30),
    timedelta(hours=12): timedelta(hours=48),
    timedelta(hours=3): timedelta(hours=12),
    timedelta(hours=1): timedelta(hours=4),
}

_LEAST_GAP = timedelta(minutes=1)  # `>` and `>=` are the same gap
# Two that share neither the hour nor the day: what is as far back from both is so from each.
_INSTANTS = (datetime(2023, 3, 14, 15, 9, 26, tzinfo=UTC), datetime(2025, 11, 28, 4, 47, 13, tzinfo=UTC))


def _lookback_limit(subject: Subject) -> Iterator[Diagnostic]:
    detection = subject.detection
    frequency, lookback = detection.frequency, detection.lookback
    if detection.schemas == "defender":
        given = None if frequency is None else DEFENDER_LOOKBACK.get(frequency)
        if frequency is not None and lookback is not None and given is not None and lookback > given:
            yield lint_codes.defender_lookback(WHOLE, frequency, lookback, given)
        return
    if lookback is not None and lookback > SENTINEL_MOST:
        yield lint_codes.lookback_too_long(WHOLE, lookback, SENTINEL_MOST)
    for what, value in (("frequency", frequency), ("lookback", lookback)):
        if value is not None and (value < SENTINEL_LEAST or (value > SENTINEL_MOST and what == "frequency")):
            yield lint_codes.outside_limits(WHOLE, what, value, SENTINEL_LEAST, SENTINEL_MOST)


def _gap(subject: Subject) -> Iterator[Diagnostic]:
    frequency, lookback = subject.detection.frequency, subject.detection.lookback
    if frequency is None:
        return
    if lookback is not None and frequency > lookback:
        yield lint_codes.gap_between_runs(WHOLE, frequency, lookback)
    elif subject.detection.threshold.operator is Comparison.GREATER:
        reach = _reach(subject)
        if reach is not None and frequency - reach >= _LEAST_GAP:
            yield lint_codes.gap_in_query(WHOLE, frequency, reach)


def _reach(subject: Subject) -> timedelta | None:
    """How far back the query looks at most; None where a table has no bound, or one that hangs on the run's hour."""
    statement = subject.statement
    if statement is None:
        return None
    ones, others = (scan_ranges(statement, now, TimeSpan()) for now in _INSTANTS)
    furthest = timedelta(0)
    for one, other in zip(ones, others, strict=False):
        if not (time := _time_of(subject, one.table)):
            continue
        lows = [dict(reading.spans).get(time, TimeSpan()).low for reading in (one, other)]
        backs = [now - low for now, low in zip(_INSTANTS, lows, strict=True) if low is not None]
        if len(backs) < len(_INSTANTS) or backs[0] != backs[1]:
            return None
        furthest = max(furthest, backs[0])
    return furthest if furthest and len(ones) == len(others) else None


def _time_of(subject: Subject, table: str) -> str:
    """The name that a table's time has in its data."""
    for node in subject.nodes:
        if isinstance(node, Scan) and node.table == table and node.time_column is not None:
            return node.sources[node.columns.index(node.time_column)]
    return ""


RULES = (
    LintRule(
        "BTL002",
        "lookback-limit",
        "The schedule is one that the service does not allow.",
        _lookback_limit,
        needs_plan=False,
    ),
    LintRule("BTL003", "schedule-gap", "Events between two runs are never looked at.", _gap, needs_plan=False),
)
