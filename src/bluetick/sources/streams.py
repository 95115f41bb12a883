"""A path as streams of bytes: plain, gzip, zstd, or the entries of a zip; told by content, never by name.

Collectors rotate files under every ending. Nothing is extracted to disk, and no file may unfold without bound: a
stream that is damaged or that exceeds a cap gives what came before, and says in `fault` why no more comes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Self

from bluetick.sources.compression import (
    GZIP_MAGIC,
    ZSTD_MAGIC,
    DamagedStreamError,
    GzipSource,
    PlainSource,
    Source,
    ZstdSource,
)

_STEP_BYTES = 1024 * 1024
MAGIC_BYTES = 4


@dataclass(frozen=True, slots=True)
class Caps:
    """What one file may unfold to."""

    ratio: int = 200
    ratio_from: int = 64 * 1024 * 1024  # bytes that come out before the ratio counts
    total: int = 1 << 40
    entries: int = 10_000


@dataclass(slots=True)
class Budget:
    """How much has come out of one file, over all of its streams."""

    caps: Caps
    file_bytes: int
    came_out: int = 0

    def excess(self, size: int) -> str:
        """Why so many more bytes may not come out, or nothing."""
        self.came_out += size
        if self.came_out > self.caps.total:
            return f"more than {self.caps.total} bytes come out of this file"
        if self.came_out > max(self.caps.ratio_from, self.caps.ratio * self.file_bytes):
            return f"this file unfolds to more than {self.caps.ratio} times its size"
        return ""


@dataclass(slots=True)
class Opening:
    """How one stream is opened, as often as it takes. `reached` is how far it has been read by any of them."""

    open_raw: Callable[[], BinaryIO]
    magic: bytes
    is_entry: bool = False  # of an archive
    reached: int = 0

    @property
    def is_plain(self) -> bool:
        return not (self.is_entry or self.magic.startswith(GZIP_MAGIC) or self.magic == ZSTD_MAGIC)

    def source(self, offset: int) -> Source:
        """The stream at an offset of what comes out."""
        if self.is_plain:
            return PlainSource(self.open_raw(), offset)
        source = self._compressed()
        left = offset
        while left and (dropped := source.read(min(left, _STEP_BYTES))):
            left -= len(dropped)
        return source

    def _compressed(self) -> Source:
        if self.magic.startswith(GZIP_MAGIC):
            return GzipSource(self.open_raw())
        if self.magic == ZSTD_MAGIC:
            return ZstdSource(self.open_raw)
        return PlainSource(self.open_raw())


class ByteStream:
    """Decompressed bytes in order, opened at the first read and closed at the end.

    `is_growable`: the file may be appended to while it is read. `fault` is set, for good, when the stream breaks off.
    `position` is the offset of the next byte.
    """

    def __init__(self, name: str, opening: Opening, budget: Budget, position: int = 0) -> None:
        self.name = name
        self.position = position
        self.fault = ""
        self._opening = opening
        self._budget = budget
        self._source: Source | None = None
        self._ahead = b""
        self._out = position  # how far the source is
        self._is_done = False

    @property
    def is_growable(self) -> bool:
        return self._opening.is_plain

    def read(self, size: int) -> bytes:
        """`size` bytes; fewer only at the end of the stream, or where it breaks off."""
        pieces = [self._ahead[:size]] if self._ahead else []
        self._ahead = self._ahead[size:]
        wanted = size - sum(map(len, pieces))
        while wanted > 0 and (piece := self._piece(wanted)):
            pieces.append(piece)
            wanted -= len(piece)
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self.position += len(data)
        return data

    def peek(self, size: int) -> bytes:
        """What the next `read(size)` gives."""
        while len(self._ahead) < size and (piece := self._piece(size - len(self._ahead))):
            self._ahead += piece
        return self._ahead[:size]

    def open_at(self, offset: int) -> "ByteStream":
        """The same stream anew, at an offset of its decompressed bytes; at its end if it is shorter."""
        return ByteStream(self.name, self._opening, self._budget, offset)

    def close(self) -> None:
        self._is_done = True
        if self._source is not None:
            self._source.close()
            self._source = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _piece(self, size: int) -> bytes:
        if self._is_done:
            return b""
        data = b""
        try:
            if self._source is None:
                self._source = self._opening.source(self.position)
                self._out = self.position
            data = self._source.read(size if self.is_growable else min(size, _STEP_BYTES))
            self._count(len(data))
        except DamagedStreamError as error:
            self.fault, data = str(error), b""
        except OSError as error:
            self.fault = f"cannot be read on: {error.strerror or error}"
        if not data:
            self.close()
        return data

    def _count(self, size: int) -> None:
        """Hold what comes out against the caps: once, however often the stream is opened."""
        self._out += size
        more = self._out - self._opening.reached
        if self.is_growable or more <= 0:
            return
        self._opening.reached = self._out
        if excess := self._budget.excess(more):
            raise DamagedStreamError(excess)
