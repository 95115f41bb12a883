"""The labelled events that alerts of many rules show."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from bluetick.detections.backtest.labels import Label, read_labels
from bluetick.detections.backtest.replay import WindowResult
from bluetick.detections.backtest.scoring import find_matches, located
from bluetick.detections.model import Detection
from bluetick.detections.tuning.pricing import Seen
from bluetick.diagnostics.errors import BluetickError, QueryCancelled
from bluetick.session import Session


def seen_by(session: Session, path: Path, now: datetime) -> Seen:
    """Reads labels; what this gives tells which of the expected ones are among the rows of windows that alert.

    Labels are of all rules together: one whose match cannot be asked of a rule's result, since that lacks a column, is
    not seen by that rule.
    """
    labels = [label for label in read_labels(path) if label.is_expected]

    def seen(detection: Detection, results: Sequence[WindowResult]) -> set[str]:
        return {label.name for label in labels if _is_seen(session, detection, label, results, now)}

    return seen


def _is_seen(
    session: Session, detection: Detection, label: Label, results: Sequence[WindowResult], now: datetime
) -> bool:
    try:
        matches = find_matches(detection, located(session, detection, [label], now), results)
    except QueryCancelled:
        raise
    except BluetickError:  # it is of another rule: this one's result, or session, has nothing that it speaks of
        return False
    return any(matches.windows)
