"""`bluetick incidents`: alerts that are worked on together."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bluetick.cli.failures import RAN
from bluetick.cli.grid import visible
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
from bluetick.detections.incidents.deciding import (
    Edits,
    OpenStatus,
    close_incident,
    comment_on,
    update_incident,
)
from bluetick.detections.incidents.listing import SEVERITIES, Incident, Wanted, find_incident, find_incidents
from bluetick.detections.ledger.listing import Verdict
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_micros

_CLOSED: Final = "Closed"
_STATUSES: Final = (*(status.value for status in OpenStatus), _CLOSED)

_id = click.argument("said", metavar="NUMBER|ID")


@click.group()
def incidents() -> None:
    """Incidents that `bluetick schedule` made of alerts. NUMBER is that of the list; of an ID the beginning is enough.

    See docs/incidents.md.
    """


@incidents.command("list")
@ledger_option
@click.option("--all", "every", is_flag=True, help="The closed ones too.")
@click.option("--status", type=click.Choice(_STATUSES, case_sensitive=False), help="Of one status only.")
@click.option("--owner", metavar="NAME", help="Of one owner only; '' for those of nobody.")
@click.option("--rule", metavar="ID", help="Of one rule only.")
@click.option("--most", type=click.IntRange(1), default=1_000, show_default=True, help="So many at most.")
@form_option
def list_incidents(
    *, ledger: Path, every: bool, status: str | None, owner: str | None, rule: str | None, most: int, form: str
) -> int:
    """The newest first. JSON is one line an incident."""
    with _opened(ledger) as kept:
        found = find_incidents(kept, Wanted(every, status, owner, rule, most))
    if form == "json":
        for incident in found:
            click.echo(compact(incident.to_json()))
        return RAN
    _print_list(new_console(), found)
    return RAN


@incidents.command()
@_id
@ledger_option
@form_option
def show(*, said: str, ledger: Path, form: str) -> int:
    """One incident with its alerts, its entities, and what was said of it."""
    with _opened(ledger) as kept:
        incident = find_incident(kept, said)
    if form == "json":
        click.echo(compact(incident.to_json()))
    else:
        _print_incident(new_console(), incident)
    return RAN


@incidents.command()
@_id
@ledger_option
@click.option("--owner", metavar="NAME", help="Who works on it; '' for nobody.")
@click.option(
    "--status",
    type=click.Choice([status.value for status in OpenStatus], case_sensitive=False),
    help="A closed one is open again.",
)
@click.option("--severity", type=click.Choice(SEVERITIES, case_sensitive=False), help="Instead of its alerts'.")
def update(*, said: str, ledger: Path, owner: str | None, status: str | None, severity: str | None) -> int:
    """Change the owner, the status or the severity of an incident."""
    if owner is None and status is None and severity is None:
        raise click.UsageError("nothing to change: give --owner, --status or --severity")
    edits = Edits(owner, None if status is None else OpenStatus(status), severity)
    with _opened(ledger) as kept:
        incident = find_incident(kept, said)
        update_incident(kept, incident, edits, _now())
        click.echo(visible(_line(find_incident(kept, incident.id))))
    return RAN


@incidents.command()
@_id
@click.argument("text")
@ledger_option
@author_option
def comment(*, said: str, text: str, ledger: Path, author: str) -> int:
    """Write a comment on an incident; it stays with it."""
    with _opened(ledger) as kept:
        incident = find_incident(kept, said)
        comment_on(kept, incident, author, text, _now())
    click.echo(f"incident {incident.number} has {len(incident.comments) + 1:,} comments")
    return RAN


@incidents.command()
@_id
@ledger_option
@click.option("--as", "verdict", type=click.Choice([one.value for one in Verdict]), required=True)
@click.option("--reason", required=True, help="Why; it stays with the incident and its alerts.")
def close(*, said: str, ledger: Path, verdict: str, reason: str) -> int:
    """Say what an incident turned out to be. Its alerts are closed with it, but for those that are closed already."""
    with _opened(ledger) as kept:
        incident = find_incident(kept, said)
        count = close_incident(kept, incident, Verdict(verdict), reason, _now())
    click.echo(f"incident {incident.number} closed as {verdict}, with {count:,} alert{'' if count == 1 else 's'}")
    return RAN


@contextmanager
def _opened(path: Path) -> Iterator[Ledger]:
    kept = open_ledger(path)
    try:
        yield kept
    finally:
        kept.close()


def _now() -> int:
    return to_micros(datetime.now(UTC))


def _state(incident: Incident) -> str:
    return f"{incident.status}, {incident.classification}" if incident.classification else incident.status


def _line(incident: Incident) -> str:
    owner = f"belongs to {incident.owner}" if incident.owner else "belongs to nobody"
    return f"incident {incident.number}: {incident.severity}, {_state(incident)}, {owner}"


def _print_list(console: Console, found: Sequence[Incident]) -> None:
    table = Table(box=None, header_style="bold")
    for name in ("number", "severity", "incident", "alerts", "last window", "state", "owner"):
        table.add_column(name)
    for incident in found:
        cells = (
            *(str(incident.number), incident.severity, incident.title, f"{len(incident.alerts):,}"),
            *(time_text(incident.last), _state(incident), incident.owner),
        )
        table.add_row(*(Text(visible(cell)) for cell in cells))
    console.print(table)
    console.print(Text(f"{len(found):,} incident{'' if len(found) == 1 else 's'}", style="dim"))


def _print_incident(console: Console, incident: Incident) -> None:
    console.print(Text(visible(incident.title), style="bold"))
    span = f"windows {time_text(incident.first)} to {time_text(incident.last)}"
    console.print(Text(visible(f"{_line(incident)}  ·  {span}  ·  {incident.id}"), style="dim"))
    if incident.reason:
        console.print(Text(visible(incident.reason)))
    for entity in incident.entities:
        console.print(Text(f"  {entity_text(entity)}"))
    table = Table(box=None, header_style="bold")
    for name in ("alert", "severity", "name", "last window", "state"):
        table.add_column(name)
    for member in incident.members:
        state = "" if member.is_in else "retracted"
        cells = (member.id[:ID_SHOWN], member.content["severity"], member.content["name"], time_text(member.last))
        table.add_row(*(Text(visible(cell)) for cell in (*cells, state or member.verdict or "open")))
    console.print(table)
    print_comments(console, incident.comments)
