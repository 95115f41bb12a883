"""Rows and tables that the tests of the lake share."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from bluetick.lake.intake import Batch, TableRows, locked, store
from bluetick.session import Session
from bluetick.types import Type

NOON = datetime(2026, 6, 18, 12, tzinfo=UTC)
COLUMNS = (("Timestamp", Type.DATETIME), ("Host", Type.STRING), ("Bag", Type.DYNAMIC))


def rows(times: Sequence[datetime | None], host: str = "a") -> pa.Table:
    """One row for each time."""
    return pa.table(
        {
            "Timestamp": pa.array(times, pa.timestamp("us", "UTC")),
            "Host": pa.array([host] * len(times), pa.string()),
            "Bag": pa.array([json.dumps({"n": n}) for n in range(len(times))], pa.string()),
        }
    )


def every(step: timedelta, count: int, start: datetime = NOON) -> list[datetime | None]:
    return [start + n * step for n in range(count)]


def add(lake: Path, name: str, data: pa.Table, batch: str, columns: Any = COLUMNS) -> None:
    """One commit, as an ingest makes it."""
    with locked(lake):
        store(lake, Batch(batch, "test", (TableRows(name, data, columns, "Timestamp"),), {batch: "stored"}))


def answer(session: Session, text: str) -> list[tuple[Any, ...]]:
    return list(session.query(text).rows())
