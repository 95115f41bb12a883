"""Labels against what the windows said: found or missed, how soon, and what else alerted."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from bluetick.detections.backtest.alerts import Said
from bluetick.detections.backtest.labels import Label, cells_of, has_columns
from bluetick.detections.backtest.replay import WindowResult
from bluetick.detections.model import Detection
from bluetick.diagnostics.errors import QueryError, SourceError
from bluetick.session import QueryRequest, Session, connect
from bluetick.types import Type
from bluetick.values import json_cell

_ROWS = "ResultRows"


@dataclass(frozen=True, slots=True)
class LabelOutcome:
    """A label, the alert that first had it (None: missed), how many runs alerted with it, and how many had a row of it
    but too few rows, or were suppressed. `in_time`: something of it happened in the time that was replayed;
    `began_before`: it did so before that time, so that how soon it was found is not known."""

    label: Label
    found: datetime | None
    alerts: int
    unheard: int
    in_time: bool = True
    began_before: bool = False

    @property
    def delay(self) -> timedelta | None:
        if self.found is None or self.label.first is None or self.began_before:
            return None
        return self.found - self.label.first


@dataclass(frozen=True, slots=True)
class Score:
    """`recall`: of the expected labels in the replayed time, those found. `precision`: of the runs whose alerts are
    labelled, those with an expected label; both None of nothing. `unlabelled` alerting runs have no label at all."""

    outcomes: tuple[LabelOutcome, ...]
    recall: float | None
    precision: float | None
    unlabelled: int


@dataclass(frozen=True, slots=True)
class Matches:
    """For each label, the numbers of the windows that have a row of it."""

    labels: tuple[Label, ...]
    windows: tuple[frozenset[int], ...]


def located(session: Session, detection: Detection, labels: Sequence[Label], now: datetime) -> list[Label]:
    """The labels, those that name events of a table with the time of these. A label without such an event is refused:
    it would count as missed whatever the rule did."""
    return [_located(session, detection, label, now) if label.table else label for label in labels]


def _located(session: Session, detection: Detection, label: Label, now: datetime) -> Label:
    is_sentinel = detection.schemas == "sentinel"
    bare = QueryRequest(f"['{label.table}'] | take 0", now=now, is_sentinel_rule=is_sentinel, name=label.name)
    plan, _ = session.plan(bare)
    times = dict(session.time_columns(plan))
    if label.table not in times:
        raise SourceError(f"label '{label.name}': the table '{label.table}' has no time")
    time = times[label.table]
    text = f"['{label.table}']\n| where {label.events}\n| summarize count(), min({time}), max({time})"
    count, first, last = next(session.run(replace(bare, text=text))[-1].rows())
    if not count:
        raise SourceError(f"label '{label.name}': nothing in '{label.table}' matches it")
    return replace(label, first=label.first or first, last=label.last or last)


def find_matches(detection: Detection, labels: Sequence[Label], results: Sequence[WindowResult]) -> Matches:
    """Which windows have a row of which label."""
    predicates = {label.predicate for label in labels if label.predicate}
    holding = {text: _rows_where(text, results) for text in predicates}
    cells = [[set(cells_of(row)) for row in result.rows] for result in results] if _by_value(labels) else []
    found = []
    for label in labels:
        windows = (n for n, result in enumerate(results) if _can_see(detection, label, result.now))
        found.append(frozenset(n for n in windows if _has_row(label, results[n], n, holding, cells)))
    return Matches(tuple(labels), tuple(found))


def _by_value(labels: Sequence[Label]) -> bool:
    return any(label.values for label in labels)


def _can_see(detection: Detection, label: Label, now: datetime) -> bool:
    if label.first is not None and label.first >= now:
        return False
    return label.last is None or detection.reach is None or label.last >= now - detection.reach


def _has_row(
    label: Label,
    result: WindowResult,
    window: int,
    holding: dict[str, set[tuple[int, int]]],
    cells: Sequence[Sequence[set[str]]],
) -> bool:
    names = [name for name, _ in result.columns]
    for number, row in enumerate(result.rows):
        if label.predicate and (window, number) not in holding[label.predicate]:
            continue
        if label.values and label.values.isdisjoint(cells[window][number]):
            continue
        if has_columns(label, names, row):
            return True
    return False


def _rows_where(predicate: str, results: Sequence[WindowResult]) -> set[tuple[int, int]]:
    """The (window, row) pairs for which a predicate holds. Windows whose columns differ are asked one by one."""
    found: set[tuple[int, int]] = set()
    shapes: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for number, result in enumerate(results):
        if result.rows:
            shapes.setdefault(result.columns, []).append(number)
    for columns, windows in shapes.items():
        rows = [(w, r, row) for w in windows for r, row in enumerate(results[w].rows)]
        found |= _holding(predicate, columns, rows)
    return found


def _holding(
    predicate: str, columns: tuple[tuple[str, str], ...], rows: list[tuple[int, int, tuple[Any, ...]]]
) -> set[tuple[int, int]]:
    """Values go as text and come back as their types, so that the engine's own reading of a file does not matter."""
    types = [Type(type_) for _, type_ in columns]
    data: dict[str, Any] = {f"v{i}": [_text(row[i], type_) for _, _, row in rows] for i, type_ in enumerate(types)}
    data["w"], data["r"] = [w for w, _, _ in rows], [r for _, r, _ in rows]
    arrays = {name: pa.array(values, pa.int64() if name in "wr" else pa.string()) for name, values in data.items()}
    made = ", ".join(f"['{_name(name)}'] = to{type_}(v{i})" for i, (name, type_) in enumerate(columns))
    text = f"{_ROWS}\n| project w, r, {made}\n| where {predicate}\n| project w, r"
    try:
        with connect(tables={_ROWS: pa.table(arrays)}) as session:
            return {(w, r) for w, r in session.query(text).rows()}
    except QueryError as error:
        words = error.diagnostics[0].message if error.diagnostics else str(error)
        raise SourceError(f"a label's match cannot be asked of the result: {words}: {predicate}") from error


def _name(name: str) -> str:
    return name.replace("\\", "\\\\").replace("'", "\\'")


def _text(value: Any, type_: Type) -> str | None:
    if value is None:
        return None
    cell = json_cell(value, type_)
    return cell if isinstance(cell, str) else json.dumps(cell)


def score(
    matches: Matches, results: Sequence[WindowResult], said: Sequence[Said], span: tuple[datetime, datetime]
) -> Score:
    """What the labels say of alerts."""
    alerting = {n for n, one in enumerate(said) if one.is_alerting}
    outcomes = tuple(_outcomes(matches, results, alerting, span))
    expected = [one for one in outcomes if one.label.is_expected and one.in_time]
    right = {n for label, windows in _pairs(matches) if label.is_expected for n in windows & alerting}
    labelled = {n for _, windows in _pairs(matches) for n in windows & alerting}
    return Score(
        outcomes,
        sum(one.found is not None for one in expected) / len(expected) if expected else None,
        len(right) / len(labelled) if labelled else None,
        len(alerting - labelled),
    )


def _pairs(matches: Matches) -> Iterator[tuple[Label, frozenset[int]]]:
    return zip(matches.labels, matches.windows, strict=True)


def _outcomes(
    matches: Matches, results: Sequence[WindowResult], alerting: set[int], span: tuple[datetime, datetime]
) -> Iterator[LabelOutcome]:
    for label, windows in _pairs(matches):
        heard = windows & alerting
        found = min((results[n].now for n in heard), default=None)
        begins = label.first is None or label.first < span[1]
        in_time = begins and (label.last is None or label.last >= span[0])
        before = label.first is not None and label.first < span[0]
        yield LabelOutcome(label, found, len(heard), len(windows) - len(heard), in_time, before)
