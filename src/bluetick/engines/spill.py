"""Where an engine puts what has no room in memory: a folder of this process's own, gone when the process is.

Each folder has a lock on a file beside it. The system takes a lock from a process that ends, however it ends, so the
next one that starts knows which folders nobody has any more, and removes them.
"""

import fcntl
import os
import secrets
import shutil
import stat
import tempfile
import weakref
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

from bluetick.diagnostics.errors import SourceError

_LOCK: Final = ".lock"


class SpillFolder:
    """Temporary folders below a place that a user named, or the system's; `close` removes them.

    In a named place that cannot be used it is a SourceError; without any place `new` gives an empty name.
    """

    def __init__(self, named: str | Path | None = None) -> None:
        self._numbers = count()
        self._folder: Path | None = None
        try:
            place = _own_place(Path(tempfile.gettempdir() if named is None else named), is_named=named is not None)
            _sweep(place)
            self._folder, handle = _claim(place)
        except OSError as error:
            if named is not None:
                reason = (error.strerror or str(error)).lower()
                raise SourceError(f"no temporary files can be written to '{named}': {reason}", str(named)) from error
        else:
            self._remove = weakref.finalize(self, _remove, self._folder, handle, os.getpid())

    def new(self) -> str:
        """The name of a folder for one database: two that share one would take each other's files for their own."""
        return "" if self._folder is None else str(self._folder / str(next(self._numbers)))

    def close(self) -> None:
        if self._folder is not None:
            self._remove()


def _own_place(base: Path, *, is_named: bool) -> Path:
    """A folder of this user's alone: logs stand in the files, and the base may be everybody's."""
    if is_named:
        base.mkdir(parents=True, exist_ok=True)
    place = base / f"bluetick-{os.getuid()}"
    with suppress(FileExistsError):
        place.mkdir(mode=0o700)
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(0, f"'{place}' is no folder of this user's")
    return place


def _claim(place: Path) -> tuple[Path, int]:
    """A new name with its lock held."""
    while True:
        folder = place / f"{os.getpid()}-{secrets.token_hex(4)}"
        lock = folder.with_suffix(_LOCK)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with suppress(OSError):  # a sweep has it for a moment, or this file system has no locks
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with suppress(FileNotFoundError):  # a sweep came between the file and its lock
            if os.path.samestat(lock.stat(), os.fstat(handle)):
                folder.mkdir(mode=0o700)
                return folder, handle
        os.close(handle)


def _sweep(place: Path) -> None:
    """Removes what belongs to no living process."""
    for lock in place.glob(f"*{_LOCK}"):
        try:
            handle = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pass  # it lives, or nobody can tell
        else:
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)
        finally:
            os.close(handle)


def _remove(folder: Path, handle: int, owner: int) -> None:
    if os.getpid() == owner:  # a forked child ends before its parent does
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_suffix(_LOCK).unlink(missing_ok=True)
    os.close(handle)
