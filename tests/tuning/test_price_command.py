"""`bluetick tuning` prices what stands beside a document."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bluetick.cli.main import run_command

END = datetime(2026, 5, 10)
RULE = "// Name: r\n// Frequency: 1d\n// Lookback: 1d\nEvents\n| where Size > 0\n| project Size, Host\n"
TUNING = """exceptions:
  - {name: six, table: Events, where: "Host == 'd6'", reason: r, owner: ann, expires: 2030-01-01}
  - {name: idle, table: Events, where: "Host == 'nobody'", reason: r, owner: ann, expires: 2030-01-01}
  - {name: old, result: true, where: "Host == 'd7'", reason: r, owner: bob, expires: 2026-01-31}
"""


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    """One event at noon of each of ten days: Host is d<day of May>."""
    times = [END - timedelta(days=day, hours=12) for day in range(10)]
    table = pa.table(
        {
            "Timestamp": pa.array(times, pa.timestamp("us")),
            "Size": [time.day for time in times],
            "Host": [f"d{time.day}" for time in times],
        }
    )
    pq.write_table(table, tmp_path / "events.parquet")
    (tmp_path / "rules").mkdir()
    path = tmp_path / "rules" / "r.kql"
    path.write_text(RULE, encoding="utf-8")
    path.with_name("r.tuning.yaml").write_text(TUNING, encoding="utf-8")
    path.with_name("untuned.kql").write_text(RULE, encoding="utf-8")
    return path


def run(rule: Path, *more: str) -> int:
    data = ["--table", f"Events={rule.parents[1] / 'events.parquet'}", "--now", "2026-05-10T00:00:00Z", "--days", "9"]
    return run_command(["tuning", str(rule.parent), *data, *more])


def test_prices_and_findings(rule: Path, capfd: pytest.CaptureFixture[str]) -> None:
    labels = rule.parents[1] / "labels.ndjson"
    labels.write_text('{"name": "break-in", "match": {"Host": "d6"}}\n', encoding="utf-8")
    assert run(rule, "--format", "json", "--labels", str(labels)) == 0
    answer: dict[str, Any] = json.loads(capfd.readouterr().out)
    assert answer["runs"] == 9
    told = {
        one["name"]: (one["rows_left_out"], one["rows_saved"], one["alerts_saved"], one["labels_lost"])
        for one in answer["exceptions"]
    }
    assert told == {"six": (1, 1, 1, ["break-in"]), "idle": (0, 0, 0, []), "old": (None, None, None, [])}
    assert [one["code"] for one in answer["findings"]] == ["BTL102", "BTL101"]


def test_text_names_the_file_in_which_to_look(rule: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(rule) == 0
    said = capfd.readouterr()
    assert "six" in said.out
    assert "r.tuning.yaml:4:12" in said.err


def test_a_file_that_is_refused_fails_and_is_shown(rule: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rule.with_name("r.tuning.yaml").write_text(TUNING.replace("Host == 'd6'", "Hots == 'd6'"), encoding="utf-8")
    assert run(rule) == 1
    assert "r.tuning.yaml:2:40" in capfd.readouterr().err
