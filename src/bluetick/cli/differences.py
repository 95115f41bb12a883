"""What changed rules do, for people, and as JSON."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from bluetick.cli.grid import print_rows, visible
from bluetick.detections.differences.effects import Differences, Effect, RowChange
from bluetick.detections.differences.measuring import Columns, Outcome
from bluetick.diagnostics import Diagnostic
from bluetick.types import Type
from bluetick.values import format_datetime7, json_rows

SHOWN_FINDINGS = 5


def title(effect: Effect) -> str:
    """The kind of a change, the rule, its file, and what of it is other."""
    change = effect.change
    old = change.old
    where = change.path if old is None or old.path == change.path else f"{old.path} -> {change.path}"
    parts = f" ({', '.join(change.parts)})" if change.parts else ""
    return visible(f"{change.kind.value}  {change.name}  {where}{parts}")


def facts(effect: Effect) -> Iterator[str]:
    """What a change does, a line each; nothing where no run can see it."""
    if not effect.change.matters:
        yield "no run sees this change: nothing was replayed"
        return
    for name, side in (("before", effect.old), ("after", effect.new)):
        if side is not None and side.refused:
            yield f"{name}: cannot run: {first_line(side.refused)}"
        elif side is not None and side.failed:
            at, why = side.failed[0]
            yield f"{name}: {len(side.failed):,} of {side.windows:,} runs fail, the first at {minute(at)}: {why}"
    yield (
        _both("rows", effect, lambda side: side.rows) + f"; {_change(effect.gained.count, effect.lost.count)} by value"
    )
    yield _both("alerts", effect, lambda side: len(side.alerts)) + (
        f"; {_change(len(effect.alerts_gained), len(effect.alerts_lost))}"
    )
    if effect.labels_gained or effect.labels_lost:
        yield f"labelled events: {_change(len(effect.labels_gained), len(effect.labels_lost))}"
    yield _both("bytes read by a run", effect, lambda side: side.bytes_read) + _times(effect.cost_ratio)
    sides = [side for side in (effect.old, effect.new) if side is not None]
    if sides and all(side.bytes_read == 0 and not side.rows for side in sides):
        yield "the last run reads nothing: its tables have no rows of that time (--now newest ends where the data does)"
    yield _both("seconds", effect, lambda side: round(side.seconds, 1))
    if not effect.has_all_columns:
        names = ", ".join(name for name, _ in effect.columns) or "none, so that every row is other"
        yield f"rows are compared by the columns that both have: {names}"


def first_line(text: str) -> str:
    return text.split("\n", 1)[0]


def minute(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")


def _change(gained: int, lost: int) -> str:
    return f"{gained:,} gained, {lost:,} lost"


def _both(what: str, effect: Effect, number: Callable[[Outcome], float | None]) -> str:
    sides = [None if side is None else number(side) for side in (effect.old, effect.new)]
    told = ["-" if one is None else f"{one:,}" for one in sides]
    return f"{what}: {told[0]} -> {told[1]}"


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f" ({ratio:.2f} times)"


def finding_line(finding: Diagnostic) -> str:
    return f"{finding.severity.value}[{finding.code}]: {' '.join(finding.message.split())}"


def print_differences(console: Console, found: Differences) -> None:
    span = f"{minute(found.span.first)} to {minute(found.span.last)}"
    rules = "1 rule differs" if len(found.effects) == 1 else f"{len(found.effects):,} rules differ"
    console.print(Text(visible(f"{rules} in {found.revisions}, replayed {span}")))
    for one in found.unreadable:
        side = "after" if one.is_new else "before"
        console.print(Text(f"\n{visible(one.path)}: no rule can be read ({side})", style="yellow"))
        for problem in one.problems:
            console.print(Text(f"  {visible(finding_line(problem))}"))
    for effect in found.effects:
        console.print()
        _print_effect(console, effect)
    if found.breaches:
        console.print()
    for breach in found.breaches:
        console.print(Text(f"beyond the budget: {visible(breach)}", style="bold red"))


def _print_effect(console: Console, effect: Effect) -> None:
    console.print(Text(title(effect), style="bold"))
    for line in facts(effect):
        console.print(Text(f"  {visible(line)}"))
    _print_rows(console, "gained", effect.columns, effect.new, effect.gained)
    _print_rows(console, "lost", effect.columns, effect.old, effect.lost)
    for name, labels in (("gained", effect.labels_gained), ("lost", effect.labels_lost)):
        for label in labels:
            console.print(Text(f"  labelled event {name}: {visible(label)}"))
    for name, findings in (("new", effect.findings_new), ("gone", effect.findings_gone)):
        for finding in findings[:SHOWN_FINDINGS]:
            console.print(Text(f"  {name}: {visible(finding_line(finding))}"))


def shown_columns(columns: Columns, side: Outcome | None) -> Columns:
    """Those by which rows were compared; all of a side's own where none were."""
    return columns or (() if side is None else side.columns)


def _print_rows(console: Console, what: str, columns: Columns, side: Outcome | None, change: RowChange) -> None:
    if not change.sample:
        return
    console.print(Text(f"  {what} ({change.count:,}), the first {len(change.sample)}:", style="dim"))
    head = (("First seen", "datetime"), *shown_columns(columns, side))
    print_rows(console, head, [(at, *row) for at, row in change.sample], indent=4)


# --- JSON -----------------------------------------------------------------------------------------------------------


def differences_json(found: Differences) -> dict[str, Any]:
    return {
        "revisions": found.revisions,
        "from": format_datetime7(found.span.first),
        "to": format_datetime7(found.span.last),
        "rules": [_effect_json(effect) for effect in found.effects],
        "unreadable": [
            {"file": one.path, "side": "after" if one.is_new else "before", "findings": _findings(one.problems)}
            for one in found.unreadable
        ],
        "beyond_budget": list(found.breaches),
    }


def _effect_json(effect: Effect) -> dict[str, Any]:
    change = effect.change
    return {
        "kind": change.kind.value,
        "name": change.name,
        "file": change.path,
        "was": None if change.old is None else change.old.path,
        "parts": list(change.parts),
        "replayed": change.matters,
        "before": _outcome_json(effect.old),
        "after": _outcome_json(effect.new),
        "compared_by": [list(column) for column in effect.columns],
        "rows_gained": _rows_json(shown_columns(effect.columns, effect.new), effect.gained),
        "rows_lost": _rows_json(shown_columns(effect.columns, effect.old), effect.lost),
        "alerts_gained": [format_datetime7(at) for at in effect.alerts_gained],
        "alerts_lost": [format_datetime7(at) for at in effect.alerts_lost],
        "labels_gained": list(effect.labels_gained),
        "labels_lost": list(effect.labels_lost),
        "cost_ratio": effect.cost_ratio,
        "findings_new": _findings(effect.findings_new),
        "findings_gone": _findings(effect.findings_gone),
    }


def _outcome_json(side: Outcome | None) -> dict[str, Any] | None:
    if side is None:
        return None
    return {
        "refused": side.refused or None,
        "runs": side.windows,
        "failed": len(side.failed),
        "rows": side.rows,
        "distinct_rows": len(side.values),
        "alerts": len(side.alerts),
        "rows_read": side.rows_read,
        "bytes_read": side.bytes_read,
        "seconds": round(side.seconds, 3),
    }


def _rows_json(columns: Columns, change: RowChange) -> dict[str, Any]:
    rows = (
        tuple(_thawed(cell, type_) for cell, (_, type_) in zip(row, columns, strict=True)) for _, row in change.sample
    )
    return {"count": change.count, "columns": [list(c) for c in columns], "sample": list(json_rows(columns, rows))}


def _thawed(cell: Any, type_: str) -> Any:
    """A cell as a result has it: NaN is kept as a word while rows are compared."""
    return float("nan") if cell == "NaN" and type_ == Type.REAL.value else cell


def _findings(findings: Sequence[Diagnostic]) -> list[dict[str, str]]:
    return [{"severity": one.severity.value, "code": one.code, "message": one.message} for one in findings]
