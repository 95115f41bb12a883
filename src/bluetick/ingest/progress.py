"""How far an input has been stored, by its content: the same records are known under whatever name they come.

A receipt's name says it all: how many records, a digest of the first and one of them all. A longer input whose first
records have that digest goes on behind them.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bluetick.sources.records import Records

_DIGITS = 32
_HEAD_DIGITS = 16


class Fingerprint:
    """The digest of records so far, however they come in blocks."""

    __slots__ = ("_data", "_head", "_lengths", "records")

    def __init__(self) -> None:
        self.records = 0
        self._head = ""
        self._data = hashlib.sha256()
        self._lengths = hashlib.sha256()

    def take(self, block: Records) -> None:
        """Goes on behind these records."""
        if not len(block):
            return
        if not self.records:
            self._head = head_of(block)
        self.records += len(block)
        for values in (block.raw,) if is_own_text(block) else (block.raw, block.text):
            offsets, data = _contents(values)
            self._lengths.update(np.diff(offsets).tobytes())
            self._data.update(data)

    def copy(self) -> "Fingerprint":
        """The same digest, to go on from without this one."""
        other = Fingerprint()
        other.records, other._head = self.records, self._head
        other._data, other._lengths = self._data.copy(), self._lengths.copy()
        return other

    @property
    def name(self) -> str:
        digest = hashlib.sha256(self._lengths.digest() + self._data.digest()).hexdigest()
        return f"{self.records}-{self._head}-{digest[:_DIGITS]}"


class KnownInputs:
    """What has been stored, by the names of the receipts."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_head: dict[str, set[int]] = defaultdict(set)
        self._names: set[str] = set()
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        count, _, rest = name.partition("-")
        if count.isdigit() and rest:
            self._names.add(name)
            self._by_head[rest.partition("-")[0]].add(int(count))

    def discard(self, name: str) -> None:
        self._names.discard(name)

    def counts(self, first: Records) -> frozenset[int]:
        """After how many records an input that begins so may be known."""
        return frozenset(self._by_head.get(head_of(first), ())) if len(first) else frozenset()

    def has(self, name: str) -> bool:
        return name in self._names


def is_own_text(block: Records) -> bool:
    """Whether the records' texts are their very bytes."""
    raw, text = block.raw.buffers()[2], block.text.buffers()[2]
    return raw is None or (text is not None and raw.address == text.address)


def head_of(block: Records) -> str:
    """A digest of the first record."""
    raw = block.raw[0].as_py() or b""
    return hashlib.sha256(raw).hexdigest()[:_HEAD_DIGITS]


def part_of(block: Records, first: int, last: int | None = None) -> Records:
    """Some consecutive records of a block."""
    end = len(block) if last is None else last
    if first == 0 and end == len(block):
        return block
    faults: Mapping[int, str] = {i - first: reason for i, reason in block.faults.items() if first <= i < end}
    return replace(
        block,
        number=block.number + first,
        raw=block.raw[first:end],
        text=block.text[first:end],
        offsets=block.offsets[first : end + 1],
        faults=faults,
    )


def _contents(values: pa.LargeBinaryArray | pa.LargeStringArray) -> tuple[npt.NDArray[np.int64], memoryview]:
    """The offsets of the values and their bytes, one behind the other."""
    _, offset_buffer, data = values.buffers()
    if offset_buffer is None:
        return np.zeros(len(values) + 1, np.int64), memoryview(b"")
    offsets = np.frombuffer(memoryview(offset_buffer), np.int64)[values.offset : values.offset + len(values) + 1]
    whole = memoryview(b"") if data is None else memoryview(data)
    return offsets, whole[int(offsets[0]) : int(offsets[-1])]
