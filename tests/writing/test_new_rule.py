"""Rules that are made of a query: what is written reads back as what was asked for, and nothing is written over."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluetick.cli.main import run_command
from bluetick.detections.documents import read_document
from bluetick.detections.model import AlertSeverity, Comparison, EntityMapping, Threshold
from bluetick.detections.writing.new_rule import NewRule, file_stem, save_rule, tactics_of, techniques_of, write_rule
from bluetick.diagnostics.errors import BluetickError, SourceError

RULE = NewRule(
    id="5b0c6f0a-8f0e-4c36-9b7e-1f6f1d1a8e52",
    name="Few places: 'who' speaks with them?",
    query="VMConnection\r\n| where TimeGenerated > ago(1h)\n| summarize dcount(RemoteIp) by Computer\n\n",
    frequency=timedelta(minutes=30),
    period=timedelta(hours=1),
    severity=AlertSeverity.HIGH,
    threshold=Threshold(Comparison.GREATER, 3, declared=True),
    description="An implant speaks with few.\n\n# no comment: text",
    tactics=("CommandAndControl",),
    techniques=("T1071.004", "T1041"),
    entities=(EntityMapping("Host", (("HostName", "Computer"),)),),
)


def test_a_rule_is_saved_reads_back_and_passes_the_check(tmp_path: Path) -> None:
    path = save_rule(tmp_path / "rules", write_rule(RULE))
    assert path == tmp_path / "rules" / "few_places_who_speaks_with_them.yaml"
    result = read_document(path)
    assert result.diagnostics == ()
    (read,) = result.detections
    assert (read.id, read.id_derived, read.name, read.schemas) == (RULE.id, False, RULE.name, "sentinel")
    assert read.query == RULE.query.replace("\r\n", "\n").strip()
    assert read.description == RULE.description
    assert (read.frequency, read.lookback, read.severity) == (RULE.frequency, RULE.period, RULE.severity)
    assert (read.threshold, read.tactics, read.techniques) == (RULE.threshold, RULE.tactics, RULE.techniques)
    assert read.entities == RULE.entities
    assert run_command(["check", str(path)]) == 0


def test_nothing_is_written_over(tmp_path: Path) -> None:
    first = save_rule(tmp_path, write_rule(RULE))
    before = first.read_bytes()
    with pytest.raises(SourceError, match="is there already"):
        save_rule(tmp_path, write_rule(replace(RULE, query="print x = 1")))
    assert first.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [first.name]


def test_whose_tables_are_meant_is_written_down() -> None:
    query = "DeviceNetworkEvents | where Timestamp > ago(1h)"
    assert write_rule(replace(RULE, query=query, schemas="defender", entities=())).detection.schemas == "defender"
    assert write_rule(replace(RULE, schemas="sentinel")).detection.schemas == "sentinel"


@pytest.mark.parametrize(
    "rule",
    [
        replace(RULE, name=" "),
        replace(RULE, name="two\nlines"),
        replace(RULE, name="x" * 201),
        replace(RULE, query=" \n"),
        replace(RULE, query="// only a comment"),
        replace(RULE, query="print '\x07'"),
    ],
)
def test_what_is_no_rule(rule: NewRule) -> None:
    with pytest.raises(BluetickError):
        write_rule(rule)


@given(text=st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_text_reads_back_or_is_refused(text: str) -> None:
    rule = replace(RULE, description=text, query=f"print x = 1 // {text}")
    try:
        read = write_rule(rule).detection
    except BluetickError:
        return
    assert read.description.strip() == rule.description.strip().replace("\r\n", "\n")
    assert read.query.strip() == rule.query.strip().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("A b", "a_b"),
        ("../../etc/passwd", "etc_passwd"),
        (".hidden", "hidden"),
        ("спам", "rule_5b0c6f0a"),
        ("x" * 300, "x" * 80),
        ("CON: a/b\\c", "con_a_b_c"),
    ],
)
def test_a_files_name_is_plain(name: str, stem: str) -> None:
    assert file_stem(name, RULE.id) == stem


def test_tactics_and_techniques_are_attacks() -> None:
    assert tactics_of(["command and control", "TA0011", "Exfiltration"]) == ("CommandAndControl", "Exfiltration")
    assert techniques_of([" t1071.004 ", "T1041", "T1041"]) == ("T1071.004", "T1041")
    with pytest.raises(SourceError, match="'Hacking' is no tactic"):
        tactics_of(["Hacking"])
    with pytest.raises(SourceError, match="'T10' is no technique"):
        techniques_of(["T10"])
