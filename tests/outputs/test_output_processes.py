"""Real services that send: killed at any moment, and beside a web service that does not answer."""

import json
import random
import signal
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from profile_services import Asked, LocalService, Reply, serving
from service_lake import NOON, add_logons

from bluetick.detections.ledger.opening import Ledger

HOURS = 12
KILLS = 4
RULE = """// Name: Rows of an hour
// Id: 11111111-0000-0000-0000-000000000001
// Severity: High
// QueryFrequency: 1h
// QueryPeriod: 1h
// AlertTriggerThreshold: 0
Logons | where Timestamp >= ago(1h) | summarize Count = count() by Host
"""


def prepare(place: Path, service: LocalService, since: datetime) -> None:
    (place / "rules").mkdir()
    (place / "rules" / "counted.kql").write_text(RULE)
    (place / "lake").mkdir()
    times = [since + timedelta(hours=hour, minutes=10) for hour in range(HOURS - 1)]
    add_logons(place / "lake", times, "pc", "all")
    (place / "outputs.yaml").write_text(
        f"outputs:\n  soc: {{kind: webhook, url: '{service.address}/', allow_private: true, timeout: 30}}\n"
        f"  lines: {{kind: ndjson, path: alerts.ndjson}}\n"
    )


def run(place: Path, *more: str) -> subprocess.Popen[bytes]:
    data = ["schedule", str(place / "rules"), "--lake", str(place / "lake"), "--outputs", str(place / "outputs.yaml")]
    return subprocess.Popen(
        [sys.executable, "-m", "bluetick", *data, "--no-tables", *more],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def until(condition: Callable[[], bool]) -> None:
    for _ in range(1_200):
        if condition():
            return
        threading.Event().wait(0.1)
    raise AssertionError("it did not come in two minutes")


def alerts(place: Path) -> set[str]:
    with closing(Ledger(place / "lake.ledger")) as ledger:
        return {row["id"] for row in ledger.read("SELECT id FROM alert")}


def open_windows(place: Path) -> int:
    if not (place / "lake.ledger").exists():
        return -1
    with closing(Ledger(place / "lake.ledger")) as ledger:
        text = "SELECT count(*) AS n, count(*) FILTER (WHERE status <> 'done') AS open FROM window"
        (row,) = ledger.read(text)
    return int(row["open"]) if row["n"] >= HOURS else -1


@pytest.mark.slow
def test_services_that_are_killed_lose_no_message(tmp_path: Path) -> None:
    """Each is sent at least once, and always the same under its name."""
    chance = random.Random(1)  # noqa: S311 - when to kill
    said: dict[str, set[bytes]] = defaultdict(set)

    statuses = [200, 200, 200, 500]

    def answer(asked: Asked) -> Reply:
        said[asked.headers["webhook-id"]].add(asked.body)
        return Reply(chance.choice(statuses), silence=0.02)

    with serving() as service:
        service.answer = answer
        prepare(tmp_path, service, NOON)
        now = ("--once", "--since", NOON.isoformat(), "--now", (NOON + timedelta(hours=HOURS, minutes=5)).isoformat())
        for _ in range(KILLS):
            running = run(tmp_path, *now)
            seen = len(service.asked)
            until(lambda running=running, seen=seen: running.poll() is not None or len(service.asked) > seen)  # type: ignore[misc]
            threading.Event().wait(chance.uniform(0.0, 0.3))
            running.send_signal(signal.SIGKILL)
            running.communicate()
        statuses.remove(500)
        for _ in range(2):
            last = run(tmp_path, *now)
            _, words = last.communicate(timeout=300)
            assert last.returncode == 0, words.decode()
    found = alerts(tmp_path)
    assert len(found) == HOURS - 1
    assert {name.partition("-")[0] for name in said} == found
    assert all(len(versions) == 1 for versions in said.values())
    lines = [json.loads(line) for line in (tmp_path / "alerts.ndjson").read_text().splitlines()]
    assert {line["id"] for line in lines} == found


@pytest.mark.slow
def test_a_web_service_that_does_not_answer_delays_no_window(tmp_path: Path) -> None:
    release = threading.Event()

    def answer(_: Asked) -> Reply:
        release.wait(120)
        return Reply(200)

    with serving() as service:
        service.answer = answer
        since = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS)
        prepare(tmp_path, service, since)
        running = run(tmp_path, "--since", since.isoformat(), "--delay", "1s")
        try:
            until(lambda: bool(service.asked))
            until(lambda: open_windows(tmp_path) == 0)
            assert len(service.asked) == 1, "the first message is still on its way"
            assert not release.is_set()
            until(lambda: len(alerts(tmp_path)) >= HOURS - 1)
        finally:
            release.set()
            running.send_signal(signal.SIGTERM)
            _, words = running.communicate(timeout=120)
        assert running.returncode == 0, words.decode()
