"""From the rows of windows to alerts: the threshold, one alert a run or a row, and suppression."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bluetick.detections.alerting import EventGrouping
from bluetick.detections.backtest.replay import WindowResult
from bluetick.detections.model import Comparison, Detection, Threshold

# Of one run that makes an alert of each row (https://learn.microsoft.com/azure/sentinel/create-analytics-rules).
MOST_ALERTS: Final = 150
_STEPS: Final = (0, 1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)


@dataclass(frozen=True, slots=True)
class Said:
    """What became of one window: how many alerts, or that it did not run, since an alert before it suppresses it."""

    alerts: int = 0
    is_suppressed: bool = False


def alerts_of(detection: Detection, results: Sequence[WindowResult], threshold: Threshold) -> list[Said]:
    """What each window would have raised, in order."""
    suppression = detection.alerting.suppression
    silent_for = suppression.duration if suppression.enabled else None
    silent_until: datetime | None = None
    found: list[Said] = []
    for result in results:
        if silent_until is not None and result.now < silent_until:
            found.append(Said(is_suppressed=True))
            continue
        is_met = result.error is None and threshold.is_met(len(result.rows))
        found.append(Said(_alerts(detection, len(result.rows)) if is_met else 0))
        if is_met and silent_for is not None:
            silent_until = result.now + silent_for
    return found


def _alerts(detection: Detection, rows: int) -> int:
    if detection.alerting.event_grouping is EventGrouping.ALERT_PER_RESULT:
        return max(1, min(rows, MOST_ALERTS))
    return 1


def other_thresholds(threshold: Threshold, results: Sequence[WindowResult]) -> Iterator[Threshold]:
    """Thresholds worth comparing with a document's own: of the same kind, up to the most rows that any run had."""
    if threshold.operator not in (Comparison.GREATER, Comparison.LESS):
        yield threshold
        return
    most = max((len(result.rows) for result in results), default=0)
    for value in sorted({*(step for step in _STEPS if step <= most), threshold.value}):
        yield threshold if value == threshold.value else Threshold(threshold.operator, value, declared=False)
