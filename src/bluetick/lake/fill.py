"""How full the columns are: rows and filled values by table, source and hour, one set of rows a commit.

As with first sights, a slot may stand in the rows of many commits; who reads adds them up.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bluetick.lake.columns import arrow_type
from bluetick.lake.intake import TableRows
from bluetick.lake.layout import FILL, FILL_COLUMNS, RECEIVED
from bluetick.types import Type

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
HOUR: Final = 3_600_000_000  # microseconds
# Rows of more hours than this in one commit are told by the day, of more days by the year: a log with times from
# everywhere must not become a row an hour.
MOST_SLOTS: Final = 1_000
_STEPS: Final = (1, 24, 365 * 24)  # hours
_NOTHING: Final[Any] = pa.scalar(0, pa.int32())
_NULL: Final[Any] = pa.scalar("null")
SCHEMA: Final = pa.schema([(name, arrow_type(type_)) for name, type_ in FILL_COLUMNS])

Places: TypeAlias = npt.NDArray[np.int64]


class Slot(NamedTuple):
    """So many hours of a source in a table, most often one. Rows without a time have no `start`."""

    table: str
    source: str
    start: datetime | None
    hours: int


@dataclass(frozen=True, slots=True)
class Fill:
    """What is known of a slot. `filled` is the JSON of how many values each column has; a column without any is not
    named. `received` is when the first row came in, None of rows whose commit will tell."""

    rows: int
    filled: str
    received: datetime | None = None

    def plus(self, other: "Fill") -> "Fill":
        times = [moment for moment in (self.received, other.received) if moment is not None]
        filled = Counter(json.loads(self.filled))
        filled.update(json.loads(other.filled))
        return Fill(self.rows + other.rows, _json(filled), min(times, default=None))


def fill_rows(tables: Sequence[TableRows], source: str) -> TableRows | None:
    """How full these rows are, a row a table and hour; None where there are none. It belongs into their batch."""
    found = _together((slot, fill) for table in tables for slot, fill in _by_slot(table, source))
    return TableRows(FILL, to_arrow(found), FILL_COLUMNS, RECEIVED) if found else None


def to_arrow(found: Mapping[Slot, Fill]) -> pa.Table:
    """The rows of these slots."""
    rows = [(*slot, fill.rows, fill.filled, fill.received) for slot, fill in found.items()]
    columns = zip(*rows, strict=True) if rows else [()] * len(FILL_COLUMNS)
    return pa.Table.from_arrays(
        [pa.array(values, field.type) for values, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )


def add_up(tables: Iterable[pa.Table]) -> dict[Slot, Fill]:
    """The slots of rows of many commits, as they are stored."""
    return _together(stored for table in tables for stored in _stored(table))


def _together(parts: Iterable[tuple[Slot, Fill]]) -> dict[Slot, Fill]:
    found: dict[Slot, Fill] = {}
    for slot, fill in parts:
        found[slot] = found[slot].plus(fill) if slot in found else fill
    return found


def _stored(table: pa.Table) -> Iterator[tuple[Slot, Fill]]:
    received = pc.coalesce(table.column("Received"), table.column(RECEIVED))
    columns = (*(table.column(name) for name, _ in FILL_COLUMNS[:-1]), received)
    for name, source, start, hours, rows, filled, moment in zip(*(c.to_pylist() for c in columns), strict=True):
        yield Slot(name, source, start, hours), Fill(rows, filled, moment)


def _json(filled: Mapping[str, int]) -> str:
    return json.dumps(filled, separators=(",", ":"), ensure_ascii=False)


def _by_slot(table: TableRows, source: str) -> Iterator[tuple[Slot, Fill]]:
    rows = table.rows
    if not rows.num_rows:
        return
    starts, hours, codes = _slots(rows.column(table.time))
    counts = np.bincount(codes, minlength=len(starts))
    types = dict(table.columns)
    filled = {
        name: _counted(is_filled(rows.column(name), types.get(name)), codes, len(starts)) for name in rows.column_names
    }
    for place, start in enumerate(starts):
        named = {name: int(each[place]) for name, each in filled.items() if each is not None and each[place]}
        yield Slot(table.name, source, start, hours), Fill(int(counts[place]), _json(named))


def _slots(times: Any) -> tuple[list[datetime | None], int, Places]:
    """Where the slots of the rows start, how many hours each has, and for each row the place of its own."""
    micros = times.combine_chunks().cast(arrow_type(Type.DATETIME), safe=False).cast(pa.int64())
    known = pc.is_valid(micros).to_numpy(zero_copy_only=False)
    values = pc.fill_null(micros, 0).to_numpy()
    for hours in _STEPS:
        numbers, codes = np.unique(values[known] // (hours * HOUR), return_inverse=True)
        if len(numbers) <= MOST_SLOTS:
            break
    earliest = (_FIRST - _EPOCH) // timedelta(hours=1)
    starts: list[datetime | None] = [_EPOCH + timedelta(hours=max(int(number) * hours, earliest)) for number in numbers]
    places = np.full(len(values), len(starts), dtype=np.int64)
    places[known] = codes
    return (starts if known.all() else [*starts, None]), hours, places


def is_filled(column: Any, type_: Type | None) -> Any:
    """True for each row that has a value: no null and no empty text. None where none has."""
    if column.null_count == len(column):
        return None
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return pc.is_valid(column)
    has_text: Any = pc.greater(pc.binary_length(column), _NOTHING)
    if type_ is Type.DYNAMIC:
        has_text = pc.and_(has_text, pc.not_equal(column, _NULL))
    return has_text


def _counted(is_filled: Any, codes: Places, size: int) -> Places | None:
    if is_filled is None:
        return None
    if size == 1:
        return np.array([pc.sum(is_filled).as_py() or 0], dtype=np.int64)
    return np.bincount(codes[pc.indices_nonzero(is_filled).to_numpy()], minlength=size)
