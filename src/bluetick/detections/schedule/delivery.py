"""Sends what is owed, to each output at its own pace: one that is slow or dead holds up no other, and no window."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Final, Protocol

from bluetick.detections.ledger.deliveries import (
    back_off,
    known_outputs,
    next_delivery,
    owed,
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
# What was taken is written down together, at most so much of it, and so long after the first.
_TOGETHER: Final = 100
_TOGETHER_MICROS: Final = 250_000
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
        due = next_delivery(self.ledger, self.destination.name)
        if due is None or due > to_micros(self.clock.now()):
            return due
        going = _Round(self)
        try:
            return going.send_all(is_over)
        finally:
            going.write_down()


@dataclass(slots=True)
class _Round:
    """What came of the messages so far. `taken` and `unwanted` are not written down yet: a transaction for each would
    keep the scheduler waiting. `later`: when subjects that wait are due."""

    of: Delivery
    taken: list[Message] = field(default_factory=list)
    unwanted: list[Message] = field(default_factory=list)
    since: int = 0
    failed: list[tuple[Message, str]] = field(default_factory=list)
    later: dict[str, int] = field(default_factory=dict)

    def send_all(self, is_over: Callable[[], bool]) -> int | None:
        for message, moment in owed(self.of.ledger, self._name):
            if is_over():
                break
            if message.subject in self.later:
                continue
            if moment > self._now():
                self.later[message.subject] = moment
            elif not self.of.destination.wants(message):
                self._settle(message, self.unwanted)
            elif (error := self._failure(message)) is not None:
                self.later[message.subject] = self._now()
                self.failed.append((message, str(error)))
                if error.seconds or len(self.failed) == _FAILURES:
                    return self._back_off(error.seconds)
            else:
                self._put_off()
        return self._back_off(0.0) if self.failed else min(self.later.values(), default=None)

    def write_down(self) -> None:
        """What was settled is in the ledger."""
        if self.taken or self.unwanted:
            taken(self.of.ledger, self._name, self.taken, self._now(), self.unwanted)
            self.taken.clear()
            self.unwanted.clear()

    def _failure(self, message: Message) -> NotTaken | None:
        """Send it; why it is to be tried again, where it is."""
        try:
            self.of.destination.output.send(message)
        except NotTaken as error:
            if not error.is_final:
                return error
            set_aside(self.of.ledger, self._name, message, str(error))
            self.of.report(f"the output {self._name} refuses {message.name}, which is put aside: {error}")
        except OSError as error:
            place = "" if error.filename is None else f" ({error.filename})"
            return NotTaken((error.strerror or type(error).__name__).lower() + place)
        except Exception as error:  # a fault of ours in one output does not keep the others from sending
            _LOG.exception("the output %s failed", self._name)
            return NotTaken(f"a fault of bluetick's own: {type(error).__name__}")
        else:
            self._settle(message, self.taken)
        return None

    def _settle(self, message: Message, among: list[Message]) -> None:
        now = self._now()
        self.since = self.since if self.taken or self.unwanted else now
        among.append(message)
        if len(self.taken) + len(self.unwanted) == _TOGETHER or not 0 <= now - self.since < _TOGETHER_MICROS:
            self.write_down()

    def _put_off(self) -> None:
        """The output lives: what failed before was for reasons of its own."""
        for message, reason in self.failed:
            self.later[message.subject] = put_off(self.of.ledger, self._name, message, reason, self._now())
            self.of.report(f"the output {self._name} did not take {message.name}: {reason}")
        self.failed.clear()

    def _back_off(self, seconds: float) -> int | None:
        self.write_down()
        message, reason = self.failed[-1]
        back_off(self.of.ledger, self._name, reason, self._now(), int(seconds * 1e6))
        self.of.report(f"the output {self._name} did not take {message.name}: {reason}")
        return next_delivery(self.of.ledger, self._name)

    @property
    def _name(self) -> str:
        return self.of.destination.name

    def _now(self) -> int:
        return to_micros(self.of.clock.now())


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
