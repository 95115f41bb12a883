"""The service with a document of outputs, and the commands about it."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from profile_services import Asked, LocalService, Reply, serving
from service_lake import NOON, add_logons

from bluetick.cli.main import run_command
from bluetick.detections.ledger.deliveries import output_health
from bluetick.detections.ledger.opening import Ledger

RULE = """// Name: Rows of an hour
// Id: 11111111-0000-0000-0000-000000000001
// Severity: {severity}
// QueryFrequency: 1h
// QueryPeriod: 1h
// AlertTriggerThreshold: 0
Logons | where Timestamp >= ago(1h) | summarize Count = count() by Host
"""
SECRET = "c4nary-that-must-never-be-seen"  # noqa: S105 - a canary
OUTPUTS = """outputs:
  soc: {{kind: webhook, url: "{soc}/soc", allow_private: true, token: env:BLUETICK_TEST_TOKEN}}
  other: {{kind: webhook, url: "{other}/other", allow_private: true}}
  findings: {{kind: ocsf, path: findings.ndjson, severity: High}}
"""


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[LocalService, LocalService]]:
    monkeypatch.setenv("BLUETICK_TEST_TOKEN", SECRET)
    with serving() as soc, serving() as other:
        for one in (soc, other):
            one.always(Reply(200, b"ok"))
        yield soc, other


@pytest.fixture
def place(tmp_path: Path, services: tuple[LocalService, LocalService]) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "counted.kql").write_text(RULE.format(severity="Medium"))
    (tmp_path / "lake").mkdir()
    add_logons(tmp_path / "lake", [NOON.replace(minute=10)], "one", "first")
    add_logons(tmp_path / "lake", [NOON.replace(hour=13, minute=10)], "two", "second")
    soc, other = services
    (tmp_path / "outputs.yaml").write_text(OUTPUTS.format(soc=soc.address, other=other.address))
    return tmp_path


def schedule(place: Path, hour: int) -> int:
    data = ["schedule", str(place / "rules"), "--lake", str(place / "lake"), "--outputs", str(place / "outputs.yaml")]
    now = NOON.replace(hour=hour, minute=5)
    return run_command([*data, "--since", NOON.isoformat(), "--now", now.isoformat(), "--once", "--no-tables"])


def health(place: Path) -> dict[str, tuple[int, int, int]]:
    """(sent, owed, aside) of each output."""
    with closing(Ledger(place / "lake.ledger")) as ledger:
        return {one.name: (one.sent, one.owed, one.aside) for one in output_health(ledger)}


def bodies(service: LocalService) -> list[dict[str, Any]]:
    return [json.loads(asked.body) for asked in service.asked]


def test_each_output_gets_what_it_selects(place: Path, services: tuple[LocalService, LocalService]) -> None:
    assert schedule(place, 14) == 0
    for service in services:
        assert [body["rows"] for body in bodies(service)] == [[["two", 1]], [["one", 1]]]
    assert services[0].asked[0].headers["Authorization"] == f"Bearer {SECRET}"
    assert not (place / "findings.ndjson").exists(), "no alert of severity High"
    assert health(place) == {name: (count, 0, 0) for name, count in zip(
        ("findings", "other", "soc", "stdout"), (0, 2, 2, 2), strict=True
    )}  # fmt: skip


def test_a_dead_output_beside_a_live_one(
    place: Path, services: tuple[LocalService, LocalService], capsys: pytest.CaptureFixture[str]
) -> None:
    soc, other = services
    soc.always(Reply(503))
    assert schedule(place, 14) == 0
    assert len(other.asked) == 2
    assert health(place)["soc"] == (0, 2, 0)
    said = capsys.readouterr()
    assert "the output soc did not take" in said.err
    assert "status 503" in said.err
    soc.always(Reply(200))
    soc.asked.clear()
    assert schedule(place, 14) == 0
    assert [body["rows"] for body in bodies(soc)] == [[["two", 1]], [["one", 1]]]
    assert len(other.asked) == 2
    assert health(place)["soc"] == (2, 0, 0)
    assert SECRET not in said.out + said.err


def test_what_is_refused_is_listed_and_sent_again_on_demand(
    place: Path, services: tuple[LocalService, LocalService], capsys: pytest.CaptureFixture[str]
) -> None:
    soc, _ = services

    def answer(asked: Asked) -> Reply:
        return Reply(422, f"no {SECRET}".encode()) if b"one" in asked.body else Reply(200)

    soc.answer = answer
    schedule(place, 14)
    assert health(place)["soc"] == (1, 0, 1)
    capsys.readouterr()
    ledger = ["--ledger", str(place / "lake.ledger")]
    assert run_command(["alerts", "outputs", *ledger, "--format", "json"]) == 0
    said = capsys.readouterr().out
    listed = {one["name"]: one for one in map(json.loads, said.splitlines())}
    assert listed["soc"]["refused"][0]["reason"] == "it answers with status 422: no ***"
    assert SECRET not in said
    assert run_command(["alerts", "outputs", *ledger]) == 0
    assert "soc refuses" in capsys.readouterr().out
    assert run_command(["alerts", "outputs", *ledger, "--retry", "nobody"]) == 1
    assert "no output 'nobody'" in capsys.readouterr().err
    assert run_command(["alerts", "outputs", *ledger, "--retry", "soc"]) == 0
    assert "1 message will be sent to soc again" in capsys.readouterr().err
    soc.always(Reply(200))
    schedule(place, 14)
    assert health(place)["soc"] == (2, 0, 0)
    assert Counter(asked.headers["webhook-id"] for asked in soc.asked).most_common(1)[0][1] == 2


def test_an_output_that_is_taken_out_is_said_and_one_that_is_new_starts_now(
    place: Path, services: tuple[LocalService, LocalService], capsys: pytest.CaptureFixture[str]
) -> None:
    soc, other = services
    soc.always(Reply(500))
    schedule(place, 14)
    document = place / "outputs.yaml"
    document.write_text(document.read_text().replace("  soc:", "  fresh:"))
    soc.always(Reply(200))
    soc.asked.clear()
    capsys.readouterr()
    schedule(place, 14)
    assert "there is no output soc any more: 2 messages that it was owed are dropped" in capsys.readouterr().err
    assert soc.asked == []
    add_logons(place / "lake", [NOON.replace(hour=14, minute=10)], "three", "third")
    schedule(place, 15)
    assert [body["rows"] for body in bodies(soc)] == [[["three", 1]]]
    assert len(other.asked) == 3


def test_a_document_that_is_wrong_ends_the_service_before_it_begins(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "outputs.yaml").write_text("outputs:\n  a: {kind: pigeon}\n")
    assert schedule(place, 14) == 1
    assert "outputs.yaml:2: 'kind' must be one of" in capsys.readouterr().err
    assert not (place / "lake.ledger").exists()


def test_a_document_is_checked_and_tried(
    place: Path, services: tuple[LocalService, LocalService], capsys: pytest.CaptureFixture[str]
) -> None:
    soc, other = services
    document = str(place / "outputs.yaml")
    assert run_command(["outputs", "check", document]) == 0
    assert "3 outputs, nothing wrong" in capsys.readouterr().out
    assert not soc.asked
    other.always(Reply(404, b"who are you"))
    assert run_command(["outputs", "test", document]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "soc: taken, status 200: ok"
    assert said[1].startswith("other: NOT TAKEN, it answers with status 404: who are you")
    assert said[2] == "findings: taken"
    (body,) = bodies(soc)
    assert (body["event"], body["rule"], body["rows"]) == ("test", "bluetick.test", [["test"]])
    assert json.loads((place / "findings.ndjson").read_text())["class_uid"] == 2004
    assert run_command(["outputs", "test", document, "--only", "soc"]) == 0
    assert len(soc.asked) == 2
    assert len(other.asked) == 1
    assert run_command(["outputs", "test", document, "--only", "nobody"]) == 2
