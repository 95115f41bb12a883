"""`bluetick ingest --follow`: a watch until a signal ends it, and a line of status on a terminal."""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console

from bluetick.cli.failures import say
from bluetick.ingest.batches import Tally
from bluetick.ingest.following import Rhythm, Status, Watch
from bluetick.ingest.running import Options

_ENDING = (signal.SIGINT, signal.SIGTERM)


def follow(paths: Sequence[Path], lake: Path, options: Options, rhythm: Rhythm) -> Tally:
    """Follows the paths until SIGINT or SIGTERM; what was read by then is stored."""
    stop = threading.Event()
    with _ended_by_signals(stop), _status() as show:
        return Watch(paths, lake, options, rhythm, say, show).run(stop)


@contextmanager
def _ended_by_signals(stop: threading.Event) -> Iterator[None]:
    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, end) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _status() -> Iterator[Callable[[Status], None]]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    started = time.monotonic()
    with console.status("following") as line:

        def show(status: Status) -> None:
            rate = status.records / max(time.monotonic() - started, 1.0)
            behind = f"{status.waiting:,} bytes behind" if status.waiting else "up to date"
            line.update(f"{status.files:,} files, {status.records:,} records stored, {rate:,.0f}/s, {behind}")

        yield show
