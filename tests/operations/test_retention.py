"""A ledger forgets what nothing depends on any more, and nothing else."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from service_simulation import CALM, KINDS, Service, fill
from simulated_world import Kind

from bluetick.detections.ledger.alerts import Finding
from bluetick.detections.ledger.listing import rule_health
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.outbox import Told, owe
from bluetick.detections.ledger.retention import Keep, fold, forget_runs
from bluetick.detections.ledger.rules import Rule, open_windows, register
from bluetick.detections.ledger.times import to_micros
from bluetick.detections.ledger.windows import Change, Outcome, claim, complete, enlist, fail, follow
from bluetick.detections.ledger.windows import Failure as Failed
from bluetick.detections.operations.retention import Retention
from bluetick.detections.schedule.scheduler import Scheduler

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = 3_600_000_000
DAY = 24 * HOUR
LEAST = Keep(runs=DAY, windows=0)
DISTURBED = replace(CALM, crash_every=400, fault_every=150, outage_every=250, step_every=300, beside_every=12)
# Those that find nothing where nothing is, so that the ends of two simulations need not be the same.
FINDING_KINDS = tuple(kind for kind in KINDS if not kind.is_absence)


class Folding(Service):
    """A service that keeps as little as it may."""

    def _live(self, ledgers: Sequence[Ledger], end: int) -> None:
        self.retention = Retention(ledgers[0], self.clock, LEAST)
        super()._live(ledgers, end)

    def _step(self, scheduler: Scheduler) -> None:
        super()._step(scheduler)
        self.retention.step()


def alerts_of(path: Path) -> list[tuple[object, ...]]:
    text = "SELECT rule, key, first, last, content FROM alert WHERE NOT is_retracted ORDER BY rule, key, first"
    with closing(Ledger(path)) as ledger:
        return [tuple(row) for row in ledger.read(text)]


def count_of(path: Path, table: str) -> int:
    with closing(Ledger(path)) as ledger:
        return int(ledger.read(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608 - a name of ours


def test_what_is_forgotten_changes_no_alert(tmp_path: Path) -> None:
    """With data up to seven days late, and all that can go wrong."""
    compare(tmp_path, FINDING_KINDS[:4], 18, 1)


@pytest.mark.slow
def test_what_is_forgotten_changes_no_alert_in_long(tmp_path: Path) -> None:
    compare(tmp_path, FINDING_KINDS, 40, 2)


def compare(place: Path, kinds: Sequence[Kind], days: int, seed: int) -> None:
    whole, folded = Service(place / "whole", kinds, seed, CALM), Folding(place / "folded", kinds, seed, DISTURBED)
    for service in (whole, folded):
        fill(service, days, seed, 7 * DAY)
        service.run(days + 16)
    assert folded.crashes > days // 4
    assert alerts_of(place / "folded") == alerts_of(place / "whole")
    assert count_of(place / "folded", "window") < 0.6 * count_of(place / "whole", "window")
    assert count_of(place / "folded", "run") < 0.2 * count_of(place / "whole", "run")
    assert count_of(place / "folded", "too_late") == 0
    check_tiling(place / "folded")


def check_tiling(path: Path) -> None:
    """Behind its floor a rule has every window up to the next, and up to it none that is open."""
    with closing(Ledger(path)) as ledger:
        rules = (
            "SELECT id, next, floor, forgotten, frequency FROM rule JOIN retention AS r ON r.rule = id"
            " JOIN rule_version AS v ON v.rule = id AND v.version = rule.version"
        )
        for rule in ledger.read(rules):
            text = "SELECT hi, status FROM window WHERE rule = ? AND hi > ? ORDER BY hi"
            windows = ledger.read(text, (rule["id"], rule["forgotten"]))
            step = rule["frequency"]
            first = (rule["forgotten"] // step + 1) * step
            assert [row["hi"] for row in windows] == list(range(first, rule["next"], step))
            assert all(row["status"] == "done" for row in windows if row["hi"] <= rule["floor"])


# --- one rule ---------------------------------------------------------------------------------------------------------


def rule_of(lookback: int = HOUR, suppression: int = 0) -> Rule:
    return Rule(
        id="rule",
        version="1",
        name="A rule",
        frequency=timedelta(hours=1),
        lookback=timedelta(microseconds=lookback),
        delay=timedelta(0),
        tables=frozenset({"T"}),
        document="",
        start=START,
        suppression=timedelta(microseconds=suppression),
    )


def end_of(number: int) -> int:
    return to_micros(START) + number * HOUR


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A rule with windows of fifty days, done, of which some found something."""
    made = Ledger(tmp_path / "ledger")
    with made.transaction() as connection:
        register(connection, [rule_of()])
        open_windows(connection, end_of(50 * 24))
        enlist(connection, "w", 0)
    evaluate(made, {100: "a", 101: "a", 102: "a", 103: "b", 300: "c"})
    return made


def evaluate(ledger: Ledger, found: dict[int, str]) -> None:
    with ledger.transaction() as connection:
        while (claimed := claim(connection, "w", end_of(10_000), lambda _: 500, is_oldest=True)) is not None:
            for hi in claimed.windows:
                key = found.get((hi - end_of(0)) // HOUR)
                findings = () if key is None else (Finding(key, f'{{"key": "{key}"}}'),)
                complete(connection, "w", claimed, Outcome(hi, len(findings), bool(findings), findings), (hi, hi + 1))


def fold_all(ledger: Ledger, now: int, keep: Keep = LEAST) -> None:
    """As often as the floor moves by a day."""
    for _ in range(60):
        with ledger.transaction() as connection:
            fold(connection, ["rule"], now, keep)


def windows_of(ledger: Ledger) -> list[int]:
    return [(row["hi"] - end_of(0)) // HOUR for row in ledger.read("SELECT hi FROM window ORDER BY hi")]


def test_of_what_an_alert_stands_on_the_first_and_the_last_window_stay(ledger: Ledger) -> None:
    fold_all(ledger, end_of(50 * 24))
    # Eight days and the lookback of an hour are done for good; what is found after them may join what was found before.
    kept = 50 * 24 - 8 * 24 - 1 - 1
    assert windows_of(ledger) == [100, 102, 103, 300, *range(kept + 1, 50 * 24 + 1)]
    findings = ledger.read("SELECT key, hi FROM finding ORDER BY hi")
    assert [(row["key"], (row["hi"] - end_of(0)) // HOUR) for row in findings] == [
        ("a", 100), ("a", 102), ("b", 103), ("c", 300)
    ]  # fmt: skip
    assert len(ledger.read("SELECT id FROM alert")) == 3
    ledger.close()


def test_the_floor_moves_by_a_day_at_most(ledger: Ledger) -> None:
    with ledger.transaction() as connection:
        fold(connection, ["rule"], end_of(10_000), LEAST)
    assert windows_of(ledger)[0] == 23
    ledger.close()


def test_what_is_kept_longer_stays(ledger: Ledger) -> None:
    fold_all(ledger, end_of(50 * 24), Keep(windows=40 * DAY))
    assert windows_of(ledger)[2:5] == [103, 10 * 24, 10 * 24 + 1]
    fold_all(ledger, end_of(50 * 24), Keep())
    assert windows_of(ledger)[2:5] == [103, 10 * 24, 10 * 24 + 1]
    ledger.close()


def test_a_window_that_failed_holds_the_floor(ledger: Ledger) -> None:
    with ledger.transaction() as connection:
        connection.execute("UPDATE window SET status = 'dirty', due = 0 WHERE hi = ?", (end_of(200),))
        claimed = claim(connection, "w", end_of(10_000), lambda _: 1, is_oldest=True)
        assert claimed is not None
        fail(connection, "w", claimed, Failed("out of memory"), (0, 1))
    fold_all(ledger, end_of(50 * 24))
    assert 200 in windows_of(ledger)
    assert windows_of(ledger)[3:5] == [199, 200]
    assert rule_health(ledger)[0].failed == 1
    ledger.close()


def test_windows_that_are_not_opened_yet_hold_the_floor(ledger: Ledger) -> None:
    """The service was down for longer than it keeps anything."""
    fold_all(ledger, end_of(400 * 24))
    with ledger.transaction() as connection:
        assert open_windows(connection, end_of(50 * 24 + 5)) == 5
    assert ledger.read("SELECT floor FROM retention")[0]["floor"] < end_of(50 * 24 + 1)
    ledger.close()


def test_rows_that_come_too_late_are_told_once_a_day(ledger: Ledger) -> None:
    fold_all(ledger, end_of(50 * 24))

    def come(version: int, first: int | None, last: int | None, now: int) -> list[str]:
        low, high = (None if number is None else end_of(number) for number in (first, last))
        with ledger.transaction() as connection:
            return [str(late) for late in follow(connection, [Change("T", version, low, high)], now)]

    assert come(1, 45 * 24, 45 * 24 + 1, end_of(1_200)) == []
    (said,) = come(2, 400, 401, end_of(1_200))
    assert "rows of T of 2026-01-17 16:00 and later came too late" in said
    assert come(3, 402, 403, end_of(1_201)) == []
    assert len(come(4, None, None, end_of(1_230))) == 1
    (row,) = ledger.read("SELECT commits, low, high FROM too_late")
    assert (row["commits"], row["low"], row["high"]) == (3, None, None)
    dirty = [(row["hi"] - end_of(0)) // HOUR for row in ledger.read("SELECT hi FROM window WHERE status = 'dirty'")]
    floor = (ledger.read("SELECT floor FROM retention")[0]["floor"] - end_of(0)) // HOUR
    assert min(dirty) == floor + 1
    ledger.close()


def test_rows_of_before_a_rule_are_not_too_late(ledger: Ledger) -> None:
    fold_all(ledger, end_of(50 * 24))
    with ledger.transaction() as connection:
        assert follow(connection, [Change("T", 1, end_of(-900), end_of(-800))], end_of(1_200)) == []
    ledger.close()


def test_old_runs_and_messages_go_but_the_newest_and_what_is_owed(ledger: Ledger) -> None:
    with ledger.transaction() as connection:
        connection.execute("INSERT INTO output (name) VALUES ('out')")
        for number in range(4):
            owe(connection, Told(f"subject {number}", "told", 0, "{}", is_alert=False), number)
        connection.execute("DELETE FROM delivery WHERE message <> (SELECT id FROM outbox WHERE subject = 'subject 1')")
        forget_runs(connection, end_of(10_000), LEAST)
    assert len(ledger.read("SELECT id FROM run")) == 1
    subjects = [row["subject"] for row in ledger.read("SELECT subject FROM outbox ORDER BY id")]
    assert subjects == ["subject 1", "subject 3"]
    with ledger.transaction() as connection:
        forget_runs(connection, 0, LEAST)
    assert len(ledger.read("SELECT id FROM run")) == 1
    ledger.close()


def test_a_ledger_stays_as_large_as_it_is(tmp_path: Path) -> None:
    """Pages after 60 days are those after 120."""
    made = Ledger(tmp_path / "ledger")
    with made.transaction() as connection:
        register(connection, [rule_of()])
        enlist(connection, "w", 0)
    sizes = []
    for day in range(1, 121):
        with made.transaction() as connection:
            open_windows(connection, end_of(day * 24))
        evaluate(made, {})
        with made.transaction() as connection:
            fold(connection, ["rule"], end_of(day * 24), Keep(windows=30 * DAY))
            forget_runs(connection, end_of(day * 24), Keep(runs=30 * DAY))
            connection.execute("DELETE FROM publication_entry")
        sizes.append(made.read("PRAGMA page_count")[0][0])
    assert sizes[119] <= sizes[59] + 2
    assert made.read("SELECT count(*) FROM window")[0][0] < 31 * 24 + 5
    made.close()
