"""What stands of a service's health: conditions that hold, each an alert of its own, and the last sign of life.

A condition begins when two assessments in a row find it, and ends when two in a row do not. That it has begun or ended
is in the ledger together with the message that tells of it, so that a process that ends in between loses neither.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from sqlite3 import Connection, Row
from typing import Any, Final

from bluetick.detections.ledger.alerts import alert_id
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.outbox import Told, owe

# So many assessments in a row decide.
_IN_A_ROW: Final = 2
# Several services on one ledger assess the same; what follows another so soon does not count.
_APART: Final = 30_000_000
_PASSED: Final = "it has passed"


@dataclass(frozen=True, slots=True)
class Found:
    """What an assessment found: a code and what it is of, and what an alert says of it."""

    rule: str
    code: str
    subject: str
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """A condition began, or it ended: what its alert says, and when."""

    alert: str
    has_begun: bool
    code: str
    subject: str
    content: dict[str, Any]
    time: int


Note = Callable[[Connection, Turn], None]


def note_conditions(ledger: Ledger, found: Iterable[Found], now: int, note: Note = lambda _, __: None) -> bool:
    """Write down what an assessment found, and owe messages for what begins and ends, of which `note` may write more.
    False: another service has just done it."""
    with ledger.transaction() as connection:
        if not _is_due(connection, now):
            return False
        standing = {(row["code"], row["subject"]): row for row in connection.execute("SELECT * FROM condition")}
        for one in found:
            if begun := _hold(connection, one, standing.pop((one.code, one.subject), None), now):
                note(connection, begun)
        for row in standing.values():
            if ended := _miss(connection, row, now):
                note(connection, ended)
    return True


def standing_alerts(ledger: Ledger) -> dict[str, int]:
    """How many conditions of each code have begun and not ended."""
    rows = ledger.read("SELECT code, count(*) AS n FROM condition WHERE alert IS NOT NULL GROUP BY code")
    return {row["code"]: row["n"] for row in rows}


def beat(ledger: Ledger, now: int) -> None:
    """A sign of life of the service."""
    with ledger.transaction() as connection:
        connection.execute(
            "INSERT INTO heartbeat VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET time = excluded.time", (now,)
        )


def last_beat(ledger: Ledger) -> int | None:
    rows = ledger.read("SELECT time FROM heartbeat")
    return rows[0]["time"] if rows else None


def _is_due(connection: Connection, now: int) -> bool:
    """A clock that was set back does not keep assessments from counting."""
    last = connection.execute("SELECT time FROM assessment").fetchone()
    if last is not None and last["time"] <= now < last["time"] + _APART:
        return False
    connection.execute(
        "INSERT INTO assessment VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET time = excluded.time", (now,)
    )
    return True


def _hold(connection: Connection, found: Found, row: Row | None, now: int) -> Turn | None:
    key = (found.code, found.subject)
    seen = 1 if row is None else row["seen"] + 1
    connection.execute(
        "INSERT INTO condition (code, subject, seen) VALUES (?, ?, 1)"
        " ON CONFLICT (code, subject) DO UPDATE SET seen = ?, missed = 0",
        (*key, seen),
    )
    content = json.dumps(found.content, ensure_ascii=False, sort_keys=True)
    if row is not None and row["alert"] is not None:
        connection.execute(
            "UPDATE alert SET content = ?, revision = revision + 1, changed = ?, last = ?"
            " WHERE id = ? AND content <> ?",
            (content, now, now, row["alert"], content),
        )
    elif seen >= _IN_A_ROW:
        return _begin(connection, found, content, now)
    return None


def _begin(connection: Connection, found: Found, content: str, now: int) -> Turn:
    subject = f"{found.code} {found.subject}"
    number = 0
    while connection.execute(
        "SELECT 1 FROM alert WHERE id = ?", (alert_id(found.rule, subject, now, number),)
    ).fetchone():
        number += 1
    id_ = alert_id(found.rule, subject, now, number)
    connection.execute(
        "INSERT INTO alert (id, rule, key, first, last, content, created, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (id_, found.rule, subject, now, now, content, now, now),
    )
    connection.execute(
        "UPDATE condition SET alert = ? WHERE code = ? AND subject = ?", (id_, found.code, found.subject)
    )
    _owe(connection, id_, "raised", now)
    return Turn(id_, True, found.code, found.subject, found.content, now)


def _miss(connection: Connection, row: Row, now: int) -> Turn | None:
    key = (row["code"], row["subject"])
    if row["alert"] is not None and row["missed"] + 1 < _IN_A_ROW:
        connection.execute("UPDATE condition SET missed = missed + 1 WHERE code = ? AND subject = ?", key)
        return None
    connection.execute("DELETE FROM condition WHERE code = ? AND subject = ?", key)
    if row["alert"] is None:
        return None
    content = _end(connection, row["alert"], now)
    return Turn(row["alert"], False, *key, json.loads(content), now)


def _end(connection: Connection, alert: str, now: int) -> str:
    """A person who has closed it before is not corrected."""
    connection.execute(
        "UPDATE alert SET last = ?, changed = ?, revision = revision + 1, closed = coalesce(closed, ?),"
        " reason = CASE WHEN verdict IS NULL THEN ? ELSE reason END, verdict = coalesce(verdict, 'resolved')"
        " WHERE id = ?",
        (now, now, now, _PASSED, alert),
    )
    return _owe(connection, alert, "resolved", now)


def _owe(connection: Connection, alert: str, kind: str, now: int) -> str:
    """A message, with the content that the alert has."""
    row = connection.execute("SELECT revision, content FROM alert WHERE id = ?", (alert,)).fetchone()
    content: str = row["content"]
    owe(connection, Told(alert, kind, row["revision"], content), now)
    return content
