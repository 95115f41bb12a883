"""Real processes on one ledger: killed, beside each other, and told to end."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import pytest
from service_lake import NOON, add_logons

from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.schedule.living import LockedWorkers

# More on demand: BLUETICK_KILLS=100
KILLS = int(os.environ.get("BLUETICK_KILLS", "25"))
HOURS = 400
RULE = """id: 33333333-0000-0000-0000-00000000000{number}
name: Hosts of hour {number}
kind: Scheduled
severity: Low
queryFrequency: 1h
queryPeriod: {lookback}h
triggerOperator: gt
triggerThreshold: 0
eventGroupingSettings:
  aggregationKind: AlertPerResult
query: |
  Logons | where Timestamp >= ago({lookback}h) | summarize Count = count() by Host, bin(Timestamp, 1h)
"""


def write_rules(folder: Path) -> None:
    folder.mkdir()
    for number, lookback in enumerate((1, 2, 6)):
        (folder / f"rule{number}.yaml").write_text(RULE.format(number=number, lookback=lookback))


def service(place: Path, *more: str, stderr: int | IO[bytes] = subprocess.PIPE) -> subprocess.Popen[bytes]:
    arguments = ["schedule", str(place / "rules"), "--lake", str(place / "lake"), "--format", "json"]
    return subprocess.Popen(
        [sys.executable, "-m", "bluetick", *arguments, *more],
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        start_new_session=True,
    )


class Pair:
    """Two services on one ledger; one that is killed, or has nothing to do, is started again."""

    def __init__(self, place: Path, *how: str) -> None:
        self._place = place
        self._how = how
        self.kills = self.kills_at_work = 0
        self._running = [self._start(), self._start()]

    def seconds_to_start(self) -> float:
        """How long the first one takes to begin its work."""
        begun = time.monotonic()
        while "rules, ledger" not in self.said():
            assert time.monotonic() - begun < 120, self.said()
            time.sleep(0.05)
        return time.monotonic() - begun

    def kill(self, number: int) -> None:
        victim = self._running[number]
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        assert victim.returncode in {0, -signal.SIGKILL}, self.said()
        self.kills += victim.returncode != 0
        self.kills_at_work += self._held_windows()
        self._running[number] = self._start()

    def wait(self) -> None:
        """Until both have ended by themselves."""
        for process in self._running:
            assert process.wait(timeout=300) == 0, self.said()

    def end(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()

    def said(self) -> str:
        return (self._place / "said").read_text()

    def _start(self) -> subprocess.Popen[bytes]:
        with (self._place / "said").open("ab") as said:
            return service(self._place, *self._how, stderr=said)

    def _held_windows(self) -> bool:
        """Whether one of the dead left windows that it was evaluating."""
        workers = LockedWorkers(self._place / "lake.ledger.workers")
        with closing(Ledger(self._place / "lake.ledger")) as ledger:
            rows = ledger.read("SELECT DISTINCT worker FROM window WHERE worker IS NOT NULL")
        return any(not workers.is_alive(row["worker"]) for row in rows)


@pytest.mark.slow
@pytest.mark.timeout(max(600, 30 * KILLS))
def test_two_services_on_one_ledger_under_kills(tmp_path: Path) -> None:
    """Every window is evaluated, every alert raised once, whichever process ends when."""
    write_rules(tmp_path / "rules")
    (tmp_path / "lake").mkdir()
    times = [NOON + timedelta(hours=hour, minutes=30) for hour in range(0, HOURS - 3, 3)]
    add_logons(tmp_path / "lake", times, "pc", "all")
    now = (NOON + timedelta(hours=HOURS)).isoformat()
    how = ("--since", NOON.isoformat(), "--now", now, "--once", "--alerts", str(tmp_path / "alerts.ndjson"))
    chance = random.Random(1)  # noqa: S311 - when to kill
    late: list[str] = []
    pair = Pair(tmp_path, *how)
    try:
        seconds = pair.seconds_to_start()
        while pair.kills < KILLS:
            time.sleep(chance.uniform(0.0, 2 * seconds))  # any moment of a service's life
            pair.kill(chance.randrange(2))
            late.append(f"late{len(late)}")
            add_logons(tmp_path / "lake", [chance.choice(times)], late[-1], late[-1])
        pair.wait()
    finally:
        pair.end()
    print(f"{pair.kills} kills, {pair.kills_at_work} of them in an evaluation")
    assert pair.kills_at_work >= KILLS // 10
    last = service(tmp_path, *how)
    _, said = last.communicate(timeout=300)
    assert last.returncode == 0, said.decode()
    check_ledger(tmp_path, len(times), late)


def check_ledger(place: Path, hits: int, late: Sequence[str]) -> None:
    with closing(Ledger(place / "lake.ledger")) as ledger:
        windows = ledger.read("SELECT rule, status, count(*) AS n FROM window GROUP BY 1, 2")
        assert [(row["status"], row["n"]) for row in windows] == [("done", HOURS)] * 3
        alerts = ledger.read("SELECT id, content, is_retracted FROM alert")
        hosts = Counter(json.loads(row["content"])["rows"][0][0] for row in alerts)
        assert hosts == {"pc": 3 * hits, **dict.fromkeys(late, 3)}
        assert not [row for row in alerts if row["is_retracted"]]
        raised = ledger.read("SELECT alert, count(*) AS n FROM outbox GROUP BY alert HAVING n > 1")
        assert not raised
        named = {row["id"] for row in alerts}
    sent = [json.loads(line)["id"] for line in (place / "alerts.ndjson").read_text().splitlines()]
    assert set(sent) == named


@pytest.mark.slow
def test_a_service_in_the_foreground_finds_what_comes_in_and_ends_when_told(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    rule = RULE.format(number=0, lookback=1).replace("queryFrequency: 1h\n", "")
    (tmp_path / "rules" / "rule.yaml").write_text(rule)
    (tmp_path / "lake").mkdir()
    add_logons(tmp_path / "lake", [NOON], "old", "first")
    output = tmp_path / "alerts.ndjson"
    running = service(tmp_path, "--every", "2s", "--delay", "1s", "--alerts", str(output))
    try:
        add_logons(tmp_path / "lake", [datetime.now(UTC)], "new", "second")
        ends = time.monotonic() + 120
        while not (output.exists() and output.read_text()) and time.monotonic() < ends:
            assert running.poll() is None
            time.sleep(0.2)
        (line,) = output.read_text().splitlines()
        assert json.loads(line)["rows"][0][0] == "new"
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=60)
        assert running.returncode == 0, said.decode()
    finally:
        running.kill()
        running.communicate()
    with closing(Ledger(tmp_path / "lake.ledger")) as ledger:
        assert not ledger.read("SELECT id FROM worker")
        assert not ledger.read("SELECT hi FROM window WHERE worker IS NOT NULL")
