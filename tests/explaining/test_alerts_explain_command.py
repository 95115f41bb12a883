"""`bluetick alerts explain` over a ledger and a lake."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from bluetick.cli.main import run_command
from bluetick.detections.ledger.opening import Ledger
from bluetick.lake.intake import Batch, TableRows, locked, store
from bluetick.types import Type

NOON = datetime(2026, 6, 18, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULE = """id: 33333333-0000-0000-0000-000000000003
name: Many logons of a newcomer
description: Hosts that were not there before.
kind: Scheduled
severity: High
queryFrequency: 1h
queryPeriod: 1d
triggerOperator: gt
triggerThreshold: 0
query: |
  let enough = 2;
  let earlier = Logons | where Timestamp < ago(1h) | summarize Before = count() by Host | where Before > 3;
  Logons
  | where Timestamp >= ago(1h)
  | summarize Count = count(), Users = make_set(User) by Host
  | where Count >= enough
  | join kind=leftanti (earlier) on Host
  | sort by Host asc
"""


def add(lake: Path, rows: list[tuple[datetime, str, str]], batch: str) -> None:
    times, hosts, users = zip(*rows, strict=True)
    data = pa.table(
        {
            "Timestamp": pa.array(times, pa.timestamp("us", "UTC")),
            "Host": pa.array(hosts, pa.string()),
            "User": pa.array(users, pa.string()),
        }
    )
    columns = (("Timestamp", Type.DATETIME), ("Host", Type.STRING), ("User", Type.STRING))
    with locked(lake):
        store(lake, Batch(batch, "test", (TableRows("Logons", data, columns, "Timestamp"),), {batch: "stored"}))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A rule, a lake, and the ledger of a service that ran over it."""
    (tmp_path / "rule.yaml").write_text(RULE)
    lake = tmp_path / "lake"
    lake.mkdir()
    old = [(NOON - timedelta(hours=5), "old", "ann")] * 4 + [(NOON - timedelta(hours=5), "new", "ann")]
    fresh = [
        (NOON - n * MINUTE, host, user) for n, host, user in ((9, "new", "bob"), (8, "new", "eve"), (7, "two", "x"))
    ]
    add(lake, [*old, *fresh, (NOON - 6 * MINUTE, "two", "y"), (NOON - 5 * MINUTE, "old", "ann")], "first")
    assert run(tmp_path, "schedule", str(tmp_path / "rule.yaml"), "--now", "2026-06-18T12:05:00Z", "--once") == 0
    return tmp_path


def run(place: Path, *arguments: str) -> int:
    return run_command([*arguments, "--lake", str(place / "lake"), "--ledger", str(place / "lake.ledger")])


def alert_id(place: Path) -> str:
    with closing(Ledger(place / "lake.ledger")) as ledger:
        (row,) = ledger.read("SELECT id FROM alert")
    return str(row["id"])


def explained(place: Path, capfd: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    capfd.readouterr()
    assert run(place, "alerts", "explain", alert_id(place)[:6], "--format", "json", *more) == 0
    found: dict[str, Any] = json.loads(capfd.readouterr().out)
    return found


def logons(found: dict[str, Any]) -> list[tuple[str, str]]:
    (source,) = found["sources"]
    assert source["table"] == "Logons"
    return sorted((row["Host"], row["User"]) for row in source["rows"])


def test_json_tells_all_of_it(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    found = explained(place, capfd)
    assert found["alert"]["severity"] == "High"
    assert found["window"] == {
        "start": "2026-06-17T12:00:00Z",
        "end": "2026-06-18T12:00:00Z",
        "rule_version": found["window"]["rule_version"],
        "versions": {"Logons": 1},
        "rows": 2,
        "suppressed": False,
        "evaluated": "2026-06-18T12:05:00Z",
    }
    assert found["trigger"] == {"rows": 2, "operator": "gt", "threshold": 0, "declared": True}
    assert (found["row_number"], found["row"]) == (1, {"Host": "new", "Count": 2, "Users": ["bob", "eve"]})
    assert (found["read_as_of"], found["notes"], found["unreached"]) == ("versions", [], [])
    assert logons(found) == [("new", "bob"), ("new", "eve")]
    assert found["sources"][0]["exact"] is True
    assert found["measured"] == [
        {"condition": "Count >= enough", "limit": 2, "let": None, "values": [{"Count": 2}]},
    ]
    assert found["baselines"] == [
        {
            "name": "earlier",
            "relation": "absent from",
            "conditions": [{"condition": "Before > 3", "limit": 3}],
            "keys": [{"Host": "new"}],
            "own": [{"Host": "new", "Before": 1}],
            "own_passes": False,
            "groups": 1,
            "nearest": [{"Host": "old", "Before": 4}],
        }
    ]


def test_another_row_and_fewer_events(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    found = explained(place, capfd, "--row", "2", "--most", "1")
    assert found["row"]["Host"] == "two"
    assert (found["sources"][0]["rows_behind"], len(found["sources"][0]["rows"])) == (2, 1)


def test_people_read_the_same(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    assert run(place, "alerts", "explain", alert_id(place)) == 0
    text = capfd.readouterr().out
    assert "Trigger     2 rows found; asked for more than 0" in text
    assert "Read        Logons at version 1" in text
    assert "The row (1 of 2)" in text
    assert "It comes from these: 2 rows of Logons" in text
    assert "Count >= enough   Count = 2   (held to 2)" in text
    assert "Compared with earlier: the row is absent from it" in text
    assert "own group Before = 1: not what was asked" in text


def test_the_lake_is_read_as_the_run_read_it(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Rows that came later are not behind an alert that was raised without them."""
    add(place / "lake", [(NOON - 4 * MINUTE, "new", "late")], "second")
    found = explained(place, capfd)
    assert found["read_as_of"] == "versions"
    assert logons(found) == [("new", "bob"), ("new", "eve")]


def test_versions_that_a_vacuum_removed_are_told(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    add(place / "lake", [(NOON - 4 * MINUTE, "new", "late")], "second")
    lake = str(place / "lake")
    assert run_command(["lake", "optimize", "--lake", lake]) == 0
    assert run_command(["lake", "vacuum", "--lake", lake, "--keep", "0s"]) == 0
    found = explained(place, capfd)
    assert found["read_as_of"] == "present"
    assert found["notes"][0].startswith("the lake is read as it is now, not as the run read it: ")
    # The row has another count now; it is of the same host.
    assert logons(found) == [("new", "bob"), ("new", "eve"), ("new", "late")]


def test_a_row_that_is_not_given_again_is_told_from_the_ledger(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with closing(Ledger(place / "lake.ledger")) as ledger, ledger.transaction() as connection:
        connection.execute("UPDATE window SET versions = '{}'")
    add(place / "lake", [(NOON - timedelta(hours=6), "new", "late")] * 5, "second")
    found = explained(place, capfd)
    assert "sources" not in found
    assert found["row"]["Host"] == "new"
    assert found["notes"] == [
        "the run read no table of a lake, so its tables are read as they are now",
        "the rule does not give this row again: what it read beside the lake's tables is not what it was",
    ]


def test_late_rows_that_undid_an_alert_are_why_it_is_gone(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    late = [(NOON - timedelta(hours=6), host, "late") for host in ("new", "two")] * 5
    add(place / "lake", late, "second")
    assert run(place, "schedule", str(place / "rule.yaml"), "--now", "2026-06-18T12:20:00Z", "--once") == 0
    found = explained(place, capfd)
    assert found["alert"]["state"] == "retracted"
    assert found["notes"] == ["the alert is retracted: with the rows that came late, the rule does not give this row"]
    assert "sources" not in found


def test_a_window_that_the_ledger_let_go_of_is_told(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with closing(Ledger(place / "lake.ledger")) as ledger, ledger.transaction() as connection:
        connection.execute("DELETE FROM window")
    assert run(place, "alerts", "explain", alert_id(place)) != 0
    assert "no longer the window" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], "there is no alert 'nothing'"),
        (["ID", "--row", "3"], "the alert holds 2 rows: there is no row 3"),
        (["ID", "--as-of", "0"], "leave --as-of out"),
    ],
)
def test_what_cannot_be_explained_is_said(
    place: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    first, *more = arguments
    assert run(place, "alerts", "explain", alert_id(place) if first == "ID" else first, *more) != 0
    error = capfd.readouterr().err
    assert words in error
    assert "Traceback" not in error


def test_without_a_ledger_there_is_nothing_to_explain(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lake").mkdir()
    assert run(tmp_path, "alerts", "explain", "a") != 0
    assert "there is no ledger" in capfd.readouterr().err
    assert not (tmp_path / "lake.ledger").exists()
