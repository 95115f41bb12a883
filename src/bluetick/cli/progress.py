"""A bar on standard error for commands that look at many things one after another."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_PATIENCE = 1.0  # seconds without a bar


@contextmanager
def progress_of(total: int, what: str, unit: str = "documents") -> Iterator[Iterator[None]]:
    """A bar that `next` moves by one, on a terminal and where there is time to look at it."""
    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TextColumn(unit), TimeRemainingColumn())
    bar = Progress(*columns, console=console, transient=True)
    task = bar.add_task("", total=total)
    begun = monotonic()
    is_shown = False

    def moves() -> Iterator[None]:
        nonlocal is_shown
        while True:
            bar.advance(task)
            if not is_shown and console.is_terminal and monotonic() - begun > _PATIENCE:
                bar.start()
                is_shown = True
            yield

    try:
        yield moves()
    finally:
        if is_shown:
            bar.stop()
