"""A query linted as a detection that is silent about everything else."""

from datetime import date, timedelta
from typing import Any

from bluetick.detections.linting.model import LintContext
from bluetick.detections.linting.registry import lint
from bluetick.detections.model import Detection, QueryPlace
from bluetick.detections.runs import query_request
from bluetick.diagnostics import Diagnostic, Span
from bluetick.session import Session

SESSION = Session()
TODAY = LintContext(date(2026, 1, 1))
RULE: dict[str, Any] = {
    "id": "8ecf8077-cf51-4820-aadd-14040956f35d",
    "id_derived": False,
    "name": "a rule",
    "description": "It tells of something.",
}
SCHEDULED: dict[str, Any] = {"frequency": timedelta(days=1), "lookback": timedelta(days=1)}


def rule_of(query: str, **fields: Any) -> Detection:
    place = QueryPlace("rule.kql", Span(0, len(query)), 1, (0,))
    return Detection(query=query, place=place, **{**RULE, **fields})


def linted(query: str, session: Session = SESSION, **fields: Any) -> list[Diagnostic]:
    """What is found of a query that binds."""
    detection = rule_of(query, **fields)
    return lint(detection, session.plan(query_request(detection), is_check=True)[0], TODAY)


def told(query: str, session: Session = SESSION, **fields: Any) -> list[tuple[str, str]]:
    """The codes of what is found, each with the text at its place."""
    return [(one.code, query[one.span.start : one.span.end]) for one in linted(query, session, **fields)]


def codes(query: str, **fields: Any) -> set[str]:
    return {one.code for one in linted(query, **fields)}
