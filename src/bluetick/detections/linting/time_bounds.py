"""Rules about which times a query reads."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from bluetick.detections.linting.model import WHOLE, LintRule, Subject
from bluetick.detections.linting.schedule import DEFENDER_LOOKBACK
from bluetick.diagnostics import Diagnostic, lint_codes
from bluetick.plan.conditions import Interval, facts_of
from bluetick.plan.deciding import ids_behind
from bluetick.plan.expressions import ColumnRef, Expr, walk
from bluetick.plan.relations import Filter, Join, Project, Scan, Sort
from bluetick.types import Type

_TIME_NAMES = ("Timestamp", "TimeGenerated", "_TimeReceived", "IngestionTime", "$IngestionTime")
_TIMES = (Type.DATETIME, Type.TIMESPAN)


def _bounds(subject: Subject) -> Iterator[Diagnostic]:
    if not subject.is_near_real_time:
        yield from _unbounded(subject) if _window(subject) is None else _clipped(subject)


def _unbounded(subject: Subject) -> Iterator[Diagnostic]:
    """A table without any condition on its time, directly or on what is made of it; told once of each table."""
    filters = [node for node in subject.nodes if isinstance(node, Filter)]
    asked = [column for node in filters for expr in node.predicates for column in _times(expr)]
    bounded = ids_behind(subject.nodes, asked)
    found: dict[str, list[Scan]] = {}
    for node in subject.nodes:
        if isinstance(node, Scan) and node.time_column is not None and not bounded & _own_times(node):
            found.setdefault(node.table, []).append(node)
    for table, scans in found.items():
        places = sorted({scan.span or WHOLE for scan in scans}, key=lambda span: span.start)
        time = scans[0].time_column
        yield lint_codes.unbounded_time(places[0], table, "" if time is None else time.name, len(places))


def _own_times(scan: Scan) -> set[int]:
    """The columns that say when a row's event was, or when it came in: bounding any of them bounds the table."""
    return {column.id for column in scan.columns if column == scan.time_column or column.name in _TIME_NAMES}


def _times(expr: Expr) -> list[int]:
    """Columns of a condition, where a time is asked for."""
    parts = walk(expr)
    if not any(part.type in _TIMES for part in parts):
        return []
    return [part.column.id for part in parts if isinstance(part, ColumnRef)]


def _clipped(subject: Subject) -> Iterator[Diagnostic]:
    """A condition on a table's own time that reaches further back than the service gives."""
    window = _window(subject)
    if window is None:
        return
    times = {node.time_column.id for node in subject.nodes if isinstance(node, Scan) and node.time_column is not None}
    for node in subject.nodes:
        if not isinstance(node, Filter):
            continue
        for predicate, span in zip(node.predicates, node.spans, strict=False):
            back = _reach(subject.lineage.follow(predicate), times)
            if back is not None and back > window:
                yield lint_codes.clipped_by_lookback(span, back, window)


def _reach(predicate: Expr, times: set[int]) -> timedelta | None:
    """How far back from now a condition on a table's time lets rows in."""
    for fact in facts_of(predicate):
        match fact:
            case Interval(subject=ColumnRef(column=column), is_moving=True, low=low) if low is not None:
                if column.id in times:
                    return -low.value if isinstance(low.value, timedelta) else None
    return None


def _window(subject: Subject) -> timedelta | None:
    """How far back the service lets the query see, whatever it asks for."""
    detection = subject.detection
    if detection.lookback is not None or detection.schemas != "defender" or detection.frequency is None:
        return detection.lookback
    return DEFENDER_LOOKBACK.get(detection.frequency)


def _late(subject: Subject) -> Iterator[Diagnostic]:
    """A bound on a table's own time above a join in which the table takes part without any."""
    if _window(subject) is not None or subject.is_near_real_time:
        return
    filters = [node for node in subject.nodes if isinstance(node, Filter)]
    early = {
        column
        for node in filters
        if not _is_behind_join(node)
        for predicate in node.predicates
        for column in _bounded(subject, predicate)
    }
    for node in filters:
        for predicate, span in zip(node.predicates, node.spans, strict=False):
            for column in _bounded(subject, predicate) if _is_behind_join(node) else ():
                table, name = subject.lineage.born[column]
                if column not in early:
                    yield lint_codes.late_time_filter(span, table.table, name)


def _is_behind_join(node: Filter) -> bool:
    """Whether a join stands under the filter before anything else that changes rows."""
    below = node.input
    while isinstance(below, Filter | Sort | Project):
        below = below.input
    return isinstance(below, Join)


def _bounded(subject: Subject, predicate: Expr) -> Sequence[int]:
    """The times of tables for which a condition is a lower bound."""
    found: list[int] = []
    for fact in facts_of(subject.lineage.follow(predicate)):
        if isinstance(fact, Interval) and isinstance(fact.subject, ColumnRef) and fact.low is not None:
            column = fact.subject.column
            if column.id in subject.lineage.born and subject.lineage.born[column.id][0].time_column == column:
                found.append(column.id)
    return found


RULES = (
    LintRule("BTL001", "unbounded-time", "A table is read without a bound on its time, or beyond it.", _bounds),
    LintRule("BTL012", "late-time-filter", "A bound on time stands behind a join.", _late),
)
