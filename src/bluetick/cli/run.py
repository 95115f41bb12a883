"""`bluetick run`: rule documents against data; their rows, whether they trigger, and the account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from bluetick.cli.estimates import print_estimate
from bluetick.cli.explanations import print_explanation
from bluetick.cli.failures import FAILED, RAN, explain, is_interrupt, say
from bluetick.cli.grid import print_rows, visible
from bluetick.cli.near_misses import near_misses_json, print_near_misses
from bluetick.cli.options import DataOptions, Moment, data_options, now_option
from bluetick.cli.page import new_console
from bluetick.cli.writing import compact
from bluetick.detections.model import Comparison, Detection, Threshold
from bluetick.detections.rule_files import Document, read_documents
from bluetick.detections.runs import DetectionRun, newest_instant, query_request, run_detection
from bluetick.detections.tuning.applying import tuned
from bluetick.detections.tuning.reading import tuning_beside
from bluetick.diagnostics import Severity
from bluetick.diagnostics.errors import QueryError
from bluetick.session import QueryRequest, Session
from bluetick.values import json_rows

_SHOWN_ROWS = 50
_NEEDS = {
    Comparison.GREATER: "more than",
    Comparison.LESS: "fewer than",
    Comparison.EQUAL: "exactly",
    Comparison.NOT_EQUAL: "any number but",
}


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How documents are run."""

    now: Moment
    near_miss: int
    console: Console | None  # None: JSON
    only_estimate: bool = False
    only_explain: bool = False
    applies_tuning: bool = True


@click.command()
@click.argument("documents", nargs=-1, required=True, metavar="DOC|DIR...", type=click.Path(path_type=Path))
@data_options
@now_option
@click.option(
    "--near-miss",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Show up to N rows for each condition that alone removed them, and by how much.",
)
@click.option("--estimate", is_flag=True, help="Only tell what would be read of each table; nothing is run.")
@click.option("--explain", "shows_plan", is_flag=True, help="Only tell the plan, and each step with its SQL.")
@click.option("--no-tuning", is_flag=True, help="Do not leave out the rows of the exceptions beside a document.")
@click.option("--format", "form", type=click.Choice(("table", "json")), default="table", show_default=True)
def run(
    *,
    documents: Sequence[Path],
    data: DataOptions,
    now: Moment,
    near_miss: int,
    estimate: bool,
    shows_plan: bool,
    no_tuning: bool,
    form: str,
) -> int:
    """Run rule documents and explain what came out.

    Each runs as of one instant (--now), without the rows of the exceptions in NAME.tuning.yaml (docs/tuning.md). JSON
    is one line a detection.
    """
    console = new_console() if form == "table" else None
    options = RunOptions(now, near_miss, console, estimate, shows_plan, not no_tuning)
    failed = False
    with data.open() as session:
        for document in read_documents(documents):
            failed |= not _run_document(session, document, options)
    return FAILED if failed else RAN


def _run_document(session: Session, document: Document, options: RunOptions) -> bool:
    """Runs what a document holds; whether nothing was refused and nothing failed."""
    for diagnostic in document.result.diagnostics:
        if diagnostic.severity is not Severity.INFO:
            say(document.render(diagnostic))
    if document.errors:
        return False
    done = [_run_detection(session, document, detection, options) for detection in document.result.detections]
    return all(done)


def _run_detection(session: Session, document: Document, detection: Detection, options: RunOptions) -> bool:
    try:
        tuning = tuning_beside(document.path) if options.applies_tuning else None
        now = newest_instant(session, detection) if options.now == "newest" else options.now
        if options.only_estimate or options.only_explain:
            request = query_request(detection, now or datetime.now(UTC))
            _tell(session, detection, tuned(request, tuning), options)
            return True
        outcome = run_detection(session, detection, now=now, near_miss=options.near_miss, tuning=tuning)
    except Exception as error:  # one document that fails, for whatever reason, does not keep the others from running
        if is_interrupt(error):
            raise
        say(failure(document, detection, error))
        return False
    if options.console is None:
        click.echo(json_line(outcome, with_near_misses=options.near_miss > 0))
        return True
    print_run(options.console, outcome)
    if options.near_miss:
        print_near_misses(options.console, outcome.near_misses)
    return True


def _tell(session: Session, detection: Detection, request: QueryRequest, options: RunOptions) -> None:
    """What would be read or done, without running anything."""
    form = "json" if options.console is None else "table"
    if options.only_estimate:
        print_estimate(detection.name, detection.id, session.estimate(request), form)
        return
    print_explanation(session.explain(request), form)


def failure(document: Document, detection: Detection, error: Exception) -> str:
    """Why a detection did not run; what is wrong in its query is shown in the document."""
    if isinstance(error, QueryError) and error.source is not None:
        return "\n".join(document.render(detection.diagnostic_in_document(d)) for d in error.diagnostics)
    return explain(error, str(document.path))


def json_line(outcome: DetectionRun, *, with_near_misses: bool = False) -> str:
    """A run on one line; near misses, where asked for, are a part of the account."""
    account = outcome.account.to_json()
    if with_near_misses:
        account["near_misses"] = near_misses_json(outcome.near_misses)
    threshold = outcome.threshold
    described: dict[str, object] = {"operator": threshold.operator.value, "value": threshold.value}
    if not threshold.declared:
        described["declared"] = False
    return compact(
        {
            "id": outcome.detection.id,
            "name": outcome.detection.name,
            "columns": outcome.columns,
            "rows": list(json_rows(outcome.columns, outcome.rows)),
            "row_count": len(outcome.rows),
            "threshold": described,
            "triggered": outcome.triggered,
            "account": account,
        }
    )


def print_run(console: Console, outcome: DetectionRun) -> None:
    """Title, verdict, rows, account."""
    detection = outcome.detection
    console.print(Text(visible(detection.name), style="bold"))
    facts = [detection.id, detection.severity.value if detection.severity else "no severity", window(outcome)]
    console.print(Text(visible("  ·  ".join(facts)), style="dim"))
    console.print(verdict(outcome))
    if outcome.rows:
        console.print()
        view = print_rows(console, outcome.columns, outcome.rows[:_SHOWN_ROWS], indent=2)
        hidden = len(outcome.rows) - _SHOWN_ROWS
        notes = [f"{hidden:,} more rows"] if hidden > 0 else []
        notes += ["long cells are cut"] if view.clipped else []
        if notes:
            console.print(Text(f"  {', '.join(notes)} (--format json gives everything)", style="dim"))
    console.print()
    for line in outcome.account.lines():
        console.print(Text(f"  {visible(line)}", style="yellow" if line.startswith("warning") else ""))
    console.print()


def verdict(outcome: DetectionRun) -> Text:
    """'triggered' or not, and by how many rows."""
    count = len(outcome.rows)
    words = f"{count:,} row{'' if count == 1 else 's'}, needs {needs(outcome.threshold)}"
    if outcome.triggered:
        return Text("TRIGGERED", style="bold red").append(f"  ({words})", style="default")
    return Text("not triggered", style="bold green").append(f"  ({words})", style="default")


def needs(threshold: Threshold) -> str:
    return f"{_NEEDS[threshold.operator]} {threshold.value:,}"


def window(outcome: DetectionRun) -> str:
    """The time that was read."""
    end = _moment(outcome.now)
    lookback = outcome.detection.reach
    if lookback is None:
        return f"up to {end}, no lookback"
    return f"{_moment(outcome.now - lookback)} to {end} ({_length(lookback)})"


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def _length(length: timedelta) -> str:
    hours = length / timedelta(hours=1)
    return f"{hours / 24:g} days" if hours >= 48 else f"{hours:g} hours"
