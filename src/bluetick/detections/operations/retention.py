"""Retention beside a service: its ledger's old records are folded, a little each hour."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.retention import Keep, fold, forget_runs
from bluetick.detections.ledger.times import to_micros
from bluetick.detections.schedule.parts import Clock

_HOUR: Final = 3_600_000_000
# Rules in one transaction, so that other workers need not wait long.
_TOGETHER: Final = 50


class Retention:
    """Keeps a ledger as large as it needs to be."""

    def __init__(self, ledger: Ledger, clock: Clock, keep: Keep) -> None:
        self._ledger = ledger
        self._clock = clock
        self._keep = keep
        self._last: int | None = None

    def step(self) -> None:
        """Fold what is due to be folded; nothing within an hour of the last time. To be called when commits have just
        been followed: what they touch is then known not to be done."""
        now = to_micros(self._clock.now())
        if self._last is not None and 0 <= now - self._last < _HOUR:
            return
        rules = iter([row["id"] for row in self._ledger.read("SELECT id FROM rule ORDER BY id")])
        for some in _groups(rules):
            with self._ledger.transaction() as connection:
                fold(connection, some, now, self._keep)
        while self._forget_runs(now):
            pass
        self._last = now

    def _forget_runs(self, now: int) -> bool:
        with self._ledger.transaction() as connection:
            return forget_runs(connection, now, self._keep)


def _groups(rules: Iterator[str]) -> Iterator[Sequence[str]]:
    while some := list(islice(rules, _TOGETHER)):
        yield some
