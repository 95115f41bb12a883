"""What the ledger holds of an alert: its rows, the window that found it last, and the rule as it was then."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bluetick.detections.ledger.listing import Alert, find_alert
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_moment
from bluetick.detections.model import Threshold
from bluetick.detections.schedule.rules import Stored, stored
from bluetick.diagnostics.errors import SourceError


@dataclass(frozen=True, slots=True)
class Window:
    """The window that found an alert last. `start` is None for a rule that looks back without end; `versions` are those
    of the lake's tables that it read."""

    start: datetime | None
    end: datetime
    rule_version: str
    versions: Mapping[str, int]
    rows: int
    is_suppressed: bool
    evaluated: datetime | None

    def to_json(self) -> dict[str, Any]:
        return {
            "start": _iso(self.start),
            "end": _iso(self.end),
            "rule_version": self.rule_version,
            "versions": dict(self.versions),
            "rows": self.rows,
            "suppressed": self.is_suppressed,
            "evaluated": _iso(self.evaluated),
        }


@dataclass(frozen=True, slots=True)
class Evidence:
    """An alert with all that the ledger has of how it came about."""

    alert: Alert
    window: Window
    rule: Stored

    @property
    def threshold(self) -> Threshold:
        return self.rule.detection.threshold

    @property
    def columns(self) -> list[str]:
        found: list[str] = self.alert.content["columns"]
        return found

    def row(self, number: int) -> list[Any]:
        """The cells (as in JSON) of the alert's row of this number, from 1; a SourceError where it has none."""
        rows: list[list[Any]] = self.alert.content["rows"]
        if not 1 <= number <= len(rows):
            raise SourceError(
                f"the alert holds {len(rows):,} row{'' if len(rows) == 1 else 's'}: there is no row {number}"
            )
        return rows[number - 1]

    def to_json(self) -> dict[str, Any]:
        threshold = self.threshold
        return {
            "alert": self.alert.to_json(),
            "window": self.window.to_json(),
            "trigger": {
                "rows": self.window.rows,
                "operator": threshold.operator.value,
                "threshold": threshold.value,
                "declared": threshold.declared,
            },
        }


def evidence_of(ledger: Ledger, beginning: str) -> Evidence:
    """Of the alert whose id begins so; a SourceError where there is none, or more than one, or where the ledger has
    let go of its window."""
    alert = find_alert(ledger, beginning)
    rows = ledger.read(
        "SELECT hi, window.version, rows, suppressed, finished, versions, lookback, document FROM window"
        " JOIN rule_version USING (rule, version) WHERE rule = ? AND hi = ?",
        (alert.rule, alert.last),
    )
    if not rows:
        raise SourceError(f"the ledger has the alert's rows (alerts show), but no longer the window of {alert.id}")
    row = rows[0]
    window = Window(
        None if row["lookback"] is None else to_moment(row["hi"] - row["lookback"]),
        to_moment(row["hi"]),
        row["version"],
        json.loads(row["versions"]),
        row["rows"],
        bool(row["suppressed"]),
        None if row["finished"] is None else to_moment(row["finished"]),
    )
    return Evidence(alert, window, stored(row["document"]))


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
