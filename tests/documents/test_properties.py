"""What holds for any bytes at all."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from bluetick.detections.documents import read_document_text
from bluetick.diagnostics import Span, has_errors, render_diagnostic

NAMES = st.sampled_from(["a.kql", "a.md", "a.yaml", "a.txt", "", ".", "a.bluetick.yaml"])
PIECES = st.sampled_from(
    [
        *("// Name: a", "// Tactics: #Discover", "//", "// QueryPeriod: 1x", "// Entities: a.b=c", "T | take 1", ""),
        *("# Title", "## MITRE", "- **T1071**", "- **Table:** `T`", "```kql", "```", "~~~", "**Threshold:** gt", "#"),
        *("query: |", "name: a", "  T", "id: &x [", "tactics: [a, {b: c}]", "entityMappings: {a: b}", "- *x", "? a"),
        *(
            "\u00e2\u2030\u00a4",
            "\u00f0\u0178\u201d x",
            "\ufeff",
            "\x85",
            "\u2028",
            "\r",
            "\x0c",
            "\t",
            "'",
            '"\\uD800"',
        ),
    ]
)
DOCUMENTS = st.lists(PIECES | st.text(max_size=12), max_size=14).map("\n".join)


def has_no_blank_line(text: str) -> bool:
    """Whether no blank line, at which several queries are parted, is in the text."""
    return re.search(r"\n *\n", text) is None


def check(data: bytes, name: str, overlay: bytes | None = None) -> None:
    result = read_document_text(data, name, overlay)
    assert result.detections or has_errors(result.diagnostics)
    text = result.source.text
    for diagnostic in result.diagnostics:
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text)
        assert render_diagnostic(diagnostic, result.source)
    for detection in result.detections:
        assert detection.query.strip()
        assert detection.id
        whole = detection.span_in_document(Span(0, len(detection.query)))
        assert 0 <= whole.start <= whole.end <= len(text)
        if detection.place.line_offsets and not name.endswith(".yaml") and "query:" not in text:
            assert text[whole.start : whole.end] == detection.query


@given(st.binary(max_size=200), NAMES)
@settings(max_examples=300, deadline=None)
def test_any_bytes(data: bytes, name: str) -> None:
    check(data, name)


@given(DOCUMENTS, NAMES, st.sampled_from(["utf-8", "utf-16", "cp1252"]), st.none() | DOCUMENTS)
@settings(max_examples=400, deadline=None)
def test_any_document(text: str, name: str, encoding: str, overlay: str | None) -> None:
    extra = None if overlay is None else overlay.encode("utf-8", "replace")
    check(text.encode(encoding, "replace"), name, extra)


@given(
    st.text(alphabet="\u00e2\u2030\u00a4\u00c3\u00a9\u2013\u20acT| \"'/\n", min_size=1, max_size=40).filter(
        has_no_blank_line
    )
)
@settings(max_examples=300, deadline=None)
def test_a_query_is_passed_on_character_for_character(middle: str) -> None:
    query = f"T {middle} T"
    (hunt,) = read_document_text(f"# \u00e2\u2030\u00a4\n~~~kql\n{query}\n~~~\n".encode(), "a.md").detections
    assert hunt.query == query
