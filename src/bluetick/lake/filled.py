"""Which sources had rows in a span of time, and which columns any of those rows filled: out of the fill rates."""

import json
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


def _instant(moment: datetime) -> Any:
    return pa.scalar(moment, SCHEMA.field("Start").type)
