"""`bluetick fit`: which rule documents run on the data that is here, and what would let more of them run."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import click

from bluetick.cli.failures import FAILED, RAN
from bluetick.cli.fitted import Fitted, Fittings, print_fittings, to_json
from bluetick.cli.options import DataOptions, Moment, data_options, now_option
from bluetick.cli.page import new_console
from bluetick.cli.progress import progress_of
from bluetick.cli.tables import summarise
from bluetick.cli.writing import compact, whole_file
from bluetick.detections.filling import Span, find_filling
from bluetick.detections.fit import Needs, find_needs, grade, rank
from bluetick.detections.model import Detection
from bluetick.detections.rule_files import Document, read_documents
from bluetick.session import Session

_FIRST = datetime.min.replace(tzinfo=UTC)
_MOST_DAYS = 36_500

Found: TypeAlias = tuple[Document, Detection | None, Needs]


@click.command()
@click.argument("documents", nargs=-1, required=True, metavar="DOC|DIR...", type=click.Path(path_type=Path))
@data_options
@now_option
@click.option(
    "--days",
    type=click.IntRange(1, _MOST_DAYS),
    metavar="N",
    help="Look at the N days before --now. Default: all that is there.",
)
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
@click.option(
    "--write",
    "listed",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the paths of the documents that run, one a line, as for: bluetick run $(cat FILE).",
)
def fit(
    *,
    documents: Sequence[Path],
    data: DataOptions,
    now: Moment,
    days: int | None,
    form: str,
    listed: Path | None,
) -> int:
    """Sort rule documents: those that run on this data, run degraded, or cannot run.

    A rule is degraded where columns that decide what it finds are empty here (docs/fit.md). The missing fields and
    tables follow, by the rules that they would unlock. Queries are bound, none runs. JSON is one document.
    """
    with data.open() as opened:
        session = opened.pinned()
        found = _find(session, list(read_documents(documents)))
        span = _span(session, now, days)
        fittings = _graded(session, found, span)
    if listed is not None:
        with whole_file(listed) as path:
            path.write_text("".join(f"{document}\n" for document in fittings.runnable()), encoding="utf-8")
    if form == "json":
        click.echo(compact(to_json(fittings)))
    else:
        print_fittings(new_console(), fittings)
    return FAILED if any(document.errors or detection is None for document, detection, _ in found) else RAN


def _find(session: Session, documents: Sequence[Document]) -> list[Found]:
    """What each detection needs. A document that holds none, or has an error, needs to be mended."""
    found: list[Found] = []
    with progress_of(len(documents), "binding") as advance:
        for document in documents:
            for detection in document.result.detections or (None,):
                if detection is None or document.errors:
                    needs = Needs(refused=document.errors or document.result.diagnostics)
                else:
                    needs = find_needs(session, detection)
                found.append((document, detection, needs))
            next(advance)
    return found


def _graded(session: Session, found: Sequence[Found], span: Span) -> Fittings:
    wanted: dict[str, set[str]] = {}
    for _, _, needs in found:
        for table, columns in needs.columns.items():
            wanted.setdefault(table, set()).update(columns)
    filling = find_filling(session, wanted, span)
    fitted = tuple(Fitted(document, detection, grade(needs, filling)) for document, detection, needs in found)
    return Fittings(fitted, tuple(rank([one.fit for one in fitted])), span)


def _span(session: Session, now: Moment, days: int | None) -> Span:
    clock = datetime.now(UTC)
    moment = now if isinstance(now, datetime) else clock
    if now == "newest":
        times = (summarise(session, name).last for name in session.catalog.names())
        moment = max((time for time in times if time is not None and time < clock), default=clock)
        moment += timedelta(microseconds=1)
    low = None if days is None else moment - min(timedelta(days=days), moment - _FIRST)
    return Span(low, moment)
