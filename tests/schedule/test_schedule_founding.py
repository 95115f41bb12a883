"""The first founding document, hourly: with outages it raises what an uninterrupted service raises, once."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import bluetick
from bluetick.cli.main import run_command
from bluetick.detections.documents import read_document
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_micros
from bluetick.detections.runs import query_request

SEED = Path("../shared/seeds/000_1c15dbe6188e687f.txt")
END = datetime(2026, 6, 20, tzinfo=UTC)
DAYS = 4
# Hours at which the service is there; between them it is not.
AWAKE = (5, 11, 12, 40, 90, 95, 96)


@pytest.mark.slow
@pytest.mark.skipif(not SEED.exists(), reason="reads the founding documents, which are not beside this checkout")
def test_outages_lose_and_double_nothing(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    assert run_command(["simulate", str(lake), "--days", "34", "--devices", "10", "--end", END.isoformat()]) == 0
    start = END - timedelta(days=DAYS)
    for hour in AWAKE:
        now = start + timedelta(hours=hour, minutes=5)
        arguments = ["schedule", str(SEED), "--lake", str(lake), "--since", start.isoformat(), "--now", now.isoformat()]
        assert run_command([*arguments, "--once", "--alerts", str(tmp_path / "alerts.ndjson")]) == 0
    expected = single_runs(lake, [start + timedelta(hours=hour) for hour in range(DAYS * 24 + 1)])
    assert expected, "no window of these days triggers"
    with closing(Ledger(tmp_path / "lake.ledger")) as ledger:
        windows = ledger.read("SELECT hi, rows, triggered, status FROM window ORDER BY hi")
        alerts = ledger.read("SELECT first, last, is_retracted FROM alert ORDER BY first")
    assert {row["status"] for row in windows} == {"done"}
    assert len(windows) == DAYS * 24 + 1
    assert {row["hi"] for row in windows if row["triggered"]} == set(expected)
    assert [(row["first"], row["last"], row["is_retracted"]) for row in alerts] == [(hi, hi, 0) for hi in expected]
    lines = [json.loads(line) for line in (tmp_path / "alerts.ndjson").read_text("utf-8").splitlines()]
    assert sorted(line["row_count"] for line in lines) == sorted(expected.values())
    assert len({line["id"] for line in lines}) == len(lines)


def single_runs(lake: Path, ends: list[datetime]) -> dict[int, int]:
    """By the end of a window that triggers, its rows."""
    (detection,) = read_document(SEED).detections
    found = {}
    with bluetick.connect(lake=lake) as session:
        for end in ends:
            rows = len(list(session.run(query_request(detection, end))[-1].rows()))
            if detection.threshold.is_met(rows):
                found[to_micros(end)] = rows
    return found
