"""`bluetick health`, and the service that watches over itself."""

import http.client
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from health_lake import HOUR, add
from prometheus_client.parser import text_string_to_metric_families

from bluetick.cli.main import run_command
from bluetick.detections.ledger.conditions import beat
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_micros

MINUTE = timedelta(minutes=1)
SEEING = """// Name: Asks for accounts
// Id: 44444444-0000-0000-0000-000000000004
// QueryFrequency: 1h
// QueryPeriod: 1h
// AlertTriggerThreshold: 0
Logons | where Account startswith "admin" | summarize count() by Host
"""
OTHER = """// Name: Asks for hosts
// Id: 55555555-0000-0000-0000-000000000005
// QueryFrequency: 1h
// QueryPeriod: 1h
// AlertTriggerThreshold: 0
Logons | where Host == "nowhere" | summarize count()
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Two rules over a table with twenty rows an hour up to now, whose accounts stopped ten hours ago."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "seeing.kql").write_text(SEEING)
    (tmp_path / "rules" / "other.kql").write_text(OTHER)
    (tmp_path / "lake").mkdir()
    now = datetime.now(UTC)
    times = [now - HOUR * hour - MINUTE * row for hour in range(40) for row in range(20)]
    accounts = ["user" if time < now - 10 * HOUR else "" for time in times]
    add(tmp_path / "lake", "first", times, {"Host": ["one"] * len(times), "Account": accounts}, "Logons")
    return tmp_path


def schedule(place: Path) -> None:
    data = ["schedule", str(place / "rules"), "--lake", str(place / "lake"), "--no-tables"]
    assert run_command([*data, "--once"]) == 0


def health(place: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, list[dict[str, Any]]]:
    """The exit code and what is wrong, but for the room on the disk of whoever runs this."""
    capsys.readouterr()
    code = run_command(["health", "--lake", str(place / "lake"), "--format", "json", *more])
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kept = [one for one in found if one["code"] != "disk_low"]
    return code if len(kept) == len(found) or kept else 0, kept


def test_a_column_that_went_empty_names_the_rules_that_are_blind(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schedule(place)
    code, found = health(place, capsys)
    assert code == 1
    assert [(one["code"], one["subject"]) for one in found] == [("column_empty", "Logons.Account, edr")]
    assert [rule["name"] for rule in found[0]["rules"]] == ["Asks for accounts"]
    since = datetime.fromisoformat(found[0]["since"])
    assert timedelta(hours=9) <= datetime.now(UTC) - since <= timedelta(hours=11)
    assert run_command(["health", "--lake", str(place / "lake")]) == 1
    out = capsys.readouterr().out
    assert "HIGH  A column went empty: Logons.Account, edr" in out
    assert "rules: Asks for accounts" in out


def test_all_is_well(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "rules" / "seeing.kql").unlink()
    schedule(place)
    assert health(place, capsys) == (0, [])


def test_a_service_that_died_is_told_of(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "rules" / "seeing.kql").unlink()
    schedule(place)
    later = (datetime.now(UTC) + 4 * MINUTE).isoformat()
    code, found = health(place, capsys, "--now", later)
    assert (code, [one["code"] for one in found]) == (1, ["heartbeat_old"])
    assert [rule["name"] for rule in found[0]["rules"]] == ["Asks for hosts"]
    assert health(place, capsys, "--now", later, "--alive-within", "5m") == (0, [])
    much_later = (datetime.now(UTC) + 5 * HOUR).isoformat()
    with closing(Ledger(place / "lake.ledger")) as ledger:
        beat(ledger, to_micros(datetime.now(UTC) + 5 * HOUR))
    assert [one["code"] for one in health(place, capsys, "--now", much_later)[1]] == ["rule_overdue", "source_silent"]


def test_without_a_ledger_there_is_nothing_to_ask(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["health", "--lake", str(place / "lake")]) == 1
    assert "there is no ledger" in capsys.readouterr().err
    assert run_command(["health"]) == 2
    assert run_command(["health", "--lake", str(place / "lake"), "--now", "newest"]) == 2


@pytest.mark.parametrize("address", ["metrics.example:9464", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:x"])
def test_metrics_are_served_at_an_address_of_an_interface(place: Path, address: str) -> None:
    arguments = ["schedule", str(place / "rules"), "--lake", str(place / "lake"), "--once", "--metrics", address]
    assert run_command(arguments) == 2


# --- the service ------------------------------------------------------------------------------------------------------


@pytest.fixture
def service(place: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "bluetick", "schedule", str(place / "rules"), "--lake", str(place / "lake")]
    more = ["--metrics", "0", "--heartbeat", str(place / "alive"), "--alerts", str(place / "alerts.ndjson")]
    process = subprocess.Popen([*command, *more], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    yield process
    if process.poll() is None:
        process.kill()
        process.wait()
    assert process.stderr is not None
    process.stderr.close()


def wait_for(what: Callable[[], Any]) -> Any:
    """What becomes true within a minute and a half."""
    end = time.monotonic() + 90
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen")


def ask(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def evaluated(port: int) -> float:
    text = ask(port, "/metrics")[1]
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    found = (s for s in samples if s.name == "bluetick_windows_total" and s.labels["status"] == "done")
    return sum(sample.value for sample in found)


def told(place: Path) -> list[dict[str, Any]]:
    path = place / "alerts.ndjson"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.slow
def test_the_service_gives_signs_of_life_and_metrics_and_tells_what_is_wrong(
    service: subprocess.Popen[str], place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert service.stderr is not None
    port = next(int(m[1]) for line in service.stderr if (m := re.search(r"127\.0\.0\.1:(\d+)/metrics", line)))
    wait_for(lambda: evaluated(port) == 2)
    assert ask(port, "/healthz")[0] == 200
    assert datetime.fromisoformat((place / "alive").read_text().strip()).tzinfo is not None
    assert [one["code"] for one in health(place, capsys)[1]] == ["column_empty"]
    (emptied,) = wait_for(lambda: [one for one in told(place) if one["custom_details"].get("code") == ["column_empty"]])
    assert (emptied["event"], emptied["rule"]) == ("raised", "bluetick.health")
    assert emptied["custom_details"]["rules"] == ["Asks for accounts"]
    service.send_signal(signal.SIGTERM)
    assert service.wait(60) == 0
