"""Messages as lines of a file."""

import fcntl
import json
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bluetick.detections.ledger.outbox import Message
from bluetick.diagnostics.inert import inert_json


def compact(value: object) -> str:
    """JSON in one line, without what controls a terminal."""
    return inert_json(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False))


@dataclass(frozen=True, slots=True)
class LinesFile:
    """Lines at the end of a file, on the disk before they count as sent. The file is opened by its name for each, so
    that it may be moved away; a line that a crash cut off is ended before the next."""

    path: Path
    form: Callable[[Message], Mapping[str, Any]] = Message.to_json

    def send(self, message: Message) -> None:
        line = compact(self.form(message)).encode() + b"\n"
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            facts = os.fstat(handle)
            if not stat.S_ISREG(facts.st_mode):  # a pipe, or a device
                _write_all(handle, line)
                return
            size = facts.st_size
            if size and os.pread(handle, 1, size - 1) != b"\n":
                line = b"\n" + line
            self._write(handle, line, size)
        finally:
            os.close(handle)
        if not size:
            _keep_name(self.path)

    def _write(self, handle: int, line: bytes, size: int) -> None:
        """All of it, or none: a disk may be full."""
        try:
            _write_all(handle, line)
            os.fsync(handle)
        except OSError as error:
            os.ftruncate(handle, size)
            error.filename = str(self.path)
            raise


def _write_all(handle: int, line: bytes) -> None:
    written = 0
    while written < len(line):
        written += os.write(handle, line[written:])


def _keep_name(path: Path) -> None:
    """A new file's name is on the disk too."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
