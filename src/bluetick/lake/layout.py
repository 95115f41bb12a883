"""Where things lie in a lake, and the columns that every table of ours has beside its own."""

import os
from pathlib import Path
from typing import Final

LOG: Final = "_delta_log"
# What `ingest` keeps beside the tables; no table has such a name.
RECEIPTS: Final = "_ingested"
QUARANTINE: Final = "_quarantine"
RESERVED: Final = frozenset({RECEIPTS, QUARANTINE})

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
