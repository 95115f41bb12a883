"""Which times of records are believed."""

from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from bluetick.sources.believable import AHEAD, EARLIEST, too_early, too_late


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
        (early, too_early(column)),
        (late, too_late(column)),
    )
    for condition, reason in conditions:
        if pc.any(condition).as_py():
            mask = pc.fill_null(condition, False)
            found |= dict.fromkeys(pc.indices_nonzero(mask).to_pylist(), reason)
    return found
