"""What the footers of Parquet files say, remembered in the store, so that a file is opened for it once.

Files of one table that have different columns are read as what holds the values of all, so that what is read of a file
may depend on the others: of such a table nothing is kept.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from bluetick.engines.parquet_footers import footers_of
from bluetick.execution.baseline.files import TableFile, table_files, with_files
from bluetick.execution.baseline.store import PartStore
from bluetick.execution.catalog import Table
from bluetick.plan.ranges import Span

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FEW: Final = 4  # footers that each process reads again rather than write them down


@dataclass(frozen=True, slots=True)
class Footer:
    """The least and the greatest time in microseconds since 1970, where the footer says so; the rows; a digest of names
    and types of the columns."""

    low: int | None
    high: int | None
    rows: int
    columns: str

    def meets(self, span: Span) -> bool:
        return self.low is None or self.high is None or span.meets(moment_of(self.low), moment_of(self.high))


class Footers:
    """Those of the tables that sessions of this store read. Safe to use from several threads."""

    def __init__(self, store: PartStore) -> None:
        self._store = store
        self._known: dict[str, dict[str, Footer]] = {}

    def of(self, table: Table, files: Sequence[TableFile], time: str | None) -> Mapping[str, Footer] | None:
        """By the files' keys. None where the files of a table have not the same columns, or one cannot be read; a
        lake's have by its log."""
        name = hashlib.sha256(f"{table.name}|{time}".encode()).hexdigest()[:40]
        if name not in self._known:
            self._known[name] = self._kept(name)
        known = self._known[name]
        new = [file for file in files if file.key not in known]
        if new:
            told = {file.key: _footer(file.path, time) for file in new}
            known = {**known, **{key: footer for key, footer in told.items() if footer is not None}}
            self._known[name] = known
            if len(known.keys() & told.keys()) < len(told):
                return None
        if len(new) > _FEW:
            current = {file.key for file in files}
            kept = {key: astuple(footer) for key, footer in known.items() if key in current}
            self._store.write(f"{name}.footers", kept)
        found = {file.key: known[file.key] for file in files}
        is_alike = table.snapshot is not None or len({footer.columns for footer in found.values()}) <= 1
        return found if is_alike else None

    def narrowed(self, table: Table, time: str | None, span: Span) -> Table:
        """The table with those of its files that may have rows of the span; at least one. A lake's is as it was."""
        files = None if table.snapshot is not None or time is None or span == Span() else table_files(table)
        footers = None if not files else self.of(table, files, time)
        if not files or footers is None:
            return table
        met = [file.path for file in files if footers[file.key].meets(span)] or [files[0].path]
        return table if len(met) == len(files) else with_files(table, met)

    def _kept(self, name: str) -> dict[str, Footer]:
        with suppress(OSError, ValueError, TypeError):
            return {key: Footer(*one) for key, one in self._store.read(f"{name}.footers").items()}
        return {}


def _footer(file: str, time: str | None) -> Footer | None:
    """None where it cannot be read."""
    found = footers_of(os.getpid()).of((file,))
    if found is None:
        return None
    (footer,) = found
    ends = None if time is None else footer.ends(time)
    low, high = (None, None) if ends is None else (micros_of(ends[0]), micros_of(ends[1]))
    return Footer(low, high, footer.rows, hashlib.sha256(footer.schema.text.encode()).hexdigest()[:16])


def micros_of(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
