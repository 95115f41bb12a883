"""How full the columns are: rows and filled values by table, source and hour, one set of rows a commit.

As with first sights, a key may stand in the rows of many commits; who reads adds them up.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bluetick.lake.columns import arrow_type
from bluetick.lake.intake import TableRows
from bluetick.lake.layout import FILL, FILL_COLUMNS, RECEIVED
from bluetick.types import Type

HOUR: Final = 3_600_000_000  # microseconds
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Rows of more hours than this in one commit are told by the day, of more days by the year: a log with times from
# everywhere must not become a row an hour.
MOST_SLOTS: Final = 1_000
_STEPS: Final = (HOUR, 24 * HOUR, 365 * 24 * HOUR)
_NOTHING: Final[Any] = pa.scalar(0, pa.int32())
_NULL: Final[Any] = pa.scalar("null")
_SCHEMA: Final = pa.schema([(name, arrow_type(type_)) for name, type_ in FILL_COLUMNS])

Slots: TypeAlias = npt.NDArray[np.int64]
# An hour of a source in a table; None is that of rows without a time.
Key: TypeAlias = tuple[str, str, datetime | None]


@dataclass(slots=True)
class Fill:
    """What is known of a key. `received` is when its first row came in: None of rows whose commit will tell."""

    rows: int
    filled: Counter[str]
    received: datetime | None = None

    def add(self, other: "Fill") -> None:
        self.rows += other.rows
        self.filled.update(other.filled)
        times = [moment for moment in (self.received, other.received) if moment is not None]
        self.received = min(times, default=None)


def fill_rows(tables: Sequence[TableRows], source: str) -> TableRows | None:
    """How full these rows are, a row a table and hour; None where there are none. It belongs into their batch."""
    found: dict[Key, Fill] = {}
    for table in tables:
        for hour, fill in _by_hour(table):
            key = (table.name, source, hour)
            if key in found:
                found[key].add(fill)
            else:
                found[key] = fill
    return TableRows(FILL, to_arrow(found), FILL_COLUMNS, RECEIVED) if found else None


def to_arrow(found: Mapping[Key, Fill]) -> pa.Table:
    """The rows of these keys. A column without a filled value is not named."""
    rows = [
        (*key, fill.rows, json.dumps(fill.filled, separators=(",", ":"), ensure_ascii=False), fill.received)
        for key, fill in found.items()
    ]
    columns = zip(*rows, strict=True) if rows else [()] * len(FILL_COLUMNS)
    return pa.Table.from_arrays(
        [pa.array(values, field.type) for values, field in zip(columns, _SCHEMA, strict=True)], schema=_SCHEMA
    )


def add_up(tables: Iterable[pa.Table]) -> dict[Key, Fill]:
    """The keys of rows of many commits, as they are stored."""
    found: dict[Key, Fill] = {}
    for table in tables:
        received = pc.coalesce(table.column("Received"), table.column(RECEIVED))
        columns = (*(table.column(name) for name, _ in FILL_COLUMNS[:-1]), received)
        for name, source, hour, rows, filled, moment in zip(*(c.to_pylist() for c in columns), strict=True):
            fill = Fill(rows, Counter(json.loads(filled)), moment)
            key = (name, source, hour)
            if key in found:
                found[key].add(fill)
            else:
                found[key] = fill
    return found


def _by_hour(table: TableRows) -> Iterator[tuple[datetime | None, Fill]]:
    rows = table.rows
    if not rows.num_rows:
        return
    slots, codes = _slots(rows.column(table.time))
    counts = np.bincount(codes, minlength=len(slots))
    types = dict(table.columns)
    filled = {
        name: _counted(_is_filled(rows.column(name), types.get(name)), codes, len(slots)) for name in rows.column_names
    }
    for place, slot in enumerate(slots):
        named = {name: int(each[place]) for name, each in filled.items() if each is not None and each[place]}
        yield slot, Fill(int(counts[place]), Counter(named))


def _slots(times: Any) -> tuple[list[datetime | None], Slots]:
    """The hours of the rows (or days, or years), and for each row the place of its own."""
    micros = times.combine_chunks().cast(arrow_type(Type.DATETIME), safe=False).cast(pa.int64())
    known = pc.is_valid(micros).to_numpy(zero_copy_only=False)
    values = pc.fill_null(micros, 0).to_numpy()
    for step in _STEPS:
        starts, codes = np.unique(values[known] // step, return_inverse=True)
        if len(starts) <= MOST_SLOTS:
            break
    slots: list[datetime | None] = [_EPOCH + timedelta(microseconds=int(start) * step) for start in starts]
    places = np.full(len(values), len(slots), dtype=np.int64)
    places[known] = codes
    return (slots if known.all() else [*slots, None]), places


def _is_filled(column: Any, type_: Type | None) -> Any:
    """Whether each row has a value: no null and no empty text; None where none has."""
    if column.null_count == len(column):
        return None
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return pc.is_valid(column)
    has_text: Any = pc.greater(pc.binary_length(column), _NOTHING)
    if type_ is Type.DYNAMIC:
        has_text = pc.and_(has_text, pc.not_equal(column, _NULL))
    return pc.fill_null(has_text, False)


def _counted(is_filled: Any, codes: Slots, size: int) -> Slots | None:
    if is_filled is None:
        return None
    if size == 1:
        return np.array([pc.sum(is_filled).as_py() or 0], dtype=np.int64)
    flags = is_filled.combine_chunks().to_numpy(zero_copy_only=False)
    return np.bincount(codes[flags], minlength=size)
