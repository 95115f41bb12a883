"""Both founding documents: every field, the query byte for byte, and what is said about them."""

from datetime import timedelta

from bluetick.detections.documents import read_document_text
from bluetick.detections.model import AlertSeverity, Comparison, Threshold
from bluetick.diagnostics import Severity, Span


def test_country_rule(country_rule: bytes) -> None:
    result = read_document_text(country_rule, "rule.txt")
    (rule,) = result.detections
    assert (rule.id, rule.id_derived) == ("1c408090-0320-44d5-aba8-e55500c2cfad", False)
    assert rule.name == "Rare/New Outbound connections from VMs by process and location"
    assert rule.severity is AlertSeverity.LOW
    assert rule.frequency == timedelta(hours=1)
    assert rule.lookback == timedelta(days=30)
    assert rule.threshold == Threshold(Comparison.GREATER, 5, declared=True)
    assert rule.tactics == ("CommandAndControl", "InitialAccess", "Exfiltration", "Discover", "Collection")
    assert rule.techniques == ()
    assert rule.data_sources == ("VMConnection",)
    assert rule.schemas == "sentinel"
    assert rule.entities == ()
    assert rule.fields == ()


def test_country_rule_description_has_its_four_lines(country_rule: bytes) -> None:
    (rule,) = read_document_text(country_rule, "rule.txt").detections
    lines = rule.description.split("\n")
    assert len(lines) == 4
    assert lines[0].startswith("This identifies if")
    assert lines[3].endswith("whether or not this is expected.")


def test_country_rule_query_is_the_rest_of_the_file(country_rule: bytes) -> None:
    result = read_document_text(country_rule, "rule.txt")
    (rule,) = result.detections
    assert rule.query.encode() == country_rule[country_rule.index(b"let CountryCount") :]
    assert rule.query_first_line == 23
    assert rule.place.offset == country_rule.index(b"let CountryCount")


def test_country_rule_warns_of_its_unknown_tactic_only(country_rule: bytes) -> None:
    result = read_document_text(country_rule, "rule.txt")
    (warning,) = result.diagnostics
    assert (warning.code, warning.severity) == ("BTK0214", Severity.WARNING)
    assert warning.hint == "did you mean 'Discovery'?"
    assert result.source.text[warning.span.start : warning.span.end] == "Discover"
    assert result.detections[0].warnings == (warning,)


def test_process_hunt(process_hunt: bytes) -> None:
    (hunt,) = read_document_text(process_hunt, "hunt.txt").detections
    assert hunt.id_derived
    assert hunt.name == "Rare Long-Running Processes with Public Network Connections"
    assert hunt.techniques == ("T1027", "T1105", "T1071", "T1053", "T1543")
    assert (hunt.severity, hunt.frequency, hunt.lookback, hunt.tactics) == (None, None, None, ())
    assert hunt.threshold == Threshold(Comparison.GREATER, 0, declared=False)
    assert hunt.required_tables == ("DeviceNetworkEvents",)
    assert hunt.data_sources == ("DeviceNetworkEvents", "FileProfile()")
    assert hunt.schemas is None
    assert ("Key Fields", "InitiatingProcessCreationTime") in hunt.fields


def test_process_hunt_query_is_what_stands_below_the_fence(process_hunt: bytes) -> None:
    result = read_document_text(process_hunt, "hunt.txt")
    (hunt,) = result.detections
    after = process_hunt.index(b"```kql\n") + len(b"```kql\n")
    assert hunt.query.encode() == process_hunt[after:].rstrip()
    assert hunt.query_first_line == 38
    table = hunt.query.index("DeviceNetworkEvents")
    placed = hunt.span_in_document(Span(table, table + 19))
    assert result.source.text[placed.start : placed.end] == "DeviceNetworkEvents"
    assert result.source.position(placed.start) == (44, 1)


def test_process_hunt_prose_is_repaired_and_that_is_said(process_hunt: bytes) -> None:
    result = read_document_text(process_hunt, "hunt.txt")
    repaired, lost, unclosed = result.diagnostics
    assert (repaired.code, lost.code, unclosed.code) == ("BTK0207", "BTK0208", "BTK0211")
    assert "12 lines" in repaired.message
    assert "'\u00e2\u2030\u00a4' -> '\u2264'" in repaired.message
    assert result.source.position(lost.span.start)[0] == 3
    assert result.source.position(unclosed.span.start)[0] == 37
    assert "(\u2264 5 unique devices)" in result.detections[0].description
    assert "T1027 \u2013 Obfuscated" in result.source.text
