"""`bluetick coverage`: how much evidence there is that the techniques which rules name would be found."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from bluetick.cli.covered import coverage_json, print_coverage
from bluetick.cli.failures import FAILED, RAN
from bluetick.cli.options import DataOptions, Moment, data_options, now_option
from bluetick.cli.page import new_console
from bluetick.cli.progress import progress_of
from bluetick.cli.writing import compact
from bluetick.detections.coverage.gathering import binds, fed, ran, tested
from bluetick.detections.coverage.levels import Finding, Level, RuleEvidence, coverage_of
from bluetick.detections.coverage.navigator import navigator_layers
from bluetick.detections.coverage.proofs import Proofs, read_proofs
from bluetick.detections.filling import Filling, Span, find_filling
from bluetick.detections.fit import Needs, find_needs
from bluetick.detections.model import Detection
from bluetick.detections.rule_files import Document, read_documents
from bluetick.detections.samples import Surroundings, read_samples, run_samples, samples_path
from bluetick.detections.tuning.reading import tuning_beside
from bluetick.diagnostics import has_errors
from bluetick.diagnostics.errors import TuningError
from bluetick.session import Session


@click.command()
@click.argument("documents", nargs=-1, required=True, metavar="DOC|DIR...", type=click.Path(path_type=Path))
@data_options
@now_option
@click.option("--format", "form", type=click.Choice(("text", "json", "navigator")), default="text", show_default=True)
@click.option("--name", default="bluetick coverage", show_default=True, help="What the Navigator layer is called.")
@click.option(
    "--results",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="What 'bluetick backtest --labels ... --format json' wrote: the rules that it proves.",
)
def coverage(
    *, documents: Sequence[Path], data: DataOptions, now: Moment, form: str, name: str, results: Path | None
) -> int:
    """Say how well the ATT&CK techniques of rules are covered, by evidence.

    Levels: written, binds, fed by filled columns, ran without gap, hit test passes, proven on a recording. A technique
    has that of its best rule; one that is only written is not covered (docs/coverage.md).
    """
    proofs = None if results is None else read_proofs(results)
    read = list(read_documents(documents))
    has_data = data.lake is not None or bool(data.tables) or data.mapping is not None
    with data.open() as opened:
        rules = list(
            _evidence(opened.pinned(), read, now, Surroundings(data.schemas, data.functions), has_data=has_data)
        )
    if proofs is not None:
        rules = [replace(rule, findings=_proven(rule, proofs)) for rule in rules]
    unseen = () if has_data else ((Level.FED, "--lake"), (Level.RAN, "--lake"))
    found = coverage_of(rules, unseen if proofs is not None else (*unseen, (Level.PROVEN, "--results")))
    if form == "text":
        print_coverage(new_console(), found)
    elif form == "json":
        click.echo(compact(coverage_json(found)))
    else:
        layers = navigator_layers(found, name)
        click.echo(compact(layers[0] if len(layers) == 1 else layers))
    return FAILED if any(not document.result.detections for document in read) else RAN


def _evidence(
    session: Session, documents: Sequence[Document], now: Moment, surroundings: Surroundings, *, has_data: bool
) -> Iterator[RuleEvidence]:
    """That of each rule, one after another."""
    every = [(document, detection) for document in documents for detection in document.result.detections]
    filling, needs = _filled(session, every, now) if has_data else (Filling(), {})
    with progress_of(len(every), "looking at", "rules") as advance:
        for place, (document, detection) in enumerate(every):
            findings = {Level.WRITTEN: Finding(True), Level.BINDS: binds(session, detection, document.errors)}
            if findings[Level.BINDS].is_reached:
                findings[Level.TESTED] = _tested(document, detection, surroundings)
            if findings[Level.BINDS].is_reached and has_data:
                findings[Level.FED] = fed(needs[place], filling)
                if findings[Level.FED].is_reached:
                    findings[Level.RAN] = _ran(session, document, detection, now)
            yield RuleEvidence(str(document.path), detection.id, detection.name, detection.techniques, findings)
            next(advance)


def _filled(
    session: Session, every: Sequence[tuple[Document, Detection]], now: Moment
) -> tuple[Filling, dict[int, Needs]]:
    """What the rules need, and what the tables have of it."""
    needs = {place: find_needs(session, detection) for place, (_, detection) in enumerate(every)}
    wanted: dict[str, set[str]] = {}
    for one in needs.values():
        for table, columns in one.columns.items():
            wanted.setdefault(table, set()).update(columns)
    high = now if isinstance(now, datetime) else datetime.now(UTC)
    return find_filling(session, wanted, Span(None, high)), needs


def _proven(rule: RuleEvidence, proofs: Proofs) -> dict[Level, Finding]:
    """The findings of a rule that binds, and whether a backtest proved it."""
    binds_ = rule.findings.get(Level.BINDS)
    proven = {Level.PROVEN: proofs.finding(rule.id)} if binds_ is not None and binds_.is_reached else {}
    return {**rule.findings, **proven}


def _tested(document: Document, detection: Detection, surroundings: Surroundings) -> Finding:
    """By the samples beside the document."""
    path = samples_path(document.path)
    if not path.exists():
        return Finding(False, "it has no samples")
    file = read_samples(path)
    if has_errors(file.diagnostics):
        return Finding(False, f"its samples are refused: {file.diagnostics[0].message}")
    is_only = len(document.result.detections) == 1
    names = (detection.id, detection.name)
    mine = [one for one in file.samples if (one.detection in names if one.detection else is_only)]
    outcomes = run_samples(detection, mine, surroundings)
    return tested({f"{place} {one.name}": (one.kind, one.passed) for place, one in enumerate(outcomes, 1)})


def _ran(session: Session, document: Document, detection: Detection, now: Moment) -> Finding:
    try:
        tuning = tuning_beside(document.path)
    except TuningError as error:
        return Finding(False, f"its exceptions are refused: {error.diagnostics[0].message}")
    return ran(session, detection, tuning, now if isinstance(now, datetime) else None).finding
