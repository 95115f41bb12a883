"""Tables of few values in Parquet files, one for each piece of a time, as a log leaves them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pyarrow as pa
from pyarrow import parquet

from bluetick.execution.baseline.policy import Policy
from bluetick.session import Session

NOW = datetime(2026, 3, 8, 10, 20, tzinfo=UTC)
# Everything is kept that may be kept, whatever it is worth.
EAGER = Policy(patience=0, least=timedelta(0), most_rows=9.0, most_hours=9.0, most_bytes=9e9, missing_files=1)


def event_rows(random: Random, start: datetime, rows: int, hours: int = 12) -> pa.Table:
    """Rows of some hours from `start`; some times stand on an hour, some are null."""
    times = [None, *(start + timedelta(minutes=15 * step) for step in range(hours * 4))]
    return pa.table(
        {
            "Timestamp": pa.array(random.choices(times, k=rows), pa.timestamp("us", "UTC")),
            "k": random.choices(["", "a", "b", "c", "d", None], k=rows),
            "n": pa.array(random.choices([None, 1, 2, 3], k=rows), pa.int64()),
            "r": random.choices([None, 0.0, 1.5, float("nan")], k=rows),
            "s": random.choices(["x", "y", None], k=rows),
        }
    )


def write_events(folder: Path, seed: int = 1, files: int = 8, rows: int = 40) -> Path:
    """A folder of files of half a day each, the last of them not over at NOW."""
    random = Random(seed)  # noqa: S311 - seeded, so that it can be had again
    folder.mkdir(parents=True)
    first = NOW.replace(hour=0, minute=0) + timedelta(hours=12) - timedelta(hours=12 * files)
    for number in range(files):
        table = event_rows(random, first + timedelta(hours=12 * number), rows)
        parquet.write_table(table, folder / f"{number:03}.parquet")
    return folder


def drawn(seed: int, days: int, rows: int) -> pa.Table:
    """Rows from so many days before NOW on, the same for the same seed."""
    return event_rows(Random(seed), NOW - timedelta(days=days), rows)  # noqa: S311 - seeded


def rows_of(session: Session, text: str, now: datetime | None = NOW) -> list[str]:
    return [repr(row) for row in session.query(text, now=now).rows()]
