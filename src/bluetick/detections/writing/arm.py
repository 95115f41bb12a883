"""Rules as ARM templates: an analytic rule, or a saved search for a hunting query.

What ARM has no property for stands in the template's metadata, which a deployment does not look at, so that the rule
reads back whole.
"""

from datetime import timedelta

from bluetick.detections.alerting import RuleKind
from bluetick.detections.documents.arm_json import RESOURCE
from bluetick.detections.documents.expressions import escaped, guid_in
from bluetick.detections.documents.fields import known_key
from bluetick.detections.durations import parse_duration
from bluetick.detections.model import Detection
from bluetick.detections.trees import EMPTY, Bare, Branch, Tree, text_of
from bluetick.detections.writing.arm_leftovers import arm_leftovers
from bluetick.detections.writing.defender_leftovers import defender_leftovers
from bluetick.detections.writing.json_text import render_json
from bluetick.detections.writing.limits import sentinel_limits
from bluetick.detections.writing.sentinel_tree import entities_tree, is_scheduled, sentinel_tree, with_texts
from bluetick.detections.writing.spelling import LONG_OPERATORS, iso
from bluetick.detections.writing.target import Columns, Target, Written

_NAME = "Sentinel"
_RULE = "Microsoft.OperationalInsights/workspaces/providers/alertRules"
_SEARCH = "Microsoft.OperationalInsights/workspaces/savedSearches"
_SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
# What ARM names as Sentinel's YAML does, and its names for what has several spellings there.
_PROPERTIES = frozenset(
    {
        *("enabled", "query", "suppressionDuration", "suppressionEnabled", "customDetails", "alertDetailsOverride"),
        *("eventGroupingSettings", "incidentConfiguration", "sentinelEntitiesMappings", "alertRuleTemplateName"),
        *("templateVersion", "startTimeUtc"),
    }
)
_MEANT = {
    "name": "displayName",
    "description": "description",
    "severity": "severity",
    "frequency": "queryFrequency",
    "lookback": "queryPeriod",
    "operator": "triggerOperator",
    "threshold": "triggerThreshold",
    "tactics": "tactics",
    "entities": "entityMappings",
}
_LENGTHS = frozenset({"queryFrequency", "queryPeriod", "suppressionDuration", "lookbackDuration"})
_TRUTHS = frozenset({"enabled", "suppressionEnabled", "createIncident", "reopenClosedIncident"})
_TECHNIQUES = "relevantTechniques"
_ELSEWHERE = frozenset({"id", "kind", RESOURCE})


def write_arm(detection: Detection, _: Columns) -> Written:
    tree = sentinel_tree(detection)
    found = [*sentinel_limits(detection, _NAME), *defender_leftovers(detection, _NAME)]
    found += arm_leftovers(tree, "another template")
    if is_scheduled(detection):
        kind = (detection.alerting.kind or RuleKind.SCHEDULED).value
        properties, left = _rule(detection, tree)
        resource = _resource(detection, _RULE, "2023-12-01-preview", kind, properties)
    else:
        properties, left = _search(detection, tree)
        resource = _resource(detection, _SEARCH, "2020-08-01", "", properties)
    return Written(render_json(_template(detection, resource, left)), tuple(found))


def _template(detection: Detection, resource: Branch, left: Branch) -> Branch:
    if not guid_in(detection.id):
        left = left.put("id", detection.id)
    entries: list[tuple[str, Tree]] = [("$schema", _SCHEMA), ("contentVersion", "1.0.0.0")]
    if left.entries:
        entries.append(("metadata", Branch((("bluetick", Branch(((detection.id, left),))),))))
    entries.append(("parameters", Branch((("workspace", Branch((("type", "String"),))),))))
    entries.append(("resources", (resource,)))
    return Branch(tuple(entries))


def _resource(detection: Detection, type_: str, version: str, kind: str, properties: Branch) -> Branch:
    between = "/Microsoft.SecurityInsights/" if type_ == _RULE else "/"
    entries: list[tuple[str, Tree]] = [
        ("type", type_),
        ("apiVersion", version),
        ("name", f"[concat(parameters('workspace'), '{between}{detection.id}')]"),
    ]
    if kind:
        entries.append(("kind", kind))
    return Branch((*entries, ("properties", properties)))


def _rule(detection: Detection, tree: Branch) -> tuple[Branch, Branch]:
    """The properties, and what stays for the metadata."""
    properties, left = EMPTY, EMPTY
    for key, value in tree.entries:
        wanted = key if key in _PROPERTIES else _MEANT.get(known_key(key) or "", "")
        if wanted:
            properties = properties.put(wanted, _value(detection, wanted, value))
        elif key not in _ELSEWHERE and not (key == _TECHNIQUES and value == _read_back(detection.techniques)):
            left = left.put(key, value)
    properties = _with_techniques(properties, detection.techniques)
    return _with_defaults(detection, properties), left


def _value(detection: Detection, key: str, value: Tree) -> Tree:
    """A value in ARM's words: ISO durations, long comparisons, true numbers."""
    typed = _typed(detection, key)
    if typed is not None:
        return typed
    text = text_of(value)
    if key in _LENGTHS and (length := parse_duration(text)):
        return iso(length)
    if key in _TRUTHS and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if isinstance(value, Branch):
        return Branch(tuple((name, _value(detection, name, inner)) for name, inner in value.entries))
    # Of a template an expression stays one; any other text that looks like one is none.
    return value if detection.form == "arm" else with_texts(value, escaped)


def _typed(detection: Detection, key: str) -> Tree:
    """The value of what a detection itself holds, whatever way its document says it."""
    match key:
        case "triggerOperator":
            return LONG_OPERATORS[detection.threshold.operator]
        case "triggerThreshold":
            return Bare(str(detection.threshold.value))
        case "severity":
            return detection.severity.value if detection.severity else None
        case "tactics":
            return detection.tactics
        case "entityMappings":
            return entities_tree(detection)
        case "query":
            return escaped(detection.query)
        case _:
            return None


def _read_back(techniques: tuple[str, ...]) -> tuple[str, ...]:
    """The techniques as a template gives them back."""
    subs = tuple(item for item in techniques if "." in item)
    parents = {item.partition(".")[0] for item in subs}
    return (*(item for item in techniques if "." not in item and item not in parents), *subs)


def _with_techniques(properties: Branch, techniques: tuple[str, ...]) -> Branch:
    """ARM parts techniques from sub-techniques, which come with their technique."""
    if not techniques:
        return properties
    subs = tuple(item for item in techniques if "." in item)
    main = tuple(dict.fromkeys(item.partition(".")[0] for item in techniques))
    properties = properties.put("techniques", main)
    return properties.put("subTechniques", subs) if subs else properties


def _with_defaults(detection: Detection, properties: Branch) -> Branch:
    """What ARM requires to be said."""
    wanted: list[tuple[str, Tree]] = [("enabled", detection.alerting.enabled)]
    if detection.alerting.kind is not RuleKind.NRT:
        operator, value = detection.threshold.operator, detection.threshold.value
        wanted += [("triggerOperator", LONG_OPERATORS[operator]), ("triggerThreshold", Bare(str(value)))]
    wanted += [
        ("suppressionDuration", iso(detection.alerting.suppression.duration or timedelta(hours=1))),
        ("suppressionEnabled", detection.alerting.suppression.enabled),
    ]
    for key, default in wanted:
        if not properties.has(key):
            properties = properties.put(key, default)
    return properties


def _search(detection: Detection, tree: Branch) -> tuple[Branch, Branch]:
    """A saved search: description, tactics and techniques are its tags."""
    tags: list[Tree] = []
    carried = {"name", "query", "description", "tactics", _TECHNIQUES, *_ELSEWHERE}
    for key, name in (("description", "description"), ("tactics", "tactics"), (_TECHNIQUES, "techniques")):
        value = tree.get(key)
        words = [text_of(item) for item in value] if isinstance(value, tuple) else []
        text = ",".join(words) or text_of(value)
        if any("," in word for word in words):
            carried.remove(key)
        elif text:
            tags.append(Branch((("name", name), ("value", escaped(text)))))
    properties = Branch(
        (
            ("category", "Hunting Queries"),
            ("displayName", escaped(detection.name)),
            ("query", escaped(detection.query)),
            ("version", Bare("2")),
            ("tags", tuple(tags)),
        )
    )
    return properties, tree.kept(lambda key: key not in carried)


ARM = Target("arm", ".json", write_arm)
