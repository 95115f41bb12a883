"""`bluetick alerts outputs`: how far each output of the service is, and what it refused."""

from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from bluetick.cli.failures import RAN
from bluetick.cli.grid import visible
from bluetick.cli.page import new_console
from bluetick.cli.writing import compact
from bluetick.detections.ledger.deliveries import OutputHealth, Refused, output_health, refused, resend
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_moment
from bluetick.diagnostics.errors import SourceError

_MOST = 1_000


@click.command("outputs")
@click.option("--ledger", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The service's ledger.")
@click.option("--retry", metavar="NAME", help="Have an output sent again what it refused, and try it at once.")
@click.option("--format", "form", type=click.Choice(("table", "json")), default="table", show_default=True)
def alert_outputs(*, ledger: Path, retry: str | None, form: str) -> int:
    """How far each output is: what it is owed, and what it refused for good."""
    if not ledger.is_file():
        raise SourceError(f"there is no ledger '{ledger}'; bluetick schedule makes one", str(ledger))
    with closing(Ledger(ledger)) as kept:
        if retry is not None:
            count = resend(kept, retry)
            click.echo(f"{count} message{'' if count == 1 else 's'} will be sent to {retry} again", err=True)
        found, aside = output_health(kept), refused(kept, _MOST)
    if form == "json":
        for one in found:
            told = [_refused_json(each) for each in aside if each.output == one.name]
            click.echo(compact({**_times(one), "refused": told}))
        return RAN
    _print(found, aside)
    return RAN


def _times(one: OutputHealth) -> dict[str, object]:
    return {**asdict(one), "last": _time(one.last), "since": _time(one.since), "due": _time(one.due or None)}


def _refused_json(one: Refused) -> dict[str, str]:
    return {"message": one.message, "event": one.event, "reason": one.reason}


def _print(found: list[OutputHealth], aside: list[Refused]) -> None:
    console = new_console()
    table = Table(box=None, header_style="bold")
    for name in ("output", "sent", "last", "owed", "since", "refused", "error"):
        table.add_column(name)
    for one in found:
        cells = (one.name, f"{one.sent:,}", _time(one.last), f"{one.owed:,}", _time(one.since), f"{one.aside:,}")
        table.add_row(*(Text(visible(cell)) for cell in (*cells, one.error)))
    console.print(table)
    for each in aside:
        console.print(Text(visible(f"{each.output} refuses {each.message} ({each.event}): {each.reason}")))


def _time(micros: int | None) -> str:
    return "" if micros is None else f"{to_moment(micros):%Y-%m-%d %H:%M:%S}"
