"""Rows that a sender numbers: each number of it is in a table once, whatever ends in between."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from bluetick.lake.columns import with_system
from bluetick.lake.commits import NOTE_ROWS, NOTE_SOURCE, Shape, append, make_ready, renamed
from bluetick.lake.data_files import write_data
from bluetick.lake.failures import writing
from bluetick.lake.folder import open_table
from bluetick.lake.intake import TableRows, received
from bluetick.lake.layout import is_delta


def make_table(lake: Path, table: TableRows) -> None:
    """Makes the table where there is none; a SourceError where one that is there cannot take such rows."""
    _ready(lake, table)


def last_number(lake: Path, table: str, sender: str) -> int:
    """The highest number of a sender that a table has; 0 where it has none."""
    folder = lake / table
    if not is_delta(folder):
        return 0
    with writing(folder):
        return open_table(folder).transaction_version(sender) or 0


def append_numbered(lake: Path, table: TableRows, sender: str, number: int, now: datetime) -> None:
    """Adds rows to a table, unless it has this number of the sender, or a later one. `now` is when they are received.

    Numbers of a sender are tried in their order; one that is tried again brings the same rows.
    """
    shape, names = _ready(lake, table)
    if last_number(lake, table.name, sender) >= number:
        return
    rows = received(table.rows, now, sender)
    rows = rows.rename_columns([names.get(name, name) for name in rows.column_names])
    files = write_data(lake / table.name, rows, shape.columns, shape.time)
    note = {NOTE_ROWS: str(rows.num_rows), NOTE_SOURCE: sender}
    append(lake / table.name, shape, files, sender, note, number)


def _ready(lake: Path, table: TableRows) -> tuple[Shape, Mapping[str, str]]:
    shape = Shape(with_system(table.columns), table.time)
    names = make_ready(lake / table.name, shape)
    return renamed(shape, names), names
