"""Upkeep of a table: small files into large ones, files that no version needs away, and what was done when."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from bluetick.diagnostics.errors import SourceError
from bluetick.lake.columns import LakeColumn, is_own_day, read_columns
from bluetick.lake.commits import NOTE_OPERATION, NOTE_PROVENANCE, NOTE_ROWS, NOTE_SOURCE, replace, time_column
from bluetick.lake.data_files import FILE_ROWS, DataFile, discard, write_data
from bluetick.lake.failures import reading, writing
from bluetick.lake.folder import committed_at, file_actions, open_table
from bluetick.lake.layout import LOG

# A file with fewer rows than this is small.
SMALL_ROWS: Final = FILE_ROWS // 2


@dataclass(frozen=True, slots=True)
class Optimized:
    """What became of a table's small files."""

    files_before: int
    files_after: int
    rows: int


@dataclass(frozen=True, slots=True)
class Vacuumed:
    """Files that no version within the retention needs."""

    files: tuple[str, ...]
    bytes: int


@dataclass(frozen=True, slots=True)
class Change:
    """A version: when and how it was made. Counts are None where the log no longer tells them."""

    version: int
    time: datetime
    operation: str
    rows: int | None
    files_added: int | None
    files_removed: int | None
    source: str
    provenance: Mapping[str, str]  # which editions of which data filled its columns


def optimize(
    folder: Path, progress: Callable[[int, int], None] = lambda done, of: None, file_rows: int = FILE_ROWS
) -> Optimized:
    """Merges the small files of each day into files sorted by time, a commit a day; no row changes. `progress` is told
    the days done and the days to do."""
    table = open_table(folder)
    if not any(is_own_day(field) for field in table.schema().fields):
        raise SourceError(f"'{folder}' is parted by another writer, whose tool is to optimize it", str(folder))
    time = time_column(table)
    columns = read_columns(table.schema())
    days = [(day, files) for day, files in _by_day(folder, table, time).items() if _is_worth_it(files, file_rows)]
    before = after = rows = 0
    for number, (_, files) in enumerate(days):
        progress(number, len(days))
        new = _merged(folder, columns, time, files, file_rows)
        if not new:
            continue
        before, after = before + len(files), after + len(new)
        rows += sum(file.rows for file in new)
    progress(len(days), len(days))
    return Optimized(before, after, rows)


def spare_files(folder: Path) -> int:
    """How many files fewer there would be after `optimize`; none of another writer's table."""
    table = open_table(folder)
    if not any(is_own_day(field) for field in table.schema().fields):
        return 0
    days = [files for files in _by_day(folder, table, time_column(table)).values() if _is_worth_it(files, FILE_ROWS)]
    return sum(len(files) - ceil(max(sum(file.rows for file in files), 1) / FILE_ROWS) for files in days)


def _by_day(folder: Path, table: DeltaTable, time: str) -> dict[Any, list[DataFile]]:
    """The small files of each day, the earliest first."""
    with reading(folder):
        actions = file_actions(table)
    found: dict[Any, list[tuple[Any, DataFile]]] = {}
    for action in actions.to_pylist():
        if action["num_records"] is not None and action["num_records"] < SMALL_ROWS:
            file = DataFile.of_action(action)
            found.setdefault(file.day, []).append((action.get(f"min.{time}"), file))
    return {
        day: [file for _, file in sorted(files, key=lambda pair: (pair[0] is None, pair[0] or day, pair[1].path))]
        for day, files in found.items()
    }


def _is_worth_it(files: Sequence[DataFile], file_rows: int) -> bool:
    """Merged again, files that are as few as they can be would only be written anew."""
    return len(files) > ceil(max(sum(file.rows for file in files), 1) / file_rows)


def _merged(
    folder: Path, columns: tuple[LakeColumn, ...], time: str, files: Sequence[DataFile], file_rows: int
) -> list[DataFile]:
    """One commit for a day; nothing where another writer was at the same files."""
    new: list[DataFile] = []
    done = False
    try:
        for group in _groups(files, file_rows):
            with reading(folder):
                data = pa.concat_tables(
                    [pq.ParquetFile(folder / file.path).read() for file in group], promote_options="default"
                )
            new += write_data(folder, data, columns, time, file_rows)
        note = {NOTE_ROWS: str(sum(file.rows for file in new)), NOTE_OPERATION: "OPTIMIZE"}
        done = replace(folder, files, new, f"optimize:{uuid4().hex}", note)
    finally:
        if not done:
            discard(folder, new)
    return new if done else []


def _groups(files: Sequence[DataFile], file_rows: int) -> Iterator[list[DataFile]]:
    """Neighbours that fill a file together: that many rows are in memory at once."""
    group: list[DataFile] = []
    rows = 0
    for file in files:
        if group and rows + file.rows > file_rows:
            yield group
            group, rows = [], 0
        group.append(file)
        rows += file.rows
    if group:
        yield group


def vacuum(folder: Path, retention: timedelta, *, is_rehearsal: bool, pinned: int | None = None) -> Vacuumed:
    """Removes the files that only versions older than the retention need, and what interrupted writers left that long
    ago. From version `pinned` on all stay."""
    table = open_table(folder)
    hours = ceil(max(retention, _age(folder, pinned)) / timedelta(hours=1))
    with writing(folder):
        names = table.vacuum(hours, dry_run=True, enforce_retention_duration=False, full=True)
        sizes = [path.stat().st_size for name in names if (path := folder / name).exists()]
        if names and not is_rehearsal:
            table.vacuum(hours, dry_run=False, enforce_retention_duration=False, full=True)
    return Vacuumed(tuple(names), sum(sizes))


def _age(folder: Path, pinned: int | None) -> timedelta:
    """The time since a version was made, and an hour, since the clocks of writers differ; of one whose record was
    cleaned away, since the first that is there."""
    if pinned is None:
        return timedelta(0)
    commits = sorted(path for path in (folder / LOG).glob("*.json") if path.stem.isdigit())
    made = next((path for path in commits if int(path.stem) >= pinned), None)
    if made is None:
        raise SourceError(f"'{folder.name}' has no version {pinned}, which is to be kept", str(folder))
    with reading(folder):
        return datetime.now(UTC) - committed_at(made) + timedelta(hours=1)


def history(folder: Path, limit: int) -> list[Change]:
    """The newest versions, the newest first."""
    table = open_table(folder)
    with reading(folder):
        return [_change(folder, entry) for entry in table.history(limit)]


def _change(folder: Path, entry: dict[str, Any]) -> Change:
    version = int(entry["version"])
    added, removed, rows = _counts(folder / LOG / f"{version:020}.json")
    return Change(
        version,
        datetime.fromtimestamp(entry["timestamp"] / 1000, UTC),
        str(entry.get(NOTE_OPERATION, entry.get("operation", ""))),
        rows,
        added,
        removed,
        str(entry.get(NOTE_SOURCE, "")),
        json.loads(entry.get(NOTE_PROVENANCE, "{}")),
    )


def _counts(commit: Path) -> tuple[int | None, int | None, int | None]:
    """Files added, files removed and rows of the files added; all None where the commit is behind a checkpoint."""
    try:
        actions = [json.loads(line) for line in commit.read_text("utf-8").splitlines()]
    except (OSError, ValueError):
        return None, None, None
    adds = [action["add"] for action in actions if "add" in action]
    told = [json.loads(add["stats"]).get("numRecords") if add.get("stats") else None for add in adds]
    rows = [int(count) for count in told if count is not None]
    return len(adds), sum("remove" in action for action in actions), sum(rows) if len(rows) == len(adds) else None
