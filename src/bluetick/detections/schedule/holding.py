"""Which process sends to an output: the one that holds its lock, which the system takes from a process that ends."""

import fcntl
import hashlib
import os
from pathlib import Path


class OutputLocks:
    """Locks of the outputs of one ledger, by files in a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._held: dict[str, int] = {}

    def take(self, output: str) -> bool:
        """Whether the lock is ours, now or already."""
        if output in self._held:
            return True
        handle = os.open(self._path(output), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._held[output] = handle
        return True

    def release(self, output: str) -> None:
        """Let others send. The file stays: to remove it could give two processes the lock."""
        handle = self._held.pop(output, None)
        if handle is not None:
            os.close(handle)

    def _path(self, output: str) -> Path:
        return self._folder / f"{hashlib.sha256(output.encode()).hexdigest()[:16]}.output"
