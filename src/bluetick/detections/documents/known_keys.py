"""The keys that a form of document has, nested as they stand in it, and a warning for any other."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from bluetick.detections.documents.fields import known_key
from bluetick.diagnostics import Diagnostic
from bluetick.diagnostics.document_codes import unknown_field
from bluetick.diagnostics.nearest import nearest
from bluetick.syntax.strict_yaml import YamlList, YamlMapping, YamlNode

# A key's value is a mapping (or a list of mappings) with these keys; None: whatever it likes.
Keys: TypeAlias = Mapping[str, "Keys | None"]

SENTINEL: Keys = {
    **dict.fromkeys(("id", "name", "description", "description-detailed", "severity", "kind", "version", "status")),
    **dict.fromkeys(("query", "queryFrequency", "queryPeriod", "triggerOperator", "triggerThreshold")),
    **dict.fromkeys(("tactics", "relevantTechniques", "techniques", "subTechniques", "tags", "customDetails")),
    **dict.fromkeys(("enabled", "suppressionDuration", "suppressionEnabled", "alertRuleTemplateName")),
    **dict.fromkeys(("templateVersion", "startTimeUtc", "displayName", "author", "references", "armResource")),
    "requiredDataConnectors": dict.fromkeys(("connectorId", "dataTypes", "datatypes")),
    "entityMappings": {"entityType": None, "fieldMappings": dict.fromkeys(("identifier", "columnName"))},
    "sentinelEntitiesMappings": {"columnName": None},
    "eventGroupingSettings": {"aggregationKind": None},
    "alertDetailsOverride": {
        **dict.fromkeys(("alertDisplayNameFormat", "alertDescriptionFormat")),
        **dict.fromkeys(("alertSeverityColumnName", "alertTacticsColumnName")),
        "alertDynamicProperties": dict.fromkeys(("alertProperty", "value")),
    },
    "incidentConfiguration": {
        "createIncident": None,
        "groupingConfiguration": dict.fromkeys(
            (
                *("enabled", "reopenClosedIncident", "lookbackDuration", "matchingMethod", "groupByEntities"),
                *("groupByAlertDetails", "groupByCustomDetails"),
            )
        ),
    },
    "metadata": {
        "source": dict.fromkeys(("kind", "name", "sourceId")),
        "author": dict.fromkeys(("name", "email", "link")),
        "support": dict.fromkeys(("tier", "name", "email", "link")),
        "categories": dict.fromkeys(("domains", "verticals")),
        **dict.fromkeys(("version", "providers", "firstPublishDate", "lastPublishDate")),
    },
    # Exploration queries of the same repository.
    **dict.fromkeys(("InputEntityType", "InputFields", "OutputEntityTypes", "QueryPeriodBefore", "QueryPeriodAfter")),
    **dict.fromkeys(("Id", "DisplayName", "Description", "DataSources", "Tactics")),
}

_ACTION: Keys = {
    **dict.fromkeys(("@odata.type", "responseActions", "automatedActions")),
    "alertTemplate": {
        **dict.fromkeys(("@odata.type", "title", "description", "severity", "category", "recommendedActions")),
        **dict.fromkeys(("mitreTechniques", "impactedAssets", "entityMappings", "customDetails", "eventGroupingKind")),
        "tactics": {"@odata.type": None, "tactic": None, "techniques": None},
    },
    "organizationalScope": None,
    "incidentConfiguration": None,
}
DEFENDER: Keys = {
    **dict.fromkeys(("@odata.type", "@odata.context", "@odata.etag", "id", "displayName", "description", "isEnabled")),
    **dict.fromkeys(("status", "createdBy", "createdDateTime", "lastModifiedDateTime", "lastModifiedBy")),
    **dict.fromkeys(("detectorId", "lastRunDetails")),
    "queryCondition": dict.fromkeys(("@odata.type", "queryText", "lastModifiedDateTime")),
    "schedule": dict.fromkeys(("@odata.type", "period", "frequency", "lookback", "nextRunDateTime")),
    "detectionAction": _ACTION,
}


def unknown_keys(node: YamlMapping, keys: Keys, form: str) -> list[Diagnostic]:
    """A warning for each key that the form does not have, with the nearest that it has."""
    return list(_unknown(node, keys, form, is_top=True))


def _unknown(node: YamlNode, keys: Keys, form: str, *, is_top: bool) -> Iterator[Diagnostic]:
    match node:
        case YamlMapping(entries=entries):
            for key, value in entries:
                if key.value in keys:
                    inner = keys[key.value]
                    if inner is not None:
                        yield from _unknown(value, inner, form, is_top=False)
                elif not (is_top and known_key(key.value)):
                    yield unknown_field(key.span, key.value, form, nearest(key.value, keys))
        case YamlList(items=items):
            for item in items:
                yield from _unknown(item, keys, form, is_top=is_top)
        case _:
            return
