"""What changed rules do, as markdown for a pull request.

Whatever a rule or a row holds stands in code: there no markup, no link and no name of a person is read.
"""

import re
from collections.abc import Iterator

from bluetick.cli.differences import SHOWN_FINDINGS, facts, finding_line, minute, shown_columns, title
from bluetick.cli.grid import clipped, shown, visible
from bluetick.detections.differences.effects import Differences, Effect, RowChange
from bluetick.detections.differences.measuring import Columns, Outcome

_MOST_RULES = 100
_MOST_CELL = 200
_TICKS = re.compile(r"`+")
_BARS = re.compile(r"(\\*)\|")
_ESCAPES = ("\\", "\\\\")  # behind an even and behind an odd number of backslashes


def markdown(found: Differences) -> str:
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Differences) -> Iterator[str]:
    span = f"{minute(found.span.first)} to {minute(found.span.last)}"
    yield f"### Rules that differ in {code(found.revisions)}"
    yield ""
    yield f"Replayed over {span} UTC."
    if found.breaches:
        yield ""
        yield "**Beyond the budget:**"
        yield ""
        yield from (f"* {code(breach)}" for breach in found.breaches)
    for one in found.unreadable:
        yield ""
        yield f"No rule can be read {'after' if one.is_new else 'before'}: {code(one.path)}"
    if found.effects:
        yield ""
        yield "| | rule | alerts gained | lost | rows gained | lost | labelled events lost | bytes read |"
        yield "|---|---|---:|---:|---:|---:|---:|---:|"
        yield from (_table_line(effect) for effect in found.effects[:_MOST_RULES])
    for effect in found.effects[:_MOST_RULES]:
        yield from _details(effect)
    if len(found.effects) > _MOST_RULES:
        yield ""
        yield f"... and {len(found.effects) - _MOST_RULES:,} more rules."


def _table_line(effect: Effect) -> str:
    cells = [
        effect.change.kind.value,
        code(effect.change.name, in_table=True),
        *(f"{n:,}" for n in (len(effect.alerts_gained), len(effect.alerts_lost))),
        *(f"{n:,}" for n in (effect.gained.count, effect.lost.count, len(effect.labels_lost))),
        "" if effect.cost_ratio is None else f"x {effect.cost_ratio:.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def _details(effect: Effect) -> Iterator[str]:
    yield ""
    yield "<details><summary>"
    yield ""
    yield code(title(effect))
    yield ""
    yield "</summary>"
    yield ""
    yield from (f"* {code(line)}" for line in facts(effect))
    yield from (f"* labelled event lost: {code(label)}" for label in effect.labels_lost)
    for name, findings in (("new", effect.findings_new), ("gone", effect.findings_gone)):
        yield from (f"* {name}: {code(finding_line(one))}" for one in findings[:SHOWN_FINDINGS])
    yield from _rows("Gained", effect.columns, effect.new, effect.gained)
    yield from _rows("Lost", effect.columns, effect.old, effect.lost)
    yield ""
    yield "</details>"


def _rows(what: str, columns: Columns, side: Outcome | None, change: RowChange) -> Iterator[str]:
    if not change.sample:
        return
    head = ["First seen", *(name for name, _ in shown_columns(columns, side))]
    yield ""
    yield f"{what}: {change.count:,} rows, the first {len(change.sample)}"
    yield ""
    yield f"| {' | '.join(code(name, in_table=True) for name in head)} |"
    yield f"|{'---|' * len(head)}"
    for at, row in change.sample:
        cells = [shown(at), *(clipped(shown(cell), _MOST_CELL) for cell in row)]
        yield f"| {' | '.join(code(cell, in_table=True) for cell in cells)} |"


def code(text: str, *, in_table: bool = False) -> str:
    """The text as code on one line, whatever is in it. A table's cell ends at a bar, in code too, unless an odd number
    of backslashes stands before it."""
    line = visible(text)
    if in_table:
        line = _BARS.sub(lambda found: f"{found[1]}{_ESCAPES[len(found[1]) % 2]}|", line)
    if not line.strip():
        return ""
    longest = max((len(run) for run in _TICKS.findall(line)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {line} {fence}"
