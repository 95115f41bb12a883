"""Rows of several tables, and what is told of where they came from, stored once and together.

Delta commits are one table's. So an intake first writes all data files, then one record that names them, and only then
commits table by table; the record is removed last. Whoever takes the lake's lock next finishes what a record tells of:
a process may be killed anywhere, and the rows are in every table or in none, and never twice.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from bluetick.diagnostics.errors import SourceError
from bluetick.lake.columns import LakeColumn, with_system
from bluetick.lake.commits import NOTE_PROVENANCE, NOTE_ROWS, NOTE_SOURCE, Shape, append, make_ready, renamed
from bluetick.lake.data_files import DataFile, discard, flush, write_data
from bluetick.lake.failures import writing
from bluetick.lake.layout import QUARANTINE, RECEIPTS, RECEIVED, SOURCE
from bluetick.types import Type

RECORDS: Final = "pending"
LOCK: Final = "lock"
PART: Final = ".part"


@dataclass(frozen=True, slots=True)
class TableRows:
    """Rows for a table. `columns` are all that the table is to have; `time` is the one that orders it."""

    name: str
    rows: pa.Table
    columns: tuple[tuple[str, Type], ...]
    time: str


@dataclass(frozen=True, slots=True)
class Batch:
    """One intake. No other has its `id`; `source` is what the rows were read from, in a word. `receipts` are texts by
    the name of their input, `outdated` names of earlier ones that these replace, `quarantine` what could not become
    rows. `rewritten` names files of the quarantine, and beside each (under a name that ends in PART) the one to take
    its place; "" where nothing is left of it. `provenance` is which editions of which data filled columns."""

    id: str
    source: str
    tables: tuple[TableRows, ...]
    receipts: Mapping[str, str]
    quarantine: str = ""
    outdated: tuple[str, ...] = ()
    rewritten: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def locked(lake: Path) -> Iterator[None]:
    """Holds the lake against other intakes and finishes what an interrupted one left."""
    folder = lake / RECEIPTS
    with writing(lake):
        (folder / RECORDS).mkdir(parents=True, exist_ok=True)
        stream = (folder / LOCK).open("w")
    with stream:
        with writing(lake):
            fcntl.flock(stream, fcntl.LOCK_EX)  # the system gives it back when the process ends, however it ends
        for record in sorted((folder / RECORDS).iterdir()):
            if record.suffix == PART:
                record.unlink(missing_ok=True)
            else:
                _finish(lake, record)
        with writing(lake):
            for left in (lake / QUARANTINE).glob(f"*{PART}"):  # no record names it any more
                left.unlink(missing_ok=True)
        yield


def receipt(lake: Path, name: str) -> str | None:
    """What was noted when the input of this name was stored; None where it was not."""
    try:
        return (lake / RECEIPTS / name).read_text("utf-8")
    except FileNotFoundError:
        return None


def receipt_names(lake: Path) -> list[str]:
    """The names of all inputs that were stored."""
    try:
        with os.scandir(lake / RECEIPTS) as entries:
            return [entry.name for entry in entries if entry.name not in (RECORDS, LOCK)]
    except FileNotFoundError:
        return []


def store(lake: Path, batch: Batch, now: datetime | None = None) -> dict[str, int]:
    """Stores a batch under `locked`; gives the rows of each table. `now` is when they are received."""
    moment = now or datetime.now(UTC)
    ready: list[tuple[TableRows, Shape, Mapping[str, str]]] = []
    for table in batch.tables:  # before the record: what it tells of must come to its end
        shape = Shape(with_system(table.columns), table.time)
        names = make_ready(lake / table.name, shape)
        ready.append((table, renamed(shape, names), names))
    written: list[tuple[TableRows, Shape, list[DataFile]]] = []
    try:
        for table, shape, names in ready:
            rows = received(table.rows, moment, batch.source)
            rows = rows.rename_columns([names.get(name, name) for name in rows.column_names])
            files = write_data(lake / table.name, rows, shape.columns, shape.time)
            written.append((table, shape, files))
        record = _write_record(lake, batch, [_table_json(t, s, f) for t, s, f in written])
    except BaseException:
        for table, _, files in written:
            discard(lake / table.name, files)
        raise
    _finish(lake, record)
    return {table.name: table.rows.num_rows for table in batch.tables}


def received(rows: pa.Table, moment: datetime, source: str) -> pa.Table:
    """The rows with the columns of the commit, but for those that they have of their own."""
    taken = {name.casefold() for name in rows.column_names}
    count = rows.num_rows
    if RECEIVED.casefold() not in taken:
        rows = rows.append_column(RECEIVED, pa.repeat(pa.scalar(moment, pa.timestamp("us", "UTC")), count))
    if SOURCE.casefold() not in taken:
        rows = rows.append_column(SOURCE, pa.repeat(pa.scalar(source, pa.string()), count))
    return rows


def _table_json(table: TableRows, shape: Shape, files: Sequence[DataFile]) -> dict[str, Any]:
    return {
        "name": table.name,
        "columns": [[c.name, str(c.type), c.is_hidden] for c in shape.columns],
        "time": shape.time,
        "rows": table.rows.num_rows,
        "files": [file.to_json() for file in files],
    }


def _write_record(lake: Path, batch: Batch, tables: list[dict[str, Any]]) -> Path:
    """From here on the batch is stored, whatever happens: the record appears whole or not at all."""
    record = lake / RECEIPTS / RECORDS / batch.id
    content = {
        "id": batch.id,
        "source": batch.source,
        "tables": tables,
        "receipts": dict(batch.receipts),
        "quarantine": batch.quarantine,
        "outdated": list(batch.outdated),
        "provenance": dict(batch.provenance),
        "rewritten": dict(batch.rewritten),
    }
    with writing(lake):
        _write_whole(record, json.dumps(content))
    return record


def _write_whole(path: Path, text: str) -> None:
    beside = path.with_name(path.name + PART)
    try:
        # JSON spells half of a pair so; a record that names a file in no encoding must come to its end all the same.
        beside.write_text(text, encoding="utf-8", errors="backslashreplace")
        flush(beside)
        beside.replace(path)
        flush(path.parent)
    finally:
        beside.unlink(missing_ok=True)


def _finish(lake: Path, record: Path) -> None:
    """Makes what a record tells of so; done again it changes nothing."""
    try:
        content = json.loads(record.read_text("utf-8"))
    except ValueError as error:
        raise SourceError(f"the record '{record}' of an interrupted ingest is damaged", str(record)) from error
    for table in content["tables"]:
        columns = tuple(LakeColumn(name, Type(type_), hidden) for name, type_, hidden in table["columns"])
        files = [DataFile.of_json(item) for item in table["files"]]
        note = {NOTE_ROWS: str(table["rows"]), NOTE_SOURCE: content["source"]}
        if content.get("provenance"):  # a record of an earlier release tells less
            note[NOTE_PROVENANCE] = json.dumps(content["provenance"])
        append(lake / table["name"], Shape(columns, table["time"]), files, f"ingest:{content['id']}", note)
    with writing(lake):
        if content["quarantine"]:
            (lake / QUARANTINE).mkdir(exist_ok=True)
            _write_whole(lake / QUARANTINE / content["id"], content["quarantine"])
        for name, rest in content.get("rewritten", {}).items():
            _give_way(lake / QUARANTINE / name, rest)
        for name, text in content["receipts"].items():
            _write_whole(lake / RECEIPTS / name, text)
        for name in content.get("outdated", ()):
            (lake / RECEIPTS / name).unlink(missing_ok=True)
        record.unlink()


def _give_way(path: Path, rest: str) -> None:
    """Puts what is left of a file of the quarantine in its place, unless that has been done."""
    if not rest:
        path.unlink(missing_ok=True)
    elif path.with_name(rest).exists():
        path.with_name(rest).replace(path)
    flush(path.parent)
