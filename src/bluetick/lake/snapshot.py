"""One version of a table: its columns, and the files in which rows of a time range may stand, from the log alone."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bluetick.diagnostics.errors import SourceError
from bluetick.lake.columns import LakeColumn

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Delta's statistics cut times to the millisecond, so that a file may hold times up to this much after its maximum.
_CUT: Final = 1_000
_LOWEST: Final = np.iinfo(np.int64).min
_HIGHEST: Final = np.iinfo(np.int64).max

Times = npt.NDArray[np.int64]
Bounds = tuple[Times, Times, npt.NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class FileGroup:
    """Files, and the values that all their rows have by their partition: (column, value), None is the null."""

    files: tuple[str, ...]
    values: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """The files of a time range. `uniform`: they are known to have the same columns."""

    files: tuple[str, ...]
    uniform: bool
    actions: pa.Table = field(repr=False)

    def parted_by(self, columns: Iterable[str]) -> tuple[FileGroup, ...]:
        """The files by their values of these partition columns, which may stand in the log alone."""
        names = tuple(columns)
        if not names:
            return (FileGroup(self.files, ()),)
        values = [self.actions.column(f"partition.{name}").to_pylist() for name in names]
        groups: dict[tuple[Any, ...], list[str]] = {}
        for file, key in zip(self.files, zip(*values, strict=True), strict=True):
            groups.setdefault(key, []).append(file)
        return tuple(FileGroup(tuple(g), tuple(zip(names, key, strict=True))) for key, g in groups.items())


@dataclass(frozen=True)
class Snapshot:
    """A version of a table. `actions` is a row a file, as the log describes it; `is_past`: it was asked for by version
    or time, so that its files may be gone."""

    folder: Path
    version: int
    columns: tuple[LakeColumn, ...]
    partitions: tuple[str, ...]
    actions: pa.Table = field(repr=False)
    is_past: bool = False

    def select(self, column: str | None = None, low: int | None = None, high: int | None = None) -> Selection:
        """The files that may have a row with low <= column < high, in microseconds since 1970; all without a column.
        A row without a time is in no range."""
        chosen: npt.NDArray[np.intp] | None = None
        bounds = None if column is None or (low is None and high is None) else self._bounds(column)
        if bounds is not None:
            least, most, timed = bounds
            keep = timed.copy()
            if low is not None:
                keep &= most >= low
            if high is not None:
                keep &= least < high
            chosen = np.flatnonzero(keep)
        return self._selection(chosen)

    def within(self, column: str | None, low: datetime | None, high: datetime | None) -> Selection:
        """The same by instants."""
        ends = (None if end is None else (end - _EPOCH) // timedelta(microseconds=1) for end in (low, high))
        return self.select(column, *ends)

    def keeping(self, files: Iterable[str]) -> "Snapshot":
        """The same version with these of its files only."""
        wanted = set(files)
        return replace(
            self, actions=self.actions.take(_places(np.flatnonzero([file in wanted for file in self.files])))
        )

    def span(self, column: str) -> tuple[datetime, datetime] | None:
        """The first and the last time of a column, to the millisecond; None where the log does not say."""
        bounds = self._bounds(column)
        if bounds is None or not bounds[2].any():
            return None
        least, most, timed = bounds
        first, last = int(least[timed].min()), int(most[timed].max()) - _CUT
        if first == _LOWEST or last == _HIGHEST - _CUT:
            return None
        return _EPOCH + timedelta(microseconds=first), _EPOCH + timedelta(microseconds=last)

    def first(self, column: str, earliest: datetime) -> datetime | None:
        """The first time of a column, to the millisecond, leaving out files that begin before `earliest`; None where
        the log does not say."""
        bounds = self._bounds(column)
        if bounds is None:
            return None
        least, _, timed = bounds
        known = least[timed & (least >= (earliest - _EPOCH) // timedelta(microseconds=1))]
        return _EPOCH + timedelta(microseconds=int(known.min())) if len(known) else None

    @property
    def rows(self) -> int | None:
        """None where a file's writer did not say."""
        counts = self.actions.column("num_records")
        return None if counts.null_count else int(pc.sum(counts).as_py() or 0)

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(self._path(str(name)) for name in self.actions.column("path").to_pylist())

    @property
    def bytes(self) -> int:
        return int(pc.sum(self.actions.column("size_bytes")).as_py() or 0)

    def _selection(self, chosen: npt.NDArray[np.intp] | None) -> Selection:
        actions = self.actions if chosen is None else self.actions.take(_places(chosen))
        names = [str(name) for name in actions.column("path").to_pylist()]
        files = [self._path(name) for name in names]
        if self.is_past:
            self._refuse_vacuumed(files)
        return Selection(tuple(files), _alike(names), actions)

    @cached_property
    def _cached_bounds(self) -> dict[str, Bounds | None]:
        return {}

    def _bounds(self, column: str) -> Bounds | None:
        """Least and greatest value that each file may have, the widest range where its writer did not say; and
        whether it has one at all."""
        cache = self._cached_bounds
        if column not in cache:
            low, high = self._statistic("min", column), self._statistic("max", column)
            cache[column] = None if low is None or high is None else self._read_bounds(column, low, high)
        return cache[column]

    def _read_bounds(self, column: str, low: Any, high: Any) -> Bounds:
        nulls = f"null_count.{column}"
        timed = np.ones(len(low), dtype=np.bool_)
        if nulls in self.actions.column_names:
            timed = _numbers(self.actions.column(nulls), -1) != _numbers(self.actions.column("num_records"), -2)
        return _micros(low, _LOWEST), _micros(high, _HIGHEST - _CUT) + _CUT, timed

    def _statistic(self, kind: str, column: str) -> Any:
        name = f"{kind}.{column}"
        if name not in self.actions.column_names:
            return None
        values = self.actions.column(name)
        return values if pa.types.is_timestamp(values.type) else None

    def _path(self, name: str) -> str:
        """The log's paths are URL-encoded, and relative to the table unless they name another place."""
        if name.startswith("file:"):
            return unquote(name.removeprefix("file://").removeprefix("file:"))
        if "://" in name:
            raise SourceError(f"the Delta table '{self.folder}' has files that are not local: '{name}'", name)
        return str(self.folder / unquote(name))

    def _refuse_vacuumed(self, files: Iterable[str]) -> None:
        gone = next((file for file in files if not Path(file).exists()), None)
        if gone is not None:
            raise SourceError(
                f"version {self.version} of '{self.folder.name}' cannot be read any more: its file '{gone}' was "
                "removed (by a vacuum, if nothing else removes files there)",
                gone,
            )


# Arrow's own ways to and from numpy load pandas to look at what they are given, which takes longer than all of this.


def _places(chosen: npt.NDArray[np.intp]) -> Any:
    """Row numbers for Arrow."""
    rows = np.ascontiguousarray(chosen, dtype=np.int64)
    return pa.Array.from_buffers(pa.int64(), len(rows), [None, pa.py_buffer(rows.data)])


def _micros(values: Any, missing: int) -> Times:
    return _numbers(values.cast(pa.timestamp("us")), missing)


def _numbers(values: Any, missing: int) -> Times:
    """Whole numbers of 64 bits, with a number for null."""
    array = values.combine_chunks()
    count, first = len(array), array.offset
    if not count:
        return np.empty(0, dtype=np.int64)
    valid, data = array.buffers()
    found = np.frombuffer(data, dtype=np.int64)[first : first + count].copy()
    if valid is not None:
        bits = np.unpackbits(np.frombuffer(valid, dtype=np.uint8), bitorder="little")[first : first + count]
        found[bits == 0] = missing
    return found


def _alike(names: list[str]) -> bool:
    """Whether all are files of ours with the same columns, as their names tell (see `data_file_name`)."""
    marks = {mark_in(name) for name in names}
    return len(names) < 2 or (len(marks) == 1 and None not in marks)


def data_file_name(mark: str, unique: str) -> str:
    """A data file's name, which tells by `mark` what columns it has."""
    return f"bluetick-{mark}-{unique}.parquet"


def mark_in(path: str) -> str | None:
    """The mark in a file's name, None where another wrote it."""
    parts = path.rpartition("/")[2].split("-")
    return parts[1] if parts[0] == "bluetick" and len(parts) == 3 else None
