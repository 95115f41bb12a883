"""How full the columns of each source have been over time: which went empty, and which sources fell silent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import pyarrow.json as pj
import pyarrow.parquet as pq

from bluetick.lake.failures import reading
from bluetick.lake.fill import Fill, add_up
from bluetick.lake.snapshot import Snapshot

Counts: TypeAlias = npt.NDArray[np.int64]
_BLOCK: Final = 1 << 20  # bytes of JSON that Arrow reads at once; a text must fit into one block
_BYTES: Final = 4  # of a letter, at most
_LAST: Final = datetime.max.replace(tzinfo=UTC)
# What came before is judged by so many slots with rows: a week, where there are rows each hour.
_RECENT: Final = 168
# A column went empty where it was filled in at least this part of at least so many rows of so many hours, and at least
# so many rows have come since, of which so many would have been filled at that rate.
_LEAST_RATE: Final = 0.05
_LEAST_ROWS: Final = 100
_LEAST_FILLED_SLOTS: Final = 3
_LEAST_EXPECTED: Final = 20
# ... and the hours without a value are more than twice as many as ever stood between two with one.
_TIMES_EMPTY: Final = 2
# A source is silent after more than three times its longest pause, and more than three hours, if it had rows in this
# many hours.
_TIMES_PAUSE: Final = 3
_LEAST_SILENCE: Final = timedelta(hours=3)
_LEAST_SLOTS: Final = 6
# Rows that came in so long after their hour began came as they happened.
_LIVE: Final = timedelta(hours=2)
# How full a column was over time is told of so many parts of it at most.
_PARTS: Final = 24


@dataclass(frozen=True, slots=True)
class Series:
    """A source in a table, slot by slot in the order of time; rows without a time are in none."""

    table: str
    source: str
    starts: tuple[datetime, ...]
    ends: tuple[datetime, ...]
    received: tuple[datetime | None, ...]
    rows: Counts = field(repr=False)
    filled: Mapping[str, Counts] = field(repr=False)

    def rate(self, column: str) -> float:
        """Which part of all rows has a value."""
        return float(self.filled[column].sum() / self.rows.sum()) if column in self.filled else 0.0

    def over_time(self, column: str, begin: datetime, width: timedelta, parts: int) -> list[float | None]:
        """The same of parts of the time that are so wide; None where there was no row."""
        places = np.array([min((start - begin) // width, parts - 1) for start in self.starts])
        rows = np.bincount(places, self.rows, parts)
        filled = np.bincount(places, self.filled[column], parts)
        return [float(f / r) if r else None for f, r in zip(filled, rows, strict=True)]

    def before(self, now: datetime) -> "Series | None":
        """Without the slots that begin later: times of the future are wrong. None where nothing is left."""
        known = sum(start <= now for start in self.starts)
        if not known:
            return None
        filled = {name: counts[:known] for name, counts in self.filled.items() if counts[:known].any()}
        ends, received = self.ends[:known], self.received[:known]
        return replace(
            self, starts=self.starts[:known], ends=ends, received=received, rows=self.rows[:known], filled=filled
        )


@dataclass(frozen=True, slots=True)
class WentEmpty:
    """A column that was filled in `rate` of the rows until a moment, and in none of the rows since."""

    table: str
    source: str
    column: str
    rate: float
    until: datetime
    rows_since: int


@dataclass(frozen=True, slots=True)
class FellSilent:
    """A source without a row since a moment, where it never paused for longer than `pause`."""

    table: str
    source: str
    until: datetime
    silence: timedelta
    pause: timedelta


def parts_of_time(every: Sequence[Series]) -> tuple[datetime, timedelta, int]:
    """When the first of equal parts of the series' time begins, how wide they are (whole hours), and how many."""
    begin, end = min(series.starts[0] for series in every), max(series.ends[-1] for series in every)
    width = max(-((begin - end) // _PARTS // timedelta(hours=1)), 1) * timedelta(hours=1)
    return begin, width, max(-((begin - end) // width), 1)


def read_series(snapshot: Snapshot) -> list[Series]:
    """The series that a version of the table of fill rates tells of, by table and source."""
    with reading(snapshot.folder):
        found = add_up(pq.ParquetFile(file).read() for file in snapshot.files)
    slots: dict[tuple[str, str], list[tuple[datetime, int, Fill]]] = {}
    for slot, fill in found.items():
        if slot.start is not None:
            slots.setdefault((slot.table, slot.source), []).append((slot.start, slot.hours, fill))
    return [_series(*key, sorted(each, key=lambda item: item[:2])) for key, each in sorted(slots.items())]


def _series(table: str, source: str, slots: Sequence[tuple[datetime, int, Fill]]) -> Series:
    return Series(
        table,
        source,
        tuple(start for start, _, _ in slots),
        tuple(start + min(timedelta(hours=hours), _LAST - start) for start, hours, _ in slots),
        tuple(fill.received for _, _, fill in slots),
        np.array([fill.rows for _, _, fill in slots], dtype=np.int64),
        _filled([fill.filled for _, _, fill in slots]),
    )


def _filled(texts: Sequence[str]) -> dict[str, Counts]:
    """Filled values by column, a number for each text. (Arrow reads a year of hours ten times as fast as json.)"""
    lines = "\n".join(texts).encode()
    options = pj.ReadOptions(use_threads=False, block_size=max(_BLOCK, 2 * max(map(len, texts)) * _BYTES))
    found = pj.read_json(BytesIO(lines), options)
    columns: dict[str, Any] = dict(zip(found.column_names, found.columns, strict=True))
    return {name: pc.fill_null(column, 0).to_numpy() for name, column in columns.items()}


def went_empty(series: Series) -> list[WentEmpty]:
    """The columns that were filled and no longer are."""
    found = []
    for column, counts in sorted(series.filled.items()):
        ended = _emptied(series, counts)
        if ended is not None:
            last, rate = ended
            since = int(series.rows[last + 1 :].sum())
            found.append(WentEmpty(series.table, series.source, column, rate, series.ends[last], since))
    return found


def _emptied(series: Series, counts: Counts) -> tuple[int, float] | None:
    """The last slot with a value and the rate until then; None where the column did not go empty."""
    filled = np.flatnonzero(counts)
    last = int(filled[-1])
    first = max(last + 1 - _RECENT, 0)
    before = int(series.rows[first : last + 1].sum())
    since = int(series.rows[last + 1 :].sum())
    rate = float(counts[first : last + 1].sum() / before)
    recent = filled[filled >= first]
    gap = int(np.diff(recent).max(initial=1)) - 1
    is_sure = (
        before >= _LEAST_ROWS
        and rate >= _LEAST_RATE
        and len(recent) >= _LEAST_FILLED_SLOTS
        and since >= _LEAST_ROWS
        and rate * since >= _LEAST_EXPECTED
        and len(counts) - 1 - last > _TIMES_EMPTY * gap
    )
    return (last, rate) if is_sure else None


def fell_silent(every: Sequence[Series], now: datetime) -> list[FellSilent]:
    """The sources from which nothing comes any more. One whose rows came in as they happened is measured by the clock,
    one that was read later (files of last year) by the newest rows of all."""
    newest = min(max((series.ends[-1] for series in every), default=now), now)
    found = [_silence(series, now if _was_live(series) else newest) for series in every]
    return [silence for silence in found if silence is not None]


def _was_live(series: Series) -> bool:
    received = series.received[-1]
    return received is not None and received - series.starts[-1] <= _LIVE


def _silence(series: Series, moment: datetime) -> FellSilent | None:
    starts, ends = series.starts[-_RECENT:], series.ends[-_RECENT:]
    pauses = (start - end for start, end in zip(starts[1:], ends[:-1], strict=True))
    pause = max(pauses, default=timedelta(0))
    silence = moment - ends[-1]
    if len(starts) < _LEAST_SLOTS or silence <= max(_LEAST_SILENCE, _TIMES_PAUSE * pause):
        return None
    return FellSilent(series.table, series.source, ends[-1], silence, pause)
