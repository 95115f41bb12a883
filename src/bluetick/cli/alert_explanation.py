"""`bluetick alerts explain`: why an alert was raised."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from bluetick.cli.failures import RAN
from bluetick.cli.grid import print_rows, shown, visible
from bluetick.cli.options import DataOptions, data_options
from bluetick.cli.page import new_console
from bluetick.cli.writing import compact
from bluetick.detections.explaining.alerts import AlertExplanation, explain_alert
from bluetick.detections.explaining.evidence import Evidence, evidence_of
from bluetick.detections.explaining.explaining import Shown
from bluetick.detections.explaining.model import Baseline, Condition, Grid, Lookup, Measured, RowExplanation, SourceRows
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.model import Comparison
from bluetick.diagnostics.errors import SourceError
from bluetick.session import Session

_INDENT = 2
_WIDE = 5  # columns of a group that fill a line
_NEEDS = {
    Comparison.GREATER: "more than",
    Comparison.LESS: "fewer than",
    Comparison.EQUAL: "exactly",
    Comparison.NOT_EQUAL: "any number but",
}


@click.command()
@click.argument("id_", metavar="ID")
@click.option("--ledger", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The service's ledger.")
@data_options
@click.option("--row", "number", type=click.IntRange(1), default=1, show_default=True, help="Which row of the alert.")
@click.option("--most", type=click.IntRange(1), default=20, show_default=True, help="Source rows shown of a table.")
@click.option("--groups", type=click.IntRange(1), default=5, show_default=True, help="Groups shown of a baseline.")
@click.option("--format", "form", type=click.Choice(("table", "json")), default="table", show_default=True)
def explain(*, id_: str, ledger: Path, data: DataOptions, number: int, most: int, groups: int, form: str) -> int:
    """Why an alert was raised: the source events behind a row of it, what they were compared with, what was measured.

    The lake is read at the versions that the run read, as of the end of the alert's window. See docs/explain.md.
    """
    if data.as_of:
        raise click.UsageError("the versions are those that the run read: leave --as-of out")
    if not ledger.is_file():
        raise SourceError(f"there is no ledger '{ledger}'; bluetick schedule makes one", str(ledger))
    kept = Ledger(ledger)
    try:
        evidence = evidence_of(kept, id_)
    finally:
        kept.close()

    def opened(versions: Mapping[str, int] | None) -> Session:
        return replace(data, as_of=tuple((versions or {}).items())).open(is_quiet=True)

    found = explain_alert(evidence, number, opened, Shown(most, groups))
    if form == "json":
        click.echo(compact(found.to_json()))
    else:
        _print(new_console(), found)
    return RAN


def _print(console: Console, found: AlertExplanation) -> None:
    _print_alert(console, found.evidence)
    count = len(found.evidence.alert.content["rows"])
    _head(console, f"The row ({found.number} of {count:,})" if count > 1 else "The row")
    columns = found.evidence.columns
    print_rows(console, [(name, "") for name in columns], [tuple(found.row)], indent=_INDENT)
    for note in found.notes:
        _line(console, f"note: {note}", "yellow")
    if found.why is not None:
        _print_why(console, found.why)


def _print_alert(console: Console, evidence: Evidence) -> None:
    alert, window, threshold = evidence.alert, evidence.window, evidence.threshold
    console.print(Text(visible(alert.content["name"]), style="bold"))
    facts = [alert.id, alert.content["severity"], alert.state, f"version {window.rule_version} of its rule"]
    console.print(Text(visible("  ·  ".join(facts)), style="dim"))
    span = f"to {_time(window.end)}" if window.start is None else f"{_time(window.start)} to {_time(window.end)}"
    _line(console, f"Window      {span}{', suppressed' if window.is_suppressed else ''}")
    rows = f"{window.rows:,} row{'' if window.rows == 1 else 's'}"
    silent = "" if threshold.declared else " (the document does not say it)"
    _line(console, f"Trigger     {rows} found; asked for {_NEEDS[threshold.operator]} {threshold.value:,}{silent}")
    if window.versions:
        _line(console, f"Read        {', '.join(f'{name} at version {n}' for name, n in window.versions.items())}")


def _print_why(console: Console, why: RowExplanation) -> None:
    for source in why.sources:
        _print_source(console, source)
    for name in why.unreached:
        _line(console, f"Not followed through {name}.", "yellow")
    if why.measured:
        _head(console, "What was measured")
        for one in why.measured:
            _print_measured(console, one)
    for looked in why.lookups:
        _print_lookup(console, looked)
    for baseline in sorted(why.baselines, key=lambda one: one.own_passes):
        _print_baseline(console, baseline)


def _print_source(console: Console, source: SourceRows) -> None:
    events = f"{source.count:,} row{'' if source.count == 1 else 's'} of {source.table}"
    _head(console, f"It comes from {'these' if source.is_exact else 'rows among these'}: {events}")
    for note in source.notes:
        _line(console, f"note: {note}", "yellow")
    _print_grid(console, _columns_of(source.shown, source.used))
    hidden = source.count - len(source.shown.rows)
    if hidden > 0:
        _line(console, f"{hidden:,} more (--most shows more)", "dim")
    left = len(source.shown.columns) - len(source.used)
    if left > 0:
        _line(console, f"{left} columns that the rule does not look at are not shown (--format json has them)", "dim")


def _print_measured(console: Console, one: Measured) -> None:
    place = f"  (in {one.place})" if one.place else ""
    for row in one.values.rows:
        values = ", ".join(f"{name} = {shown(cell)}" for (name, _), cell in zip(one.values.columns, row, strict=True))
        line = (
            Text(" " * _INDENT)
            .append(visible(one.condition.text), style="cyan")
            .append(f"   {visible(values)}", style="bold")
        )
        console.print(line.append(visible(f"{_limit(one.condition)}{place}"), style="dim"))


def _limit(condition: Condition) -> str:
    """What a name in a condition stands for."""
    limit = "" if condition.limit is None else str(condition.limit)
    return "" if limit in condition.text else f"   (held to {limit})"


def _print_lookup(console: Console, looked: Lookup) -> None:
    _head(console, f"{looked.provider} said")
    _print_grid(console, looked.answers)


def _print_baseline(console: Console, one: Baseline) -> None:
    key = "; ".join(
        ", ".join(f"{name} = {shown(cell)}" for (name, _), cell in zip(one.keys.columns, row, strict=True))
        for row in one.keys.rows[:1]
    )
    _head(console, f"Compared with {one.name or 'the other side'}: the row is {_relation(one)}")
    _line(console, f"own key   {key}")
    for condition in one.conditions:
        _line(console, f"asked     {condition.text}{_limit(condition)}")
    _print_own(console, one)
    if not one.nearest.rows:
        _line(console, "it has no groups", "dim")
        return
    groups = f"{one.groups:,} group{'' if one.groups == 1 else 's'}"
    if one.own_passes and len(one.nearest.columns) > _WIDE:
        _line(console, f"it has {groups} (--format json has the nearest)", "dim")
        return
    _line(console, f"the nearest of its {groups}", "dim")
    _print_grid(console, one.nearest)


def _print_own(console: Console, one: Baseline) -> None:
    """The group of the row's own key, without the key."""
    names = [name for name, _ in one.own.columns if name not in {name for name, _ in one.keys.columns}]
    own = _columns_of(one.own, names)
    if not own.rows:
        _line(console, "own group none", "bold")
    elif len(names) > _WIDE:
        _line(console, "own group")
        _print_grid(console, own)
    else:
        said = ", ".join(f"{name} = {shown(cell)}" for (name, _), cell in zip(own.columns, own.rows[0], strict=True))
        _line(console, f"own group {said or 'there'}{'' if one.own_passes else ': not what was asked'}", "bold")


def _relation(one: Baseline) -> str:
    if one.relation == "joined with" and not one.own_passes:
        return "joined with nothing of it"
    return f"{one.relation} it"


def _columns_of(grid: Grid, names: Sequence[str]) -> Grid:
    places = [i for i, (name, _) in enumerate(grid.columns) if name in names]
    rows = tuple(tuple(row[i] for i in places) for row in grid.rows)
    return Grid(tuple(grid.columns[i] for i in places), rows)


def _print_grid(console: Console, grid: Grid) -> None:
    if grid.rows:
        print_rows(console, [(name, str(type_)) for name, type_ in grid.columns], list(grid.rows), indent=_INDENT)


def _head(console: Console, text: str) -> None:
    console.print()
    console.print(Text(visible(text), style="bold"))


def _line(console: Console, text: Any, style: str = "") -> None:
    console.print(Text(" " * _INDENT + visible(text), style=style))


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
