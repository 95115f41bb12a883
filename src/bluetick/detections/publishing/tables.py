"""The tables that the service writes, and their rows as the lake takes them.

Of known tables the names and types of columns are those of the schemas, and times and texts are put where they have
them; what is not known of a row stays null.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from bluetick.detections.ledger.times import to_moment
from bluetick.lake.columns import arrow_type
from bluetick.lake.intake import TableRows
from bluetick.lake.layout import SIGNALS, SIGNALS_COLUMNS
from bluetick.schema.packs import TIME_COLUMNS, known_table, stored_name
from bluetick.types import Type

# How the service names itself where a table asks for a product, a vendor, a provider or a source.
PRODUCT: Final = "bluetick"
ALERT: Final = "SecurityAlert"
INCIDENT: Final = "SecurityIncident"
ALERT_INFO: Final = "AlertInfo"
ALERT_EVIDENCE: Final = "AlertEvidence"
HEALTH: Final = "SentinelHealth"
_GENERATED: Final = TIME_COLUMNS[0]

# A row by the names of its columns. Times are microseconds; lists and bags are as in JSON.
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns, and the one that orders it."""

    name: str
    columns: tuple[tuple[str, Type], ...]
    time: str

    def rows(self, rows: Sequence[Row]) -> TableRows:
        """These rows for the lake. A column that the table does not have is a fault."""
        types = dict(self.columns)
        said = [{stored_name(self.name, name): value for name, value in self._whole(row).items()} for row in rows]
        if unknown := {name for row in said for name in row} - types.keys():
            raise AssertionError(f"the table '{self.name}' has no column {sorted(unknown)}")
        arrays = [
            pa.array([_stored(row.get(name), type_) for row in said], arrow_type(type_)) for name, type_ in self.columns
        ]
        return TableRows(self.name, pa.table(arrays, names=list(types)), self.columns, self.time)

    def _whole(self, row: Row) -> Row:
        """A row of a known table says of which it is, and who wrote it, where that has columns for it."""
        names = {name for name, _ in self.columns}
        marks = {"Type": self.name, "SourceSystem": PRODUCT}
        return {**{name: mark for name, mark in marks.items() if name in names}, **row}


def _known(name: str) -> Table:
    schema = known_table(name)
    if schema is None or schema.time_column is None:
        raise AssertionError(f"no schema has the table '{name}'")
    return Table(name, schema.columns, schema.time_column)


def _stored(value: Any, type_: Type) -> Any:
    if value is None:
        return None
    if type_ is Type.DATETIME:
        return to_moment(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


TABLES: Final = {
    table.name: table
    for table in (
        Table(SIGNALS, SIGNALS_COLUMNS, _GENERATED),
        _known(ALERT),
        _known(INCIDENT),
        _known(ALERT_INFO),
        _known(ALERT_EVIDENCE),
        _known(HEALTH),
    )
}
