"""Where things lie in a lake, and the columns that every table of ours has beside its own."""

import os
from pathlib import Path
from typing import Final

from bluetick.types import Type

LOG: Final = "_delta_log"
# What `ingest` keeps beside the tables; no table has such a name.
RECEIPTS: Final = "_ingested"
QUARANTINE: Final = "_quarantine"
# What `serve` keeps there: tokens, who asked what.
SETTINGS: Final = "_settings"
BASELINE: Final = "_baseline"  # what scheduled rules read again and again, computed once; may be deleted at any time
RESERVED: Final = frozenset({RECEIPTS, QUARANTINE, SETTINGS, BASELINE})

# Tables that each commit adds to beside its rows. No list of tables has them; a query that names one can read it.
SEEN: Final = "_Seen"
FILL: Final = "_Fill"
DERIVED: Final = frozenset({SEEN, FILL})
# Process starts, which outlive the rows of DeviceProcessEvents: a process may act long after them.
PROCESSES: Final = "_Processes"
UNLISTED: Final = DERIVED | {PROCESSES}
SEEN_COLUMNS: Final = (
    ("Kind", Type.STRING),
    ("Value", Type.STRING),
    ("Host", Type.STRING),
    ("Table", Type.STRING),
    ("First", Type.DATETIME),
    ("Last", Type.DATETIME),
    ("Count", Type.LONG),
)
FILL_COLUMNS: Final = (
    ("Table", Type.STRING),
    ("Source", Type.STRING),
    ("Start", Type.DATETIME),
    ("Hours", Type.LONG),
    ("Rows", Type.LONG),
    ("Filled", Type.DYNAMIC),
    ("Received", Type.DATETIME),
)

# Result rows of rules, as the service finds them, a row a row; RowNumber is -1 where a window has none any more.
SIGNALS: Final = "BluetickSignals"
SIGNALS_COLUMNS: Final = (
    ("TimeGenerated", Type.DATETIME),
    ("RuleId", Type.STRING),
    ("RuleName", Type.STRING),
    ("RuleVersion", Type.STRING),
    ("WindowStart", Type.DATETIME),
    ("WindowEnd", Type.DATETIME),
    ("Attempt", Type.LONG),
    ("IsTriggered", Type.BOOL),
    ("RowNumber", Type.LONG),
    ("RowCount", Type.LONG),
    ("Row", Type.DYNAMIC),
    ("Identity", Type.STRING),
    ("RunTime", Type.DATETIME),
)

# The day of a row's time, by which files are parted. It is derived and stands in the log alone.
DAY: Final = "LakeDay"
# When a row's commit was made (Azure Monitor's name for it, which ingestion_time() reads), and what it was read from.
RECEIVED: Final = "_TimeReceived"
SOURCE: Final = "_Source"


def has_log(folder: Path) -> bool:
    """Whether a folder is, or is about to be, a Delta table."""
    return (folder / LOG).is_dir()


def is_delta(folder: Path) -> bool:
    """Whether a folder is a Delta table, whoever wrote it: whether anything was committed to it."""
    if not has_log(folder):
        return False
    with os.scandir(folder / LOG) as entries:
        return any(entry.name.endswith((".json", ".parquet")) for entry in entries)
