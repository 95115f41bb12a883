"""The rules that ship with the project read without a complaint and say everything a rule should."""

from datetime import timedelta
from pathlib import Path

import pytest

from bluetick.detections.documents import read_document
from bluetick.detections.model import Comparison, Threshold

CONTENT = sorted(
    path
    for path in (Path(__file__).parents[2] / "content").iterdir()
    if path.suffix in (".kql", ".md") and path.stem != "README"
)


@pytest.mark.parametrize("path", CONTENT, ids=lambda path: path.name)
def test_complete_and_without_complaint(path: Path) -> None:
    result = read_document(path)
    (rule,) = result.detections
    assert result.diagnostics == ()
    assert not rule.id_derived
    assert rule.severity is not None
    assert rule.frequency is not None
    assert rule.lookback is not None
    assert rule.frequency <= rule.lookback
    assert rule.threshold.declared
    assert rule.tactics
    assert rule.techniques
    assert rule.entities
    assert rule.required_tables
    assert rule.schemas is not None
    assert rule.description
    assert "`" not in rule.query
    assert all(table in rule.query for table in rule.required_tables)


def test_ids_are_their_own() -> None:
    ids = [read_document(path).detections[0].id for path in CONTENT]
    assert len(set(ids)) == len(ids) >= 2


def test_country_rule_raises_on_its_first_row() -> None:
    (rule,) = read_document(CONTENT[0].parent / "rare_outbound_country.kql").detections
    assert rule.threshold == Threshold(Comparison.GREATER, 0, declared=True)
    assert (rule.frequency, rule.lookback) == (timedelta(hours=1), timedelta(days=30))
    assert (rule.tactics, rule.techniques) == (("CommandAndControl", "Exfiltration"), ("T1071", "T1041"))


def test_process_rule_keeps_files_without_a_profile() -> None:
    (rule,) = read_document(CONTENT[0].parent / "rare_long_running_process.md").detections
    assert "or isnull(GlobalPrevalence)" in rule.query
    assert (rule.tactics, rule.techniques) == (("CommandAndControl", "Persistence"), ("T1071", "T1543"))
