"""Rows to data files: parted by day, sorted by time, zstd, with what the log tells of each file."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bluetick.diagnostics.errors import SourceError
from bluetick.lake.columns import LakeColumn, arrow_type, mark_of
from bluetick.lake.failures import writing
from bluetick.lake.layout import DAY
from bluetick.lake.snapshot import data_file_name

# A row group is what a reader skips or reads; a file is what the log lets a query not open at all.
ROW_GROUP: Final = 131_072
FILE_ROWS: Final = 1_048_576
_EPOCH: Final = date(1970, 1, 1)
_NULL_DAY: Final = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of rows, of no version yet or of one. `path` is relative to the table."""

    path: str
    size: int
    day: str | None
    rows: int
    stats: str

    def to_json(self) -> dict[str, Any]:
        return {"path": self.path, "size": self.size, "day": self.day, "rows": self.rows, "stats": self.stats}

    @classmethod
    def of_json(cls, item: Mapping[str, Any]) -> "DataFile":
        return cls(item["path"], item["size"], item["day"], item["rows"], item["stats"])

    @classmethod
    def of_action(cls, action: Mapping[str, Any]) -> "DataFile":
        """One that a version has, as `file_actions` tells of it; one whose writer did not count its rows has none."""
        day = action.get(f"partition.{DAY}")
        return cls(
            action["path"], action["size_bytes"], None if day is None else str(day), action["num_records"] or 0, ""
        )


def write_data(
    folder: Path, rows: pa.Table, columns: tuple[LakeColumn, ...], time: str, file_rows: int = FILE_ROWS
) -> list[DataFile]:
    """Writes rows into new files of a table's folder; no query sees them before a commit names them."""
    data = _stored(rows, columns, folder)
    mark = mark_of(tuple(column for column in columns if column.name in data.column_names))
    files: list[DataFile] = []
    with writing(folder):
        try:
            for day, part in _by_day(data, time):
                for first in range(0, part.num_rows, file_rows):
                    files.append(_write_file(folder, part.slice(first, file_rows), day, time, mark))
        except BaseException:
            discard(folder, files)
            raise
    return files


def discard(folder: Path, files: list[DataFile]) -> None:
    """Removes files that no commit will name."""
    for file in files:
        (folder / file.path).unlink(missing_ok=True)


def _stored(rows: pa.Table, columns: tuple[LakeColumn, ...], folder: Path) -> pa.Table:
    """The rows in the stored types; a value that does not fit is a SourceError."""
    types = {column.name: arrow_type(column.type) for column in columns}
    arrays = []
    for name in rows.column_names:
        try:
            arrays.append(rows.column(name).cast(types[name]))
        except (pa.ArrowException, KeyError) as error:
            raise SourceError(
                f"the column '{name}' of rows for '{folder.name}' does not fit the table: {error}", column=name
            ) from error
    return pa.table(arrays, names=rows.column_names)


def _by_day(data: pa.Table, time: str) -> Iterator[tuple[str | None, pa.Table]]:
    """Parts of one day each, sorted by time; rows without a time are a part of their own."""
    ordered = data.take(pc.sort_indices(data, sort_keys=[(time, "ascending")]))
    times = ordered.column(time)
    known = len(times) - times.null_count
    days = times.slice(0, known).cast(pa.timestamp("us")).cast(pa.int64()).to_numpy() // 86_400_000_000
    starts = [0, *(np.flatnonzero(np.diff(days)) + 1).tolist(), known]
    for first, last in pairwise(starts):
        if last > first:
            yield str(_EPOCH + timedelta(days=int(days[first]))), ordered.slice(first, last - first)
    if times.null_count:
        yield None, ordered.slice(known)


def _write_file(folder: Path, part: pa.Table, day: str | None, time: str, mark: str) -> DataFile:
    path = f"{DAY}={day or _NULL_DAY}/{data_file_name(mark, uuid4().hex)}"
    full = folder / path
    full.parent.mkdir(parents=True, exist_ok=True)
    try:
        # Repeated texts are most of a log; a rising number is smaller as its differences.
        pq.write_table(
            part,
            full,
            row_group_size=ROW_GROUP,
            compression="zstd",
            use_dictionary=[name for name in part.column_names if name != time],  # type: ignore[arg-type]  # the stubs know bool only
            column_encoding={time: "DELTA_BINARY_PACKED"},
            coerce_timestamps="us",
            sorting_columns=[pq.SortingColumn(part.column_names.index(time))],
        )
        flush(full)
    except BaseException:
        full.unlink(missing_ok=True)
        raise
    return DataFile(path, full.stat().st_size, day, part.num_rows, _statistics(part, time))


def flush(path: Path) -> None:
    """Puts a file on the disk for certain: what a log names must outlive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _statistics(part: pa.Table, time: str) -> str:
    column = part.column(time)
    return time_statistics(part.num_rows, time, column, column.null_count)


def time_statistics(rows: int, time: str, times: Any, nulls: int) -> str:
    """What the log tells of a file: its rows, and the range of its times, which is that of these."""
    found: dict[str, Any] = {"numRecords": rows, "nullCount": {time: nulls}}
    ends: Any = pc.min_max(times).as_py()
    if ends["min"] is not None:
        found |= {"minValues": {time: _cut(ends["min"])}, "maxValues": {time: _cut(ends["max"])}}
    return json.dumps(found)


def _cut(moment: datetime) -> str:
    """A time to the millisecond, as Delta's statistics have it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
