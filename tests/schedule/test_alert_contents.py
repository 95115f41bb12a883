"""What alerts say, and which rows make one."""

import json
from dataclasses import replace
from typing import Any

import pytest

import bluetick
from bluetick.detections.alerting import AlertDetails
from bluetick.detections.alerts.content import content_of
from bluetick.detections.alerts.grouping import findings_of
from bluetick.detections.documents import read_document_text
from bluetick.detections.model import Detection, EntityMapping
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


def without_mappings(**overridden: Any) -> Detection:
    return replace(rule(), entities=(), **overridden)


def test_a_document_without_mappings_has_entities_of_its_columns() -> None:
    said = content_of(without_mappings(), ("DeviceName", "Count"), [["pc", 1], ["pc", 2]])
    assert said["entities"] == [{"kind": "Host", "HostName": "pc", "inferred": True}]
    assert content_of(rule(), ("Host", "DeviceName"), [["a", "b"]])["entities"] == [{"kind": "Host", "HostName": "a"}]


def test_accounts_that_are_everywhere_are_no_entities() -> None:
    bare = EntityMapping("Account", (("Name", "User"),))
    full = EntityMapping("Account", (("Name", "User"), ("NTDomain", "Host")))
    said = content_of(replace(rule(), entities=(bare, full)), COLUMNS, [["pc", "System", "", 1], ["pc", "ann", "", 1]])
    assert said["entities"] == [
        {"kind": "Account", "Name": "ann"},
        {"kind": "Account", "Name": "System", "NTDomain": "pc"},
        {"kind": "Account", "Name": "ann", "NTDomain": "pc"},
    ]


def test_entities_have_their_bytes_and_what_is_left_out_is_counted() -> None:
    said = content_of(rule(), COLUMNS, [[f"{number:03}" + "x" * 997, "u", "", 1] for number in range(100)])
    assert len(said["entities"]) == 63  # of 1,000 and some bytes each, in 65,536
    assert said["left_out"] == {"entities": 37}
    assert "left_out" not in content_of(rule(), COLUMNS, [["pc", "u", "", 1]])


def test_custom_details_have_their_number_and_bytes() -> None:
    details = tuple((f"d{number:02}", "User") for number in range(21))
    said = content_of(replace(rule(), alerting=replace(rule().alerting, custom_details=details)), COLUMNS,
                      [["pc", "ann", "", 1]])  # fmt: skip
    assert list(said["custom_details"]) == [f"d{number:02}" for number in range(20)]
    assert said["left_out"] == {"values": 1}
    said = content_of(rule(), COLUMNS, [["pc", f"u{number}", "", 1] for number in range(60)])
    assert said["custom_details"] == {"Users": [f"u{number}" for number in range(50)]}
    assert said["left_out"] == {"values": 10}
    said = content_of(rule(), COLUMNS, [["pc", f"{number}" + "x" * 999, "", 1] for number in range(5)])
    assert [len(value) for value in said["custom_details"]["Users"]] == [1_000, 1_000]
    assert said["left_out"] == {"values": 3}


def test_a_text_with_an_empty_value_is_the_documents() -> None:
    assert content_of(rule(), COLUMNS, [["pc", None, "", 1]])["name"] == "A rule"
    assert content_of(rule(), COLUMNS, [["pc", "", "", 1]])["name"] == "A rule"
    long = content_of(rule(), COLUMNS, [["pc", "é" * 200, "", 1]])["name"]
    assert len(long.encode()) == 256


def overriding(**details: Any) -> Detection:
    return replace(rule(), alerting=replace(rule().alerting, alert_details=AlertDetails(**details)))


def test_tactics_of_a_column_are_tactics_or_the_documents() -> None:
    found = overriding(tactics_column="User")
    assert content_of(found, COLUMNS, [["pc", "Discovery, nonsense", "", 1]])["tactics"] == ["Discovery"]
    assert content_of(found, COLUMNS, [["pc", "nonsense", "", 1]])["tactics"] == ["Persistence"]


def test_properties_of_the_alert_come_from_columns() -> None:
    found = overriding(properties=(("ProductName", "User"), ("Techniques", "Level"), ("AlertLink", "Nothing")))
    said = content_of(found, COLUMNS, [["pc", "Guard", ["T1", "T2"], 1]])
    assert said["details"] == {"ProductName": "Guard", "Techniques": ["T1", "T2"]}
    assert said["techniques"] == ["T1", "T2"]
    assert content_of(found, COLUMNS, [["pc", "", "", 1]])["techniques"] == ["T1053"]
    long = content_of(found, COLUMNS, [["pc", "x" * 300, ["y" * 1_000] * 60, 1]])["details"]
    assert (len(long["ProductName"]), len(long["Techniques"])) == (256, 5)
    many = content_of(found, COLUMNS, [["pc", "", ["T"] * 60, 1]])["details"]
    assert many == {"Techniques": ["T"] * 50}


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
