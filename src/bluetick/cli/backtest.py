"""`bluetick backtest`: what rules would have said at each of their scheduled instants."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from bluetick.cli.backtest_html import write_html
from bluetick.cli.backtest_json import to_json
from bluetick.cli.backtest_text import print_backtest
from bluetick.cli.failures import FAILED, RAN, is_interrupt, say
from bluetick.cli.ledgers import open_ledger
from bluetick.cli.options import DataOptions, DurationType, Moment, MomentType, data_options
from bluetick.cli.page import new_console
from bluetick.cli.progress import progress_of
from bluetick.cli.run import failure
from bluetick.cli.writing import compact, text_target
from bluetick.detections.backtest.closures import closure_labels
from bluetick.detections.backtest.labels import Label, read_labels
from bluetick.detections.backtest.report import Backtest, BacktestOptions, backtest, instants
from bluetick.detections.model import Detection
from bluetick.detections.rule_files import Document, read_documents
from bluetick.detections.runs import newest_instant
from bluetick.detections.tuning.reading import tuning_beside
from bluetick.diagnostics import Severity
from bluetick.session import Session

DAYS = 30
DELAY = "5m"  # Sentinel runs a rule five minutes after its instant


@dataclass(frozen=True, slots=True)
class Choices:
    """How documents are replayed."""

    first: Moment
    last: Moment
    every: timedelta | None
    labels: tuple[Label, ...]
    closures: Path | None
    received_within: timedelta | None
    applies_tuning: bool
    seconds: float | None


@click.command(name="backtest")
@click.argument("documents", nargs=-1, required=True, metavar="DOC|DIR...", type=click.Path(path_type=Path))
@data_options
@click.option(
    "--from", "first", type=MomentType(), metavar="ISO", help=f"Where to begin. Default: {DAYS} days before --to."
)
@click.option(
    "--to", "last", type=MomentType(), default="newest", show_default=True, metavar="ISO|newest", help="Where to end."
)
@click.option("--every", type=DurationType(), metavar="DURATION", help="How often, instead of what a document says.")
@click.option(
    "--labels",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="What happened: NDJSON, CSV, or the ground_truth.json of a simulation (docs/backtest.md).",
)
@click.option(
    "--labels-from",
    "closures",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="LEDGER",
    help="What the rule's closed alerts turned out to be, from a service's ledger.",
)
@click.option(
    "--as-received",
    type=DurationType(),
    is_flag=False,
    flag_value=DELAY,
    metavar="[DELAY]",
    help=f"Also replay as the rows came in, each run DELAY after its instant ({DELAY}): what late rows cost.",
)
@click.option("--no-tuning", is_flag=True, help="Do not leave out the rows of the exceptions beside a document.")
@click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="The most one run may take."
)
@click.option("--format", "form", type=click.Choice(("text", "json", "html")), default="text", show_default=True)
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write there.")
def backtest_command(  # noqa: PLR0913 - one for each option
    *,
    documents: Sequence[Path],
    data: DataOptions,
    first: Moment,
    last: Moment,
    every: timedelta | None,
    labels: Path | None,
    closures: Path | None,
    as_received: timedelta | None,
    no_tuning: bool,
    timeout: float | None,
    form: str,
    output: Path | None,
) -> int:
    """Replay every scheduled run of rules as of its instant: alerts a day, noise, what was found.

    A run sees what it would have seen with all rows there in time (--as-received: with those that were). Exceptions in
    NAME.tuning.yaml apply. JSON is one line a detection; HTML is one page that needs nothing beside it.
    """
    if first == "newest":
        raise click.UsageError("--from 'newest' has no meaning; give an instant")
    known = () if labels is None else read_labels(labels)
    choices = Choices(first, last, every, known, closures, as_received, not no_tuning, timeout)
    done: list[Backtest] = []
    failed = False
    with data.open() as session:
        for document in read_documents(documents):
            found, is_whole = _replay_document(session, document, choices)
            done += found
            failed |= not is_whole or any(one.failed for one in found)
    _write(done, form, output)
    return FAILED if failed else RAN


def _write(done: Sequence[Backtest], form: str, output: Path | None) -> None:
    with text_target(output) as stream:
        match form:
            case "html":
                stream.write(write_html(done))
            case "json":
                stream.writelines(compact(to_json(one)) + "\n" for one in done)
            case _:
                console = new_console(stream if output is not None else None)
                for one in done:
                    print_backtest(console, one)


def _replay_document(session: Session, document: Document, choices: Choices) -> tuple[list[Backtest], bool]:
    """The backtests of a document's detections, and whether nothing was refused."""
    for diagnostic in document.result.diagnostics:
        if diagnostic.severity is not Severity.INFO:
            say(document.render(diagnostic))
    if document.errors:
        return [], False
    found = []
    for detection in document.result.detections:
        try:
            found.append(_replay(session, document, detection, choices))
        except (
            Exception
        ) as error:  # one document that fails, for whatever reason, does not keep the others from running
            if is_interrupt(error):
                raise
            say(failure(document, detection, error))
    return found, len(found) == len(document.result.detections)


def _replay(session: Session, document: Document, detection: Detection, choices: Choices) -> Backtest:
    last = _end(session, detection, choices.last)
    first = choices.first if isinstance(choices.first, datetime) else last - timedelta(days=DAYS)
    tuning = tuning_beside(document.path) if choices.applies_tuning else None
    options = BacktestOptions(
        first=first,
        last=last,
        every=choices.every,
        labels=(*choices.labels, *_closed(session, detection, choices, last)),
        received_within=choices.received_within,
        tuning=tuning,
        seconds=choices.seconds,
    )
    runs = len(instants(detection, options)) * (1 if choices.received_within is None else 2)
    with progress_of(runs, "replaying", "runs") as advance:
        return backtest(session, detection, options, lambda: next(advance))


def _closed(session: Session, detection: Detection, choices: Choices, now: datetime) -> tuple[Label, ...]:
    if choices.closures is None:
        return ()
    ledger = open_ledger(choices.closures)
    try:
        return closure_labels(ledger, session, detection, now)
    finally:
        ledger.close()


def _end(session: Session, detection: Detection, last: Moment) -> datetime:
    if isinstance(last, datetime):
        return last
    return newest_instant(session, detection) if last == "newest" else datetime.now(UTC)
