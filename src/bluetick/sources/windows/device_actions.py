"""What processes did, as rows of Defender's tables that have a row for each act."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from bluetick.schema.packs import load_pack
from bluetick.sources.arrow import Cell, arrow_table
from bluetick.sources.windows.additional_fields import additional_fields_of
from bluetick.sources.windows.events import Origin
from bluetick.sources.windows.initiating import initiating_columns
from bluetick.sources.windows.memory import ProcessMemory
from bluetick.types import Type

Cells = tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class DeviceAction:
    """An act of a process: the table that tells of it, its name there, the cells of its row, and what has no column.

    Empty text and null say nothing, and may be left out of the cells.
    """

    origin: Origin
    table: str
    action: str
    cells: Cells
    more: tuple[tuple[str, str], ...] = ()


def device_actions(name: str, actions: Sequence[DeviceAction], processes: ProcessMemory) -> pa.Table:
    """The rows of a table, in the order of their acts."""
    table = load_pack("defender")[name]
    actors = [processes.actor(action.origin) for action in actions]
    columns = initiating_columns(table, actors)
    columns["ActionType"] = [action.action for action in actions]
    types = dict(table.columns)
    if "AdditionalFields" in types:
        columns["AdditionalFields"] = [
            additional_fields_of(actor, **dict(action.more)) for actor, action in zip(actors, actions, strict=True)
        ]
    given = [dict(action.cells) for action in actions]
    for column in {column for cells in given for column in cells}:
        missing = "" if types[column] is Type.STRING else None
        columns[column] = [cells.get(column, missing) for cells in given]
    return arrow_table(table, columns, len(actions))
