"""Gathers the facts of an assessment: from the ledger, from the lake's logs and fill rates, from the file systems."""

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from bluetick.detections.fit import find_needs
from bluetick.detections.health.commits import CommitHistory
from bluetick.detections.health.facts import Disk, Facts, Heartbeat, Owed, RuleFacts, TableFacts
from bluetick.detections.health.kept_aside import KeptAside
from bluetick.detections.lacks import fill_rates
from bluetick.detections.ledger.conditions import last_beat
from bluetick.detections.ledger.deliveries import output_health
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_moment
from bluetick.detections.publishing.tables import ALERT, ALERT_EVIDENCE, ALERT_INFO, HEALTH, INCIDENT
from bluetick.detections.schedule.rules import stored
from bluetick.lake.layout import SIGNALS
from bluetick.session import Session

if TYPE_CHECKING:
    from bluetick.lake.fullness import FellSilent, Series, WentEmpty

# The service fills these itself, when there is something to say.
_OWN: Final = frozenset({SIGNALS, ALERT, INCIDENT, ALERT_INFO, ALERT_EVIDENCE, HEALTH})
_MICROSECOND: Final = timedelta(microseconds=1)


class Usage(Protocol):
    """What `shutil.disk_usage` gives."""

    @property
    def total(self) -> int: ...

    @property
    def free(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Places:
    """Where the lake and the ledger lie, and how to ask for room."""

    lake: Path
    ledger: Path
    usage: Callable[[Path], Usage] = shutil.disk_usage


class Gathering:
    """Remembers from one assessment to the next what need not be read again. `session` gives the one over the lake."""

    def __init__(self, ledger: Ledger, session: Callable[[], Session], places: Places, *, at_once: int) -> None:
        self._ledger = ledger
        self._session = session
        self._places = places
        self._history = CommitHistory(at_once)
        self._kept = KeptAside(places.lake)
        self._series: tuple[int, list[Series]] = (-1, [])
        self._needs: dict[tuple[str, str], frozenset[tuple[str, str]]] = {}

    def facts(self, now: datetime, heartbeat_within: timedelta | None = None) -> Facts:
        """All that is known at an instant. The heartbeat is among it where it is asked how old it may be."""
        session = self._session().pinned()
        silent, emptied = self._fullness(session, now)
        tables = tuple(self._tables(session, now))
        last_run = self._ledger.read("SELECT max(id) AS id, finished FROM run")[0]["finished"]
        return Facts(
            tuple(rule_facts(self._ledger)),
            tables,
            silent,
            emptied,
            self._readers(session, {(one.table, one.column) for one in emptied}),
            tuple(self._disks()),
            self._kept.records(now),
            self._history.stored(now),
            tuple(_owed(self._ledger)),
            None if last_run is None else to_moment(last_run),
            None if heartbeat_within is None else _heartbeat(self._ledger, heartbeat_within),
        )

    def _tables(self, session: Session, now: datetime) -> Iterable[TableFacts]:
        """Those of the lake that others fill."""
        for name in sorted(session.catalog.names()):
            if name in _OWN:
                continue
            table = session.catalog.table(name)
            if table is not None and table.view is None and table.snapshot is not None:
                arrivals = self._history.arrivals(table.snapshot, now)
                yield TableFacts(name, arrivals)

    def _fullness(self, session: Session, now: datetime) -> "tuple[tuple[FellSilent, ...], tuple[WentEmpty, ...]]":
        rates = fill_rates(session)
        if rates is None:
            return (), ()
        from bluetick.lake.fullness import fell_silent, read_series, went_empty  # noqa: PLC0415 - only a lake needs it

        if rates.version != self._series[0]:
            self._series = (rates.version, read_series(rates))
        others = (series for series in self._series[1] if series.table not in _OWN)
        known = [before for series in others if (before := series.before(now)) is not None]
        return tuple(fell_silent(known, now)), tuple(one for series in known for one in went_empty(series))

    def _readers(self, session: Session, columns: Iterable[tuple[str, str]]) -> dict[tuple[str, str], frozenset[str]]:
        """Of columns the rules whose results depend on them. Only rules that read such a table are bound."""
        wanted = set(columns)
        tables = {table for table, _ in wanted}
        found: dict[tuple[str, str], frozenset[str]] = {}
        for row in _current(self._ledger):
            if tables.isdisjoint(json.loads(row["tables"])):
                continue
            for column in wanted & self._needs_of(session, row):
                found[column] = found.get(column, frozenset()) | {row["id"]}
        return found

    def _needs_of(self, session: Session, row: Any) -> frozenset[tuple[str, str]]:
        key = (row["id"], row["version"])
        if key not in self._needs:
            columns = find_needs(session, stored(row["document"]).detection).columns
            self._needs[key] = frozenset((table, column) for table, names in columns.items() for column in names)
        return self._needs[key]

    def _disks(self) -> Iterable[Disk]:
        lake, ledger = self._places.lake, self._places.ledger.resolve().parent
        is_one = lake.stat().st_dev == ledger.stat().st_dev
        named = {"lake and the ledger": lake} if is_one else {"lake": lake, "ledger": ledger}
        for name, path in named.items():
            usage = self._places.usage(path)
            yield Disk(name, usage.free, usage.total)


def rule_facts(ledger: Ledger) -> list[RuleFacts]:
    """Every rule that is not retired. Of windows that ran before and are to run again it counts from when they are due
    again; failed ones are told of as such."""
    waiting = {row["rule"]: row for row in ledger.read(_WAITING)}
    failed = {row["rule"]: row for row in ledger.read(_FAILED)}
    found = []
    for row in _current(ledger):
        late = [row["next"] + row["delay"]]
        if row["id"] in waiting:
            late.append(waiting[row["id"]]["late"])
        failure = failed.get(row["id"])
        found.append(
            RuleFacts(
                row["id"],
                row["name"],
                row["frequency"] * _MICROSECOND,
                to_moment(min(late)),
                frozenset(json.loads(row["tables"])),
                row["pause"],
                0 if failure is None else failure["n"],
                None if failure is None else to_moment(failure["first"]),
                "" if failure is None else _error(ledger, row["id"], failure["last"]),
            )
        )
    return found


_WAITING: Final = (
    "SELECT window.rule, min(CASE WHEN finished IS NULL THEN hi + delay ELSE due END) AS late"
    " FROM window INDEXED BY window_open JOIN rule_version USING (rule, version) WHERE status = 'dirty'"
    " AND status <> 'done' GROUP BY window.rule"
)
_FAILED: Final = (
    "SELECT rule, count(*) AS n, min(hi) AS first, max(hi) AS last FROM window INDEXED BY window_open"
    " WHERE status = 'failed' AND status <> 'done' GROUP BY rule"
)


def _error(ledger: Ledger, rule: str, hi: int) -> str:
    found: str = ledger.read("SELECT error FROM window WHERE rule = ? AND hi = ?", (rule, hi))[0]["error"]
    return found


def _current(ledger: Ledger) -> list[Any]:
    text = (
        "SELECT rule.id, rule.version, rule.next, rule.pause, name, frequency, delay, tables, document FROM rule"
        " JOIN rule_version ON rule_version.rule = rule.id AND rule_version.version = rule.version"
        " WHERE rule.state <> 'retired' ORDER BY rule.id"
    )
    return list(ledger.read(text))


def _owed(ledger: Ledger) -> Iterable[Owed]:
    for output in output_health(ledger):
        if output.owed and output.since is not None:
            yield Owed(output.name, output.owed, to_moment(output.since))


def _heartbeat(ledger: Ledger, within: timedelta) -> Heartbeat:
    last = last_beat(ledger)
    return Heartbeat(None if last is None else to_moment(last), within)
