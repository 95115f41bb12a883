"""One document judged: read, bound, linted. Nothing runs."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import perf_counter

from bluetick.cli.checked.verdicts import Verdict
from bluetick.cli.failures import explain
from bluetick.detections.fixing.proposing import propose
from bluetick.detections.fixing.repairs import Repair
from bluetick.detections.linting.model import LintContext
from bluetick.detections.linting.registry import lint
from bluetick.detections.model import Detection
from bluetick.detections.rule_files import Document, open_document
from bluetick.detections.runs import query_request
from bluetick.detections.tuning.findings import check_tuning
from bluetick.diagnostics import Diagnostic, Span, codes
from bluetick.diagnostics.errors import BluetickError, QueryError
from bluetick.execution.program import build_program
from bluetick.plan.relations import QueryPlan
from bluetick.session import Session


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: lint rules by id (None: all), codes of warnings that are left out, repairs."""

    today: date
    rules: frozenset[str] | None = None
    ignored: frozenset[str] = frozenset()
    with_repairs: bool = False

    def wants(self, finding: Diagnostic) -> bool:
        return self.rules is None or finding.code in self.rules

    def shows(self, diagnostic: Diagnostic) -> bool:
        return diagnostic.is_error or diagnostic.code not in self.ignored


def judge_file(session: Session, path: Path, wanted: Wanted) -> list[Verdict]:
    """A verdict for each detection of the document at a path."""
    return judge(session, open_document(path), wanted)


def judge(session: Session, document: Document, wanted: Wanted) -> list[Verdict]:
    """A verdict for each detection of a document; of one that holds none, one that says why."""
    said = tuple(one for one in document.result.diagnostics if wanted.shows(one))
    if not document.result.detections:
        return [Verdict(None, document.source, said)]
    verdicts = []
    for detection in document.result.detections:
        begun = perf_counter()
        found, repair = _judged_or_fault(session, detection, wanted)
        placed = (detection.diagnostic_in_document(one) for one in found)
        beside = (one for one in check_tuning(session, document.path, detection, wanted.today) if wanted.shows(one))
        everything = (*said, *placed, *beside)
        verdicts.append(Verdict(detection, document.source, everything, perf_counter() - begun, repair))
    return verdicts


def _judged_or_fault(session: Session, detection: Detection, wanted: Wanted) -> tuple[list[Diagnostic], Repair | None]:
    """A fault of ours in one document is told of that document, so that the others are still checked."""
    try:
        return _judged(session, detection, wanted)
    except BluetickError:
        raise  # of the session, and so of every document
    except Exception as error:
        return [codes.own_fault(Span(0, 0), explain(error).removeprefix("error: "))], None


def _judged(session: Session, detection: Detection, wanted: Wanted) -> tuple[list[Diagnostic], Repair | None]:
    """What is found of the query, and of the detection as a whole; spans of the query."""
    context = LintContext(wanted.today)
    plan, found = _bound(session, detection)
    linted = [one for one in lint(detection, plan, context) if wanted.wants(one)]
    shown = [one for one in (*found, *linted) if wanted.shows(one)]
    if plan is None or not wanted.with_repairs:
        return shown, None
    return shown, propose(session, detection, context, lambda one: wanted.wants(one) and wanted.shows(one))


def _bound(session: Session, detection: Detection) -> tuple[QueryPlan | None, tuple[Diagnostic, ...]]:
    try:
        plan, found = session.plan(query_request(detection), is_check=True)
        for statement in plan.statements:
            build_program(statement, session.flavour, has_lower_bound=True, has_upper_bound=True)
    except QueryError as error:
        return None, error.diagnostics
    return plan, found
