"""The first founding document, hourly: with outages it raises what an uninterrupted run raises, once.

More on demand: BLUETICK_FOUNDING_DAYS=30
"""

import os
import random
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from simulated_world import Clock, Workers

import bluetick
from bluetick.cli.main import run_command
from bluetick.detections.backtest.replay import replay
from bluetick.detections.documents import read_document
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.rules import table_names
from bluetick.detections.ledger.times import to_micros, to_moment
from bluetick.detections.runs import query_request
from bluetick.detections.schedule.commits import LakeCommits
from bluetick.detections.schedule.evaluation import SessionEvaluator
from bluetick.detections.schedule.rules import Scheduling, rule_at
from bluetick.detections.schedule.scheduler import Scheduler, Surroundings
from bluetick.session import Session

SEED = Path("../shared/seeds/000_1c15dbe6188e687f.txt")
END = datetime(2026, 6, 20, tzinfo=UTC)
DELAY = timedelta(minutes=5)
DAYS = int(os.environ.get("BLUETICK_FOUNDING_DAYS", "4"))
OUTAGES = 5


@pytest.mark.slow
@pytest.mark.timeout(max(600, 200 * DAYS))
@pytest.mark.skipif(not SEED.exists(), reason="reads the founding documents, which are not beside this checkout")
def test_outages_lose_and_double_nothing(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    days = ["--days", str(30 + DAYS), "--devices", "10", "--end", END.isoformat()]
    assert run_command(["simulate", str(lake), *days]) == 0
    ends = [END - timedelta(hours=hour) for hour in reversed(range(DAYS * 24 + 1))]
    with bluetick.connect(lake=lake) as session:
        workers = Workers()
        for moments in awake(ends):
            serve(session, tmp_path / "ledger", workers, [ends[0], *moments])
            workers.alive.clear()
        expected = uninterrupted(session, ends)
    assert expected, "no window of these days triggers"
    with closing(Ledger(tmp_path / "ledger")) as ledger:
        windows = ledger.read("SELECT hi, rows, triggered, status FROM window ORDER BY hi")
        alerts = ledger.read("SELECT id, first, last, is_retracted FROM alert ORDER BY first")
        told = ledger.read("SELECT alert, kind FROM outbox WHERE alert IS NOT NULL ORDER BY alert")
    assert [(row["hi"], row["status"]) for row in windows] == [(to_micros(end), "done") for end in ends]
    assert {row["hi"]: row["rows"] for row in windows if row["triggered"]} == expected
    assert [(row["first"], row["last"], row["is_retracted"]) for row in alerts] == [(hi, hi, 0) for hi in expected]
    assert [tuple(row) for row in told] == sorted((row["id"], "raised") for row in alerts)


def awake(ends: list[datetime]) -> Iterator[list[datetime]]:
    """The hours at which the service is there, between outages of at most a quarter of the time together."""
    chance = random.Random(2)  # noqa: S311 - when outages are
    begins = sorted(chance.sample(range(1, len(ends) - 1), OUTAGES))
    longest = len(ends) // (4 * OUTAGES)
    at = 0
    for begin, limit in zip(begins, [*begins[1:], len(ends) - 1], strict=True):
        if at < begin:
            yield ends[at:begin]
        at = min(limit, begin + chance.randint(2, longest))
    yield ends[at:]


def serve(session: Session, path: Path, workers: Workers, moments: list[datetime]) -> None:
    """A service whose windows begin at the first of these moments, that looks at the others, and then ends without a
    word."""
    start, *looks = moments
    clock = Clock()
    with closing(Ledger(path)) as ledger:
        commits = LakeCommits(lambda: session, lambda: table_names(ledger))
        around = Surroundings(clock, commits, SessionEvaluator(lambda: session, 600), workers)
        clock.at = to_micros(looks[0] + DELAY)
        scheduler = Scheduler(ledger, around)
        scheduler.register([rule_at(session, SEED, 0, Scheduling(start, DELAY))])
        for moment in looks:
            clock.at = to_micros(moment + DELAY)
            while scheduler.step():
                pass


def uninterrupted(session: Session, ends: list[datetime]) -> dict[int, int]:
    """By the end of a window that triggers, its rows: those of a replay, which runs of their own confirm."""
    (detection,) = read_document(SEED).detections
    found = {to_micros(one.now): len(one.rows) for one in replay(session, detection, ends) if one.triggered}
    for hi, count in found.items():
        rows = list(session.run(query_request(detection, to_moment(hi)))[-1].rows())
        assert len(rows) == count
    return found
