"""What is to be told to the tables of the lake, noted in the transaction in which it becomes true.

An entry is of a feed: `signals` (rows of windows), `health` (runs), `alerts` (each change of one that somebody was told
of; the ledger's triggers note it, whoever makes it). detections/publishing brings entries to the lake, and removes them
when they are there.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any, Final

# Rows of a window beyond this are counted and not kept.
MOST_SIGNALS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Signal:
    """A result row of a window: what it is of, and its cells, as JSON texts."""

    identity: str
    row: str


@dataclass(frozen=True, slots=True)
class RunNote:
    """A run of a window: its number, the window, when it began and ended, and what came out."""

    run: int
    rule: str
    version: str
    hi: int
    times: tuple[int, int]
    rows: int | None = None
    is_triggered: bool = False
    error: str = ""


def note_entry(connection: Connection, feed: str, content: dict[str, Any]) -> None:
    """Add an entry to a feed."""
    connection.execute("INSERT INTO publication_entry (feed, content) VALUES (?, ?)", (feed, json.dumps(content)))


def newest_entry(connection: Connection) -> int:
    """The number of the entry that was made last; later ones have higher numbers."""
    found = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'publication_entry'").fetchone()
    return 0 if found is None else int(found["seq"])


def note_run(connection: Connection, note: RunNote, before: int) -> None:
    """Note that a window was run. The alerts that it raised are those noted behind the entry `before`."""
    raised = connection.execute(
        "SELECT count(*) AS alerts, coalesce(sum(json_array_length(content, '$.content.entities')), 0) AS entities"
        " FROM publication_entry WHERE feed = 'alerts' AND id > ? AND content ->> 'event' IN ('raised', 'restored')",
        (before,),
    ).fetchone()
    said = {"is_triggered": note.is_triggered, "rows": note.rows, "error": note.error, **dict(raised)}
    note_entry(connection, "health", {**_run(note), **said})


def note_signals(connection: Connection, note: RunNote, signals: Sequence[Signal]) -> None:
    """Note a window's rows, where they are not those that were noted of it last; that it has none any more, too."""
    digest = _digest(note, signals)
    old = connection.execute("SELECT digest FROM signal WHERE rule = ? AND hi = ?", (note.rule, note.hi)).fetchone()
    if digest == ("" if old is None else old["digest"]):
        return
    if digest:
        connection.execute("INSERT OR REPLACE INTO signal VALUES (?, ?, ?)", (note.rule, note.hi, digest))
    else:
        connection.execute("DELETE FROM signal WHERE rule = ? AND hi = ?", (note.rule, note.hi))
    rows = [[one.identity, one.row] for one in signals]
    said = {"row_count": note.rows, "is_triggered": note.is_triggered, "rows": rows}
    note_entry(connection, "signals", {**_run(note), **said})


def _run(note: RunNote) -> dict[str, Any]:
    begun, ended = note.times
    return {
        "run": note.run,
        "rule": note.rule,
        "version": note.version,
        "hi": note.hi,
        "started": begun,
        "finished": ended,
    }


def _digest(note: RunNote, signals: Sequence[Signal]) -> str:
    """The same for the same rows in whatever order; "" where there are none."""
    if not signals:
        return ""
    texts = sorted(f"{one.identity}\0{one.row}" for one in signals)
    return hashlib.sha256(json.dumps([note.version, note.is_triggered, note.rows, texts]).encode()).hexdigest()
