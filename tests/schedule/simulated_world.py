"""What surrounds a simulated service: time, a lake in memory, rules that are evaluated over it, workers."""

import json
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import NamedTuple

from bluetick.detections.alerting import Incidents
from bluetick.detections.ledger.alerts import Finding
from bluetick.detections.ledger.rules import Rule
from bluetick.detections.ledger.times import to_micros, to_moment
from bluetick.detections.ledger.windows import Change, Failure, Outcome

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = 3_600_000_000
MINUTE = 60_000_000
KEYS = ("k1", "k2", "k3")


@dataclass(slots=True)
class Clock:
    """Simulated time. `offset` is how wrong the machine's clock is."""

    at: int = to_micros(START)
    offset: int = 0

    def now(self) -> datetime:
        return to_moment(self.at + self.offset)

    def sleep(self, seconds: float) -> None:
        self.at += max(1, int(seconds * 1e6))


class Event(NamedTuple):
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
        """All events of a version, by time. The list of an earlier version stays as it was."""
        known, events = self._read.get(table, (-1, []))
        if known < version:
            events = events.copy()
            for _, some in self.commits[table][known + 1 : version + 1]:
                for event in some or ():
                    insort(events, event)
            self._read[table] = (version, events)
            return events
        assert known == version, "a lake only grows"
        return events


@dataclass(frozen=True, slots=True)
class Kind:
    """A version of a rule of the simulation: keys with at least `least` events within the lookback (`is_absence`: with
    fewer); one alert a key, or a run."""

    id: str
    table: str
    frequency: int
    lookback: int
    least: int
    by_key: bool
    suppression: int = 0
    delay: int = 5 * MINUTE
    is_absence: bool = False
    incidents: Incidents = Incidents()  # noqa: RUF009 - it is frozen
    version: int = 1

    @property
    def document(self) -> str:
        return f"{self.id} {self.version}"

    def rule(self) -> Rule:
        def micros(value: int) -> timedelta:
            return timedelta(microseconds=value)

        return Rule(
            id=self.id,
            version=str(self.version),
            name=self.id,
            frequency=micros(self.frequency),
            lookback=micros(self.lookback),
            delay=micros(self.delay),
            tables=frozenset({self.table}),
            document=self.document,
            start=START,
            suppression=micros(self.suppression),
            incidents=self.incidents,
        )

    @property
    def first(self) -> int:
        """The end of its first window."""
        return -(-to_micros(START) // self.frequency) * self.frequency

    def findings(self, events: list[Event], hi: int) -> tuple[Finding, ...]:
        """What a window finds among the events, which are in order."""
        low, high = (bisect_left(events, (time, "")) for time in (hi - self.lookback, hi))
        counts: dict[str, int] = dict.fromkeys(KEYS, 0)
        for _, key in events[low:high]:
            counts[key] += 1
        found = {key: count for key, count in counts.items() if (count >= self.least) != self.is_absence}
        if self.by_key:
            return tuple(Finding(key, _content(key, count)) for key, count in found.items())
        return (Finding(f"window {hi}", json.dumps(found)),) if found else ()


def _content(key: str, count: int) -> str:
    """Of an alert: whether there were more than a few is what may group it with others."""
    size = "many" if count > 3 else "few"
    return f'{{"key": "{key}", "count": {count}, "custom_details": {{"size": ["{size}"]}}}}'


@dataclass(slots=True)
class Evaluator:
    """Evaluates documents over the lake as it is when an evaluation begins; fails now and then. `meanwhile` is what
    another worker does during an evaluation."""

    lake: Lake
    documents: Mapping[str, Kind]
    fault: Callable[[], Failure | None]
    meanwhile: Callable[[], None]
    seconds: float = 0.05

    def evaluate(self, document: str, ends: Sequence[datetime]) -> Iterator[Outcome | Failure]:
        kind = self.documents[document]
        version = self.lake.version(kind.table)
        events = self.lake.events(kind.table, version)
        for end in ends:
            self.lake.clock.sleep(self.seconds)
            self.meanwhile()
            if failure := self.fault():
                yield failure
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
