"""Which times of records are believed."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

# No log is older; a clock may be ahead by as much as Azure Monitor tolerates.
EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
AHEAD: Final = timedelta(days=1)


def wrong_times(column: str, times: Any, now: datetime) -> dict[int, str]:
    """Rows whose time cannot be, and why. No query of a time would ever find them."""
    zone = pa.timestamp("us", "UTC")
    values = times.cast(zone)
    early = pc.less(values, pa.scalar(EARLIEST, zone))
    late = pc.greater_equal(values, pa.scalar(now + AHEAD, zone))
    none = pc.is_null(values)
    found: dict[int, str] = {}
    conditions: tuple[tuple[Any, str], ...] = (
        (none, f"no {column}"),
        (early, f"{column} is before {EARLIEST:%Y}"),
        (late, f"{column} is more than {AHEAD.days} day in the future"),
    )
    for condition, reason in conditions:
        if pc.any(condition).as_py():
            mask = pc.fill_null(condition, False)
            found |= dict.fromkeys(pc.indices_nonzero(mask).to_pylist(), reason)
    return found
