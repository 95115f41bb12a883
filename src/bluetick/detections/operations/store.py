"""A folder of backups: contents once each, under the SHA-256 of their bytes, and a manifest for each backup.

A content is written beside and put in its place when it is whole, and a manifest when all that it names is there. So a
process that ends anywhere leaves contents that nothing names, and never a backup that lacks something.
"""

import errno
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from bluetick.detections.ledger.copies import flush
from bluetick.detections.operations.manifest import Manifest, by_digest, manifest_paths, read_manifest
from bluetick.diagnostics.errors import SourceError

_CONTENTS: Final = "contents"
_BACKUPS: Final = "backups"
_LOCK: Final = "lock"
_PART: Final = ".part"
_BLOCK: Final = 1 << 20
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Store:
    """The backups in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.backups = folder / _BACKUPS

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder against other backups; it is made where it is not there. A SourceError where it holds
        something else, or another backup is being made."""
        if self.folder.is_dir() and any(self.folder.iterdir()) and not self.backups.is_dir():
            raise SourceError(f"'{self.folder}' is not empty, and no folder of backups", str(self.folder))
        with self.telling():
            for folder in (self.folder, self.backups, self.folder / _CONTENTS):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            stream = (self.folder / _LOCK).open("w")
        with stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SourceError(f"another backup to '{self.folder}' is at work", str(self.folder)) from None
            with self.telling():
                self._tidy()
            yield

    @contextmanager
    def telling(self) -> Iterator[None]:
        """What cannot be written inside is a SourceError; earlier backups are as they were."""
        try:
            yield
        except OSError as error:
            why = "the disk is full" if error.errno in _FULL else str(error.strerror or error).lower()
            raise SourceError(
                f"the backup to '{self.folder}' was not made: {why} (earlier ones are as they were)", str(self.folder)
            ) from error

    def paths(self) -> list[Path]:
        """The manifests, the oldest first; a SourceError where there is none."""
        found = manifest_paths(self.backups) if self.backups.is_dir() else []
        if not found:
            raise SourceError(f"there is no backup in '{self.folder}'", str(self.folder))
        return found

    def path_of(self, digest: str) -> Path:
        return self.folder / _CONTENTS / digest[:2] / digest

    def has(self, digest: str, size: int) -> bool:
        """Whether a content is there, by its size."""
        try:
            return self.path_of(digest).stat().st_size == size
        except FileNotFoundError:
            return False

    def add(self, stream: Any) -> tuple[str, int, bool]:
        """Copies what is read, onto the disk for certain; its digest, its size, and whether it was not there yet."""
        part = self.folder / _CONTENTS / f"{uuid4().hex}{_PART}"
        try:
            digest, size = _copied(stream, part)
            path = self.path_of(digest)
            if self.has(digest, size):
                return digest, size, False
            path.parent.mkdir(mode=0o700, exist_ok=True)
            part.replace(path)
            flush(path.parent)
        finally:
            part.unlink(missing_ok=True)
        return digest, size, True

    def damaged(self, manifests: list[Manifest], progress: Callable[[int, int], None]) -> list[tuple[str, str]]:
        """The files whose content is not what it was, and what is wrong with it."""
        found = []
        wanted = by_digest(manifests)
        for number, (digest, held) in enumerate(sorted(wanted.items())):
            progress(number, len(wanted))
            if (wrong := self._wrong(digest)) is not None:
                found.append((f"{held.area}/{held.path}", wrong))
        progress(len(wanted), len(wanted))
        return found

    def prune(self, keep: int) -> int:
        """Remove all but the newest backups, and the contents that none of those names; how many backups went. Nothing
        where the manifest of one that stays is damaged: a SourceError."""
        paths = self.paths()
        kept = by_digest(read_manifest(path) for path in paths[-keep:])
        for path in paths[:-keep]:
            path.unlink()
        flush(self.backups)
        for content in (self.folder / _CONTENTS).glob("??/*"):
            if content.name not in kept:
                content.unlink()
        return len(paths[:-keep])

    def _tidy(self) -> None:
        """Remove what processes left that ended midway."""
        for left in (*(self.folder / _CONTENTS).glob(f"*{_PART}"), *self.folder.glob(f"*{_PART}")):
            left.unlink()
        for left in self.backups.glob(f"*{_PART}"):
            left.unlink()

    def _wrong(self, digest: str) -> str | None:
        try:
            with self.path_of(digest).open("rb") as stream:
                return None if hashlib.file_digest(stream, "sha256").hexdigest() == digest else "its bytes have changed"
        except FileNotFoundError:
            return "it is missing"
        except OSError as error:
            return str(error.strerror or error).lower()


def _copied(stream: Any, target: Path) -> tuple[str, int]:
    found, size = hashlib.sha256(), 0
    with os.fdopen(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as copy:
        while block := stream.read(_BLOCK):
            found.update(block)
            size += len(block)
            copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
    return found.hexdigest(), size
