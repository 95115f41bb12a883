"""`bluetick outputs`: a document of outputs, checked and tried."""

import json
import threading
from pathlib import Path
from typing import Final

import click

from bluetick.cli.failures import FAILED, RAN
from bluetick.cli.grid import visible
from bluetick.cli.service_outputs import outside
from bluetick.detections.ledger.outbox import Message
from bluetick.detections.ledger.times import to_micros
from bluetick.detections.outputs.document import read_outputs
from bluetick.detections.schedule.clocks import SystemClock
from bluetick.detections.schedule.delivery import Destination, NotTaken

_CONTENT: Final = {
    "rule": "bluetick.test",
    "name": "A test message of bluetick",
    "description": "Somebody ran 'bluetick outputs test'. Nothing was found.",
    "severity": "Informational",
    "tactics": [],
    "techniques": [],
    "entities": [],
    "custom_details": {},
    "row_count": 1,
    "columns": ["Message"],
    "rows": [["test"]],
}
_document = click.argument("document", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))


@click.group()
def outputs() -> None:
    """Where alerts go: the document that `bluetick schedule --outputs` reads. See docs/outputs.md."""


@outputs.command()
@_document
def check(*, document: Path) -> int:
    """Read a document with all that it refers to; send nothing."""
    found = read_outputs(document, outside(_clock()))
    click.echo(f"{document}: {len(found)} output{'' if len(found) == 1 else 's'}, nothing wrong")
    return RAN


@outputs.command()
@_document
@click.option("--only", metavar="NAME", help="One output only.")
def test(*, document: Path, only: str | None) -> int:
    """Send a test message to each output, whatever it selects, and say what came back."""
    clock = _clock()
    found = [one for one in read_outputs(document, outside(clock)) if only in (None, one.name)]
    if not found:
        raise click.UsageError(f"there is no output '{only}'")
    now = to_micros(clock.now())
    message = Message(0, f"test{now}", "test", 0, json.dumps(_CONTENT), now)
    failed = 0
    for one in found:
        taken, words = _try(one, message)
        failed += not taken
        click.echo(visible(f"{one.name}: {'taken' if taken else 'NOT TAKEN'}{words and ', '}{words}"))
    return FAILED if failed else RAN


def _try(destination: Destination, message: Message) -> tuple[bool, str]:
    """Whether an output took a message, and what it said."""
    try:
        return True, destination.output.send(message) or ""
    except NotTaken as error:
        return False, str(error)
    except OSError as error:
        return False, (error.strerror or type(error).__name__).lower()


def _clock() -> SystemClock:
    return SystemClock(threading.Event())
