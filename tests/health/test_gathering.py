"""Facts as they are read from a lake and a ledger."""

import base64
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from health_lake import HOUR, add, add_commits

from bluetick import connect
from bluetick.detections.health.commits import CommitHistory
from bluetick.detections.health.facts import Arrival, Disk
from bluetick.detections.health.gathering import Gathering, Places, rule_facts
from bluetick.detections.health.kept_aside import KeptAside
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.rules import Rule, open_windows, pause, register
from bluetick.detections.ledger.times import to_micros
from bluetick.lake.changes import new_rows
from bluetick.lake.folder import DeltaFolder
from bluetick.lake.snapshot import Snapshot

NOW = datetime(2026, 6, 18, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
CUT = timedelta(milliseconds=1)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """One with a table of one commit, which was made when the test began."""
    folder = tmp_path / "lake"
    folder.mkdir()
    add(folder, "first", [NOW], {"Host": ["one"]}, "Logons")
    return folder


# --- commits ----------------------------------------------------------------------------------------------------------


def test_a_commit_tells_when_it_was_made_and_how_many_rows_it_has(lake: Path) -> None:
    before = datetime.now(UTC) - MINUTE
    add(lake, "second", [NOW, NOW + HOUR, NOW], {"Host": ["a", "b", "c"]}, "Logons")
    second = list(new_rows(lake / "Logons", "Timestamp", -1))[-1]
    assert second.rows == 3
    assert second.committed is not None
    assert before < second.committed < datetime.now(UTC) + MINUTE


def snapshot(lake: Path) -> Snapshot:
    return DeltaFolder(lake / "Logons").snapshot()


def version(lake: Path) -> int:
    return snapshot(lake).version


def past(lake: Path, count: int, every: timedelta = 10 * MINUTE) -> list[Arrival]:
    """Commits that were made until NOW, each of rows of a minute before."""
    made = [NOW - number * every for number in reversed(range(count))]
    add_commits(lake / "Logons", made, [moment - MINUTE for moment in made], version(lake) + 1)
    return [Arrival(moment, moment - MINUTE + CUT) for moment in made]


def test_the_commits_of_two_weeks_are_known(lake: Path) -> None:
    expected = past(lake, 30)
    history = CommitHistory(500)
    found = history.arrivals(snapshot(lake), NOW)
    assert list(found)[: len(expected)] == expected
    assert history.stored(NOW) >= 300


def test_the_past_is_read_bit_by_bit_and_nothing_is_said_before(lake: Path) -> None:
    expected = past(lake, 30)
    history = CommitHistory(9)
    found = [history.arrivals(snapshot(lake), NOW) for _ in range(5)]
    assert [len(some) > 0 for some in found] == [False, False, False, True, True]
    assert list(found[3])[: len(expected)] == expected
    assert found[4] == found[3]


def test_older_commits_than_two_weeks_are_not_asked_for(lake: Path) -> None:
    past(lake, 40, 12 * HOUR)
    history = CommitHistory(30)
    found = history.arrivals(snapshot(lake), NOW)
    assert found[0].committed >= NOW - 16 * DAY


def test_what_comes_later_is_added(lake: Path) -> None:
    past(lake, 3)
    history = CommitHistory(500)
    before = history.arrivals(snapshot(lake), NOW)
    add_commits(lake / "Logons", [NOW + 5 * MINUTE], [NOW + 4 * MINUTE], version(lake) + 1)
    after = history.arrivals(snapshot(lake), NOW + 5 * MINUTE)
    assert set(after) - set(before) == {Arrival(NOW + 5 * MINUTE, NOW + 4 * MINUTE + CUT)}


def test_commits_that_follow_each_other_closely_are_one(lake: Path) -> None:
    made = [NOW + number * timedelta(seconds=10) for number in range(20)]
    add_commits(lake / "Logons", made, [NOW - number * MINUTE for number in range(20)], version(lake) + 1)
    found = CommitHistory(500).arrivals(snapshot(lake), NOW)
    assert [one for one in found if one.committed < NOW + HOUR] == [Arrival(NOW, NOW + CUT)]


def test_a_table_that_was_made_anew_is_read_anew(lake: Path) -> None:
    past(lake, 5)
    history = CommitHistory(500)
    assert len(history.arrivals(snapshot(lake), NOW)) >= 5
    shutil.rmtree(lake / "Logons")
    add(lake, "again", [NOW], {"Host": ["one"]}, "Logons")
    assert len(history.arrivals(snapshot(lake), NOW)) == 1


def test_a_commit_that_does_not_tell_its_times_is_left_out(lake: Path) -> None:
    add_commits(lake / "Logons", [NOW], [None])
    found = CommitHistory(500).arrivals(snapshot(lake), NOW)
    assert NOW not in {one.committed for one in found}


# --- the first row ----------------------------------------------------------------------------------------------------


def test_the_first_row_that_is_no_unset_clock(lake: Path) -> None:
    assert snapshot(lake).first("Timestamp", EARLIEST) == NOW
    add(lake, "old", [NOW - 40 * DAY, NOW], {"Host": ["a", "b"]}, "Logons")
    add(lake, "unset", [datetime(1970, 1, 1, tzinfo=UTC)], {"Host": ["a"]}, "Logons")
    found = snapshot(lake)
    assert found.first("Timestamp", EARLIEST) == NOW - 40 * DAY
    assert found.first("Host", EARLIEST) is None
    assert found.first("Timestamp", NOW + DAY) is None


# --- quarantine -------------------------------------------------------------------------------------------------------


def keep(lake: Path, name: str, count: int, received: datetime, changed: datetime) -> None:
    folder = lake / "_quarantine"
    folder.mkdir(exist_ok=True)
    line = {
        "file": "x.json",
        "record": 1,
        "reason": "no time",
        "format": "own",
        "received": received.isoformat(),
        "raw": base64.b64encode(b"{}").decode(),
    }
    (folder / name).write_text((json.dumps(line) + "\n") * count)
    os.utime(folder / name, (changed.timestamp(), changed.timestamp()))


def test_records_of_the_last_day_are_counted(lake: Path) -> None:
    kept = KeptAside(lake)
    assert kept.records(NOW) == 0
    keep(lake, "new", 3, NOW - HOUR, NOW - HOUR)
    keep(lake, "old", 5, NOW - 2 * DAY, NOW - 2 * DAY)
    keep(lake, "tried again", 7, NOW - 2 * DAY, NOW - HOUR)
    assert kept.records(NOW) == 3
    keep(lake, "new", 2, NOW - HOUR, NOW)
    assert kept.records(NOW) == 2
    assert kept.records(NOW + DAY) == 0
    keep(lake, "empty", 0, NOW, NOW)
    assert kept.records(NOW) == 2


# --- rules ------------------------------------------------------------------------------------------------------------


def rule(id_: str = "one") -> Rule:
    return Rule(id_, "1", f"Rule {id_}", HOUR, HOUR, 5 * MINUTE, frozenset({"Logons"}), "", NOW)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger")) as kept:
        with kept.transaction() as connection:
            register(connection, [rule()])
        yield kept


def late(ledger: Ledger) -> datetime:
    (facts,) = rule_facts(ledger)
    return facts.late


def open_until(ledger: Ledger, hours: int) -> None:
    with ledger.transaction() as connection:
        open_windows(connection, to_micros(NOW + hours * HOUR + 5 * MINUTE))


def test_a_rule_is_as_late_as_its_oldest_window(ledger: Ledger) -> None:
    assert late(ledger) == NOW + 5 * MINUTE
    open_until(ledger, 3)
    assert late(ledger) == NOW + 5 * MINUTE
    ledger.read("UPDATE window SET status = 'done', finished = 1 WHERE hi < ?", (to_micros(NOW + 2 * HOUR),))
    assert late(ledger) == NOW + 2 * HOUR + 5 * MINUTE
    ledger.read("UPDATE window SET status = 'done', finished = 1")
    assert late(ledger) == NOW + 4 * HOUR + 5 * MINUTE


def test_a_window_that_is_to_run_again_is_late_from_when_it_is_due(ledger: Ledger) -> None:
    open_until(ledger, 30)
    ledger.read("UPDATE window SET status = 'done', finished = 1")
    again = to_micros(NOW + 20 * HOUR)
    ledger.read("UPDATE window SET status = 'dirty', due = ? WHERE hi = ?", (again, to_micros(NOW)))
    assert late(ledger) == NOW + 20 * HOUR


def test_failed_windows_are_counted_with_the_newest_reason(ledger: Ledger) -> None:
    open_until(ledger, 3)
    ledger.read("UPDATE window SET status = 'failed', error = 'of ' || hi WHERE hi < ?", (to_micros(NOW + 2 * HOUR),))
    (facts,) = rule_facts(ledger)
    assert (facts.failed, facts.failed_since) == (2, NOW)
    assert facts.error == f"of {to_micros(NOW + HOUR)}"
    assert facts.late == NOW + 2 * HOUR + 5 * MINUTE


def test_retired_rules_are_no_longer_asked_about(ledger: Ledger) -> None:
    with ledger.transaction() as connection:
        register(connection, [rule("two")])
        pause(connection, "two", "no table")
    (facts,) = rule_facts(ledger)
    assert (facts.id, facts.name, facts.pause, facts.tables) == ("two", "Rule two", "no table", frozenset({"Logons"}))


# --- all together -----------------------------------------------------------------------------------------------------


class Room(NamedTuple):
    total: int
    free: int


def test_room_is_asked_of_each_file_system_once(lake: Path, ledger: Ledger) -> None:
    with connect(lake=lake) as session:
        places = Places(lake, ledger.path, lambda path: Room(100, 7))
        facts = Gathering(ledger, lambda: session, places, at_once=100).facts(NOW)
    assert facts.disks == (Disk("lake and the ledger", 7, 100),)


def test_tables_that_the_service_fills_may_be_silent(lake: Path, ledger: Ledger) -> None:
    add(lake, "alerts", [NOW], {"Title": ["x"]}, "AlertInfo")
    with connect(lake=lake) as session:
        facts = Gathering(ledger, lambda: session, Places(lake, ledger.path), at_once=100).facts(NOW)
    assert [table.name for table in facts.tables] == ["Logons"]
    assert facts.heartbeat is None
