"""A backup put back: a ledger, its lake, and what was backed up beside them."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from bluetick.detections.ledger.copies import flush, read_only, telling
from bluetick.detections.operations.manifest import Area, Held, Manifest
from bluetick.detections.operations.store import Store
from bluetick.diagnostics.errors import SourceError

_PART: Final = ".restoring"
# SQLite keeps these beside a database; those of another one would be taken for parts of it.
_BESIDE: Final = ("", "-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Target:
    """Where to put it. `also` is a folder for what was backed up beside ledger and lake; None: it is left out."""

    ledger: Path
    lake: Path
    also: Path | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        return (self.ledger, self.lake, *(() if self.also is None else (self.also,)))


def restore(
    store: Store,
    manifest: Manifest,
    target: Target,
    now: datetime,
    *,
    replaces: bool,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Path]:
    """Put a backup where nothing is, or, with `replaces`, in the place of what is there, which is moved aside; gives
    where to. All of it is checked and copied before anything is put in its place.

    A SourceError names the first files that are damaged, what is in the way, or that a service runs on the ledger.
    """
    _check_place(target, replaces=replaces)
    _check_contents(store, manifest, progress)
    parts = {path: path.with_name(f"{path.name}{_PART}") for path in target.paths}
    with _told(target):
        try:
            _clear(parts.values())
            _copy(store, manifest, target, parts)
            _check_ledger(parts[target.ledger])
            return _swap(target, parts, f"{now:%Y%m%dT%H%M%SZ}")
        finally:
            _clear(parts.values())


def _check_place(target: Target, *, replaces: bool) -> None:
    if _is_served(target.ledger):
        raise SourceError(f"a service runs on the ledger '{target.ledger}': end it first", str(target.ledger))
    for path in target.paths:
        around = next(
            (one for one in target.paths if one != path and path.resolve().is_relative_to(one.resolve())), None
        )
        if around is not None:
            raise SourceError(f"'{path}' cannot be restored into '{around}': name places beside each other", str(path))
        taken = [beside for beside in _all_of(path) if beside.exists() and not _is_empty_folder(beside)]
        if taken and not replaces:
            raise SourceError(
                f"'{taken[0]}' is there: name another place, or say --force, which moves it aside", str(taken[0])
            )


def _check_contents(store: Store, manifest: Manifest, progress: Callable[[int, int], None]) -> None:
    damaged = store.damaged([manifest], progress)
    if damaged:
        some = ", ".join(f"'{path}' ({wrong})" for path, wrong in damaged[:5])
        more = f" and {len(damaged) - 5:,} more" if len(damaged) > 5 else ""
        raise SourceError(f"backup {manifest.label} is damaged, nothing was restored: {some}{more}", damaged[0][0])


def _copy(store: Store, manifest: Manifest, target: Target, parts: dict[Path, Path]) -> None:
    parts[target.lake].mkdir(parents=True)
    if target.also is not None:
        parts[target.also].mkdir(parents=True)
    parts[target.ledger].parent.mkdir(parents=True, exist_ok=True)
    folders: set[Path] = set()
    for file in manifest.files:
        path = _place_of(file, target, parts)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(store.path_of(file.digest), path)
            os.chmod(path, file.mode)
            os.utime(path, ns=(file.changed, file.changed))
            flush(path)
            folders.add(path.parent)
    for folder in folders:
        flush(folder)


def _place_of(file: Held, target: Target, parts: dict[Path, Path]) -> Path | None:
    match file.area:
        case Area.LEDGER:
            return parts[target.ledger]
        case Area.LAKE:
            return parts[target.lake] / file.path
        case Area.ALSO:
            return None if target.also is None else parts[target.also] / file.path


def _check_ledger(path: Path) -> None:
    with telling(path), closing(read_only(path)) as connection:
        found = connection.execute("PRAGMA quick_check").fetchone()[0]
    if found != "ok":
        raise SourceError(f"the ledger of the backup is damaged: {found}", str(path))


def _swap(target: Target, parts: dict[Path, Path], stamp: str) -> list[Path]:
    """The lake goes first and comes last: there is never a lake beside a ledger that is not its own, and a service
    does not start without one."""
    aside = [moved for path in reversed(target.paths) for moved in _moved_aside(path, stamp)]
    for path in sorted(target.paths, key=lambda one: one == target.lake):
        path.parent.mkdir(parents=True, exist_ok=True)
        parts[path].replace(path)
        flush(path.parent)
    return aside


def _moved_aside(path: Path, stamp: str) -> Iterator[Path]:
    for beside in _all_of(path):
        if _is_empty_folder(beside):
            beside.rmdir()
        elif beside.exists():
            name = f"{path.name}.before-{stamp}{beside.name.removeprefix(path.name)}"
            yield beside.rename(path.with_name(name))


def _all_of(path: Path) -> list[Path]:
    return [path.with_name(f"{path.name}{ending}") for ending in _BESIDE]


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _is_served(ledger: Path) -> bool:
    """Whether a worker holds its lock (see schedule/living.py)."""
    for lock in ledger.with_name(f"{ledger.name}.workers").glob("*.worker"):
        with lock.open("r") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
    return False


def _clear(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


@contextmanager
def _told(target: Target) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SourceError(
            f"nothing was restored to '{target.lake}': {str(error.strerror or error).lower()}", str(target.lake)
        ) from error
