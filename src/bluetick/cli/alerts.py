"""`bluetick alerts`: what the service has raised."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bluetick.cli.alert_outputs import alert_outputs
from bluetick.cli.failures import RAN
from bluetick.cli.grid import print_rows, visible
from bluetick.cli.ledgers import (
    ID_SHOWN,
    author_option,
    entity_text,
    form_option,
    ledger_option,
    open_ledger,
    print_comments,
    time_text,
)
from bluetick.cli.page import new_console
from bluetick.cli.writing import compact
from bluetick.detections.incidents.deciding import comment_on, own_alert
from bluetick.detections.incidents.listing import comments_of, incident_of
from bluetick.detections.ledger.listing import (
    Alert,
    RuleHealth,
    Verdict,
    close_alert,
    find_alert,
    find_alerts,
    rule_health,
)
from bluetick.detections.ledger.outbox import Message
from bluetick.detections.ledger.times import to_micros

_SHOWN_ROWS = 50
_INDENT = 2


@click.group()
def alerts() -> None:
    """Alerts that `bluetick schedule` raised."""


@alerts.command("list")
@ledger_option
@click.option("--all", "every", is_flag=True, help="The closed and the retracted ones too.")
@click.option("--rule", metavar="ID", help="Of one rule only.")
@click.option("--most", type=click.IntRange(1), default=1_000, show_default=True, help="So many at most.")
@form_option
def list_alerts(*, ledger: Path, every: bool, rule: str | None, most: int, form: str) -> int:
    """The newest first. JSON is one line an alert."""
    kept = open_ledger(ledger)
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
@ledger_option
@form_option
def show(*, id_: str, ledger: Path, form: str) -> int:
    """One alert with its rows. Of its id the beginning is enough."""
    kept = open_ledger(ledger)
    alert = find_alert(kept, id_)
    comments = comments_of(kept, alert.id)
    incident = incident_of(kept, alert.id)
    kept.close()
    if form == "json":
        said = {"incident": incident, "comments": [one.to_json() for one in comments]}
        click.echo(compact(alert.to_json() | said))
    else:
        _print_alert(new_console(), alert, incident)
        print_comments(new_console(), comments)
    return RAN


@alerts.command()
@click.argument("id_", metavar="ID")
@ledger_option
@click.option("--as", "verdict", type=click.Choice([one.value for one in Verdict]), required=True)
@click.option("--reason", required=True, help="Why; it stays with the alert.")
def close(*, id_: str, ledger: Path, verdict: str, reason: str) -> int:
    """Say what an alert turned out to be: true positive, false positive, benign."""
    kept = open_ledger(ledger)
    alert = find_alert(kept, id_)
    close_alert(kept, alert.id, Verdict(verdict), reason, to_micros(datetime.now(UTC)))
    kept.close()
    click.echo(f"{alert.id} closed as {verdict}")
    return RAN


@alerts.command()
@click.argument("id_", metavar="ID")
@ledger_option
@click.option("--owner", required=True, metavar="NAME", help="Who works on it; '' for nobody.")
def update(*, id_: str, ledger: Path, owner: str) -> int:
    """Say who works on an alert."""
    kept = open_ledger(ledger)
    alert = find_alert(kept, id_)
    own_alert(kept, alert.id, owner)
    kept.close()
    click.echo(visible(f"{alert.id} belongs to {owner or 'nobody'}"))
    return RAN


@alerts.command()
@click.argument("id_", metavar="ID")
@click.argument("text")
@ledger_option
@author_option
def comment(*, id_: str, text: str, ledger: Path, author: str) -> int:
    """Write a comment on an alert; it stays with it."""
    kept = open_ledger(ledger)
    alert = find_alert(kept, id_)
    comment_on(kept, alert.id, author, text, to_micros(datetime.now(UTC)))
    kept.close()
    click.echo(f"{alert.id} has a comment more")
    return RAN


@alerts.command()
@ledger_option
@form_option
def rules(*, ledger: Path, form: str) -> int:
    """How each rule is doing: its windows, and up to when they are done without a gap."""
    kept = open_ledger(ledger)
    found = rule_health(kept)
    kept.close()
    if form == "json":
        for rule in found:
            times = {"done_until": time_text(rule.done_until), "warming_until": time_text(rule.warming_until)}
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
            time_text(rule.done_until),
        )
        table.add_row(*(Text(visible(cell)) for cell in (*cells, rule.error.split("\n", 1)[0])))
    new_console().print(table)
    return RAN


def _state(rule: RuleHealth) -> str:
    if rule.pause:
        return f"paused: {rule.pause}"
    return rule.state if rule.warming_until is None else f"{rule.state}, warming until {time_text(rule.warming_until)}"


alerts.add_command(alert_outputs)


def message_line(message: Message) -> str:
    """A message as a line of text."""
    said = message.to_json()
    entities = ", ".join(
        "/".join(str(value) for name, value in entity.items() if name not in ("kind", "inferred"))
        for entity in said.get("entities", [])[:3]
    )
    count = said.get("row_count")
    rows = "" if count is None else f"{count:,} row{'' if count == 1 else 's'}"
    mark = "(warming)" if said.get("warming") else ""
    head = (message.kind.upper(), said.get("severity"), said.get("name"), mark, rows)
    return visible("  ".join(str(word) for word in (*head, entities, message.subject[:ID_SHOWN]) if word))


def _print_list(console: Console, found: list[Alert]) -> None:
    table = Table(box=None, header_style="bold")
    for name in ("id", "severity", "alert", "last window", "rows", "state"):
        table.add_column(name)
    for alert in found:
        said = alert.content
        cells = (alert.id[:ID_SHOWN], said["severity"], said["name"], time_text(alert.last), str(said["row_count"]))
        table.add_row(*(Text(visible(cell)) for cell in (*cells, alert.state)))
    console.print(table)
    console.print(Text(f"{len(found):,} alert{'' if len(found) == 1 else 's'}", style="dim"))


def _print_alert(console: Console, alert: Alert, incident: int | None) -> None:
    said = alert.content
    console.print(Text(visible(said["name"]), style="bold"))
    facts = [alert.id, said["severity"], alert.state, f"found in windows up to {time_text(alert.last)}"]
    if alert.first != alert.last:
        facts.append(f"first in {time_text(alert.first)}")
    facts += [f"incident {incident}"] if incident is not None else []
    facts += [f"belongs to {alert.owner}"] if alert.owner else []
    console.print(Text(visible("  ·  ".join(facts)), style="dim"))
    if alert.reason:
        console.print(Text(visible(alert.reason)))
    for entity in said["entities"]:
        console.print(Text(f"  {entity_text(entity)}"))
    console.print()
    columns = [(name, "") for name in said["columns"]]
    is_clipped = print_rows(console, columns, [tuple(row) for row in said["rows"][:_SHOWN_ROWS]], _INDENT).clipped
    hidden = said["row_count"] - _SHOWN_ROWS
    if hidden > 0:
        console.print(Text(f"{hidden:,} more rows (--format json gives them)", style="dim"))
    elif is_clipped:
        console.print(Text("values ending in … are longer (--format json gives them)", style="dim"))
