"""Alerts follow from what windows found, and from nothing else.

A finding is what one window says of one key (the identity of what was found). An alert is a run of findings of one key
in windows that lie no further apart than the rule looks back: overlapping windows that find the same thing give one
alert, and what comes back after it had gone gives another. When a window is evaluated again, the alerts of its keys are
brought to what the findings then say: a changed content is a revision, an alert without findings is retracted. What the
alerts are in the end does not depend on the order in which windows were evaluated.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from sqlite3 import Connection, Row
from typing import Final, NamedTuple

from bluetick.detections.alerting import Incidents, is_quiet
from bluetick.detections.incidents.matching import settings_of
from bluetick.detections.ledger.incidents import Grouped, follow_alerts
from bluetick.detections.ledger.outbox import Told, owe
from bluetick.detections.ledger.times import to_moment

# Without statistics SQLite would read all findings of the rule.
_FINDINGS_OF_WINDOW: Final = "FROM finding INDEXED BY finding_window WHERE rule = ? AND hi = ?"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a window found: the identity of it, and its content as JSON text."""

    key: str
    content: str


class _Rule(NamedTuple):
    """A rule as far as its alerts depend on it. `gap`: findings of one key further apart are of two alerts. With
    `quiet_warming` nobody is told of an alert as long as all that it says is of warming windows. `touched` gathers the
    alerts of which the incidents have to know."""

    id: str
    gap: int
    incidents: Incidents
    is_shadow: bool
    quiet_warming: bool
    touched: set[str]

    def tells(self, content: str) -> bool:
        return not (self.quiet_warming and json.loads(content).get("warming"))


def replace_findings(connection: Connection, rule: str, hi: int, findings: Iterable[Finding], now: int) -> None:
    """Put a window's findings in place of those that it had, and bring the alerts to what follows."""
    old = {
        row["key"]: row["content"]
        for row in connection.execute(f"SELECT key, content {_FINDINGS_OF_WINDOW}", (rule, hi))
    }
    new = {finding.key: finding.content for finding in findings}
    about, suppression = _rule(connection, rule)
    for key in old.keys() - new.keys():
        _drop(connection, about, key, hi, now)
        connection.execute("DELETE FROM finding WHERE rule = ? AND key = ? AND hi = ?", (rule, key, hi))
    for key, content in new.items():
        if old.get(key) == content:
            continue
        connection.execute(
            "INSERT INTO finding VALUES (?, ?, ?, ?, 0) ON CONFLICT (rule, key, hi) DO UPDATE SET"
            " content = excluded.content",
            (rule, key, hi, content),
        )
    if suppression:
        _suppress(connection, about, suppression, hi, now)
    else:
        _raise_all(connection, about, hi, now)
    grouped = Grouped(about.id, about.incidents, about.is_shadow)
    follow_alerts(connection, grouped, about.touched, now)


def _rule(connection: Connection, rule: str) -> tuple[_Rule, int]:
    row = connection.execute(
        "SELECT state, quiet_warming, frequency, lookback, suppression, incidents FROM rule JOIN rule_version"
        " ON rule_version.rule = rule.id AND rule_version.version = rule.version WHERE rule.id = ?",
        (rule,),
    ).fetchone()
    gap = max(row["frequency"], row["lookback"] or 0)
    is_shadow, quiet_warming = row["state"] == "shadow", bool(row["quiet_warming"])
    about = _Rule(rule, gap, settings_of(row["incidents"]), is_shadow, quiet_warming, set())
    return about, row["suppression"]


# --- suppression ------------------------------------------------------------------------------------------------------


def _suppress(connection: Connection, rule: _Rule, suppression: int, hi: int, now: int) -> None:
    """After a window that raises alerts the rule is quiet for a time. A window that changes may change which of the
    later ones do; from the first on that raises as it did before, nothing changes."""
    before = connection.execute(
        "SELECT max(hi) AS hi FROM window WHERE rule = ? AND hi < ? AND triggered AND NOT suppressed", (rule.id, hi)
    ).fetchone()["hi"]
    silence = to_moment(suppression) - to_moment(0)
    for row in _triggered(connection, rule.id, hi):
        is_silent = is_quiet(to_moment(row["hi"]), None if before is None else to_moment(before), silence)
        if row["hi"] > hi and not is_silent and not row["suppressed"]:
            return
        text = "UPDATE window SET suppressed = ? WHERE rule = ? AND hi = ?"
        connection.execute(text, (is_silent, rule.id, row["hi"]))
        if is_silent:
            _drop_all(connection, rule, row["hi"], now)
        else:
            _raise_all(connection, rule, row["hi"], now)
            before = row["hi"]


def _triggered(connection: Connection, rule: str, hi: int) -> Iterator[Row]:
    """The triggered windows from an instant on, each read when it is asked for."""
    text = (
        "SELECT hi, suppressed FROM window INDEXED BY window_triggered WHERE rule = ? AND hi >= ? AND triggered"
        " ORDER BY hi LIMIT 1"
    )
    while (row := connection.execute(text, (rule, hi)).fetchone()) is not None:
        yield row
        hi = row["hi"] + 1


# --- runs of findings -------------------------------------------------------------------------------------------------


def _raise_all(connection: Connection, rule: _Rule, hi: int, now: int) -> None:
    for row in connection.execute(f"SELECT key, is_raised {_FINDINGS_OF_WINDOW}", (rule.id, hi)).fetchall():
        if not row["is_raised"]:
            _raise(connection, rule, row["key"], hi, now)
        _revise(connection, rule, row["key"], hi, now)


def _drop_all(connection: Connection, rule: _Rule, hi: int, now: int) -> None:
    for row in connection.execute(f"SELECT key {_FINDINGS_OF_WINDOW} AND is_raised", (rule.id, hi)).fetchall():
        _drop(connection, rule, row["key"], hi, now)


def _raise(connection: Connection, rule: _Rule, key: str, hi: int, now: int) -> None:
    """A finding joins the alert beside it, makes two into one, or begins its own."""
    earlier, later = _beside(connection, rule, key, hi)
    connection.execute("UPDATE finding SET is_raised = 1 WHERE rule = ? AND key = ? AND hi = ?", (rule.id, key, hi))
    near_earlier = earlier is not None and hi - earlier <= rule.gap
    near_later = later is not None and later - hi <= rule.gap
    if near_earlier and near_later:
        before, after = _alert_at(connection, rule, key, earlier), _alert_at(connection, rule, key, later)
        if before["id"] != after["id"]:
            _retract(connection, rule, after, now)
            _stretch(connection, rule, before, (before["first"], after["last"]), now)
    elif near_earlier:
        alert = _alert_at(connection, rule, key, earlier)
        _stretch(connection, rule, alert, (alert["first"], hi), now)
    elif near_later:
        alert = _alert_at(connection, rule, key, later)
        _stretch(connection, rule, alert, (hi, alert["last"]), now)
    else:
        _begin(connection, rule, key, (hi, hi), now)


def _drop(connection: Connection, rule: _Rule, key: str, hi: int, now: int) -> None:
    """A finding leaves its alert, which ends earlier, begins later, falls into two, or is retracted."""
    row = connection.execute(
        "SELECT is_raised FROM finding WHERE rule = ? AND key = ? AND hi = ?", (rule.id, key, hi)
    ).fetchone()
    if row is None or not row["is_raised"]:
        return
    alert = _alert_at(connection, rule, key, hi)
    connection.execute("UPDATE finding SET is_raised = 0 WHERE rule = ? AND key = ? AND hi = ?", (rule.id, key, hi))
    earlier, later = _beside(connection, rule, key, hi)
    before = earlier if earlier is not None and earlier >= alert["first"] else None
    after = later if later is not None and later <= alert["last"] else None
    if before is None and after is None:
        _retract(connection, rule, alert, now)
    elif before is None:
        _stretch(connection, rule, alert, (after, alert["last"]), now)
    elif after is None or after - before > rule.gap:
        _stretch(connection, rule, alert, (alert["first"], before), now)
        _revise(connection, rule, key, before, now)
        if after is not None:
            _begin(connection, rule, key, (after, alert["last"]), now)


def _beside(connection: Connection, rule: _Rule, key: str, hi: int) -> tuple[int | None, int | None]:
    """The raised findings of a key next to an instant, before and after."""
    text = "SELECT {0}(hi) AS hi FROM finding WHERE rule = ? AND key = ? AND hi {1} ? AND is_raised"
    values = (rule.id, key, hi)
    earlier = connection.execute(text.format("max", "<"), values).fetchone()["hi"]
    later = connection.execute(text.format("min", ">"), values).fetchone()["hi"]
    return earlier, later


def _alert_at(connection: Connection, rule: _Rule, key: str, hi: int | None) -> Row:
    found: Row = connection.execute(
        "SELECT * FROM alert WHERE rule = ? AND key = ? AND last >= ? AND first <= ? AND NOT is_retracted",
        (rule.id, key, hi, hi),
    ).fetchone()
    return found


# --- alerts -----------------------------------------------------------------------------------------------------------


def _begin(connection: Connection, rule: _Rule, key: str, span: tuple[int, int], now: int) -> None:
    """A new alert, or a retracted one of the same beginning that is true again."""
    number = 0
    while True:
        id_ = alert_id(rule.id, key, span[0], number)
        known = connection.execute("SELECT is_retracted, revision, is_told FROM alert WHERE id = ?", (id_,)).fetchone()
        if known is None or known["is_retracted"]:
            break
        number += 1
    content = _content(connection, rule, key, span[1])
    rule.touched.add(id_)
    connection.execute(
        "INSERT INTO alert (id, rule, key, first, last, content, created, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET is_retracted = 0, first = excluded.first, last = excluded.last,"
        " content = excluded.content, changed = excluded.changed, revision = revision + 1",
        (id_, rule.id, key, *span, content, now, now),
    )
    was_told = known is not None and bool(known["is_told"])
    if was_told or rule.tells(content):
        revision = 0 if known is None else known["revision"] + 1
        _owe(connection, rule, (id_, "restored" if was_told else "raised", revision, content), now)
    else:
        connection.execute("UPDATE alert SET is_told = 0 WHERE id = ?", (id_,))


def alert_id(rule: str, key: str, first: int, number: int) -> str:
    """Names an alert for good: by its rule, what was found, and the window in which it was first found."""
    return hashlib.sha256(f"{rule}\0{key}\0{first}\0{number}".encode()).hexdigest()[:32]


def _stretch(connection: Connection, rule: _Rule, alert: Row, span: tuple[int | None, int | None], now: int) -> None:
    if span[0] != alert["first"]:
        rule.touched.add(alert["id"])
    connection.execute("UPDATE alert SET first = ?, last = ?, changed = ? WHERE id = ?", (*span, now, alert["id"]))


def _revise(connection: Connection, rule: _Rule, key: str, hi: int | None, now: int) -> None:
    """An alert says what its latest finding says. Nobody is told of it again, unless nobody was yet. What its first one
    says may matter to its incident."""
    alert = _alert_at(connection, rule, key, hi)
    content = _content(connection, rule, key, alert["last"])
    if content != alert["content"] or hi == alert["first"]:
        rule.touched.add(alert["id"])
    if content == alert["content"]:
        return
    connection.execute(
        "UPDATE alert SET content = ?, revision = revision + 1, changed = ? WHERE id = ?",
        (content, now, alert["id"]),
    )
    if not alert["is_told"] and rule.tells(content):
        _owe(connection, rule, (alert["id"], "raised", alert["revision"] + 1, content), now)


def _retract(connection: Connection, rule: _Rule, alert: Row, now: int) -> None:
    rule.touched.add(alert["id"])
    connection.execute(
        "UPDATE alert SET is_retracted = 1, revision = revision + 1, changed = ? WHERE id = ?", (now, alert["id"])
    )
    if alert["is_told"]:
        _owe(connection, rule, (alert["id"], "retracted", alert["revision"] + 1, alert["content"]), now)


def _content(connection: Connection, rule: _Rule, key: str, hi: int) -> str:
    text = "SELECT content FROM finding WHERE rule = ? AND key = ? AND hi = ?"
    found: str = connection.execute(text, (rule.id, key, hi)).fetchone()["content"]
    return found


def _owe(connection: Connection, rule: _Rule, what: tuple[str, str, int, str], now: int) -> None:
    """A message to be sent; a shadow rule sends none."""
    connection.execute("UPDATE alert SET is_told = 1 WHERE id = ? AND NOT is_told", (what[0],))
    if not rule.is_shadow:
        id_, kind, revision, content = what
        owe(connection, Told(id_, kind, revision, content), now)
