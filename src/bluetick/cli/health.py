"""`bluetick health`: whether a detection service and its data are well."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from bluetick.cli.failures import FAILED, RAN
from bluetick.cli.grid import visible
from bluetick.cli.options import DataOptions, DurationType, Moment, MomentType, data_options
from bluetick.cli.page import new_console
from bluetick.cli.writing import compact
from bluetick.detections.health.assessing import assess
from bluetick.detections.health.conditions import Condition
from bluetick.detections.health.gathering import Gathering, Places
from bluetick.detections.ledger.opening import Ledger, ledger_beside
from bluetick.diagnostics.errors import SourceError

# So many commits of a table are read at most.
_MOST_COMMITS = 5_000
_NAMED = 5


@click.command()
@data_options
@click.option("--ledger", type=click.Path(path_type=Path, dir_okay=False), help="Default: LAKE.ledger beside the lake.")
@click.option("--now", type=MomentType(), metavar="ISO", help="As if it were this instant.")
@click.option(
    "--alive-within",
    type=DurationType(),
    default="3m",
    show_default=True,
    help="The service is dead when its last sign of life is older.",
)
@click.option("--format", "form", type=click.Choice(("table", "json")), default="table", show_default=True)
def health(*, data: DataOptions, ledger: Path | None, now: Moment, alive_within: timedelta, form: str) -> int:
    """Whether a detection service and its data are well; the exit code is 1 if something is wrong.

    Asks whether the service lives, rules are evaluated in time, tables and columns still get their data, records are
    read, disks have room, and alerts are delivered. See docs/health.md.
    """
    if data.lake is None:
        raise click.UsageError("health needs a lake: --lake DIR")
    if now == "newest":
        raise click.UsageError("--now is an instant")
    path = ledger or ledger_beside(data.lake)
    if not path.is_file():
        raise SourceError(f"there is no ledger '{path}'; bluetick schedule makes one", str(path))
    moment = now or datetime.now(UTC)
    kept = Ledger(path)
    try:
        with data.open(is_quiet=True) as session:
            gathering = Gathering(kept, lambda: session, Places(data.lake, path), at_once=_MOST_COMMITS)
            found = assess(gathering.facts(moment, alive_within), moment)
    finally:
        kept.close()
    if form == "json":
        for condition in found:
            click.echo(compact(condition.to_json()))
    else:
        _print(new_console(), found)
    return FAILED if found else RAN


def _print(console: Console, found: list[Condition]) -> None:
    if not found:
        console.print(Text("all is well"))
    for one in found:
        content = one.content()
        console.print(Text(visible(f"{one.severity.value.upper()}  {content['name']}"), style="bold"))
        console.print(Text(visible(f"  {one.what}")))
        if one.rules:
            console.print(Text(visible(f"  rules: {_named(one)}")))
        console.print(Text(visible(f"  {one.advice}"), style="dim"))


def _named(condition: Condition) -> str:
    names = ", ".join(rule.name for rule in condition.rules[:_NAMED])
    more = len(condition.rules) - _NAMED
    return f"{names} and {more} more" if more > 0 else names
