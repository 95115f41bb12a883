"""What the ledger tells people of each rule: how it stands, its windows, when it runs next."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_moment


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleStanding:
    """A rule of the ledger, a retired one too. `document` is what `schedule.rules.stored` reads. `last` is the end of
    its newest window that was evaluated, `next_run` when the next one is due; times are microseconds."""

    id: str
    name: str
    version: str
    state: str
    pause: str
    frequency: int
    lookback: int | None
    document: str
    windows: Mapping[str, int]
    last: int | None
    next_run: int
    error: str
    open_alerts: int


@dataclass(frozen=True, slots=True)
class RuleWindow:
    """A window as it stands. `seconds` is how long its last run took."""

    end: int
    state: str
    rows: int | None
    is_triggered: bool
    seconds: float | None
    error: str

    def to_json(self) -> dict[str, Any]:
        return {
            "end": to_moment(self.end).isoformat().replace("+00:00", "Z"),
            "state": self.state,
            "rows": self.rows,
            "triggered": self.is_triggered,
            "seconds": self.seconds,
            "error": self.error or None,
        }


def rule_standings(ledger: Ledger) -> list[RuleStanding]:
    """Every rule, by name."""
    alerts = {
        row["rule"]: row["count"]
        for row in ledger.read(
            "SELECT rule, count(*) AS count FROM alert WHERE NOT is_retracted AND verdict IS NULL GROUP BY rule"
        )
    }
    text = (
        "SELECT rule.id, name, rule.version, rule.state, rule.pause, frequency, lookback, document,"
        " count(*) FILTER (WHERE status = 'done') AS done, count(*) FILTER (WHERE status = 'dirty') AS dirty,"
        " count(*) FILTER (WHERE status = 'failed') AS failed, max(hi) FILTER (WHERE finished IS NOT NULL) AS last,"
        " rule.next + delay AS next_run,"
        " (SELECT error FROM window AS w WHERE w.rule = rule.id AND w.error <> '' ORDER BY hi DESC LIMIT 1) AS error"
        " FROM rule JOIN rule_version AS v ON v.rule = rule.id AND v.version = rule.version"
        " LEFT JOIN window ON window.rule = rule.id GROUP BY rule.id ORDER BY name, rule.id"
    )
    return [
        RuleStanding(
            id=row["id"],
            name=row["name"],
            version=row["version"],
            state=row["state"],
            pause=row["pause"],
            frequency=row["frequency"],
            lookback=row["lookback"],
            document=row["document"],
            windows={status: row[status] for status in ("done", "failed", "dirty")},
            last=row["last"],
            next_run=row["next_run"],
            error=row["error"] or "",
            open_alerts=alerts.get(row["id"], 0),
        )
        for row in ledger.read(text)
    ]


def recent_windows(ledger: Ledger, rule: str, most: int) -> list[RuleWindow]:
    """The newest first."""
    text = (
        "SELECT hi, status, rows, triggered, error, (SELECT finished - started FROM run WHERE run.rule = window.rule"
        " AND run.hi = window.hi ORDER BY id DESC LIMIT 1) AS took FROM window WHERE rule = ? ORDER BY hi DESC LIMIT ?"
    )
    return [
        RuleWindow(
            row["hi"],
            row["status"],
            row["rows"],
            bool(row["triggered"]),
            None if row["took"] is None else row["took"] / 1_000_000,
            row["error"],
        )
        for row in ledger.read(text, (rule, most))
    ]
