"""What is worth keeping."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Policy:
    """`limit` is the most bytes of all parts together. A part is kept when it is asked for after it was so `patience`
    times before, by runs that read `least` of a table's time or more. What a file leaves is at most a share of its rows
    and bytes, else it is not worth it. New files are kept when they are so many, or so large a share of all."""

    limit: int = 4 << 30
    patience: int = 1
    least: timedelta = timedelta(days=1)
    most_rows: float = 0.75
    most_hours: float = 0.2  # of the rows, where they are merged by hours
    most_bytes: float = 0.5
    missing_files: int = 6
    missing_share: float = 0.04


USUAL: Final = Policy()
