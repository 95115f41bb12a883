"""An ingest: streams of records through their formats into a lake, at constant memory, from where it last ended."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from typing import Final

from bluetick.diagnostics.errors import SourceError
from bluetick.ingest.batches import Batches, Tally
from bluetick.ingest.progress import Fingerprint, KnownInputs, part_of
from bluetick.ingest.recognition import Recognition
from bluetick.sources.blocks import BLOCK_BYTES
from bluetick.sources.opening import open_streams
from bluetick.sources.reading import read_blocks
from bluetick.sources.records import Normaliser, Records
from bluetick.sources.sniffing import HEAD_BYTES, UTF16_HINT, container_of, is_utf16
from bluetick.sources.streams import ByteStream

_HEAD_BLOCKS: Final = 8

Advance = Callable[[str, int, int], None]
"""Told after each block: the stream's name, its records and bytes so far."""


Mark = tuple[int, int, bytes]
"""A record: from where to where it owns the bytes of its stream, and those that are its own."""


@dataclass(slots=True)
class Input:
    """A stream that was looked at: what it is made of, and what its records are; and how far it has been read.

    `known` says how many of its first records the lake has, None where that is yet to be found out; `is_growing` that
    what stands at its end may be half a record."""

    stream: ByteStream
    container: str
    normaliser: Normaliser
    tells_others: bool
    is_growing: bool = False
    fingerprint: Fingerprint = field(default_factory=Fingerprint)
    receipt: str | None = None
    known: int | None = None
    offset: int = 0
    first_record: Mark | None = None
    last_record: Mark | None = None

    def blocks(self, start: int = 0, number: int = 1) -> Iterator[Records]:
        stream = self.stream.open_at(start)
        size = BLOCK_BYTES
        return read_blocks(
            stream, self.container, start=start, number=number, block_bytes=size, at_end=not self.is_growing
        )

    def passed(self, block: Records) -> None:
        """The block has been read."""
        self.offset = block.end
        if len(block):
            self.first_record = self.first_record or _mark(block, 0)
            self.last_record = _mark(block, len(block) - 1)

    def marks(self) -> list[Mark]:
        """The first and the last record that were read."""
        return [mark for mark in (self.first_record, self.last_record) if mark is not None]


class ReplacedError(Exception):
    """Under the name of a stream stands another file now."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A stream whose records no format knows; `hint` says why that cannot be, where it is seen."""

    name: str
    is_empty: bool
    hint: str = ""


class Ingest:
    """One run over inputs. `advance` hears of every block."""

    def __init__(
        self,
        recognition: Recognition,
        known: KnownInputs,
        batches: Batches,
        advance: Advance = lambda *_: None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._recognition = recognition
        self._known = known
        self._batches = batches
        self._advance = advance
        self._stopping = stopping  # asked behind each block

    def look(self, paths: Iterable[Path], *, growing: bool = False) -> tuple[list[Input], list[Unknown]]:
        """What the files are. Nothing is stored yet; a SourceError says that a file cannot be opened. Of a plain file
        that is `growing` only whole records are looked at."""
        inputs: list[Input] = []
        unknown: list[Unknown] = []
        for path in paths:
            try:
                for stream in open_streams(path):
                    found = self._look_at(stream, path, is_growing=growing and stream.is_growable)
                    (inputs if isinstance(found, Input) else unknown).append(found)  # type: ignore[arg-type]  # by its kind
            except OSError as error:
                raise SourceError(f"'{path}' cannot be read: {error.strerror or error}", str(path)) from error
        return inputs, unknown

    def _look_at(self, stream: ByteStream, path: Path, *, is_growing: bool) -> Input | Unknown:
        """A stream may begin with records that nobody can read, so more than the first block is looked at."""
        head = stream.peek(HEAD_BYTES)
        container = container_of(head, path)
        stream.close()
        if is_utf16(head):
            return Unknown(stream.name, is_empty=False, hint=UTF16_HINT)
        blocks = read_blocks(stream.open_at(0), container, block_bytes=HEAD_BYTES, at_end=not is_growing)
        is_empty = True
        for block in islice((block for block in blocks if len(block)), _HEAD_BLOCKS):
            is_empty = False
            normaliser = self._recognition.recognise(block)
            if normaliser is not None:
                return Input(stream, container, normaliser, normaliser.remembers(block), is_growing)
        return Unknown(stream.name, is_empty)

    def run(self, inputs: Sequence[Input]) -> Tally:
        """Stores what is new in them, format by format; what explains other records comes before them."""
        for normaliser, items in _by_format(inputs):
            self._batches.begin(normaliser.name)
            for item in items:
                self._read(item)
            self._batches.add_rest(normaliser)
        self.end(self._recognition.holding())
        return self._batches.tally

    def read_on(self, inputs: Sequence[Input]) -> list[Input]:
        """Stores what is new in them by now; what normalisers hold back is theirs to go on with. Gives the inputs
        under whose names other files stand."""
        replaced: list[Input] = []
        for normaliser, items in _by_format(inputs):
            self._batches.begin(normaliser.name)
            for item in items:
                try:
                    self._read(item)
                except ReplacedError:
                    replaced.append(item)
            self._batches.hold(normaliser.held)
        self._batches.flush()
        return replaced

    def end(self, normalisers: Iterable[Normaliser]) -> None:
        """Stores what they hold back."""
        for normaliser in normalisers:
            self._batches.begin(normaliser.name)
            self._batches.add_rest(normaliser)
        self._batches.flush()

    def _read(self, item: Input) -> None:
        if item.known is None:
            self._pass_known(item)
        known = item.known or 0
        for block in item.blocks(item.offset, item.fingerprint.records + 1):
            old = min(max(known - item.fingerprint.records, 0), len(block))
            if old:
                self._learn(item, part_of(block, 0, old))
            if old < len(block):
                self._store(item, part_of(block, old))
            item.passed(block)
            self._advance(item.stream.name, item.fingerprint.records, block.end)
            if self._stopping():
                break
        item.stream.close()

    def _learn(self, item: Input, part: Records) -> None:
        """Records that the lake has, of which those of other streams need to know."""
        item.fingerprint.take(part)
        self._batches.tally.add_known(len(part), part.end - part.start)
        item.normaliser.learn(part)

    def _store(self, item: Input, part: Records) -> None:
        done = item.normaliser.normalise(part)
        self._batches.tally.add(part, done)
        self._batches.add_rows(done.tables)
        self._batches.add_faults(item.stream.name, item.normaliser.name, part, done.faults)
        self._note(item, part)
        self._batches.flush_if_full(item.normaliser)
        self._batches.add_more(item.normaliser)

    def _note(self, item: Input, part: Records) -> None:
        """Receipts for all up to the end of these records, and up to one whose line has no end: when the file has
        grown, that record is another."""
        torn = len(part) - 1 if _is_torn(part) else len(part)
        for first, last in ((0, torn), (torn, len(part))):
            item.fingerprint.take(part_of(part, first, last))
            receipt = item.fingerprint.name
            if item.fingerprint.records and receipt != item.receipt:
                outdated = item.receipt if last == torn else None
                self._batches.receive(
                    receipt, {"file": item.stream.name, "records": item.fingerprint.records}, outdated
                )
                item.receipt = receipt

    def _pass_known(self, item: Input) -> None:
        """Finds out how many of the stream's first records the lake has. They are read for their digest and not again,
        unless others need to know of them."""
        item.known = 0
        blocks = item.blocks()
        first = next(blocks, None)
        counts = sorted(self._known.counts(first)) if first is not None else []
        if first is None or not counts:
            return
        seen, known, last = Fingerprint(), Fingerprint(), first
        for block in _with(first, blocks):
            start = seen.records
            for count in [c for c in counts if start < c <= start + len(block)]:
                part = part_of(block, seen.records - start, count - start)
                seen.take(part)
                if self._known.has(seen.name):
                    known, last = seen.copy(), part
            if start + len(block) >= counts[-1]:
                break
            seen.take(part_of(block, seen.records - start))
        item.known = known.records
        new = known.records - item.fingerprint.records
        if new > 0 and not item.tells_others:
            self._batches.tally.add_known(new, last.end - item.offset)
            item.fingerprint = known
            item.passed(first)
            item.passed(last)


def _by_format(inputs: Sequence[Input]) -> Iterator[tuple[Normaliser, list[Input]]]:
    """The inputs of each format, those that tell others something before the others."""
    ordered = sorted(inputs, key=lambda item: (item.normaliser.name, not item.tells_others))
    for _, items in groupby(ordered, lambda item: item.normaliser.name):
        alike = list(items)
        yield alike[0].normaliser, alike


def _mark(block: Records, place: int) -> Mark:
    start, end = block.offsets[place : place + 2].to_pylist()
    return int(start or 0), int(end or 0), block.raw[place].as_py() or b""


def _is_torn(part: Records) -> bool:
    """Whether the last record is all that it owns: nothing ends it."""
    owned = part.end - int(part.offsets[len(part) - 1].as_py())
    return owned == len(part.raw[len(part) - 1].as_py() or b"")


def _with(first: Records, rest: Iterator[Records]) -> Iterator[Records]:
    yield first
    yield from rest
