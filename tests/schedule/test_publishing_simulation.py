"""What the service writes to tables over simulated days, with all that can go wrong: what the ledger says, and once."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from service_simulation import Mishaps, Service, fill
from simulated_world import HOUR, Evaluator, Kind

from bluetick.detections.ledger.alerts import Finding
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.signals import Signal
from bluetick.detections.ledger.windows import Failure, Outcome
from bluetick.detections.model import Detection, QueryPlace
from bluetick.detections.publishing.publisher import Publisher
from bluetick.detections.schedule.scheduler import Scheduler
from bluetick.diagnostics import Span
from bluetick.diagnostics.errors import SourceError
from bluetick.lake.intake import TableRows

KINDS = (
    Kind("each", "A", HOUR, HOUR, 1, by_key=True),
    Kind("over a day", "A", HOUR, 24 * HOUR, 9, by_key=True),
    Kind("nothing for hours", "B", HOUR, 2 * HOUR, 1, by_key=True, is_absence=True),
)
BROKEN = Mishaps(crash_every=60, fault_every=80, full_every=120, beside_every=6)


def read(document: str) -> Detection:
    place = QueryPlace(document, Span(0, 0), 1, ())
    return Detection(id=document, id_derived=False, name=document, query="", place=place)


class Tables:
    """Tables in memory; the process may end, or the disk be full, at each commit."""

    def __init__(self, service: Service) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self._service = service
        self._numbers: dict[tuple[str, str], int] = {}

    def make(self, table: TableRows) -> None:
        self.rows.setdefault(table.name, [])

    def last_number(self, table: str, sender: str) -> int:
        return self._numbers.get((table, sender), 0)

    def append(self, table: TableRows, sender: str, number: int, now: datetime) -> None:
        self._pass("before")
        if self.last_number(table.name, sender) < number:
            self.rows.setdefault(table.name, []).extend(table.rows.to_pylist())
            self._numbers[table.name, sender] = number
        self._pass("after")

    def _pass(self, where: str) -> None:
        try:
            self._service._at_commit(where)
        except sqlite3.OperationalError as error:
            raise SourceError(str(error)) from error


class Saying(Evaluator):
    """Says what it finds as a real one does: with rows, and with alerts that have all that an alert says."""

    def evaluate(self, document: str, ends: Sequence[datetime]) -> Iterator[Outcome | Failure]:
        for said in Evaluator.evaluate(self, document, ends):
            if isinstance(said, Failure):
                yield said
                continue
            findings = tuple(Finding(one.key, whole(one)) for one in said.findings)
            signals = tuple(Signal(one.key, one.content) for one in said.findings)
            yield replace(said, findings=findings, signals=signals)


def whole(finding: Finding) -> str:
    said = {"name": finding.key, "description": "", "severity": "Low", "tactics": [], "techniques": []}
    entities = [{"kind": "Host", "HostName": finding.key}]
    return json.dumps({**json.loads(finding.content), **said, "entities": entities, "row_count": 1, "rows": []})


class Publishing(Service):
    """A service that writes to tables, and so does the worker beside it."""

    def __init__(self, path: Path, seed: int, mishaps: Mishaps) -> None:
        super().__init__(path, KINDS, seed, mishaps)
        self._evaluator = Saying(self.lake, self._documents, self._fault, self._meanwhile)
        self.tables = Tables(self)
        self.waits = 0
        self._publishers: list[Publisher] = []

    def _begin(self, ledgers: Sequence[Ledger]) -> None:
        self._publishers = [Publisher(one, self.tables, read, self.clock.now, self._wait) for one in ledgers]

    def _live(self, ledgers: Sequence[Ledger], end: int) -> None:
        super()._live(ledgers, end)
        self._publishers[0].publish_all()

    def _step(self, scheduler: Scheduler) -> None:
        super()._step(scheduler)
        self._publishers[0].publish()

    def _meanwhile(self) -> None:
        super()._meanwhile()
        if self._happens(5):
            self._publishers[1].publish()

    def _wait(self, _: str) -> None:
        self.waits += 1


@pytest.mark.parametrize(
    ("days", "seed"), [(4, 1), *(pytest.param(15, seed, marks=pytest.mark.slow) for seed in (2, 3))]
)
def test_the_tables_say_what_the_ledger_says(tmp_path: Path, days: int, seed: int) -> None:
    service = Publishing(tmp_path / "ledger", seed, BROKEN)
    fill(service, days, seed, 2 * 24 * HOUR)
    service.run(days)
    assert service.crashes > 5
    assert service.waits > 0
    rows = service.tables.rows
    with closing(Ledger(tmp_path / "ledger")) as ledger:
        assert not ledger.read("SELECT 1 FROM publication_entry")
        assert latest(rows["BluetickSignals"]) == {
            (row["rule"], row["hi"], row["key"]) for row in ledger.read("SELECT rule, hi, key FROM finding")
        }
        runs = [f"run-{row['id']}" for row in ledger.read("SELECT id FROM run")]
        assert Counter(row["RecordId"] for row in rows["SentinelHealth"]) == Counter(runs)
        told = [tuple(row) for row in ledger.read("SELECT alert, kind, revision FROM outbox WHERE alert IS NOT NULL")]
        assert told_alerts(rows["SecurityAlert"]) == Counter(told)
        alerts = {alert for alert, _, _ in told}
        assert Counter(row["AlertId"] for row in rows["AlertInfo"]) == Counter(alerts)
        assert Counter(row["AlertId"] for row in rows["AlertEvidence"]) == Counter(alerts)


def latest(rows: list[dict[str, Any]]) -> set[tuple[str, int, str]]:
    """What holds of each window, after the documented query."""
    attempts: dict[tuple[str, datetime], int] = {}
    for row in rows:
        window = (row["RuleId"], row["WindowEnd"])
        attempts[window] = max(attempts.get(window, 0), row["Attempt"])
    names = [(row["RuleId"], row["WindowEnd"], row["Attempt"], row["RowNumber"]) for row in rows]
    assert len(names) == len(set(names))
    return {
        (row["RuleId"], int(row["WindowEnd"].timestamp()) * 1_000_000, row["Identity"])
        for row in rows
        if row["Attempt"] == attempts[row["RuleId"], row["WindowEnd"]] and row["RowNumber"] >= 0
    }


def told_alerts(rows: list[dict[str, Any]]) -> Counter[tuple[str, str, int]]:
    """Those changes of alerts of which people are told."""
    found: Counter[tuple[str, str, int]] = Counter()
    for row in rows:
        said = json.loads(row["ExtendedProperties"])
        if said["Event"] in {"raised", "retracted", "restored"}:
            found[row["SystemAlertId"], said["Event"], int(said["Revision"])] += 1
    return found
