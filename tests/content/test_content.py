"""The rules that ship with the project say everything a rule should, pass the check, and find what they promise."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from bluetick.cli.main import run_command
from bluetick.detections.documents import read_document
from bluetick.detections.documents.companions import COMPANION_SUFFIXES
from bluetick.detections.model import Comparison, Threshold
from bluetick.detections.samples import read_samples, run_samples, samples_path

FOLDER = Path(__file__).parents[2] / "content"
CONTENT = sorted(
    path
    for path in FOLDER.iterdir()
    if path.suffix in (".kql", ".md", ".yaml") and path.stem != "README" and not path.name.endswith(COMPANION_SUFFIXES)
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
    assert rule.schemas is not None
    assert rule.description
    assert "`" not in rule.query
    tables = rule.required_tables or tuple(source.split(" ")[0] for source in rule.data_sources)
    assert tables
    assert all(table in rule.query for table in tables)
    assert rule.blind_spots
    assert all(spot.endswith(".") for spot in rule.blind_spots)


@pytest.mark.parametrize("path", CONTENT, ids=lambda path: path.name)
def test_finds_what_it_promises_and_no_more(path: Path) -> None:
    (rule,) = read_document(path).detections
    file = read_samples(samples_path(path))
    assert file.diagnostics == ()
    outcomes = run_samples(rule, file.samples)
    assert [(one.name, one.failure) for one in outcomes if not one.passed] == []
    assert {one.kind for one in outcomes if one.proves} == {"hit", "miss"}


def test_passes_the_check_without_a_warning(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["check", str(FOLDER), "--strict", "--format", "json"]) == 0
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert len(lines) == len(CONTENT)
    assert [line["file"] for line in lines if line["diagnostics"]] == []


def test_ids_are_their_own() -> None:
    ids = [read_document(path).detections[0].id for path in CONTENT]
    assert len(set(ids)) == len(ids) >= 2


def test_country_rule_raises_on_its_first_row() -> None:
    (rule,) = read_document(CONTENT[0].parent / "rare_outbound_country.kql").detections
    assert rule.threshold == Threshold(Comparison.GREATER, 0, declared=True)
    assert (rule.frequency, rule.lookback) == (timedelta(hours=1), timedelta(days=14))
    assert (rule.tactics, rule.techniques) == (("CommandAndControl", "Exfiltration"), ("T1071", "T1041"))


def test_process_rule_keeps_files_without_a_profile() -> None:
    (rule,) = read_document(CONTENT[0].parent / "rare_long_running_process.md").detections
    assert "or isnull(GlobalPrevalence)" in rule.query
    assert (rule.tactics, rule.techniques) == (("CommandAndControl", "Persistence"), ("T1071", "T1543"))


def test_the_readme_names_every_rule() -> None:
    text = (FOLDER / "README.md").read_text("utf-8")
    named = set(re.findall(r"`([a-z_]+)`", text))
    assert named == {path.stem for path in CONTENT}
