"""The service watches over itself: it assesses every minute, tells of what begins and ends, and gives signs of life."""

import logging
import os
import tempfile
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from sqlite3 import Connection
from typing import Final, Protocol

from bluetick.detections.health.assessing import assess
from bluetick.detections.health.conditions import HEALTH_RULE, Condition
from bluetick.detections.health.facts import Facts
from bluetick.detections.ledger.conditions import Found, Turn, beat, note_conditions
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_micros
from bluetick.detections.publishing.health import HealthRow, note_health
from bluetick.detections.schedule.parts import Clock
from bluetick.diagnostics.errors import BluetickError

_EVERY: Final = timedelta(minutes=1)
_LOG: Final = logging.getLogger(__name__)


class Gatherer(Protocol):
    """Gives the facts of an instant."""

    def facts(self, now: datetime) -> Facts: ...


class Watch:
    """Assesses, and writes down what it finds. Called between rounds of the scheduler."""

    def __init__(self, ledger: Ledger, gathering: Gatherer, clock: Clock) -> None:
        self._ledger = ledger
        self._gathering = gathering
        self._clock = clock
        self._last: datetime | None = None
        self.latest: tuple[Facts, datetime] | None = None

    def turn(self) -> bool:
        """Assess, if it is time; whether it was. What cannot be read now is looked at again in a minute."""
        now = self._clock.now()
        if self._last is not None and self._last <= now < self._last + _EVERY:
            return False
        self._last = now
        try:
            facts = self._gathering.facts(now)
            note_conditions(self._ledger, map(_found, assess(facts, now)), to_micros(now), _note)
            self.latest = (facts, now)
        except (BluetickError, OSError) as error:
            _LOG.warning("the service could not be assessed: %s", error)
        except Exception:  # a fault of ours here does not keep windows from being evaluated
            _LOG.exception("the assessment of the service failed")
        return True


def _found(condition: Condition) -> Found:
    return Found(HEALTH_RULE, condition.code.value, condition.subject, condition.content())


def _note(connection: Connection, turn: Turn) -> None:
    """A row of the table of health."""
    what = turn.content["description"]
    row = HealthRow(
        time=turn.time,
        operation="Detection service health",
        resource_id=f"{turn.code} {turn.subject}".strip(),
        resource=turn.content["name"],
        status="Failure" if turn.has_begun else "Success",
        description=what if turn.has_begun else f"It has passed: {what}",
        record=f"{turn.alert}-{'begun' if turn.has_begun else 'ended'}",
        reason=turn.code if turn.has_begun else "",
        resource_type="Detection service",
        properties=turn.content["custom_details"],
    )
    note_health(connection, row)


class Pulse:
    """Gives signs of life, as long as the service's own work moves on: one that hangs is as good as dead."""

    def __init__(self, ledger: Ledger, clock: Clock, file: Path | None, *, hangs_after: float) -> None:
        self._ledger = ledger
        self._clock = clock
        self._file = file
        self._hangs_after = timedelta(seconds=hangs_after)
        self._moved = clock.now()

    def move(self) -> None:
        """The work has moved on."""
        self._moved = self._clock.now()

    @property
    def is_alive(self) -> bool:
        """A clock that was set does not make a service dead for longer than until its next move."""
        return abs(self._clock.now() - self._moved) <= self._hangs_after

    def beat(self) -> None:
        """Give a sign, unless the work hangs. It cannot be written: then there is none."""
        if not self.is_alive:
            return
        now = self._clock.now()
        try:
            beat(self._ledger, to_micros(now))
            if self._file is not None:
                _replace(self._file, f"{now.isoformat().replace('+00:00', 'Z')}\n")
        except (BluetickError, OSError) as error:
            _LOG.warning("the sign of life could not be written: %s", error)


def _replace(path: Path, text: str) -> None:
    """Whoever reads the file finds the one text or the other."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


class Ticking:
    """A thread that does something every so many seconds, first at once, until it is ended."""

    def __init__(self, name: str, seconds: float, do: Callable[[], None]) -> None:
        self._seconds = seconds
        self._do = do
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                self._do()
            except Exception:  # nothing may end the thread unseen
                _LOG.exception("%s failed", self._thread.name)
            if self._is_over.wait(self._seconds):
                return
