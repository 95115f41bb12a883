"""Parquet files that lie in a folder already become a Delta table there: the log is added, no file is touched."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bluetick.diagnostics.errors import SourceError
from bluetick.lake.columns import LakeColumn
from bluetick.lake.commits import NOTE_ROWS, NOTE_SOURCE, Shape, append
from bluetick.lake.data_files import DataFile, time_statistics
from bluetick.lake.failures import writing
from bluetick.types import Type


def adopt(folder: Path, types: Mapping[str, Type], time: str, source: str) -> int:
    """One commit of all the folder's files, each of one day; gives its version. `types` are those of the columns, which
    are the same in all files. The rows have no time of receipt: nobody knows it."""
    paths = sorted(folder.glob("*.parquet"))
    with writing(folder):
        files = [_adopted(path, time) for path in paths]
        names = pq.read_schema(paths[0]).names
    shape = Shape(tuple(LakeColumn(name, types[name]) for name in names), time)
    note = {NOTE_ROWS: str(sum(file.rows for file in files)), NOTE_SOURCE: source}
    return append(folder, shape, files, f"adopt:{source}", note)


def _adopted(path: Path, time: str) -> DataFile:
    metadata = pq.read_metadata(path)
    place = metadata.schema.to_arrow_schema().get_field_index(time)
    groups = [metadata.row_group(number).column(place).statistics for number in range(metadata.num_row_groups)]
    ends: list[Any] = [
        end for found in groups if found is not None and found.has_min_max for end in (found.min, found.max)
    ]
    nulls = sum(found.null_count or 0 for found in groups if found is not None)
    known = pa.array(sorted(map(_utc, ends)), pa.timestamp("us", "UTC"))
    days = {_utc(end).date() for end in ends}
    if len(days) > 1:
        raise SourceError(f"'{path}' has rows of several days", str(path), time)
    day = str(days.pop()) if days else None
    return DataFile(
        path.name, path.stat().st_size, day, metadata.num_rows, time_statistics(metadata.num_rows, time, known, nulls)
    )


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
