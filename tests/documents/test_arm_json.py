"""Rules of ARM templates, of exports and of the service's own answers."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from bluetick.detections.alerting import (
    AlertDetails,
    Alerting,
    EventGrouping,
    IncidentGrouping,
    IncidentMatching,
    Incidents,
    RuleKind,
    Suppression,
)
from bluetick.detections.documents import DocumentResult, read_document_text
from bluetick.detections.model import AlertSeverity, Comparison, EntityMapping, Threshold
from bluetick.detections.trees import Bare, Branch
from bluetick.diagnostics import Span

GUID = "2f8f2f60-37a0-4b3e-8c8a-5f8d3d4b1f11"
QUERY = 'T\r\n| where A == "x\\y"\n\t| extend é = "\U0001f600", B = 1 // "q"\n| take 5\n'
PROPERTIES: dict[str, Any] = {
    "displayName": "A rule",
    "description": "Two\nlines",
    "severity": "High",
    "enabled": False,
    "query": QUERY,
    "queryFrequency": "PT1H",
    "queryPeriod": "P1DT12H",
    "triggerOperator": "GreaterThan",
    "triggerThreshold": 3,
    "suppressionDuration": "PT5H",
    "suppressionEnabled": True,
    "tactics": ["Execution"],
    "techniques": ["T1059", "T1110"],
    "subTechniques": ["T1059.001"],
    "eventGroupingSettings": {"aggregationKind": "AlertPerResult"},
    "customDetails": {"Who": "Account"},
    "alertDetailsOverride": {
        "alertDisplayNameFormat": "A {{Account}}",
        "alertSeverityColumnName": "Severity",
        "alertDynamicProperties": [{"alertProperty": "AlertLink", "value": "Link"}],
    },
    "incidentConfiguration": {
        "createIncident": True,
        "groupingConfiguration": {
            "enabled": True,
            "reopenClosedIncident": True,
            "lookbackDuration": "PT3H",
            "matchingMethod": "Selected",
            "groupByEntities": ["Host"],
            "groupByAlertDetails": ["DisplayName"],
            "groupByCustomDetails": ["Who"],
        },
    },
    "entityMappings": [
        {"entityType": "Host", "fieldMappings": [{"identifier": "HostName", "columnName": "Computer"}]},
    ],
}
RESOURCE = {
    "type": "Microsoft.OperationalInsights/workspaces/providers/alertRules",
    "apiVersion": "2023-12-01-preview",
    "name": f"[concat(parameters('workspace'), '/Microsoft.SecurityInsights/{GUID}')]",
    "kind": "Scheduled",
    "properties": PROPERTIES,
}


def read(value: object, **how: Any) -> DocumentResult:
    return read_document_text(json.dumps(value, **how).encode(), "rules.json")


def template(*resources: object) -> dict[str, object]:
    return {"$schema": "x", "contentVersion": "1.0.0.0", "resources": list(resources)}


def test_every_field() -> None:
    result = read(template(RESOURCE))
    (rule,) = result.detections
    assert result.diagnostics == ()
    assert (rule.id, rule.id_derived, rule.name, rule.form) == (GUID, False, "A rule", "arm")
    assert rule.query == QUERY.rstrip()
    assert (rule.severity, rule.description) == (AlertSeverity.HIGH, "Two\nlines")
    assert (rule.frequency, rule.lookback) == (timedelta(hours=1), timedelta(hours=36))
    assert rule.threshold == Threshold(Comparison.GREATER, 3, declared=True)
    assert (rule.tactics, rule.techniques) == (("Execution",), ("T1110", "T1059.001"))
    assert rule.entities == (EntityMapping("Host", (("HostName", "Computer"),)),)
    assert rule.alerting == Alerting(
        kind=RuleKind.SCHEDULED,
        enabled=False,
        suppression=Suppression(True, timedelta(hours=5)),
        event_grouping=EventGrouping.ALERT_PER_RESULT,
        custom_details=(("Who", "Account"),),
        alert_details=AlertDetails("A {{Account}}", "", "Severity", "", (("AlertLink", "Link"),)),
        incidents=Incidents(
            True,
            IncidentGrouping(
                True, True, timedelta(hours=3), IncidentMatching.SELECTED, ("Host",), ("DisplayName",), ("Who",)
            ),
        ),
    )
    assert rule.tree.get("triggerThreshold") == Bare("3")
    assert rule.tree.branch("armResource").get("apiVersion") == "2023-12-01-preview"


@pytest.mark.parametrize("how", [{}, {"ensure_ascii": False}, {"indent": 4}])
def test_every_word_of_the_query_has_its_place(how: dict[str, Any]) -> None:
    result = read(template(RESOURCE), **how)
    (rule,) = result.detections
    for word in re.finditer(r"\w{2,}|[|=]", rule.query):
        if word[0].isascii():
            placed = rule.span_in_document(Span(*word.span()))
            assert result.source.text[placed.start : placed.end] == word[0]


@pytest.mark.parametrize(
    "document",
    [
        template({"type": "x/nested", "properties": {"template": template(RESOURCE)}}),
        {"value": [{**RESOURCE, "type": "Microsoft.SecurityInsights/alertRules", "name": GUID}]},
        {"id": f"/subscriptions/s/providers/Microsoft.SecurityInsights/alertRules/{GUID}", "properties": PROPERTIES},
        [{"name": GUID, **PROPERTIES}],
    ],
)
def test_other_wrappings(document: object) -> None:
    (rule,) = read(document).detections
    assert (rule.id, rule.name, rule.alerting.enabled) == (GUID, "A rule", False)


def test_nrt_and_a_rule_without_a_query() -> None:
    nrt = {**RESOURCE, "kind": "NRT", "properties": {"displayName": "N", "query": "T", "severity": "Low"}}
    fusion = {**RESOURCE, "kind": "Fusion", "properties": {"enabled": True}}
    (rule,) = read(template(fusion, nrt)).detections
    assert (rule.name, rule.alerting.kind, rule.frequency) == ("N", RuleKind.NRT, None)


def test_saved_searches_are_hunting_queries_functions_are_not() -> None:
    def search(**properties: object) -> dict[str, object]:
        return {"type": "Microsoft.OperationalInsights/workspaces/savedSearches", "properties": properties}

    hunt = search(
        category="Hunting Queries",
        displayName="A hunt",
        query="T | take 1",
        version=2,
        tags=[
            {"name": "description", "value": "Why"},
            {"name": "tactics", "value": "Execution, Impact"},
            {"name": "techniques", "value": "T1059,T1486"},
            {"name": "createdBy", "value": "me"},
        ],
    )
    function = search(category="Hunting Queries", displayName="F", query="T", functionAlias="F")
    other = search(category="Log management", displayName="O", query="T")
    (rule,) = read(template(function, hunt, other)).detections
    assert (rule.name, rule.description, rule.query) == ("A hunt", "Why", "T | take 1")
    assert (rule.tactics, rule.techniques) == (("Execution", "Impact"), ("T1059", "T1486"))
    assert rule.tree.get("tags") == (Branch((("name", "createdBy"), ("value", "me"))),)


def changed(**properties: object) -> dict[str, object]:
    return template({**RESOURCE, "properties": {**PROPERTIES, **properties}})


@pytest.mark.parametrize(
    ("document", "code", "word"),
    [
        (changed(query="[parameters('query')]"), "BTK0236", "query"),
        (changed(enabled="[parameters('enabled')]"), "BTK0237", "enabled"),
        (changed(queryFreqency="PT1H"), "BTK0235", "queryFrequency"),
        (changed(suppressionDuration="5 hours"), "BTK0217", "suppressionDuration"),
        (changed(eventGroupingSettings={"aggregationKind": "Some"}), "BTK0238", "AlertPerResult"),
        (changed(incidentConfiguration={"createIncident": "perhaps"}), "BTK0232", "createIncident"),
        (changed(customDetails=["x"]), "BTK0232", "customDetails"),
    ],
)
def test_said(document: object, code: str, word: str) -> None:
    (found,) = read(document).diagnostics
    assert found.code == code
    assert word in f"{found.message} {found.hint}"


def test_a_text_in_two_brackets_is_a_text() -> None:
    (rule,) = read(changed(query="['T'] | take 1")).detections
    assert rule.query == "['T'] | take 1"
    (rule,) = read(changed(query="[['T'] | project ['x']")).detections
    assert rule.query == "['T'] | project ['x']"
    placed = rule.span_in_document(Span(8, 15))
    text = read(changed(query="[['T'] | project ['x']")).source.text
    assert text[placed.start : placed.end] == "project"


@pytest.mark.parametrize(
    "text",
    [
        '{"query": "T", "queryFrequency": "PT1H", "query": "U"}',
        '{"query": "T", "queryFrequency": "PT1H",}',
        '{"query": "T", "queryFrequency": 01}',
        '{"query": "T", "queryFrequency": NaN}',
        '{"query": "T\n", "queryFrequency": "PT1H"}',
        '{"query": "\\ud800", "queryFrequency": "PT1H"}',
        '{"query": "\\u001b[2J", "queryFrequency": "PT1H"}',
        '{"query": "T", "queryFrequency": "PT1H"} {}',
        '{"query": "T", "queryFrequency": "PT1H"',
        '{"query": "T", "queryFrequency": ' + "[" * 5000 + "]" * 5000 + "}",
        '{"query": \'T\', "queryFrequency": 1}',
    ],
)
def test_json_is_strict(text: str) -> None:
    result = read_document_text(text.encode(), "a.json")
    assert ([d.code for d in result.diagnostics], result.detections) == (["BTK0234"], ())


def test_json_of_something_else_is_said_to_hold_no_query() -> None:
    result = read({"name": "a-package", "version": "1.0.0"})
    assert [diagnostic.code for diagnostic in result.diagnostics] == ["BTK0210"]
