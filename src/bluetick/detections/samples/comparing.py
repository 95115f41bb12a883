"""What came out against what a sample expects."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bluetick.detections.model import Threshold
from bluetick.detections.samples.cells import cell_value, is_same
from bluetick.detections.samples.model import Expectation, Kind, Sample
from bluetick.detections.samples.writing import flow_row, flow_value
from bluetick.diagnostics import sample_codes as codes
from bluetick.diagnostics.errors import QueryError
from bluetick.syntax.strict_yaml import YamlMapping
from bluetick.types import Type
from bluetick.values import Value

_MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """An expected row: values by the places of the result's columns."""

    cells: tuple[tuple[int, Value], ...]

    def wrong(self, row: Sequence[Value]) -> list[int]:
        return [place for place, value in self.cells if not is_same(value, row[place])]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The rows of a run, and whether it alerts."""

    columns: tuple[tuple[str, str], ...]
    rows: list[tuple[Any, ...]]
    alerts: bool


def kind_of(expect: Expectation, threshold: Threshold) -> Kind:
    """Whether the expectation is that the rule alerts."""
    if expect.error:
        return "error"
    alerts = expect.alert
    if alerts is None:
        alerts = threshold.is_met(expect.row_count or 0)
    return "hit" if alerts else "miss"


def compare(sample: Sample, outcome: Outcome) -> tuple[list[str], list[str]]:
    """What is not as expected: sentences, and lines that show the rows that are missing or too many."""
    problems: list[str] = []
    lines: list[str] = []
    expect = sample.expect
    found = len(outcome.rows)
    if expect.alert is not None and outcome.alerts != expect.alert:
        problems.append(f"expected {_alert(expect.alert)}, got {_alert(outcome.alerts)}")
    wanted = expect.row_count
    if wanted is not None and wanted != found:
        problems.append(f"expected {_rows(wanted)}, got {_rows(found)}")
    if expect.rows is not None:
        every = [_wanted(row, outcome.columns, sample) for row in expect.rows]
        lines = _ordered(every, outcome) if expect.ordered else _unordered(every, outcome)
        if lines and not problems:
            problems.append("the rows are not the expected ones")
    return problems, lines


def _wanted(row: YamlMapping, columns: Sequence[tuple[str, str]], sample: Sample) -> Wanted:
    names = [name for name, _ in columns]
    cells = []
    for key, node in row.entries:
        if key.value not in names:
            found = codes.unknown_column(key.span, "the result", key.value, names)
            raise QueryError((found,), sample.source)
        place = names.index(key.value)
        value = cell_value(node, Type(columns[place][1]), key.value, sample.now, sample.source)
        cells.append((place, value))
    return Wanted(tuple(cells))


def _ordered(every: Sequence[Wanted], outcome: Outcome) -> list[str]:
    lines: list[str] = []
    for place in range(max(len(every), len(outcome.rows))):
        if place >= len(every):
            lines.append(f"+ row {place + 1} unexpected: {flow_row(outcome.columns, outcome.rows[place])}")
        elif place >= len(outcome.rows):
            lines.append(f"- row {place + 1} missing: {_written(every[place], outcome)}")
        elif wrong := every[place].wrong(outcome.rows[place]):
            lines += [f"~ row {place + 1}", *_cells(every[place], wrong, outcome, outcome.rows[place])]
    return _cut(lines)


def _unordered(every: Sequence[Wanted], outcome: Outcome) -> list[str]:
    """Each expected row finds a row of its own; those left over are told with the nearest of the others."""
    owner = _matched(every, outcome.rows)
    missing = [one for place, one in enumerate(every) if place not in owner.values()]
    extra = [row for place, row in enumerate(outcome.rows) if place not in owner]
    lines: list[str] = []
    for one in missing:
        lines.append(f"- missing: {_written(one, outcome)}")
        nearest = min(extra, key=lambda row: len(one.wrong(row)), default=None)
        if nearest is not None and len(wrong := one.wrong(nearest)) < len(one.cells):
            lines += ["  the nearest row differs in", *_cells(one, wrong, outcome, nearest)]
    lines += [f"+ unexpected: {flow_row(outcome.columns, row)}" for row in extra]
    return _cut(lines)


def _matched(every: Sequence[Wanted], rows: Sequence[Sequence[Value]]) -> dict[int, int]:
    """The place of a row -> that of the expected row which owns it, with as many owners as can be."""
    fits = [[place for place, row in enumerate(rows) if not one.wrong(row)] for one in every]
    owner: dict[int, int] = {}
    for number in sorted(range(len(every)), key=lambda n: len(fits[n])):
        _claim(number, fits, owner)
    return owner


def _claim(number: int, fits: Sequence[Sequence[int]], owner: dict[int, int]) -> None:
    """Gives an expected row a row of its own, if others can move on to rows that are free (an augmenting path)."""
    came: dict[int, int] = {}  # a row -> the expected row that asked for it
    asking = deque([number])
    while asking:
        one = asking.popleft()
        for place in fits[one]:
            if place in came:
                continue
            came[place] = one
            if place in owner:
                asking.append(owner[place])
                continue
            free: int | None = place
            while free is not None:
                taker = came[free]
                had = next((row for row, holder in owner.items() if holder == taker), None)
                owner[free] = taker
                free = had
            return


def _cells(one: Wanted, wrong: Sequence[int], outcome: Outcome, row: Sequence[Value]) -> list[str]:
    values = dict(one.cells)
    lines = []
    for place in wrong:
        name, type_ = outcome.columns[place]
        expected, got = (flow_value(value, Type(type_)) for value in (values[place], row[place]))
        lines.append(f"    {name}: expected {expected}, got {got}")
    return lines


def _written(one: Wanted, outcome: Outcome) -> str:
    columns = [outcome.columns[place] for place, _ in one.cells]
    return flow_row(columns, [value for _, value in one.cells])


def _cut(lines: list[str]) -> list[str]:
    hidden = len(lines) - _MOST_SHOWN
    return lines if hidden <= 0 else [*lines[:_MOST_SHOWN], f"  and {hidden} more lines"]


def _alert(alerts: bool) -> str:
    return "an alert" if alerts else "no alert"


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
