"""A detection service over an in-memory lake, in simulated time, with all that can go wrong; and, beside it, what a
service that is never late and never ends would have said, computed from the data alone."""

import json
import random
import sqlite3
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from pathlib import Path

from bluetick.detections.ledger.alerts import Finding
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.rules import Rule
from bluetick.detections.ledger.times import to_micros, to_moment
from bluetick.detections.ledger.windows import Change, Failure, Outcome
from bluetick.detections.schedule.scheduler import Pace, Scheduler, Surroundings
from bluetick.diagnostics.errors import SourceError

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = 3_600_000_000
MINUTE = 60_000_000


class Crash(BaseException):
    """The process ends here."""


@dataclass(slots=True)
class Clock:
    """Simulated time. `offset` is how wrong the machine's clock is."""

    at: int = to_micros(START)
    offset: int = 0

    def now(self) -> datetime:
        return to_moment(self.at + self.offset)

    def sleep(self, seconds: float) -> None:
        self.at += max(1, int(seconds * 1e6))


@dataclass(frozen=True, slots=True, order=True)
class Event:
    time: int
    key: str


@dataclass(slots=True)
class Lake:
    """Tables of events; a commit is (arrival, events), in order. One of None rewrites rows and brings none."""

    clock: Clock
    commits: dict[str, list[tuple[int, list[Event] | None]]] = field(default_factory=lambda: defaultdict(list))
    _read: dict[str, tuple[int, list[Event]]] = field(default_factory=dict)

    def version(self, table: str) -> int:
        """How many commits have arrived."""
        return bisect_right(self.commits[table], self.clock.at, key=itemgetter(0)) - 1

    def since(self, versions: Mapping[str, int]) -> Sequence[Change]:
        found = []
        for table in sorted(self.commits):
            for number in range(versions.get(table, -1) + 1, self.version(table) + 1):
                events = self.commits[table][number][1]
                if events:
                    times = [event.time for event in events]
                    found.append(Change(table, number, min(times), max(times)))
        return found

    def events(self, table: str, version: int) -> list[Event]:
        """All events of a version, by time."""
        known, events = self._read.get(table, (-1, []))
        if known < version:
            new = [event for _, some in self.commits[table][known + 1 : version + 1] for event in some or ()]
            events = sorted([*events, *new])
            self._read[table] = (version, events)
            return events
        assert known == version, "a lake only grows"
        return events


@dataclass(frozen=True, slots=True)
class Kind:
    """A rule of the simulation: keys with at least `least` events within the lookback; one alert a key, or a run."""

    id: str
    table: str
    frequency: int
    lookback: int
    least: int
    by_key: bool
    suppression: int = 0
    delay: int = 5 * MINUTE

    def rule(self) -> Rule:
        def micros(value: int) -> timedelta:
            return timedelta(microseconds=value)

        return Rule(
            id=self.id,
            version="1",
            name=self.id,
            frequency=micros(self.frequency),
            lookback=micros(self.lookback),
            delay=micros(self.delay),
            tables=frozenset({self.table}),
            document=self.id,
            start=START,
            suppression=micros(self.suppression),
        )

    def findings(self, events: list[Event], hi: int) -> tuple[Finding, ...]:
        """What a window finds among the events, which are in order."""
        low, high = (bisect_left(events, Event(time, "")) for time in (hi - self.lookback, hi))
        counts: dict[str, int] = defaultdict(int)
        for event in events[low:high]:
            counts[event.key] += 1
        found = {key: count for key, count in sorted(counts.items()) if count >= self.least}
        if self.by_key:
            return tuple(Finding(key, json.dumps({"key": key, "count": count})) for key, count in found.items())
        return (Finding(f"window {hi}", json.dumps(found)),) if found else ()


@dataclass(slots=True)
class Evaluator:
    """Evaluates kinds over the lake as it is when an evaluation begins; fails now and then. `meanwhile` is what another
    worker does during an evaluation."""

    lake: Lake
    kinds: Mapping[str, Kind]
    fault: Callable[[], str]
    meanwhile: Callable[[], None]
    seconds: float = 0.05

    def evaluate(self, document: str, ends: Sequence[datetime]) -> Iterator[Outcome | Failure]:
        kind = self.kinds[document]
        version = self.lake.version(kind.table)
        events = self.lake.events(kind.table, version)
        for end in ends:
            self.lake.clock.sleep(self.seconds)
            self.meanwhile()
            if reason := self.fault():
                yield Failure(reason)
                return
            hi = to_micros(end)
            found = kind.findings(events, hi)
            yield Outcome(hi, len(found), bool(found), found, {kind.table: version})


@dataclass(slots=True)
class Workers:
    """Those that began since the machine was started."""

    count: int = 0
    alive: set[str] = field(default_factory=set)

    def begin(self) -> str:
        self.count += 1
        self.alive.add(f"worker {self.count}")
        return f"worker {self.count}"

    def is_alive(self, worker: str) -> bool:
        return worker in self.alive

    def end(self, worker: str) -> None:
        self.alive.discard(worker)


@dataclass(frozen=True, slots=True)
class Mishaps:
    """How much goes wrong. `crash_at`: end the process at exactly this commit (and half of one), counted from 0."""

    crash_every: int = 400
    fault_every: int = 150
    full_every: int = 900
    outage_every: int = 250
    step_every: int = 300
    beside_every: int = 12
    crash_at: int | None = None


CALM = Mishaps(0, 0, 0, 0, 0, 0)


class Service:
    """Runs the scheduler for some days, starting it again whenever it ends."""

    def __init__(self, path: Path, kinds: Sequence[Kind], seed: int, mishaps: Mishaps) -> None:
        self.random = random.Random(seed)  # noqa: S311 - a simulation
        self.clock = Clock()
        self.lake = Lake(self.clock)
        self.kinds = {kind.id: kind for kind in kinds}
        self.mishaps = mishaps
        self.workers = Workers()
        self.commits = self.crashes = self.latest = 0
        self._path = path
        self._evaluator = Evaluator(self.lake, self.kinds, self._fault, self._meanwhile)
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

    def _live(self, ledgers: Sequence[Ledger], end: int) -> None:
        around = Surroundings(self.clock, self.lake, self._evaluator, self.workers)
        pace = Pace(settling=timedelta(minutes=3), looking=timedelta(minutes=10))
        scheduler, self._beside = (Scheduler(ledger, around, pace) for ledger in ledgers)
        scheduler.register([kind.rule() for kind in self.kinds.values()])
        while self.clock.at < end or self._has_work(ledgers[0]):
            if self.clock.at >= end:
                self.clock.offset = 0
            self._step(scheduler)

    def _meanwhile(self) -> None:
        """A worker beside this one works, while time passes and data comes in."""
        if self._beside is None or self._is_beside or not self._happens(self.mishaps.beside_every):
            return
        self.clock.sleep(self.random.choice((1, 60, 900)))
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

    def _has_work(self, ledger: Ledger) -> bool:
        return bool(ledger.read("SELECT 1 FROM window WHERE status <> 'done' LIMIT 1"))

    def _happens(self, every: int) -> bool:
        return every > 0 and self.random.randrange(every) == 0

    def _downtime(self) -> float:
        return self.random.choice((1, 60, 3_000, 5 * 3_600)) if self.mishaps.crash_at is None else 1

    def _fault(self) -> str:
        return "the engine is out of memory" if self._happens(self.mishaps.fault_every) else ""

    def _at_commit(self, where: str) -> None:
        self.commits += 1
        if self.commits - 1 == self.mishaps.crash_at or self._happens(self.mishaps.crash_every):
            raise Crash
        if where == "before" and self._happens(self.mishaps.full_every):
            raise sqlite3.OperationalError("database or disk is full")


# --- what is right ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class Expected:
    """An alert that must be there, and no other."""

    rule: str
    key: str
    first: int
    last: int
    content: str


def expected_alerts(lake: Lake, kind: Kind, until: int) -> list[Expected]:
    """What a service that is on time, with all data there, says of a rule: windows in order, one after another."""
    events = sorted(event for _, some in lake.commits[kind.table] for event in some or ())
    first = -(-to_micros(START) // kind.frequency) * kind.frequency
    alerts: dict[str, Expected] = {}
    found: list[Expected] = []
    raised: int | None = None
    for hi in range(first, until + 1, kind.frequency):
        findings = kind.findings(events, hi)
        if not findings or (kind.suppression and raised is not None and hi < raised + kind.suppression):
            continue
        raised = hi
        for finding in findings:
            known = alerts.get(finding.key)
            if known is not None and hi - known.last <= max(kind.lookback, kind.frequency):
                alerts[finding.key] = Expected(kind.id, finding.key, known.first, hi, finding.content)
                continue
            if known is not None:
                found.append(known)
            alerts[finding.key] = Expected(kind.id, finding.key, hi, hi, finding.content)
    return sorted([*found, *alerts.values()])


def alerts_of(ledger: Ledger, rule: str) -> list[Expected]:
    """The alerts in a ledger that are not retracted."""
    rows = ledger.read("SELECT rule, key, first, last, content FROM alert WHERE rule = ? AND NOT is_retracted", (rule,))
    return sorted(Expected(*row) for row in rows)


def check(ledger: Ledger, service: Service, days: float) -> None:
    """No window is absent or open, none is there twice, and the alerts are those of an undisturbed service."""
    for kind in service.kinds.values():
        rows = [row["hi"] for row in ledger.read("SELECT hi FROM window WHERE rule = ? ORDER BY hi", (kind.id,))]
        first = -(-to_micros(START) // kind.frequency) * kind.frequency
        assert rows == list(range(first, rows[-1] + 1, kind.frequency)), f"windows of {kind.id} are absent"
        assert rows[-1] + kind.frequency + kind.delay > to_micros(START) + int(days * 24 * HOUR)
        assert not ledger.read("SELECT hi FROM window WHERE rule = ? AND status <> 'done'", (kind.id,))
        assert alerts_of(ledger, kind.id) == expected_alerts(service.lake, kind, rows[-1]), kind.id
    _check_messages(ledger)


def _check_messages(ledger: Ledger) -> None:
    """Each alert was told of once; a retraction and what takes it back alternate."""
    said: dict[str, list[str]] = defaultdict(list)
    for row in ledger.read("SELECT alert, kind FROM outbox ORDER BY id"):
        said[row["alert"]].append(row["kind"])
    for row in ledger.read("SELECT id, is_retracted FROM alert"):
        kinds = said.pop(row["id"])
        expected = ["raised", *(("retracted", "restored")[number % 2] for number in range(len(kinds) - 1))]
        assert kinds == expected
        assert (kinds[-1] == "retracted") == bool(row["is_retracted"])
    assert not said
    assert not ledger.read("SELECT alert, revision, kind FROM outbox GROUP BY 1, 2, 3 HAVING count(*) > 1")


KINDS = (
    Kind("hourly count", "A", HOUR, HOUR, 3, by_key=True),
    Kind("hourly over a day", "A", HOUR, 24 * HOUR, 9, by_key=True),
    Kind("six hours in one alert", "B", 6 * HOUR, 12 * HOUR, 4, by_key=False),
    Kind("suppressed", "B", HOUR, 2 * HOUR, 3, by_key=True, suppression=5 * HOUR),
    Kind("daily", "A", 24 * HOUR, 7 * 24 * HOUR, 20, by_key=True),
)


def fill(service: Service, days: float, seed: int, latest: int) -> None:
    """Events of some days: most arrive within minutes, some hours late, a few as late as it gets."""
    source = random.Random(seed)  # noqa: S311 - a simulation
    begin = to_micros(START) - 3 * 24 * HOUR
    for table in ("A", "B"):
        batches: dict[int, list[Event]] = defaultdict(list)
        for hour in range(int(days * 24) + 72):
            base = begin + hour * HOUR
            for _ in range(source.randrange(6)):
                event = Event(base + source.randrange(HOUR), source.choice(("k1", "k2", "k3")))
                late = source.choices((5 * MINUTE, 2 * HOUR, latest), (90, 8, 2))[0]
                arrival = event.time + source.randrange(late)
                batches[-(-arrival // (10 * MINUTE)) * 10 * MINUTE].append(event)
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
    ledger = Ledger(path)
    try:
        check(ledger, service, days)
    finally:
        ledger.close()
    return service
