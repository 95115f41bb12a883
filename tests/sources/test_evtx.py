"""Event logs in binary form, written here by the published layout: file header, chunks, records, binary XML."""

import json
import struct
import sys
from pathlib import Path

import pytest
from container_blocks import entries

from bluetick.diagnostics.errors import SourceError
from bluetick.sources.opening import open_streams
from bluetick.sources.reading import read_blocks
from bluetick.sources.sniffing import container_of

pytest.importorskip("evtx", reason="an extra")
CHUNK = 65_536


def element(name: str, content: bytes, at: int) -> bytes:
    """An element whose name stands within it, at this offset of the chunk."""
    inline = struct.pack("<IHH", 0, 0, len(name)) + name.encode("utf-16-le") + b"\0\0"
    body = struct.pack("<I", at + 9) + inline + b"\x02" + content + b"\x04"
    return b"\x01" + struct.pack("<I", len(body)) + body


def content_at(name: str, at: int) -> int:
    return at + 9 + 8 + 2 * len(name) + 2 + 1


def record(number: int, note: str, at: int) -> bytes:
    begin = at + 24 + 4
    inner = content_at("Event", begin)
    text = b"\x05\x01" + struct.pack("<H", len(note)) + note.encode("utf-16-le")
    xml = b"\x0f\x01\x01\x00" + element("Event", element("Note", text, inner), begin) + b"\x00"
    size = 24 + len(xml) + 4
    return b"**\0\0" + struct.pack("<IQQ", size, number, 133_500_000_000_000_000) + xml + struct.pack("<I", size)


def chunk(first: int, notes: list[str]) -> bytes:
    body, at = b"", 512
    for number, note in enumerate(notes, first):
        last = at
        body += record(number, note, at)
        at = 512 + len(body)
    final = first + len(notes) - 1
    head = b"ElfChnk\0" + struct.pack("<4Q4I", first, final, first, final, 128, last, at, 0)
    return (head.ljust(512, b"\0") + body).ljust(CHUNK, b"\0")


def log(*chunks: bytes) -> bytes:
    head = b"ElfFile\0" + struct.pack("<3QI4H", 0, len(chunks) - 1, 99, 128, 1, 3, 4096, len(chunks))
    return head.ljust(4096, b"\0") + b"".join(chunks)


def read(path: Path, content: bytes, start: int = 0) -> list[tuple[object, str]]:
    path.write_bytes(content)
    (stream,) = open_streams(path)
    assert container_of(stream.peek(4096), path) == "evtx"
    stream.close()
    blocks = list(read_blocks(stream, "evtx", start=start, block_bytes=64))
    found = entries(blocks) if not start else [(r, t, "") for b in blocks for r, t in zip(b.raw, b.text, strict=True)]
    return [(json.loads(str(text))["Event"]["Note"] if text else raw, reason) for raw, text, reason in found]


def test_events_of_every_chunk(tmp_path: Path) -> None:
    content = log(chunk(1, ["a", "bé"]), chunk(3, ["c"]), bytes(CHUNK))
    assert read(tmp_path / "log", content) == [("a", ""), ("bé", ""), ("c", "")]


def test_what_is_damaged_is_a_fault_of_its_own(tmp_path: Path) -> None:
    whole = chunk(1, ["a", "b", "c"])
    second = 512 + len(record(1, "a", 512))
    third = second + len(record(2, "b", second))
    end = third + len(record(3, "c", third))
    bad_xml = whole[: second + 28] + b"\xff" * (third - second - 32) + whole[third - 4 :]
    bad_magic = whole[:second] + b"XX" + whole[second + 2 :]
    bad_chunk = b"X" * CHUNK
    found = read(tmp_path / "log", log(bad_xml, bad_magic, bad_chunk, chunk(9, ["z"]), whole[:1000]))
    assert found == [
        ("a", ""),
        (bad_xml[second:third], "a damaged record of an event log"),
        ("c", ""),
        ("a", ""),
        (bad_magic[second:end], "a damaged chunk of an event log"),
        (bad_chunk, "a damaged chunk of an event log"),
        ("z", ""),
        (whole[:1000], "a damaged chunk of an event log"),
    ]


def test_without_the_extra_the_command_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "evtx", None)
    with pytest.raises(SourceError, match=r"pip install 'bluetick\[evtx\]'"):
        read(tmp_path / "log", log(chunk(1, ["a"])))
