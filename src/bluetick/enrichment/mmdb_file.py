"""Reads a file in MaxMind's format: the search tree of all addresses of a call at once, and the records that it names.

Our own, because the usual reader's C extension was seen to damage the memory of its process on damaged files, and its
Python form asks the tree for one address at a time. https://maxmind.github.io/MaxMind-DB/
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from socket import AF_INET, AF_INET6, inet_pton
from typing import Any, Final

import numpy as np
import numpy.typing as npt

# The mark before the metadata, which stands within this many bytes of the end.
_MARK: Final = b"\xab\xcd\xefMaxMind.com"
_TAIL: Final = 128 * 1024
_GAP: Final = 16  # zero bytes between the tree and the data

# What a record may cost: pointers could otherwise make it as large and as deep as they like.
_DEEPEST: Final = 32
_LARGEST: Final = 10_000

Nodes = npt.NDArray[np.int64]


class MmdbError(ValueError):
    """A file that is not in the format, or is damaged."""


class MmdbFile:
    """A database, held in memory. MmdbError where it is none."""

    __slots__ = ("_children", "_data", "_root_of_four", "metadata")

    def __init__(self, path: Path) -> None:
        whole = path.read_bytes()
        mark = whole.rfind(_MARK, max(0, len(whole) - _TAIL))
        if mark < 0:
            raise MmdbError("it lacks the mark of the format")
        metadata = decoded(whole[mark + len(_MARK) :])
        if not isinstance(metadata, dict):
            raise MmdbError("its metadata is no map")
        self.metadata: Mapping[str, Any] = metadata
        count, size = self._number("node_count", 1 << 31), self._number("record_size", 32)
        if size not in (24, 28, 32) or self._number("ip_version", 6) not in (4, 6) or count < 1:
            raise MmdbError("its metadata is of no known form")
        tree = count * size // 4
        if tree + _GAP > mark:
            raise MmdbError("its search tree is cut short")
        self._children = _children(np.frombuffer(whole, np.uint8, tree).reshape(count, size // 4), size)
        self._data = whole[tree + _GAP : mark]
        self._root_of_four = self._root() if metadata["ip_version"] == 6 else 0

    def samples(self, limit: int) -> list[Any]:
        """Up to so many of the records that the tree names."""
        named = np.unique(self._children[self._children > len(self._children)])
        return [self._value(int(node)) for node in named[:limit]]

    def find(self, ips: Sequence[str]) -> tuple[list[int], Callable[[int], Any]]:
        """For each address the number of its record (0: the tree has none), and what reads the record of a number."""
        nodes = np.full(len(ips), len(self._children), dtype=np.int64)
        four = [place for place, ip in enumerate(ips) if ":" not in ip]
        six = [place for place, ip in enumerate(ips) if ":" in ip]
        nodes[four] = self._walk(_bits([ips[place] for place in four], AF_INET, 4), self._root_of_four)
        if self.metadata["ip_version"] == 6:
            nodes[six] = self._walk(_bits([ips[place] for place in six], AF_INET6, 16), 0)
        numbers: list[int] = np.where(nodes > len(self._children), nodes, 0).tolist()
        return numbers, self._value

    def _number(self, name: str, largest: int) -> int:
        value = self.metadata.get(name)
        if not isinstance(value, int) or not 0 <= value <= largest:
            raise MmdbError(f"its metadata has no {name}")
        return value

    def _root(self) -> int:
        """Where the IPv4 addresses begin: behind 96 bits of zero."""
        return int(self._walk(np.zeros((1, 96), dtype=np.uint8), 0, is_whole=False)[0])

    def _walk(self, bits: npt.NDArray[np.uint8], root: int, *, is_whole: bool = True) -> Nodes:
        """The node or record at which each row of bits ends; numbers from the count of nodes on are no nodes."""
        nodes: Nodes = np.full(len(bits), root, dtype=np.int64)
        inner = np.flatnonzero(nodes < len(self._children))
        for level in range(bits.shape[1]):
            if not len(inner):
                break
            nodes[inner] = self._children[nodes[inner], bits[inner, level]]
            inner = inner[nodes[inner] < len(self._children)]
        if is_whole and len(inner):
            raise MmdbError("its search tree has no end")
        return nodes

    def _value(self, node: int) -> Any:
        return decoded(self._data, node - len(self._children) - _GAP)


class _Record:
    """Decodes one value and what it holds."""

    __slots__ = ("_data", "_left")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._left = _LARGEST

    def read(self, place: int) -> Any:
        """The value at a place."""
        return self._value(place, 0)[0]

    def _value(self, place: int, depth: int) -> tuple[Any, int]:
        """The value at a place, and where the next one begins."""
        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            raise MmdbError("a record is too deep or too large")
        control = self._bytes(place, 1)[0]
        kind, place = control >> 5, place + 1
        if kind == 1:
            return self._pointed(control, place, depth)
        if kind == 0:
            kind, place = self._bytes(place, 1)[0] + 7, place + 1
        size, place = self._size(control & 31, place)
        if kind == 7:
            return self._map(size, place, depth)
        if kind == 11:
            return self._array(size, place, depth)
        if kind == 14:
            return bool(size), place
        return _scalar(kind, self._bytes(place, size)), place + size

    def _pointed(self, control: int, place: int, depth: int) -> tuple[Any, int]:
        length = (control >> 3 & 3) + 1
        high = control & 7 if length < 4 else 0
        target = int.from_bytes(bytes([high]) + self._bytes(place, length)) + (0, 2048, 526_336, 0)[length - 1]
        if self._bytes(target, 1)[0] >> 5 == 1:
            raise MmdbError("a pointer points to a pointer")
        return self._value(target, depth + 1)[0], place + length

    def _size(self, size: int, place: int) -> tuple[int, int]:
        if size < 29:
            return size, place
        length = size - 28
        return int.from_bytes(self._bytes(place, length)) + (29, 285, 65_821)[length - 1], place + length

    def _map(self, size: int, place: int, depth: int) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        for _ in range(size):
            key, place = self._value(place, depth + 1)
            if not isinstance(key, str):
                raise MmdbError("a key of a map is no text")
            found[key], place = self._value(place, depth + 1)
        return found, place

    def _array(self, size: int, place: int, depth: int) -> tuple[list[Any], int]:
        found = []
        for _ in range(size):
            value, place = self._value(place, depth + 1)
            found.append(value)
        return found, place

    def _bytes(self, place: int, size: int) -> bytes:
        found = self._data[place : place + size]
        if place < 0 or len(found) < size:
            raise MmdbError("a record is cut short")
        return found


def decoded(data: bytes, place: int = 0) -> Any:
    """The value that stands at a place of the data; MmdbError where there is none."""
    return _Record(data).read(place)


def has_mark(path: Path) -> bool:
    """Whether a file bears the mark of the format, whatever its name."""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - _TAIL))
        return _MARK in stream.read()


def _scalar(kind: int, data: bytes) -> Any:
    match kind:
        case 2:
            return _text(data)
        case 3 if len(data) == 8:
            return struct.unpack(">d", data)[0]
        case 4:
            return data
        case 5 | 6 | 9 | 10 if len(data) <= 16:
            return int.from_bytes(data)
        case 8 if len(data) <= 4:
            return int.from_bytes(data, signed=len(data) == 4)
        case 15 if len(data) == 4:
            return struct.unpack(">f", data)[0]
    raise MmdbError("a value of no known type")


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise MmdbError("a text is not UTF-8") from None


def _bits(ips: Sequence[str], family: int, length: int) -> npt.NDArray[np.uint8]:
    packed = b"".join(inet_pton(family, ip) for ip in ips)
    return np.unpackbits(np.frombuffer(packed, np.uint8).reshape(len(ips), length), axis=1)


def _children(tree: npt.NDArray[np.uint8], size: int) -> npt.NDArray[np.uint32]:
    """The two numbers of each node. In a tree of 28 bits they share the middle byte: its high half is the left's."""
    if size == 28:
        heads = [tree[:, 3] >> np.uint8(4), tree[:, 3] & np.uint8(15)]
        places: list[Sequence[int]] = [(0, 1, 2), (4, 5, 6)]
    else:
        width = size // 8
        heads = [tree[:, 0], tree[:, width]]
        places = [range(1, width), range(width + 1, 2 * width)]
    found = np.empty((len(tree), 2), dtype=np.uint32)
    for side in (0, 1):
        found[:, side] = heads[side]
        for place in places[side]:
            found[:, side] = found[:, side] << np.uint32(8) | tree[:, place]
    return found
