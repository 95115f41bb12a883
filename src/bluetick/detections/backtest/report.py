"""A backtest: every window of a detection replayed, and what there is to learn of them."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from bluetick.detections.backtest.alerts import Alerts, Said, other_thresholds
from bluetick.detections.backtest.baseline import Baseline, find_baseline
from bluetick.detections.backtest.entities import Entities, count_entities
from bluetick.detections.backtest.labels import Label
from bluetick.detections.backtest.replay import ReplayOptions, WindowResult, replay
from bluetick.detections.backtest.scoring import Matches, Score, find_matches, located, score
from bluetick.detections.backtest.windows import interval, scheduled_instants
from bluetick.detections.model import Detection, Threshold
from bluetick.detections.tuning.model import TuningDocument
from bluetick.session import Session

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestOptions:
    """From when to when, how often (None: as the document says), and against which labels. `received_within`: also what
    was said as the rows came in, each run that long after its instant."""

    first: datetime
    last: datetime
    every: timedelta | None = None
    labels: tuple[Label, ...] = ()
    received_within: timedelta | None = None
    tuning: TuningDocument | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """One run: its rows, and of its alerts those that no run before it had raised. `rows` None: it failed, for the
    reason of `error`. `is_short`: it looks back to before the data begins."""

    now: datetime
    rows: int | None
    alerts: int
    is_alerting: bool = False
    is_suppressed: bool = False
    is_short: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class Spread:
    """Rows of the runs that did not fail."""

    least: int
    median: float
    p95: int
    most: int


@dataclass(frozen=True, slots=True)
class ThresholdEffect:
    """What another threshold would have done."""

    threshold: Threshold
    alerts: int
    runs: int
    recall: float | None


@dataclass(frozen=True, slots=True)
class Lateness:
    """The same windows as their rows came in: runs that alerted only then, and those that then did not."""

    delay: timedelta
    windows: tuple[Window, ...]
    lost: tuple[datetime, ...]
    gained: tuple[datetime, ...]
    fewer_rows: int


@dataclass(frozen=True, slots=True)
class Backtest:
    """All of it, of one detection."""

    detection: Detection
    options: BacktestOptions
    step: timedelta
    windows: tuple[Window, ...]
    spread: Spread | None
    entities: Entities
    thresholds: tuple[ThresholdEffect, ...]
    baseline: Baseline
    score: Score | None
    lateness: Lateness | None

    @property
    def alerts(self) -> int:
        return sum(window.alerts for window in self.windows)

    @property
    def failed(self) -> tuple[Window, ...]:
        return tuple(window for window in self.windows if window.error)

    def days(self) -> dict[date, int]:
        """Alerts by day (UTC) of the run's instant; days without any are there with none."""
        counts: Counter[date] = Counter()
        for window in self.windows:
            counts[day_of(window.now)] += window.alerts
        return dict(_all_days(counts))


def day_of(now: datetime) -> date:
    """The day that a run looks at last: one at midnight belongs to the day before."""
    return (now.astimezone(UTC) - timedelta(microseconds=1)).date()


def _all_days(counts: Counter[date]) -> Iterator[tuple[date, int]]:
    if counts:
        day, last = min(counts), max(counts)
        while day <= last:
            yield day, counts[day]
            day += DAY


def instants(detection: Detection, options: BacktestOptions) -> list[datetime]:
    return scheduled_instants(options.first, options.last, interval(detection, options.every), detection.start)


def backtest(
    session: Session, detection: Detection, options: BacktestOptions, progress: Callable[[], object] = lambda: None
) -> Backtest:
    """Replays a detection. `progress` is called after each window (twice as often where receipt counts too)."""
    session = session.pinned()
    windows = instants(detection, options)
    labels = located(session, detection, options.labels, options.last)
    results = _replayed(session, detection, windows, options, None, progress)
    step = interval(detection, options.every)
    alerts = Alerts(detection, results, step)
    said = alerts.under(detection.threshold)
    baseline = find_baseline(session, detection, windows)
    matches = find_matches(detection, labels, results) if labels else None
    lines = tuple(_windows(results, said, baseline))
    lateness = None
    if options.received_within is not None:
        late = _replayed(session, detection, windows, options, options.received_within, progress)
        late_lines = tuple(_windows(late, Alerts(detection, late, step).under(detection.threshold), baseline))
        lateness = _lateness(options.received_within, lines, late_lines)
    span = (options.first, options.last)
    return Backtest(
        detection,
        options,
        step,
        lines,
        _spread(lines),
        count_entities(detection, [result for result, one in zip(results, said, strict=True) if one.is_alerting]),
        tuple(_effects(detection, alerts, (results, matches), span)),
        baseline,
        None if matches is None else score(matches, results, said, span),
        lateness,
    )


def _replayed(
    session: Session,
    detection: Detection,
    windows: Sequence[datetime],
    options: BacktestOptions,
    received_within: timedelta | None,
    progress: Callable[[], object],
) -> list[WindowResult]:
    found = []
    chosen = ReplayOptions(received_within, options.seconds)
    replaying = replay(session, detection, windows, tuning=options.tuning, options=chosen)
    with closing(replaying):
        for result in replaying:
            found.append(result)
            progress()
    return found


def _windows(results: Sequence[WindowResult], said: Sequence[Said], baseline: Baseline) -> Iterator[Window]:
    for result, one in zip(results, said, strict=True):
        rows = None if result.error is not None else len(result.rows)
        error = "" if result.error is None else str(result.error)
        is_short = result.now in baseline.incomplete
        yield Window(result.now, rows, one.alerts, one.is_alerting, one.is_suppressed, is_short, error)


def _spread(windows: Sequence[Window]) -> Spread | None:
    rows = sorted(window.rows for window in windows if window.rows is not None)
    if not rows:
        return None
    middle = len(rows) // 2
    median = rows[middle] if len(rows) % 2 else (rows[middle - 1] + rows[middle]) / 2
    return Spread(rows[0], median, rows[max(0, -(-len(rows) * 95 // 100) - 1)], rows[-1])


def _effects(
    detection: Detection,
    alerts: Alerts,
    found: tuple[Sequence[WindowResult], Matches | None],
    span: tuple[datetime, datetime],
) -> Iterator[ThresholdEffect]:
    results, matches = found
    for threshold in other_thresholds(detection.threshold, results):
        said = alerts.under(threshold)
        recall = None if matches is None else score(matches, results, said, span).recall
        yield ThresholdEffect(threshold, sum(one.alerts for one in said), sum(one.is_alerting for one in said), recall)


def _lateness(delay: timedelta, whole: Sequence[Window], received: Sequence[Window]) -> Lateness:
    pairs = list(zip(whole, received, strict=True))
    return Lateness(
        delay,
        tuple(received),
        tuple(one.now for one, then in pairs if one.is_alerting and not then.is_alerting),
        tuple(one.now for one, then in pairs if then.is_alerting and not one.is_alerting),
        sum((then.rows or 0) < (one.rows or 0) for one, then in pairs),
    )
