"""Records are made here, from pieces of a buffer and the faults of their bytes, in passes over whole blocks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bluetick.sources.records import Records
from bluetick.sources.streams import ByteStream

Positions = npt.NDArray[np.int64]

BLOCK_BYTES = 8 * 1024 * 1024
_WINDOW = 256 * 1024
NOT_UTF8 = "not UTF-8"
HOLDS_NUL = "holds a NUL byte"


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a record may be, and how much of a larger one is kept in one piece."""

    record: int = 16 * 1024 * 1024
    piece: int = 64 * 1024 * 1024

    @property
    def reason(self) -> str:
        return f"longer than {self.record} bytes"

    def part_reason(self, part: int) -> str:
        return f"{self.reason} (part {part})"


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Reading:
    """How a stream is read: from where, how much at a time, and whether its end is the end."""

    start: int = 0
    number: int = 1
    block_bytes: int = BLOCK_BYTES
    at_end: bool = True
    limits: Limits = LIMITS


def positions(buffer: bytes, octet: int) -> Positions:
    """Where a byte stands, found in windows that stay in the cache."""
    octets = np.frombuffer(buffer, np.uint8)
    is_there = np.empty(min(_WINDOW, len(octets)), bool)
    found = []
    for begin in range(0, len(octets), _WINDOW):
        window = octets[begin : begin + _WINDOW]
        found.append(np.flatnonzero(np.equal(window, octet, out=is_there[: len(window)])) + begin)
    return np.concatenate(found) if found else np.empty(0, np.int64)


def parts_of(buffer: bytes, starts: Positions, ends: Positions) -> pa.LargeBinaryArray:
    """The parts of a buffer, each from its start to its end, in order and apart from one another."""
    bounds = np.empty(2 * len(starts), np.int64)
    bounds[0::2] = starts
    bounds[1::2] = ends
    parts_and_gaps = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), max(len(bounds) - 1, 0), [None, pa.py_buffer(bounds.tobytes()), pa.py_buffer(buffer)]
    )
    return cast("pa.LargeBinaryArray", parts_and_gaps.take(np.arange(0, len(bounds), 2)))


def records_of(
    number: int, raw: pa.LargeBinaryArray, offsets: Positions, faults: Mapping[int, str] | None = None
) -> Records:
    """Records whose text is their bytes; `faults` are beside those of the bytes themselves."""
    all_faults = {**byte_faults(raw), **(faults or {})}
    validity = None
    if all_faults:
        is_text = np.ones(len(raw), bool)
        is_text[list(all_faults)] = False
        validity = pa.array(is_text).buffers()[1]
    text = _as_text(raw, validity)
    return Records(number, raw, text, pa.array(offsets, pa.int64()), all_faults)


def fault_record(number: int, raw: bytes, start: int, end: int, reason: str) -> Records:
    """One record that cannot be read."""
    return Records(
        number,
        pa.array([raw], pa.large_binary()),
        pa.array([None], pa.large_string()),
        pa.array([start, end], pa.int64()),
        {0: reason},
    )


def byte_faults(raw: pa.LargeBinaryArray) -> dict[int, str]:
    """Which of these are no text, and why; a block without a fault costs one pass."""
    faults: dict[int, str] = {}
    if len(raw) == 0:
        return faults
    data, bounds = _content(raw)
    try:
        _as_text(raw).validate(full=True)
    except pa.ArrowInvalid:
        faults = dict.fromkeys(_not_utf8(data, bounds), NOT_UTF8)
    octets = np.frombuffer(data, np.uint8)
    if not octets.all():
        holders = np.searchsorted(bounds, np.flatnonzero(octets == 0), side="right") - 1
        faults |= dict.fromkeys(np.unique(holders).tolist(), HOLDS_NUL)
    return faults


def _as_text(raw: pa.LargeBinaryArray, validity: pa.Buffer | None = None) -> pa.LargeStringArray:
    """The same bytes, of which nobody has said yet that they are text."""
    _, bounds, data = raw.buffers()
    buffers = [validity, bounds, data]
    return cast("pa.LargeStringArray", pa.Array.from_buffers(pa.large_string(), len(raw), buffers))


def _content(raw: pa.LargeBinaryArray) -> tuple[memoryview, Positions]:
    """The bytes of all records, and where each begins and ends."""
    _, bounds, data = raw.buffers()
    places = np.frombuffer(memoryview(bounds or b""), np.int64)[: len(raw) + 1]
    return memoryview(data or b"")[: int(places[-1])], places


def _not_utf8(content: memoryview, bounds: Positions) -> Iterator[int]:
    for index, (start, end) in enumerate(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)):
        try:
            str(content[start:end], "utf-8")
        except UnicodeDecodeError:
            yield index


class Gathering:
    """Records that are made one by one, until they fill a block."""

    def __init__(self, reading: Reading) -> None:
        self._number = reading.number
        self._start = reading.start
        self._block_bytes = reading.block_bytes
        self._clear()

    def _clear(self) -> None:
        self._raw: list[bytes] = []
        self._text: list[str | None] = []
        self._ends: list[int] = []
        self._faults: dict[int, str] = {}
        self._size = 0

    @property
    def is_full(self) -> bool:
        return self._size >= self._block_bytes

    def add(self, raw: bytes, text: str | None, end: int, fault: str = "") -> None:
        """A record, and where in the stream the bytes end that it owns."""
        if fault:
            self._faults[len(self._raw)] = fault
        self._raw.append(raw)
        self._text.append(None if fault else text)
        self._ends.append(end)
        self._size += len(raw) + 1

    def take(self) -> Records:
        """What has been gathered, and start anew."""
        records = Records(
            self._number,
            pa.array(self._raw, pa.large_binary()),
            pa.array(self._text, pa.large_string()),
            pa.array([self._start, *self._ends], pa.int64()),
            self._faults,
        )
        self._number += len(self._raw)
        self._start = self._ends[-1] if self._ends else self._start
        self._clear()
        return records

    def __len__(self) -> int:
        return len(self._raw)


def owning_all(blocks: Iterator[Records], stream: ByteStream, reading: Reading) -> Iterator[Records]:
    """The same blocks, the last of which owns what is left at the end of the stream: blank lines, a closing bracket.

    Of a stream that has such bytes alone there is one block without a record, that ends where the stream does.
    """
    last: Records | None = None
    for block in blocks:
        if last is not None:
            yield last
        last = block
    if reading.at_end and stream.position > (last.end if last is not None else reading.start):
        last = _no_records(reading.number, stream.position) if last is None else _stretched(last, stream.position)
    if last is not None:
        yield last


def _stretched(records: Records, end: int) -> Records:
    offsets = records.offsets.to_numpy().copy()
    offsets[-1] = end
    return replace(records, offsets=pa.array(offsets, pa.int64()))


def _no_records(number: int, end: int) -> Records:
    return Records(
        number, pa.array([], pa.large_binary()), pa.array([], pa.large_string()), pa.array([end], pa.int64())
    )
