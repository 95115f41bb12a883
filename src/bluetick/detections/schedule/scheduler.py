"""One worker of the service: follows the data, opens windows that are due, evaluates them, writes down what came out.

Whatever it does between two transactions may be lost with the process; what it does in one is in the ledger whole or
not at all. So there is no window that is neither evaluated nor known to be open, and no alert twice.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Final

from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.rules import Rule, next_due, open_windows, register
from bluetick.detections.ledger.times import length, to_micros, to_moment
from bluetick.detections.ledger.windows import (
    Claim,
    Failure,
    Outcome,
    claim,
    complete,
    dismiss,
    enlist,
    fail,
    follow,
    next_try,
    seen_versions,
)
from bluetick.detections.schedule.parts import Clock, CommitLog, Evaluator, Workers
from bluetick.diagnostics.errors import SourceError

_MOST_CHANGES: Final = 1_000
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How the scheduler goes about it. `settling`: windows whose data changed wait so long for more of it. At most
    `together` windows are evaluated in one pass, and no more than take `passing`, as far as is known. The oldest window
    has its turn after `waiting`. Without work, it looks again after `looking`."""

    settling: timedelta = timedelta(minutes=2)
    together: int = 24
    passing: timedelta = timedelta(seconds=20)
    waiting: timedelta = timedelta(minutes=1)
    looking: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All that is outside of the scheduler and its ledger."""

    clock: Clock
    commits: CommitLog
    evaluator: Evaluator
    workers: Workers
    report: Callable[[Claim, Outcome | Failure], None] = lambda claimed, said: None


class Scheduler:
    """A worker over a ledger. Several may share one, in several processes of one machine."""

    def __init__(self, ledger: Ledger, around: Surroundings, pace: Pace | None = None) -> None:
        self._ledger = ledger
        self._around = around
        self._pace = pace or Pace()
        self._seconds: dict[str, float] = {}  # that a window of a rule took in its last pass
        self._oldest_at = self._now()
        self._name = around.workers.begin()
        with ledger.transaction() as connection:
            enlist(connection, self._name, self._now())

    def register(self, rules: Sequence[Rule]) -> None:
        """Take these rules in, or their new versions; all others are retired."""
        with self._ledger.transaction() as connection:
            register(connection, rules)

    def drain(self, is_over: Callable[[], bool], between: Callable[[], None]) -> None:
        """Work until it is over or nothing is due, with `between` after each round."""
        while not is_over() and self.step():
            between()

    def run(self, is_over: Callable[[], bool], between: Callable[[], None]) -> None:
        """Work until it is over, with `between` after each round. A disk that is full, or a ledger or a lake that
        cannot be read, is waited for."""
        while not is_over():
            try:
                pause = 0.0 if self.step() else self.idle_seconds()
                between()
            except SourceError as error:
                _LOG.warning("the service waits: %s", error)
                pause = self._pace.looking.total_seconds()
            if pause and not is_over():
                self._around.clock.sleep(pause)

    def step(self) -> bool:
        """One round; False where there was nothing to evaluate."""
        self._take_over()
        self._follow()
        self._open()
        claimed = self._claim()
        if claimed is None:
            return False
        self._evaluate(claimed)
        return True

    def idle_seconds(self) -> float:
        """How long there is nothing to do, as far as is known."""
        moments = (next_due(self._ledger), next_try(self._ledger, self._name))
        waits = [(moment - self._now()) / 1e6 for moment in moments if moment is not None]
        return max(0.0, min([self._pace.looking.total_seconds(), *waits]))

    def close(self) -> None:
        """Leave; what was claimed is free."""
        with self._ledger.transaction() as connection:
            dismiss(connection, self._name)
        self._around.workers.end(self._name)

    def _take_over(self) -> None:
        """Free what workers held that have ended."""
        others = self._ledger.read("SELECT id FROM worker WHERE id <> ?", (self._name,))
        gone = [row["id"] for row in others if not self._around.workers.is_alive(row["id"])]
        if gone:
            with self._ledger.transaction() as connection:
                for worker in gone:
                    dismiss(connection, worker)

    def _follow(self) -> None:
        changes = iter(self._around.commits.since(seen_versions(self._ledger)))
        while some := list(islice(changes, _MOST_CHANGES)):
            with self._ledger.transaction() as connection:
                late = follow(connection, some, self._now() + length(self._pace.settling))
            for rows in late:
                _LOG.warning("%s", rows)

    def _open(self) -> None:
        while (due := next_due(self._ledger)) is not None and due <= self._now():
            with self._ledger.transaction() as connection:
                open_windows(connection, self._now())

    def _claim(self) -> Claim | None:
        due = next_try(self._ledger, self._name)
        if due is None or due > self._now():
            return None
        now = self._now()
        is_oldest = abs(now - self._oldest_at) >= length(self._pace.waiting)
        if is_oldest:
            self._oldest_at = now
        with self._ledger.transaction() as connection:
            dismiss(connection, self._name)  # what a round that failed still held is free
            enlist(connection, self._name, now)
            return claim(connection, self._name, now, self._most, is_oldest=is_oldest)

    def _most(self, rule: str) -> int:
        """So many windows of a rule in one pass: a pass that takes long keeps fresh windows waiting."""
        seconds = self._seconds.get(rule, 0.0)
        fitting = self._pace.together if not seconds else int(self._pace.passing.total_seconds() / seconds)
        return max(1, min(self._pace.together, fitting))

    def _evaluate(self, claimed: Claim) -> None:
        claimed_at = begun = self._now()
        for said in self._said(claimed):
            with self._ledger.transaction() as connection:
                times = (begun, self._now())
                if isinstance(said, Failure):
                    fail(connection, self._name, claimed, said, times)
                else:
                    complete(connection, self._name, claimed, said, times)
            begun = times[1]  # of the next window
            self._around.report(claimed, said)
        self._seconds[claimed.rule] = max(0, self._now() - claimed_at) / 1e6 / len(claimed.windows)

    def _said(self, claimed: Claim) -> Iterator[Outcome | Failure]:
        """What the evaluator says, and a failure for windows of which it says nothing."""
        ends = [to_moment(hi) for hi in claimed.windows]
        answers = self._around.evaluator.evaluate(claimed.document, ends)
        count = 0
        try:
            for said in answers:
                count += 1
                yield said
                if isinstance(said, Failure):
                    return
        except Exception as error:  # a fault of ours in one rule does not keep the others from running
            _LOG.exception("the evaluation of rule %s failed", claimed.rule)
            yield Failure(f"{type(error).__name__}: {error}")
            return
        if count < len(ends):
            yield Failure("the evaluation ended early")

    def _now(self) -> int:
        return to_micros(self._around.clock.now())
