"""A ledger over simulated tables, and one over a lake, with the rules of this folder's tests."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bluetick.detections.alerting import Alerting, EventGrouping
from bluetick.detections.model import Detection, QueryPlace
from bluetick.diagnostics import Span
from bluetick.lake.intake import TableRows

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def detection(document: str) -> Detection:
    """What a document of these tests says: its id and nothing else."""
    place = QueryPlace(document, Span(0, 0), 1, ())
    alerting = Alerting(event_grouping=EventGrouping.ALERT_PER_RESULT)
    return Detection(id=document, id_derived=False, name=document, query="T", place=place, alerting=alerting)


@dataclass(slots=True)
class MemoryTables:
    """Tables that keep rows in memory, as a lake keeps them on a disk. `at_commit` is called around each append, and
    behind each look."""

    at_commit: Callable[[str], None] = lambda _: None
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    commits: Counter[str] = field(default_factory=Counter)

    def make(self, table: TableRows) -> None:
        self.rows.setdefault(table.name, [])

    def last_number(self, table: str, sender: str) -> int:
        found = self.numbers.get((table, sender), 0)
        self.at_commit("looked")
        return found

    def append(self, table: TableRows, sender: str, number: int, now: datetime) -> None:
        self.at_commit("before")
        if self.numbers.get((table.name, sender), 0) < number:
            self.rows.setdefault(table.name, []).extend(table.rows.to_pylist())
            self.numbers[table.name, sender] = number
            self.commits[table.name] += 1
        self.at_commit("after")
