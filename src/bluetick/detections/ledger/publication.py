"""Batches of entries on their way to the lake: which entries are in one stays the same until it is there.

A batch has a number, which the lake's tables keep: what is tried again after a crash is known there. Numbers of a feed
rise; the next batch begins when the one before is in the lake.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bluetick.detections.ledger.opening import Ledger

_MOST_ENTRIES: Final = 5_000
_MOST_CHARACTERS: Final = 64_000_000


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries of a feed, in their order, with their number in the lake."""

    feed: str
    number: int
    through: int
    entries: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What stands in the table of evidence: an entity of an alert."""

    alert: str
    entity: str


def sender_of(ledger: Ledger) -> str:
    """The name under which this ledger writes to tables; no other has it."""
    (row,) = ledger.read("SELECT id FROM publication_sender")
    return f"bluetick:{row['id']}"


def has_entries(ledger: Ledger, feed: str) -> bool:
    return bool(ledger.read("SELECT 1 FROM publication_entry WHERE feed = ? LIMIT 1", (feed,)))


def begin_batch(ledger: Ledger, feed: str, least: int) -> Batch | None:
    """The batch that is on its way, else the next one, under a number above `least`; None where there is none."""
    with ledger.transaction() as connection:
        known = connection.execute("SELECT number, through FROM publication WHERE feed = ?", (feed,)).fetchone()
        if known is not None and known["through"] is not None:
            number, through = known["number"], known["through"]
        else:
            through = connection.execute(
                "SELECT max(id) AS id FROM (SELECT id, sum(size) OVER (ORDER BY id) AS size,"
                " row_number() OVER (ORDER BY id) AS place FROM (SELECT id, length(content) AS size"
                " FROM publication_entry WHERE feed = ? ORDER BY id LIMIT ?)) WHERE size <= ? OR place = 1",
                (feed, _MOST_ENTRIES, _MOST_CHARACTERS),
            ).fetchone()["id"]
            if through is None:
                return None
            number = max(least, 0 if known is None else known["number"]) + 1
            connection.execute("INSERT OR REPLACE INTO publication VALUES (?, ?, ?)", (feed, number, through))
        rows = connection.execute(
            "SELECT content FROM publication_entry WHERE feed = ? AND id <= ? ORDER BY id", (feed, through)
        ).fetchall()
    return Batch(feed, number, through, tuple(json.loads(row["content"]) for row in rows))


def finish_batch(ledger: Ledger, batch: Batch, told: Iterable[Told] = ()) -> None:
    """The batch is in the lake: its entries are not needed any more. Another worker may have said so already."""
    with ledger.transaction() as connection:
        connection.execute(
            "UPDATE publication SET through = NULL WHERE feed = ? AND number = ?", (batch.feed, batch.number)
        )
        connection.execute("DELETE FROM publication_entry WHERE feed = ? AND id <= ?", (batch.feed, batch.through))
        connection.executemany(
            "INSERT OR IGNORE INTO publication_evidence VALUES (?, ?)", ((one.alert, one.entity) for one in told)
        )


def drop_entries(ledger: Ledger) -> None:
    """Forget all entries: nobody wants them in tables. A batch that is on its way is finished without its rows."""
    if not ledger.read("SELECT 1 FROM publication_entry LIMIT 1"):
        return
    with ledger.transaction() as connection:
        connection.execute("DELETE FROM publication_entry")
        connection.execute("UPDATE publication SET through = NULL")
        connection.execute("DELETE FROM signal")


def told_entities(ledger: Ledger, alerts: Sequence[str]) -> set[Told]:
    """The evidence that stands in the table already, of these alerts."""
    rows = ledger.read(
        "SELECT alert, entity FROM publication_evidence WHERE alert IN (SELECT value FROM json_each(?))",
        (json.dumps(alerts),),
    )
    return {Told(row["alert"], row["entity"]) for row in rows}
