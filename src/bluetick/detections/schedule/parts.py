"""What the scheduler is given: everything that a simulation must be able to replace."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bluetick.detections.ledger.windows import Change, Failure, Outcome


class Clock(Protocol):
    """The time, and how to let it pass."""

    def now(self) -> datetime:
        """The instant, UTC. It may jump: a machine sleeps, a clock is set."""

    def sleep(self, seconds: float) -> None:
        """Return after so many seconds, or earlier."""


class CommitLog(Protocol):
    """What data there is, as the commits of a lake tell it."""

    def since(self, versions: Mapping[str, int]) -> Iterable[Change]:
        """The commits that brought rows behind these versions of tables, in order; all commits of other tables.
        Rewriting rows brings none."""


class Evaluator(Protocol):
    """Says what a rule finds in windows."""

    def evaluate(self, document: str, ends: Sequence[datetime]) -> Iterator[Outcome | Failure]:
        """An outcome a window, in order. A failure ends it: it is of all windows without an outcome."""


class Workers(Protocol):
    """Which workers of a ledger are alive."""

    def begin(self) -> str:
        """A name for this worker, which is alive from now on."""

    def is_alive(self, worker: str) -> bool: ...

    def end(self, worker: str) -> None:
        """It has left."""
