"""`bluetick test`: the samples beside rule documents, each run by itself."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import click

from bluetick.cli.failures import FAILED, RAN
from bluetick.cli.page import new_console
from bluetick.cli.picking import EVERY, Picker, parse_pick
from bluetick.cli.progress import progress_of
from bluetick.cli.sample_reports import (
    Findings,
    JsonReport,
    JunitReport,
    Report,
    Tested,
    TextReport,
    Trouble,
    Unnoticed,
    untested,
)
from bluetick.detections.documents import FORMATS
from bluetick.detections.documents.companions import COMPANION_SUFFIXES, TESTS_SUFFIX
from bluetick.detections.model import Detection
from bluetick.detections.rule_files import Document, read_documents, runnable
from bluetick.detections.samples import Sample, SampleFile, Surroundings, each_outcome, read_samples, samples_path
from bluetick.detections.samples.mutating import mutants, unnoticed
from bluetick.diagnostics import Diagnostic, SourceText, render_diagnostic
from bluetick.diagnostics import sample_codes as codes

_SUFFIXES = tuple({suffix for form in FORMATS for suffix in form.suffixes})


class _PickType(click.ParamType[Any]):
    name = "EXPR"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Picker:
        picker = value if isinstance(value, Picker) else parse_pick(str(value))
        if picker is None:
            self.fail(f"'{value}' is not words joined by and, or, not", param, ctx)
        return picker


@dataclass(frozen=True, slots=True)
class _Choice:
    """Which samples are run, and when it is enough."""

    picker: Picker
    stops: bool
    surroundings: Surroundings
    mutates: bool = False


@click.command()
@click.argument("documents", nargs=-1, required=True, metavar="DOC|DIR...", type=click.Path(path_type=Path))
@click.option("-k", "picker", type=_PickType(), default=EVERY, help="Only samples whose document::name holds these.")
@click.option("-x", "--exitfirst", "stops", is_flag=True, help="Stop at the first sample that fails.")
@click.option("-v", "--verbose", is_flag=True, help="A line for each sample.")
@click.option("--require-both", is_flag=True, help="Fail where a rule has no hit or no miss among its samples.")
@click.option("--mutate", is_flag=True, help="Take each condition away and tell of those that no sample notices.")
@click.option("--schemas", metavar="PACK|FILE", help="sentinel, defender or a JSON file: the columns of tables.")
@click.option("--functions", type=click.Path(path_type=Path), metavar="DIR", help="Stored functions, as for run.")
@click.option("--format", "form", type=click.Choice(("text", "json", "junit")), default="text", show_default=True)
def test(  # noqa: PLR0913 - one for each option
    *,
    documents: Sequence[Path],
    picker: Picker,
    stops: bool,
    verbose: bool,
    require_both: bool,
    mutate: bool,
    schemas: str | None,
    functions: Path | None,
    form: str,
) -> int:
    """Run the samples beside rule documents: NAME.tests.yaml (docs/testing.md).

    Each sample is a world of its own: its tables, its instant, no lake, no network. A rule counts as tested with one
    sample that it finds and one that it does not. JSON is one line a sample.
    """
    reports: dict[str, Callable[[], Report]] = {"json": JsonReport, "junit": JunitReport, "text": _text(verbose)}
    report = reports[form]()
    findings = Findings()
    choice = _Choice(picker, stops, Surroundings(schemas, functions), mutate)
    begun = perf_counter()
    for document in _documents(documents, findings):
        _try_document(document, choice, findings, report)
        if stops and (findings.failed or findings.troubles):
            break
    findings.seconds = perf_counter() - begun
    report.end(findings, requires_both=require_both)
    is_bad = findings.failed or findings.troubles or not findings.tested or (require_both and findings.untested)
    return FAILED if is_bad else RAN


def _text(is_verbose: bool) -> Callable[[], Report]:
    return lambda: TextReport(new_console(), is_verbose=is_verbose)


def _try_document(document: Document, choice: _Choice, findings: Findings, report: Report) -> None:
    """Runs the samples beside one document; what is wrong with it or with them is a finding."""
    if document.errors or not document.result.detections:
        said = document.errors or document.result.diagnostics
        findings.troubles.append(Trouble(document.path, "\n".join(document.render(one) for one in said)))
        return
    file = _sample_file(document.path)
    problems = [*file.diagnostics, *_astray(file, document)]
    if problems:
        words = "\n".join(render_diagnostic(one, file.source) for one in problems)
        findings.troubles.append(Trouble(document.path, words))
        return
    for detection in runnable(document):
        mine = [sample for sample in file.samples if _is_of(sample, detection, document)]
        picked = [one for one in mine if choice.picker.picks(f"{document.path.name}::{one.name}")]
        outcomes = []
        for outcome in each_outcome(detection, picked, choice.surroundings):
            outcomes.append(outcome)
            findings.tested.append(Tested(document.path, detection, outcome))
            report.outcome(findings.tested[-1])
            if choice.stops and not outcome.passed:
                return
        lacking = untested(document.path, detection, outcomes)
        if lacking is not None and choice.picker is EVERY:
            findings.untested.append(lacking)
        if choice.mutates and outcomes and all(outcome.passed for outcome in outcomes):
            _mutate(document, detection, picked, choice, findings)


def _mutate(
    document: Document, detection: Detection, samples: Sequence[Sample], choice: _Choice, findings: Findings
) -> None:
    """Finds the conditions that no sample notices the lack of."""
    total = len(mutants(detection))
    findings.mutants += total
    with progress_of(total, f"changing {document.path.name}", "conditions") as advance:
        for mutant in unnoticed(detection, samples, choice.surroundings):
            next(advance)
            if mutant is not None:
                start = detection.span_in_document(mutant.span).start
                line, column = document.source.position(start)
                place = f"{document.path}:{line}:{column}"
                findings.unnoticed.append(Unnoticed(document.path, detection, mutant, place))


def _sample_file(document: Path) -> SampleFile:
    path = samples_path(document)
    return read_samples(path) if path.exists() else SampleFile(path, SourceText("", str(path)))


def _is_of(sample: Sample, detection: Detection, document: Document) -> bool:
    if not sample.detection:
        return len(document.result.detections) == 1
    return sample.detection in (detection.id, detection.name)


def _astray(file: SampleFile, document: Document) -> Iterator[Diagnostic]:
    """Samples that belong to no rule of the document."""
    every = document.result.detections
    for sample in file.samples:
        if not any(_is_of(sample, detection, document) for detection in every):
            yield codes.no_such_detection(sample.span, sample.detection, [one.name for one in every])


def _documents(paths: Sequence[Path], findings: Findings) -> Iterator[Document]:
    """The documents of the paths; a file of samples stands for the document beside it. One that stands alone is a
    trouble: its samples would never run."""
    for path in paths:
        files = sorted(path.rglob(f"*{TESTS_SUFFIX}")) if path.is_dir() else [path]
        for file in files:
            if file.name.endswith(TESTS_SUFFIX) and not _beside(file):
                findings.troubles.append(Trouble(file, f"{file}: there is no document beside it"))
    yield from read_documents([one for path in paths for one in _meant(path)])


def _meant(path: Path) -> list[Path]:
    return _beside(path) if path.name.endswith(TESTS_SUFFIX) and not path.is_dir() else [path]


def _beside(file: Path) -> list[Path]:
    """The documents whose samples a file holds."""
    every = (one for one in file.parent.iterdir() if one.name.lower().endswith(_SUFFIXES))
    return sorted(o for o in every if samples_path(o) == file and not o.name.lower().endswith(COMPANION_SUFFIXES))
