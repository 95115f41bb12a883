"""Rules in the ledger: what each version of one reads and how often, and which windows follow from it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from sqlite3 import Connection, Row
from typing import Final

from bluetick.detections.alerting import SILENT, Incidents, RuleState
from bluetick.detections.incidents.matching import settings_text
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import length, to_micros

# So many windows of a rule are opened in one transaction: a year's downtime of a rule of five minutes in a dozen.
MOST_OPENED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of a rule. Windows end at whole multiples of `frequency` since 1970 (UTC), or from `first_run`; none
    ends before that or before `start`. They are evaluated `delay` after their end. `document` is what the evaluator
    rebuilds the rule from. With `quiet_warming` nobody is told of what it finds while it is warming."""

    id: str
    version: str
    name: str
    frequency: timedelta
    lookback: timedelta | None
    delay: timedelta
    tables: frozenset[str]
    document: str
    start: datetime
    suppression: timedelta = timedelta(0)
    incidents: Incidents = SILENT.incidents
    state: RuleState = RuleState.LIVE
    quiet_warming: bool = False
    first_run: datetime | None = None


def register(connection: Connection, rules: Sequence[Rule]) -> None:
    """Take these rules in, or their new versions: windows that are open keep theirs, later ones have the new one.

    A rule that was paused is tried again. All other rules are retired (they have no new windows), as are those that
    are switched off; one that comes back goes on where it was.
    """
    connection.execute("UPDATE rule SET state = 'retired'")
    for rule in rules:
        connection.execute(
            "INSERT INTO rule (id, version, state, next, quiet_warming) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET state = excluded.state, version = excluded.version,"
            " quiet_warming = excluded.quiet_warming, next = excluded.next",
            (rule.id, rule.version, rule.state.value, _next_end(connection, rule), rule.quiet_warming),
        )
        _register_version(connection, rule)
        lift_pause(connection, rule.id)


def _next_end(connection: Connection, rule: Rule) -> int:
    """The first end behind the windows that there are: a rule that now runs oftener, or at another minute, leaves no
    time out. One that has none yet does not begin later than it was to."""
    start = to_micros(rule.start)
    last, planned = connection.execute(
        "SELECT (SELECT max(hi) FROM window WHERE rule = ?1), (SELECT next FROM rule WHERE id = ?1)", (rule.id,)
    ).fetchone()
    earliest = start if planned is None else min(start, planned) if last is None else last + 1
    step, phase = length(rule.frequency), 0
    if rule.first_run is not None:
        first = to_micros(rule.first_run)
        earliest, phase = max(earliest, first), first % step
    return -((phase - earliest) // step) * step + phase


def _register_version(connection: Connection, rule: Rule) -> None:
    connection.execute(
        "INSERT INTO rule_version VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        # A version that was here before there were incidents learns of them.
        " ON CONFLICT DO UPDATE SET incidents = excluded.incidents",
        (
            rule.id,
            rule.version,
            rule.name,
            length(rule.frequency),
            None if rule.lookback is None else length(rule.lookback),
            length(rule.delay),
            length(rule.suppression),
            json.dumps(sorted(rule.tables)),
            rule.document,
            settings_text(rule.incidents),
        ),
    )


def pause(connection: Connection, rule: str, reason: str) -> None:
    """Evaluate no window of a rule until one of its tables changes, or the rule is registered again."""
    connection.execute("UPDATE rule SET pause = ? WHERE id = ?", (reason, rule))


def lift_pause(connection: Connection, rule: str) -> None:
    """Let a rule that is paused go on, at once with the windows that failed."""
    lifted = connection.execute("UPDATE rule SET pause = '' WHERE id = ? AND pause <> ''", (rule,)).rowcount
    if lifted:
        connection.execute("UPDATE window SET due = hi WHERE rule = ? AND status = 'failed'", (rule,))


def open_windows(connection: Connection, now: int) -> int:
    """Write down every window that is due by now; how many were. The cursor of a rule moves with them, so that no
    window is ever absent, whenever the process ends."""
    text = (
        "SELECT rule.id, rule.version, rule.next, frequency, delay FROM rule JOIN rule_version"
        " ON rule_version.rule = rule.id AND rule_version.version = rule.version"
        " WHERE rule.next + delay <= ? AND rule.state <> 'retired'"
    )
    return sum(_open(connection, row, now) for row in connection.execute(text, (now,)).fetchall())


def _open(connection: Connection, rule: Row, now: int) -> int:
    step, delay = rule["frequency"], rule["delay"]
    last = min(now - delay, rule["next"] + step * (MOST_OPENED - 1))
    ends = range(rule["next"], last + 1, step)
    connection.executemany(
        "INSERT INTO window (rule, hi, version, status, due) VALUES (?, ?, ?, 'dirty', ?)",
        ((rule["id"], hi, rule["version"], hi + delay) for hi in ends),
    )
    connection.execute("UPDATE rule SET next = ? WHERE id = ?", (ends[-1] + step, rule["id"]))
    return len(ends)


def next_due(ledger: Ledger) -> int | None:
    """When the next window that is not open yet is due."""
    text = (
        "SELECT min(rule.next + delay) AS due FROM rule JOIN rule_version"
        " ON rule_version.rule = rule.id AND rule_version.version = rule.version WHERE rule.state <> 'retired'"
    )
    found: int | None = ledger.read(text)[0]["due"]
    return found


def table_names(ledger: Ledger) -> frozenset[str]:
    """The tables that any rule reads."""
    rows = ledger.read("SELECT DISTINCT value FROM rule_version, json_each(tables)")
    return frozenset(row["value"] for row in rows)
