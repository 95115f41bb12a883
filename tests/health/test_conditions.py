"""Conditions in the ledger: what begins and ends is told of once, whatever happens to the process."""

import json
import random
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bluetick.detections.health.facts import Disk, Facts
from bluetick.detections.health.watching import Pulse, Watch
from bluetick.detections.ledger.conditions import Found, beat, last_beat, note_conditions, standing_alerts
from bluetick.detections.ledger.deliveries import owed, register_outputs
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_micros
from bluetick.diagnostics.errors import SourceError

START = datetime(2026, 6, 18, 12, tzinfo=UTC)
MINUTE = 60_000_000
CALM = Facts(disks=(Disk("lake", 50, 100),))
SHORT = Facts(disks=(Disk("lake", 5, 100),))


def found(subject: str = "lake", text: str = "short") -> Found:
    return Found("bluetick.health", "disk_low", subject, {"rule": "bluetick.health", "text": text})


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with closing(Ledger(Path(":memory:"))) as kept:
        with kept.transaction() as connection:
            register_outputs(connection, {"out": None}, set())
        yield kept


def say(ledger: Ledger, pattern: str) -> list[str]:
    """An assessment a minute, in which the condition holds (x) or not (.); what was told of after all."""
    for number, mark in enumerate(pattern):
        assert note_conditions(ledger, [found()] if mark == "x" else [], number * MINUTE)
    return told(ledger)


def told(ledger: Ledger) -> list[str]:
    return [one.message.kind for one in owed(ledger, "out")]


@pytest.mark.parametrize(
    ("pattern", "kinds"),
    [
        ("x", []),
        ("xx", ["raised"]),
        ("xxxxxx", ["raised"]),
        ("x.x.x.x", []),
        ("xx.", ["raised"]),
        ("xx.xx.x", ["raised"]),
        ("xx..", ["raised", "resolved"]),
        ("xx...", ["raised", "resolved"]),
        ("xx..x", ["raised", "resolved"]),
        ("xx..xx", ["raised", "resolved", "raised"]),
        ("..", []),
    ],
)
def test_two_in_a_row_decide(ledger: Ledger, pattern: str, kinds: list[str]) -> None:
    assert say(ledger, pattern) == kinds


def test_a_condition_is_an_alert_that_is_closed_at_its_end(ledger: Ledger) -> None:
    say(ledger, "xx")
    (alert,) = ledger.read("SELECT * FROM alert")
    assert (alert["rule"], alert["key"], alert["verdict"]) == ("bluetick.health", "disk_low lake", None)
    assert standing_alerts(ledger) == {"disk_low": 1}
    say_more(ledger, 2, 2)
    (alert,) = ledger.read("SELECT * FROM alert")
    assert (alert["verdict"], alert["reason"], alert["closed"]) == ("resolved", "it has passed", 3 * MINUTE)
    assert standing_alerts(ledger) == {}


def say_more(ledger: Ledger, first: int, count: int, *conditions: Found) -> None:
    for number in range(first, first + count):
        note_conditions(ledger, conditions, number * MINUTE)


def test_it_comes_back_as_another_alert(ledger: Ledger) -> None:
    say(ledger, "xx..xx")
    assert len(ledger.read("SELECT DISTINCT id FROM alert")) == 2


def test_what_a_person_closed_stays_as_it_was_closed(ledger: Ledger) -> None:
    say(ledger, "xx")
    with ledger.transaction() as connection:
        connection.execute("UPDATE alert SET verdict = 'fp', reason = 'known', closed = 7")
    say_more(ledger, 2, 2)
    (alert,) = ledger.read("SELECT verdict, reason, closed FROM alert")
    assert tuple(alert) == ("fp", "known", 7)


def test_subjects_stand_for_themselves(ledger: Ledger) -> None:
    say_more(ledger, 0, 2, found("lake"))
    say_more(ledger, 2, 2, found("lake"), found("ledger"))
    say_more(ledger, 4, 2, found("ledger"))
    assert told(ledger) == ["raised", "raised", "resolved"]
    keys = [row["key"] for row in ledger.read("SELECT key FROM alert WHERE verdict IS NULL")]
    assert keys == ["disk_low ledger"]


def test_a_change_of_words_is_quiet(ledger: Ledger) -> None:
    say_more(ledger, 0, 2, found())
    say_more(ledger, 2, 1, found(text="shorter"))
    (alert,) = ledger.read("SELECT content, revision FROM alert")
    assert (json.loads(alert["content"])["text"], alert["revision"]) == ("shorter", 1)
    assert told(ledger) == ["raised"]


def test_two_services_that_assess_at_once_count_as_one(ledger: Ledger) -> None:
    assert note_conditions(ledger, [found()], 0)
    assert not note_conditions(ledger, [found()], MINUTE // 10)
    assert told(ledger) == []
    assert note_conditions(ledger, [found()], MINUTE)
    assert told(ledger) == ["raised"]


def test_a_clock_that_is_set_back_does_not_end_assessing(ledger: Ledger) -> None:
    note_conditions(ledger, [found()], 1_000 * MINUTE)
    assert note_conditions(ledger, [found()], 0)
    assert told(ledger) == ["raised"]


def test_no_table_of_alerts_has_them(ledger: Ledger) -> None:
    say(ledger, "xx..")
    assert ledger.read("SELECT feed FROM publication_entry") == []


# --- crashes ----------------------------------------------------------------------------------------------------------


class Crash(BaseException):
    """The process ends here."""


def expected(pattern: str) -> list[str]:
    """The kinds of messages of a pattern, by its definition."""
    kinds: list[str] = []
    for place in range(1, len(pattern)):
        both = pattern[place - 1 : place + 1]
        stands = bool(kinds) and kinds[-1] == "raised"
        if both == "xx" and not stands:
            kinds.append("raised")
        elif both == ".." and stands:
            kinds.append("resolved")
    return kinds


@pytest.mark.parametrize("seed", range(12))
def test_a_crash_at_any_commit_loses_and_doubles_nothing(tmp_path: Path, seed: int) -> None:
    """An assessment that was cut off before its commit did not happen; one that was cut off after it did."""
    source = random.Random(seed)  # noqa: S311 - a test
    noted = ""

    def at_commit(where: str) -> None:
        if source.randrange(4) == 0:
            crashes.append(where)
            raise Crash

    crashes: list[str] = []
    with closing(Ledger(tmp_path / "l")) as first, first.transaction() as connection:
        register_outputs(connection, {"out": None}, set())
    for number in range(40):
        mark = source.choice("xx..x")
        ledger = Ledger(tmp_path / "l", at_commit)
        try:
            note_conditions(ledger, [found()] if mark == "x" else [], number * MINUTE)
            noted += mark
        except Crash:
            noted += mark if crashes[-1] == "after" else ""
        finally:
            ledger.close()
    assert {"before", "after"} <= set(crashes)
    with closing(Ledger(tmp_path / "l")) as ledger:
        assert told(ledger) == expected(noted)
        open_alerts = ledger.read("SELECT id FROM alert WHERE verdict IS NULL")
        assert len(open_alerts) == (expected(noted)[-1:] == ["raised"])


# --- the service ------------------------------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class Gathered:
    """Gives these facts, or fails."""

    def __init__(self) -> None:
        self.gives: Facts | Exception = CALM
        self.asked = 0

    def facts(self, now: datetime) -> Facts:
        self.asked += 1
        if isinstance(self.gives, Exception):
            raise self.gives
        return self.gives


def test_the_service_assesses_every_minute(ledger: Ledger) -> None:
    clock, gathered = Clock(), Gathered()
    watch = Watch(ledger, gathered, clock)
    for _ in range(13):
        watch.turn()
        clock.sleep(10)
    assert gathered.asked == 3
    clock.sleep(-3_600)
    assert watch.turn()


def test_what_fails_in_an_assessment_does_not_end_the_service(ledger: Ledger) -> None:
    clock, gathered = Clock(), Gathered()
    watch = Watch(ledger, gathered, clock)
    errors: tuple[Any, ...] = (SourceError("no lake"), OSError("no disk"), ValueError("a fault"))
    for error in errors:
        gathered.gives = error
        assert watch.turn()
        clock.sleep(60)
    assert watch.latest is None
    gathered.gives = SHORT
    watch.turn()
    clock.sleep(60)
    watch.turn()
    assert told(ledger) == ["raised"]
    assert watch.latest is not None
    assert watch.latest[0] is SHORT


def test_a_service_that_hangs_gives_no_sign_of_life(ledger: Ledger, tmp_path: Path) -> None:
    clock = Clock()
    pulse = Pulse(ledger, clock, tmp_path / "alive", hangs_after=900)
    pulse.beat()
    assert last_beat(ledger) == to_micros(START)
    clock.sleep(900)
    pulse.beat()
    assert last_beat(ledger) == to_micros(START + timedelta(minutes=15))
    clock.sleep(1)
    assert not pulse.is_alive
    pulse.beat()
    assert last_beat(ledger) == to_micros(START + timedelta(minutes=15))
    assert (tmp_path / "alive").read_text() == "2026-06-18T12:15:00Z\n"
    pulse.move()
    pulse.beat()
    assert (tmp_path / "alive").read_text() == "2026-06-18T12:15:01Z\n"
    assert [path.name for path in tmp_path.iterdir()] == ["alive"]


def test_a_sign_of_life_that_cannot_be_written_does_not_end_the_service(ledger: Ledger, tmp_path: Path) -> None:
    Pulse(ledger, Clock(), tmp_path / "no folder" / "alive", hangs_after=1).beat()
    assert last_beat(ledger) == to_micros(START)


def test_there_is_one_last_beat(ledger: Ledger) -> None:
    assert last_beat(ledger) is None
    beat(ledger, 1)
    beat(ledger, 2)
    assert last_beat(ledger) == 2


def test_the_table_of_health_is_told_of_beginning_and_end(ledger: Ledger) -> None:
    clock, gathered = Clock(), Gathered()
    watch = Watch(ledger, gathered, clock)
    for facts in (SHORT, SHORT, SHORT, CALM, CALM):
        gathered.gives = facts
        watch.turn()
        clock.sleep(60)
    (feed,) = {row["feed"] for row in ledger.read("SELECT feed FROM publication_entry")}
    assert feed == "health"
    rows = [json.loads(row["content"])["given"] for row in ledger.read("SELECT content FROM publication_entry")]
    assert [(row["status"], row["reason"], row["resource"]) for row in rows] == [
        ("Failure", "disk_low", "A disk is nearly full: lake"),
        ("Success", "", "A disk is nearly full: lake"),
    ]
    assert len({row["record"] for row in rows}) == 2
