"""Sends what is owed, to each output at its own pace: one that is slow or dead holds up no other, and no window."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Final, Protocol

from bluetick.detections.ledger.deliveries import (
    back_off,
    known_outputs,
    next_delivery,
    owed,
    passed_over,
    put_off,
    register_outputs,
    set_aside,
    taken,
)
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.outbox import Message
from bluetick.detections.ledger.times import to_micros
from bluetick.detections.schedule.parts import Clock
from bluetick.diagnostics.errors import SourceError

# One message that fails may be what an output stumbles over; two in a row say that it is the output.
_FAILURES: Final = 2
_LOOKING_SECONDS: Final = 5.0
_PAUSE_SECONDS: Final = 0.1
# At the end, what another process is sending is waited for so often.
_LAST_LOOKS: Final = 50
_ENDING_SECONDS: Final = 60.0
_LOG: Final = logging.getLogger(__name__)


class NotTaken(Exception):
    """An output has not taken a message. The reason tells no secret. `is_final`: it would never take it. `seconds`: it
    asks for so much patience."""

    def __init__(self, reason: str, *, is_final: bool = False, seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.is_final = is_final
        self.seconds = seconds


class Output(Protocol):
    """A place to which messages go."""

    def send(self, message: Message) -> str | None:
        """Return when the message is there for good, with what was answered. NotTaken or OSError where it is not; it
        then comes again."""


@dataclass(frozen=True, slots=True)
class Destination:
    """An output as the service knows it. A new one is owed what was told from `since` on (microseconds), else what
    comes. It gets the messages that it `wants`."""

    name: str
    output: Output
    wants: Callable[[Message], bool] = lambda message: True
    since: int | None = None


class Locks(Protocol):
    """Which process sends to an output."""

    def take(self, output: str) -> bool: ...

    def release(self, output: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """Sends to one destination, from one thread at a time. In between it can be told that it `is_over`."""

    ledger: Ledger
    destination: Destination
    clock: Clock
    report: Callable[[str], None]

    def round(self, is_over: Callable[[], bool] = lambda: False) -> int | None:
        """Send all that is due, the oldest first; of what is about the same, nothing before what came earlier. Gives
        when something will be due; None where nothing is owed."""
        name = self.destination.name
        due = next_delivery(self.ledger, name)
        if due is None or due > self._now():
            return due
        later: dict[str, int] = {}
        failed: list[tuple[Message, str]] = []
        for message, moment in owed(self.ledger, name):
            if is_over():
                break
            if message.subject in later:
                continue
            if moment > self._now():
                later[message.subject] = moment
            elif not self.destination.wants(message):
                passed_over(self.ledger, name, message)
            elif (error := self._failure(message)) is None:
                self._put_off(failed, later)
            else:
                later[message.subject] = self._now()
                failed.append((message, str(error)))
                if error.seconds or len(failed) == _FAILURES:
                    return self._back_off(failed, error.seconds)
        return self._back_off(failed, 0.0) if failed else min(later.values(), default=None)

    def _failure(self, message: Message) -> NotTaken | None:
        """Send it; why it is to be tried again, where it is."""
        try:
            self._send(message)
        except NotTaken as error:
            return error
        except OSError as error:
            place = "" if error.filename is None else f" ({error.filename})"
            return NotTaken((error.strerror or type(error).__name__).lower() + place)
        except SourceError:  # it was sent, and the ledger cannot take that down
            raise
        except Exception as error:  # a fault of ours in one output does not keep the others from sending
            _LOG.exception("the output %s failed", self.destination.name)
            return NotTaken(f"a fault of bluetick's own: {type(error).__name__}")
        return None

    def _send(self, message: Message) -> None:
        name = self.destination.name
        try:
            self.destination.output.send(message)
        except NotTaken as error:
            if not error.is_final:
                raise
            set_aside(self.ledger, name, message, str(error))
            self.report(f"the output {name} refuses {message.name}, which is put aside: {error}")
        else:
            taken(self.ledger, name, message, self._now())

    def _put_off(self, failed: list[tuple[Message, str]], later: dict[str, int]) -> None:
        """The output lives: what failed before was for reasons of its own."""
        for message, reason in failed:
            later[message.subject] = put_off(self.ledger, self.destination.name, message, reason, self._now())
            self.report(f"the output {self.destination.name} did not take {message.name}: {reason}")
        failed.clear()

    def _back_off(self, failed: Sequence[tuple[Message, str]], seconds: float) -> int | None:
        message, reason = failed[-1]
        back_off(self.ledger, self.destination.name, reason, self._now(), int(seconds * 1e6))
        self.report(f"the output {self.destination.name} did not take {message.name}: {reason}")
        return next_delivery(self.ledger, self.destination.name)

    def _now(self) -> int:
        return to_micros(self.clock.now())


class Deliveries:
    """Sends to destinations, each in a thread of its own, over a connection to the ledger that nobody else uses.

    Of several processes on a ledger, one at a time sends to an output; another takes over when that one ends.
    """

    def __init__(
        self,
        ledger: Ledger,
        destinations: Sequence[Destination],
        locks: Locks,
        clock: Clock,
        report: Callable[[str], None],
    ) -> None:
        self._ledger = ledger
        self._locks = locks
        self._report = report
        self._deliveries = {one.name: Delivery(ledger, one, clock, report) for one in destinations}
        self._clock = clock
        self._wakes = {name: threading.Event() for name in self._deliveries}
        self._is_ending = threading.Event()
        self._is_over = threading.Event()
        self._register({one.name: one.since for one in destinations})
        self._threads = ThreadPoolExecutor(max(1, len(self._deliveries)), "output")
        self._running: list[Future[None]] = [self._threads.submit(self._deliver, name) for name in self._deliveries]

    def wake(self) -> None:
        """There may be something to send."""
        for event in self._wakes.values():
            event.set()

    def close(self, seconds: float | None, is_over: Callable[[], bool] = lambda: False) -> None:
        """Send what is due, for at most so many seconds (None: until it is sent or `is_over`), and end. What is not
        sent by then is owed to the next process."""
        self._is_ending.set()
        self.wake()
        if seconds is None:
            while wait(self._running, timeout=0.2).not_done and not is_over():
                pass
        else:
            wait(self._running, timeout=seconds)
        self._is_over.set()
        if wait(self._running, timeout=_ENDING_SECONDS).not_done:
            self._report("an output does not answer; what it has not taken is sent by the next service")
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._ledger.close()

    def _register(self, since: Mapping[str, int | None]) -> None:
        """Tell the ledger of the outputs; those that no process has any more are dropped, aloud."""
        for name in since:
            self._locks.take(name)
        others = known_outputs(self._ledger) - since.keys()
        free = {name for name in others if self._locks.take(name)}
        with self._ledger.transaction() as connection:
            dropped = register_outputs(connection, since, others - free)
        for name in free:
            self._locks.release(name)
        for name, count in dropped.items():
            self._report(f"there is no output {name} any more: {count} messages that it was owed are dropped")

    def _deliver(self, name: str) -> None:
        wake = self._wakes[name]
        patience = _LAST_LOOKS
        try:
            while not self._is_over.is_set():
                is_last = self._is_ending.is_set()
                wake.clear()
                idle = self._round(name)
                if is_last and (idle > 0 or patience == 0):
                    return
                patience -= is_last
                wake.wait(min(max(idle, _PAUSE_SECONDS), _LOOKING_SECONDS))
        finally:
            self._locks.release(name)

    def _round(self, name: str) -> float:
        """Send what is due; after how many seconds there will be more to do; 0 where another process is at it."""
        try:
            if self._locks.take(name):
                self._know(name)
                due = self._deliveries[name].round(self._is_over.is_set)
            elif (due := next_delivery(self._ledger, name)) is not None and due <= self._now():
                return 0.0
        except SourceError as error:
            _LOG.warning("the output %s waits: %s", name, error)
            return _LOOKING_SECONDS
        except Exception:  # nothing may end an output's thread unseen
            _LOG.exception("the delivery to %s failed", name)
            return _LOOKING_SECONDS
        return _LOOKING_SECONDS if due is None else max(_PAUSE_SECONDS, (due - self._now()) / 1e6)

    def _know(self, name: str) -> None:
        """One that another service dropped, while nobody sent to it, is known again."""
        known = known_outputs(self._ledger)
        if name not in known:
            with self._ledger.transaction() as connection:
                register_outputs(connection, {name: self._deliveries[name].destination.since}, known)

    def _now(self) -> int:
        return to_micros(self._clock.now())
