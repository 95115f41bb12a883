"""Which times of records can be: no query of a time would ever find one that cannot."""

from datetime import UTC, datetime, timedelta
from typing import Final

# No log is older; a clock may be ahead by as much as Azure Monitor tolerates.
EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
AHEAD: Final = timedelta(days=1)


def too_early(column: str) -> str:
    """The reason why a time before the earliest is kept aside."""
    return f"{column} is before {EARLIEST:%Y}"


def too_late(column: str) -> str:
    """The reason why a time that is yet to come is kept aside."""
    return f"{column} is more than {AHEAD.days} day in the future"
