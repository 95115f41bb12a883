"""The streams of a path: one, or one for each entry of a zip archive."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from bluetick.sources.compression import DamagedStreamError
from bluetick.sources.streams import MAGIC_BYTES, Budget, ByteStream, Caps, Opening

ZIP_MAGIC = b"PK\x03\x04"
EMPTY_ZIP_MAGIC = b"PK\x05\x06"
_MAX_NESTING = 1
_DEFAULT_CAPS = Caps()
# What `zipfile` raises of archives that are damaged, encrypted, or packed in a way that it does not know.
_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OverflowError)


def open_streams(path: Path, caps: Caps = _DEFAULT_CAPS) -> Iterator[ByteStream]:
    """The streams of a file, in order; an OSError says that it cannot be opened.

    An entry of a zip is named `file.zip!entry`, an entry of a zip in a zip `file.zip!inner.zip!entry`.
    """
    with path.open("rb") as raw:
        magic = raw.read(MAGIC_BYTES)
        budget = Budget(caps, raw.seek(0, 2))
    if magic in (ZIP_MAGIC, EMPTY_ZIP_MAGIC):
        yield from _entries(str(path), Opening(partial(_open_file, path), magic), budget, 0)
    else:
        yield ByteStream(str(path), Opening(partial(_open_file, path), magic), budget)


def _open_file(path: Path) -> BinaryIO:
    return path.open("rb")


def _entries(name: str, opening: Opening, budget: Budget, nesting: int) -> Iterator[ByteStream]:
    try:
        archive = _Archive(opening)
    except DamagedStreamError as error:
        yield _broken(name, str(error), budget)
        return
    files = [info for info in archive.zip.infolist() if not info.is_dir()]
    for info in files[: budget.caps.entries]:
        yield from _entry(f"{name}!{_printable(info.filename)}", archive, info, budget, nesting)
    if len(files) > budget.caps.entries:
        yield _broken(name, f"the zip archive has more than {budget.caps.entries} entries", budget)


def _entry(name: str, archive: "_Archive", info: zipfile.ZipInfo, budget: Budget, nesting: int) -> Iterator[ByteStream]:
    open_raw = partial(_open_entry, archive, info)
    try:
        with open_raw() as raw:
            magic = raw.read(MAGIC_BYTES)
    except DamagedStreamError as error:
        yield _broken(name, str(error), budget)
        return
    if magic != ZIP_MAGIC:
        yield ByteStream(name, Opening(open_raw, magic, is_entry=True), budget)
    elif nesting < _MAX_NESTING:
        inner = Opening(partial(_open_nested, archive, info), magic, is_entry=True)
        yield from _entries(name, inner, budget, nesting + 1)
    else:
        yield _broken(name, "a zip archive in an archive in an archive is not read", budget)


def _broken(name: str, reason: str, budget: Budget) -> ByteStream:
    """A stream that gives nothing but its fault."""

    def fail() -> BinaryIO:
        raise DamagedStreamError(reason)

    return ByteStream(name, Opening(fail, b"", is_entry=True), budget)


def _open_entry(archive: "_Archive", info: zipfile.ZipInfo) -> BinaryIO:
    return cast("BinaryIO", _EntryFile(archive, info))


def _open_nested(archive: "_Archive", info: zipfile.ZipInfo) -> BinaryIO:
    with _faults_as_damage():
        return cast("BinaryIO", archive.zip.open(info))


class _Archive:
    """An open archive: for as long as anyone holds it or a stream of it, also past the end of their listing."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening  # holds the archive in which this one is
        self._raw: BinaryIO | None = None
        self._raw = opening.open_raw()
        with _faults_as_damage():
            self.zip = zipfile.ZipFile(self._raw)

    def __del__(self) -> None:
        if self._raw is not None:
            self._raw.close()


class _EntryFile(io.RawIOBase):
    """An entry of an archive whose last bytes are given even when the checksum says that something is wrong."""

    def __init__(self, archive: _Archive, info: zipfile.ZipInfo) -> None:
        super().__init__()
        unchecked = copy(info)
        del unchecked.CRC  # zipfile checks no sum where there is none; its check takes the last piece away
        with _faults_as_damage():
            self._file = cast("zipfile.ZipExtFile", archive.zip.open(unchecked))
        self._archive = archive
        self._expected = info.CRC
        self._sum = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # any writable buffer, as io gives it
        with _faults_as_damage():
            data = self._file.read1(len(buffer))
        self._sum = zlib.crc32(data, self._sum)
        if not data and self._sum != self._expected:
            raise DamagedStreamError("the zip archive is damaged: the checksum of the entry is wrong")
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


@contextmanager
def _faults_as_damage() -> Iterator[None]:
    try:
        yield
    except _FAULTS as error:
        raise DamagedStreamError(f"the zip archive is damaged: {error}") from error


def _printable(name: str) -> str:
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in name)
