"""`bluetick alerts`: what the service has raised."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bluetick.cli.failures import RAN
from bluetick.cli.grid import new_console, visible
from bluetick.cli.writing import compact
from bluetick.detections.ledger.listing import (
    Alert,
    RuleHealth,
    Verdict,
    close_alert,
    find_alert,
    find_alerts,
    rule_health,
)
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.outbox import Message
from bluetick.detections.ledger.times import to_micros, to_moment
from bluetick.diagnostics.errors import SourceError

_SHOWN_ROWS = 50
_ID_SHOWN = 10


def _ledger(path: Path) -> Ledger:
    if not path.is_file():
        raise SourceError(f"there is no ledger '{path}'; bluetick schedule makes one", str(path))
    return Ledger(path)


_option = click.option(
    "--ledger", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The service's ledger."
)
_form = click.option("--format", "form", type=click.Choice(("table", "json")), default="table", show_default=True)


@click.group()
def alerts() -> None:
    """Alerts that `bluetick schedule` raised."""


@alerts.command("list")
@_option
@click.option("--all", "every", is_flag=True, help="The closed and the retracted ones too.")
@click.option("--rule", metavar="ID", help="Of one rule only.")
@click.option("--most", type=click.IntRange(1), default=1_000, show_default=True, help="So many at most.")
@_form
def list_alerts(*, ledger: Path, every: bool, rule: str | None, most: int, form: str) -> int:
    """The newest first. JSON is one line an alert."""
    kept = _ledger(ledger)
    found = find_alerts(kept, every=every, rule=rule, most=most)
    kept.close()
    if form == "json":
        for alert in found:
            click.echo(compact(alert.to_json()))
        return RAN
    _print_list(new_console(), found)
    return RAN


@alerts.command()
@click.argument("id_", metavar="ID")
@_option
@_form
def show(*, id_: str, ledger: Path, form: str) -> int:
    """One alert with its rows. Of its id the beginning is enough."""
    kept = _ledger(ledger)
    alert = find_alert(kept, id_)
    kept.close()
    if form == "json":
        click.echo(compact(alert.to_json()))
    else:
        _print_alert(new_console(), alert)
    return RAN


@alerts.command()
@click.argument("id_", metavar="ID")
@_option
@click.option("--as", "verdict", type=click.Choice([one.value for one in Verdict]), required=True)
@click.option("--reason", required=True, help="Why; it stays with the alert.")
def close(*, id_: str, ledger: Path, verdict: str, reason: str) -> int:
    """Say what an alert turned out to be: true positive, false positive, benign."""
    kept = _ledger(ledger)
    alert = find_alert(kept, id_)
    close_alert(kept, alert.id, Verdict(verdict), reason, to_micros(datetime.now(UTC)))
    kept.close()
    click.echo(f"{alert.id} closed as {verdict}")
    return RAN


@alerts.command()
@_option
@_form
def rules(*, ledger: Path, form: str) -> int:
    """How each rule is doing: its windows, and up to when they are done without a gap."""
    kept = _ledger(ledger)
    found = rule_health(kept)
    kept.close()
    if form == "json":
        for rule in found:
            times = {"done_until": _time(rule.done_until), "warming_until": _time(rule.warming_until)}
            click.echo(compact({**asdict(rule), **times}))
        return RAN
    table = Table(box=None, header_style="bold")
    for name in ("rule", "state", "windows", "open", "failed", "done until", "error"):
        table.add_column(name)
    for rule in found:
        cells = (
            rule.name,
            _state(rule),
            f"{rule.windows:,}",
            f"{rule.open:,}",
            f"{rule.failed:,}",
            _time(rule.done_until),
        )
        table.add_row(*(Text(visible(cell)) for cell in (*cells, rule.error.split("\n", 1)[0])))
    new_console().print(table)
    return RAN


def _state(rule: RuleHealth) -> str:
    if rule.pause:
        return f"paused: {rule.pause}"
    return rule.state if rule.warming_until is None else f"{rule.state}, warming until {_time(rule.warming_until)}"


def message_line(message: Message) -> str:
    """A message as a line of text."""
    said = message.to_json()
    entities = ", ".join(
        "/".join(str(value) for name, value in entity.items() if name != "kind")
        for entity in said.get("entities", [])[:3]
    )
    count = said.get("row_count")
    rows = "" if count is None else f"{count:,} row{'' if count == 1 else 's'}"
    mark = "(warming)" if said.get("warming") else ""
    head = (message.kind.upper(), said.get("severity"), said.get("name"), mark, rows)
    return visible("  ".join(str(word) for word in (*head, entities, message.subject[:_ID_SHOWN]) if word))


def _print_list(console: Console, found: list[Alert]) -> None:
    table = Table(box=None, header_style="bold")
    for name in ("id", "severity", "alert", "last window", "rows", "state"):
        table.add_column(name)
    for alert in found:
        said = alert.content
        cells = (alert.id[:_ID_SHOWN], said["severity"], said["name"], _time(alert.last), str(said["row_count"]))
        table.add_row(*(Text(visible(cell)) for cell in (*cells, alert.state)))
    console.print(table)
    console.print(Text(f"{len(found):,} alert{'' if len(found) == 1 else 's'}", style="dim"))


def _print_alert(console: Console, alert: Alert) -> None:
    said = alert.content
    console.print(Text(visible(said["name"]), style="bold"))
    facts = [alert.id, said["severity"], alert.state, f"found in windows up to {_time(alert.last)}"]
    if alert.first != alert.last:
        facts.append(f"first in {_time(alert.first)}")
    console.print(Text(visible("  ·  ".join(facts)), style="dim"))
    if alert.reason:
        console.print(Text(visible(alert.reason)))
    for entity in said["entities"]:
        pairs = ", ".join(f"{name} {value}" for name, value in entity.items() if name != "kind")
        console.print(Text(visible(f"  {entity['kind']}: {pairs}")))
    table = Table(box=None, header_style="bold")
    for column in said["columns"]:
        table.add_column(visible(column), overflow="fold")
    for row in said["rows"][:_SHOWN_ROWS]:
        table.add_row(*(Text(visible(_cell(cell))) for cell in row))
    console.print(table)
    hidden = said["row_count"] - _SHOWN_ROWS
    if hidden > 0:
        console.print(Text(f"{hidden:,} more rows (--format json gives them)", style="dim"))


def _cell(cell: Any) -> str:
    return cell if isinstance(cell, str) else compact(cell)


def _time(micros: int | None) -> str:
    return "" if micros is None else f"{to_moment(micros):%Y-%m-%d %H:%M}"
