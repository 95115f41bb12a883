"""Each output's own progress: what it is owed, in which order, and what becomes of what it does not take."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bluetick.detections.ledger.deliveries import (
    known_outputs,
    output_health,
    owed,
    refused,
    register_outputs,
    resend,
)
from bluetick.detections.ledger.forms import FORMS
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.outbox import Message, Told, owe
from bluetick.detections.ledger.times import to_micros
from bluetick.detections.schedule.delivery import Deliveries, Delivery, Destination, NotTaken
from bluetick.detections.schedule.holding import OutputLocks

START = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(slots=True)
class Clock:
    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(slots=True)
class Recorder:
    """An output that takes what `answer` lets it take."""

    answer: Callable[[Message], Exception | None] = lambda message: None
    got: list[str] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)

    def send(self, message: Message) -> None:
        self.tried.append(message.name)
        if (error := self.answer(message)) is not None:
            raise error
        self.got.append(message.name)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger")) as found:
        yield found


def know(ledger: Ledger, *names: str) -> None:
    with ledger.transaction() as connection:
        register_outputs(connection, dict.fromkeys(names), frozenset())


def tell(ledger: Ledger, *what: str, at: datetime = START) -> None:
    """Messages of subjects, each with the next revision of it: "a", "a" are a-0, a-1."""
    with ledger.transaction() as connection:
        for subject in what:
            text = "SELECT count(*) AS n FROM outbox WHERE subject = ?"
            count = connection.execute(text, (subject,)).fetchone()["n"]
            owe(connection, Told(subject, "raised", count, "{}", is_alert=False), to_micros(at))


def delivery(ledger: Ledger, output: Recorder, clock: Clock, name: str = "one") -> tuple[Delivery, list[str]]:
    said: list[str] = []
    return Delivery(ledger, Destination(name, output), clock, said.append), said


def owed_names(ledger: Ledger, output: str) -> list[str]:
    return [one.message.name for one in owed(ledger, output)]


def test_every_message_goes_to_every_output_once(ledger: Ledger) -> None:
    know(ledger, "one", "two")
    tell(ledger, "a", "b", "a")
    outputs = {name: Recorder() for name in ("one", "two")}
    for _ in range(2):
        for name, output in outputs.items():
            delivery(ledger, output, Clock(), name)[0].round()
    assert [output.got for output in outputs.values()] == [["a-0", "b-0", "a-1"]] * 2


def test_a_dead_output_holds_up_no_other_and_is_tried_without_end(ledger: Ledger) -> None:
    know(ledger, "dead", "live")
    tell(ledger, *(f"s{number}" for number in range(10)))
    dead, live, clock = Recorder(lambda message: NotTaken("no answer")), Recorder(), Clock()
    one, said = delivery(ledger, dead, clock, "dead")
    moments = []
    for _ in range(12):
        due = one.round()
        assert due is not None
        moments.append((due - to_micros(clock.now())) / 1e6)
        clock.sleep(moments[-1])
    delivery(ledger, live, clock, "live")[0].round()
    assert len(live.got) == 10
    assert moments == [15.0 * 2**number for number in range(8)] + [3600.0] * 4
    assert len(dead.tried) == 24, "each time two messages are tried: one alone may be what it stumbles over"
    assert len(owed_names(ledger, "dead")) == 10
    assert said[0] == "the output dead did not take s1-0: no answer"
    dead.answer = lambda message: None
    one.round()
    assert dead.got == [f"s{number}-0" for number in range(10)]
    dead.answer = lambda message: NotTaken("no answer")
    tell(ledger, "again")
    assert one.round() == to_micros(clock.now()) + 15_000_000, "what was is forgotten"


def test_one_message_that_fails_holds_up_only_what_is_about_the_same(ledger: Ledger) -> None:
    know(ledger, "one")
    tell(ledger, "a", "bad", "bad", "b")
    clock, output = Clock(), Recorder(lambda message: NotTaken("broken") if message.name == "bad-0" else None)
    one, _ = delivery(ledger, output, clock)
    assert one.round() == to_micros(START + timedelta(seconds=15))
    assert output.got == ["a-0", "b-0"]
    tell(ledger, "c")
    one.round()
    assert (output.got[2:], output.tried.count("bad-0")) == (["c-0"], 1)
    clock.sleep(15)
    output.answer = lambda message: None
    one.round()
    assert output.got[3:] == ["bad-0", "bad-1"]


def test_a_message_that_is_refused_for_good_is_put_aside_aloud_and_resent_on_demand(ledger: Ledger) -> None:
    know(ledger, "one")
    tell(ledger, "a", "bad", "b")
    clock = Clock()
    output = Recorder(lambda message: NotTaken("status 422", is_final=True) if message.subject == "bad" else None)
    one, said = delivery(ledger, output, clock)
    assert one.round() is None
    assert output.got == ["a-0", "b-0"]
    assert said == ["the output one refuses bad-0, which is put aside: status 422"]
    (aside,) = refused(ledger, 10)
    assert (aside.output, aside.message, aside.event, aside.reason) == ("one", "bad-0", "raised", "status 422")
    clock.sleep(1e6)
    tell(ledger, "c")
    one.round()
    assert output.tried.count("bad-0") == 1
    output.answer = lambda message: None
    assert resend(ledger, "one") == 1
    one.round()
    assert output.got[2:] == ["c-0", "bad-0"]
    assert not refused(ledger, 10)


def test_an_output_that_asks_for_patience_gets_it(ledger: Ledger) -> None:
    know(ledger, "one")
    tell(ledger, "a", "b")
    output = Recorder(lambda message: NotTaken("busy", seconds=7200.0))
    one, _ = delivery(ledger, output, Clock())
    assert one.round() == to_micros(START + timedelta(hours=2))
    assert output.tried == ["a-0"], "nothing else is tried in between"


def test_a_crash_between_sending_and_writing_it_down_sends_it_again_under_the_same_name(tmp_path: Path) -> None:
    class Crash(BaseException):
        pass

    def at_commit(where: str) -> None:
        if output.tried == ["a-0"] and where == "before":
            raise Crash

    output = Recorder()
    with closing(Ledger(tmp_path / "ledger", at_commit)) as ledger:
        know(ledger, "one")
        tell(ledger, "a")
        with pytest.raises(Crash):
            delivery(ledger, output, Clock())[0].round()
    with closing(Ledger(tmp_path / "ledger")) as ledger:
        delivery(ledger, output, Clock())[0].round()
        delivery(ledger, output, Clock())[0].round()
    assert output.got == ["a-0", "a-0"]


def test_a_new_output_is_owed_what_comes_or_what_was_told_since(ledger: Ledger) -> None:
    know(ledger, "old")
    tell(ledger, "a", at=START)
    tell(ledger, "b", at=START + timedelta(hours=1))
    with ledger.transaction() as connection:
        since = to_micros(START + timedelta(minutes=1))
        assert register_outputs(connection, {"old": None, "new": None, "past": since}, frozenset()) == {}
    tell(ledger, "c", at=START + timedelta(hours=2))
    assert owed_names(ledger, "old") == ["a-0", "b-0", "c-0"]
    assert owed_names(ledger, "new") == ["c-0"]
    assert owed_names(ledger, "past") == ["b-0", "c-0"]


def test_an_output_that_nobody_has_any_more_is_dropped_and_others_stay(ledger: Ledger) -> None:
    know(ledger, "gone", "elsewhere", "here")
    tell(ledger, "a", "b")
    with ledger.transaction() as connection:
        assert register_outputs(connection, {"here": None}, {"elsewhere"}) == {"gone": 2}
    assert known_outputs(ledger) == {"elsewhere", "here"}
    assert owed_names(ledger, "elsewhere") == owed_names(ledger, "here") == ["a-0", "b-0"]


def test_what_a_message_is_wanted_for(ledger: Ledger) -> None:
    know(ledger, "one")
    tell(ledger, "a", "b")
    output = Recorder()
    Delivery(ledger, Destination("one", output, lambda message: message.subject == "b"), Clock(), print).round()
    assert output.got == ["b-0"]
    assert not owed_names(ledger, "one")


def test_what_one_progress_for_all_owed_is_owed_to_each_of_the_first_outputs(tmp_path: Path) -> None:
    """A ledger of the first form, with one message sent and two not."""
    with closing(sqlite3.connect(tmp_path / "ledger")) as old:
        for statement in filter(str.strip, FORMS[0].split(";")):
            old.execute(statement)
        old.execute("PRAGMA application_id = 1651274857")
        old.execute("PRAGMA user_version = 1")
        for name, sent in (("a", 5), ("b", None), ("c", None)):
            old.execute(
                "INSERT INTO alert (id, rule, key, first, last, content, created, changed)"
                " VALUES (?, 'r', 'k', 0, 0, '{}', 0, 0)",
                (name,),
            )
            old.execute(
                "INSERT INTO outbox (alert, kind, revision, content, created, due, sent)"
                " VALUES (?, 'raised', 0, '{}', 0, 0, ?)",
                (name, sent),
            )
        old.commit()
    with closing(Ledger(tmp_path / "ledger", upgrades=True)) as ledger:
        know(ledger, "one", "two")
        assert owed_names(ledger, "one") == owed_names(ledger, "two") == ["b-0", "c-0"]
        know(ledger, "one", "two", "three")
        assert owed_names(ledger, "three") == []
        assert len(ledger.read("SELECT 1 FROM outbox")) == 3


# --- threads ----------------------------------------------------------------------------------------------------------


def deliveries(path: Path, outputs: dict[str, Recorder], said: list[str]) -> Deliveries:
    locks = OutputLocks(path.parent / "locks")
    return Deliveries(
        Ledger(path), [Destination(name, output) for name, output in outputs.items()], locks, Clock(), said.append
    )


def until(condition: Callable[[], bool]) -> None:
    for _ in range(600):
        if condition():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it did not come in 30 seconds")


def test_a_slow_output_holds_up_neither_others_nor_who_wakes_it(tmp_path: Path, ledger: Ledger) -> None:
    release = threading.Event()

    def stand_still(_: Message) -> None:
        release.wait(60)

    slow, quick = Recorder(stand_still), Recorder()
    working = deliveries(tmp_path / "ledger", {"slow": slow, "quick": quick}, [])
    try:
        tell(ledger, "a", "b")
        working.wake()
        until(lambda: quick.got == ["a-0", "b-0"])
        assert slow.got == []
    finally:
        release.set()
        working.close(30)
    assert slow.got == ["a-0", "b-0"]


def test_one_of_two_services_sends_and_the_other_takes_over(tmp_path: Path, ledger: Ledger) -> None:
    first, second = Recorder(), Recorder()
    one = deliveries(tmp_path / "ledger", {"out": first}, [])
    two = deliveries(tmp_path / "ledger", {"out": second}, [])
    try:
        tell(ledger, "a")
        one.wake()
        two.wake()
        until(lambda: first.got == ["a-0"])
        assert second.tried == []
        one.close(30)
        tell(ledger, "b")
        two.wake()
        until(lambda: second.got == ["b-0"])
    finally:
        two.close(30)
    assert first.got == ["a-0"]


def test_an_output_of_a_living_service_is_not_dropped_by_another(tmp_path: Path, ledger: Ledger) -> None:
    said: list[str] = []
    one = deliveries(tmp_path / "ledger", {"mine": Recorder()}, said)
    two = deliveries(tmp_path / "ledger", {"yours": Recorder()}, said)
    one.close(30)
    assert known_outputs(ledger) == {"mine", "yours"}
    two.close(30)
    deliveries(tmp_path / "ledger", {"yours": Recorder()}, said).close(30)
    assert known_outputs(ledger) == {"yours"}
    assert said == ["there is no output mine any more: 0 messages that it was owed are dropped"]


def test_an_output_is_held_before_the_ledger_knows_of_it(tmp_path: Path, ledger: Ledger) -> None:
    """Else another service could take it for one that nobody has."""
    done: list[str] = []

    class Noting(OutputLocks):
        def take(self, output: str) -> bool:
            done.append(output)
            return super().take(output)

    own = Ledger(tmp_path / "ledger", done.append)
    Deliveries(own, [Destination("out", Recorder())], Noting(tmp_path / "locks"), Clock(), print).close(30)
    assert done[:2] == ["out", "before"]


def test_an_output_that_another_service_dropped_is_known_again(tmp_path: Path, ledger: Ledger) -> None:
    output = Recorder()
    working = deliveries(tmp_path / "ledger", {"out": output}, [])
    try:
        with ledger.transaction() as connection:
            assert register_outputs(connection, {}, frozenset()) == {"out": 0}
        working.wake()
        until(lambda: known_outputs(ledger) == {"out"})
        tell(ledger, "a")
        working.wake()
        until(lambda: output.got == ["a-0"])
    finally:
        working.close(30)


def test_a_fault_of_ours_in_an_output_ends_nothing(
    tmp_path: Path, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    output = Recorder(lambda message: KeyError("x") if message.subject == "a" else None)
    working = deliveries(tmp_path / "ledger", {"out": output}, [])
    tell(ledger, "a", "b")
    working.close(30)
    assert output.got == ["b-0"]
    assert owed_names(ledger, "out") == ["a-0"]
    assert "the output out failed" in caplog.text
    (health,) = output_health(ledger)
    assert (health.sent, health.owed, health.error) == (1, 1, "a fault of bluetick's own: KeyError")
