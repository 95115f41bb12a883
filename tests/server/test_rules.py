"""Rules over HTTP: how each stands by its document and by the ledger, and new ones, which are documents too."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import bluetick
from bluetick.cli.main import run_command
from bluetick.detections.documents import read_document
from bluetick.detections.ledger.opening import Ledger
from bluetick.server.access import kept
from bluetick.server.service import Work
from server.running import Served, served
from server.service_world import MANY, NONE, WRONG, ServiceWorld, make_service_world
from server.test_triage import LOOKING, TOKENS, WORKING, told

GOOD: dict[str, Any] = {
    "name": "Speaks often: é",
    "query": "Seen\n| where TimeGenerated >= ago(1h)\n| summarize Count = count() by Computer",
    "frequency": 3600,
    "period": 7200,
    "severity": "Low",
    "threshold": {"operator": "gt", "value": 3},
    "tactics": ["Command and Control", "TA0010"],
    "techniques": ["T1071.001"],
    "description": "Says\nwhat: it says.",
    "entityMappings": [{"entityType": "Host", "fieldMappings": [{"identifier": "HostName", "columnName": "Computer"}]}],
}


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


def rules(client: httpx.Client) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in told(client.get("/api/rules"))["rules"]}


def test_a_rule_stands_by_its_document_and_by_the_ledger(worker: httpx.Client) -> None:
    found = rules(worker)
    assert [(one["name"], one["state"], one["file"]) for one in found.values()] == [
        ("Many", "live", "many.yaml"),
        ("None", "live", "none.yaml"),
        ("Wrong", "refused", "wrong.yaml"),
    ]
    many = found[MANY]
    assert (many["severity"], many["kind"], many["frequency"], many["period"]) == ("High", "Scheduled", 3600, 3600)
    assert (many["tactics"], many["techniques"]) == (["CommandAndControl"], ["T1071.001"])
    # Windows end at ten, eleven and twelve; the next one at one o'clock is due five minutes later.
    assert many["windows"] == {"done": 3, "failed": 0, "dirty": 0}
    assert (many["lastWindow"], many["nextRun"]) == ("2026-03-02T12:00:00Z", "2026-03-02T13:05:00Z")
    assert (many["alertsOpen"], found[NONE]["alertsOpen"], found[WRONG]["alertsOpen"]) == (6, 0, None)
    assert "NoSuchColumn" in found[WRONG]["error"]
    assert (many["enabled"], many["error"]) == (True, None)


def test_one_rule_says_all_of_itself(worker: httpx.Client, world: ServiceWorld) -> None:
    one = told(worker.get(f"/api/rules/{MANY}"))
    assert rules(worker)[MANY].items() <= one.items()
    assert one["document"] == (world.rules / "many.yaml").read_text()
    assert one["query"].startswith("Seen\n| where")
    assert (one["description"], one["threshold"]) == ("What Many says.", {"operator": "gt", "value": 0})
    windows = one["recentWindows"]
    assert [window["end"][11:13] for window in windows] == ["12", "11", "10"]
    assert {(window["state"], window["rows"], window["triggered"], window["error"]) for window in windows} == {
        ("done", 2, True, None)
    }
    assert all(window["seconds"] >= 0 for window in windows)
    wrong = told(worker.get(f"/api/rules/{WRONG}"))
    [problem] = wrong["diagnostics"]
    assert (problem["severity"], problem["code"], problem["line"], problem["column"]) == ("error", "SEM0100", 3, 9)
    assert wrong["recentWindows"] == []


def test_documents_are_read_as_they_are_now(worker: httpx.Client, world: ServiceWorld) -> None:
    assert rules(worker)[NONE]["state"] == "live"
    text = (world.rules / "none.yaml").read_text()
    (world.rules / "none.yaml").write_text(text.replace("severity: Low", "severity: High\nenabled: false"))
    (world.rules / "wrong.yaml").write_text(
        (world.rules / "wrong.yaml").read_text().replace("NoSuchColumn == 1", "1==1")
    )
    (world.rules / "many.yaml").unlink()
    (world.rules / "empty.yaml").write_text("name: [")
    found = rules(worker)
    assert (found[NONE]["state"], found[NONE]["severity"], found[NONE]["enabled"]) == ("off", "High", False)
    assert found[WRONG]["state"] == "unscheduled"
    # The ledger still has the document of what it runs.
    assert (found[MANY]["state"], found[MANY]["file"]) == ("live", None)
    assert "Seen" in told(worker.get(f"/api/rules/{MANY}"))["document"]
    broken = found["empty.yaml"]
    assert (broken["state"], broken["name"], broken["enabled"]) == ("refused", "empty.yaml", False)
    assert told(worker.get("/api/rules/empty.yaml"))["query"] == ""


def test_a_saved_rule_is_a_document_that_runs(
    worker: httpx.Client, world: ServiceWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = told(worker.post("/api/rules", json=GOOD))
    path = world.rules / saved["file"]
    assert saved["diagnostics"] == []
    [detection] = read_document(path).detections
    assert (detection.id, detection.name, detection.query.strip()) == (saved["id"], GOOD["name"], GOOD["query"])
    assert (detection.tactics, detection.techniques) == (("CommandAndControl", "Exfiltration"), ("T1071.001",))
    assert (detection.threshold.value, detection.description.strip()) == (3, GOOD["description"])
    assert [(one.kind, one.columns) for one in detection.entities] == [("Host", (("HostName", "Computer"),))]
    assert rules(worker)[saved["id"]]["state"] == "unscheduled"
    assert run_command(["check", str(path), "--lake", str(world.lake)]) == 0
    capsys.readouterr()
    # A second one of the name does not touch the first.
    text = path.read_bytes()
    again = worker.post("/api/rules", json=GOOD | {"severity": "High"})
    assert (again.status_code, str(world.rules) in again.text, path.read_bytes()) == (400, False, text)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"query": "Seen | where y == 1"}, "SEM0100"),
        ({"query": "Seen |"}, "SYN"),
        ({"query": ""}, "query"),
        ({"query": None}, "query"),
        ({"name": " "}, "name"),
        ({"name": "a\nb"}, "one line"),
        ({"frequency": 0}, "frequency"),
        ({"frequency": "1h"}, "frequency"),
        ({"period": True}, "period"),
        ({"period": 1e300}, "period"),
        ({"severity": "Grave"}, "severity"),
        ({"threshold": {"operator": "ge", "value": 1}}, "threshold"),
        ({"threshold": {"operator": "gt", "value": -1}}, "threshold"),
        ({"threshold": 5}, "threshold"),
        ({"tactics": ["Cooking"]}, "Cooking"),
        ({"techniques": ["1071"]}, "1071"),
        ({"techniques": "T1071"}, "techniques"),
        ({"entityMappings": [{"entityType": "Host"}]}, "fieldMappings"),
        ({"entityMappings": ["Host"]}, "fieldMappings"),
        ({"schemas": "other"}, "schemas"),
    ],
)
def test_what_is_no_rule_is_not_saved(
    worker: httpx.Client, world: ServiceWorld, changed: dict[str, Any], said: str
) -> None:
    before = sorted(world.rules.iterdir())
    answer = worker.post("/api/rules", json=GOOD | changed)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["@message"]
    assert sorted(world.rules.iterdir()) == before


@pytest.mark.parametrize(("time", "schemas"), [("TimeGenerated", "sentinel"), ("Timestamp", "defender")])
def test_a_saved_rule_means_the_tables_that_its_query_means(
    worker: httpx.Client, world: ServiceWorld, time: str, schemas: str
) -> None:
    query = f"DeviceInfo | where {time} > ago(1h) | project {time}, DeviceName"
    saved = told(worker.post("/api/rules", json=GOOD | {"query": query, "entityMappings": []}))
    [detection] = read_document(world.rules / saved["file"]).detections
    assert detection.schemas == schemas


def test_who_may_only_look_saves_nothing(on: Served, world: ServiceWorld) -> None:
    with on.http(LOOKING) as looker:
        assert len(rules(looker)) == 3
        assert looker.post("/api/rules", json=GOOD).status_code == 403
        assert looker.get("/api/rules/none").status_code == 404
    with on.http() as nobody:
        assert nobody.get("/api/rules").status_code == nobody.get(f"/api/rules/{MANY}").status_code == 401
    assert len(list(world.rules.iterdir())) == 3


def test_what_went_wrong_is_told_without_folders(worker: httpx.Client, world: ServiceWorld) -> None:
    ledger = Ledger(world.ledger)
    with ledger.transaction() as connection:
        words = f"'{world.lake}/Seen/part.parquet' is damaged"
        connection.execute("UPDATE window SET status = 'failed', error = ? WHERE rule = ?", (words, MANY))
    ledger.close()
    one = told(worker.get(f"/api/rules/{MANY}"))
    assert one["error"] == one["recentWindows"][0]["error"] == "'Seen/part.parquet' is damaged"
    assert rules(worker)[MANY]["error"] == one["error"]
    health = worker.get("/api/health")
    assert "'Seen/part.parquet' is damaged" in health.text
    assert str(world.lake.parent) not in health.text


def test_ids_with_slashes_are_found(worker: httpx.Client, world: ServiceWorld) -> None:
    text = (world.rules / "none.yaml").read_text().replace(NONE, "team/one rule")
    (world.rules / "deep").mkdir()
    (world.rules / "deep" / "one.yaml").write_text(text)
    one = told(worker.get("/api/rules/team%2Fone%20rule"))
    assert (one["id"], one["file"]) == ("team/one rule", "deep/one.yaml")


def test_without_a_folder_there_are_the_ledgers_rules(world: ServiceWorld) -> None:
    token = (kept("worker", WORKING, "rules"),)
    with (
        bluetick.connect(lake=world.lake) as session,
        served(session, tokens=token, work=Work(world.ledger)) as on,
        on.http(WORKING) as client,
    ):
        assert [(one["name"], one["state"], one["file"]) for one in rules(client).values()] == [
            ("Many", "live", None),
            ("None", "live", None),
        ]
        assert "--rules" in client.post("/api/rules", json=GOOD).json()["error"]["@message"]
    with bluetick.connect() as session, served(session) as on, on.http() as client:
        assert told(client.get("/api/rules")) == {"rules": []}
