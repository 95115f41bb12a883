"""Windows events in an ingest: which streams are of them, and the process starts that the lake has."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.dataset as ds

from bluetick.lake.folder import DeltaFolder
from bluetick.lake.layout import PROCESSES as FOLDER
from bluetick.lake.layout import is_delta
from bluetick.sources.arrow import arrow_schema
from bluetick.sources.json_objects import read_object
from bluetick.sources.records import Normaliser, Records
from bluetick.sources.windows import PROCESSES, START_SLACK, WindowsEvents, detect

_TIME: Final = "Timestamp"
_KEY: Final = "ProcessUniqueId"
_INSTANT: Final = pa.timestamp("us", "UTC")
_RANGES: Final = 64  # of time, that one look asks a file for; more are joined
_LATEST: Final = 16_384  # starts whose images' hashes are known from the outset


class WindowsRecogniser:
    """A `Recogniser` of Windows events, whose normaliser knows the processes of a lake where there is one."""

    name = "windows"

    def __init__(self, lake: Path | None, now: Callable[[], datetime]) -> None:
        self._lake = lake
        self._now = now

    def matches(self, block: Records) -> int:
        """How many of these sound records are Windows events."""
        return sum(map(_is_event, block.text.to_pylist()))

    def make(self, held: str) -> Normaliser:
        """A normaliser for all streams of an ingest."""
        if self._lake is None:
            return WindowsEvents(now=self._now, held=held)
        stored = StoredProcesses(self._lake)
        return WindowsEvents(now=self._now, known_processes=stored.latest(), lookup=stored, held=held)


class StoredProcesses:
    """A `ProcessLookup` in the lake's table of process starts. It reads no more of it than the starts' times need."""

    def __init__(self, lake: Path) -> None:
        self._folder = lake / FOLDER
        self._table: DeltaFolder | None = None

    def starts(self, guids: Mapping[str, int | None]) -> pa.Table:
        """See `ProcessLookup`."""
        ranges = joined((start - START_SLACK, start + START_SLACK + 1) for start in guids.values() if start is not None)
        if not ranges or not is_delta(self._folder):
            return _nothing()
        snapshot = self._delta().snapshot()
        files = {file for low, high in ranges for file in snapshot.select(_TIME, low, high).files}
        if not files:
            return _nothing()
        wanted = ds.field(_KEY).isin(list(guids))
        return _read(sorted(files), _within(ranges) & wanted)

    def latest(self) -> pa.Table:
        """The starts in the newest files, of which there are enough to know the images of today."""
        if not is_delta(self._folder):
            return _nothing()
        snapshot = self._delta().snapshot()
        span = snapshot.span(_TIME)
        if span is None:
            return _nothing()
        counts = snapshot.actions.column("num_records").to_pylist()
        newest = sorted(zip(snapshot.actions.column(f"max.{_TIME}").to_pylist(), snapshot.files, counts, strict=True))
        files: list[str] = []
        rows = 0
        for _, file, count in reversed(newest):
            if rows >= _LATEST:
                break
            files.append(file)
            rows += count or 0
        found = _read(files, None).sort_by(_TIME)
        return found.slice(max(found.num_rows - _LATEST, 0))

    def _delta(self) -> DeltaFolder:
        if self._table is None:
            self._table = DeltaFolder(self._folder)
        return self._table


def joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The ranges in order, those that meet made one; the nearest too, where there are more than one look asks for."""
    met: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if met and low <= met[-1][1]:
            met[-1] = (met[-1][0], max(met[-1][1], high))
        else:
            met.append((low, high))
    gaps = sorted(range(1, len(met)), key=lambda place: met[place][0] - met[place - 1][1], reverse=True)
    cuts = [0, *sorted(gaps[: _RANGES - 1]), len(met)]
    return [(met[first][0], met[last - 1][1]) for first, last in pairwise(cuts) if first < last]


def _within(ranges: list[tuple[int, int]]) -> ds.Expression:
    time = ds.field(_TIME)
    parts = [(time >= pa.scalar(low, _INSTANT)) & (time < pa.scalar(high, _INSTANT)) for low, high in ranges]
    found = parts[0]
    for part in parts[1:]:
        found |= part
    return found


def _read(files: list[str], condition: ds.Expression | None) -> pa.Table:
    schema = arrow_schema(PROCESSES)
    data = ds.dataset(files, schema=pa.schema([field.with_nullable(True) for field in schema]), format="parquet")
    return data.to_table(filter=condition)


def _nothing() -> pa.Table:
    return arrow_schema(PROCESSES).empty_table()


def _is_event(text: str | None) -> bool:
    try:
        return text is not None and detect(read_object(text.encode()))
    except (ValueError, RecursionError):
        return False
