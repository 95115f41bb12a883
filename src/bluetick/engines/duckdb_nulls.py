"""Which columns of Parquet files hold no null, as the files' footers tell.

A string of KQL is never null: a column that may hold nulls is read through `coalesce`, which hides it from the filters
that DuckDB pushes from a join's few keys into the scan (measured: a semi-join over 30 days took 2 to 5 times as long).
"""

import os
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import duckdb

Rows: TypeAlias = Callable[[str], Sequence[tuple[Any, ...]]]
"""The rows of a statement."""

_Identity: TypeAlias = tuple[str, int, int]

_MOST_AT_ONCE: Final = 256  # footers that one scan may read for this: half a millisecond each
_MOST_KEPT: Final = 50_000
_NOTHING: Final[frozenset[str]] = frozenset()

# A column that a file lacks has no entry, and one whose writer kept no count has a null: neither is counted. A nested
# column's leaves go by a path with a comma, which no column's name is taken for where it comes twice.
_FULL: Final = """
SELECT file_name, path_in_schema FROM parquet_metadata({files})
GROUP BY file_name, path_in_schema
HAVING count(*) FILTER (stats_null_count = 0) = count(DISTINCT row_group_id) AND count(*) = count(DISTINCT row_group_id)
"""


class FullColumns:
    """Remembers what footers told, by the identity of each file. Safe to use from several threads."""

    def __init__(self) -> None:
        self._known: dict[_Identity, frozenset[str]] = {}
        self._sets: dict[frozenset[str], frozenset[str]] = {}  # files of one table share theirs
        self._lock = threading.Lock()

    def of(self, files: Sequence[str], rows: Rows) -> frozenset[str]:
        """The columns that have a value in every row of all files; none where one of the files is not known yet and too
        many are to be asked."""
        try:
            identities = [_identity(file) for file in files]
        except OSError:
            return _NOTHING
        unknown = [one for one in identities if one not in self._known]
        if unknown and not self._ask(unknown[:_MOST_AT_ONCE], rows):
            return _NOTHING
        with self._lock:
            found = [self._known.get(one, _NOTHING) for one in identities]
        return frozenset.intersection(*set(found)) if found else _NOTHING

    def _ask(self, unknown: Sequence[_Identity], rows: Rows) -> bool:
        """Reads footers; a file that cannot be read is left to the scan, which tells what is wrong with it."""
        from bluetick.engines.duckdb_scan import file_list  # noqa: PLC0415 - loaded where there is data

        try:
            found = rows(_FULL.format(files=file_list([file for file, _, _ in unknown])))
        except duckdb.Error:
            return False
        columns: dict[str, set[str]] = {}
        for file, column in found:
            columns.setdefault(file, set()).add(column)
        with self._lock:
            for one in unknown:
                full = frozenset(columns.get(one[0], ()))
                self._known[one] = self._sets.setdefault(full, full)
            while len(self._known) > _MOST_KEPT:
                del self._known[next(iter(self._known))]
        return True


def _identity(file: str) -> _Identity:
    found = os.stat(file)
    return file, found.st_mtime_ns, found.st_size
