"""`bluetick coverage` on small tables."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bluetick.cli.main import run_command

NOW = datetime(2026, 5, 10)
RULE = "// Name: {name}\n// Techniques: {technique}\n// Lookback: {lookback}\n{query}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten days of events; the column `Empty` never has a value."""
    times = [NOW - timedelta(hours=hour + 1) for hour in range(240)]
    table = pa.table(
        {
            "Timestamp": pa.array(times, pa.timestamp("us")),
            "Name": [f"n{hour}" for hour in range(240)],
            "Empty": pa.array([None] * 240, pa.string()),
        }
    )
    (tmp_path / "lake" / "Events").mkdir(parents=True)
    pq.write_table(table, tmp_path / "lake" / "Events" / "part.parquet")
    (tmp_path / "rules").mkdir()
    return tmp_path


def add(folder: Path, name: str, technique: str, query: str, lookback: str = "7d") -> Path:
    path = folder / "rules" / f"{name}.kql"
    path.write_text(RULE.format(name=name, technique=technique, query=query, lookback=lookback), encoding="utf-8")
    return path


def found(folder: Path, capfd: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    data = ["--lake", str(folder / "lake")]
    assert run_command(["coverage", str(folder / "rules"), *data, "--format", "json", *more]) == 0
    answer: dict[str, Any] = json.loads(capfd.readouterr().out)
    return answer


def levels(answer: dict[str, Any]) -> dict[str, tuple[str, bool]]:
    return {one["technique"]: (one["level"], one["covered"]) for one in answer["techniques"]}


def test_each_rule_has_the_level_of_what_was_seen(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    add(folder, "runs", "T1001", "Events | where Name == 'n3'")
    add(folder, "every", "T1007", "union * | where Name == 'n3'")  # which tables these are, no check knows
    add(folder, "short", "T1002", "Events | where Name == 'n3'", lookback="14d")
    add(folder, "empty", "T1003", "Events | where Empty == 'x'")
    add(folder, "absent", "T1004", "DeviceEvents | where ActionType == 'x'")
    add(folder, "wrong", "T1005", "Events | where Nmae == 'x'")
    add(
        folder, "fails", "T1006", "Events | where Name == tostring(toscalar(Events | count)) | invoke FileProfile(Name)"
    )
    answer = found(folder, capfd)
    assert levels(answer) == {
        "T1001": ("ran", True),
        "T1002": ("fed", True),
        "T1003": ("binds", False),
        "T1004": ("binds", False),
        "T1005": ("written", False),
        "T1006": ("binds", False),
        "T1007": ("ran", True),
    }
    why = {
        rule["name"]: next(one.get("why", "") for one in rule["evidence"] if not one["reached"])
        for rule in answer["rules"]
    }
    assert "inside the lookback" in why["short"]
    assert why["empty"] == "Events.Empty is empty"
    assert why["absent"] == "there is no table DeviceEvents"
    assert "SEM0100" in why["wrong"]


def test_without_data_that_is_said(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    add(folder, "known", "T1001", "DeviceEvents | where ActionType == 'x'")
    add(folder, "wrong", "T1002", "DeviceEvents | where Nope == 'x'")
    assert run_command(["coverage", str(folder / "rules")]) == 0
    said = capfd.readouterr().out
    assert "1 of 2 techniques that the rules name are covered" in said
    assert "not looked at: fed by filled columns, which needs --lake" in said


SAMPLES = """now: 2026-05-10T00:00:00Z
samples:
  - name: it is seen
    tables: {{DeviceEvents: [{{TimeGenerated: now - 1h, ActionType: {seen}}}]}}
    expect: {{rows: 1}}
"""


@pytest.mark.parametrize(("seen", "level"), [("x", "tested"), ("y", "binds")])
def test_a_sample_that_the_rule_finds(folder: Path, capfd: pytest.CaptureFixture[str], seen: str, level: str) -> None:
    path = add(folder, "known", "T1001", "DeviceEvents | where ActionType == 'x'")
    path.with_name("known.tests.yaml").write_text(SAMPLES.format(seen=seen), encoding="utf-8")
    assert run_command(["coverage", str(folder / "rules"), "--format", "json"]) == 0
    assert levels(json.loads(capfd.readouterr().out))["T1001"][0] == level


def test_a_layer_for_the_navigator(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    add(folder, "runs", "T1001.002", "Events | where Name == 'n3'")
    data = ["--lake", str(folder / "lake")]
    assert run_command(["coverage", str(folder / "rules"), *data, "--format", "navigator", "--name", "May"]) == 0
    layer = json.loads(capfd.readouterr().out)
    assert layer["name"] == "May"
    assert [(one["techniqueID"], one["score"]) for one in layer["techniques"]] == [("T1001.002", 4)]
