"""The overlay beside a document."""

from datetime import timedelta
from pathlib import Path

import pytest

from bluetick.detections.documents import DocumentResult, read_document, read_document_text
from bluetick.detections.model import AlertSeverity, Comparison, EntityMapping, Threshold
from bluetick.diagnostics import Severity

HUNT = b"# A\n```kql\nT\n| take 1\n```\n"
FULL = """
id: 7c0d6a0e-2a39-4f39-9a51-4c9ad0d3b0a1
name: B
severity: medium
tactics: [Persistence, c-and-c]
techniques:
  - T1543.003
frequency: 1h
lookback: P7D
threshold: {operator: lt, value: 2}
entities:
  Host: {HostName: DeviceName, NTDomain: Domain}
schemas: defender
"""


def laid(overlay: str, document: bytes = HUNT) -> DocumentResult:
    return read_document_text(document, "a.md", overlay.encode())


def codes(result: DocumentResult) -> list[str]:
    return [diagnostic.code for diagnostic in result.diagnostics]


def test_it_supplies_what_the_document_lacks(tmp_path: Path) -> None:
    (tmp_path / "a.b.md").write_bytes(HUNT)
    (tmp_path / "a.b.bluetick.yaml").write_text(FULL)
    result = read_document(tmp_path / "a.b.md")
    (hunt,) = result.detections
    assert (hunt.id, hunt.id_derived, hunt.name) == ("7c0d6a0e-2a39-4f39-9a51-4c9ad0d3b0a1", False, "B")
    assert (hunt.severity, hunt.schemas) == (AlertSeverity.MEDIUM, "defender")
    assert hunt.tactics == ("Persistence", "c-and-c")
    assert hunt.techniques == ("T1543.003",)
    assert (hunt.frequency, hunt.lookback) == (timedelta(hours=1), timedelta(days=7))
    assert hunt.threshold == Threshold(Comparison.LESS, 2, declared=True)
    assert hunt.entities == (EntityMapping("Host", (("HostName", "DeviceName"), ("NTDomain", "Domain"))),)
    assert hunt.query == "T\n| take 1"
    (warning,) = result.diagnostics
    assert warning.message == "a.b.bluetick.yaml:5:24: 'c-and-c' is not an ATT&CK tactic"


def test_it_wins_and_says_so() -> None:
    rule = b"// Name: A\n// Severity: Low\n// AlertTriggerOperator: gt\n// AlertTriggerThreshold: 5\nT\n"
    result = laid("severity: High\nthreshold: eq 0\nname: A\n", rule)
    assert result.detections[0].severity is AlertSeverity.HIGH
    assert result.detections[0].threshold == Threshold(Comparison.EQUAL, 0, declared=True)
    assert [(d.code, d.severity) for d in result.diagnostics] == [("BTK0227", Severity.INFO)] * 2
    assert result.diagnostics[0].message == "a.bluetick.yaml:1:11: severity 'High' replaces the document's 'Low'"


def test_it_leaves_the_derived_id_alone() -> None:
    assert laid("name: Z").detections[0].id == laid("severity: Low").detections[0].id


def test_it_never_touches_the_query() -> None:
    result = laid("query: U\nseverty: Low\n")
    assert result.detections[0].query == "T\n| take 1"
    assert [(d.code, d.severity) for d in result.diagnostics] == [("BTK0228", Severity.WARNING)] * 2
    assert result.diagnostics[1].hint == "did you mean 'severity'?"


def test_one_id_cannot_serve_several_detections() -> None:
    result = laid("id: x\nseverity: Low\n", b"# A\n```kql\nT\n```\n```kql\nU\n```\n")
    assert [d.severity for d in result.detections] == [AlertSeverity.LOW, AlertSeverity.LOW]
    assert all(d.id_derived for d in result.detections)
    assert codes(result) == ["BTK0213", "BTK0229"]


@pytest.mark.parametrize(
    "overlay",
    [
        "a: &x 1\nb: *x\n",
        "name: !!python/object:os.system x\n",
        "severity: Low\nseverity: High\n",
        "- severity\n",
        "severity: Low\n---\nname: A\n",
        "severity: [Low\n",
        "name: " + "[" * 5000,
        'name: "\\UFFFFFFFF"\n',
        'name: "\\uD800"\n',
        "? [a]\n: b\n",
        "# nothing\n",
    ],
)
def test_only_plain_yaml_is_read(overlay: str) -> None:
    result = laid(overlay)
    assert codes(result) == ["BTK0231"]
    assert result.diagnostics[0].is_error
    assert result.diagnostics[0].message.startswith("a.bluetick.yaml:")


@pytest.mark.parametrize(
    ("overlay", "code"),
    [
        ("severity: [Low]\n", "BTK0232"),
        ("tactics: {a: b}\n", "BTK0232"),
        ("tactics: [[a]]\n", "BTK0232"),
        ("threshold: {above: 3}\n", "BTK0232"),
        ("entities: Computer\n", "BTK0232"),
        ("entities: [{entityType: Host}]\n", "BTK0232"),
        ("entities: {Host: {HostName: [DeviceName]}}\n", "BTK0232"),
        ("lookback: long\n", "BTK0217"),
        ("threshold: 1.5\n", "BTK0219"),
        ("\x01", "BTK0203"),
    ],
)
def test_values_are_judged_as_in_a_document(overlay: str, code: str) -> None:
    result = laid(overlay)
    assert code in codes(result)
    assert any(d.is_error and "a.bluetick.yaml" in d.message for d in result.diagnostics)


def test_an_overlay_is_no_document(tmp_path: Path) -> None:
    path = tmp_path / "a.bluetick.yaml"
    path.write_text("severity: Low\n")
    assert codes(read_document(path)) == ["BTK0230"]
