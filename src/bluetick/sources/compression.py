"""Readers of one stream, compressed or not: what comes out, in pieces of a size that the caller sets."""

import io
import zlib
from collections.abc import Callable
from typing import BinaryIO, Protocol, cast

import pyarrow as pa

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_INPUT_BYTES = 256 * 1024
_GZIP_WINDOW = 31  # zlib: a gzip header and the largest window


class DamagedStreamError(Exception):
    """What follows in a stream cannot be read; the message says why."""


class Source(Protocol):
    """Bytes in order."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, none at the end only. DamagedStreamError once no more can be read."""
        ...

    def close(self) -> None: ...


class PlainSource:
    """A file as it is."""

    def __init__(self, raw: BinaryIO, offset: int = 0) -> None:
        self._raw = raw
        if offset:
            raw.seek(offset)

    def read(self, size: int, /) -> bytes:
        return self._raw.read(size)

    def close(self) -> None:
        self._raw.close()


class GzipSource:
    """The members of a gzip file, one after the other."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._decoder = zlib.decompressobj(_GZIP_WINDOW)
        self._pending = b""

    def read(self, size: int, /) -> bytes:
        try:
            return self._read(size)
        except zlib.error as error:
            raise DamagedStreamError(f"the gzip stream is damaged: {error}") from None

    def close(self) -> None:
        self._raw.close()

    def _read(self, size: int) -> bytes:
        while True:
            if self._decoder.eof and not self._start_member():
                return b""
            data = self._decoder.decompress(self._pending, size)
            self._pending = self._decoder.unconsumed_tail
            if data:
                return data
            if not self._pending and not self._decoder.eof and not self._fill():
                raise DamagedStreamError("the gzip stream is damaged: it ends before its end")

    def _start_member(self) -> bool:
        """Go on to the next member; False when there is none. Padding of zeros is allowed, as gzip itself does."""
        self._pending = self._decoder.unused_data
        while True:
            self._pending = self._pending.lstrip(b"\0")
            if len(self._pending) >= len(GZIP_MAGIC):
                break
            if not self._fill(keep=self._pending):
                if self._pending:
                    break
                return False
        if not self._pending.startswith(GZIP_MAGIC):
            raise DamagedStreamError("the gzip stream is damaged: other bytes follow it")
        self._decoder = zlib.decompressobj(_GZIP_WINDOW)
        return True

    def _fill(self, keep: bytes = b"") -> bool:
        data = self._raw.read(_INPUT_BYTES)
        self._pending = keep + data
        return bool(data)


class ZstdSource:
    """The frames of a zstd file, one after the other, by the decompressor that Arrow brings."""

    def __init__(self, reopen: Callable[[], BinaryIO]) -> None:
        self._reopen = reopen
        self._given = 0
        self._is_at_damage = False
        self._start()

    def read(self, size: int, /) -> bytes:
        try:
            data = self._stream.read(1 if self._is_at_damage else min(size, _INPUT_BYTES))
        except (OSError, DamagedStreamError) as error:
            if self._is_at_damage:
                raise DamagedStreamError("the zstd stream is damaged") from error
            self._go_to_damage()
            return self.read(size)
        self._given += len(data)
        return bytes(data)

    def close(self) -> None:
        self._stream.close()
        self._raw.close()

    def _start(self) -> None:
        self._raw = self._reopen()
        self._stream = pa.CompressedInputStream(pa.PythonFile(cast("io.IOBase", self._raw), mode="r"), "zstd")

    def _go_to_damage(self) -> None:
        """A read that fails takes with it what it had so far: start again and come near in steps of one byte."""
        self.close()
        self._start()
        left = self._given
        while left:
            left -= len(self._stream.read(min(left, _INPUT_BYTES)))
        self._is_at_damage = True
