"""Rules about what a result has to carry for its alerts: entities, and the columns that a service asks of it."""

import re
from collections.abc import Iterator

from bluetick.detections.linting.entity_facts import IDENTIFIERS, REQUIRED
from bluetick.detections.linting.model import WHOLE, LintRule, Subject
from bluetick.detections.model import Detection, EntityMapping
from bluetick.diagnostics import Diagnostic, lint_codes
from bluetick.diagnostics.nearest import did_you_mean, nearest

# https://learn.microsoft.com/azure/sentinel/map-data-fields-to-entities
_MOST_MAPPINGS, _MOST_IDENTIFIERS = 10, 3
_PLACE = re.compile(r"\{\{([^{}]+)\}\}")
_KINDS = {kind.lower(): kind for kind in IDENTIFIERS}


def _mapping(subject: Subject) -> Iterator[Diagnostic]:
    detection = subject.detection
    if detection.schemas == "defender":
        return
    if not detection.entities:
        if subject.is_rule:
            yield lint_codes.no_entities(WHOLE)
        return
    if len(detection.entities) > _MOST_MAPPINGS:
        yield lint_codes.too_many_mappings(WHOLE, "entity mappings", len(detection.entities), _MOST_MAPPINGS)
    for entity in detection.entities:
        yield from _identifiers(entity)
        if len(entity.columns) > _MOST_IDENTIFIERS:
            what = f"identifiers of {entity.kind}"
            yield lint_codes.too_many_mappings(WHOLE, what, len(entity.columns), _MOST_IDENTIFIERS)


def _identifiers(entity: EntityMapping) -> Iterator[Diagnostic]:
    kind = _KINDS.get(entity.kind.lower())
    if kind is None:
        near = nearest(entity.kind, IDENTIFIERS)
        yield lint_codes.unknown_entity(WHOLE, entity.kind, did_you_mean(near))
        return
    known = {name.lower() for name in IDENTIFIERS[kind]}
    for identifier, _ in entity.columns:
        if identifier.lower() not in known:
            yield lint_codes.unknown_identifier(WHOLE, kind, identifier, IDENTIFIERS[kind])
    mapped = {identifier.lower() for identifier, _ in entity.columns}
    if not mapped.intersection(name.lower() for name in REQUIRED[kind]):
        yield lint_codes.lacking_identifier(WHOLE, kind, REQUIRED[kind])


def _mapped_columns(subject: Subject) -> Iterator[Diagnostic]:
    """Columns of mappings that the result does not have; of a result whose columns are known before it runs."""
    names = {column.name for column in subject.result}
    if not names or subject.is_open:
        return
    for what, column in _columns_of_alerts(subject.detection):
        if column not in names:
            near = nearest(column, names)
            yield lint_codes.unknown_mapped_column(WHOLE, what, column, did_you_mean(near))


def _columns_of_alerts(detection: Detection) -> Iterator[tuple[str, str]]:
    """What an alert takes from the rows, in words, and of which column."""
    for entity in detection.entities:
        yield from ((f"the entity {entity.kind}.{identifier}", column) for identifier, column in entity.columns)
    for name, column in detection.alerting.custom_details:
        yield f"the custom detail '{name}'", column
    details = detection.alerting.alert_details
    for text in (details.name_format, details.description_format):
        yield from (("the alert's text", match[1].strip()) for match in _PLACE.finditer(text))
    for column in (details.severity_column, details.tactics_column):
        if column:
            yield "the alert", column


def _entity_rule(subject: Subject) -> Iterator[Diagnostic]:
    yield from _mapping(subject)
    if subject.plan is not None:
        yield from _mapped_columns(subject)


def _defender_columns(subject: Subject) -> Iterator[Diagnostic]:
    """https://learn.microsoft.com/defender-xdr/custom-detection-rules: Timestamp (or TimeGenerated) and ReportId."""
    detection = subject.detection
    names = {column.name for column in subject.result}
    if detection.schemas != "defender" or detection.frequency is None or not names or subject.is_open:
        return
    lacking = [] if names & {"Timestamp", "TimeGenerated"} else ["Timestamp"]
    lacking += [] if "ReportId" in names else ["ReportId"]
    if lacking:
        yield lint_codes.result_lacks_columns(WHOLE, lacking)


RULES = (
    LintRule("BTL008", "entity-mapping", "Alerts name no entity, or one that is not there.", _entity_rule, False),
    LintRule("BTL014", "result-columns", "The result lacks a column that the service asks for.", _defender_columns),
)
