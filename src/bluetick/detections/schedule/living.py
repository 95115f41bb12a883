"""Which workers of a ledger are alive: each holds a lock on a file, which the system takes from a process that ends."""

import fcntl
import os
import uuid
from pathlib import Path
from typing import Final

_SUFFIX: Final = ".worker"


class LockedWorkers:
    """Workers of one machine, by lock files in a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._held: dict[str, int] = {}

    def begin(self) -> str:
        name = uuid.uuid4().hex
        handle = os.open(self._path(name), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._held[name] = handle
        return name

    def is_alive(self, worker: str) -> bool:
        """Whether the process that began it still runs. The file of one that has ended is removed."""
        if worker in self._held:
            return True
        try:
            handle = os.open(self._path(worker), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            self._path(worker).unlink(missing_ok=True)
            return False
        finally:
            os.close(handle)

    def end(self, worker: str) -> None:
        self._path(worker).unlink(missing_ok=True)
        os.close(self._held.pop(worker))

    def _path(self, worker: str) -> Path:
        return self._folder / f"{worker}{_SUFFIX}"
