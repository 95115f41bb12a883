"""Alerts, incidents and health over HTTP: what is told is what the ledger has, and what people decide is kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import bluetick
from bluetick.detections.ledger.listing import find_alerts
from bluetick.detections.ledger.opening import Ledger
from bluetick.server.access import kept
from bluetick.server.service import Work
from server.running import Served, served
from server.service_world import MANY, ServiceWorld, make_service_world

LOOKING, WORKING = "l" * 43, "w" * 43
TOKENS = (kept("looker", LOOKING, "read"), kept("worker", WORKING, "rules"))


@pytest.fixture
def world(tmp_path: Path) -> ServiceWorld:
    return make_service_world(tmp_path)


@pytest.fixture
def on(world: ServiceWorld) -> Iterator[Served]:
    with (
        bluetick.connect(lake=world.lake) as session,
        served(session, tokens=TOKENS, lake=world.lake, work=world.work) as running,
    ):
        yield running
        assert running.faults == []


@pytest.fixture
def worker(on: Served) -> Iterator[httpx.Client]:
    with on.http(WORKING) as client:
        yield client


def told(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_alerts_are_those_of_the_ledger(worker: httpx.Client, world: ServiceWorld) -> None:
    listed = told(worker.get("/api/alerts"))["alerts"]
    # Three hours, two hosts; the last hour first.
    names = ("title", "rule", "ruleName", "severity", "status")
    assert [tuple(one[name] for name in names) for one in listed] == [("Many", MANY, "Many", "High", "open")] * 6
    assert [one["last"] for one in listed] == [f"2026-03-02T{hour}:00:00Z" for hour in (12, 12, 11, 11, 10, 10)]
    assert sorted(one["entities"][0]["HostName"] for one in listed) == ["a"] * 3 + ["b"] * 3
    assert "rows" not in listed[0]
    ledger = Ledger(world.ledger)
    assert [one["id"] for one in listed] == [alert.id for alert in find_alerts(ledger)]
    ledger.close()

    one = told(worker.get(f"/api/alerts/{listed[0]['id']}"))
    assert listed[0].items() <= one.items()
    assert (one["columns"], [row[2] for row in one["rows"]]) == (["Computer", "Hour", "Count"], [1])
    assert one["query"].startswith("Seen\n| where TimeGenerated >= ago(1h)")
    assert (one["window"]["start"], one["window"]["end"]) == ("2026-03-02T11:00:00Z", "2026-03-02T12:00:00Z")
    assert {event["kind"] for event in one["history"]} == {"raised", "window"}


def test_alerts_are_narrowed_down(worker: httpx.Client) -> None:
    for what in ("alerts", "incidents"):
        for most, count, is_cut in ((2, 2, True), (6, 6, False), (99_999, 6, False)):
            found = told(worker.get(f"/api/{what}", params={"most": most}))
            assert (len(found[what]), found["more"]) == (count, is_cut)
        assert told(worker.get(f"/api/{what}", params={"rule": "other"})) == {what: [], "more": False}
        assert told(worker.get(f"/api/{what}", params={"open": "false"})) == {what: [], "more": False}
    assert len(told(worker.get("/api/alerts", params={"open": "true", "rule": MANY}))["alerts"]) == 6
    for wrong in ({"open": "maybe"}, {"most": "0"}, {"most": "-1"}, {"most": "many"}, {"most": "9" * 40}):
        assert worker.get("/api/alerts", params=wrong).status_code == 400, wrong


def test_what_is_decided_of_an_alert_stays_with_it(on: Served, worker: httpx.Client) -> None:
    id_ = told(worker.get("/api/alerts"))["alerts"][0]["id"]
    assert told(worker.post(f"/api/alerts/{id_}/update", json={"owner": "ann"}))["owner"] == "ann"
    said = told(worker.post(f"/api/alerts/{id_}/comment", json={"text": "asked <b>her</b>"}))
    assert [(one["author"], one["text"]) for one in said["comments"]] == [("worker", "asked <b>her</b>")]
    closed = told(worker.post(f"/api/alerts/{id_}/close", json={"as": "fp", "reason": "the audit"}))
    assert (closed["status"], closed["verdict"], closed["reason"]) == ("closed", "fp", "the audit")
    assert [event["kind"] for event in closed["history"]][-2:] == ["comment", "closed"]
    assert closed["history"][-1]["text"] == "fp: the audit"
    assert [one["id"] for one in told(worker.get("/api/alerts", params={"open": "false"}))["alerts"]] == [id_]
    assert told(worker.get(f"/api/alerts/{id_}")) == closed
    lines = on.service.audit.table().select(["Caller", "Operation", "Outcome"]).to_pylist()
    assert [tuple(line.values()) for line in lines] == [
        ("worker", "UpdateAlert", "Completed"),
        ("worker", "CommentAlert", "Completed"),
        ("worker", "CloseAlert", "Completed"),
    ]


def test_an_incident_is_worked_on(worker: httpx.Client) -> None:
    listed = told(worker.get("/api/incidents"))["incidents"]
    assert [one["number"] for one in listed] == [6, 5, 4, 3, 2, 1]
    one = told(worker.get("/api/incidents/2"))
    assert one["id"] == listed[4]["id"] == told(worker.get(f"/api/incidents/{one['id']}"))["id"]
    assert sorted(event["kind"] for event in one["timeline"]) == ["alert", "created"]
    changed = told(worker.post("/api/incidents/2/update", json={"owner": "ann", "status": "Active", "severity": "Low"}))
    assert (changed["owner"], changed["status"], changed["severity"]) == ("ann", "Active", "Low")
    said = told(worker.post("/api/incidents/2/comment", json={"text": "seen"}))
    assert [(one["author"], one["text"]) for one in said["comments"]] == [("worker", "seen")]
    closed = told(worker.post("/api/incidents/2/close", json={"as": "benign", "reason": "a test"}))
    assert (closed["status"], closed["classification"]) == ("Closed", "BenignPositive")
    assert closed["timeline"][-1]["kind"] == "closed"
    alert = told(worker.get(f"/api/alerts/{closed['alerts'][0]['id']}"))
    assert (alert["verdict"], alert["incident"]) == ("benign", 2)
    assert [one["number"] for one in told(worker.get("/api/incidents", params={"open": "false"}))["incidents"]] == [2]
    assert 2 not in [one["number"] for one in told(worker.get("/api/incidents?open=true"))["incidents"]]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("alerts/{alert}/close", {"as": "wrong", "reason": "x"}),
        ("alerts/{alert}/close", {"as": "fp"}),
        ("alerts/{alert}/close", {"as": "fp", "reason": " "}),
        ("alerts/{alert}/close", {"as": ["fp"], "reason": "x"}),
        ("alerts/{alert}/comment", {}),
        ("alerts/{alert}/comment", {"text": ""}),
        ("alerts/{alert}/comment", {"text": "x" * 10_001}),
        ("alerts/{alert}/update", {"owner": 5}),
        ("alerts/{alert}/update", {"owner": "x" * 201}),
        ("incidents/1/close", {"as": "fp", "reason": 7}),
        ("incidents/1/update", {}),
        ("incidents/1/update", {"status": "Closed"}),
        ("incidents/1/update", {"severity": "Grave"}),
    ],
)
def test_what_is_no_decision_is_refused(worker: httpx.Client, path: str, body: Any) -> None:
    alert = told(worker.get("/api/alerts"))["alerts"][0]["id"]
    assert worker.post(f"/api/{path.format(alert=alert)}", json=body).status_code == 400


def test_what_is_not_there_is_not_found(worker: httpx.Client) -> None:
    for path in ("alerts/zzz", "incidents/zzz", "incidents/99", "incidents/%00", "alerts/%F0%9F%90%95"):
        assert worker.get(f"/api/{path}").status_code == 404, path
        assert worker.post(f"/api/{path}/comment", json={"text": "x"}).status_code == 404, path


def test_who_may_only_look_decides_nothing(on: Served) -> None:
    with on.http(LOOKING) as looker:
        id_ = told(looker.get("/api/alerts"))["alerts"][0]["id"]
        told(looker.get("/api/incidents/1"))
        told(looker.get("/api/health"))
        decisions: tuple[tuple[str, dict[str, str]], ...] = (
            ("close", {"as": "fp", "reason": "x"}),
            ("comment", {"text": "x"}),
            ("update", {"owner": "me"}),
        )
        for about in (f"alerts/{id_}", "incidents/1"):
            for what, body in decisions:
                assert looker.post(f"/api/{about}/{what}", json=body).status_code == 403
    with on.http() as nobody:
        for path in ("alerts", "incidents", "health", "alerts/x", "incidents/1"):
            assert nobody.get(f"/api/{path}").status_code == 401


def test_health_says_what_is_wrong(worker: httpx.Client) -> None:
    """The service ran as of a day in the past, and no longer does."""
    found = told(worker.get("/api/health"))
    assert (found["ok"], found["known"]) == (False, True)
    states = {one["code"]: one["state"] for one in found["conditions"]}
    assert states["heartbeat_old"] == "failing"
    assert states["clock_behind"] == "ok"


def test_without_a_ledger_the_lists_are_empty(tmp_path: Path) -> None:
    with bluetick.connect() as session, served(session, work=Work(tmp_path / "none")) as on, on.http() as client:
        assert told(client.get("/api/alerts")) == {"alerts": [], "more": False}
        assert told(client.get("/api/incidents")) == {"incidents": [], "more": False}
        assert told(client.get("/api/health")) == {"ok": False, "known": False, "conditions": []}
        assert client.get("/api/alerts/x").status_code == 404
        assert client.post("/api/incidents/1/comment", json={"text": "x"}).status_code == 404
        assert not (tmp_path / "none").exists()
