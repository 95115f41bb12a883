"""Brings what the ledger notes to the tables of the lake: each row once, whenever the process ends.

A batch of entries is fixed in the ledger under a number, its rows are written to each of its tables under that number,
and then it is finished in the ledger. What ends in between is done again; a table that has the number takes nothing.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.publication import (
    Batch,
    Told,
    begin_batch,
    drop_entries,
    finish_batch,
    has_entries,
    sender_of,
    told_entities,
)
from bluetick.detections.ledger.times import to_micros
from bluetick.detections.model import Detection
from bluetick.detections.publishing.alerts import alert_rows, info_rows
from bluetick.detections.publishing.evidence import evidence_rows
from bluetick.detections.publishing.facts import Entry, Rules
from bluetick.detections.publishing.health import FEED as HEALTH_FEED
from bluetick.detections.publishing.health import health_rows
from bluetick.detections.publishing.incidents import incident_rows
from bluetick.detections.publishing.signals import signal_rows
from bluetick.detections.publishing.tables import ALERT, ALERT_EVIDENCE, ALERT_INFO, HEALTH, INCIDENT, TABLES, Row
from bluetick.diagnostics.errors import SourceError
from bluetick.lake.intake import TableRows
from bluetick.lake.layout import SIGNALS
from bluetick.lake.numbered import append_numbered, last_number, make_table

_LOG: Final = logging.getLogger(__name__)
PAUSE: Final = timedelta(seconds=30)
_ROUNDS: Final = 100
# Which tables a feed's entries become rows of. Alerts come after signals and before the health of the run.
_FEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "signals": (SIGNALS,),
    "alerts": (ALERT, ALERT_INFO, ALERT_EVIDENCE),
    "incidents": (INCIDENT,),
    HEALTH_FEED: (HEALTH,),
}


class Tables(Protocol):
    """Where rows go. SourceError where that fails; what was written before then stays."""

    def make(self, table: TableRows) -> None: ...

    def last_number(self, table: str, sender: str) -> int:
        """The highest number of a sender that a table has, 0 where it has none."""

    def append(self, table: TableRows, sender: str, number: int, now: datetime) -> None:
        """Add rows, unless the table has this number of the sender or a later one."""


@dataclass(frozen=True, slots=True)
class LakeTables:
    """The tables of a lake."""

    lake: Path

    def make(self, table: TableRows) -> None:
        make_table(self.lake, table)

    def last_number(self, table: str, sender: str) -> int:
        return last_number(self.lake, table, sender)

    def append(self, table: TableRows, sender: str, number: int, now: datetime) -> None:
        append_numbered(self.lake, table, sender, number, now)


@dataclass(slots=True)
class Publisher:
    """Writes at most one commit a table in each PAUSE; publishers of other workers of the ledger may do so at the same
    time. `read` gives the detection of a document of the ledger."""

    ledger: Ledger
    tables: Tables
    read: Callable[[str], Detection]
    now: Callable[[], datetime]
    on_failure: Callable[[str], None]
    _rules: Rules = field(init=False)
    _last: datetime | None = None

    def __post_init__(self) -> None:
        self._rules = Rules(self.ledger, self.read)

    def publish(self) -> None:
        """Write what there is, unless that was done just now. What cannot be written comes again."""
        now = self.now()
        if self._last is not None and self._last <= now < self._last + PAUSE:
            return
        self._last = now
        try:
            self.publish_all()
        except SourceError as error:
            self.on_failure(f"rows for tables of the lake wait: {error}")
        except Exception as error:  # a fault of ours here does not keep rules from running
            _LOG.exception("rows for tables could not be written")
            self.on_failure(f"rows for tables of the lake wait: {type(error).__name__}: {error}")

    def publish_all(self) -> None:
        """Write everything; a SourceError where that cannot be done."""
        for feed, names in _FEEDS.items():
            while has_entries(self.ledger, feed) and self._publish(feed, names):
                pass

    def _publish(self, feed: str, names: Sequence[str]) -> bool:
        """One batch of a feed; False where there is none."""
        sender = f"{sender_of(self.ledger)}:{feed}"
        batch = begin_batch(self.ledger, feed, max(self.tables.last_number(name, sender) for name in names))
        if batch is None:
            return False
        told: list[Told] = []
        for name in names:
            rows = list(self._rows(name, batch, told))
            if rows:
                self.tables.append(TABLES[name].rows(rows), sender, batch.number, self.now())
        finish_batch(self.ledger, batch, told)
        return True

    def _rows(self, name: str, batch: Batch, told: list[Told]) -> Iterable[Row]:
        # The ledger does not know when an alert was opened again: it is told now.
        now = to_micros(self.now())
        entries = [entry if entry.get("time", now) is not None else {**entry, "time": now} for entry in batch.entries]
        make = _MAKERS.get(name)
        if make is not None:
            return make(self._rules, entries)
        known = told_entities(self.ledger, [entry["alert"] for entry in entries])
        rows = list(evidence_rows(self._rules, entries, known))
        told += [one for _, one in rows]
        return [row for row, _ in rows]


_MAKERS: Final[Mapping[str, Callable[[Rules, Iterable[Entry]], Iterable[Row]]]] = {
    SIGNALS: signal_rows,
    ALERT: alert_rows,
    ALERT_INFO: info_rows,
    INCIDENT: incident_rows,
    HEALTH: health_rows,
}


def make_tables(tables: Tables) -> None:
    """Make the tables that are not there: rules that read them bind from the first window on."""
    for table in TABLES.values():
        tables.make(table.rows([]))


class Unpublished:
    """In a publisher's place where nobody wants tables."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._rounds = 0

    def publish(self) -> None:
        """Forget what was noted, once in some rounds."""
        self._rounds += 1
        if self._rounds % _ROUNDS == 0:
            drop_entries(self._ledger)

    def publish_all(self) -> None:
        drop_entries(self._ledger)
