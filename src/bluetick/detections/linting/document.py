"""Rules about a document as a whole: what it states, and what a service takes."""

from collections.abc import Iterator

from bluetick.detections.linting.model import WHOLE, LintRule, Subject
from bluetick.diagnostics import Diagnostic, lint_codes
from bluetick.syntax.expressions import NamePattern
from bluetick.syntax.operators import ExpressionSource, SearchOperator, UnionOperator

_MOST_CHARACTERS = 10_000  # https://learn.microsoft.com/azure/sentinel/scheduled-rules-overview


def _metadata(subject: Subject) -> Iterator[Diagnostic]:
    """What a detection needs, and what an alert needs of one that is to raise alerts. A query that says nothing of
    ATT&CK, of severity or of a schedule is a note, not a detection."""
    detection = subject.detection
    lacking: list[str] = []
    alerting = (detection.severity, detection.lookback)
    is_alerting = subject.is_rule or detection.threshold.declared or any(value is not None for value in alerting)
    if not (is_alerting or detection.techniques or detection.tactics):
        return
    if detection.id_derived:
        lacking.append("id")
    if not detection.description.strip():
        lacking.append("description")
    if is_alerting:
        lacking += ["severity"] if detection.severity is None else []
        lacking += ["frequency"] if detection.frequency is None and not subject.is_near_real_time else []
    if lacking:
        hint = "an id of its own stays when name or query change" if "id" in lacking else ""
        yield lint_codes.document_lacks(WHOLE, lacking, hint)


def _limits(subject: Subject) -> Iterator[Diagnostic]:
    detection = subject.detection
    if detection.schemas == "defender" or not subject.is_rule:
        return
    if len(detection.query) > _MOST_CHARACTERS:
        yield lint_codes.text_too_long(WHOLE, len(detection.query), _MOST_CHARACTERS)
    for node in subject.syntax:
        match node:
            case SearchOperator() if subject.written(node.span).split(None, 1)[1:2] == ["*"]:
                yield lint_codes.refused_source(node.span, "search *")
            case UnionOperator(legs=legs):
                for leg in legs:
                    match leg.source:
                        case ExpressionSource(expression=NamePattern(pattern="*")):
                            yield lint_codes.refused_source(leg.span, "union *")


RULES = (
    LintRule("BTL015", "lacking-metadata", "The document does not state what an alert needs.", _metadata, False),
    LintRule("BTL019", "refused-by-service", "The service refuses the query as a rule.", _limits, False),
)
