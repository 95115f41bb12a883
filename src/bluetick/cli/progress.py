"""A bar on standard error for commands that look at many things one after another; and for programs that run these, a
file that says how far they are."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_PATIENCE = 1.0  # seconds without a bar
_PROGRESS = "BLUETICK_PROGRESS"
_BETWEEN = 0.2  # seconds from one note to the next


@contextmanager
def progress_of(total: int, what: str, unit: str = "documents") -> Iterator[Iterator[None]]:
    """A bar that `next` moves by one, on a terminal and where there is time to look at it."""
    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TextColumn(unit), TimeRemainingColumn())
    bar = Progress(*columns, console=console, transient=True)
    task = bar.add_task("", total=total)
    begun = monotonic()
    is_shown = False
    note = _note_of(total)

    def moves() -> Iterator[None]:
        nonlocal is_shown
        while True:
            bar.advance(task)
            next(note)
            if not is_shown and console.is_terminal and monotonic() - begun > _PATIENCE:
                bar.start()
                is_shown = True
            yield

    try:
        yield moves()
    finally:
        if is_shown:
            bar.stop()


def _note_of(total: int) -> Iterator[None]:
    """Writes `DONE/TOTAL` into the file that the environment names, when it is moved by one."""
    file, done, said = os.environ.get(_PROGRESS), 0, 0.0
    while True:
        done += 1
        if file is not None and (done == total or monotonic() - said >= _BETWEEN):
            said = monotonic()
            with suppress(OSError):
                Path(file).write_text(f"{done}/{total}", "ascii")
        yield
