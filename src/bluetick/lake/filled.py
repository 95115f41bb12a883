"""Out of the fill rates: which sources had rows in a span of time and which columns any of those rows filled, and how
many values a table's columns have."""

import json
from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from bluetick.lake.failures import reading
from bluetick.lake.fill import HOUR, SCHEMA
from bluetick.lake.snapshot import Snapshot

_READ = ("Table", "Source", "Filled")


def filled_columns(
    snapshot: Snapshot, tables: Collection[str], low: datetime | None, high: datetime
) -> dict[str, dict[str, frozenset[str]]]:
    """By table and source the columns with a value in low <= time < high, to the hour in which rows are counted."""
    if not snapshot.files or not tables:
        return {}
    wanted: Any = ds.field("Table").isin(sorted(tables)) & (ds.field("Start") < _instant(high))
    with reading(snapshot.folder):
        data = ds.dataset(list(snapshot.files), schema=SCHEMA, format="parquet")
        rows = data.to_table(columns=[*_READ, "Start", "Hours"], filter=wanted)
    if low is not None:
        start: Any = rows.column("Start").cast(pa.int64())
        end: Any = pc.add(start, pc.multiply(rows.column("Hours"), pa.scalar(HOUR)))
        rows = rows.filter(pc.greater(end, _instant(low).cast(pa.int64())))
    found: dict[str, dict[str, frozenset[str]]] = {}
    for table, source, filled in zip(*(rows.column(name).to_pylist() for name in _READ), strict=True):
        sources = found.setdefault(table, {})
        sources[source] = sources.get(source, frozenset()) | {
            name for name, count in json.loads(filled).items() if count
        }
    return found


def value_counts(snapshot: Snapshot, table: str) -> tuple[int, dict[str, int]]:
    """How many rows of a table were told of since fill rates are kept, and by stored column how many had a value."""
    if not snapshot.files:
        return 0, {}
    wanted: Any = ds.field("Table") == table
    with reading(snapshot.folder):
        data = ds.dataset(list(snapshot.files), schema=SCHEMA, format="parquet")
        rows = data.to_table(columns=["Rows", "Filled"], filter=wanted)
    count, found = 0, Counter[str]()
    told: Any = zip(rows.column("Rows").to_pylist(), rows.column("Filled").to_pylist(), strict=True)
    for number, filled in told:
        count += number
        found.update(json.loads(filled))
    return count, dict(found)


def _instant(moment: datetime) -> Any:
    return pa.scalar(moment, SCHEMA.field("Start").type)
