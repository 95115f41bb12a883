"""`bluetick check`: whether documents can run, without data and without running them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from bluetick.cli.documents import Document, read_documents
from bluetick.cli.failures import FAILED, RAN
from bluetick.cli.options import DataOptions, data_options
from bluetick.cli.writing import compact
from bluetick.detections.model import Detection
from bluetick.detections.runs import query_request
from bluetick.diagnostics import Diagnostic, has_errors
from bluetick.diagnostics.errors import QueryError
from bluetick.execution.program import build_program
from bluetick.session import Session


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of one detection, or of a document that holds none."""

    id: str
    name: str
    document: Document
    diagnostics: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        return bool(self.id) and not has_errors(self.diagnostics)


@click.command()
@click.argument("documents", nargs=-1, required=True, metavar="DOC|DIR...", type=click.Path(path_type=Path))
@data_options
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
def check(*, documents: Sequence[Path], data: DataOptions, form: str) -> int:
    """Say whether rule documents can run.

    Their queries are bound; nothing runs. Known tables need no data here. JSON is one line a detection.
    """
    refused = checked = 0
    with data.open() as session:
        for document in read_documents(documents):
            for verdict in judge(session, document):
                checked += 1
                refused += not verdict.ok
                click.echo(_json_line(verdict) if form == "json" else _text(verdict))
    if form == "text":
        click.echo(f"\n{checked} checked, {refused} refused")
    return FAILED if refused else RAN


def judge(session: Session, document: Document) -> list[Verdict]:
    """A verdict for each detection of a document."""
    said = document.result.diagnostics
    if not document.result.detections:
        return [Verdict("", "", document, said)]
    return [
        Verdict(detection.id, detection.name, document, (*said, *_binding(session, detection)))
        for detection in document.result.detections
    ]


def _binding(session: Session, detection: Detection) -> list[Diagnostic]:
    """What binding the query finds, pointing into the document."""
    try:
        plan, found = session.plan(query_request(detection), is_check=True)
        for statement in plan.statements:
            build_program(statement, session.flavour, has_lower_bound=True, has_upper_bound=True)
    except QueryError as error:
        found = error.diagnostics
    return [detection.diagnostic_in_document(diagnostic) for diagnostic in found]


def _json_line(verdict: Verdict) -> str:
    source = verdict.document.source
    diagnostics = []
    for diagnostic in verdict.diagnostics:
        line, column = source.position(min(diagnostic.span.start, len(source.text)))
        diagnostics.append(
            {
                "severity": diagnostic.severity.value,
                "code": diagnostic.code,
                "message": diagnostic.message,
                "line": line,
                "column": column,
            }
        )
    file = str(verdict.document.path)
    return compact({"id": verdict.id, "file": file, "ok": verdict.ok, "diagnostics": diagnostics})


def _text(verdict: Verdict) -> str:
    name = f"  {verdict.name}" if verdict.name else ""
    head = f"{'ok     ' if verdict.ok else 'refused'}  {verdict.document.path}{name}"
    return "\n".join([head, *(verdict.document.render(d) for d in verdict.diagnostics)])
