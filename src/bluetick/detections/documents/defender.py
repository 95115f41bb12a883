"""Defender's custom detections, as the Graph API takes and gives them, in JSON or in YAML."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import chain

from bluetick.detections.alerting import Alerting, EventGrouping, RuleKind
from bluetick.detections.documents.attack import find_tactic
from bluetick.detections.documents.defender_entities import ASSETS, GROUPS, asset_identifier
from bluetick.detections.documents.defender_schedule import CONTINUOUS, LOOKBACKS
from bluetick.detections.documents.fields import Draft, Field, stem
from bluetick.detections.documents.format import MAX_PARTS, Format, Reading
from bluetick.detections.documents.json_places import place_in_json
from bluetick.detections.documents.known_keys import DEFENDER, unknown_keys
from bluetick.detections.documents.node_trees import branch_of
from bluetick.detections.documents.plain import has_statement
from bluetick.detections.documents.scalar_places import place_of_scalar
from bluetick.detections.durations import parse_duration
from bluetick.detections.model import QueryPlace
from bluetick.diagnostics import Diagnostic
from bluetick.diagnostics.document_codes import no_query, several_queries, too_many_queries
from bluetick.syntax.strict_json import read_json
from bluetick.syntax.strict_yaml import YamlList, YamlMapping, YamlNode, YamlText, read_mapping

_MAX_QUERIES = 200
_JSON = re.compile(r'"queryText"\s*:')
_YAML = re.compile(r"^queryCondition[ \t]*:", re.MULTILINE)
# The older API says hours in its own way: 12H.
_HOURS = re.compile(r"(\d{1,4})H")
_HINT = "queryCondition must hold the text of the query as queryText"


def _matches_json(text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[") and _JSON.search(text) is not None


def _matches_yaml(text: str) -> bool:
    return text.lstrip()[:1] not in ("{", "[") and _YAML.search(text) is not None


def _read_json(text: str, file_name: str) -> Reading:
    root = read_json(text, file_name)
    if isinstance(root, Diagnostic):
        return [], [root]
    found = list(_rules(root))
    if len(found) > _MAX_QUERIES:
        return [], [too_many_queries(found[_MAX_QUERIES].span, _MAX_QUERIES)]

    read = []
    for rule, query in _queries(found):
        place = place_in_json(text, file_name, query, 0, len(query.value.rstrip()))
        read.append(_Rule(rule).draft(stem(file_name), query, place))
    return _reading(read, file_name)


def _read_yaml(text: str, file_name: str) -> Reading:
    root = read_mapping(text, file_name, MAX_PARTS)
    if isinstance(root, Diagnostic):
        return [], [root]
    read = [
        _Rule(rule).draft(stem(file_name), query, place_of_scalar(text, file_name, query, query.value.rstrip()))
        for rule, query in _queries([root])
    ]
    return _reading(read, file_name)


def _reading(read: list[tuple[Draft, list[Diagnostic]]], file_name: str) -> Reading:
    drafts = [draft for draft, _ in read]
    diagnostics = list(chain.from_iterable(found for _, found in read))
    if not drafts:
        return [], [no_query(file_name, _HINT)]
    if len(drafts) > 1:
        diagnostics.append(several_queries(drafts[1].place.span, len(drafts)))
    return drafts, diagnostics


def _rules(node: YamlNode) -> Iterator[YamlMapping]:
    """The rules: one alone, a list of them, or the answer of the API with a list in `value`."""
    match node:
        case YamlMapping() if isinstance(node.get("queryCondition"), YamlMapping):
            yield node
        case YamlMapping():
            yield from _rules(node.get("value") or YamlList((), node.span))
        case YamlList(items=items):
            for item in items:
                if isinstance(item, YamlMapping) and isinstance(item.get("queryCondition"), YamlMapping):
                    yield item
        case _:
            return


def _queries(rules: list[YamlMapping]) -> Iterator[tuple[YamlMapping, YamlText]]:
    for rule in rules:
        query = _at(rule, "queryCondition", "queryText")
        if isinstance(query, YamlText) and has_statement(query.value):
            yield rule, query


def _at(node: YamlNode | None, *path: str) -> YamlNode | None:
    for key in path:
        node = node.get(key) if isinstance(node, YamlMapping) else None
    return node


@dataclass(slots=True)
class _Rule:
    """One rule on its way to a draft."""

    node: YamlMapping
    fields: list[Field] = field(default_factory=list)
    alerting: Alerting = field(default_factory=Alerting)

    def draft(self, name: str, query: YamlText, place: QueryPlace) -> tuple[Draft, list[Diagnostic]]:
        template = _at(self.node, "detectionAction", "alertTemplate")
        self._names(template)
        self._schedule()
        self._attack(template)
        self._entities(template)
        self._settings(template)
        found = unknown_keys(self.node, DEFENDER, "Defender's custom detections")
        value = query.value.rstrip()
        tree = branch_of(self.node)
        return Draft(name, value, place, tuple(self.fields), "defender", self.alerting, "defender", tree), found

    def _add(self, key: str, node: YamlNode | None, value: str = "") -> bool:
        if not isinstance(node, YamlText) or not node.value.strip():
            return False
        self.fields.append(Field(key, value or node.value.strip(), node.span))
        return True

    def _names(self, template: YamlNode | None) -> None:
        detector = self.node.get("detectorId")
        self._add("id", detector) or self._add("id", self.node.get("id"))
        self._add("name", self.node.get("displayName")) or self._add("name", _at(template, "title"))
        self._add("description", _at(template, "description")) or self._add("description", self.node.get("description"))
        self._add("severity", _at(template, "severity"))

    def _schedule(self) -> None:
        frequency, period = (_at(self.node, "schedule", key) for key in ("frequency", "period"))
        stated = frequency if isinstance(frequency, YamlText) and frequency.value else period
        if not isinstance(stated, YamlText) or not stated.value:
            return
        written = stated.value.strip()
        if written.upper() in CONTINUOUS:
            self.alerting = replace(self.alerting, kind=RuleKind.NRT)
            return
        self.alerting = replace(self.alerting, kind=RuleKind.SCHEDULED)
        hours = _HOURS.fullmatch(written)
        self._add("frequency", stated, f"{hours[1]}h" if hours else "")
        self._add("operator", stated, "gt")  # any row raises an alert
        self._add("threshold", stated, "0")
        length = parse_duration(written)
        default = LOOKBACKS.get(length) if length else None
        if not self._add("lookback", _at(self.node, "schedule", "lookback")) and default:
            self._add("lookback", stated, f"{default // timedelta(hours=1)}h")

    def _attack(self, template: YamlNode | None) -> None:
        # A category that is no tactic, such as Malware, is a word of Defender's own.
        category = _at(template, "category")
        if isinstance(category, YamlText) and find_tactic(category.value):
            self._add("tactics", category)
        self._texts("techniques", _at(template, "mitreTechniques"))
        tactics = _at(template, "tactics")
        for item in tactics.items if isinstance(tactics, YamlList) else ():
            self._add("tactics", _at(item, "tactic"))
            techniques = _at(item, "techniques")
            for technique in techniques.items if isinstance(techniques, YamlList) else ():
                subs = _at(technique, "subTechniques")
                if isinstance(subs, YamlList) and subs.items:
                    self._texts("techniques", subs)
                else:
                    self._add("techniques", _at(technique, "technique"))

    def _texts(self, key: str, node: YamlNode | None) -> None:
        for item in node.items if isinstance(node, YamlList) else ():
            self._add(key, item)

    def _entities(self, template: YamlNode | None) -> None:
        assets = _at(template, "impactedAssets")
        for asset in assets.items if isinstance(assets, YamlList) else ():
            type_, identifier = _at(asset, "@odata.type"), _at(asset, "identifier")
            kind = ASSETS.get(type_.value.rpartition(".")[2]) if isinstance(type_, YamlText) else None
            if kind and isinstance(identifier, YamlText) and identifier.value:
                column = identifier.value[:1].upper() + identifier.value[1:]
                self._add("entities", identifier, f"{kind}.{asset_identifier(kind, column)}={column}")
        for group, (kind, pairs) in GROUPS.items():
            items = _at(template, "entityMappings", group)
            for item in items.items if isinstance(items, YamlList) else ():
                for written, identifier_name in pairs:
                    column_node = _at(item, written)
                    if isinstance(column_node, YamlText):
                        self._add("entities", column_node, f"{kind}.{identifier_name}={column_node.value}")

    def _settings(self, template: YamlNode | None) -> None:
        details = _at(template, "customDetails")
        pairs = tuple(
            (key.value, value.value)
            for key, value in (details.entries if isinstance(details, YamlMapping) else ())
            if isinstance(value, YamlText) and not key.value.startswith("@")
        )
        grouping = _at(template, "eventGroupingKind")
        is_single = isinstance(grouping, YamlText) and grouping.value.lower() == "singlealert"
        self.alerting = replace(
            self.alerting,
            enabled=self._is_enabled(),
            custom_details=pairs,
            event_grouping=EventGrouping.SINGLE_ALERT if is_single else EventGrouping.ALERT_PER_RESULT,
        )

    def _is_enabled(self) -> bool:
        status, enabled = self.node.get("status"), self.node.get("isEnabled")
        if isinstance(status, YamlText) and status.value:
            return status.value.lower() == "enabled"
        return not (isinstance(enabled, YamlText) and enabled.value.lower() == "false")


DEFENDER_JSON = Format("Defender JSON", (".json",), _matches_json, _read_json)
DEFENDER_YAML = Format("Defender YAML", (".yaml", ".yml"), _matches_yaml, _read_yaml)
