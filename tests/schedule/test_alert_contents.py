"""What alerts say, and which rows make one."""

import json
from typing import Any

import pytest

import bluetick
from bluetick.detections.alerts.content import content_of
from bluetick.detections.alerts.grouping import findings_of
from bluetick.detections.documents import read_document_text
from bluetick.detections.model import Detection
from bluetick.plan.identity import identity_columns
from bluetick.session import QueryRequest

DOCUMENT = """id: 44444444-0000-0000-0000-000000000001
name: A rule
description: What it is about.
kind: {kind}
severity: Medium
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
tactics: [Persistence]
relevantTechniques: [T1053]
eventGroupingSettings:
  aggregationKind: {grouping}
entityMappings:
  - entityType: Host
    fieldMappings:
      - identifier: HostName
        columnName: Host
customDetails:
  Users: User
alertDetailsOverride:
  alertDisplayNameFormat: "{{{{User}}}} on {{{{Host}}}} ({{{{Nothing}}}})"
  alertSeverityColumnName: Level
query: |
  T | take 1
"""
COLUMNS = ("Host", "User", "Level", "Count")


def rule(grouping: str = "AlertPerResult", kind: str = "Scheduled") -> Detection:
    result = read_document_text(DOCUMENT.format(grouping=grouping, kind=kind).encode(), "rule.yaml")
    assert not [one for one in result.diagnostics if one.is_error]
    return result.detections[0]


def test_texts_entities_and_details_come_from_the_rows() -> None:
    said = content_of(rule(), COLUMNS, [["pc", "ann", "high", 3], ["pc", "bob", "low", 1], ["", None, "", 0]])
    assert said["name"] == "ann on pc ({{Nothing}})"
    assert said["severity"] == "High"
    assert said["tactics"] == ["Persistence"]
    assert said["entities"] == [{"kind": "Host", "HostName": "pc"}]
    assert said["custom_details"] == {"Users": ["ann", "bob"]}
    assert said["row_count"] == 3


def test_a_severity_that_is_no_word_of_it_is_the_rules() -> None:
    assert content_of(rule(), COLUMNS, [["pc", "ann", "enormous", 3]])["severity"] == "Medium"


def test_entities_have_their_most() -> None:
    said = content_of(rule(), COLUMNS, [[f"pc{number}", "u", "", 1] for number in range(700)])
    assert len(said["entities"]) == 500


def keys_of(detection: Detection, rows: list[list[Any]], identity: tuple[int, ...] = (0, 1)) -> list[str]:
    return [finding.key for finding in findings_of(detection, 7, COLUMNS, rows, identity)]


def test_one_alert_for_all_rows_is_one_for_each_window() -> None:
    assert keys_of(rule("SingleAlert"), [["a", "u", "", 1], ["b", "u", "", 1]]) == ["window 7"]


def test_rows_of_the_same_thing_share_an_alert() -> None:
    (finding, other) = findings_of(
        rule(), 7, COLUMNS, [["a", "u", "", 1], ["a", "u", "", 2], ["b", "u", "", 1]], (0, 1)
    )
    assert json.loads(finding.content)["rows"] == [["a", "u", "", 1], ["a", "u", "", 2]]
    assert finding.key != other.key


@pytest.mark.parametrize(("kind", "most"), [("Scheduled", 150), ("NRT", 30)])
def test_the_last_of_the_most_alerts_holds_all_rows(kind: str, most: int) -> None:
    rows = [[f"pc{number}", "u", "", 1] for number in range(most + 1)]
    findings = findings_of(rule(kind=kind), 7, COLUMNS, rows, (0,))
    assert len(findings) == most
    assert json.loads(findings[-1].content)["row_count"] == most + 1
    assert len(keys_of(rule(kind=kind), rows[:-1], (0,))) == most


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("SecurityEvent | project TimeGenerated, Account", ["TimeGenerated", "Account"]),
        ("SecurityEvent | summarize n = count(), t = min(TimeGenerated) by Account", ["Account"]),
        ("SecurityEvent | summarize n = count() by Account | extend who = strcat(Account, n), a = 1", ["Account", "a"]),
        ("SecurityEvent | summarize arg_max(TimeGenerated, *) by Account | project Account, Computer", ["Account"]),
        ("SecurityEvent | project Account, age = now() - TimeGenerated", ["Account"]),
        ("SecurityEvent | summarize by Account, bin(TimeGenerated, 1h)", ["Account", "TimeGenerated"]),
        ("let n = toscalar(SecurityEvent | count); SecurityEvent | project Account, share = 1.0 / n", ["Account"]),
        ("SecurityEvent | order by TimeGenerated asc | project Account, r = row_number()", ["Account"]),
        ("SecurityEvent | join kind=inner (SecurityEvent | summarize n = count() by Account) on Account"
         " | project Account, Computer, n", ["Account", "Computer"]),
        ("SecurityEvent | mv-apply d = parse_json(EventData) on (summarize n = count())"
         " | project Account, n", ["Account"]),
        ("SecurityEvent | count", []),
    ],
)  # fmt: skip
def test_what_a_row_is_of(query: str, names: list[str]) -> None:
    with bluetick.connect() as session:
        plan, _ = session.plan(QueryRequest(query), is_check=True)
    statement = plan.statements[-1]
    assert [statement.relation.columns[place].name for place in identity_columns(statement)] == names
