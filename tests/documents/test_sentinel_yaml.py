"""Sentinel's YAML form."""

from datetime import timedelta

import pytest

from bluetick.detections.alerting import Alerting, RuleKind
from bluetick.detections.documents import DocumentResult, read_document_text
from bluetick.detections.model import AlertSeverity, Comparison, EntityMapping, Threshold
from bluetick.detections.trees import Bare
from bluetick.diagnostics import Span

RULE = """\
id: 2f8f2f60-37a0-4b3e-8c8a-5f8d3d4b1f11
name: A rule
version: 1.0.2
kind: Scheduled
description: |
  One line.
severity: High
requiredDataConnectors:
  - connectorId: Some
    dataTypes:
      - SecurityEvent
queryFrequency: PT1H
queryPeriod: 1d
triggerOperator: gt
triggerThreshold: 3
tactics:
  - Execution
relevantTechniques:
  - T1059
query: |
  SecurityEvent
  | where EventID == 1

  | take 1
entityMappings:
  - entityType: Host
    fieldMappings:
      - identifier: HostName
        columnName: Computer
      - identifier: DnsDomain
        columnName: Domain
"""


def read(text: str) -> DocumentResult:
    return read_document_text(text.encode(), "rule.yaml")


def test_every_field() -> None:
    result = read(RULE)
    (rule,) = result.detections
    assert (rule.id, rule.name, rule.severity) == ("2f8f2f60-37a0-4b3e-8c8a-5f8d3d4b1f11", "A rule", AlertSeverity.HIGH)
    assert rule.description == "One line."
    assert (rule.frequency, rule.lookback) == (timedelta(hours=1), timedelta(days=1))
    assert rule.threshold == Threshold(Comparison.GREATER, 3, declared=True)
    assert (rule.tactics, rule.techniques) == (("Execution",), ("T1059",))
    assert rule.data_sources == ("SecurityEvent",)
    assert rule.entities == (EntityMapping("Host", (("HostName", "Computer"), ("DnsDomain", "Domain"))),)
    assert rule.schemas == "sentinel"
    assert dict(rule.fields) == {"version": "1.0.2"}
    assert rule.alerting == Alerting(kind=RuleKind.SCHEDULED)
    assert result.diagnostics == ()


def test_the_query_and_its_places() -> None:
    result = read(RULE)
    (rule,) = result.detections
    assert rule.query == "SecurityEvent\n| where EventID == 1\n\n| take 1"
    assert rule.query_first_line == RULE.split("\n").index("  SecurityEvent") + 1
    for word in ("SecurityEvent", "EventID", "take"):
        at = rule.query.index(word)
        placed = rule.span_in_document(Span(at, at + len(word)))
        assert result.source.text[placed.start : placed.end] == word


@pytest.mark.parametrize("line", ["query: T | take 1", 'query: "T | take 1"', "query: >-\n  T | take 1"])
def test_other_scalars_that_keep_their_text(line: str) -> None:
    result = read(f"name: A\n{line}\n")
    (rule,) = result.detections
    assert rule.query == "T | take 1"
    placed = rule.span_in_document(Span(4, 8))
    assert result.source.text[placed.start : placed.end] == "take"


def test_a_folded_query_is_placed_as_a_whole() -> None:
    result = read("name: A\nquery: >\n  T\n  | take 1\n")
    (rule,) = result.detections
    assert rule.query == "T | take 1"
    placed = rule.span_in_document(Span(4, 8))
    assert result.source.text[placed.start : placed.end].startswith(">\n  T")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("name: A\nquery:\n", "BTK0210"),
        ("name: A\nquery: [T]\n", "BTK0210"),
        ("name: &a A\nquery: *a\n", "BTK0231"),
        ("name: A\nquery: T\nquery: U\n", "BTK0231"),
        ("name: A\nquery: |\n  T\n" + "#" * 200_000, "BTK0201"),
    ],
)
def test_refused(text: str, code: str) -> None:
    result = read(text)
    assert (result.detections, [d.code for d in result.diagnostics]) == ((), [code])


CONNECTOR = "requiredDataConnectors:\n  - connectorId: MicrosoftThreatProtection\n    dataTypes: [DeviceInfo]\n"


@pytest.mark.parametrize(
    ("text", "schemas"),
    [
        ("name: A\nquery: T | where Timestamp > ago(1d)\n", "defender"),
        ("name: A\nquery: T | where TimeGenerated > ago(1d) | project Timestamp\n", "sentinel"),
        ("name: A\nquery: T | take 1\n", "sentinel"),
        (f"name: A\nquery: DeviceInfo | take 1\n{CONNECTOR}", "defender"),
        (f"name: A\nquery: DeviceInfo | take 1\n{CONNECTOR}  - connectorId: Other\n", "sentinel"),
        (f"name: A\nkind: Scheduled\nquery: DeviceInfo | where Timestamp > ago(1d)\n{CONNECTOR}", "sentinel"),
    ],
)
def test_whose_tables_a_hunting_query_reads(text: str, schemas: str) -> None:
    (rule,) = read(text).detections
    assert rule.schemas == schemas


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("queryFreqency: 1h", "did you mean 'queryFrequency'?"),
        ("incidentConfiguration: {creatIncident: true}", "did you mean 'createIncident'?"),
        ("somebodys: own", ""),
    ],
)
def test_an_unknown_key_is_kept_and_warned_of(line: str, hint: str) -> None:
    result = read(f"name: A\nquery: T\n{line}\n")
    assert [(d.code, d.hint, d.is_error) for d in result.diagnostics] == [("BTK0235", hint, False)]
    assert result.detections[0].tree.has(line.partition(":")[0])


def test_a_tree_keeps_order_and_spelling() -> None:
    (rule,) = read("version: 1.10\nname: '7'\nquery: T\ntags: [no, true, 2021-01-01, ~]\n").detections
    assert [key for key, _ in rule.tree.entries] == ["version", "name", "query", "tags"]
    assert rule.tree.get("version") == Bare("1.10")
    assert rule.tree.get("name") == "7"
    assert rule.tree.get("tags") == (Bare("no"), True, Bare("2021-01-01"), None)
