"""Whatever ends, and whoever works beside: each row is in its table once."""

import json
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from publishing_place import HOUR, START, MemoryTables, detection

from bluetick.detections.ledger.alerts import Finding
from bluetick.detections.ledger.listing import Verdict, close_alert
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.rules import Rule, open_windows, register
from bluetick.detections.ledger.signals import Signal
from bluetick.detections.ledger.times import to_micros
from bluetick.detections.ledger.windows import Outcome, claim, complete, enlist
from bluetick.detections.publishing.publisher import LakeTables, Publisher, Tables, make_tables
from bluetick.lake.intake import TableRows
from bluetick.session import Session

# What each window finds, one after another, and again; None: the rows are published in between.
SCRIPT: tuple[tuple[int, str] | None, ...] = (
    *((1, "a"), (2, "ab"), None, (3, "c"), (2, "b"), None),
    *((1, ""), None, (1, "a"), (3, "abc"), (3, ""), None),
)
ALL = ("BluetickSignals", "SecurityAlert", "AlertInfo", "AlertEvidence", "SecurityIncident", "SentinelHealth")


EVERY = pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.slow)])


class Crash(BaseException):
    """The process ends here."""


class Points:
    """Places at which something may happen; at the one that is chosen it does, once."""

    def __init__(self, chosen: int | None, act: Callable[[], None]) -> None:
        self.count = 0
        self._chosen = chosen
        self._act = act

    def pass_by(self, _: str) -> None:
        self.count += 1
        if self.count - 1 == self._chosen:
            self._act()


def opened(path: Path, at_commit: Callable[[str], None] = lambda _: None) -> Ledger:
    """What ends here is a process, not a machine: what reached the file system stays there."""
    ledger = Ledger(path, at_commit)
    ledger.read("PRAGMA synchronous = OFF")
    return ledger


class Play:
    """Does the script on a ledger. A publisher that ends is started anew."""

    def __init__(self, path: Path, tables: MemoryTables) -> None:
        self.path = path
        self.tables = tables
        self.work = opened(path)
        with self.work.transaction() as connection:
            enlist(connection, "w", 0)
            tabs = frozenset({"T"})
            register(connection, [Rule("r", "1", "r", HOUR, HOUR, timedelta(0), tabs, "r", START)])
            open_windows(connection, to_micros(START + 3 * HOUR))

    def publish(self, points: Points, *, of_ledger: bool) -> None:
        """Everything, however often that ends."""
        while True:
            self.tables.at_commit = points.pass_by
            with closing(opened(self.path, points.pass_by if of_ledger else lambda _: None)) as ledger:
                publisher = Publisher(ledger, self.tables, detection, lambda: START, pytest.fail)
                try:
                    publisher.publish_all()
                except Crash:
                    continue
                return

    def evaluate(self, number: int, found: str) -> None:
        hi = to_micros(START + number * HOUR)
        signals = tuple(Signal(key, json.dumps({"Key": key})) for key in found)
        with self.work.transaction() as connection:
            connection.execute("UPDATE window SET status = CASE hi WHEN ? THEN 'dirty' ELSE 'done' END, due = 0", (hi,))
            taken = claim(connection, "w", 2**62, lambda _: 1, is_oldest=False)
            assert taken is not None
            findings = tuple(Finding(key, content(key, found)) for key in found)
            complete(connection, "w", taken, Outcome(hi, len(found), bool(found), findings, {}, signals), (hi, hi))

    def close_one(self) -> None:
        (row,) = self.work.read("SELECT id FROM alert WHERE NOT is_retracted ORDER BY id LIMIT 1")
        close_alert(self.work, row["id"], Verdict.BENIGN, "known", to_micros(START + 9 * HOUR))


def content(key: str, found: str) -> str:
    entities = [{"kind": "Host", "HostName": one} for one in sorted({key, found[0]})]
    said = {"name": key, "description": "", "severity": "Low", "tactics": [], "techniques": [], "entities": entities}
    return json.dumps({**said, "custom_details": {}, "row_count": len(found), "rows": []})


def play(path: Path, points: Points, tables: MemoryTables, *, of_ledger: bool = True) -> dict[str, Counter[str]]:
    """The rows that are in the tables in the end."""
    it = Play(path, tables)
    for step in SCRIPT:
        if step is None:
            it.publish(points, of_ledger=of_ledger)
        else:
            it.evaluate(*step)
    it.close_one()
    it.publish(points, of_ledger=of_ledger)
    assert not it.work.read("SELECT 1 FROM publication_entry")
    it.work.close()
    return {name: Counter(json.dumps(row, default=str, sort_keys=True) for row in tables.rows[name]) for name in ALL}


def end_here() -> None:
    raise Crash


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Counter[str]], int]:
    """What the tables have when nothing ends, and at how many places something could."""
    points = Points(None, end_here)
    return play(tmp_path_factory.mktemp("calm") / "ledger", points, MemoryTables()), points.count


def test_nothing_is_there_twice(undisturbed: tuple[dict[str, Counter[str]], int]) -> None:
    rows, _ = undisturbed
    assert {name: max(found.values()) for name, found in rows.items()} == dict.fromkeys(ALL, 1)
    assert rows["SentinelHealth"].total() == 8
    # Of each evaluation of a window its rows; of the two that had found something and then nothing, that.
    assert rows["BluetickSignals"].total() == 1 + 2 + 1 + 1 + 1 + 1 + 3 + 1


@EVERY
def test_a_crash_at_any_place_changes_nothing(
    undisturbed: tuple[dict[str, Counter[str]], int], tmp_path: Path, every: int
) -> None:
    rows, count = undisturbed
    assert count > 50
    for place in range(0, count, every):
        assert play(tmp_path / f"{place}", Points(place, end_here), MemoryTables()) == rows, place


@EVERY
def test_a_publisher_beside_at_any_place_changes_nothing(
    undisturbed: tuple[dict[str, Counter[str]], int], tmp_path: Path, every: int
) -> None:
    """Another worker does everything while this one stands still before or behind a commit of a table. (Inside a
    transaction of the ledger no other goes on.)"""
    rows, count = undisturbed
    reached = 0
    for place in range(0, count, every):
        path, tables = tmp_path / f"{place}", MemoryTables()

        def beside(path: Path = path, tables: MemoryTables = tables) -> None:
            nonlocal reached
            reached += 1
            with closing(opened(path)) as ledger:
                Publisher(ledger, tables, detection, lambda: START, pytest.fail).publish_all()

        assert play(path, Points(place, beside), tables, of_ledger=False) == rows, place
    assert reached * every > 20


class EndingTables:
    """A lake's tables in a process that ends right behind a commit, the first so many times."""

    def __init__(self, tables: Tables, ends: int) -> None:
        self._tables = tables
        self._ends = ends

    def make(self, table: TableRows) -> None:
        self._tables.make(table)

    def last_number(self, table: str, sender: str) -> int:
        return self._tables.last_number(table, sender)

    def append(self, table: TableRows, sender: str, number: int, now: Any) -> None:
        self._tables.append(table, sender, number, now)
        if self._ends:
            self._ends -= 1
            raise Crash


def test_a_lake_takes_a_batch_once(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    lake.mkdir()
    make_tables(LakeTables(lake))
    it = Play(tmp_path / "ledger", MemoryTables())
    tables = EndingTables(LakeTables(lake), 5)
    for step in SCRIPT:
        if step is not None:
            it.evaluate(*step)
            continue
        while it.work.read("SELECT 1 FROM publication_entry"):
            with suppress(Crash):
                Publisher(it.work, tables, detection, lambda: START, pytest.fail).publish_all()
    it.work.close()
    with Session(lake=lake) as session:
        counts = {name: next(iter(session.query(f"{name} | count").rows()))[0] for name in ALL}
    assert counts["BluetickSignals"] == 11
    assert counts["SentinelHealth"] == 8
    assert counts["AlertInfo"] == 4  # of a, b, c, and of a again, an hour after it had gone
