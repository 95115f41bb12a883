"""What a worker takes up when, round by round, in simulated time."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from simulated_world import HOUR, MINUTE, START, Clock, Evaluator, Event, Kind, Lake, Workers

from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_micros
from bluetick.detections.ledger.windows import Claim, Failure, Outcome
from bluetick.detections.schedule.scheduler import Pace, Scheduler, Surroundings

ZERO = to_micros(START)
HOURLY = Kind("hourly", "A", HOUR, HOUR, 1, by_key=True)
DAILY = Kind("daily", "A", 24 * HOUR, HOUR, 1, by_key=True)
OTHER = Kind("other", "B", HOUR, HOUR, 1, by_key=True)


class Stage:
    """A scheduler of an hourly rule, over a lake that a test fills; `failure` is what evaluations say instead."""

    def __init__(self, path: Path, *, together: int = 1, seconds: float = 1e-6) -> None:
        self.clock = Clock(ZERO)
        self.lake = Lake(self.clock)
        self.failure: Failure | None = None
        self.evaluated: list[tuple[str, int]] = []
        self.workers = Workers()
        self.claimed: list[int] = []
        self.ledger = Ledger(path)
        kinds = {kind.document: kind for kind in (HOURLY, DAILY, OTHER)}
        evaluator = Evaluator(self.lake, kinds, lambda: self.failure, lambda: None, seconds)
        around = Surroundings(self.clock, self.lake, evaluator, self.workers, self._note)
        self.scheduler = Scheduler(self.ledger, around, Pace(timedelta(minutes=3), together))
        self.scheduler.register([HOURLY.rule()])

    def close(self) -> None:
        self.ledger.close()

    def at(self, minutes: float) -> list[tuple[str, int]]:
        """What is evaluated when it is so late, without time passing: (rule, minutes of the window's end)."""
        self.clock.at = ZERO + int(minutes * MINUTE)
        self.evaluated.clear()
        while self.scheduler.step():
            self.clock.at = ZERO + int(minutes * MINUTE)
        return self.evaluated.copy()

    def arrives(self, table: str, minutes: float) -> None:
        """A commit, now, of one event of that time."""
        self.lake.commits[table].append((self.clock.at, [Event(ZERO + int(minutes * MINUTE), "k1")]))

    def next_try(self) -> tuple[int, int]:
        """When the first window is due again, and when it was last tried."""
        (window,) = self.ledger.read("SELECT due FROM window ORDER BY hi LIMIT 1")
        (run,) = self.ledger.read("SELECT max(finished) AS finished FROM run WHERE hi = (SELECT min(hi) FROM run)")
        return window["due"], run["finished"]

    def _note(self, claimed: Claim, said: Outcome | Failure) -> None:
        ends = list(claimed.windows) if isinstance(said, Failure) else [said.hi]
        self.claimed.append(len(claimed.windows))
        self.evaluated += [(claimed.rule, (hi - ZERO) // MINUTE) for hi in ends]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with closing(Stage(tmp_path / "ledger")) as made:
        yield made


def test_a_window_is_evaluated_after_the_delay_and_once(stage: Stage) -> None:
    assert stage.at(4.9) == []
    assert stage.at(5) == [("hourly", 0)]
    assert stage.at(64.9) == []
    assert stage.at(65) == [("hourly", 60)]
    assert stage.at(66) == []


def test_late_rows_wait_for_more_of_them(stage: Stage) -> None:
    stage.at(66)
    stage.arrives("A", 30)
    assert stage.at(66) == []
    stage.clock.at = ZERO + 68 * MINUTE
    stage.arrives("A", 40)
    assert stage.at(68) == []
    assert stage.at(68.9) == []
    assert stage.at(69) == [("hourly", 60)], "those that keep coming do not put it off for ever"
    assert stage.at(80) == []


def test_only_windows_that_see_the_rows_are_evaluated_again(stage: Stage) -> None:
    stage.at(305)
    stage.arrives("A", 120)  # just after the window of 120, on the edge: the first row that the one of 180 reads
    stage.arrives("B", 30)
    stage.at(310)
    assert stage.at(313) == [("hourly", 180)]


def test_the_newest_window_goes_first_and_the_oldest_each_minute(tmp_path: Path) -> None:
    with closing(Stage(tmp_path / "ledger", seconds=40)) as stage:
        stage.clock.at += 7 * HOUR + 5 * MINUTE
        while stage.scheduler.step():
            pass
        assert [end // 60 for _, end in stage.evaluated] == [0, 7, 1, 6, 2, 5, 3, 4]


def test_windows_of_a_rule_are_evaluated_together_but_not_one_that_is_fresh(tmp_path: Path) -> None:
    with closing(Stage(tmp_path / "ledger", together=24)) as stage:
        stage.at(29 * 60 + 5)
        assert stage.claimed == [24] * 24 + [1] + [5] * 5


def test_a_pass_takes_no_longer_than_fresh_windows_can_wait(tmp_path: Path) -> None:
    with closing(Stage(tmp_path / "ledger", together=24, seconds=4)) as stage:
        stage.at(47 * 60 + 5)
        assert stage.claimed == [24] * 24 + [1] + [5] * 20 + [3] * 3, "20 seconds, once it is known how long they take"


def test_a_failure_is_tried_again_later_and_later(stage: Stage) -> None:
    stage.scheduler.register([DAILY.rule()])
    stage.failure = Failure("out of memory")
    stage.at(5)
    delays = []
    for _ in range(9):
        due, finished = stage.next_try()
        delays.append((due - finished) // MINUTE)
        stage.clock.at = due - 1
        assert not stage.scheduler.step()
        stage.clock.at = due
        assert stage.scheduler.step()
    assert delays == [1, 2, 4, 8, 16, 32, 60, 60, 60], "and so on, without a last try"
    stage.failure = None
    stage.at(600)
    assert {row["status"] for row in stage.ledger.read("SELECT status FROM window")} == {"done"}


def test_a_lasting_failure_pauses_the_rule_until_its_table_changes(stage: Stage) -> None:
    stage.scheduler.register([HOURLY.rule(), OTHER.rule()])
    stage.failure = Failure("no such column", is_lasting=True)
    stage.at(5)
    stage.failure = None
    assert stage.at(59) == []
    stage.arrives("B", 59)
    assert stage.at(59) == [("other", 0)]
    assert stage.at(65) == [("other", 60)]
    stage.scheduler.register([HOURLY.rule(), OTHER.rule()])
    assert sorted(stage.at(65)) == [("hourly", 0), ("hourly", 60)]


def test_a_clock_that_is_set_back_does_nothing_twice(stage: Stage) -> None:
    assert len(stage.at(245)) == 5
    assert stage.at(65) == []
    assert stage.at(245) == []
    assert stage.at(305) == [("hourly", 300)]


def test_it_sleeps_until_there_is_something_to_do(tmp_path: Path) -> None:
    with closing(Stage(tmp_path / "ledger")) as stage:
        stage.at(5)
        assert stage.scheduler.idle_seconds() == 10, "it looks for new data"
        stage.at(64.95)
        assert stage.scheduler.idle_seconds() == pytest.approx(3)


def test_what_a_dead_worker_held_is_taken_over(stage: Stage) -> None:
    stage.at(5)
    with stage.ledger.transaction() as connection:
        connection.execute("INSERT INTO worker VALUES ('dead', 0)")
        connection.execute("UPDATE window SET status = 'dirty', worker = 'dead', due = 0")
    assert stage.at(6) == [("hourly", 0)]


@pytest.mark.parametrize(("held", "left"), [(0, 60), (60, 0)])
def test_what_a_living_worker_holds_is_left_to_it(stage: Stage, held: int, left: int) -> None:
    """Also when there is another window to evaluate."""
    stage.at(65)
    with stage.ledger.transaction() as connection:
        connection.execute("INSERT INTO worker VALUES (?, 0)", (stage.workers.begin(),))
        connection.execute("UPDATE window SET status = 'dirty', due = 0")
        connection.execute("UPDATE window SET worker = 'worker 2' WHERE hi = ?", (ZERO + held * MINUTE,))
    assert stage.at(66) == [("hourly", left)]
