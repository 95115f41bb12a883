"""A rule in Sentinel's keys, from the nodes of any form that has them: its fields, its settings, its query."""

import re
from dataclasses import dataclass

from bluetick.detections.alerting import Alerting
from bluetick.detections.documents.fields import Field, known_key
from bluetick.detections.documents.settings import SETTING_KEYS, read_settings
from bluetick.detections.documents.yaml_fields import fields_of
from bluetick.detections.model import Schemas
from bluetick.diagnostics import Diagnostic
from bluetick.syntax.strict_yaml import YamlList, YamlMapping, YamlNode, YamlText

DATA_TYPES = ("dataTypes", "datatypes")
_DEFENDER = "MicrosoftThreatProtection"


@dataclass(frozen=True, slots=True)
class SentinelRule:
    fields: tuple[Field, ...]
    alerting: Alerting
    diagnostics: tuple[Diagnostic, ...]


def read_rule(rule: YamlMapping, *, is_template: bool = False) -> SentinelRule:
    """What the mapping says, but for its query."""
    alerting, diagnostics = read_settings(rule, is_template=is_template)
    fields: list[Field] = []
    for key, node in rule.entries:
        if key.value == "query" or key.value in SETTING_KEYS:
            continue
        found, wrong = _fields(key.value, node)
        fields.extend(found)
        diagnostics.extend(wrong)
    return SentinelRule(tuple(fields), alerting, tuple(diagnostics))


def schemas_of(rule: YamlMapping, read: SentinelRule, query: str) -> Schemas:
    """Whose tables a query reads: hunting queries are Defender's too, and then name its time or only its connector."""
    is_rule = read.alerting.kind is not None or any(item.key == "frequency" for item in read.fields)
    if is_rule or "TimeGenerated" in query:
        return "sentinel"
    is_defender = re.search(r"\bTimestamp\b", query) is not None or _connectors(rule) == {_DEFENDER}
    return "defender" if is_defender else "sentinel"


def _connectors(rule: YamlMapping) -> set[str]:
    node = rule.get("requiredDataConnectors")
    items = node.items if isinstance(node, YamlList) else ()
    names = [item.get("connectorId") for item in items if isinstance(item, YamlMapping)]
    return {name.value for name in names if isinstance(name, YamlText)}


def _fields(written: str, node: YamlNode) -> tuple[list[Field], list[Diagnostic]]:
    if written == "requiredDataConnectors":
        return _data_types(node), []
    if key := known_key(written):
        return fields_of(key, written, node)
    return [Field(written, _flat(node), node.span)], []


def _data_types(node: YamlNode) -> list[Field]:
    """The data types of every connector; a connector is only the road on which they come."""
    connectors = node.items if isinstance(node, YamlList) else ()
    fields: list[Field] = []
    for connector in connectors:
        found = [connector.get(key) for key in DATA_TYPES] if isinstance(connector, YamlMapping) else []
        names = [name for types in found if isinstance(types, YamlList) for name in types.items]
        fields.extend(Field("data sources", name.value, name.span) for name in names if isinstance(name, YamlText))
    return fields


def _flat(node: YamlNode) -> str:
    match node:
        case YamlText(value=value):
            return value
        case YamlList(items=items):
            return ", ".join(_flat(item) for item in items)
        case YamlMapping(entries=entries):
            return ", ".join(f"{key.value}={_flat(value)}" for key, value in entries)
