"""A lake at one moment, looked at while others write to it: which versions its tables have, and what must be copied so
that a copy is at that very moment.

Whoever writes to a lake adds names, and takes names away; what stands under a name is put there whole. So two looks in
a row that see the same names saw the lake as it was at every moment between them.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bluetick.diagnostics.errors import SourceError
from bluetick.lake.failures import reading
from bluetick.lake.folder import DeltaFolder
from bluetick.lake.intake import LOCK, PART, RECORDS
from bluetick.lake.layout import LOG, QUARANTINE, RECEIPTS, RESERVED, has_log

_NUMBERED: Final = re.compile(r"(\d{20})\..*")
# Says where to begin reading a log; a reader without it lists the log. It may be ahead of what is copied.
_HINT: Final = "_last_checkpoint"
_TRIES: Final = 200


@dataclass(frozen=True, slots=True)
class Record:
    """A small file that tells of data: an entry of a log, a receipt, what was kept aside. `path` is relative to the
    lake; size and time of change (in nanoseconds) tell whether it is still the one that was seen."""

    path: str
    size: int
    changed: int


@dataclass(frozen=True, slots=True)
class Moment:
    """The version of each Delta table, and the records, those first that were changed last: they may change again."""

    versions: dict[str, int]
    records: tuple[Record, ...]


def look(lake: Path) -> Moment:
    """The lake as it is at a moment during the call. A SourceError where it does not stand still for two looks."""
    with reading(lake):
        last = _seen(lake)
        for _ in range(_TRIES):
            now = _seen(lake)
            if now is not None and now == last:
                records = tuple(sorted(now, key=lambda record: (-record.changed, record.path)))
                return Moment(_versions(now), records)
            last = now
    raise SourceError(f"'{lake}' is written to so fast that it is never the same for two looks: try again", str(lake))


def data_files(lake: Path, moment: Moment) -> dict[str, bool]:
    """All other files of the lake, relative to it: those of every version that can still be read, and plain ones; and
    whether the version of that moment needs it.

    A SourceError where one that is needed is gone, or is not in the lake.
    """
    found = dict.fromkeys(sorted(_walk(lake)), False)
    for name, version in moment.versions.items():
        for file in DeltaFolder(lake / name, version).snapshot().files:
            path = os.path.relpath(file, lake)
            if path not in found:
                where = "is not in the lake" if path.startswith("..") else "is gone (a vacuum beside this?)"
                raise SourceError(f"the file '{file}' of '{name}' {where}: nothing was backed up", file)
            found[path] = True
    return found


def _versions(records: frozenset[Record]) -> dict[str, int]:
    found: dict[str, int] = {}
    for record in records:
        folder, _, name = record.path.rpartition("/")
        table, _, last = folder.partition("/")
        number = _NUMBERED.fullmatch(name)
        if last == LOG and number is not None:
            found[table] = max(found.get(table, -1), int(number[1]))
    return found


def _seen(lake: Path) -> frozenset[Record] | None:
    """None where a name went away between its listing and a look at it."""
    try:
        return frozenset(_records(lake))
    except FileNotFoundError:
        if not lake.is_dir():
            raise
        return None


def _records(lake: Path) -> Iterator[Record]:
    for entry in sorted(os.scandir(lake), key=lambda one: one.name):
        if entry.name == RECEIPTS:
            yield from _told(lake, entry.name, {LOCK, RECORDS}, PART)
            yield from _told(lake, f"{entry.name}/{RECORDS}", set(), PART)
        elif entry.name == QUARANTINE:
            yield from _told(lake, entry.name, set())
        elif entry.is_dir() and has_log(Path(entry.path)):
            yield from _told(lake, f"{entry.name}/{LOG}", {_HINT}, ".tmp", PART)


def _told(lake: Path, folder: str, besides: set[str], *endings: str) -> Iterator[Record]:
    if not (lake / folder).is_dir():
        return
    with os.scandir(lake / folder) as entries:
        for entry in entries:
            path = f"{folder}/{entry.name}"
            if entry.name in besides or entry.name.endswith(endings):
                continue
            if entry.is_dir():
                yield from _told(lake, path, set(), *endings)
            else:
                facts = entry.stat()
                yield Record(path, facts.st_size, facts.st_mtime_ns)


def _walk(lake: Path) -> Iterator[str]:
    """Files that no record is of."""
    for entry in os.scandir(lake):
        if entry.is_file():
            yield entry.name
        elif entry.is_dir() and entry.name not in RESERVED:
            for folder, folders, files in os.walk(entry.path, followlinks=True):
                if folder == entry.path and LOG in folders:
                    folders.remove(LOG)
                yield from (os.path.relpath(os.path.join(folder, file), lake) for file in files)


def is_whole(folder: Path, version: int) -> bool:
    """Whether a version of a table can still be read, all of it."""
    try:
        return all(Path(file).exists() for file in DeltaFolder(folder, version).snapshot().files)
    except SourceError:
        return False
