"""A backtest as one JSON object."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bluetick.detections.backtest.entities import TOP
from bluetick.detections.backtest.report import Backtest, Window
from bluetick.detections.backtest.scoring import Score

MOST_ENTITIES = 100


def to_json(one: Backtest) -> dict[str, Any]:
    """All that the backtest found; instants are ISO in UTC, durations seconds."""
    detection, spread = one.detection, one.spread
    return {
        "id": detection.id,
        "name": detection.name,
        "from": _instant(one.options.first),
        "to": _instant(one.options.last),
        "every": _seconds(one.step),
        "runs": len(one.windows),
        "failed": len(one.failed),
        "alerts": one.alerts,
        "suppressed": sum(window.is_suppressed for window in one.windows),
        "incomplete": sum(window.is_short for window in one.windows),
        "threshold": {"operator": detection.threshold.operator.value, "value": detection.threshold.value},
        "alerts_by_day": {day.isoformat(): count for day, count in one.days().items()},
        "rows": None
        if spread is None
        else {"min": spread.least, "median": spread.median, "p95": spread.p95, "max": spread.most},
        "entities": {
            "guessed": one.entities.is_guess,
            "top": TOP,
            "top_share": one.entities.top_share,
            "counts": [
                {"kind": e.kind, "value": e.value, "alerts": e.alerts, "rows": e.rows}
                for e in one.entities.counts[:MOST_ENTITIES]
            ],
        },
        "thresholds": [
            {"value": e.threshold.value, "alerts": e.alerts, "runs": e.runs, "recall": e.recall} for e in one.thresholds
        ],
        "labels": None if one.score is None else _score(one.score),
        "as_received": None if one.lateness is None else _lateness(one),
        "windows": [_window(window) for window in one.windows],
    }


def _score(score: Score) -> dict[str, Any]:
    return {
        "recall": score.recall,
        "precision": score.precision,
        "unlabelled_runs": score.unlabelled,
        "labels": [
            {
                "name": one.label.name,
                "expected": one.label.is_expected,
                "in_time": one.in_time,
                "found": _instant(one.found),
                "time_to_detect": _seconds(one.delay),
                "runs": one.alerts,
                "unheard_runs": one.unheard,
            }
            for one in score.outcomes
        ],
    }


def _lateness(one: Backtest) -> dict[str, Any] | None:
    late = one.lateness
    if late is None:
        return None
    return {
        "delay": _seconds(late.delay),
        "alerts": sum(window.alerts for window in late.windows),
        "lost": [_instant(now) for now in late.lost],
        "gained": [_instant(now) for now in late.gained],
        "runs_with_fewer_rows": late.fewer_rows,
        "windows": [_window(window) for window in late.windows],
    }


def _window(window: Window) -> dict[str, Any]:
    found: dict[str, Any] = {"now": _instant(window.now), "rows": window.rows, "alerts": window.alerts}
    flags: Sequence[tuple[str, bool]] = (("suppressed", window.is_suppressed), ("incomplete", window.is_short))
    found |= {name: True for name, is_set in flags if is_set}
    if window.error:
        found["error"] = window.error
    return found


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else length.total_seconds()
