"""Two days of the scheduler over a lake and the engine: rows come late, the process ends, and the alerts are those that
plain runs of the rules give, window by window, when all rows are there."""

import random
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from service_lake import add_logons
from service_simulation import Crash
from simulated_world import HOUR, MINUTE, START, Clock, Workers
from undisturbed_service import alerts_in_order, alerts_of

import bluetick
from bluetick.detections.alerts.grouping import findings_of
from bluetick.detections.documents import read_document
from bluetick.detections.ledger.alerts import Finding
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.rules import Rule, table_names
from bluetick.detections.ledger.times import length, to_micros, to_moment
from bluetick.detections.model import Detection
from bluetick.detections.runs import query_request
from bluetick.detections.schedule.commits import LakeCommits
from bluetick.detections.schedule.evaluation import SessionEvaluator
from bluetick.detections.schedule.rules import Scheduling, rule_at
from bluetick.detections.schedule.scheduler import Pace, Scheduler, Surroundings
from bluetick.detections.schedule.sessions import LakeSession
from bluetick.plan.identity import identity_columns
from bluetick.session import Session
from bluetick.types import Type
from bluetick.values import json_cell

HOURS: Final = 48
DELAY: Final = timedelta(minutes=5)
HEAD: Final = "kind: Scheduled\nseverity: Low\nqueryFrequency: 1h\n"
EACH: Final = "eventGroupingSettings:\n  aggregationKind: AlertPerResult\n"
RULES: Final = {
    "each_row": HEAD + EACH + "queryPeriod: 2h\ntriggerOperator: gt\ntriggerThreshold: 0\n"
    "query: Logons | where Timestamp > ago(2h) | where Host == 'a'\n",
    "one_alert": HEAD + "queryPeriod: 3h\ntriggerOperator: gt\ntriggerThreshold: 0\n"
    "query: Logons | where Timestamp > ago(3h) | summarize Count = count() by Host | where Count >= 2\n",
    "absent": HEAD + "queryPeriod: 1h\ntriggerOperator: eq\ntriggerThreshold: 0\n"
    "query: Logons | where Timestamp > ago(1h) | where Host == 'b'\n",
    "new_host": HEAD + EACH + "queryPeriod: 1d\ntriggerOperator: gt\ntriggerThreshold: 0\n"
    "query: |\n  let before = Logons | where Timestamp between (ago(1d) .. ago(1h)) | distinct Host;\n"
    "  Logons | where Timestamp > ago(1h) | join kind=leftanti before on Host | summarize Count = count() by Host\n",
}  # fmt: skip


class World:
    """A lake into which rows come as simulated time passes, and a service that ends now and then."""

    def __init__(self, place: Path, seed: int) -> None:
        self.lake = place / "lake"
        self.rules = place / "rules"
        self.ledger = place / "ledger"
        self.lake.mkdir()
        self.rules.mkdir()
        for number, (name, text) in enumerate(RULES.items()):
            head = f"id: 44444444-0000-0000-0000-00000000000{number}\nname: {name}\n"
            (self.rules / f"{name}.yaml").write_text(head + text)
        self.clock = Clock()
        self.workers = Workers()
        self.chance = random.Random(seed)  # noqa: S311 - a simulation
        self.crashes = self.late = 0
        self._coming = self._batches()
        add_logons(self.lake, [START - timedelta(days=2)], "b", "history")

    def live(self) -> None:
        """Until all rows are there and there is nothing left to do."""
        while True:
            try:
                with (
                    closing(LakeSession(self.lake, lambda: bluetick.connect(lake=self.lake))) as session,
                    closing(Ledger(self.ledger, self._at_commit)) as ledger,
                ):
                    self._work(ledger, session.current)
                return
            except Crash:
                self.crashes += 1
                self.workers.alive.clear()
                self.clock.sleep(self.chance.choice((1, 3_000, 5 * 3_600)))

    def scheduled(self, session: Session) -> list[Rule]:
        return [rule_at(session, path, 0, Scheduling(START, DELAY)) for path in self.documents()]

    def documents(self) -> list[Path]:
        return sorted(self.rules.iterdir())

    def _work(self, ledger: Ledger, session: Callable[[], Session]) -> None:
        commits = LakeCommits(session, lambda: table_names(ledger))
        around = Surroundings(self.clock, commits, SessionEvaluator(session, 600), self.workers)
        scheduler = Scheduler(ledger, around, Pace(timedelta(minutes=2), looking=timedelta(minutes=20)))
        scheduler.register(self.scheduled(session()))
        end = to_micros(START) + HOURS * HOUR + 6 * MINUTE
        while self.clock.at < end or ledger.read("SELECT 1 FROM window WHERE status <> 'done' LIMIT 1"):
            while self._coming and self._coming[0][0] <= self.clock.at:
                _, times, host = self._coming.pop(0)
                add_logons(self.lake, [to_moment(time) for time in times], host, f"batch {len(self._coming)}")
            # After the end no new windows are opened, as in a service whose rules all end there.
            if not scheduler.step():
                self.clock.sleep(scheduler.idle_seconds())

    def _batches(self) -> list[tuple[int, list[int], str]]:
        """What arrives when: most within the hour, some many hours late."""
        found: dict[tuple[int, str], list[int]] = defaultdict(list)
        for hour in range(-24, HOURS):
            for _ in range(self.chance.randrange(4)):
                time = to_micros(START) + hour * HOUR + self.chance.randrange(HOUR // MINUTE) * MINUTE
                late = self.chance.choices((30 * MINUTE, 20 * HOUR), (85, 15))[0]
                self.late += late > HOUR
                arrival = max(to_micros(START), time + self.chance.randrange(late))
                place = min(arrival, to_micros(START) + HOURS * HOUR)
                found[-(-place // HOUR) * HOUR - 10 * MINUTE, self.chance.choice("aaabbbbbcdefghij")].append(time)
        return [(arrival, times, host) for (arrival, host), times in sorted(found.items())]

    def _at_commit(self, _: str) -> None:
        if self.chance.randrange(150) == 0:
            raise Crash


@pytest.mark.slow
def test_two_days_with_late_rows_and_crashes(tmp_path: Path) -> None:
    world = World(tmp_path, 3)
    world.live()
    assert world.crashes > 5
    assert world.late > 5
    with closing(Ledger(world.ledger)) as ledger, bluetick.connect(lake=world.lake) as session:
        again = ledger.read("SELECT 1 FROM run WHERE status = 'done' GROUP BY rule, hi HAVING count(*) > 1")
        assert len(again) > 20, "late rows have windows evaluated again"
        for path, rule in zip(world.documents(), world.scheduled(session), strict=True):
            windows = ledger.read("SELECT hi, rows FROM window WHERE rule = ? ORDER BY hi", (rule.id,))
            ends = [to_micros(START) + hour * HOUR for hour in range(len(windows))]
            assert [row["hi"] for row in windows] == ends
            assert len(ends) > HOURS
            (detection,) = read_document(path).detections
            single = {hi: single_run(session, detection, hi) for hi in ends}
            assert {row["hi"]: row["rows"] for row in windows} == {hi: rows for hi, (rows, _) in single.items()}
            expected = alerts_in_order(rule.id, [(hi, found) for hi, (_, found) in single.items()], gap(rule), 0)
            assert expected, rule.name
            assert alerts_of(ledger, rule.id) == expected, rule.name
        assert [row["kind"] for row in ledger.read("SELECT DISTINCT kind FROM outbox WHERE kind = 'retracted'")]


def gap(rule: Rule) -> int:
    assert rule.lookback is not None
    return max(length(rule.lookback), length(rule.frequency))


def single_run(session: Session, detection: Detection, hi: int) -> tuple[int, tuple[Finding, ...]]:
    """How many rows a run of its own gives at that instant, and what alerts would say of them."""
    request = query_request(detection, to_moment(hi))
    result = session.run(request)[-1]
    rows = list(result.rows())
    if not detection.threshold.is_met(len(rows)):
        return len(rows), ()
    types = [Type(type_) for _, type_ in result.columns]
    cells = [[json_cell(value, type_) for value, type_ in zip(row, types, strict=True)] for row in rows]
    plan, _ = session.plan(request)
    identity = identity_columns(plan.statements[-1])
    return len(rows), findings_of(detection, hi, [name for name, _ in result.columns], cells, identity)
