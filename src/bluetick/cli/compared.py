"""What a comparison found: for people, as a line of JSON, and its differences in full."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from bluetick.cli.grid import Columns, print_rows, visible
from bluetick.cli.writing import compact
from bluetick.detections.comparing import Input, Outcome, Verdict
from bluetick.execution.comparing import Comparison, Place, Row

_SHOWN_PLACES = 5
_STYLES = {
    Verdict.EQUAL: ("EQUAL", "bold green"),
    Verdict.DIFFERENT: ("DIFFERENT", "bold red"),
    Verdict.REFUSED: ("NOT COMPARED", "bold red"),
    Verdict.NOTHING: ("NOTHING COMPARED", "bold yellow"),
}


@dataclass(frozen=True, slots=True)
class Compared:
    """A detection or a query, compared. No outcome: it was refused before it could run. `errors` are in words."""

    id: str | None
    name: str
    outcome: Outcome | None
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        return Verdict.REFUSED if self.outcome is None else self.outcome.verdict

    def pairs(self) -> Iterator[tuple[int, tuple[str, str], Columns, Comparison]]:
        """Each comparison with its result's number (from 1), the two engines, and the result's columns."""
        if self.outcome is None:
            return
        first, *others = self.outcome.runs
        for number, comparisons in enumerate(self.outcome.results):
            for run, comparison in zip(others, comparisons, strict=True):
                yield number + 1, (first.engine, run.engine), first.columns[number], comparison


# --- for people -------------------------------------------------------------------------------------------------------


def print_compared(console: Console, compared: Compared, tolerance: float) -> None:
    """Title, verdict, what was sampled, seconds, and the first differences."""
    console.print(Text(visible(compared.name), style="bold"))
    word, style = _STYLES[compared.verdict]
    console.print(Text(word, style=style).append(f"  {_words(compared, tolerance)}", style="default"))
    outcome = compared.outcome
    if outcome is not None:
        console.print(Text(f"  {_scope(outcome)}", style="dim"))
        for one in outcome.inputs:
            console.print(f"  {visible(_input(one, outcome))}")
        console.print("  " + "   ".join(f"{run.engine} {run.seconds:.2f} s" for run in outcome.runs))
        _print_columns(console, outcome)
    for engine, words in compared.errors.items():
        console.print(Text(f"  on {engine}:", style="yellow"))
        console.print(Text("\n".join(f"    {visible(line)}" for line in words.split("\n"))))
    for number, engines, columns, comparison in compared.pairs():
        if not comparison.is_equal:
            _print_differences(console, engines, columns, comparison, number)
    console.print()


def _words(compared: Compared, tolerance: float) -> str:
    outcome = compared.outcome
    if outcome is None:
        return "the document was refused"
    engines = " and ".join(run.engine for run in outcome.runs)
    match outcome.verdict:
        case Verdict.EQUAL:
            width = sum(len(columns) for columns in outcome.runs[0].columns)
            within = f", reals within {tolerance:g}" if tolerance else ""
            read = "" if outcome.rows else "; rows were read and none came out"
            return f"{_count(outcome.rows, 'row')}, {_count(width, 'column')}, the same on {engines}{within}{read}"
        case Verdict.NOTHING:
            return f"no row was read and none came out on {engines}: this shows nothing"
        case Verdict.REFUSED:
            return f"{' and '.join(compared.errors)} gave no rows"
        case Verdict.DIFFERENT:
            return f"on {engines}"


def _scope(outcome: Outcome) -> str:
    request = outcome.request
    if request.now is None or request.lookback is None:
        return f"rows before {_moment(request.now)}"
    return f"rows from {_moment(request.now - request.lookback)} to before {_moment(request.now)}"


def _moment(moment: datetime | None) -> str:
    return "any time" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _input(one: Input, outcome: Outcome) -> str:
    files = f"{one.files:,} of {_count(one.all_files, 'file')}, " if one.all_files else ""
    size = f"{one.bytes / 1e6:,.1f} MB"
    if len(set(one.rows)) == 1:
        window = "in the window" if one.time_column else "in all: it has no time column"
        return f"{one.table}: {files}{size}, {_count(one.rows[0], 'row')} {window}"
    counts = (f"{rows:,} on {run.engine}" for run, rows in zip(outcome.runs, one.rows, strict=True))
    return f"{one.table}: {files}{size}, rows read: {', '.join(counts)}"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _print_columns(console: Console, outcome: Outcome) -> None:
    if outcome.verdict is Verdict.REFUSED or not outcome.has_other_columns:
        return
    for run in outcome.runs:
        results = "; ".join(", ".join(f"{name}: {type_}" for name, type_ in columns) for columns in run.columns)
        console.print(Text(f"  columns on {run.engine}: {visible(results)}"))


def _print_differences(
    console: Console, engines: tuple[str, str], columns: Columns, comparison: Comparison, number: int
) -> None:
    first, other = engines
    title = f"  result {number}: {_count(comparison.left_rows, 'row')} on {first}, "
    title += f"{comparison.right_rows:,} on {other}; {comparison.differing:,} differ in place"
    console.print(Text(title))
    console.print(Text(f"  {_apart(engines, comparison)}"))
    for place in comparison.places[:_SHOWN_PLACES]:
        _print_place(console, engines, columns, place)
    if comparison.differing > _SHOWN_PLACES:
        console.print(Text("  (--differences FILE writes more)", style="dim"))


def _apart(engines: tuple[str, str], comparison: Comparison) -> str:
    if not comparison.apart.is_whole:
        return f"more than {comparison.apart.most:,} rows are on one side only: they are not counted further"
    if comparison.is_order_alone:
        return "the rows are the same, their order is not"
    return "; ".join(f"{_count(comparison.apart.count(i), 'row')} only on {engine}" for i, engine in enumerate(engines))


def _print_place(console: Console, engines: tuple[str, str], columns: Columns, place: Place) -> None:
    """The two rows side by side, only the columns that differ; a row alone is shown whole."""
    sides = [(engine, row) for engine, row in zip(engines, (place.left, place.right), strict=True) if row is not None]
    wanted = place.columns or tuple(range(len(columns)))
    console.print(Text(f"  row {place.number:,}", style="bold"))
    heads = [("engine", ""), *(columns[i] for i in wanted)]
    print_rows(console, heads, [(engine, *(_exact(row[i]) for i in wanted)) for engine, row in sides], indent=4)


def _exact(cell: Any) -> Any:
    """A real with every digit that tells it from another."""
    return repr(cell) if isinstance(cell, float) else cell


# --- for programs -----------------------------------------------------------------------------------------------------


def json_line(compared: Compared, tolerance: float) -> str:
    """A comparison on one line."""
    line: dict[str, object] = {"id": compared.id, "name": compared.name, "verdict": compared.verdict.value}
    outcome = compared.outcome
    if outcome is not None:
        request = outcome.request
        line |= {
            "now": _iso(request.now),
            "from": _iso(None if request.now is None or request.lookback is None else request.now - request.lookback),
            "tolerance": tolerance,
            "rows": outcome.rows,
            "tables": [_input_json(one, outcome) for one in outcome.inputs],
            "engines": [
                {
                    "engine": run.engine,
                    "seconds": round(run.seconds, 3),
                    "columns": run.columns,
                    "error": compared.errors.get(run.engine),
                }
                for run in outcome.runs
            ],
            "differences": [
                _comparison_json(number, engines, comparison)
                for number, engines, _, comparison in compared.pairs()
                if not comparison.is_equal
            ],
        }
    return compact(line)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _input_json(one: Input, outcome: Outcome) -> dict[str, object]:
    rows = {run.engine: rows for run, rows in zip(outcome.runs, one.rows, strict=True)}
    return {
        "table": one.table,
        "time_column": one.time_column or None,
        "files": one.files,
        "of_files": one.all_files,
        "bytes": one.bytes,
        "rows": rows,
    }


def _comparison_json(number: int, engines: tuple[str, str], comparison: Comparison) -> dict[str, object]:
    counted = comparison.apart.is_whole
    return {
        "result": number,
        "engines": engines,
        "rows": [comparison.left_rows, comparison.right_rows],
        "differing_rows": comparison.differing,
        "first_row": comparison.places[0].number,
        "only": {engine: comparison.apart.count(i) if counted else None for i, engine in enumerate(engines)},
        "order_alone": comparison.is_order_alone,
    }


def difference_lines(compared: Compared) -> Iterator[str]:
    """A line for each place that differs (the first thousand), then one for each row that only one engine has."""
    for number, engines, columns, comparison in compared.pairs():
        head = {"name": compared.name, "result": number}
        for place in comparison.places:
            rows = zip(engines, (place.left, place.right), strict=True)
            yield compact(
                head
                | {"row": place.number, "columns": [columns[i][0] for i in place.columns]}
                | {"rows": {engine: None if row is None else _cells(row, columns) for engine, row in rows}}
            )
        for side, engine in enumerate(engines):
            for row in comparison.apart.rows(side):
                yield compact(head | {"only": engine, "cells": _cells(row, columns)})


def _cells(row: Row, columns: Sequence[tuple[str, str]]) -> list[Any]:
    """The cells as JSON carries them, dynamic ones parsed again."""
    pairs = zip(row, columns, strict=True)
    return [json.loads(cell) if type_ == "dynamic" and cell is not None else cell for cell, (_, type_) in pairs]
