"""The outputs of `bluetick schedule`: standard output, a file, and what a document names."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from bluetick.cli.alerts import message_line
from bluetick.cli.failures import say
from bluetick.cli.writing import compact
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.outbox import Message
from bluetick.detections.outputs.lines import LinesFile
from bluetick.detections.schedule.delivery import Deliveries, Destination
from bluetick.detections.schedule.holding import OutputLocks
from bluetick.detections.schedule.parts import Clock

STANDARD_OUTPUT: Final = "stdout"
# What is due when the service is told to end is sent for so long; the rest when it starts again.
_LAST_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the command line says: how lines look on standard output, a file of them, a document of outputs."""

    form: str
    alerts: Path | None = None
    document: Path | None = None

    def destinations(self) -> list[Destination]:
        found = [Destination(STANDARD_OUTPUT, _Printed(self.form))]
        if self.alerts is not None:
            found.append(Destination(f"file:{self.alerts.resolve()}", LinesFile(self.alerts)))
        return found


@contextmanager
def delivering(
    path: Path, outputs: Outputs, clock: Clock, is_over: Callable[[], bool], *, once: bool
) -> Iterator[Deliveries]:
    """Messages go out beside what is done in the block; what is due at its end, before this ends."""
    locks = OutputLocks(path.with_name(f"{path.name}.workers"))
    deliveries = Deliveries(Ledger(path), outputs.destinations(), locks, clock, say)
    try:
        yield deliveries
    finally:
        deliveries.close(None if once else _LAST_SECONDS, is_over)


class _Printed:
    """Messages on standard output."""

    def __init__(self, form: str) -> None:
        self._form = form

    def send(self, message: Message) -> None:
        click.echo(compact(message.to_json()) if self._form == "json" else message_line(message))
