"""Several queries in one text."""

import pytest

from bluetick.detections.documents import read_document_text
from bluetick.diagnostics import Span

TWO = """\
// About both

// Microsoft Sentinel query
DeviceEvents
| where TimeGenerated > ago(1d)

| take 1

// Advanced Hunting query

// Needs a licence
let few = 3;

DeviceEvents
| where Timestamp > ago(1d)
| take few
// the end
"""


def queries(text: str, name: str = "a.kql") -> list[str]:
    return [detection.query for detection in read_document_text(text.encode(), name).detections]


def test_each_is_a_detection_with_its_place_and_schema() -> None:
    result = read_document_text(TWO.encode(), "both.kql")
    first, second = result.detections
    assert (first.name, second.name) == ("both", "both (2)")
    assert (first.schemas, second.schemas) == ("sentinel", "defender")
    assert first.query.startswith("// About both") and first.query.endswith("| take 1")
    assert second.query.startswith("// Advanced Hunting") and second.query.endswith("// the end")
    assert first.id != second.id
    at = second.query.index("take few")
    placed = second.span_in_document(Span(at, at + 8))
    assert result.source.text[placed.start : placed.end] == "take few"
    assert [diagnostic.code for diagnostic in result.diagnostics] == ["BTK0213"]


@pytest.mark.parametrize(
    "text",
    [
        "T\n\n| take 1",  # a blank line inside a query
        "let a = 1;\n\nT | take a",
        "T | take 1;\n\nU | take 1",  # statements
        "T | where\n\nU | take 1",  # a part that is none: the mistake is of the whole
        "let a = 1\n\nT | take a",
        "T | where A in (\n\n1) | take 1",
    ],
)
def test_one_query_stays_one(text: str) -> None:
    assert queries(text) == [text]


def test_a_rule_with_a_schedule_is_not_parted() -> None:
    assert queries("// QueryFrequency: 1h\nT | take 1\n\nU | take 1\n") == ["T | take 1\n\nU | take 1"]


def test_a_fence_is_parted_too() -> None:
    assert queries("# A\n```kql\nT | take 1\n\nU | take 1\n```\n", "a.md") == ["T | take 1", "U | take 1"]
