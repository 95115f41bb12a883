"""Rows of a window to findings: one for all, or one for each thing that the rows are of.

https://learn.microsoft.com/azure/sentinel/scheduled-rules-overview
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

from bluetick.detections.alerting import EventGrouping
from bluetick.detections.alerts.content import content_of
from bluetick.detections.ledger.alerts import Finding
from bluetick.detections.ledger.signals import MOST_SIGNALS, Signal
from bluetick.detections.model import Detection

_LONGEST_KEY: Final = 200
_ALL: Final = "all rows"


def findings_of(
    detection: Detection, hi: int, columns: Sequence[str], rows: Sequence[Sequence[Any]], identity: Sequence[int]
) -> tuple[Finding, ...]:
    """What a window that triggered found, for each of its `groups_of`."""
    return tuple(
        Finding(key, json.dumps(content_of(detection, columns, some), ensure_ascii=False, sort_keys=True))
        for key, some in groups_of(detection, hi, rows, identity).items()
    )


def groups_of(
    detection: Detection, hi: int, rows: Sequence[Sequence[Any]], identity: Sequence[int]
) -> dict[str, Sequence[Sequence[Any]]]:
    """The rows of a window that triggered, by the key of the alert that they are of. `hi` is its end; `identity` are
    the columns that say what a row is of (plan/identity.py); cells are as in JSON.

    With one alert for all rows each window has its own. With one for each row, rows that are of the same thing share
    one, and windows that overlap find the same ones again.
    """
    if detection.alerting.event_grouping is EventGrouping.SINGLE_ALERT or not rows:
        return {f"window {hi}": rows}
    groups: dict[str, list[Sequence[Any]]] = {}
    for row in rows:
        groups.setdefault(_key([row[place] for place in identity]), []).append(row)
    most = detection.alerting.most_alerts
    if len(groups) <= most:
        return {**groups}
    return {**dict(list(groups.items())[: most - 1]), f"{_ALL} {hi}": rows}


def signals_of(columns: Sequence[str], rows: Sequence[Sequence[Any]], identity: Sequence[int]) -> tuple[Signal, ...]:
    """The rows of a window, whether it triggered or not."""
    return tuple(
        Signal(_key([row[place] for place in identity]), json.dumps(dict(zip(columns, row, strict=True))))
        for row in rows[:MOST_SIGNALS]
    )


def _key(cells: Sequence[Any]) -> str:
    text = json.dumps(cells, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= _LONGEST_KEY else hashlib.sha256(text.encode()).hexdigest()
