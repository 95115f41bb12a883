"""The tables that `bluetick schedule` writes."""

from pathlib import Path

from bluetick.cli.failures import say
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.model import Detection
from bluetick.detections.publishing.publisher import LakeTables, Publisher, Unpublished, make_tables
from bluetick.detections.schedule.parts import Clock
from bluetick.detections.schedule.rules import stored

ServiceTables = Publisher | Unpublished


def make_ready(lake: Path) -> None:
    """Make the tables in a lake that is there."""
    if lake.is_dir():
        make_tables(LakeTables(lake))


def service_tables(ledger: Ledger, lake: Path | None, clock: Clock) -> ServiceTables:
    """What writes to the tables of a lake; without one, nothing is written, nor kept to be written later."""
    if lake is None:
        return Unpublished(ledger)
    return Publisher(ledger, LakeTables(lake), _detection, clock.now, say)


def _detection(document: str) -> Detection:
    return stored(document).detection
