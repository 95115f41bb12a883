"""Commits: files that are written become part of a table, all or none, once."""

import dataclasses
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction, RemoveAction

from bluetick.diagnostics.errors import SourceError
from bluetick.lake.columns import LakeColumn, delta_field, delta_schema, is_own_day, read_columns
from bluetick.lake.data_files import DataFile
from bluetick.lake.failures import writing
from bluetick.lake.folder import file_actions, open_table
from bluetick.lake.layout import DAY, has_log, is_delta
from bluetick.schema.packs import TWIN

# Each lost race is another writer's commit, so a try in vain is not a standstill.
_TRIES: Final = 200
_ONCE: Final = 1
_CONFIGURATION: Final = {
    "delta.checkpointInterval": "10",
    "delta.logRetentionDuration": "interval 30 days",
    "delta.deletedFileRetentionDuration": "interval 7 days",
}
STATISTICS: Final = "delta.dataSkippingStatsColumns"
# What a commit says of itself in the log.
NOTE_ROWS: Final = "bluetick.rows"
NOTE_SOURCE: Final = "bluetick.source"
NOTE_PROVENANCE: Final = "bluetick.provenance"
NOTE_OPERATION: Final = "bluetick.operation"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a table is to be: its columns, the hidden ones too, and the one whose day parts it."""

    columns: tuple[LakeColumn, ...]
    time: str


def append(
    folder: Path,
    shape: Shape,
    files: Sequence[DataFile],
    transaction: str,
    note: Mapping[str, str],
    number: int = _ONCE,
) -> int:
    """Adds files to a table, which is made or widened where that is due; gives its version.

    A `transaction` that the table knows already, under this `number` or a later one, adds nothing: deltalake itself
    would add the files again, so the commit is built on a version that was looked at, and made anew on the next one
    where another writer was first.
    """
    for _ in range(_TRIES):
        with writing(folder):
            table = _opened(folder, shape)
            if _has(table, transaction, number):
                return table.version()
            if _widen(table, shape) and _try_commit(table, _added(files), Transaction(transaction, number), note):
                return table.version()
    raise SourceError(f"other writers keep committing to '{folder}'; nothing was added", str(folder))


def replace(
    folder: Path,
    old: Sequence[DataFile],
    new: Sequence[DataFile],
    transaction: str,
    note: Mapping[str, str],
    *,
    is_change: bool = False,
) -> bool:
    """Puts files in the place of others that have the same rows, or, where it is a change, rows that replace them.
    False where one of those is no longer there."""
    for _ in range(_TRIES):
        with writing(folder):
            table = open_table(folder)
            present = set(file_actions(table).column("path").to_pylist())
            if not all(file.path in present for file in old):
                return table.transaction_version(transaction) is not None
            gone = int(time.time() * 1000)
            removed = [RemoveAction(f.path, is_change, gone, f.size, {DAY: f.day}) for f in old]
            if _try_commit(table, [*_added(new, is_change=is_change), *removed], Transaction(transaction, _ONCE), note):
                return True
    raise SourceError(f"other writers keep committing to '{folder}'; nothing was changed", str(folder))


def time_column(table: DeltaTable) -> str:
    """The column by which the rows of a table of ours are sorted and parted."""
    return str(table.metadata().configuration[STATISTICS])


def _try_commit(
    table: DeltaTable, actions: Sequence[AddAction | RemoveAction], transaction: Transaction, note: Mapping[str, str]
) -> bool:
    """One try on the version that the table is at; False where another commit was first."""
    before = table.version()
    properties = CommitProperties(custom_metadata=dict(note), max_commit_retries=0, app_transactions=[transaction])
    try:
        table.create_write_transaction(
            list(actions), "append", table.schema(), table.metadata().partition_columns, commit_properties=properties
        )
    except (DeltaError, OSError) as error:
        table.update_incremental()
        if _has(table, transaction.app_id, transaction.version):  # made, and only what comes after it failed
            return True
        if isinstance(error, CommitFailedError) and table.version() != before:
            return False
        raise
    table.update_incremental()
    return True


def _has(table: DeltaTable, transaction: str, number: int) -> bool:
    found = table.transaction_version(transaction)
    return found is not None and found >= number


def _opened(folder: Path, shape: Shape) -> DeltaTable:
    if is_delta(folder):
        return open_table(folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return DeltaTable.create(
            str(folder),
            delta_schema(shape.columns),
            partition_by=[DAY],
            configuration=_CONFIGURATION | {STATISTICS: shape.time},
        )
    except DeltaError:
        if not is_delta(folder):
            raise
        return open_table(folder)  # another writer made it


def refuse_plain(folder: Path) -> None:
    """Plain files beside a log would be lost to every reader."""
    if not has_log(folder) and folder.is_dir() and any(folder.rglob("*.parquet")):
        raise SourceError(
            f"'{folder}' is a folder of plain Parquet files, which stays readable as it is, but nothing is added to "
            "it: name another lake",
            str(folder),
        )


def make_ready(folder: Path, shape: Shape) -> Mapping[str, str]:
    """Makes the table where there is none, so that files which are not committed yet are never taken for plain ones;
    refuses rows of this shape that the table cannot take. Gives the names under which it has columns of the shape that
    differ from its own in case only."""
    refuse_plain(folder)
    with writing(folder):
        table = _opened(folder, shape)
    if not any(is_own_day(field) for field in table.schema().fields):
        raise SourceError(f"'{folder}' is another writer's Delta table; nothing is added to it", str(folder))
    names = _spelled(table, shape)
    _missing(table, renamed(shape, names))
    return names


def renamed(shape: Shape, names: Mapping[str, str]) -> Shape:
    """The shape with these columns under other names."""
    columns = tuple(dataclasses.replace(c, name=names.get(c.name, c.name)) for c in shape.columns)
    return Shape(columns, names.get(shape.time, shape.time))


def _spelled(table: DeltaTable, shape: Shape) -> dict[str, str]:
    """How a table spells columns of the shape, where it does otherwise. One that it has in another type is a twin."""
    have = {column.name.casefold(): column for column in read_columns(table.schema())}
    taken = {column.name.casefold() for column in shape.columns}
    found: dict[str, str] = {}
    for column in shape.columns:
        other = have.get(column.name.casefold(), column)
        if other.name != column.name and other.type is not column.type:
            twin = f"{column.name}{TWIN}"
            other = have.get(twin.casefold(), dataclasses.replace(column, name=twin))
            if twin.casefold() in taken:
                continue
        if other.name != column.name:
            found[column.name] = other.name
    return found


def _widen(table: DeltaTable, shape: Shape) -> bool:
    """Adds the columns that the table lacks. False where another commit was first."""
    missing = _missing(table, shape)
    try:
        if missing:
            table.alter.add_columns([delta_field(column) for column in missing])
            table.update_incremental()
    except CommitFailedError:
        return False
    return True


def _missing(table: DeltaTable, shape: Shape) -> list[LakeColumn]:
    """The columns that a table lacks; one that it has must have the same name and type."""
    have = {column.name.casefold(): column for column in read_columns(table.schema())}
    missing = []
    for column in shape.columns:
        found = have.get(column.name.casefold())
        if found is None:
            missing.append(column)
        elif (found.name, found.type) != (column.name, column.type):
            raise SourceError(
                f"the column '{found.name}' of '{table.table_uri}' holds {found.type}, "
                f"where '{column.name}' of the new rows holds {column.type}",
                column=column.name,
            )
    return missing


def _added(files: Sequence[DataFile], *, is_change: bool = True) -> list[AddAction | RemoveAction]:
    now = int(time.time() * 1000)
    return [AddAction(f.path, f.size, {DAY: f.day}, now, is_change, f.stats) for f in files]
