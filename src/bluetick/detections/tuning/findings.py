"""Exceptions that somebody should look at: expired ones, those that leave out nothing, those that do not bind."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from bluetick.detections.model import Detection
from bluetick.detections.runs import query_request
from bluetick.detections.tuning.model import TuningDocument
from bluetick.detections.tuning.reading import tuning_beside
from bluetick.diagnostics import Diagnostic, SourceText, Span
from bluetick.diagnostics.errors import QueryError, TuningError
from bluetick.diagnostics.tuning_codes import expired, never_hit
from bluetick.session import Session


def stale_exceptions(
    tuning: TuningDocument, today: date, hits: Mapping[str, int] | None = None, looked_at: str = ""
) -> list[Diagnostic]:
    """Findings with spans in the tuning's own file, in its order.

    `hits` are the rows that each exception left out of all that was looked at, which `looked_at` says in words ("in 720
    runs"); without it nothing is said of exceptions that were never hit. One that is not in `hits` was never counted.
    """
    found = []
    for one in tuning.exceptions:
        if not one.applies(today):
            found.append(expired(one.span, one.name, one.expires, one.owner))
        elif hits is not None and hits.get(one.name) == 0:
            found.append(never_hit(one.span, one.name, looked_at))
    return found


def check_tuning(session: Session, document: Path, detection: Detection, today: date) -> list[Diagnostic]:
    """What is wrong with the exceptions beside a document, and which have expired. They stand in a text of their own:
    each message names its place there, and no span is of the document."""
    try:
        tuning = tuning_beside(document)
        if tuning is None:
            return []
        exclusions = tuple(one.exclusion for one in tuning.exceptions)
        session.plan(replace(query_request(detection), exclusions=exclusions), is_check=True)
    except TuningError as error:
        return _placed(error.diagnostics, error.source)
    except QueryError:  # of the query itself, which is told by itself
        return []
    return _placed(stale_exceptions(tuning, today), tuning.source)


def _placed(diagnostics: Iterable[Diagnostic], source: SourceText) -> list[Diagnostic]:
    found = []
    for one in diagnostics:
        line, column = source.position(min(one.span.start, len(source.text)))
        place = f"{Path(source.name).name}:{line}:{column}"
        found.append(replace(one, message=f"{place}: {one.message}", span=Span(0, 0), note=""))
    return found
