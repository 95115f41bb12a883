"""`bluetick convert`: rules in the form of another service, and what of them does not fit there."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from bluetick.cli.failures import FAILED, RAN, say
from bluetick.cli.progress import progress_of
from bluetick.cli.writing import whole_file
from bluetick.detections.model import Detection
from bluetick.detections.rule_files import Document, document_paths, read_documents, runnable
from bluetick.detections.runs import query_request
from bluetick.detections.writing import TARGETS, Columns, Target
from bluetick.diagnostics import Severity
from bluetick.diagnostics.errors import QueryError
from bluetick.session import Session, connect

_TARGETS = {target.name: target for target in TARGETS}


@click.command()
@click.argument("documents", nargs=-1, required=True, metavar="DOC|DIR...", type=click.Path(path_type=Path))
@click.option("--to", "target", required=True, type=click.Choice(tuple(_TARGETS)), help="The form to write.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder for a file a rule. Default: the one rule goes to the terminal.",
)
@click.option("--lossy", is_flag=True, help="Write rules also where the other form has no place for a part of them.")
def convert(*, documents: Sequence[Path], target: str, out: Path | None, lossy: bool) -> int:
    """Write rules in the form of another service.

    What the form has no place for, and what the service would refuse, is said with its place. Such a rule is not
    written unless --lossy is given.
    """
    paths = document_paths(documents)
    read = list(read_documents(documents))
    count = sum(len(runnable(document)) for document in read)
    if out is None and count > 1:
        raise click.UsageError(f"{count} rules need a folder: give --out")
    run = _Run(_TARGETS[target], out, lossy)
    with connect() as session, progress_of(len(paths), "Converting") as moved:
        for document in read:
            run.document(session, document)
            next(moved)
    return run.close()


class _Run:
    """Documents converted one after another, and how that went."""

    def __init__(self, target: Target, out: Path | None, is_lossy: bool) -> None:
        self.target = target
        self.out = out
        self.is_lossy = is_lossy
        self.written = self.refused = 0
        self.names: Counter[str] = Counter()

    def document(self, session: Session, document: Document) -> None:
        for diagnostic in document.errors:
            say(document.render(diagnostic))
        if not runnable(document):
            self.refused += 1
        for detection in runnable(document):
            self._detection(session, document, detection)

    def _detection(self, session: Session, document: Document, detection: Detection) -> None:
        written = self.target.write(detection, _columns(session, detection) if self.target.needs_columns else None)
        for diagnostic in written.diagnostics:
            softened = replace(diagnostic, severity=Severity.WARNING) if self.is_lossy else diagnostic
            is_placed = diagnostic.span.end > 0  # else it is about the rule as a whole
            say(document.render(detection.diagnostic_in_document(softened) if is_placed else softened))
        if not self.is_lossy and any(diagnostic.is_error for diagnostic in written.diagnostics):
            self.refused += 1
            return
        self.written += 1
        if self.out is None:
            click.echo(written.text, nl=False)
            return
        self.out.mkdir(parents=True, exist_ok=True)
        with whole_file(self.out / self._name(document.path)) as path:
            path.write_text(written.text, encoding="utf-8", newline="\n")

    def _name(self, path: Path) -> str:
        """A name that no other rule of this run has, in any case of its letters."""
        stem = path.name.removesuffix(path.suffix)
        name = stem
        while self.names[name.lower()]:
            self.names[stem.lower()] += 1
            name = f"{stem}-{self.names[stem.lower()]}"
        self.names[name.lower()] += 1
        return f"{name}{self.target.suffix}"

    def close(self) -> int:
        if self.out is not None:
            say(f"{self.written} written to '{self.out}', {self.refused} not")
        return FAILED if self.refused else RAN


def _columns(session: Session, detection: Detection) -> Columns:
    """The names of the result's columns, or None where the query does not bind."""
    try:
        plan, _ = session.plan(query_request(detection), is_check=True)
    except QueryError:
        return None
    return tuple(column.name for column in plan.statements[-1].relation.columns) if plan.statements else None
