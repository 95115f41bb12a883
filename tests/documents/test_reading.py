"""Bytes that are not what they should be: a clear complaint, never a traceback; and the query as it was."""

import codecs
from pathlib import Path

import pytest

from bluetick.detections.documents import DocumentResult, read_document, read_document_text
from bluetick.diagnostics import Severity

RULE = '// Name: K\u00f6ln\nT\n| where a == "\u00fc"\n'


def codes(result: DocumentResult) -> list[str]:
    return [diagnostic.code for diagnostic in result.diagnostics]


@pytest.mark.parametrize(
    "data",
    [
        RULE.encode(),
        codecs.BOM_UTF8 + RULE.encode(),
        codecs.BOM_UTF16_LE + RULE.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + RULE.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + RULE.encode("utf-32-le"),
    ],
)
def test_encodings_with_and_without_a_mark(data: bytes) -> None:
    result = read_document_text(data, "a.kql")
    assert [(d.name, d.query) for d in result.detections] == [("K\u00f6ln", 'T\n| where a == "\u00fc"')]
    assert codes(result) == []


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "BTK0202"),
        (b" \r\n\t\n", "BTK0202"),
        (codecs.BOM_UTF8, "BTK0202"),
        (b"\x7fELF\x02\x01\x01\x00\x00", "BTK0203"),
        (b"T | take 1\x00", "BTK0203"),
        ("T | take 1".encode("utf-16-le"), "BTK0203"),
        (b"\x89PNG\r\n\x1a\n", "BTK0203"),
        (b"ab\x81\xff", "BTK0204"),
        (codecs.BOM_UTF16_LE + b"T", "BTK0204"),
        (b"// Name: A\n// Severity: Low\n", "BTK0210"),
        (b"// just a comment", "BTK0210"),
        (b"T" * 1_000_001, "BTK0201"),
    ],
)
def test_what_cannot_be_read(data: bytes, code: str) -> None:
    result = read_document_text(data, "a.kql")
    assert (result.detections, codes(result)) == ((), [code])
    assert result.diagnostics[0].is_error
    assert "a.kql" in result.diagnostics[0].message


def test_windows_1252_is_a_guess_that_is_told() -> None:
    result = read_document_text("// Name: K\u00f6ln \u2013 night\nT // na\u00efve\n".encode("cp1252"), "a.kql")
    assert result.detections[0].name == "K\u00f6ln \u2013 night"
    (warning,) = result.diagnostics
    assert (warning.code, warning.severity) == ("BTK0205", Severity.WARNING)
    assert "3 characters" in warning.message


@pytest.mark.parametrize("line", ['where a == "\u00fc"', 'where a == "http://\u00fc"', "where \u00fc // x"])
def test_a_guess_inside_the_query_is_refused(line: str) -> None:
    result = read_document_text(f"T\n| {line}\n".encode("cp1252"), "a.kql")
    assert codes(result) == ["BTK0205", "BTK0206"]
    refused = result.diagnostics[1]
    assert refused.is_error
    assert result.source.text[refused.span.start : refused.span.end] == "\u00fc"


def test_the_query_is_never_repaired() -> None:
    query = 'T\n| where a has "\u00e2\u2030\u00a4" // \u00e2\u20ac\u201c'
    result = read_document_text(f"// Name: A \u00e2\u20ac\u201c B\n{query}\n".encode(), "a.kql")
    assert result.detections[0].query == query
    assert result.detections[0].name == "A \u2013 B"
    assert codes(result) == ["BTK0207", "BTK0209"]
    assert result.source.position(result.diagnostics[1].span.start)[0] == 3


def test_honest_letters_are_left_alone() -> None:
    prose = "Été à la façade, 日本語, русский, ≤ 5 – €"
    result = read_document_text(f"// Name: {prose}\nT\n".encode(), "a.kql")
    assert result.detections[0].name == prose
    assert codes(result) == []


def test_files(tmp_path: Path) -> None:
    (tmp_path / "rule.kql").write_bytes(b"T")
    assert read_document(tmp_path / "rule.kql").detections[0].place.file_name == "rule.kql"
    for name in ("absent.kql", "."):
        result = read_document(tmp_path / name)
        assert codes(result) == ["BTK0200"]
        assert str(tmp_path) not in result.diagnostics[0].message


def test_a_huge_file_is_refused_without_reading_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "huge.kql"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    assert codes(read_document(path)) == ["BTK0201"]
