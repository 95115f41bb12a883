"""Defender's custom detections, of the older and the newer API, in JSON and YAML."""

import json
from datetime import timedelta
from typing import Any

import pytest

from bluetick.detections.alerting import EventGrouping, RuleKind
from bluetick.detections.documents import DocumentResult, read_document_text
from bluetick.detections.model import AlertSeverity, Comparison, EntityMapping, Threshold

OLDER: dict[str, Any] = {
    "id": "35079",
    "detectorId": "67aa92a1-b04b-4f2a-a223-236968a3da96",
    "displayName": "Some rule",
    "isEnabled": True,
    "createdBy": "someone",
    "queryCondition": {"queryText": "DeviceProcessEvents\n| take 1\n", "lastModifiedDateTime": None},
    "schedule": {"period": "12H", "nextRunDateTime": "2023-06-25T09:37:28Z"},
    "detectionAction": {
        "alertTemplate": {
            "title": "An alert",
            "description": "Why it matters",
            "severity": "medium",
            "category": "Execution",
            "recommendedActions": None,
            "mitreTechniques": ["T1059.001"],
            "impactedAssets": [
                {"@odata.type": "#microsoft.graph.security.impactedDeviceAsset", "identifier": "deviceName"},
                {
                    "@odata.type": "#microsoft.graph.security.impactedUserAsset",
                    "identifier": "initiatingProcessAccountSid",
                },
            ],
        },
        "organizationalScope": None,
        "responseActions": [{"@odata.type": "#microsoft.graph.security.isolateDeviceResponseAction"}],
    },
}
NEWER = """\
id: office-shells
displayName: Some rule
description: Of the rule
status: disabled
queryCondition:
  queryText: |
    DeviceProcessEvents
    | take 1
schedule:
  frequency: PT3H
detectionAction:
  alertTemplate:
    title: An alert
    severity: high
    entityMappings:
      hosts:
        - deviceIdColumn: DeviceId
          nameColumn: DeviceName
      accounts:
        - sidColumn: AccountSid
    customDetails:
      Who: AccountName
    eventGroupingKind: singleAlert
    tactics:
      - tactic: Execution
        techniques:
          - technique: T1059
            subTechniques: [T1059.001]
          - technique: T1204
"""


def read(value: object) -> DocumentResult:
    return read_document_text(json.dumps(value).encode(), "rule.json")


def test_the_older_api() -> None:
    result = read(OLDER)
    (rule,) = result.detections
    assert result.diagnostics == ()
    assert (rule.id, rule.name, rule.description) == (OLDER["detectorId"], "Some rule", "Why it matters")
    assert (rule.query, rule.severity) == ("DeviceProcessEvents\n| take 1", AlertSeverity.MEDIUM)
    assert (rule.frequency, rule.lookback) == (timedelta(hours=12), timedelta(hours=48))
    assert rule.threshold == Threshold(Comparison.GREATER, 0, declared=True)
    assert (rule.tactics, rule.techniques) == (("Execution",), ("T1059.001",))
    assert rule.entities == (
        EntityMapping("Host", (("FullName", "DeviceName"),)),
        EntityMapping("Account", (("Sid", "InitiatingProcessAccountSid"),)),
    )
    assert (rule.schemas, rule.form, rule.alerting.kind) == ("defender", "defender", RuleKind.SCHEDULED)
    assert rule.tree.get("createdBy") == "someone"


def test_the_newer_api_in_yaml() -> None:
    result = read_document_text(NEWER.encode(), "rule.yaml")
    (rule,) = result.detections
    assert result.diagnostics == ()
    assert (rule.id, rule.description, rule.alerting.enabled) == ("office-shells", "Of the rule", False)
    assert (rule.frequency, rule.lookback) == (timedelta(hours=3), timedelta(hours=12))
    assert rule.techniques == ("T1059.001", "T1204")
    assert {entity.kind: dict(entity.columns) for entity in rule.entities} == {
        "Host": {"HostName": "DeviceName", "DeviceId": "DeviceId"},
        "Account": {"Sid": "AccountSid"},
    }
    assert rule.alerting.custom_details == (("Who", "AccountName"),)
    assert rule.alerting.event_grouping is EventGrouping.SINGLE_ALERT
    assert rule.query_first_line == NEWER.split("\n").index("    DeviceProcessEvents") + 1


@pytest.mark.parametrize(
    ("schedule", "kind", "lengths"),
    [
        ({"period": "0"}, RuleKind.NRT, (None, None)),
        ({"frequency": "PT0S"}, RuleKind.NRT, (None, None)),
        ({"period": "24H"}, RuleKind.SCHEDULED, (24, 720)),
        ({"period": "1H"}, RuleKind.SCHEDULED, (1, 4)),
        ({"frequency": "PT2H"}, RuleKind.SCHEDULED, (2, None)),
        ({"frequency": "PT2H", "lookback": "PT8H"}, RuleKind.SCHEDULED, (2, 8)),
    ],
)
def test_schedules(schedule: object, kind: RuleKind, lengths: tuple[int | None, int | None]) -> None:
    (rule,) = read({**OLDER, "schedule": schedule}).detections
    assert rule.alerting.kind is kind
    assert (rule.frequency, rule.lookback) == tuple(hours and timedelta(hours=hours) for hours in lengths)


def test_a_list_of_rules() -> None:
    result = read({"@odata.context": "x", "value": [OLDER, {**OLDER, "displayName": "Another"}]})
    assert [rule.name for rule in result.detections] == ["Some rule", "Another"]
    assert [diagnostic.code for diagnostic in result.diagnostics] == ["BTK0213"]


def test_an_unknown_key_is_kept_and_said() -> None:
    result = read({**OLDER, "dispalyName": "x"})
    assert [(d.code, d.hint) for d in result.diagnostics] == [("BTK0235", "did you mean 'displayName'?")]
    assert result.detections[0].tree.get("dispalyName") == "x"


def test_no_query() -> None:
    assert [d.code for d in read({**OLDER, "queryCondition": {"queryText": "// x"}}).diagnostics] == ["BTK0210"]
