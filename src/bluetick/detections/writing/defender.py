"""Rules as Defender's custom detections, in the JSON that the Graph API takes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from bluetick.detections.alerting import SILENT, EventGrouping, RuleKind
from bluetick.detections.documents.arm_json import RESOURCE
from bluetick.detections.documents.defender_entities import ALSO, GROUPS
from bluetick.detections.documents.defender_schedule import LOOKBACKS
from bluetick.detections.documents.reading import read_document_text
from bluetick.detections.model import Comparison, Detection, EntityMapping, Threshold
from bluetick.detections.trees import Branch, Tree
from bluetick.detections.writing.defender_leftovers import defender_leftovers
from bluetick.detections.writing.defender_result import missing_columns
from bluetick.detections.writing.json_text import render_json
from bluetick.detections.writing.limits import MAX_QUERY
from bluetick.detections.writing.sentinel_tree import is_scheduled
from bluetick.detections.writing.spelling import iso, short
from bluetick.detections.writing.target import Columns, Target, Written
from bluetick.diagnostics import Diagnostic, Span
from bluetick.diagnostics.writing_codes import lacks, left_out, no_place, query_too_long, unfitting_schedule

_NAME = "Defender"
_PAIRS = tuple(f"{short(frequency)} over {short(lookback)}" for frequency, lookback in LOOKBACKS.items())
# What a Sentinel document says of its upkeep.
_UPKEEP = frozenset(
    {
        *("version", "requiredDataConnectors", "tags", "metadata", "status", "references", "author", "References"),
        *("alertRuleTemplateName", "templateVersion", "description-detailed", "sentinelEntitiesMappings"),
    }
)
_CARRIED = frozenset(
    {
        *("id", "name", "description", "severity", "kind", "query", "queryFrequency", "queryPeriod", "enabled"),
        *("triggerOperator", "triggerThreshold", "tactics", "relevantTechniques", "techniques", "entityMappings"),
        *("customDetails", "alertDetailsOverride", "eventGroupingSettings", "suppressionDuration", RESOURCE),
        *("suppressionEnabled", "incidentConfiguration", "displayName", "title", "schemas", "subTechniques"),
    }
)
_BY_IDENTIFIER = {
    (kind, identifier): (group, written) for group, (kind, pairs) in GROUPS.items() for written, identifier in pairs
} | ALSO


def write_defender(detection: Detection, columns: Columns) -> Written:
    if detection.form == "defender" and _is_as_read(detection):
        return Written(render_json(detection.tree), ())
    found = [
        *defender_leftovers(detection, _NAME),
        *_query(detection),
        *_schedule(detection),
        *_alerts(detection),
        *_others(detection),
    ]
    found += missing_columns(detection, columns, _NAME)
    return Written(render_json(_rule(detection)), tuple(found))


def _is_as_read(detection: Detection) -> bool:
    """Whether the document says all of it: an overlay may say otherwise."""
    read = read_document_text(render_json(detection.tree).encode(), f"{detection.name}.json").detections
    return len(read) == 1 and replace(read[0], place=detection.place, warnings=detection.warnings) == detection


def _rule(detection: Detection) -> Branch:
    frequency = detection.frequency or max(LOOKBACKS)
    is_continuous = detection.alerting.kind is RuleKind.NRT
    return Branch(
        (
            ("@odata.type", "#microsoft.graph.security.detectionRule"),
            ("id", detection.id),
            ("displayName", detection.name),
            ("description", detection.description or None),
            ("status", "enabled" if detection.alerting.enabled else "disabled"),
            ("queryCondition", Branch((("queryText", detection.query),))),
            ("schedule", Branch((("frequency", iso(timedelta()) if is_continuous else iso(frequency)),))),
            ("detectionAction", Branch((("alertTemplate", _template(detection)),))),
        )
    )


def _template(detection: Detection) -> Branch:
    details = detection.alerting.alert_details
    severity = detection.severity.value.lower() if detection.severity else None
    entries: list[tuple[str, Tree]] = [
        ("title", details.name_format or detection.name),
        ("description", details.description_format or detection.description or None),
        ("severity", severity),
    ]
    if entities := _entities(detection.entities):
        entries.append(("entityMappings", entities))
    if detection.alerting.custom_details:
        entries.append(("customDetails", Branch(tuple(detection.alerting.custom_details))))
    if detection.tactics or detection.techniques:
        entries.append(("tactics", _tactics(detection)))
    if detection.alerting.event_grouping is EventGrouping.SINGLE_ALERT and is_scheduled(detection):
        entries.append(("eventGroupingKind", "singleAlert"))
    return Branch(tuple(entries))


def _tactics(detection: Detection) -> Tree:
    """Every tactic; the techniques, which no document gives to one of them, stand with the first."""
    techniques: dict[str, list[str]] = {}
    for item in detection.techniques:
        main, dot, _ = item.partition(".")
        techniques.setdefault(main, []).extend([item] if dot else [])
    first = tuple(
        Branch((("technique", main), ("subTechniques", tuple(subs)))) if subs else Branch((("technique", main),))
        for main, subs in techniques.items()
    )
    tactics = detection.tactics or ("",)
    return tuple(
        Branch((("tactic", tactic), ("techniques", first if number == 0 else ())))
        for number, tactic in enumerate(tactics)
    )


def _entities(entities: tuple[EntityMapping, ...]) -> Branch | None:
    groups: dict[str, list[Branch]] = {}
    for entity in entities:
        group, pairs = _mapped(entity)
        if pairs:
            groups.setdefault(group, []).append(Branch(tuple(pairs)))
    return Branch(tuple((group, tuple(items)) for group, items in groups.items())) if groups else None


def _mapped(entity: EntityMapping) -> tuple[str, list[tuple[str, str]]]:
    """Defender's group for an entity, and its properties with their columns."""
    found = [
        (_BY_IDENTIFIER[entity.kind, identifier], column)
        for identifier, column in entity.columns
        if (entity.kind, identifier) in _BY_IDENTIFIER
    ]
    return (found[0][0][0] if found else ""), [(written, column) for (_, written), column in found]


def _query(detection: Detection) -> Iterator[Diagnostic]:
    if len(detection.query) > MAX_QUERY:
        yield query_too_long(Span(0, len(detection.query)), len(detection.query), MAX_QUERY, _NAME)


def _schedule(detection: Detection) -> Iterator[Diagnostic]:
    frequency, lookback = detection.frequency, detection.lookback
    if detection.alerting.kind is not RuleKind.NRT:
        if frequency is None:
            yield lacks("frequency", _NAME)
        elif frequency not in LOOKBACKS or (lookback or LOOKBACKS[frequency]) != LOOKBACKS[frequency]:
            over = f" over {short(lookback)}" if lookback else ""
            yield unfitting_schedule(f"every {short(frequency)}{over}", _NAME, _PAIRS)
    if detection.start:
        yield no_place("a start time", _NAME)
    threshold = detection.threshold
    if threshold.declared and (threshold.operator, threshold.value) != (Threshold().operator, 0):
        yield no_place(_threshold(threshold), _NAME, "say it in the query: | summarize ... | where Count > 5")
    if detection.severity is None:
        yield lacks("severity", _NAME)


def _threshold(threshold: Threshold) -> str:
    words = {Comparison.GREATER: "more than", Comparison.LESS: "fewer than", Comparison.EQUAL: "exactly"}
    return f"a threshold of {words.get(threshold.operator, 'other than')} {threshold.value} rows"


def _alerts(detection: Detection) -> Iterator[Diagnostic]:
    alerting = detection.alerting
    if alerting.suppression.enabled:
        yield no_place("the suppression of runs after an alert", _NAME)
    details = alerting.alert_details
    for what, said in (
        ("a severity that comes from a column", details.severity_column),
        ("tactics that come from a column", details.tactics_column),
        ("dynamic properties of alerts", details.properties),
    ):
        if said:
            yield no_place(what, _NAME)
    if alerting.incidents != SILENT.incidents:
        yield no_place("the settings of incidents", _NAME, "Defender groups alerts into incidents itself")
    for entity in detection.entities:
        for identifier, _ in entity.columns:
            if (entity.kind, identifier) not in _BY_IDENTIFIER:
                yield no_place(f"{entity.kind}.{identifier} as an entity's identifier", _NAME)


def _others(detection: Detection) -> Iterator[Diagnostic]:
    if detection.form == "defender":
        return
    keys = [key for key, _ in detection.tree.entries]
    upkeep = [key for key in keys if key in _UPKEEP]
    if upkeep:
        yield left_out(upkeep, _NAME)
    for key in keys:
        if key not in _UPKEEP and key not in _CARRIED:
            yield no_place(f"'{key}'", _NAME)
    if detection.blind_spots and "blindSpots" not in keys:
        yield no_place("'blindSpots'", _NAME)


DEFENDER = Target("defender", ".json", write_defender, needs_columns=True)
