"""Lines of a stream to records. A line ends at a newline byte and nowhere else."""

from codecs import BOM_UTF8
from collections.abc import Generator, Iterator

import numpy as np

from bluetick.sources.blocks import Positions, Reading, fault_record, parts_of, positions, records_of
from bluetick.sources.records import Records
from bluetick.sources.streams import ByteStream

_NEWLINE, _RETURN = b"\n\r"
_SPACES = np.frombuffer(b" \t\r", np.uint8)


def read_lines(stream: ByteStream, reading: Reading) -> Iterator[Records]:
    """Each line that is not blank. Blank lines belong to the record that follows."""
    splitter = _Splitter(reading)
    carry: list[bytes] = []
    while data := stream.read(reading.block_bytes):
        cut = data.rfind(b"\n") + 1
        if cut:
            yield from splitter.lines(b"".join((*carry, memoryview(data)[:cut])))
            carry = []
        carry.append(data[cut:])
        if sum(map(len, carry)) > reading.limits.piece:
            carry = [(yield from splitter.begin_long(b"".join(carry)))]
    rest = b"".join(carry)
    if stream.fault:
        yield splitter.broken_off(rest, stream.fault)
    elif reading.at_end and rest:
        yield from splitter.lines(rest)


class _Splitter:
    """Where the splitting of a stream stands: up to which offset it has come, and which bytes have an owner."""

    def __init__(self, reading: Reading) -> None:
        self._limits = reading.limits
        self._offset = self._owned = reading.start
        self._number = reading.number
        self._part = 0  # of the line in which it stands, once that is too long to be kept whole

    def lines(self, buffer: bytes) -> Iterator[Records]:
        """The records of a buffer that ends where a line ends."""
        if self._part:
            cut = buffer.find(b"\n") + 1 or len(buffer)
            yield from self._end_long(buffer[:cut])
            buffer = buffer[cut:]
        nexts = positions(buffer, _NEWLINE) + 1
        if buffer and not buffer.endswith(b"\n"):
            nexts = np.append(nexts, len(buffer))
        begin = 0
        for index in np.flatnonzero(np.diff(nexts, prepend=0) > self._limits.piece):
            start, end = int(nexts[index - 1]) if index else 0, int(nexts[index])
            yield from self._short_lines(buffer[begin:start], nexts[(nexts > begin) & (nexts <= start)] - begin)
            yield from self._end_long(buffer[start:end])
            begin = end
        yield from self._short_lines(buffer[begin:], nexts[nexts > begin] - begin)

    def begin_long(self, data: bytes) -> Generator[Records, None, bytes]:
        """The pieces of a line of which this is not the end; what is left of it is given back."""
        piece = self._limits.piece
        done = 0
        while len(data) - done > piece:
            yield self._piece(data[done : done + piece], piece)
            done += piece
        return data[done:]

    def broken_off(self, rest: bytes, reason: str) -> Records:
        """The record that says why a stream goes no further; it holds the line that was torn."""
        return self._fault(rest, len(rest), reason)

    def _end_long(self, line: bytes) -> Iterator[Records]:
        content = line.removesuffix(b"\n")
        if self._part or len(content) > self._limits.piece:
            content = yield from self.begin_long(content)
            yield self._piece(content.removesuffix(b"\r"), len(content) + line.endswith(b"\n"))
        else:
            yield self._fault(content.removesuffix(b"\r"), len(line), self._limits.reason)
        self._part = 0

    def _piece(self, raw: bytes, size: int) -> Records:
        self._part += 1
        return self._fault(raw, size, self._limits.part_reason(self._part))

    def _fault(self, raw: bytes, size: int, reason: str) -> Records:
        """One record of the next `size` bytes; a byte order mark at the very start is not part of it."""
        raw = raw.removeprefix(BOM_UTF8) if self._offset == 0 else raw
        self._offset += size
        record = fault_record(self._number, raw, self._owned, self._offset, reason)
        self._number += 1
        self._owned = self._offset
        return record

    def _short_lines(self, buffer: bytes, nexts: Positions) -> Iterator[Records]:
        """The records of whole lines, none of them longer than a piece."""
        starts, ends = _contents(buffer, nexts, has_mark=self._offset == 0 and buffer.startswith(BOM_UTF8))
        is_kept = ends > starts
        is_kept[_blank(buffer, starts, ends)] = False
        starts, ends, nexts = starts[is_kept], ends[is_kept], nexts[is_kept]
        if len(starts):
            offsets = np.concatenate(([self._owned], self._offset + nexts))
            too_long = np.flatnonzero(ends - starts > self._limits.record)
            faults = {int(index): self._limits.reason for index in too_long}
            yield records_of(self._number, parts_of(buffer, starts, ends), offsets, faults)
            self._number += len(starts)
            self._owned = int(offsets[-1])
        self._offset += len(buffer)


def _contents(buffer: bytes, nexts: Positions, has_mark: bool) -> tuple[Positions, Positions]:
    """Where the lines that end at these places begin and end without their line ends."""
    octets = np.frombuffer(buffer, np.uint8)
    starts = np.concatenate(([0], nexts[:-1])) if len(nexts) else nexts
    if has_mark:
        starts[0] = len(BOM_UTF8)
    ends = nexts - (octets[nexts - 1] == _NEWLINE)
    has_return = (ends > starts) & (octets[ends - 1] == _RETURN)
    return starts, ends - has_return


def _blank(buffer: bytes, starts: Positions, ends: Positions) -> list[int]:
    """Which of these lines hold nothing but spaces: looked at only where a line begins and ends with one."""
    is_space = np.isin(
        np.frombuffer(buffer, np.uint8)[np.concatenate((np.minimum(starts, ends - 1), ends - 1))], _SPACES
    )
    edges = is_space[: len(starts)] & is_space[len(starts) :] & (ends > starts)
    return [int(index) for index in np.flatnonzero(edges) if not buffer[starts[index] : ends[index]].strip(b" \t\r")]
