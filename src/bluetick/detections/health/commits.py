"""The commits of a lake's tables of the last two weeks, remembered from one assessment to the next."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Final

from bluetick.detections.health.facts import Arrival
from bluetick.detections.health.silence import REACH
from bluetick.execution.catalog import TIME_COLUMNS
from bluetick.lake.changes import NewRows, new_rows
from bluetick.lake.snapshot import Snapshot

# Of the commits of so long the one with the newest row stands for all: a table may have one every few seconds.
_WIDTH: Final = timedelta(minutes=5)
_DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# So many commits of a table are looked at in all.
_MOST: Final = 20_000


@dataclass(slots=True)
class _Known:
    """Of the commits from `low` to `high`: the newest row by five minutes, and how many rows by hour."""

    time: str | None
    low: int
    high: int
    read: int = 0
    newest: dict[int, Arrival] = field(default_factory=dict)
    rows: dict[int, int] = field(default_factory=dict)

    def add(self, new: NewRows) -> None:
        self.read += 1
        if new.committed is None:
            return
        hour = (new.committed - _EPOCH) // timedelta(hours=1)
        self.rows[hour] = self.rows.get(hour, 0) + (new.rows or 0)
        if new.high is None:
            return
        place = (new.committed - _EPOCH) // _WIDTH
        before = self.newest.get(place)
        if before is None or new.high > before.newest:
            self.newest[place] = Arrival(new.committed, new.high)

    def forget(self, now: datetime) -> None:
        """What is older than anybody asks for."""
        least = (now - REACH - _DAY - _EPOCH) // _WIDTH
        self.newest = {place: one for place, one in self.newest.items() if place >= least}
        day = (now - 2 * _DAY - _EPOCH) // timedelta(hours=1)
        self.rows = {hour: count for hour, count in self.rows.items() if hour >= day}


class CommitHistory:
    """At each look, `at_once` commits of a table are read that were there before; what is new since is read whole."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._tables: dict[Path, _Known] = {}

    def arrivals(self, snapshot: Snapshot, now: datetime) -> tuple[Arrival, ...]:
        """The commits of a table up to a version; none before its past was read. SourceError for a log that cannot be
        read."""
        folder, version = snapshot.folder, snapshot.version
        known = self._tables.get(folder)
        if known is None or version < known.high:  # made anew
            known = self._tables[folder] = _Known(_time_of(snapshot), version + 1, version)
        if version > known.high:
            for new in takewhile(lambda new: new.version <= version, new_rows(folder, known.time, known.high)):
                known.add(new)
            known.high = version
        is_whole = self._has_past(folder, known, now)
        known.forget(now)
        return tuple(known.newest[place] for place in sorted(known.newest)) if is_whole else ()

    def stored(self, now: datetime) -> int:
        """How many rows came into all tables that were looked at, in the last day by whole hours."""
        least = (now - _DAY - _EPOCH) // timedelta(hours=1)
        return sum(count for known in self._tables.values() for hour, count in known.rows.items() if hour >= least)

    def _has_past(self, folder: Path, known: _Known, now: datetime) -> bool:
        """Read the next older commits; whether all are that count."""
        if known.low > 0 and known.read < _MOST and not _reaches(known, now):
            least = max(known.low - self._at_once, 0)
            for new in _between(folder, known, least):
                known.add(new)
            known.low = least
        return known.low <= 0 or known.read >= _MOST or _reaches(known, now)


def _time_of(snapshot: Snapshot) -> str | None:
    """The column of times, if the log has statistics of it."""
    return next((name for name in TIME_COLUMNS if f"max.{name}" in snapshot.actions.column_names), None)


def _reaches(known: _Known, now: datetime) -> bool:
    return bool(known.newest) and min(one.committed for one in known.newest.values()) < now - REACH


def _between(folder: Path, known: _Known, least: int) -> Iterator[NewRows]:
    return takewhile(lambda new: new.version < known.low, new_rows(folder, known.time, least - 1))
