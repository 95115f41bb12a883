"""What does not fit a form is said, with its code and where it stands."""

import json

import pytest

from bluetick.detections.documents import read_document_text
from bluetick.detections.model import Detection
from bluetick.detections.writing import TARGETS, Columns
from bluetick.diagnostics import Severity

WRITE = {target.name: target.write for target in TARGETS}
RULE = """\
id: 2f8f2f60-37a0-4b3e-8c8a-5f8d3d4b1f11
name: A rule
kind: Scheduled
severity: High
queryFrequency: 12h
queryPeriod: 2d
triggerOperator: gt
triggerThreshold: 0
query: |
  DeviceEvents
  | take 1
"""
HUNT = "// Name: A hunt\nDeviceEvents\n| take 1\n"
CUSTOM = {
    "id": "a-rule",
    "displayName": "A rule",
    "queryCondition": {"queryText": "DeviceEvents | take 1"},
    "schedule": {"period": "24H"},
    "detectionAction": {"alertTemplate": {"title": "A rule", "severity": "high"}},
}
COLUMNS = ("Timestamp", "ReportId", "DeviceId")


def rule(*lines: str, without: str = "") -> Detection:
    kept = [line for line in RULE.splitlines() if not (without and line.startswith(without))]
    replaced = {line.partition(":")[0] for line in lines}
    kept = [line for line in kept if line.partition(":")[0] not in replaced]
    (detection,) = read_document_text("\n".join([*lines, *kept, ""]).encode(), "rule.yaml").detections
    return detection


def codes(target: str, detection: Detection, columns: Columns = COLUMNS) -> list[str]:
    return [diagnostic.code for diagnostic in WRITE[target](detection, columns).diagnostics]


def entities(count: int, identifiers: int = 1) -> str:
    pairs = ", ".join(f"{{identifier: I{number}, columnName: C}}" for number in range(identifiers))
    return f"entityMappings: [{', '.join(f'{{entityType: K{n}, fieldMappings: [{pairs}]}}' for n in range(count))}]"


def details(count: int) -> str:
    return f"customDetails: {{{', '.join(f'D{number}: C' for number in range(count))}}}"


def query(text: str) -> str:
    return f"query: {json.dumps(text)}"


@pytest.mark.parametrize("target", ["sentinel", "arm"])
@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), []),
        (("queryPeriod: 14d",), []),
        (("queryPeriod: 30d",), ["BTK0280"]),
        (("queryFrequency: 1m",), ["BTK0280"]),
        (("queryFrequency: 15d", "queryPeriod: 15d"), ["BTK0280", "BTK0280"]),
        (("queryPeriod: 1h",), ["BTK0281"]),
        (("suppressionEnabled: true", "suppressionDuration: 25h"), ["BTK0280"]),
        (("suppressionEnabled: true", "suppressionDuration: 24h"), []),
        ((entities(10),), []),
        ((entities(11),), ["BTK0284"]),
        ((entities(1, 3),), []),
        ((entities(1, 4),), ["BTK0284"]),
        ((details(20),), []),
        ((details(21),), ["BTK0284"]),
        ((query("T // " + "x" * 9_995),), []),
        ((query("T // " + "x" * 9_996),), ["BTK0282"]),
        ((query("search * | take 1"),), ["BTK0283"]),
        ((query("union isfuzzy=true * | take 1"),), ["BTK0283"]),
        ((query("union A*, B | extend x = 'search *' // union *"),), []),
        ((query("T | join (adx('x').U) on A"),), ["BTK0283"]),
    ],
)
def test_limits_of_sentinel(target: str, lines: tuple[str, ...], expected: list[str]) -> None:
    assert codes(target, rule(*lines)) == expected


@pytest.mark.parametrize("without", ["severity", "queryPeriod"])
def test_what_sentinel_requires(without: str) -> None:
    assert codes("sentinel", rule(without=without)) == ["BTK0286"]


def test_continuous_rules_and_hunting_queries_have_no_schedule() -> None:
    nrt = rule("kind: NRT", "queryFrequency: ", "queryPeriod: ")
    assert (nrt.frequency, nrt.lookback) == (None, None)
    assert codes("sentinel", nrt) == []
    (hunt,) = read_document_text(b"name: A\nquery: |\n  T\n  | take 1\n", "a.yaml").detections
    assert codes("sentinel", hunt) == []


def test_a_refused_form_is_pointed_at() -> None:
    detection = rule(query("T; search * | take 1"))
    (found,) = WRITE["sentinel"](detection, None).diagnostics
    assert detection.query[found.span.start : found.span.end] == "search *"


def test_queries_for_defenders_tables_do_not_run_in_sentinel() -> None:
    (detection,) = read_document_text(json.dumps(CUSTOM).encode(), "a.json").detections
    assert codes("sentinel", detection) == ["BTK0290", "BTK0280"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), []),
        (("kind: NRT",), []),
        (("queryPeriod: 1d",), ["BTK0287"]),
        (("queryFrequency: 1d", "queryPeriod: 30d"), []),
        (("queryFrequency: 1h", "queryPeriod: 4h"), []),
        (("queryFrequency: 3h", "queryPeriod: 12h"), []),
        (("queryFrequency: 6h", "queryPeriod: 24h"), ["BTK0287"]),
        (("triggerThreshold: 5",), ["BTK0285"]),
        (("suppressionEnabled: true", "suppressionDuration: 5h"), ["BTK0285"]),
        (("alertDetailsOverride: {alertSeverityColumnName: S}",), ["BTK0285"]),
        (("incidentConfiguration: {createIncident: false}",), ["BTK0285"]),
        (("entityMappings: [{entityType: Malware, fieldMappings: [{identifier: Name, columnName: N}]}]",), ["BTK0285"]),
        (("somebodys: own",), ["BTK0285"]),
        (("version: 1.0.0", "tags: [a]"), ["BTK0289"]),
    ],
)
def test_what_defender_has_no_place_for(lines: tuple[str, ...], expected: list[str]) -> None:
    assert codes("defender", rule(*lines)) == expected


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (("TimeGenerated", "ReportId", "AccountUpn"), []),
        (("ReportId", "DeviceName"), ["BTK0288"]),
        (("Timestamp", "DeviceName"), ["BTK0288"]),
        (("Timestamp", "ReportId", "Other"), ["BTK0288"]),
        (("Count",), ["BTK0288", "BTK0288", "BTK0288"]),
        (None, ["BTK0292"]),
    ],
)
def test_columns_that_defender_requires(columns: Columns, expected: list[str]) -> None:
    assert codes("defender", rule(), columns) == expected


def test_upkeep_is_a_warning_behaviour_an_error() -> None:
    written = WRITE["defender"](rule("version: 1.0.0", "somebodys: own"), COLUMNS)
    assert [d.severity for d in written.diagnostics] == [Severity.WARNING, Severity.ERROR]


def test_what_only_defender_says() -> None:
    action = {"alertTemplate": {"category": "Malware", "recommendedActions": "Look"}, "responseActions": [{"x": 1}]}
    (detection,) = read_document_text(
        json.dumps({**CUSTOM, "detectionAction": action, "schedule": {"period": "12H"}}).encode(), "a.json"
    ).detections
    assert codes("arm", detection) == ["BTK0290", "BTK0286", "BTK0285", "BTK0285", "BTK0289"]


def test_a_template_elsewhere_loses_what_its_deployment_said() -> None:
    resource = {
        "type": "Microsoft.SecurityInsights/alertRules",
        "name": "2f8f2f60-37a0-4b3e-8c8a-5f8d3d4b1f11",
        "kind": "Scheduled",
        "condition": "[parameters('x')]",
        "dependsOn": ["y"],
        "properties": {
            **{"displayName": "A", "query": "T", "severity": "Low", "queryFrequency": "PT1H", "queryPeriod": "PT1H"},
            "description": "[parameters('why')]",
        },
    }
    (detection,) = read_document_text(json.dumps(resource).encode(), "a.json").detections
    written = WRITE["sentinel"](detection, None)
    assert [d.code for d in written.diagnostics] == ["BTK0285", "BTK0285"]
    assert "armResource" not in written.text


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), []),
        (("description: Why it matters",), []),
        (('description: "Why\\nName: it matters"',), ["BTK0291"]),
        (("customDetails: {A: B}",), ["BTK0285"]),
        (("version: 1.0.0",), ["BTK0289"]),
    ],
)
def test_a_header_says_less(lines: tuple[str, ...], expected: list[str]) -> None:
    assert codes("kql", rule(*lines)) == expected


def test_a_header_reads_back() -> None:
    detection = rule("tactics: [Execution]", "relevantTechniques: [T1059]", entities(1, 2), "description: Why")
    (again,) = read_document_text(WRITE["kql"](detection, None).text.encode(), "rule.kql").detections
    assert (again.id, again.name, again.query, again.threshold) == (
        detection.id,
        detection.name,
        detection.query,
        detection.threshold,
    )
    assert (again.frequency, again.lookback, again.entities) == (
        detection.frequency,
        detection.lookback,
        detection.entities,
    )


def test_a_hunt_becomes_a_rule_document_of_each_form() -> None:
    (hunt,) = read_document_text(HUNT.encode(), "hunt.kql").detections
    for target, name in (("sentinel", "a.yaml"), ("arm", "a.json"), ("defender", "b.json"), ("kql", "a.kql")):
        (again,) = read_document_text(WRITE[target](hunt, None).text.encode(), name).detections
        assert (again.name, again.query) == ("A hunt", hunt.query)


def test_defender_reads_back() -> None:
    detection = rule(
        "tactics: [Execution, Impact]",
        "relevantTechniques: [T1059.001, T1486]",
        "customDetails: {Who: AccountName}",
        "entityMappings: [{entityType: Host, fieldMappings: [{identifier: FullName, columnName: DeviceName}]}]",
    )
    (again,) = read_document_text(WRITE["defender"](detection, None).text.encode(), "rule.json").detections
    assert (again.name, again.query, again.severity) == (detection.name, detection.query, detection.severity)
    assert (again.frequency, again.lookback) == (detection.frequency, detection.lookback)
    assert (again.tactics, again.techniques) == (detection.tactics, detection.techniques)
    assert again.alerting.custom_details == (("Who", "AccountName"),)
    assert [column for entity in again.entities for _, column in entity.columns] == ["DeviceName"]
    assert WRITE["defender"](again, None).text == WRITE["defender"](detection, None).text
