"""Clocks of a real service."""

import threading
from datetime import UTC, datetime


class SystemClock:
    """The machine's. `interrupted` ends a sleep."""

    def __init__(self, interrupted: threading.Event) -> None:
        self._interrupted = interrupted

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        self._interrupted.wait(seconds)


class StoppedClock(SystemClock):
    """Always the same instant; only sleeping takes time."""

    def __init__(self, instant: datetime, interrupted: threading.Event) -> None:
        super().__init__(interrupted)
        self._instant = instant

    def now(self) -> datetime:
        return self._instant
