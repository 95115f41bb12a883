"""The outputs of `bluetick schedule`: standard output, a file, and what a document names."""

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from bluetick.cli.alerts import message_line
from bluetick.cli.failures import say
from bluetick.cli.writing import compact
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.outbox import Message
from bluetick.detections.outputs.document import Outside, read_outputs
from bluetick.detections.outputs.lines import LinesFile
from bluetick.detections.outputs.posting import Web
from bluetick.detections.schedule.delivery import Deliveries, Destination
from bluetick.detections.schedule.holding import OutputLocks
from bluetick.detections.schedule.parts import Clock

STANDARD_OUTPUT: Final = "stdout"
# What is due when the service is told to end is sent for so long; the rest when it starts again.
_LAST_SECONDS: Final = 10.0


def destinations(form: str, alerts: Path | None, document: Path | None, clock: Clock) -> list[Destination]:
    """Where messages go, as the command line says: lines on standard output, a file of them, a document of outputs."""
    found = [Destination(STANDARD_OUTPUT, _Printed(form))]
    if alerts is not None:
        found.append(Destination(f"file:{alerts.resolve()}", LinesFile(alerts)))
    if document is not None:
        found += read_outputs(document, outside(clock))
    return found


def outside(clock: Clock) -> Outside:
    """What outputs use of this machine."""
    return Outside(Web(clock), socket.gethostname(), os.environ)


@contextmanager
def delivering(
    path: Path, outputs: Sequence[Destination], clock: Clock, is_over: Callable[[], bool], *, once: bool
) -> Iterator[Deliveries]:
    """Messages go out beside what is done in the block; what is due at its end, before this ends."""
    locks = OutputLocks(path.with_name(f"{path.name}.workers"))
    deliveries = Deliveries(Ledger(path), outputs, locks, clock, say)
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
