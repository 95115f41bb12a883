"""A Delta table in its folder: its newest version, or the one that was asked for."""

import json
import re
import threading
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeAlias

import pyarrow as pa
from deltalake import DeltaTable

from bluetick.diagnostics.errors import SourceError
from bluetick.lake.columns import is_own_day, read_columns
from bluetick.lake.failures import reading
from bluetick.lake.features import refuse_unreadable
from bluetick.lake.layout import LOG, is_delta
from bluetick.lake.snapshot import Snapshot

AsOf: TypeAlias = int | datetime
_COMMIT: Final = re.compile(r"\d{20}\.json")


@dataclass(frozen=True, slots=True)
class _Mark:
    """Tells whether a log is still the one that was read: a table may be removed and made anew."""

    inode: int
    modified: int


class DeltaFolder:
    """Gives snapshots; a commit is seen by the next call. Safe to use from several threads.

    With `as_of` (a version, or an instant) it always gives that one.
    """

    def __init__(self, folder: Path, as_of: AsOf | None = None) -> None:
        self.folder = folder
        self.as_of = as_of
        self._lock = threading.Lock()
        self._table: DeltaTable | None = None
        self._snapshot: Snapshot | None = None
        self._mark: _Mark | None = None

    def snapshot(self) -> Snapshot:
        with self._lock:
            if self._snapshot is None or not self._is_current(self._snapshot):
                self._snapshot = self._read()
                self._mark = self._mark_of(self._snapshot.version)
            return self._snapshot

    def pinned(self) -> "DeltaFolder":
        """The same table, held at the version that it has now."""
        held = DeltaFolder(self.folder, self.as_of)
        held._snapshot = self.snapshot()
        held.as_of = held._snapshot.version
        return held

    def _is_current(self, snapshot: Snapshot) -> bool:
        """Whether there is no next commit; a look at two names, so that every query can afford it."""
        if self.as_of is not None:
            return True
        return not self._commit(snapshot.version + 1).exists() and self._mark_of(snapshot.version) == self._mark

    def _commit(self, version: int) -> Path:
        return self.folder / LOG / f"{version:020}.json"

    def _mark_of(self, version: int) -> _Mark | None:
        try:
            found = self._commit(version).stat()
        except FileNotFoundError:  # cleaned away behind a checkpoint
            return None
        return _Mark(found.st_ino, found.st_mtime_ns)

    def _read(self) -> Snapshot:
        with reading(self.folder):
            table = self._loaded()
            refuse_unreadable(table, self.folder)
            schema = table.schema()
            own_day = {field.name for field in schema.fields if is_own_day(field)}
            partitions = tuple(c for c in table.metadata().partition_columns if c not in own_day)
            actions = file_actions(table)
            return Snapshot(
                self.folder, table.version(), read_columns(schema), partitions, actions, self.as_of is not None
            )

    def _loaded(self) -> DeltaTable:
        if self.as_of is not None:
            return open_as_of(self.folder, self.as_of)
        if self._table is None or self._mark is None or self._mark != self._mark_of(self._table.version()):
            self._table = open_table(self.folder)
        else:
            self._table.update_incremental()
        return self._table


def file_actions(table: DeltaTable) -> pa.Table:
    """A row a file of the loaded version. (Through a reader: `pa.table` would load pandas to look at what it is given,
    which takes longer than all of this.)"""
    return pa.RecordBatchReader.from_stream(table.get_add_actions(flatten=True)).read_all()


def open_table(folder: Path) -> DeltaTable:
    """The newest version; what is no Delta table is a SourceError."""
    if not is_delta(folder):
        raise SourceError(f"'{folder}' is no Delta table: it has no folder '{LOG}'", str(folder))
    with reading(folder):
        return DeltaTable(str(folder))


def open_as_of(folder: Path, as_of: AsOf) -> DeltaTable:
    """The version, or the one that was the newest at an instant; a SourceError where there is none."""
    table = open_table(folder)
    with reading(folder):
        return _at_version(table, folder, as_of) if isinstance(as_of, int) else _at_instant(table, folder, as_of)


def _at_version(table: DeltaTable, folder: Path, version: int) -> DeltaTable:
    newest = table.version()
    if not 0 <= version <= newest:
        raise SourceError(f"'{folder.name}' has no version {version}; its newest is {newest}", str(folder))
    if version != newest:
        try:
            table.load_as_version(version)
        except Exception as error:
            raise _cleaned(folder, f"version {version}") from error
    return table


def _at_instant(table: DeltaTable, folder: Path, instant: datetime) -> DeltaTable:
    moment = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    commits = sorted(file for file in (folder / LOG).glob("*.json") if _COMMIT.fullmatch(file.name))
    found = bisect_right(commits, moment, key=committed_at) - 1
    words = f"{moment:%Y-%m-%d %H:%M:%S} UTC"
    if found < 0 and commits and int(commits[0].stem) > 0:
        raise _cleaned(folder, f"the version of {words}")
    if found < 0:
        first = f"; its first version is of {committed_at(commits[0]):%Y-%m-%d %H:%M:%S} UTC" if commits else ""
        raise SourceError(f"'{folder.name}' did not exist at {words}{first}", str(folder))
    return _at_version(table, folder, int(commits[found].stem))


def committed_at(commit: Path) -> datetime:
    """When a version was made, as its own file says, which a copy of the table keeps; else when that was written."""
    with commit.open("rb") as stream:
        for line in stream:
            info = json.loads(line).get("commitInfo")
            if info is not None and "timestamp" in info:
                return datetime.fromtimestamp(info.get("inCommitTimestamp", info["timestamp"]) / 1000, UTC)
    return datetime.fromtimestamp(commit.stat().st_mtime, UTC)


def _cleaned(folder: Path, what: str) -> SourceError:
    return SourceError(
        f"{what} of '{folder.name}' cannot be read any more: the log that told of it was cleaned up", str(folder)
    )
