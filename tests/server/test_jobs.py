"""Jobs over HTTP: what bluetick's commands find, in processes that can do no harm."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

import bluetick
from bluetick.cli.main import run_command
from bluetick.server.access import kept
from bluetick.server.jobs import JobLimits, Jobs
from bluetick.server.service import Work
from bluetick.workers.commands import CommandSettings
from server.running import Served, served
from server.service_world import MANY, NONE, WRONG, ServiceWorld, make_service_world
from server.test_triage import LOOKING, TOKENS, WORKING, told

BOSS = "b" * 43
ENDLESS = "range x from 1 to 1000000000000 step 1 | summarize sum(x)"
PERIOD = {"from": "2026-03-02T09:00:00Z", "to": "2026-03-02T12:00:00+00:00"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> ServiceWorld:
    return make_service_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def on(world: ServiceWorld, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    temporary = tmp_path_factory.mktemp("jobs")
    tokens = (*TOKENS, kept("boss", BOSS, "admin"))
    jobs = Jobs(world.commands, temporary=str(temporary))
    with (
        bluetick.connect(lake=world.lake) as session,
        served(session, tokens=tokens, lake=world.lake, work=world.work, jobs=jobs) as running,
    ):
        yield running
        assert running.faults == []
    assert [path for path in temporary.rglob("*") if path.is_file()] == []


@pytest.fixture
def worker(on: Served) -> Iterator[httpx.Client]:
    with on.http(WORKING) as client:
        yield client


def ended(client: httpx.Client, job: str) -> dict[str, Any]:
    while (found := told(client.get(f"/api/jobs/{job}")))["state"] == "running":
        time.sleep(0.02)
    return found


def result_of(client: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    found = ended(client, told(client.post(f"/api/{path}", json=body))["job"])
    assert (found["state"], found["error"], found["progress"]) == ("done", None, 1.0), found
    result: dict[str, Any] = found["result"]
    return result


def test_a_backtest_of_a_rule_replays_its_windows(worker: httpx.Client) -> None:
    found = result_of(worker, "backtests", {"rule": MANY, **PERIOD})
    assert (found["id"], found["runs"], found["failed"]) == (MANY, 3, 0)
    # Two hosts in each hour, and an alert for each.
    assert [(window["now"][11:13], window["rows"], window["alerts"]) for window in found["windows"]] == [
        ("10", 2, 2),
        ("11", 2, 2),
        ("12", 2, 2),
    ]
    assert result_of(worker, "backtests", {"rule": MANY, "frequency": 1800, **PERIOD})["runs"] == 6


def test_a_backtest_of_a_query_needs_no_rule(worker: httpx.Client, world: ServiceWorld) -> None:
    query = "Seen\n| where TimeGenerated >= ago(2h) and Computer == 'a'"
    body = {"query": query, "frequency": 3600, "period": 7200, "threshold": {"operator": "gt", "value": 1}}
    found = result_of(worker, "backtests", body | PERIOD)
    # An hour's row, and that of the hour before: one at ten, where the rows begin, then two.
    assert [window["rows"] for window in found["windows"]] == [1, 2, 2]
    assert [window["alerts"] for window in found["windows"]] == [0, 1, 1]
    assert sorted(path.name for path in world.rules.iterdir()) == ["many.yaml", "none.yaml", "wrong.yaml"]


def test_closed_alerts_are_labels_of_a_backtest(tmp_path: Path) -> None:
    world = make_service_world(tmp_path)
    with (
        bluetick.connect(lake=world.lake) as session,
        served(session, lake=world.lake, work=world.work, jobs=Jobs(world.commands)) as on,
        on.http() as client,
    ):
        assert result_of(client, "backtests", {"rule": MANY, **PERIOD})["labels"] is None
        id_ = told(client.get("/api/alerts"))["alerts"][0]["id"]
        told(client.post(f"/api/alerts/{id_}/close", json={"as": "tp", "reason": "seen"}))
        labels = result_of(client, "backtests", {"rule": MANY, **PERIOD})["labels"]
    assert (labels["recall"], len(labels["labels"])) == (1.0, 1)


def test_an_explanation_is_that_of_the_command(
    worker: httpx.Client, world: ServiceWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    alert = told(worker.get("/api/alerts"))["alerts"][0]
    found = result_of(worker, "explanations", {"alert": alert["id"], "row": 1})
    assert found["alert"]["id"] == alert["id"]
    [table] = found["sources"]
    assert (table["table"], len(table["rows"])) == ("Seen", 1)
    command = ["alerts", "explain", alert["id"], "--ledger", str(world.ledger), "--lake", str(world.lake)]
    assert run_command([*command, "--format", "json", "--most", "200", "--groups", "10"]) == 0
    assert bluetick_json(capsys) == found


def bluetick_json(capsys: pytest.CaptureFixture[str]) -> Any:
    return httpx.Response(200, text=capsys.readouterr().out).json()


def test_an_account_says_why_nothing_was_found(worker: httpx.Client) -> None:
    found = result_of(worker, "accounts", {"rule": NONE})
    assert (found["id"], found["row_count"], found["triggered"]) == (NONE, 0, False)
    assert found["account"]["verdict"].endswith("`Computer == 'c'` removed the last 2 rows")
    query = "Seen | where TimeGenerated >= ago(1h) | summarize Count = count() by Computer | where Count >= 3"
    misses = result_of(worker, "accounts", {"query": query})["account"]["near_misses"]
    assert [(miss["row"]["Computer"], miss["distance"]) for miss in misses] == [("a", 2), ("b", 2)]
    asked = {"query": "Seen | where TimeGenerated >= ago(1h)", "now": "2026-03-02T11:00:00Z", "period": 3600}
    assert result_of(worker, "accounts", asked)["row_count"] == 2


def test_a_query_means_the_tables_that_it_means_by_itself(worker: httpx.Client, on: Served) -> None:
    """Defender's face of a table that both know, unless it names Sentinel's time."""
    for query in ("Seen | project Computer", "Seen | where TimeGenerated > ago(1h)", "DeviceInfo | take 0"):
        columns = on.post("/api/analyze", {"query": query}, Authorization=f"Bearer {WORKING}").json()["columns"]
        found = result_of(worker, "accounts", {"query": query, "now": "2026-03-02T12:00:00Z"})
        assert found["columns"] == [[one["name"], one["type"]] for one in columns]


def test_coverage_is_looked_at_once_and_kept(worker: httpx.Client, on: Served) -> None:
    first = told(worker.get("/api/coverage"))
    assert (first["asOf"], first["tactics"]) == (None, [])
    with on.http(LOOKING) as looker:  # that of another is for all to look at, but not to stop
        assert told(looker.get("/api/coverage"))["job"] == first["job"]
        assert looker.delete(f"/api/jobs/{first['job']}").status_code == 404
        assert ended(looker, first["job"])["state"] == "done"
    found = told(worker.get("/api/coverage"))
    assert (found["job"], found["asOf"][-1]) == (None, "Z")
    levels = ["written", "binds", "fed", "ran", "tested", "proven"]
    assert found["levels"] == levels
    [tactic] = [one for one in found["tactics"] if one["techniques"]]
    assert (tactic["id"], tactic["name"]) == ("TA0011", "CommandAndControl")
    [technique] = tactic["techniques"]
    assert (technique["id"], set(technique["rules"])) == ("T1071.001", {MANY, NONE, WRONG})
    assert technique["level"] in levels[2:4]
    again = told(worker.post("/api/coverage", json={}))["job"]
    assert ended(worker, again)["state"] == "done"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("backtests", {}, 400),
        ("backtests", {"rule": MANY, "query": "Seen"}, 400),
        ("backtests", {"rule": 5}, 400),
        ("backtests", {"rule": "none"}, 404),
        ("backtests", {"rule": "--help"}, 404),
        ("backtests", {"query": " "}, 400),
        ("backtests", {"query": "Seen", "frequency": "1h"}, 400),
        ("backtests", {"rule": MANY, "from": "yesterday"}, 400),
        ("backtests", {"rule": MANY, "to": "newest; rm -rf"}, 400),
        ("backtests", {"rule": MANY, "frequency": -1}, 400),
        ("explanations", {}, 400),
        ("explanations", {"alert": "none"}, 404),
        ("explanations", {"alert": "--help"}, 404),
        ("explanations", {"alert": "", "row": 0}, 400),
        ("explanations", {"alert": "x", "row": True}, 400),
        ("accounts", {"query": "Seen", "now": 5}, 400),
        ("accounts", {"query": "Seen", "period": 0}, 400),
    ],
)
def test_what_cannot_be_a_job_is_refused(worker: httpx.Client, path: str, body: dict[str, Any], status: int) -> None:
    assert worker.post(f"/api/{path}", json=body).status_code == status


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("backtests", {"rule": WRONG, **PERIOD}, "NoSuchColumn"),
        ("accounts", {"query": "Seen | where y == 1"}, "'y'"),
        ("accounts", {"query": "NoTable"}, "NoTable"),
        ("accounts", {"query": "print 1; |"}, "query.yaml"),
        ("accounts", {"query": "externaldata(x:string)['/etc/passwd']", "now": "2026-01-01"}, "externaldata"),
    ],
)
def test_a_job_that_fails_says_why_and_no_folder(
    worker: httpx.Client, world: ServiceWorld, path: str, body: dict[str, Any], said: str
) -> None:
    found = ended(worker, told(worker.post(f"/api/{path}", json=body))["job"])
    assert (found["state"], found["result"]) == ("failed", None)
    assert said in found["error"]["message"]
    assert str(world.lake.parent) not in found["error"]["message"]
    assert "/jobs" not in found["error"]["message"]


def test_a_job_is_stopped_by_its_own_caller_and_by_admins(on: Served) -> None:
    with on.http(WORKING) as worker, on.http(LOOKING) as looker, on.http(BOSS) as boss:
        for stopper in (worker, boss):
            job = told(worker.post("/api/accounts", json={"query": ENDLESS, "now": "2026-01-01"}))["job"]
            assert looker.get(f"/api/jobs/{job}").status_code == looker.delete(f"/api/jobs/{job}").status_code == 404
            assert told(boss.get(f"/api/jobs/{job}"))["state"] == "running"
            assert told(stopper.delete(f"/api/jobs/{job}"))["state"] == "cancelled"
            assert ended(worker, job)["error"] is None
    lines = on.service.audit.table().select(["Operation", "Outcome"]).to_pylist()
    assert lines[-2:] == [{"Operation": "Account", "Outcome": "Request_Cancelled"}] * 2


def test_who_may_only_look_replays_nothing(on: Served) -> None:
    with on.http(LOOKING) as looker:
        assert looker.post("/api/backtests", json={"rule": MANY}).status_code == 403
        assert looker.post("/api/coverage", json={}).status_code == 403
        assert result_of(looker, "accounts", {"query": "print 1", "now": "2026-01-01"})["row_count"] == 1
        for id_ in ("none", "%00", "../x"):
            assert looker.get(f"/api/jobs/{id_}").status_code == 404
    with on.http() as nobody:
        for path in ("backtests", "explanations", "accounts", "coverage"):
            assert nobody.post(f"/api/{path}", json={}).status_code == 401
        assert nobody.get("/api/coverage").status_code == nobody.get("/api/jobs/x").status_code == 401


def test_jobs_are_bounded_in_number_time_and_size(world: ServiceWorld) -> None:
    query = {"query": ENDLESS, "now": "2026-01-01"}
    jobs = Jobs(world.commands, JobLimits(at_once=1, waiting=1, seconds=1.5))
    with bluetick.connect(lake=world.lake) as session, served(session, jobs=jobs) as on, on.http() as client:
        running, waiting = (told(client.post("/api/accounts", json=query))["job"] for _ in range(2))
        assert client.post("/api/accounts", json=query).status_code == 429
        assert told(client.get(f"/api/jobs/{waiting}"))["waiting"] is True
        assert told(client.delete(f"/api/jobs/{waiting}"))["state"] == "cancelled"
        error = ended(client, running)["error"]
        assert error["code"] == "Timeout"
        assert "1.5 s" in error["message"]

    small = replace(world.commands, most_bytes=1000)
    large = {"query": "range x from 1 to 10000 step 1", "now": "2026-01-01"}
    with bluetick.connect() as session, served(session, jobs=Jobs(small)) as on, on.http() as client:
        assert ended(client, told(client.post("/api/accounts", json=large))["job"])["error"]["code"] == "LimitsExceeded"


def test_the_last_results_are_kept(world: ServiceWorld) -> None:
    body = {"query": "print 1", "now": "2026-01-01"}
    jobs = Jobs(world.commands, JobLimits(kept=1))
    with bluetick.connect() as session, served(session, jobs=jobs) as on, on.http() as client:
        first = told(client.post("/api/accounts", json=body))["job"]
        assert ended(client, first)["state"] == "done"
        second = told(client.post("/api/accounts", json=body))["job"]
        assert ended(client, second)["state"] == "done"
        assert client.get(f"/api/jobs/{first}").status_code == 404


def test_jobs_end_with_the_server(world: ServiceWorld) -> None:
    jobs = Jobs(world.commands)
    with bluetick.connect() as session:
        with served(session, jobs=jobs) as on, on.http() as client:
            job = told(client.post("/api/accounts", json={"query": ENDLESS, "now": "2026-01-01"}))["job"]
        assert jobs._jobs[job].state.value == "cancelled"


def test_a_server_of_unfenced_queries_has_unfenced_jobs(world: ServiceWorld) -> None:
    """As --in-process has it, where a session needs what a fence would keep from it."""
    settings = CommandSettings(("--lake", str(world.lake)))
    work = Work(world.ledger)
    with bluetick.connect() as session, served(session, work=work, jobs=Jobs(settings)) as on, on.http() as client:
        assert result_of(client, "backtests", {"rule": MANY, **PERIOD})["runs"] == 3
