"""`bluetick tuning`: what the exceptions beside rules are worth, and which of them somebody should look at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from bluetick.cli.failures import FAILED, RAN, explain, is_interrupt, say
from bluetick.cli.grid import print_rows, visible
from bluetick.cli.options import DataOptions, Moment, data_options, now_option
from bluetick.cli.page import new_console
from bluetick.cli.replayed import days_option, labels_option, span_until
from bluetick.cli.writing import compact
from bluetick.detections.differences.labelled import seen_by
from bluetick.detections.differences.measuring import Span
from bluetick.detections.model import Detection
from bluetick.detections.rule_files import Document, read_documents, runnable
from bluetick.detections.tuning.findings import stale_exceptions
from bluetick.detections.tuning.model import TuningDocument
from bluetick.detections.tuning.pricing import Price, Seen, price
from bluetick.detections.tuning.reading import tuning_beside
from bluetick.diagnostics import Diagnostic, render_diagnostic
from bluetick.session import Session

_NUMBERS = ("Rows left out", "Rows saved", "Alerts saved", "Alerts brought")
_COLUMNS = (
    ("Exception", ""),
    *((name, "long") for name in _NUMBERS),
    ("Labelled events lost", ""),
    ("Expires", ""),
    ("Owner", ""),
)


@click.command()
@click.argument("documents", nargs=-1, required=True, metavar="DOC|DIR...", type=click.Path(path_type=Path))
@data_options
@now_option
@days_option
@labels_option
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
def tuning(
    *, documents: Sequence[Path], data: DataOptions, now: Moment, days: int, labels: Path | None, form: str
) -> int:
    """Price the exceptions beside rules: replay each rule with all of them, and without each.

    Told are the alerts and rows that each saves, the labelled events that it costs, and exceptions that have expired or
    leave out nothing (docs/tuning.md). JSON is one line a rule.
    """
    failed = False
    with data.open() as opened:
        session = opened.pinned()
        span = span_until(session, now, days)
        seen = None if labels is None else seen_by(session, labels, span.last)
        for document in read_documents(documents):
            try:
                for rule in _priced(session, document, span, seen):
                    _tell(rule, form)
            except Exception as error:  # one document that fails does not keep the others from being priced
                if is_interrupt(error):
                    raise
                say(explain(error, str(document.path)))
                failed = True
    return FAILED if failed else RAN


@dataclass(frozen=True, slots=True)
class _Priced:
    """A rule with the prices of its exceptions, and what is to be said of these; `runs` were looked at."""

    path: Path
    detection: Detection
    runs: int
    tuning: TuningDocument
    prices: tuple[Price, ...]
    findings: tuple[Diagnostic, ...]


def _priced(session: Session, document: Document, span: Span, seen: Seen | None) -> Iterator[_Priced]:
    tuning = tuning_beside(document.path)
    if tuning is None:
        return
    for detection in runnable(document):
        windows = span.windows(detection)
        prices = tuple(price(session, detection, windows, tuning, seen))
        hits = {one.exception.name: one.left_out for one in prices if one.left_out is not None}
        findings = stale_exceptions(tuning, span.last.date(), hits, f"of what {len(windows):,} runs see")
        yield _Priced(document.path, detection, len(windows), tuning, prices, tuple(findings))


def _tell(rule: _Priced, form: str) -> None:
    if form == "json":
        click.echo(compact(_to_json(rule)))
        return
    console = new_console()
    title = f"{rule.detection.name}  {rule.path}  ({rule.runs:,} runs)"
    console.print(Text(visible(title), style="bold"))
    if rule.prices:
        print_rows(console, _COLUMNS, [_cells(one) for one in rule.prices], indent=2)
    for finding in rule.findings:
        say(render_diagnostic(finding, rule.tuning.source))
    console.print()


def _cells(one: Price) -> tuple[Any, ...]:
    lost = ", ".join(one.labels_lost)
    numbers = (one.left_out, one.rows_saved, one.alerts_saved, one.alerts_brought)
    return (one.exception.name, *numbers, lost, one.exception.expires.isoformat(), one.exception.owner)


def _to_json(rule: _Priced) -> dict[str, Any]:
    return {
        "id": rule.detection.id,
        "name": rule.detection.name,
        "file": str(rule.path),
        "runs": rule.runs,
        "exceptions": [
            {
                "name": one.exception.name,
                "table": one.exception.exclusion.table,
                "expires": one.exception.expires.isoformat(),
                "owner": one.exception.owner,
                "reason": one.exception.reason,
                "rows_left_out": one.left_out,
                "rows_saved": one.rows_saved,
                "alerts_saved": one.alerts_saved,
                "alerts_brought": one.alerts_brought,
                "labels_lost": list(one.labels_lost),
            }
            for one in rule.prices
        ],
        "findings": [{"code": one.code, "message": one.message} for one in rule.findings],
    }
