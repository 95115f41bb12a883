"""Parts on disk: for each a note that tells of files and of segments, and the segments, which are Parquet.

Nothing here is the only copy of anything: what cannot be read, or is not what was written, counts as not there. A file
is written under another name, flushed and renamed, so that several processes may share a folder; when two write the
same note, one wins, and the other's segments are swept later.
"""

import hashlib
import json
import os
import threading
import time
import uuid
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

_NOTE: Final = ".note"
_SEGMENT: Final = ".parquet"
_ORPHAN_SECONDS: Final = 3_600.0
_DAY: Final = 86_400.0
_READ: Final = 1 << 20  # bytes at once


@dataclass(frozen=True, slots=True)
class Segment:
    """`digest` is a check sum of all its bytes."""

    name: str
    bytes: int
    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of the table of which a segment has what is kept, under its number."""

    number: int
    segment: str


@dataclass(frozen=True, slots=True)
class Note:
    """What is known of a part. `asked`: how often it was wanted before it was kept; `refused`: why it is not kept."""

    table: str = ""
    asked: int = 0
    refused: str = ""
    seconds: float = 0.0  # that making it took: what it saves each time, about
    order: tuple[str, ...] = ()
    segments: tuple[Segment, ...] = ()
    files: dict[str, KeptFile] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        return sum(segment.bytes for segment in self.segments)


class PartStore:
    """A folder of parts, at most `limit` bytes of them."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder = folder
        self.limit = limit
        self._sound: set[tuple[str, int, int, int]] = set()
        self._notes: dict[str, tuple[tuple[int, int, int], Note]] = {}
        self._lock = threading.Lock()

    def note(self, part: str) -> Note | None:
        path = self.folder / (part + _NOTE)
        try:
            stamp = _stamp(path)
            known = self._notes.get(part)
            if known is not None and known[0] == stamp:
                return known[1]
            note = _note(self.read(path.name))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        with self._lock:
            self._notes[part] = (stamp, note)
        return note

    def write_note(self, part: str, note: Note) -> None:
        self.write(part + _NOTE, asdict(note))

    def read(self, name: str) -> Any:
        """What was written under the name; OSError or ValueError where that is not there, torn or altered."""
        digest, _, body = (self.folder / name).read_bytes().partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != digest:
            raise ValueError("torn or altered")
        return json.loads(body)

    def write(self, name: str, value: Any) -> None:
        """Where it cannot be written, nothing is kept."""
        body = json.dumps(value, separators=(",", ":")).encode()
        with suppress(OSError):
            path = self.new_path("note")
            try:
                with path.open("wb") as file:
                    file.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
                    file.flush()
                    os.fsync(file.fileno())
                path.replace(self.folder / name)
            finally:
                path.unlink(missing_ok=True)

    def touch(self, part: str) -> None:
        """The part was of use now."""
        with suppress(OSError):
            path = self.folder / (part + _NOTE)
            found = path.stat()
            os.utime(path, (time.time(), found.st_mtime))

    def new_path(self, kind: str) -> Path:
        """A name that no reader looks at, for a file on its way; in a folder that is there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f"{uuid.uuid4().hex}.{kind}-part"

    def add_segment(self, part: str, written: Path, rows: int) -> Segment:
        """Takes a written file in. OSError where that cannot be."""
        with written.open("rb+") as file:
            os.fsync(file.fileno())
        name = f"{part}-{uuid.uuid4().hex[:12]}{_SEGMENT}"
        segment = Segment(name, written.stat().st_size, rows, _digest(written))
        written.replace(self.folder / name)
        with suppress(OSError):
            self._sound.add(self._mark(name))
        return segment

    def sound(self, segment: Segment) -> Path | None:
        """The path of a segment whose bytes are those that were written; looked at once, as long as the file stays the
        same."""
        try:
            mark = self._mark(segment.name)
            path = self.folder / segment.name
            if mark not in self._sound:
                if mark[1] != segment.bytes or _digest(path) != segment.digest:
                    path.unlink(missing_ok=True)
                    return None
                self._sound.add(mark)
        except OSError:
            return None
        return path

    def drop(self, part: str) -> None:
        self.forget(note.segments if (note := self.note(part)) is not None else ())
        with suppress(OSError):
            (self.folder / (part + _NOTE)).unlink(missing_ok=True)

    def forget(self, segments: tuple[Segment, ...]) -> None:
        for segment in segments:
            with suppress(OSError):
                (self.folder / segment.name).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Removes what nothing tells of, and, above the limit, what saves the least time for its bytes; what was of no
        use for a day is worth half."""
        with suppress(OSError):
            parts = {path.stem: path for path in self.folder.glob("*" + _NOTE)}
            self._remove_orphans(set(parts))
            worth = []
            for part, path in parts.items():
                note = self.note(part)
                if note is None or not note.segments:
                    continue
                days = max(time.time() - path.stat().st_atime, 0.0) / _DAY
                worth.append((note.seconds / max(note.bytes, 1) / 2.0 ** min(days, 1_000.0), part, note.bytes))
            total = sum(size for _, _, size in worth)
            for _, part, size in sorted(worth):
                if total <= self.limit:
                    break
                self.drop(part)
                total -= size

    def _remove_orphans(self, parts: set[str]) -> None:
        named = {segment.name for part in parts if (note := self.note(part)) for segment in note.segments}
        for path in self._others():
            if path.name not in named and time.time() - path.stat().st_mtime > _ORPHAN_SECONDS:
                path.unlink(missing_ok=True)

    def _others(self) -> Iterator[Path]:
        yield from self.folder.glob("*" + _SEGMENT)
        yield from self.folder.glob("*-part")

    def _mark(self, name: str) -> tuple[str, int, int, int]:
        found = (self.folder / name).stat()
        return name, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _stamp(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _digest(path: Path) -> str:
    """A check sum: it is there for accidents, as who may alter a segment may alter its note. A third of the time of a
    cryptographic one (measured)."""
    found = 0
    with path.open("rb") as file:
        while read := file.read(_READ):
            found = zlib.crc32(read, found)
    return f"{found:08x}"


def _note(found: dict[str, Any]) -> Note:
    found["order"] = tuple(found["order"])
    found["segments"] = tuple(Segment(**one) for one in found["segments"])
    found["files"] = {key: KeptFile(**one) for key, one in found["files"].items()}
    return Note(**found)
