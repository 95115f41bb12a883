"""From the rows of windows to alerts, as the service raises them: the threshold, suppression, one alert a window or one
for each thing that rows are of, which windows that overlap find again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bluetick.detections.alerting import is_quiet
from bluetick.detections.alerts.grouping import groups_of
from bluetick.detections.backtest.replay import WindowResult
from bluetick.detections.ledger.times import to_micros
from bluetick.detections.model import Comparison, Detection, Threshold
from bluetick.values import json_rows

_STEPS: Final = (0, 1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)


@dataclass(frozen=True, slots=True)
class Said:
    """What became of one window: whether it alerts, how many of its alerts are new, or that an alert before it
    suppresses it."""

    is_alerting: bool = False
    alerts: int = 0
    is_suppressed: bool = False


def alerting(detection: Detection, results: Sequence[WindowResult], threshold: Threshold) -> list[Said]:
    """Which windows alert, without the number of their alerts."""
    suppression = detection.alerting.suppression
    silence = suppression.duration if suppression.enabled else None
    raised: datetime | None = None
    said: list[Said] = []
    for result in results:
        if result.error is not None or not threshold.is_met(len(result.rows)):
            said.append(Said())
        elif silence is not None and is_quiet(result.now, raised, silence):
            said.append(Said(is_suppressed=True))
        else:
            raised = result.now
            said.append(Said(is_alerting=True))
    return said


class Alerts:
    """The alerts of a detection's windows, which are `step` apart."""

    def __init__(self, detection: Detection, results: Sequence[WindowResult], step: timedelta) -> None:
        self._detection = detection
        self._results = results
        self._gap = max(step, detection.reach or timedelta(0))
        self._keys: dict[int, tuple[str, ...]] = {}

    def under(self, threshold: Threshold) -> list[Said]:
        """What each window would have raised, in order."""
        said = alerting(self._detection, self._results, threshold)
        found: dict[str, datetime] = {}  # when each key was last found
        for place, result in enumerate(self._results):
            if said[place].is_alerting:
                keys = self._of(place)
                new = sum(key not in found or result.now - found[key] > self._gap for key in keys)
                found.update(dict.fromkeys(keys, result.now))
                said[place] = Said(is_alerting=True, alerts=new)
        return said

    def _of(self, place: int) -> tuple[str, ...]:
        if place not in self._keys:
            result = self._results[place]
            rows = list(json_rows(result.columns, result.rows))
            groups = groups_of(self._detection, to_micros(result.now), rows, result.identity)
            self._keys[place] = tuple(groups)
        return self._keys[place]


def other_thresholds(threshold: Threshold, results: Sequence[WindowResult]) -> Iterator[Threshold]:
    """Thresholds worth comparing with a document's own: of the same kind, up to the most rows that any run had."""
    if threshold.operator not in (Comparison.GREATER, Comparison.LESS):
        yield threshold
        return
    most = max((len(result.rows) for result in results), default=0)
    for value in sorted({*(step for step in _STEPS if step <= most), threshold.value}):
        yield threshold if value == threshold.value else Threshold(threshold.operator, value, declared=False)
