"""What `fit` found: for people, and as JSON."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from bluetick.cli.freshness import minute
from bluetick.cli.grid import visible
from bluetick.detections.filling import Empty, Span, Why
from bluetick.detections.fit import Fit, Grade, Unlock
from bluetick.detections.model import Detection
from bluetick.detections.rule_files import Document
from bluetick.diagnostics import Diagnostic
from bluetick.values import format_datetime7

SHOWN = 15
_WORDS = {
    Why.NO_COLUMN: "the data has no such column",
    Why.NEVER_FILLED: "never filled",
}


@dataclass(frozen=True, slots=True)
class Fitted:
    """A detection and how it fits, or a document that holds none."""

    document: Document
    detection: Detection | None
    fit: Fit

    @property
    def name(self) -> str:
        return "" if self.detection is None else self.detection.name


@dataclass(frozen=True, slots=True)
class Fittings:
    """All of them in the order of the documents, what would unlock most, and the time that was looked at."""

    rules: tuple[Fitted, ...]
    unlocks: tuple[Unlock, ...]
    span: Span

    def counts(self) -> Counter[Grade]:
        return Counter(one.fit.grade for one in self.rules)

    def of(self, grade: Grade) -> list[Fitted]:
        return [one for one in self.rules if one.fit.grade is grade]

    def runnable(self) -> list[Path]:
        """The documents of which every detection runs."""
        others = {one.document.path for one in self.rules if one.fit.grade is not Grade.RUNS}
        return [path for path in dict.fromkeys(one.document.path for one in self.rules) if path not in others]


# --- for people -------------------------------------------------------------------------------------------------------


def print_fittings(console: Console, found: Fittings) -> None:
    """The counts, what would unlock most, then all that does not simply run."""
    counts = found.counts()
    _line(console, f"{counts[Grade.RUNS]:,} run, {counts[Grade.DEGRADED]:,} degraded, {counts[Grade.CANNOT]:,} cannot")
    if found.unlocks:
        _print_unlocks(console, found.unlocks)
    for grade in (Grade.DEGRADED, Grade.CANNOT):
        rules = found.of(grade)
        if rules:
            _line(console, "")
        for one in rules:
            _line(console, f"{grade.value:<8}  {visible(str(one.document.path))}  {visible(one.name)}".rstrip())
            for reason in _reasons(one, found.span):
                _line(console, f"          {visible(reason)}")


def _print_unlocks(console: Console, unlocks: tuple[Unlock, ...]) -> None:
    _line(console, "\nWhat is missing, by the rules that it keeps from running: alone, and among others")
    for one in unlocks[:SHOWN]:
        table, column = one.obstacle
        what = f"{table}.{column}" if column else f"{table} (table)"
        _line(console, f"{one.alone:>8,} {one.among_others:>8,}  {visible(what)}")
    if len(unlocks) > SHOWN:
        _line(console, f"{'':>19}and {len(unlocks) - SHOWN:,} more: --format json has all")


def _line(console: Console, text: str) -> None:
    console.print(Text(text), no_wrap=True, overflow="ignore", crop=False)


def _reasons(one: Fitted, span: Span) -> Iterator[str]:
    """Why a rule does not simply run, a line each."""
    fit = one.fit
    for diagnostic in fit.needs.refused:
        line, column = _position(one.document, diagnostic)
        yield f"{diagnostic.severity.value}[{diagnostic.code}] {line}:{column}: {diagnostic.message}"
    if not fit.needs.refused:
        yield from (f"{table}: there is no such table here" for table in fit.needs.missing)
    since = "" if span.low is None else f" since {minute(span.low)}"
    yield from (f"{table}: no row{since}" for table in fit.rowless)
    yield from fit.needs.unmet
    yield from (f"{empty.table}.{empty.column}: {_why(empty)}" for empty in fit.empty)


def _why(empty: Empty) -> str:
    if empty.since is not None:
        return f"empty since {minute(empty.since)}"
    told = "; ".join(f"{source}: {reason}" for source, reason in empty.reasons)
    if empty.why is Why.LACKED:
        return told
    return f"{_WORDS[empty.why]}{f' ({told})' if told else ''}"


def _position(document: Document, diagnostic: Diagnostic) -> tuple[int, int]:
    source = document.source
    return source.position(min(diagnostic.span.start, len(source.text)))


# --- JSON -------------------------------------------------------------------------------------------------------------


def to_json(found: Fittings) -> dict[str, Any]:
    """The counts, every rule, and all that would unlock some."""
    counts = found.counts()
    low = found.span.low
    return {
        **{grade.value: counts[grade] for grade in Grade},
        "from": None if low is None else format_datetime7(low),
        "to": format_datetime7(found.span.high),
        "unlocks": [one.to_json() for one in found.unlocks],
        "rules": [_rule(one) for one in found.rules],
    }


def _rule(one: Fitted) -> dict[str, Any]:
    fit = one.fit
    told: dict[str, Any] = {
        "id": "" if one.detection is None else one.detection.id,
        "name": one.name,
        "file": str(one.document.path),
        "fit": fit.grade.value,
    }
    parts = {
        "missing_tables": list(fit.needs.missing),
        "tables_without_rows": list(fit.rowless),
        "unmet": list(fit.needs.unmet),
        "empty": [empty.to_json() for empty in fit.empty],
        "diagnostics": [_diagnostic(one.document, each) for each in fit.needs.refused],
    }
    return told | {name: values for name, values in parts.items() if values}


def _diagnostic(document: Document, diagnostic: Diagnostic) -> dict[str, Any]:
    line, column = _position(document, diagnostic)
    return {
        "severity": diagnostic.severity.value,
        "code": diagnostic.code,
        "message": diagnostic.message,
        "line": line,
        "column": column,
    }
