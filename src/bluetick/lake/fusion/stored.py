"""The rows of a table in a span of time, by their place: some columns of all, all columns of some, and their change."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bluetick.diagnostics.errors import SourceError
from bluetick.lake.columns import LakeColumn, arrow_type
from bluetick.lake.commits import replace, time_column
from bluetick.lake.data_files import DataFile, discard, write_data
from bluetick.lake.failures import reading
from bluetick.lake.folder import DeltaFolder, open_table
from bluetick.lake.layout import SOURCE
from bluetick.types import Type

Places = npt.NDArray[np.int64]
Maker = Callable[[Places], pa.Table]

INSTANT: Final = arrow_type(Type.DATETIME)
NOTHING: Final[Any] = pa.scalar("")


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant until before another; None is no bound."""

    low: datetime | None = None
    high: datetime | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """What becomes of rows: some go, others are replaced by those that `made` gives for their places."""

    removed: Places
    replaced: Places
    made: Maker


class StoredRows:
    """A version of one of our tables. A place is the number of a row over all files that may hold rows of the span."""

    def __init__(self, folder: Path, span: Span) -> None:
        self.folder = folder
        table = open_table(folder)
        snapshot = DeltaFolder(folder).snapshot()
        self.columns = snapshot.columns
        if SOURCE not in {column.name for column in self.columns}:
            raise SourceError(f"'{folder}' does not tell what its rows were read from; nothing is fused", str(folder))
        self.time = time_column(table)
        self._span = span
        actions = snapshot.within(self.time, span.low, span.high).actions
        self._files = [DataFile.of_action(action) for action in actions.to_pylist()]
        self._starts = np.cumsum([0, *(file.rows for file in self._files)])

    def read(self, names: Sequence[str], taken: Callable[[pa.Table], pa.Table]) -> tuple[pa.Table, Places]:
        """What `taken` leaves of these columns of the rows in the span, and the places of those rows; it is given the
        rows of a file at a time, and must give the column `place` on."""
        parts = [taken(self._in_span(self._read(file, names), start)) for file, start in self._each()]
        if not parts:
            parts = [taken(self._in_span(self._nothing(names), 0))]
        found = pa.concat_tables(parts).combine_chunks()
        return found.drop_columns(["place"]), found.column("place").to_numpy()

    def take(self, places: Places) -> pa.Table:
        """All columns of the rows at these places, in their order."""
        order = np.argsort(places, kind="stable")
        wanted = places[order]
        parts = [self._nothing([column.name for column in self.columns])]
        for file, start in self._each():
            low, high = np.searchsorted(wanted, (start, start + file.rows))
            if high > low:
                parts.append(self._read(file, None).take(wanted[low:high] - start))
        found = pa.concat_tables(parts)
        return found.take(np.argsort(order, kind="stable"))

    def change(self, edit: Edit, note: Mapping[str, str]) -> bool:
        """One commit of all changes; False where another writer has replaced a file, and nothing was done."""
        touched = np.concatenate([edit.removed, edit.replaced])
        old: list[DataFile] = []
        new: list[DataFile] = []
        done = False
        try:
            for file, start in self._each():
                inside = touched[(touched >= start) & (touched < start + file.rows)] - start
                if len(inside):
                    old.append(file)
                    new += write_data(self.folder, self._changed(file, start, inside, edit), self.columns, self.time)
            done = replace(self.folder, old, new, f"fuse:{uuid4().hex}", note, is_change=True)
        finally:
            if not done:
                discard(self.folder, new)
        return done

    def _changed(self, file: DataFile, start: int, touched: Places, edit: Edit) -> pa.Table:
        keep = np.ones(file.rows, np.bool_)
        keep[touched] = False
        rows = self._read(file, None).filter(pa.array(keep))
        places = edit.replaced[(edit.replaced >= start) & (edit.replaced < start + file.rows)]
        return pa.concat_tables([rows, edit.made(np.sort(places))]) if len(places) else rows

    def _each(self) -> list[tuple[DataFile, int]]:
        return [(file, int(start)) for file, start in zip(self._files, self._starts[:-1], strict=True)]

    def _read(self, file: DataFile, names: Sequence[str] | None) -> pa.Table:
        """The columns of a file (None: all of the table); null where it was written before they were added."""
        wanted = [column for column in self.columns if names is None or column.name in names]
        with reading(self.folder):
            stored = pq.ParquetFile(self.folder / file.path)
            have = set(stored.schema_arrow.names)
            rows = stored.read(columns=[column.name for column in wanted if column.name in have])
        if rows.num_rows != file.rows:
            raise SourceError(f"'{file.path}' has {rows.num_rows} rows where the log tells of {file.rows}", file.path)
        return pa.table([_column(rows, column, file.rows) for column in wanted], names=[c.name for c in wanted])

    def _nothing(self, names: Sequence[str]) -> pa.Table:
        wanted = [column for column in self.columns if column.name in names]
        return pa.table([_none(column, 0) for column in wanted], names=[column.name for column in wanted])

    def _in_span(self, rows: pa.Table, start: int) -> pa.Table:
        rows = rows.append_column("place", pa.array(np.arange(start, start + rows.num_rows)))
        times = rows.column(self.time)
        keep: Any = pc.is_valid(times)
        if self._span.low is not None:
            keep = pc.and_(keep, pc.greater_equal(times, pa.scalar(self._span.low, INSTANT)))
        if self._span.high is not None:
            keep = pc.and_(keep, pc.less(times, pa.scalar(self._span.high, INSTANT)))
        return rows.filter(keep)


def _column(rows: pa.Table, column: LakeColumn, count: int) -> Any:
    if column.name not in rows.column_names:
        return _none(column, count)
    return rows.column(column.name).cast(arrow_type(column.type))


def _none(column: LakeColumn, count: int) -> Any:
    nothing: Any = pa.scalar(None, arrow_type(column.type))
    return pa.repeat(nothing, count)


def texts_of(rows: pa.Table, name: str) -> Any:
    """A column of texts; "" where the table has none, or the row no value."""
    if name not in rows.column_names:
        return pa.repeat(NOTHING, rows.num_rows)
    texts: Any = rows.column(name).cast(pa.string())
    return pc.fill_null(texts, NOTHING)


def is_empty(values: Any) -> Any:
    """Where there is no value: null, or an empty text."""
    if pa.types.is_string(values.type):
        return pc.equal(pc.fill_null(values, NOTHING), NOTHING)
    return pc.is_null(values)
