"""What results of backtests prove."""

import json
from pathlib import Path
from typing import Any

import pytest

from bluetick.cli.main import run_command
from bluetick.detections.coverage.proofs import read_proofs
from bluetick.diagnostics.errors import SourceError

ID = "11111111-1111-1111-1111-111111111111"


def result(rule: str, *labels: tuple[str, bool, str | None]) -> str:
    told = [{"name": name, "expected": expected, "found": found} for name, expected, found in labels]
    return json.dumps({"id": rule, "name": "r", "labels": {"recall": None, "labels": told}}) + "\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "results.ndjson"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_event_that_was_to_be_found_and_was(tmp_path: Path) -> None:
    at = "2026-05-01T00:00:00Z"
    text = (
        result("a", ("break-in", True, at), ("missed", True, None))
        + result("b", ("harmless", False, at), ("missed", True, None))
        + json.dumps({"id": "c", "labels": None})
    )
    proofs = read_proofs(write(tmp_path, text))
    assert {rule: proofs.finding(rule).is_reached for rule in "abcd"} == {"a": True, "b": False, "c": False, "d": False}
    assert proofs.finding("a").why == "found break-in"


@pytest.mark.parametrize(
    "text", ["x", "[]", "{}", '{"id": "a"}', '{"id": "a", "labels": {"labels": [1]}}', "[" * 99_999]
)
def test_what_is_no_result_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourceError, match="line 1"):
        read_proofs(write(tmp_path, text))


@pytest.mark.parametrize(("query", "level"), [("DeviceEvents | take 1", "binds"), ("DeviceEvents | take x", "written")])
def test_proof_needs_all_that_was_looked_at(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], query: str, level: str
) -> None:
    """Without a sample that the rule finds it is not proven, and never where it does not bind."""
    path = tmp_path / "rule.kql"
    path.write_text(f"// Name: r\n// Id: {ID}\n// Techniques: T1001\n{query}\n", encoding="utf-8")
    results = write(tmp_path, result(ID, ("break-in", True, "2026-05-01T00:00:00Z")))
    assert run_command(["coverage", str(path), "--results", str(results), "--format", "json"]) == 0
    answer: dict[str, Any] = json.loads(capfd.readouterr().out)
    (technique,) = answer["techniques"]
    assert technique["level"] == level
    assert {one["level"] for one in answer["not_looked_at"]} == {"fed", "ran"}
