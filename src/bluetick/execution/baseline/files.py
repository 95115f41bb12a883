"""The files of a table, each with what it is known by: a file that changed is another file."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bluetick.engines.protocol import FileSource
from bluetick.execution.catalog import Table


@dataclass(frozen=True, slots=True)
class TableFile:
    """`key` tells the file from any other, and from itself after a change."""

    path: str
    key: str
    bytes: int


def table_files(table: Table | None) -> list[TableFile] | None:
    """None of what is not made of immutable files: rows in memory, text, tables of another catalog, mapped ones."""
    if table is None or table.view is not None:
        return None
    if table.snapshot is not None:
        return _committed(table)
    if not isinstance(table.data, FileSource) or table.data.format != "parquet":
        return None
    try:
        found = [(file, os.stat(file)) for file in table.data.files]
    except OSError:
        return None
    return [
        TableFile(file, f"{file}|{s.st_size}|{s.st_mtime_ns}|{s.st_ctime_ns}|{s.st_ino}", s.st_size)
        for file, s in found
    ]


def _committed(table: Table) -> list[TableFile] | None:
    """A lake's file never changes under its name; its log tells the rest."""
    snapshot = table.snapshot
    if snapshot is None or "modification_time" not in snapshot.actions.column_names:
        return None
    times = [str(one) for one in snapshot.actions.column("modification_time").to_pylist()]
    sizes = [int(one or 0) for one in snapshot.actions.column("size_bytes").to_pylist()]
    triples = zip(snapshot.files, sizes, times, strict=True)
    return [TableFile(file, f"{file}|{size}|{written}", size) for file, size, written in triples]


def with_files(table: Table, files: Sequence[str]) -> Table:
    """The table with these of its files only."""
    if table.snapshot is not None:
        return replace(table, data=table.snapshot.keeping(files))
    if isinstance(table.data, FileSource):
        return replace(table, data=replace(table.data, files=tuple(files)))
    return table
