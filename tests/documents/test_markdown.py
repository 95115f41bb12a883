"""The markdown form."""

from datetime import timedelta

from bluetick.detections.documents import DocumentResult, read_document_text
from bluetick.detections.model import AlertSeverity, Comparison, Threshold
from bluetick.diagnostics import Span


def read(text: str, name: str = "hunt.md") -> DocumentResult:
    return read_document_text(text.encode(), name)


def codes(result: DocumentResult) -> list[str]:
    return [diagnostic.code for diagnostic in result.diagnostics]


def test_bold_keys_above_the_query() -> None:
    text = (
        "# \U0001f50d Odd logons\n\nProse.\n\n**Severity**: High\n- **Lookback:** 7d\n* **Threshold:** lt 3\n"
        "**Note:** stays prose\n```KQL\nT\n```\nafter\n"
    )
    result = read(text)
    (hunt,) = result.detections
    assert hunt.name == "Odd logons"
    assert (hunt.severity, hunt.lookback) == (AlertSeverity.HIGH, timedelta(days=7))
    assert hunt.threshold == Threshold(Comparison.LESS, 3, declared=True)
    assert hunt.description == "Prose.\n\n**Note:** stays prose"
    assert codes(result) == []


def test_sources_tables_and_techniques() -> None:
    text = (
        "# A\n## Data sources\n- **Tables:** `One`, `Two`\n- Three\n- sentence about them\n"
        "## MITRE ATT&CK\n| Technique | Title |\n| T1071.001 | Web |\n- **TA0011: Command and Control**\n"
        "## Query\n```kql\nT\n```\n"
    )
    (hunt,) = read(text).detections
    assert hunt.required_tables == ("One", "Two")
    assert hunt.data_sources == ("One", "Two", "Three")
    assert hunt.techniques == ("T1071.001",)
    assert hunt.tactics == ("CommandAndControl",)


def test_an_unclosed_fence_ends_with_the_text() -> None:
    result = read("# A\n```kql\nT\n| take 1\n")
    assert result.detections[0].query == "T\n| take 1"
    assert codes(result) == ["BTK0211"]
    assert result.source.position(result.diagnostics[0].span.start) == (2, 1)


def test_a_longer_fence_holds_a_shorter_one() -> None:
    (hunt,) = read("# A\n````kql\nprint ```\n```\n````\n").detections
    assert hunt.query == "print ```\n```"


def test_several_fences_are_several_detections() -> None:
    text = (
        "# A\n**Id:** x\n## Sentinel\n```kql\nT\n```\n"
        "## Defender XDR\n```kql\nU\n```\n```kql\nV\n```\n```json\n{}\n```\n"
    )
    result = read(text)
    assert [(d.name, d.query, d.schemas) for d in result.detections] == [
        ("A: Sentinel", "T", "sentinel"),
        ("A: Defender XDR", "U", "defender"),
        ("A: Defender XDR (2)", "V", "defender"),
    ]
    assert len({d.id for d in result.detections}) == 3
    assert all(d.id_derived for d in result.detections)
    assert codes(result) == ["BTK0213"]


def test_a_fence_without_language_is_read_only_where_no_other_says_kql() -> None:
    plain = read("# A\n```\nT\n```\n")
    assert plain.detections[0].query == "T"
    assert codes(plain) == ["BTK0212"]
    marked = read("# A\n```\nsome output\n```\n```kusto\nT\n```\n")
    assert [d.query for d in marked.detections] == ["T"]


def test_no_query() -> None:
    for text in ("# A\nonly words\n", "# A\n```python\nx\n```\n", "# A\n```kql\n// nothing\n```\n", "words\n"):
        result = read(text)
        assert (result.detections, codes(result)) == ((), ["BTK0210"])


def test_too_many_queries() -> None:
    result = read("# A\n" + "```kql\nT\n```\n" * 201)
    assert (result.detections, codes(result)) == ((), ["BTK0233"])
    assert len(read("# A\n" + "```kql\nT\n```\n" * 200).detections) == 200


def test_the_text_decides_where_the_suffix_does_not() -> None:
    assert read("# A\n```kql\nT\n```", "hunt.txt").detections[0].name == "A"
    assert read("// Name: B\nT", "hunt.md").detections[0].name == "B"


def test_a_title_may_speak_of_defender() -> None:
    (hunt,) = read("# Query for Defender\nProse.\n```kql\nT\n```\n").detections
    assert (hunt.name, hunt.description) == ("Query for Defender", "Prose.")


def test_places_in_the_document_count_repaired_characters() -> None:
    result = read("# K\u00c3\u00b6ln \u00e2\u2030\u00a4\n```kql\nT\n| where x\n```\n")
    (hunt,) = result.detections
    placed = hunt.span_in_document(Span(4, 9))
    assert result.source.text[placed.start : placed.end] == "where"
    assert result.source.position(placed.start) == (4, 3)
