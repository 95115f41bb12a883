"""Bytes through a container and back: what tests of containers have in common."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from bluetick.sources.blocks import BLOCK_BYTES, LIMITS, Limits
from bluetick.sources.opening import open_streams
from bluetick.sources.reading import read_blocks
from bluetick.sources.records import Records

Entry = tuple[bytes, str | None, str]  # raw, text, the reason of a fault


def blocks_of(
    path: Path,
    content: bytes,
    container: str,
    block_bytes: int = BLOCK_BYTES,
    limits: Limits = LIMITS,
    at_end: bool = True,
) -> list[Records]:
    path.write_bytes(content)
    (stream,) = open_streams(path)
    return list(read_blocks(stream, container, block_bytes=block_bytes, limits=limits, at_end=at_end))


def entries(blocks: Sequence[Records]) -> list[Entry]:
    """Every record, and that blocks and offsets hang together."""
    found: list[Entry] = []
    end = 0
    for block in blocks:
        assert block.number == len(found) + 1
        assert len(block.text) == len(block.raw)
        offsets = block.offsets.to_numpy().tolist()
        assert len(offsets) == len(block) + 1
        assert offsets == sorted(offsets)
        assert offsets[0] == end or len(block) == 0
        end = offsets[-1]
        texts = block.text.to_pylist()
        assert {index for index, text in enumerate(texts) if text is None} == set(block.faults)
        found += [(raw or b"", texts[i], block.faults.get(i, "")) for i, raw in enumerate(block.raw.to_pylist())]
    return found


def owned(blocks: Sequence[Records], content: bytes) -> bytes:
    """The bytes that the records own, one after the other."""
    bounds = [block.offsets.to_numpy().tolist() for block in blocks]
    return b"".join(content[start:end] for ends in bounds for start, end in pairwise(ends))
