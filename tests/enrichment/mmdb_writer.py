"""Writes small databases in MaxMind's format, so that no test needs anybody's data.

After the specification at https://maxmind.github.io/MaxMind-DB/: a binary tree over the bits of an address, 16 zero
bytes, the data, and the metadata behind a mark. A tree of IPv6 has IPv4 at ::/96.
"""

import struct
from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path

Value = str | int | bool | Mapping[str, "Value"] | Sequence["Value"]

MARK = b"\xab\xcd\xefMaxMind.com"
_STRING, _UINT16, _UINT32, _MAP, _UINT64, _ARRAY, _BOOL = 2, 5, 6, 7, 9, 11, 14


class Short(int):
    """A number of 16 bits."""


def write_mmdb(
    path: Path,
    records: Mapping[str, Value],
    *,
    kind: str = "Test-Country",
    version: int = 6,
    epoch: int = 1_790_000_000,
    size: int = 32,
) -> Path:
    """A database of networks (as "1.2.3.0/24") and their records."""
    nodes: list[list[int | str | None]] = [[None, None]]
    for network in records:
        _insert(nodes, _bits(network, version), network)
    offsets, data = _data(records)
    count = len(nodes)
    tree = b"".join(_node([_pointer(child, count, offsets) for child in node], size) for node in nodes)
    metadata: dict[str, Value] = {
        "binary_format_major_version": Short(2),
        "binary_format_minor_version": Short(0),
        "database_type": kind,
        "description": {"en": "test"},
        "ip_version": Short(version),
        "languages": ["en"],
        "node_count": count,
        "record_size": Short(size),
    }
    body = _encode(metadata)
    stamp = _encode("build_epoch") + _control(_UINT64, 8) + struct.pack(">Q", epoch)
    whole = _control(_MAP, len(metadata) + 1) + body[len(_control(_MAP, len(metadata))) :] + stamp
    path.write_bytes(tree + bytes(16) + data + MARK + whole)
    return path


def _bits(network: str, version: int) -> str:
    parsed = ip_network(network)
    bits = f"{int(parsed.network_address):0{parsed.max_prefixlen}b}"[: parsed.prefixlen]
    return "0" * 96 + bits if version == 6 and parsed.version == 4 else bits


def _insert(nodes: list[list[int | str | None]], bits: str, network: str) -> None:
    place = 0
    for bit in bits[:-1]:
        child = nodes[place][int(bit)]
        if not isinstance(child, int):
            nodes.append([None, None])
            child = len(nodes) - 1
            nodes[place][int(bit)] = child
        place = child
    nodes[place][int(bits[-1])] = network


def _data(records: Mapping[str, Value]) -> tuple[dict[str, int], bytes]:
    data, offsets = bytearray(), {}
    for network, record in records.items():
        offsets[network] = len(data)
        data += _encode(record)
    return offsets, bytes(data)


def _node(children: Sequence[int], size: int) -> bytes:
    """Two numbers of 24, 28 or 32 bits; those of 28 share the byte in the middle."""
    left, right = children
    if size == 28:
        middle = bytes([left >> 24 << 4 | right >> 24])
        return (left & 0xFFFFFF).to_bytes(3, "big") + middle + (right & 0xFFFFFF).to_bytes(3, "big")
    return left.to_bytes(size // 8, "big") + right.to_bytes(size // 8, "big")


def _pointer(child: int | str | None, count: int, offsets: Mapping[str, int]) -> int:
    """A node, the data behind the 16 zero bytes, or (the number of nodes) nothing."""
    if child is None:
        return count
    return child if isinstance(child, int) else count + 16 + offsets[child]


def _encode(value: Value) -> bytes:
    if isinstance(value, bool):
        return _control(_BOOL, int(value))
    if isinstance(value, Short):
        return _control(_UINT16, 2) + struct.pack(">H", value)
    if isinstance(value, int):
        return _control(_UINT32, 4) + struct.pack(">I", value)
    if isinstance(value, str):
        text = value.encode()
        return _control(_STRING, len(text)) + text
    if isinstance(value, Mapping):
        return _control(_MAP, len(value)) + b"".join(_encode(key) + _encode(item) for key, item in value.items())
    return _control(_ARRAY, len(value)) + b"".join(map(_encode, value))


def _control(kind: int, size: int) -> bytes:
    """The byte of type and size; a type above 7 stands in a byte of its own, a size above 28 too."""
    if size > 284:
        raise ValueError("the writer has no need of values so long")
    low, rest = (size, b"") if size < 29 else (29, bytes([size - 29]))
    return bytes([kind << 5 | low]) + rest if kind <= 7 else bytes([low, kind - 7]) + rest
