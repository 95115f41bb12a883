"""Windows of rules: which are to be evaluated, who does it, and what came out.

A window is done, failed or dirty. One that has never run is dirty, as is one whose data changed after it ran.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from sqlite3 import Connection, Row
from typing import Final

from bluetick.detections.ledger.alerts import Finding, replace_findings
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.retention import TooLate, note_too_late
from bluetick.detections.ledger.rules import lift_pause, pause
from bluetick.detections.ledger.signals import RunNote, Signal, newest_entry, note_run, note_signals
from bluetick.detections.ledger.tallies import count_delay, count_run

_RETRY_FIRST: Final = 60_000_000
_RETRY_MOST: Final = 3_600_000_000
_ALL: Final = 2**62
_READERS: Final = (
    "SELECT rule, version, lookback, begun, floor FROM rule_version LEFT JOIN retention USING (rule)"
    " WHERE EXISTS (SELECT 1 FROM json_each(tables) WHERE value = ?)"
)
# Windows that may be claimed.
_FREE: Final = "window.status <> 'done' AND window.due <= ? AND window.worker IS NULL"
_ACTIVE: Final = "rule.pause = '' AND rule.state <> 'retired'"
_FRESH: Final = f"""
SELECT window.rule, window.version, document, hi, wanted FROM rule
JOIN rule_version AS v ON v.rule = rule.id AND v.version = rule.version
JOIN window ON window.rule = rule.id AND window.hi = rule.next - v.frequency AND window.version = v.version
WHERE {_FREE} AND {_ACTIVE} AND finished IS NULL ORDER BY hi DESC, window.due LIMIT 1
"""  # noqa: S608 - words of ours
_FIRST: Final = f"""
SELECT window.rule, window.version, document FROM window INDEXED BY window_open
JOIN rule ON rule.id = window.rule JOIN rule_version USING (rule, version)
WHERE {_FREE} AND {_ACTIVE} ORDER BY hi {{0}} LIMIT 1
"""  # noqa: S608 - words of ours
_OF_RULE: Final = f"""
SELECT hi, wanted FROM window INDEXED BY window_of_rule
WHERE rule = ? AND version = ? AND {_FREE} ORDER BY hi {{0}} LIMIT ?
"""  # noqa: S608 - words of ours


@dataclass(frozen=True, slots=True)
class Change:
    """Rows that a commit brought to a table: its version, and their earliest and latest time. None: not known."""

    table: str
    version: int
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Claim:
    """Windows of one version of a rule that a worker is to evaluate together: their ends, and the version of each table
    that they wanted when they were claimed."""

    rule: str
    version: str
    document: str
    windows: Mapping[int, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the evaluation of a window gave. `versions` are those of the tables that it read; `signals` are its rows, of
    absurdly many the first ones; `warming` is until when windows are, if this one is (health/warming.py)."""

    hi: int
    rows: int
    is_triggered: bool
    findings: tuple[Finding, ...] = ()
    versions: Mapping[str, int] = field(default_factory=dict)
    signals: tuple[Signal, ...] = ()
    warming: int | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why windows could not be evaluated. A lasting one will not mend itself: it pauses the rule."""

    reason: str
    is_lasting: bool = False


def follow(connection: Connection, changes: Sequence[Change], settled: int) -> list[TooLate]:
    """Move the cursor past changes of tables. A window whose time they touch wants their version; if it has run and
    read less, it is dirty, and due when the data has `settled`. Gives what is to be said: rows of windows that are done
    for good."""
    said: dict[tuple[str, str], TooLate] = {}
    for change in changes:
        for rule in connection.execute(_READERS, (change.table,)).fetchall():
            late = _touch(connection, rule, change, settled)
            if late is not None and note_too_late(connection, late, change.version, settled):
                said[late.rule, late.table] = late
            lift_pause(connection, rule["rule"])
        connection.execute(
            "INSERT INTO seen VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET version = max(version, excluded.version)",
            (change.table, change.version),
        )
    return list(said.values())


def _touch(connection: Connection, rule: Row, change: Change, settled: int) -> TooLate | None:
    low = -_ALL if change.low is None else change.low
    high = _ALL if change.high is None or rule["lookback"] is None else change.high + rule["lookback"]
    floor = -_ALL if rule["floor"] is None else rule["floor"]
    connection.execute(
        "UPDATE window SET wanted = json_patch(wanted, json_object(?, ?)), tries = 0,"
        " due = CASE status WHEN 'done' THEN max(due, ?) ELSE due END,"
        " status = CASE status WHEN 'done' THEN 'dirty' ELSE status END"
        " WHERE rule = ? AND version = ? AND hi > ? AND hi <= ? AND (finished IS NOT NULL OR worker IS NOT NULL)"
        " AND coalesce((SELECT value FROM json_each(versions) WHERE key = ?), -1) < ?",
        (
            *(change.table, change.version, settled, rule["rule"], rule["version"]),
            *(max(low, floor), high, change.table, change.version),
        ),
    )
    if low < floor and high >= rule["begun"]:
        return TooLate(rule["rule"], change.table, change.low, change.high, floor)
    return None


def seen_versions(ledger: Ledger) -> dict[str, int]:
    """The version of each table up to which commits were looked at."""
    return {row["name"]: row["version"] for row in ledger.read("SELECT name, version FROM seen")}


def claim(
    connection: Connection, worker: str, now: int, most: Callable[[str], int], *, is_oldest: bool
) -> Claim | None:
    """Take windows that are due, of one version of a rule. A rule's latest window that has never run comes first, and
    alone, so that all rules have theirs soon; then the newest of all, or the oldest, with up to `most` of that rule."""
    fresh = None if is_oldest else connection.execute(_FRESH, (now,)).fetchone()
    order = "ASC" if is_oldest else "DESC"
    first = fresh or connection.execute(_FIRST.format(order), (now,)).fetchone()
    if first is None:
        return None
    rows = [first]
    if fresh is None:
        values = (first["rule"], first["version"], now, most(first["rule"]))
        rows = connection.execute(_OF_RULE.format(order), values).fetchall()
    windows = {row["hi"]: json.loads(row["wanted"]) for row in sorted(rows, key=itemgetter("hi"))}
    connection.executemany(
        "UPDATE window SET worker = ? WHERE rule = ? AND hi = ?", ((worker, first["rule"], hi) for hi in windows)
    )
    return Claim(first["rule"], first["version"], first["document"], windows)


def next_try(ledger: Ledger, worker: str) -> int | None:
    """When the next open window that no other worker holds is due; None where there is none."""
    text = (
        "SELECT due FROM window INDEXED BY window_due CROSS JOIN rule ON rule.id = window.rule"
        " WHERE status <> 'done' AND rule.pause = '' AND rule.state <> 'retired' AND (worker IS NULL OR worker = ?)"
        " ORDER BY due LIMIT 1"
    )
    found = ledger.read(text, (worker,))
    return found[0]["due"] if found else None


def complete(connection: Connection, worker: str, claim: Claim, outcome: Outcome, times: tuple[int, int]) -> bool:
    """Write down what came out of a window, with its alerts, in the same transaction. False: another worker has it
    now, nothing is written. `times` are when the evaluation began and ended.

    A window whose data changed while it was evaluated stays dirty.
    """
    wanted = _wanted(connection, worker, claim.rule, outcome.hi)
    if wanted is None:
        return False
    known = claim.windows[outcome.hi]
    is_done = all(max(outcome.versions.get(name, -1), known.get(name, -1)) >= least for name, least in wanted.items())
    versions = json.dumps(dict(sorted(outcome.versions.items())))
    count_delay(connection, claim.rule, outcome.hi, times[1])
    connection.execute(
        "UPDATE window SET status = ?, worker = NULL, tries = 0,"
        " rows = ?, triggered = ?, finished = ?, error = '', versions = ?, warming = ?"
        " WHERE rule = ? AND hi = ?",
        (
            "done" if is_done else "dirty",
            outcome.rows,
            outcome.is_triggered,
            times[1],
            versions,
            outcome.warming,
            claim.rule,
            outcome.hi,
        ),
    )
    run = _record(connection, claim, outcome.hi, times, ("done", outcome.rows, "", versions))
    before = newest_entry(connection)
    replace_findings(connection, claim.rule, outcome.hi, outcome.findings if outcome.is_triggered else (), times[1])
    note = RunNote(run, claim.rule, claim.version, outcome.hi, times, outcome.rows, outcome.is_triggered)
    note_run(connection, note, before)
    note_signals(connection, note, outcome.signals)
    return True


def fail(connection: Connection, worker: str, claim: Claim, failure: Failure, times: tuple[int, int]) -> None:
    """Windows that could not be evaluated: tried again after 1, 2, 4 ... minutes up to an hour, without a last try."""
    for hi in claim.windows:
        if _wanted(connection, worker, claim.rule, hi) is None:
            continue
        connection.execute(
            "UPDATE window SET status = 'failed', worker = NULL, error = ?, due = ? + min(?, ? << min(tries, 20)),"
            " tries = tries + 1 WHERE rule = ? AND hi = ?",
            (failure.reason, times[1], _RETRY_MOST, _RETRY_FIRST, claim.rule, hi),
        )
        run = _record(connection, claim, hi, times, ("failed", None, failure.reason, "{}"))
        note = RunNote(run, claim.rule, claim.version, hi, times, error=failure.reason)
        note_run(connection, note, newest_entry(connection))
    if failure.is_lasting:
        pause(connection, claim.rule, failure.reason)


def enlist(connection: Connection, worker: str, now: int) -> None:
    connection.execute("INSERT INTO worker VALUES (?, ?)", (worker, now))


def dismiss(connection: Connection, worker: str) -> None:
    """A worker that has ended: what it had claimed is free."""
    connection.execute("UPDATE window SET worker = NULL WHERE worker = ?", (worker,))
    connection.execute("DELETE FROM worker WHERE id = ?", (worker,))


def _wanted(connection: Connection, worker: str, rule: str, hi: int) -> dict[str, int] | None:
    """The versions of tables that a window must have read; None where the worker does not hold it any more."""
    row = connection.execute("SELECT worker, wanted FROM window WHERE rule = ? AND hi = ?", (rule, hi)).fetchone()
    if row is None or row["worker"] != worker:
        return None
    wanted: dict[str, int] = json.loads(row["wanted"])
    return wanted


def _record(
    connection: Connection, claim: Claim, hi: int, times: tuple[int, int], said: tuple[str, int | None, str, str]
) -> int:
    """The run's number."""
    run = connection.execute(
        "INSERT INTO run (rule, hi, version, started, finished, status, rows, error, versions)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (claim.rule, hi, claim.version, *times, *said),
    ).lastrowid
    if run is None:
        raise AssertionError("a row that is inserted has a number")
    count_run(connection, claim.rule, said[0], times)
    return run
