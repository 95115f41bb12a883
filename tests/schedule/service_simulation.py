"""A detection service over an in-memory lake, in simulated time, with all that can go wrong."""

import random
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from simulated_world import HOUR, KEYS, MINUTE, START, Clock, Evaluator, Event, Kind, Lake, Workers
from undisturbed_service import Versions, check

from bluetick.detections.alerting import IncidentGrouping, IncidentMatching, Incidents
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.publication import drop_entries
from bluetick.detections.ledger.times import to_micros
from bluetick.detections.ledger.windows import Failure
from bluetick.detections.schedule.scheduler import Pace, Scheduler, Surroundings
from bluetick.diagnostics.errors import SourceError


class Crash(BaseException):
    """The process ends here."""


@dataclass(frozen=True, slots=True)
class Mishaps:
    """How much goes wrong: each happens once in so many occasions. `change_every`: at a start, the documents that are
    given differ: a rule is edited, or left out. `crash_at`: end the process at exactly this commit (and half of one),
    counted from 0."""

    crash_every: int = 400
    fault_every: int = 150
    full_every: int = 900
    outage_every: int = 250
    step_every: int = 300
    beside_every: int = 5
    change_every: int = 3
    crash_at: int | None = None


CALM = Mishaps(0, 0, 0, 0, 0, 0, 0)


class Service:
    """Runs the scheduler for some days, starting it again whenever it ends."""

    def __init__(self, path: Path, kinds: Sequence[Kind], seed: int, mishaps: Mishaps) -> None:
        self.random = random.Random(seed)  # noqa: S311 - a simulation
        self.clock = Clock()
        self.lake = Lake(self.clock)
        self.kinds = {kind.id: kind for kind in kinds}
        self.versions = {kind.id: Versions(kind) for kind in kinds}
        self.mishaps = mishaps
        self.workers = Workers()
        self.commits = self.crashes = self.changes = 0
        self._path = path
        self._documents = {kind.document: kind for kind in kinds}
        self._absent = ""
        self._evaluator = Evaluator(self.lake, self._documents, self._fault, self._meanwhile)
        self._beside: Scheduler | None = None
        self._is_beside = False

    def run(self, days: float) -> None:
        """Until so many days have passed, all data has arrived, and there is nothing left to do."""
        arrivals = [arrival for commits in self.lake.commits.values() for arrival, _ in commits]
        end = max([to_micros(START) + int(days * 24 * HOUR), *(arrival + HOUR for arrival in arrivals)])
        while True:
            ledgers = [Ledger(self._path, self._at_commit) for _ in range(2)]
            for ledger in ledgers:
                # The simulation ends processes, not machines: what reached the file system stays there.
                ledger.read("PRAGMA synchronous = OFF")
            try:
                self._begin(ledgers)
                self._live(ledgers, end)
                return
            except (Crash, SourceError):  # a disk that is full at the start ends the process too
                self.crashes += 1
                self.workers.alive.clear()
                self._is_beside = False
                self.clock.sleep(self._downtime())
            finally:
                for ledger in ledgers:
                    ledger.close()

    def check(self, days: float) -> None:
        ledger = Ledger(self._path)
        try:
            rules = [(kind, self.versions[kind.id]) for kind in self.kinds.values()]
            check(ledger, self.lake, rules, to_micros(START) + int(days * 24 * HOUR))
        finally:
            ledger.close()

    def _begin(self, ledgers: Sequence[Ledger]) -> None:
        """Nobody wants tables here: what is noted for them would only grow."""
        drop_entries(ledgers[0])

    def _live(self, ledgers: Sequence[Ledger], end: int) -> None:
        around = Surroundings(self.clock, self.lake, self._evaluator, self.workers)
        pace = Pace(settling=timedelta(minutes=3), looking=timedelta(minutes=10))
        scheduler, self._beside = (Scheduler(ledger, around, pace) for ledger in ledgers)
        self._change()
        self._register(ledgers[0], scheduler)
        while self.clock.at < end:
            self._step(scheduler)
        self.clock.offset = 0
        self._absent = ""
        while ledgers[0].read("SELECT 1 FROM window WHERE status <> 'done' LIMIT 1") or self._is_behind(ledgers[0]):
            self._register(ledgers[0], scheduler)  # somebody mends what paused
            self._step(scheduler)

    def _change(self) -> None:
        """Somebody edits a rule, or leaves one out this time."""
        self._absent = ""
        if not self._happens(self.mishaps.change_every):
            return
        self.changes += 1
        kind = self.random.choice(list(self.kinds.values()))
        if self._happens(2):
            self._absent = kind.id
        else:
            edited = replace(kind, least=max(1, kind.least + self.random.choice((-1, 1))), version=kind.version + 1)
            self.kinds[kind.id] = self._documents[edited.document] = edited

    def _register(self, ledger: Ledger, scheduler: Scheduler) -> None:
        """Windows that the ledger has not opened yet will be of the versions that are given now."""
        given = [kind for kind in self.kinds.values() if kind.id != self._absent]
        for row in ledger.read("SELECT id, version, next FROM rule"):
            kind = self.kinds[row["id"]]
            if row["version"] != str(kind.version) and kind.id != self._absent:
                self.versions[kind.id].add(row["next"], kind)
        try:
            scheduler.register([kind.rule() for kind in given])
        except SourceError:  # the disk is full: the process ends
            self.clock.sleep(1)
            raise

    def _is_behind(self, ledger: Ledger) -> bool:
        """Whether a rule that was left out has windows to come."""
        behind = [row for row in ledger.read("SELECT id, next FROM rule") if self._is_due(row["id"], row["next"])]
        return bool(behind)

    def _is_due(self, rule: str, hi: int) -> bool:
        return hi + self.kinds[rule].delay <= self.clock.at

    def _meanwhile(self) -> None:
        """A worker beside this one works, while time passes and data comes in."""
        if self._beside is None or self._is_beside or not self._happens(self.mishaps.beside_every):
            return
        self.clock.sleep(self.random.choice((1, 300, 900)))
        self._is_beside = True
        alive = set(self.workers.alive)
        if self._happens(3):  # this one stands still so long that it is taken for dead
            self.workers.alive.clear()
        try:
            self._beside.step()
        except SourceError:
            self.clock.sleep(1)
        finally:
            self.workers.alive = alive
            self._is_beside = False

    def _step(self, scheduler: Scheduler) -> None:
        if self._happens(self.mishaps.step_every):
            self.clock.offset = self.random.choice((-3 * HOUR, -HOUR, -MINUTE, 0, 0, MINUTE, HOUR))
        if self._happens(self.mishaps.outage_every):
            self.clock.sleep(self.random.choice((600, 3_600, 7 * 3_600, 30 * 3_600)))
        try:
            if not scheduler.step():
                self.clock.sleep(scheduler.idle_seconds())
        except SourceError:
            self.clock.sleep(60)

    def _happens(self, every: int) -> bool:
        return every > 0 and self.random.randrange(every) == 0

    def _downtime(self) -> float:
        return self.random.choice((1, 60, 3_000, 5 * 3_600)) if self.mishaps.crash_at is None else 1

    def _fault(self) -> Failure | None:
        if not self._happens(self.mishaps.fault_every):
            return None
        return Failure("the engine is out of memory") if self._happens(2) else Failure("no such column", True)

    def _at_commit(self, where: str) -> None:
        self.commits += 1
        if self.commits - 1 == self.mishaps.crash_at or self._happens(self.mishaps.crash_every):
            raise Crash
        if where == "before" and self._happens(self.mishaps.full_every):
            raise sqlite3.OperationalError("database or disk is full")


TOGETHER = Incidents(grouping=IncidentGrouping(True, False, timedelta(hours=5), IncidentMatching.ANY_ALERT))
BY_SIZE = Incidents(
    grouping=IncidentGrouping(True, True, timedelta(days=1), IncidentMatching.SELECTED, custom_details=("size",))
)
KINDS = (
    Kind("hourly count", "A", HOUR, HOUR, 3, by_key=True, incidents=BY_SIZE),
    Kind("hourly over a day", "A", HOUR, 24 * HOUR, 9, by_key=True),
    Kind("six hours in one alert", "B", 6 * HOUR, 12 * HOUR, 4, by_key=False),
    Kind("suppressed", "B", HOUR, 2 * HOUR, 3, by_key=True, suppression=5 * HOUR),
    Kind("nothing for hours", "B", HOUR, 2 * HOUR, 1, by_key=True, is_absence=True, incidents=TOGETHER),
    Kind("nothing, suppressed", "B", HOUR, 3 * HOUR, 1, by_key=True, suppression=5 * HOUR, is_absence=True),
    Kind("daily", "A", 24 * HOUR, 7 * 24 * HOUR, 20, by_key=True),
)


def fill(service: Service, days: float, seed: int, latest: int) -> None:
    """Events of some days: most arrive within minutes, some hours late, a few as late as it gets. Some lie on the edges
    of windows."""
    source = random.Random(seed)  # noqa: S311 - a simulation
    begin = to_micros(START) - 3 * 24 * HOUR
    for table in ("A", "B"):
        batches: dict[int, list[Event]] = defaultdict(list)
        for hour in range(int(days * 24) + 72):
            base = begin + hour * HOUR
            for _ in range(source.randrange(6)):
                time = base + (source.randrange(HOUR) if source.randrange(6) else 0)
                late = source.choices((5 * MINUTE, 2 * HOUR, latest), (90, 8, 2))[0]
                arrival = time + source.randrange(late)
                batches[-(-arrival // (10 * MINUTE)) * 10 * MINUTE].append(Event(time, source.choice(KEYS)))
            if source.randrange(20) == 0:
                batches.setdefault(base, [])  # a commit that only rewrites
        for arrival in sorted(batches):
            service.lake.commits[table].append((arrival, batches[arrival] or None))


def simulate(
    path: Path, days: float, seed: int, mishaps: Mishaps, *, kinds: Sequence[Kind] = KINDS, latest: int = 7 * 24 * HOUR
) -> Service:
    """Run a service over so many days, and check what it leaves."""
    service = Service(path, kinds, seed, mishaps)
    fill(service, days, seed, latest)
    service.run(days)
    service.check(days)
    return service
