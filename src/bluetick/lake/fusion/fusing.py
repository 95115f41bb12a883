"""`lake fuse`: the rows of a lake that two kinds of sensors have of one connection become one row.

A commit a table, and of minutes one for each network sensor.
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

from bluetick.diagnostics.errors import SourceError
from bluetick.lake.commits import NOTE_OPERATION, NOTE_ROWS, NOTE_SOURCE
from bluetick.lake.fusion.connections import CONNECTIONS, fuse_connections
from bluetick.lake.fusion.minutes import MINUTES, fuse_minutes
from bluetick.lake.fusion.sides import Fused
from bluetick.lake.fusion.stored import Edit, Span, StoredRows
from bluetick.lake.layout import is_delta

OPERATION: Final = "FUSE"
SKEW: Final = timedelta(seconds=5)
# So long before rows that come in, minutes may still be of the same connections.
LATE: Final = timedelta(hours=1)
MOST_SKEW: Final = timedelta(minutes=1)  # of minute rows no more can be told
_TRIES: Final = 5

_TABLES: Final[dict[str, Callable[[StoredRows, int], tuple[Edit, Fused]]]] = {
    CONNECTIONS: fuse_connections,
    MINUTES: fuse_minutes,
}
FUSED_TABLES: Final = tuple(_TABLES)


def fuse(lake: Path, table: str, span: Span, skew: timedelta = SKEW) -> Fused | None:
    """Fuses the rows of a table in a span, under `intake.locked`; None where the lake has no such table."""
    folder = lake / table
    if not is_delta(folder):
        return None
    pairs: Counter[str] = Counter()
    lost = 0
    while lost < _TRIES:
        stored = StoredRows(folder, span)
        edit, report = _TABLES[table](stored, skew // timedelta(microseconds=1))
        if not len(edit.removed) and not len(edit.replaced):
            report.pairs = pairs
            return report
        if stored.change(edit, _note(edit, report)):
            pairs.update(report.pairs)
        else:
            lost += 1
    raise SourceError(f"other writers keep replacing files of '{folder}'; nothing more was fused", str(folder))


def _note(edit: Edit, report: Fused) -> dict[str, str]:
    """What the commit says of itself: `lake history` shows it."""
    sources = ", ".join(f"{name} {count:,}" for name, count in sorted(report.pairs.items()))
    return {NOTE_ROWS: str(len(edit.replaced)), NOTE_OPERATION: OPERATION, NOTE_SOURCE: sources}
