"""A detection in the keys of Sentinel's YAML: its document's tree, with what an overlay or another form says put in."""

from collections.abc import Callable
from dataclasses import dataclass

from bluetick.detections.alerting import SILENT, AlertDetails, Alerting, Incidents, RuleKind
from bluetick.detections.documents.assembly import assemble
from bluetick.detections.documents.expressions import literal
from bluetick.detections.documents.fields import Draft, known_key
from bluetick.detections.documents.node_trees import mapping_of
from bluetick.detections.documents.sentinel_rule import read_rule
from bluetick.detections.model import Detection
from bluetick.detections.trees import EMPTY, Bare, Branch, Tree, text_of
from bluetick.detections.writing.spelling import short


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a rule: its key, what a detection says of it, and how that is written; None: not at all."""

    key: str
    of: Callable[[Detection], object]
    written: Callable[[Detection], Tree]


def sentinel_tree(detection: Detection) -> Branch:
    """The tree; what the document says stays as it is spelt and where it is, unknown keys too."""
    base, said = _base(detection)
    for part in _PARTS:
        if said is not None and part.of(said) == part.of(detection):
            continue
        key = _key_in(base, part.key)
        value = part.written(detection)
        if value is not None:
            base = base.put(key, value)
    return base


def is_scheduled(detection: Detection) -> bool:
    """Whether the detection is a rule that runs by itself, and no hunting query."""
    return detection.alerting.kind is not None or detection.frequency is not None


def with_texts(tree: Tree, change: Callable[[str], str]) -> Tree:
    """The tree with each of its texts changed."""
    match tree:
        case str():
            return change(tree)
        case Branch(entries=entries):
            return Branch(tuple((key, with_texts(value, change)) for key, value in entries))
        case tuple():
            return tuple(with_texts(item, change) for item in tree)
        case _:
            return tree


def _base(detection: Detection) -> tuple[Branch, Detection | None]:
    """The tree of the document and the detection that it says by itself, without an overlay."""
    if detection.form not in ("sentinel", "arm"):
        return EMPTY, None
    tree = with_texts(detection.tree, literal) if detection.form == "arm" else detection.tree
    if not isinstance(tree, Branch):
        return EMPTY, None
    rule = read_rule(mapping_of(tree), is_template=detection.form == "arm")
    query = text_of(tree.get("query")).rstrip()
    draft = Draft(detection.name, query, detection.place, rule.fields, "sentinel", rule.alerting, "sentinel", tree)
    return tree, assemble(draft, draft)[0]


def _key_in(tree: Branch, key: str) -> str:
    """The key as the document spells it."""
    meant = known_key(key)
    return next((name for name, _ in tree.entries if name == key or (meant and known_key(name) == meant)), key)


def _words(words: tuple[str, ...]) -> Tree:
    return words or None


def _kind(detection: Detection) -> Tree:
    kind = detection.alerting.kind
    if kind is None:
        return RuleKind.SCHEDULED.value if detection.frequency is not None else None
    return kind.value


def _connectors(detection: Detection) -> Tree:
    return (Branch((("dataTypes", detection.data_sources),)),) if detection.data_sources else None


def entities_tree(detection: Detection) -> Tree:
    return (
        tuple(
            Branch(
                (
                    ("entityType", entity.kind),
                    (
                        "fieldMappings",
                        tuple(
                            Branch((("identifier", identifier), ("columnName", column)))
                            for identifier, column in entity.columns
                        ),
                    ),
                )
            )
            for entity in detection.entities
        )
        or None
    )


def _pairs(pairs: tuple[tuple[str, str], ...]) -> Tree:
    return Branch(tuple(pairs)) if pairs else None


def alert_details_tree(details: AlertDetails) -> Tree:
    entries: list[tuple[str, Tree]] = [
        (key, value)
        for key, value in (
            ("alertDisplayNameFormat", details.name_format),
            ("alertDescriptionFormat", details.description_format),
            ("alertSeverityColumnName", details.severity_column),
            ("alertTacticsColumnName", details.tactics_column),
        )
        if value
    ]
    if details.properties:
        properties = tuple(Branch((("alertProperty", name), ("value", column))) for name, column in details.properties)
        entries.append(("alertDynamicProperties", properties))
    return Branch(tuple(entries)) if entries else None


def incidents_tree(incidents: Incidents) -> Tree:
    if incidents == SILENT.incidents:
        return None
    grouping = incidents.grouping
    inner: tuple[tuple[str, Tree], ...] = (
        ("enabled", grouping.enabled),
        ("reopenClosedIncident", grouping.reopen_closed),
        ("lookbackDuration", short(grouping.lookback)),
        ("matchingMethod", grouping.matching.value),
        ("groupByEntities", grouping.entities),
        ("groupByAlertDetails", grouping.alert_details),
        ("groupByCustomDetails", grouping.custom_details),
    )
    return Branch((("createIncident", incidents.create), ("groupingConfiguration", Branch(inner))))


def _suppression(alerting: Alerting) -> Tree:
    return short(alerting.suppression.duration) if alerting.suppression.duration else None


def _query(detection: Detection) -> Tree:
    # One end of line more, so that a query of one line is a block too, as people write it.
    return detection.query + "\n" if "\n" in detection.query else detection.query


_PARTS = (
    _Part(
        "id",
        lambda d: d.id if not d.id_derived else "",
        lambda d: None if d.form == "sentinel" and d.id_derived else d.id,
    ),
    _Part("name", lambda d: d.name, lambda d: d.name),
    _Part("description", lambda d: d.description, lambda d: d.description or None),
    _Part("severity", lambda d: d.severity, lambda d: d.severity.value if d.severity else None),
    _Part("kind", lambda d: d.alerting.kind, _kind),
    _Part("enabled", lambda d: d.alerting.enabled, lambda d: None if d.alerting.enabled else False),
    _Part("startTimeUtc", lambda d: d.start, lambda d: d.start.isoformat().replace("+00:00", "Z") if d.start else None),
    _Part("requiredDataConnectors", lambda d: d.data_sources, _connectors),
    _Part("requiredTables", lambda d: d.required_tables, lambda d: _words(d.required_tables)),
    _Part("queryFrequency", lambda d: d.frequency, lambda d: short(d.frequency) if d.frequency else None),
    _Part("queryPeriod", lambda d: d.lookback, lambda d: short(d.lookback) if d.lookback else None),
    _Part(
        "triggerOperator",
        lambda d: d.threshold,
        lambda d: d.threshold.operator.value if d.threshold.declared or is_scheduled(d) else None,
    ),
    _Part(
        "triggerThreshold",
        lambda d: d.threshold,
        lambda d: Bare(str(d.threshold.value)) if d.threshold.declared or is_scheduled(d) else None,
    ),
    _Part("tactics", lambda d: d.tactics, lambda d: _words(d.tactics)),
    _Part("relevantTechniques", lambda d: d.techniques, lambda d: _words(d.techniques)),
    _Part("blindSpots", lambda d: d.blind_spots, lambda d: d.blind_spots or None),
    _Part("query", lambda d: d.query, _query),
    _Part("entityMappings", lambda d: d.entities, entities_tree),
    _Part("customDetails", lambda d: d.alerting.custom_details, lambda d: _pairs(d.alerting.custom_details)),
    _Part(
        "alertDetailsOverride",
        lambda d: d.alerting.alert_details,
        lambda d: alert_details_tree(d.alerting.alert_details),
    ),
    _Part(
        "eventGroupingSettings",
        lambda d: d.alerting.event_grouping,
        lambda d: (
            None
            if d.alerting.event_grouping is SILENT.event_grouping
            else Branch((("aggregationKind", d.alerting.event_grouping.value),))
        ),
    ),
    _Part(
        "suppressionEnabled", lambda d: d.alerting.suppression.enabled, lambda d: d.alerting.suppression.enabled or None
    ),
    _Part("suppressionDuration", lambda d: d.alerting.suppression.duration, lambda d: _suppression(d.alerting)),
    _Part("incidentConfiguration", lambda d: d.alerting.incidents, lambda d: incidents_tree(d.alerting.incidents)),
)
