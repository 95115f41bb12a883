"""The header form and the plain form: each tolerance, each complaint."""

from datetime import timedelta

import pytest

from bluetick.detections.documents import DocumentResult, read_document_text
from bluetick.detections.model import AlertSeverity, Comparison, EntityMapping, Threshold
from bluetick.diagnostics import Severity, Span

QUERY = "T\n| take 1"


def read(header: str, query: str = QUERY) -> DocumentResult:
    return read_document_text(f"{header}\n{query}".encode(), "rule.kql")


def codes(result: DocumentResult) -> list[str]:
    return [diagnostic.code for diagnostic in result.diagnostics]


def test_keys_without_regard_to_case_and_spaces() -> None:
    (rule,) = read("//NAME: A\n//query frequency:PT5M\n//Query_Period : P2D\n//severity: HIGH").detections
    assert rule.name == "A"
    assert (rule.frequency, rule.lookback) == (timedelta(minutes=5), timedelta(days=2))
    assert rule.severity is AlertSeverity.HIGH


def test_description_keeps_paragraphs_and_colons() -> None:
    result = read("// Name: A\n// Description: one\n// Note: two\n//\n// three https://e.org\n// Severity: Low")
    assert result.detections[0].description == "one\nNote: two\n\nthree https://e.org"
    assert codes(result) == []


def test_a_list_may_go_on_in_the_next_line_and_mix_its_signs() -> None:
    result = read(
        "// Name: A\n// Tactics: #Execution #Command and Control;\n//   TA0040\n// Techniques: t1059.001, T1071"
    )
    (rule,) = result.detections
    assert rule.tactics == ("Execution", "CommandAndControl", "Impact")
    assert rule.techniques == ("T1059.001", "T1071")
    assert codes(result) == []


def test_entities() -> None:
    header = (
        "// Name: A\n// Entities: Host.HostName=Computer, Host.DnsDomain=Domain, IP.Address=Src, IP.Address=Dst, Host"
    )
    result = read(header)
    assert result.detections[0].entities == (
        EntityMapping("Host", (("HostName", "Computer"), ("DnsDomain", "Domain"))),
        EntityMapping("IP", (("Address", "Src"),)),
        EntityMapping("IP", (("Address", "Dst"),)),
    )
    assert codes(result) == ["BTK0225"]


def test_comments_after_the_header_belong_to_the_query() -> None:
    (rule,) = read("// Name: A\n\n// only today").detections
    assert rule.query == "// only today\nT\n| take 1"
    assert rule.query_first_line == 3


def test_carriage_returns_stay_in_the_query_and_leave_the_fields() -> None:
    result = read_document_text(b"// Name: A\r\n// Severity: Low\r\nT\r\n| take 1\r\n", "rule.kql")
    (rule,) = result.detections
    assert (rule.name, rule.query, rule.severity) == ("A", "T\r\n| take 1", AlertSeverity.LOW)
    assert rule.span_in_document(Span(3, 4)) == Span(33, 34)
    assert result.source.text[33:37] == "| ta"


def test_unknown_fields_are_kept() -> None:
    result = read("// Name: A\n// Author: me\n// Severty: Low")
    assert result.detections[0].fields == (("Author", "me"), ("Severty", "Low"))
    assert [(d.code, d.severity, d.hint) for d in result.diagnostics] == [
        ("BTK0222", Severity.INFO, ""),
        ("BTK0222", Severity.WARNING, "did you mean 'severity'?"),
    ]


def test_a_header_without_schedule_is_no_sentinel_rule() -> None:
    assert read("// Name: A").detections[0].schemas is None
    assert read("// Name: A\n// Schemas: Defender\n// QueryPeriod: 1d").detections[0].schemas == "defender"


@pytest.mark.parametrize(
    ("line", "code", "is_error"),
    [
        ("// Severity: Grave", "BTK0216", False),
        ("// Tactics: Nonsense", "BTK0214", False),
        ("// Techniques: X1", "BTK0215", False),
        ("// Id: 17", "BTK0221", False),
        ("// QueryPeriod: soon", "BTK0217", True),
        ("// QueryFrequency: 0h", "BTK0217", True),
        ("// AlertTriggerOperator: about\n// AlertTriggerThreshold: 1", "BTK0218", True),
        ("// AlertTriggerOperator: gt\n// AlertTriggerThreshold: -1", "BTK0219", True),
        ("// AlertTriggerThreshold: 5", "BTK0220", False),
        ("// AlertTriggerOperator: lt", "BTK0220", False),
        ("// Severity: Low\n// and more", "BTK0223", False),
        ("// QueryPeriod: 1d\n// QueryPeriod: 2d", "BTK0224", True),
        ("// Severity: Low\n// Severity: High", "BTK0224", False),
        ("// Schemas: splunk", "BTK0226", True),
    ],
)
def test_complaints(line: str, code: str, is_error: bool) -> None:
    result = read(f"// Name: A\n{line}")
    assert codes(result) == [code]
    assert result.diagnostics[0].is_error is is_error
    assert result.source.position(result.diagnostics[0].span.start)[0] >= 2


@pytest.mark.parametrize(
    ("operator", "number", "expected", "met", "unmet"),
    [
        ("gt", "5", Comparison.GREATER, 6, 5),
        ("LessThan", "5", Comparison.LESS, 4, 5),
        ("equal", "0", Comparison.EQUAL, 0, 1),
        ("not equal", "3", Comparison.NOT_EQUAL, 2, 3),
    ],
)
def test_thresholds(operator: str, number: str, expected: Comparison, met: int, unmet: int) -> None:
    header = f"// Name: A\n// AlertTriggerOperator: {operator}\n// AlertTriggerThreshold: {number}"
    (rule,) = read(header).detections
    assert rule.threshold == Threshold(expected, int(number), declared=True)
    assert rule.threshold.is_met(met)
    assert not rule.threshold.is_met(unmet)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5m", timedelta(minutes=5)),
        ("1d12h", timedelta(hours=36)),
        ("90s", timedelta(seconds=90)),
        ("PT1H30M", timedelta(minutes=90)),
        ("P14D", timedelta(days=14)),
        ("p1w", timedelta(days=7)),
        ("P1DT6H", timedelta(hours=30)),
        ("1.06:00:00", timedelta(hours=30)),
        ("00:05:00", timedelta(minutes=5)),
    ],
)
def test_durations(text: str, expected: timedelta) -> None:
    assert read(f"// Name: A\n// QueryPeriod: {text}").detections[0].lookback == expected


@pytest.mark.parametrize("text", ["P", "PT", "1", "h", "-1h", "1h1d", "25:00:00", "P1M", "\u0661h", "99999999d"])
def test_what_is_no_duration(text: str) -> None:
    assert codes(read(f"// Name: A\n// QueryPeriod: {text}")) == ["BTK0217"]


def test_plain_text_is_a_query_named_after_its_file() -> None:
    (rule,) = read_document_text(b"\n// all of them\nT | count\n", "odd.logons.kql").detections
    assert (rule.name, rule.query, rule.query_first_line) == ("odd.logons", "// all of them\nT | count", 2)
    assert rule.id_derived
    assert rule.schemas is None


def test_a_derived_id_hangs_on_name_and_query_and_not_on_line_ends() -> None:
    def id_of(data: bytes, name: str = "a.kql") -> str:
        return read_document_text(data, name).detections[0].id

    assert id_of(b"T\n| take 1") == id_of(b"T\r\n| take 1\r\n")
    assert len({id_of(b"T"), id_of(b"U"), id_of(b"T", "b.kql")}) == 3


def test_a_fence_of_a_string_literal_is_not_markdown() -> None:
    (rule,) = read_document_text(b"print s = ```\ntwo\nlines\n```", "lines.kql").detections
    assert rule.query == "print s = ```\ntwo\nlines\n```"
