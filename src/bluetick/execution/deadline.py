"""The end of the time that a run has."""

import threading

from bluetick.engines.protocol import Run


class Deadline:
    """Stops a run after some seconds; what it stopped is told from a user's cancel."""

    def __init__(self, run: Run, seconds: float | None) -> None:
        self.is_over = False
        self._run = run
        self._timer = threading.Timer(seconds, self._end) if seconds is not None else None
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()

    def _end(self) -> None:
        self.is_over = True
        self._run.cancel()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
