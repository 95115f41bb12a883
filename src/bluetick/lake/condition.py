"""The condition that a lake is in: what is unfinished, what wants upkeep, what room there is. Nothing is changed."""

import fcntl
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bluetick.lake.failures import reading
from bluetick.lake.intake import LOCK, PART, RECORDS
from bluetick.lake.layout import DERIVED, QUARANTINE, RECEIPTS, RESERVED, is_delta
from bluetick.lake.maintenance import spare_files
from bluetick.lake.merging import spare_parts

# With less of either the next commits, or the next merge, may find no room.
_LEAST_FREE: Final = 1_000_000_000
_LEAST_SHARE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Condition:
    """`pending` are records of intakes that did not come to their end; `is_busy`: one is at work now. `spare` are the
    files that `optimize` would do without, by table. Sizes are bytes."""

    pending: int
    is_busy: bool
    spare: tuple[tuple[str, int], ...]
    quarantine_files: int
    quarantine_size: int
    free: int
    capacity: int

    @property
    def free_share(self) -> float:
        return self.free / max(self.capacity, 1)

    @property
    def is_short_of_room(self) -> bool:
        return self.free < _LEAST_FREE or self.free_share < _LEAST_SHARE


def look(lake: Path) -> Condition:
    """Raises SourceError for what cannot be read."""
    with reading(lake):
        kept = [file.stat().st_size for file in (lake / QUARANTINE).rglob("*") if file.is_file()]
        disk = shutil.disk_usage(lake)
        pending = len(_records(lake))
        return Condition(pending, _is_busy(lake), tuple(_spare(lake)), len(kept), sum(kept), disk.free, disk.total)


def _records(lake: Path) -> list[Path]:
    folder = lake / RECEIPTS / RECORDS
    return [file for file in folder.iterdir() if file.suffix != PART] if folder.is_dir() else []


def _is_busy(lake: Path) -> bool:
    """Whether another holds the lake; what is asked for to see it is given back at once."""
    try:
        with (lake / RECEIPTS / LOCK).open("r") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _spare(lake: Path) -> Iterator[tuple[str, int]]:
    for folder in sorted(lake.iterdir()):
        if folder.name not in RESERVED and is_delta(folder):
            yield folder.name, (spare_parts if folder.name in DERIVED else spare_files)(folder)
