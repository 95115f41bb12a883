"""A backup: a ledger and a lake as they were at one moment, while a service and an ingest go on.

The lake must never be behind the ledger: commits that a ledger has seen, and a restored lake has not, would come again
under versions that the ledger passes over. Nor may the ledger lack what tables of the lake got from it. So nobody
writes to the ledger while the lake is looked at; the copies are made afterwards, of what was there at that moment.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from bluetick.detections.ledger.copies import copy_of, read_only, telling
from bluetick.detections.operations.manifest import (
    Area,
    Held,
    Manifest,
    manifest_paths,
    number_of,
    read_manifest,
    write_manifest,
)
from bluetick.detections.operations.store import Store
from bluetick.diagnostics.errors import SourceError
from bluetick.lake.layout import has_log
from bluetick.lake.moment import Moment, data_files, look

_BUSY_SECONDS: Final = 60.0
_TRIES: Final = 20
# A file that was changed so shortly before it was copied may change again and show the same time.
_BLURRED: Final = 2_000_000_000
_LEDGER_NAME: Final = "ledger"


class _ChangedError(Exception):
    """What was seen at the moment is not there any more."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a backup is of. `also` are files and folders beside the two: rules, watchlists, profiles."""

    ledger: Path
    lake: Path
    also: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that was made: its manifest, how many files and bytes were new, how many earlier ones went."""

    manifest: Manifest
    new_files: int
    new_bytes: int
    pruned: int


def back_up(
    place: Place,
    store: Store,
    now: Callable[[], datetime],
    *,
    keep: int,
    program: str,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Taken:
    """Make a backup beside the earlier ones, of which the newest stay so that there are `keep`. A SourceError where it
    cannot be made; then the earlier ones are as they were."""
    _check(place, store)
    with store.held():
        paths = manifest_paths(store.backups)
        with store.telling():
            copying = _Copying(place, store, _newest(paths), progress)
            began, form, versions, files = copying.run(now)
            number = number_of(paths[-1]) + 1 if paths else 1
            made = now().strftime("%Y-%m-%dT%H:%M:%SZ")
            manifest = Manifest(number, began, made, program, form, versions, tuple(files))
            write_manifest(store.backups, manifest)
            return Taken(manifest, copying.new_files, copying.new_bytes, store.prune(keep))


def _newest(paths: list[Path]) -> Manifest | None:
    """The newest backup, of which unchanged files are taken; none where it is damaged."""
    try:
        return read_manifest(paths[-1]) if paths else None
    except SourceError:
        return None


def _check(place: Place, store: Store) -> None:
    if not place.ledger.is_file():
        raise SourceError(f"there is no ledger '{place.ledger}'", str(place.ledger))
    if not place.lake.is_dir():
        raise SourceError(f"'{place.lake}' is no folder", str(place.lake))
    names = [path.resolve().name for path in place.also]
    for path in place.also:
        if not path.exists():
            raise SourceError(f"'{path}' is not there", str(path))
        if names.count(path.resolve().name) > 1:
            raise SourceError(f"several of the further files are called '{path.resolve().name}'", str(path))
    for inside in (place.lake, *place.also):
        if store.folder.resolve().is_relative_to(inside.resolve()):
            raise SourceError(f"a backup of '{inside}' cannot lie in it: '{store.folder}'", str(store.folder))


class _Copying:
    """One backup on its way. What the newest earlier backup holds of the lake and has not changed is not read again."""

    def __init__(
        self, place: Place, store: Store, before: Manifest | None, progress: Callable[[int, int], None]
    ) -> None:
        self._place = place
        self._store = store
        self._progress = progress
        self._known = {file.path: file for file in before.files if file.area is Area.LAKE} if before else {}
        self._sharp = before.began - _BLURRED if before else 0
        self.new_files = self.new_bytes = 0

    def run(self, now: Callable[[], datetime]) -> tuple[int, int, dict[str, int], list[Held]]:
        """When the moment was, the ledger's form, the versions of tables, and the files."""
        for _ in range(_TRIES):
            began = int(now().timestamp() * 1e9)
            try:
                moment, ledger, form = self._look()
                records = [self._record(record.path, record.size, record.changed) for record in moment.records]
            except _ChangedError:
                continue
            data = self._data(moment)
            return began, form, moment.versions, [ledger, *records, *data, *self._also()]
        raise SourceError(f"'{self._place.lake}' is written to so fast that it cannot be copied: try again")

    def _look(self) -> tuple[Moment, Held, int]:
        """The lake at a moment at which nobody writes to the ledger, and the ledger of that moment."""
        path = self._place.ledger
        part = self._store.folder / f"{_LEDGER_NAME}.part"
        with telling(path), closing(read_only(path)) as reader:
            with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)) as holder:
                holder.execute("BEGIN IMMEDIATE")
                reader.execute("BEGIN")
                seen = dict(reader.execute("SELECT name, version FROM seen"))  # the reader stays at this moment
                form = reader.execute("PRAGMA user_version").fetchone()[0]
                moment = look(self._place.lake)
                holder.execute("ROLLBACK")
            self._check_seen(seen, moment)
            copy_of(reader, path, part)
        try:
            return moment, self._added(part, Area.LEDGER, _LEDGER_NAME), form
        finally:
            part.unlink(missing_ok=True)

    def _check_seen(self, seen: dict[str, int], moment: Moment) -> None:
        for name, version in seen.items():
            there = moment.versions.get(name, -1)
            if has_log(self._place.lake / name) and version > there:
                raise SourceError(
                    f"the ledger '{self._place.ledger}' has seen version {version} of '{name}', of which"
                    f" '{self._place.lake}' has {there}: it is another lake's"
                )

    def _record(self, path: str, size: int, changed: int) -> Held:
        """A small file as it was seen; _ChangedError where it is not that any more."""
        if (known := self._unchanged(path, size, changed)) is not None:
            return known
        try:
            with (self._place.lake / path).open("rb") as stream:
                facts = os.fstat(stream.fileno())
                if (facts.st_size, facts.st_mtime_ns) != (size, changed):
                    raise _ChangedError
                return self._held(stream, Area.LAKE, path)
        except FileNotFoundError:
            raise _ChangedError from None

    def _data(self, moment: Moment) -> list[Held]:
        paths = data_files(self._place.lake, moment)
        found = []
        for number, (path, is_needed) in enumerate(paths.items()):
            self._progress(number, len(paths))
            try:
                facts = (self._place.lake / path).stat()
                known = self._unchanged(path, facts.st_size, facts.st_mtime_ns)
                found.append(known or self._added(self._place.lake / path, Area.LAKE, path))
            except FileNotFoundError:
                if is_needed:
                    raise SourceError(f"'{path}' went away while it was copied (a vacuum?): try again", path) from None
        self._progress(len(paths), len(paths))
        return found

    def _also(self) -> list[Held]:
        found = []
        for given in self._place.also:
            root = given.resolve()
            files = sorted(path for path in root.rglob("*") if path.is_file()) if root.is_dir() else [root]
            found += [self._added(file, Area.ALSO, str(file.relative_to(root.parent))) for file in files]
        return found

    def _unchanged(self, path: str, size: int, changed: int) -> Held | None:
        known = self._known.get(path)
        is_same = known is not None and (known.size, known.changed) == (size, changed) and changed < self._sharp
        return known if is_same and known is not None and self._store.has(known.digest, size) else None

    def _added(self, file: Path, area: Area, path: str) -> Held:
        with file.open("rb") as stream:
            return self._held(stream, area, path)

    def _held(self, stream: Any, area: Area, path: str) -> Held:
        facts = os.fstat(stream.fileno())
        digest, size, is_new = self._store.add(stream)
        self.new_files += is_new
        self.new_bytes += size * is_new
        return Held(area, path, digest, size, facts.st_mtime_ns, facts.st_mode & 0o777)
