"""The files of a watch, as they look at one moment."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from bluetick.ingest.listing import files_below
from bluetick.ingest.pipeline import Input, ReplacedError
from bluetick.sources.compression import GZIP_MAGIC, ZSTD_MAGIC
from bluetick.sources.opening import EMPTY_ZIP_MAGIC, ZIP_MAGIC
from bluetick.sources.parquet_rows import PARQUET_MAGIC
from bluetick.sources.sniffing import EVTX_MAGIC
from bluetick.sources.streams import Budget, ByteStream, Caps, Opening

_PACKED: Final = (GZIP_MAGIC, ZSTD_MAGIC, ZIP_MAGIC, EMPTY_ZIP_MAGIC, EVTX_MAGIC, PARQUET_MAGIC)

Key = tuple[int, int]
"""Device and inode: the same file, whatever its name."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A file at one look."""

    path: Path
    key: Key
    size: int
    changed: int  # nanoseconds

    @property
    def state(self) -> tuple[int, int]:
        return self.size, self.changed

    def is_packed(self) -> bool:
        """Whether the file is compressed or binary, so that only the whole of it can be read."""
        with self.path.open("rb") as raw:
            return raw.read(len(EVTX_MAGIC)).startswith(_PACKED)


class WatchedFiles:
    """Lists the files of paths, again and again. `say` hears once of each path that cannot be listed any more."""

    def __init__(self, paths: Sequence[Path], lake: Path, say: Callable[[str], None]) -> None:
        self._paths = tuple(paths)
        self._lake = lake
        self._say = say
        self._told: set[str] = set()

    def look(self) -> Iterator[Sight]:
        """What there is now. Hidden files and the lake itself are none of it."""
        for path in self._paths:
            if path.is_dir():
                self.again(str(path))
                yield from (sight for file in files_below(path, self._lake) if (sight := self._sight(file)) is not None)
            elif (sight := self._sight(path)) is not None:
                self.again(str(path))
                yield sight
            else:
                self.tell(str(path), f"note: there is no '{path}' (yet)")

    def tell(self, about: str, text: str) -> None:
        """Says it, but not again before `again` was called."""
        if about not in self._told:
            self._told.add(about)
            self._say(text)

    def again(self, about: str) -> None:
        self._told.discard(about)

    def _sight(self, path: Path) -> Sight | None:
        try:
            found = path.stat()
        except OSError:
            return None
        return Sight(path, (found.st_dev, found.st_ino), found.st_size, found.st_mtime_ns) if path.is_file() else None


def goes_on(sight: Sight, item: Input) -> bool:
    """Whether what was read of the file still stands in it: else it was cut off or written anew."""
    with _open_same(sight.path, sight.key) as raw:
        if os.fstat(raw.fileno()).st_size < item.offset:
            return False
        for start, end, record in item.marks():
            raw.seek(start)
            if record not in raw.read(end - start):
                return False
    return True


def same_file(sight: Sight) -> ByteStream:
    """The plain file's stream, which another file of the same name is never taken for: ReplacedError."""
    opening = Opening(partial(_open_same, sight.path, sight.key), b"")
    return ByteStream(str(sight.path), opening, Budget(Caps(), sight.size))


def _open_same(path: Path, key: Key) -> BinaryIO:
    try:
        raw = path.open("rb")
    except OSError as error:
        raise ReplacedError(path) from error
    found = os.fstat(raw.fileno())
    if (found.st_dev, found.st_ino) != key:
        raw.close()
        raise ReplacedError(path)
    return raw
