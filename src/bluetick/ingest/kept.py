"""Records that are kept aside: how they are written, and read back line by line.

A file of the quarantine is what one batch kept, so it is as large as a batch is; there may be any number of them.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bluetick.diagnostics.errors import SourceError
from bluetick.ingest.progress import is_own_text
from bluetick.lake.intake import PART
from bluetick.lake.layout import QUARANTINE
from bluetick.sources.records import Records


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that was kept aside. `text` is what its container made of it, `has_text` whether that is not its very
    bytes. `record` is its number within its file."""

    file: str
    record: int
    reason: str
    form: str
    received: str
    raw: bytes
    text: str | None
    has_text: bool

    def written(self, reason: str) -> str:
        """The line of a quarantine file that keeps it, for this reason."""
        content = {
            "file": self.file,
            "record": self.record,
            "reason": reason,
            "format": self.form,
            "received": self.received,
            "raw": base64.b64encode(self.raw).decode("ascii"),
        } | ({"text": self.text} if self.has_text else {})
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n"


def kept_of(block: Records, faults: Mapping[int, str], file: str, form: str, received: str) -> Iterator[Kept]:
    """The records of a block that are to be kept aside, in their order, each for its reason."""
    has_text = not is_own_text(block)
    for place in sorted(faults):
        raw = block.raw[place].as_py() or b""
        text = block.text[place].as_py() if has_text else None
        yield Kept(file, block.number + place, faults[place], form, received, raw, text, has_text)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which records are meant: those whose reason and file have these texts in them and whose format is this one; ""
    means any."""

    reason: str = ""
    file: str = ""
    form: str = ""

    def takes(self, kept: Kept) -> bool:
        return (
            self.reason.casefold() in kept.reason.casefold() and self.file in kept.file and self.form in ("", kept.form)
        )


@dataclass(frozen=True, slots=True)
class Group:
    """Records that came in together, from one file, and are kept for one reason."""

    batch: str
    received: str
    file: str
    form: str
    reason: str


@dataclass(slots=True)
class Amount:
    """How many records, and how many bytes they are without their line ends."""

    records: int = 0
    bytes: int = 0

    def add(self, size: int) -> None:
        self.records += 1
        self.bytes += size


_ALL: Final = Choice()


def quarantine_files(lake: Path) -> list[Path]:
    """The files of the quarantine."""
    if not lake.is_dir():
        raise SourceError(f"'{lake}' is no folder", str(lake))
    folder = lake / QUARANTINE
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in found if path.is_file() and path.suffix != PART)


def read_kept(path: Path) -> Iterator[Kept]:
    """The records of one file, one in memory at a time."""
    with reading_kept(path), path.open("rb") as stream:
        came_in = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
        for number, line in enumerate(stream, 1):
            try:
                yield _kept(json.loads(line), came_in)
            except (ValueError, KeyError, TypeError) as error:
                raise SourceError(f"line {number} of '{path}' is no record of a quarantine", str(path)) from error


@contextmanager
def reading_kept(path: Path) -> Iterator[None]:
    """An OSError as ours."""
    try:
        yield
    except OSError as error:
        raise SourceError(f"'{path}' cannot be read: {error.strerror or error}", str(path)) from error


def _kept(content: dict[str, Any], came_in: str) -> Kept:
    return Kept(
        str(content["file"]),
        int(content["record"]),
        str(content["reason"]),
        str(content["format"]),
        str(content.get("received", came_in)),
        base64.b64decode(content["raw"], validate=True),
        content.get("text"),
        "text" in content,
    )


def chosen(lake: Path, choice: Choice = _ALL) -> Iterator[Kept]:
    """All records that are meant, those that came in first before others."""
    for path in sorted(quarantine_files(lake), key=_came_in):
        yield from filter(choice.takes, read_kept(path))


def _came_in(path: Path) -> str:
    first = next(read_kept(path), None)
    return first.received if first is not None else ""


def groups(lake: Path, choice: Choice = _ALL) -> dict[Group, Amount]:
    """How much is kept, in the order of time."""
    found: dict[Group, Amount] = {}
    for path in quarantine_files(lake):
        received = ""
        for kept in read_kept(path):
            received = received or kept.received
            if choice.takes(kept):
                group = Group(path.name, received, kept.file, kept.form, kept.reason)
                found.setdefault(group, Amount()).add(len(kept.raw))
    return dict(sorted(found.items(), key=lambda item: (item[0].received, item[0].batch)))
