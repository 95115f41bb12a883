"""A lake with one table of logons."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from bluetick.lake.intake import Batch, TableRows, locked, store
from bluetick.types import Type

NOON = datetime(2026, 6, 18, 12, tzinfo=UTC)


def add_logons(
    lake: Path, times: Sequence[datetime], host: str, batch: str, table: str = "Logons", column: str = "Host"
) -> None:
    """One commit of a row for each time, as an ingest makes it."""
    data = pa.table(
        {
            "Timestamp": pa.array(times, pa.timestamp("us", "UTC")),
            column: pa.array([host] * len(times), pa.string()),
        }
    )
    columns = (("Timestamp", Type.DATETIME), (column, Type.STRING))
    with locked(lake):
        store(lake, Batch(batch, "test", (TableRows(table, data, columns, "Timestamp"),), {batch: "stored"}))
