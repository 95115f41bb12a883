"""Rules whose tables have less past than they look back on."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from bluetick.cli.main import run_command
from bluetick.detections.health.warming import Warming, warming_of
from bluetick.detections.ledger.alerts import Finding
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.rules import Rule, open_windows, register
from bluetick.detections.ledger.times import to_micros
from bluetick.detections.ledger.windows import Outcome, claim, complete, enlist
from bluetick.lake.intake import Batch, TableRows, locked, store
from bluetick.types import Type

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
RARE = """// Name: New hosts
// Id: 33333333-0000-0000-0000-000000000003
// Severity: High
// QueryFrequency: 1d
// QueryPeriod: 7d
// AlertTriggerThreshold: 0
Logons | where Timestamp >= ago(7d) | summarize First = min(Timestamp) by Host | where First >= ago(1d)
"""


@pytest.mark.parametrize(
    ("day", "is_warming"),
    [(0, True), (1, True), (5, True), (5.99, True), (6, False), (7, False), (30, False)],
)
def test_a_window_is_warming_until_its_lookback_is_covered_but_for_a_day(day: float, is_warming: bool) -> None:
    found = warming_of([BEGIN], BEGIN + day * DAY, 7 * DAY)
    assert found == (Warming(BEGIN, BEGIN + 6 * DAY) if is_warming else None)


def test_the_youngest_table_counts() -> None:
    found = warming_of([BEGIN, BEGIN + 20 * DAY], BEGIN + 25 * DAY, 14 * DAY)
    assert found == Warming(BEGIN + 20 * DAY, BEGIN + 33 * DAY)


def test_without_rows_or_a_lookback_nothing_is_known() -> None:
    assert warming_of([], BEGIN, 7 * DAY) is None
    assert warming_of([BEGIN], BEGIN, None) is None


def test_a_rule_of_a_day_never_warms() -> None:
    assert warming_of([BEGIN], BEGIN, DAY) is None


# --- over a lake ------------------------------------------------------------------------------------------------------


def add_logons(lake: Path, times: list[datetime], host: str) -> None:
    data = pa.table(
        {"Timestamp": pa.array(times, pa.timestamp("us", "UTC")), "Host": pa.array([host] * len(times), pa.string())}
    )
    columns = (("Timestamp", Type.DATETIME), ("Host", Type.STRING))
    with locked(lake):
        store(lake, Batch(host, "test", (TableRows("Logons", data, columns, "Timestamp"),), {host: "stored"}))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A rule of seven days, and a lake that begins on BEGIN; of a clock that was never set there is a row too."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rare.kql").write_text(RARE)
    (tmp_path / "lake").mkdir()
    add_logons(tmp_path / "lake", [BEGIN + HOUR], "one")
    add_logons(tmp_path / "lake", [datetime(1970, 1, 1, tzinfo=UTC)], "unset")
    return tmp_path


def schedule(place: Path, day: int, *more: str) -> None:
    now = (BEGIN + day * DAY + HOUR).isoformat()
    data = ["schedule", str(place / "rules"), "--lake", str(place / "lake"), "--alerts", str(place / "alerts.ndjson")]
    assert run_command([*data, "--since", (BEGIN + DAY).isoformat(), "--now", now, "--once", *more]) == 0


def messages(place: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (place / "alerts.ndjson").read_text().splitlines()]


def by_row(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Messages in another order than the windows were served in."""
    return sorted(said, key=lambda one: str(one["rows"]))


def test_alerts_of_a_warming_rule_are_told_and_marked(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schedule(place, 1)
    (said,) = messages(place)
    marks = (said["warming"], said["warming_since"], said["warming_until"])
    assert marks == (True, "2026-06-01T01:00:00Z", "2026-06-07T01:00:00Z")
    assert "(warming)" in capsys.readouterr().out
    assert run_command(["alerts", "rules", "--ledger", str(place / "lake.ledger")]) == 0
    out = capsys.readouterr().out  # a narrow terminal breaks the cell
    assert "live, warming until" in out
    assert "2026-06-07 01:00" in out


def test_a_rule_has_warmed_up(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_logons(place / "lake", [BEGIN + 9 * DAY + HOUR], "two")
    schedule(place, 10)
    assert [(said["rows"][0][0], said.get("warming", False)) for said in by_row(messages(place))] == [
        ("one", True),
        ("two", False),
    ]
    capsys.readouterr()
    assert run_command(["alerts", "rules", "--ledger", str(place / "lake.ledger"), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["warming_until"] == ""


def test_in_shadow_nobody_is_told_until_it_is_warm(place: Path) -> None:
    schedule(place, 8, "--warming", "shadow")
    assert not (place / "alerts.ndjson").exists()
    with closing(Ledger(place / "lake.ledger")) as ledger:
        assert [row["is_told"] for row in ledger.read("SELECT is_told FROM alert")] == [0]
    add_logons(place / "lake", [BEGIN + 8 * DAY + HOUR], "two")
    schedule(place, 9, "--warming", "shadow")
    assert [said["rows"][0][0] for said in messages(place)] == ["two"]


# --- quiet alerts in the ledger ---------------------------------------------------------------------------------------


def ledger_of() -> Ledger:
    ledger = Ledger(Path(":memory:"))
    rule = Rule("rule", "1", "A rule", DAY, 7 * DAY, HOUR, frozenset({"T"}), "", BEGIN, quiet_warming=True)
    with ledger.transaction() as connection:
        register(connection, [rule])
        open_windows(connection, to_micros(BEGIN + 20 * DAY))
        enlist(connection, "w", 0)
    return ledger


def say(ledger: Ledger, day: int, *, warming: bool, found: bool = True) -> None:
    """A window finds a key, or does not."""
    hi = to_micros(BEGIN + day * DAY)
    content = json.dumps({"rule": "rule", "day": day} | ({"warming": True} if warming else {}))
    findings = (Finding("key", content),) if found else ()
    with ledger.transaction() as connection:
        connection.execute("UPDATE window SET status = 'dirty', due = 0, worker = NULL WHERE hi = ?", (hi,))
        connection.execute("UPDATE window SET due = ? WHERE hi <> ?", (2**60, hi))
        claimed = claim(connection, "w", 1, lambda _: 1, is_oldest=False)
        assert claimed is not None
        assert list(claimed.windows) == [hi]
        assert complete(connection, "w", claimed, Outcome(hi, len(findings), found, findings), (1, 2))


def kinds(ledger: Ledger) -> list[tuple[str, int]]:
    return [tuple(row) for row in ledger.read("SELECT kind, revision FROM outbox ORDER BY id")]


def test_what_was_found_while_warming_and_is_found_again_is_told_then() -> None:
    with closing(ledger_of()) as ledger:
        say(ledger, 1, warming=True)
        say(ledger, 2, warming=True)
        assert kinds(ledger) == []
        say(ledger, 3, warming=False)
        assert kinds(ledger) == [("raised", 2)]
        say(ledger, 4, warming=False)
        assert len(kinds(ledger)) == 1
        for day in (1, 2, 3, 4):
            say(ledger, day, warming=False, found=False)
        assert [kind for kind, _ in kinds(ledger)] == ["raised", "retracted"]


def test_nobody_hears_the_end_of_what_nobody_was_told_of() -> None:
    with closing(ledger_of()) as ledger:
        say(ledger, 1, warming=True)
        say(ledger, 1, warming=True, found=False)
        say(ledger, 1, warming=True)
        assert kinds(ledger) == []
        say(ledger, 1, warming=True, found=False)
        say(ledger, 1, warming=False)
        assert [kind for kind, _ in kinds(ledger)] == ["raised"]
        say(ledger, 1, warming=False, found=False)
        say(ledger, 1, warming=True)
        assert [kind for kind, _ in kinds(ledger)] == ["raised", "retracted", "restored"]
