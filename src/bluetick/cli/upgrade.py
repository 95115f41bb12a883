"""`bluetick upgrade`: a ledger of an earlier version for this one."""

from pathlib import Path

import click

from bluetick.cli.failures import RAN
from bluetick.detections.ledger.opening import Ledger
from bluetick.diagnostics.errors import SourceError


@click.command()
@click.option("--ledger", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The service's ledger.")
def upgrade(*, ledger: Path) -> int:
    """Bring a service's ledger to the form of this version.

    A copy of it as it was stays beside it. End the service before.
    """
    if not ledger.is_file():
        raise SourceError(f"there is no ledger '{ledger}'; bluetick schedule makes one", str(ledger))
    opened = Ledger(ledger, upgrades=True)
    opened.close()
    if opened.copy is None:
        click.echo(f"{ledger} is of this version; nothing to do")
    else:
        click.echo(f"{ledger} is brought to this version; as it was before it lies in {opened.copy}")
    return RAN
