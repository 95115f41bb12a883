"""What the ledger tells people: alerts, runs of windows, rules."""

import json
from dataclasses import dataclass
from enum import Enum
from typing import Any

from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_moment
from bluetick.diagnostics.errors import SourceError


class NotInLedger(SourceError):
    """What was asked for by its id is not there, or the id is the beginning of several."""


class Verdict(Enum):
    """What an alert turned out to be."""

    TRUE_POSITIVE = "tp"
    FALSE_POSITIVE = "fp"
    BENIGN = "benign"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as it stands. `first` and `last` are the ends of the windows that found it, in microseconds."""

    id: str
    rule: str
    first: int
    last: int
    is_retracted: bool
    revision: int
    created: int
    verdict: str | None
    reason: str | None
    owner: str
    content: dict[str, Any]

    @property
    def state(self) -> str:
        return "retracted" if self.is_retracted else f"closed as {self.verdict}" if self.verdict else "open"

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "state": self.state,
            "first": _iso(self.first),
            "last": _iso(self.last),
            "created": _iso(self.created),
            "revision": self.revision,
            "verdict": self.verdict,
            "reason": self.reason,
            "owner": self.owner,
            **self.content,
        }


@dataclass(frozen=True, slots=True)
class RuleHealth:
    """How a rule is doing: its windows by status, and how far they are done without a gap. `warming_until` stands
    where its newest window was warming."""

    id: str
    name: str
    state: str
    pause: str
    windows: int
    open: int
    failed: int
    done_until: int | None
    error: str
    warming_until: int | None


def find_alerts(ledger: Ledger, *, every: bool = False, rule: str | None = None, most: int = 1_000) -> list[Alert]:
    """The newest alerts first; those that are open, or `every` one."""
    wanted = "TRUE" if every else "NOT is_retracted AND verdict IS NULL"
    return [
        _alert(row)
        for row in ledger.read(
            f"SELECT * FROM alert WHERE {wanted} AND (? IS NULL OR rule = ?)"  # noqa: S608 - one of two texts
            " ORDER BY last DESC, id LIMIT ?",
            (rule, rule, most),
        )
    ]


def find_alert_heads(
    ledger: Ledger, *, is_open: bool | None = None, rule: str | None = None, most: int = 1_000
) -> list[Alert]:
    """The newest alerts first, their content without rows and columns; of a rule, open or not, where that is said."""
    return [
        _alert(row)
        for row in ledger.read(
            "SELECT id, rule, first, last, is_retracted, revision, created, verdict, reason, owner,"
            " json_remove(content, '$.rows', '$.columns') AS content FROM alert"
            " WHERE (?1 IS NULL OR ?1 = (NOT is_retracted AND verdict IS NULL)) AND (?2 IS NULL OR rule = ?2)"
            " ORDER BY last DESC, id LIMIT ?3",
            (is_open, rule, most),
        )
    ]


def find_alert(ledger: Ledger, beginning: str) -> Alert:
    """The alert whose id begins so; a SourceError where there is none, or more than one."""
    rows = ledger.read("SELECT * FROM alert WHERE substr(id, 1, length(?)) = ? LIMIT 2", (beginning, beginning))
    if len(rows) != 1:
        raise NotInLedger(
            f"there is no alert '{beginning}'" if not rows else f"several alerts begin with '{beginning}'"
        )
    return _alert(rows[0])


def close_alert(ledger: Ledger, id_: str, verdict: Verdict, reason: str, now: int) -> None:
    """Close an alert, or close it otherwise than before."""
    with ledger.transaction() as connection:
        connection.execute(
            "UPDATE alert SET verdict = ?, reason = ?, closed = ? WHERE id = ?", (verdict.value, reason, now, id_)
        )


def rule_health(ledger: Ledger) -> list[RuleHealth]:
    """Every rule that is not retired, by name."""
    text = (
        "SELECT rule.id, name, rule.state, rule.pause, count(hi) AS windows,"
        " count(*) FILTER (WHERE status = 'dirty') AS open, count(*) FILTER (WHERE status = 'failed') AS failed,"
        " min(hi) FILTER (WHERE status <> 'done') AS gap, max(hi) AS newest, max(error) AS error, frequency,"
        " (SELECT warming FROM window AS w WHERE w.rule = rule.id AND w.finished IS NOT NULL ORDER BY hi DESC LIMIT 1)"
        " AS warming"
        " FROM rule JOIN rule_version AS v ON v.rule = rule.id AND v.version = rule.version"
        " LEFT JOIN window ON window.rule = rule.id WHERE rule.state <> 'retired'"
        " GROUP BY rule.id ORDER BY name, rule.id"
    )
    return [
        RuleHealth(
            row["id"],
            row["name"],
            row["state"],
            row["pause"],
            row["windows"],
            row["open"],
            row["failed"],
            row["newest"] if row["gap"] is None else row["gap"] - row["frequency"],
            row["error"] or "",
            row["warming"],
        )
        for row in ledger.read(text)
    ]


def rule_names(ledger: Ledger) -> dict[str, str]:
    """By id, the names of the rules that the ledger knows, retired ones too."""
    text = "SELECT rule.id, name FROM rule JOIN rule_version AS v ON v.rule = rule.id AND v.version = rule.version"
    return {row["id"]: row["name"] for row in ledger.read(text)}


def versions_read(ledger: Ledger, since: int) -> dict[str, int]:
    """By table, the oldest version that a run read which ended at or after an instant."""
    text = (
        "SELECT key, min(value) AS version FROM run, json_each(versions) WHERE finished >= ? AND status = 'done'"
        " GROUP BY key"
    )
    return {row["key"]: row["version"] for row in ledger.read(text, (since,))}


def _alert(row: Any) -> Alert:
    return Alert(
        row["id"],
        row["rule"],
        row["first"],
        row["last"],
        bool(row["is_retracted"]),
        row["revision"],
        row["created"],
        row["verdict"],
        row["reason"],
        row["owner"],
        json.loads(row["content"]),
    )


def _iso(micros: int) -> str:
    return to_moment(micros).isoformat().replace("+00:00", "Z")
