"""Upkeep of the tables that commits add to beside their rows: the parts of a key become one row."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bluetick.lake.columns import LakeColumn, arrow_type, read_columns
from bluetick.lake.commits import NOTE_OPERATION, NOTE_ROWS, replace, time_column
from bluetick.lake.data_files import FILE_ROWS, DataFile, discard, write_data
from bluetick.lake.failures import reading
from bluetick.lake.fill import add_up, to_arrow
from bluetick.lake.folder import file_actions, open_table
from bluetick.lake.layout import FILL, RECEIVED, SEEN
from bluetick.lake.maintenance import Optimized, optimize
from bluetick.lake.seen import merge_seen

# So many parts are in memory at once.
_ROWS_AT_ONCE: Final = 2 * FILE_ROWS
_MERGED: Final = "MERGE PARTS"
_SAMPLE: Final = 1_000  # values of each file, by which the parts are divided

Progress = Callable[[int, int], None]


def tidy(folder: Path, progress: Progress = lambda done, of: None) -> Optimized:
    """What `lake optimize` does to a table: merges small files, and of a table of parts the parts themselves."""
    return _UPKEEP.get(folder.name, optimize)(folder, progress)


def spare_parts(folder: Path) -> int:
    """How many files of parts fewer there would be after `tidy`, at least."""
    files = _files(folder)
    fewest = max(ceil(sum(file.rows for file in files) / FILE_ROWS), 1)
    return 0 if _is_merged(folder, files) else max(len(files) - fewest, 0)


def merge_parts_of_seen(
    folder: Path, progress: Progress = lambda done, of: None, rows_at_once: int = _ROWS_AT_ONCE
) -> Optimized:
    """One row a key, in one commit. Each value's parts are merged in one go, as many values at once as fit."""
    files = _files(folder)
    if _is_merged(folder, files):
        return Optimized(0, 0, 0)
    ranges = max(ceil(sum(file.rows for file in files) / rows_at_once), 1)
    return _replaced(folder, files, _merged_seen(folder, files, ranges, progress))


def merge_parts_of_fill(folder: Path, progress: Progress = lambda done, of: None) -> Optimized:
    """The same of fill rates, which are few: one row a table, source and hour."""
    files = _files(folder)
    if len(files) <= 1:
        return Optimized(0, 0, 0)
    progress(0, 1)
    merged = to_arrow(add_up(_read(folder, file.path) for file in files))
    progress(1, 1)
    return _replaced(folder, files, [merged])


_UPKEEP: Final[dict[str, Callable[[Path, Progress], Optimized]]] = {
    SEEN: merge_parts_of_seen,
    FILL: merge_parts_of_fill,
}


def _is_merged(folder: Path, files: Sequence[DataFile]) -> bool:
    """Whether each key has one row: what one commit told, or what nothing was added to since it was merged."""
    with reading(folder):
        newest = open_table(folder).history(1)
    return len(files) <= 1 or newest[0].get(NOTE_OPERATION) == _MERGED


def _files(folder: Path) -> list[DataFile]:
    with reading(folder):
        actions = file_actions(open_table(folder)).to_pylist()
    return [DataFile.of_action(action) for action in actions]


def _read(folder: Path, path: str, columns: list[str] | None = None) -> pa.Table:
    with reading(folder):
        return pq.ParquetFile(folder / path).read(columns=columns)


def _merged_seen(folder: Path, files: Sequence[DataFile], ranges: int, progress: Progress) -> Iterator[pa.Table]:
    bounds = _bounds(folder, files, ranges)
    for number, (low, high) in enumerate(bounds):
        progress(number, len(bounds))
        parts = pa.concat_tables([_between(_read(folder, file.path), low, high) for file in files])
        yield merge_seen(parts).sort_by([("Value", "ascending"), ("Kind", "ascending"), ("Host", "ascending")])
    progress(len(bounds), len(bounds))


def _bounds(folder: Path, files: Sequence[DataFile], ranges: int) -> list[tuple[str | None, str | None]]:
    """Ranges of values with about as many parts each; None is no bound."""
    if ranges == 1:
        return [(None, None)]
    samples = []
    for file in files:
        values = _read(folder, file.path, ["Value"]).column("Value")
        step = max(len(values) // _SAMPLE, 1)
        samples += values.take(pa.array(range(0, len(values), step))).to_pylist()
    samples.sort()
    cuts = list(dict.fromkeys(samples[len(samples) * number // ranges] for number in range(1, ranges)))
    return list(pairwise([None, *cuts, None]))


def _between(rows: pa.Table, low: str | None, high: str | None) -> pa.Table:
    values = rows.column("Value")
    if low is not None:
        rows = rows.filter(pc.greater_equal(values, pa.scalar(low)))
    if high is not None:
        rows = rows.filter(pc.less(rows.column("Value"), pa.scalar(high)))
    return rows


def _replaced(folder: Path, files: Sequence[DataFile], merged: Iterable[pa.Table]) -> Optimized:
    """One commit that puts the merged rows in the place of the parts; nothing where another writer was at them."""
    table = open_table(folder)
    columns, time = read_columns(table.schema()), time_column(table)
    received = _newest(folder, files)
    new: list[DataFile] = []
    done = False
    try:
        for rows in merged:
            new += write_data(folder, _stamped(rows, columns, received), columns, time)
        count = sum(file.rows for file in new)
        note = {NOTE_ROWS: str(count), NOTE_OPERATION: _MERGED}
        done = replace(folder, files, new, f"merge:{uuid4().hex}", note)
    finally:
        if not done:
            discard(folder, new)
    return Optimized(len(files), len(new), count) if done else Optimized(0, 0, 0)


def _newest(folder: Path, files: Sequence[DataFile]) -> datetime | None:
    times = [pc.max(_read(folder, file.path, [RECEIVED]).column(RECEIVED)).as_py() for file in files]
    return max((moment for moment in times if moment is not None), default=None)


def _stamped(rows: pa.Table, columns: tuple[LakeColumn, ...], received: datetime | None) -> pa.Table:
    """All columns of the table, so that its files stay alike; with the time of the newest part, so that they lie in
    one folder."""
    arrays = [
        rows.column(column.name) if column.name in rows.column_names else _constant(column, received, rows.num_rows)
        for column in columns
    ]
    return pa.table(arrays, names=[column.name for column in columns])


def _constant(column: LakeColumn, received: datetime | None, count: int) -> Any:
    value: Any = pa.scalar(received if column.name == RECEIVED else None, arrow_type(column.type))
    return pa.repeat(value, count)
