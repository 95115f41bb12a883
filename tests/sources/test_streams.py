"""Opening by content: compressed, packed, torn and hostile files."""

import gzip
import io
import tracemalloc
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from bluetick.sources.opening import open_streams
from bluetick.sources.reading import read_blocks
from bluetick.sources.streams import Caps

LINES = b"".join(b'{"n": %d, "m": "%d"}\n' % (n, n * n * 7919) for n in range(30_000))


def read_all(path: Path, caps: Caps | None = None) -> list[tuple[str, bytes, str]]:
    streams = open_streams(path, caps) if caps else open_streams(path)
    return [(stream.name.removeprefix(str(path)), stream.read(1 << 30), stream.fault) for stream in streams]


def zstd(content: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(content, asbytes=True))


def zipped(entries: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return target.getvalue()


@pytest.mark.parametrize(
    ("packed", "is_growable"),
    [
        (LINES, True),
        (gzip.compress(LINES), False),
        (gzip.compress(LINES[:1000]) + gzip.compress(b"") + gzip.compress(LINES[1000:]) + b"\0" * 600, False),
        (zstd(LINES), False),
        (zstd(LINES[:1000]) + zstd(LINES[1000:]), False),
    ],
    ids=["plain", "gzip", "members", "zstd", "frames"],
)
def test_a_stream_is_what_was_packed(tmp_path: Path, packed: bytes, is_growable: bool) -> None:
    path = tmp_path / "any.name"
    path.write_bytes(packed)
    (stream,) = open_streams(path)
    assert stream.is_growable is is_growable
    assert stream.peek(70_000) == LINES[:70_000]
    assert stream.read(10) + stream.read(1 << 30) == LINES
    assert (stream.position, stream.fault) == (len(LINES), "")
    with stream.open_at(123_456) as later:
        assert later.read(100) == LINES[123_456:123_556]
    with stream.open_at(len(LINES) + 5) as beyond:
        assert (beyond.read(1), beyond.fault) == (b"", "")


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_a_torn_stream_gives_what_came_before(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    path = tmp_path / "torn"
    packed = pack(LINES)
    path.write_bytes(packed[: len(packed) * 2 // 3])
    (stream,) = open_streams(path)
    blocks = list(read_blocks(stream, "lines"))
    raw = [line or b"" for block in blocks for line in block.raw.to_pylist()]
    assert len(raw) > 10_000
    assert raw[:-1] == LINES.split(b"\n")[: len(raw) - 1]
    assert LINES.split(b"\n")[len(raw) - 1].startswith(raw[-1])
    (reason,) = [reason for block in blocks for reason in block.faults.values()]
    assert "stream is damaged" in reason
    assert len(blocks[-1]) - 1 in blocks[-1].faults
    assert blocks[-1].end == sum(map(len, raw)) + len(raw) - 1


def test_other_bytes_after_a_gzip_stream_are_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(b"a\n") + b"junk")
    assert read_all(path) == [("", b"a\n", "the gzip stream is damaged: other bytes follow it")]


def test_a_zip_gives_a_stream_for_each_entry(tmp_path: Path) -> None:
    path = tmp_path / "logs.zip"
    deepest = zipped({"d.json": b"4\n"})
    inner = zipped({"b.json": b"2\n", "c.json": LINES, "deeper.zip": deepest})
    path.write_bytes(zipped({"../a.json": b"1\n", "in/": b"", "in/x.zip": inner, "e.gz": gzip.compress(b"5\n")}))
    assert read_all(path) == [
        ("!../a.json", b"1\n", ""),
        ("!in/x.zip!b.json", b"2\n", ""),
        ("!in/x.zip!c.json", LINES, ""),
        ("!in/x.zip!deeper.zip", b"", "a zip archive in an archive in an archive is not read"),
        ("!e.gz", b"5\n", ""),
    ]


def test_entries_of_a_zip_can_be_read_at_any_time_and_from_any_offset(tmp_path: Path) -> None:
    path = tmp_path / "logs.zip"
    path.write_bytes(zipped({"a": b"first", "b": LINES}))
    first, second = open_streams(path)
    with second.open_at(50_000) as later:
        assert later.read(1000) == LINES[50_000:51_000]
    assert first.read(9) == b"first"
    assert not second.is_growable


def test_the_bytes_of_a_damaged_entry_are_given_before_its_fault(tmp_path: Path) -> None:
    path = tmp_path / "logs.zip"
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a", LINES)
        archive.writestr("b", b"whole\n")
    packed = bytearray(target.getvalue())
    packed[200] ^= 1
    path.write_bytes(packed)
    (_, content, fault), whole = read_all(path)
    assert len(content) == len(LINES)
    assert fault == "the zip archive is damaged: the checksum of the entry is wrong"
    assert whole == ("!b", b"whole\n", "")
    path.write_bytes(packed[: len(packed) // 2])
    ((_, content, fault),) = read_all(path)
    assert (content, fault) == (b"", "the zip archive is damaged: File is not a zip file")


def test_an_archive_of_too_many_entries_says_so(tmp_path: Path) -> None:
    path = tmp_path / "logs.zip"
    path.write_bytes(zipped({str(n): b"x" for n in range(5)}))
    assert read_all(path, Caps(entries=3))[3:] == [("", b"", "the zip archive has more than 3 entries")]


def test_a_bomb_stops_at_a_ratio_and_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb") as bomb:
        for _ in range(600):
            bomb.write(b'{"a": "' + b"0" * ((1 << 20) - 10) + b'"}\n')
    tracemalloc.start()
    (stream,) = open_streams(path)
    lines = faults = 0
    for block in read_blocks(stream, "lines"):
        lines += len(block)
        faults += len(block.faults)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert stream.fault == "this file unfolds to more than 200 times its size"
    assert (stream.position <= 200 * path.stat().st_size, faults) == (True, 1)
    assert 100 < lines < 200
    assert peak < 64 << 20


def test_the_caps_hold_for_all_streams_of_a_file_together(tmp_path: Path) -> None:
    path = tmp_path / "logs.zip"
    path.write_bytes(zipped({"a": b"x" * 600, "b": b"y" * 600}))
    expected = [("!a", b"x" * 600, ""), ("!b", b"", "more than 1000 bytes come out of this file")]
    assert read_all(path, Caps(total=1000)) == expected


def test_a_stream_that_is_opened_twice_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(b"x" * 600))
    (stream,) = open_streams(path, Caps(total=1000))
    assert [len(again.read(601)) for again in (stream, stream.open_at(0), stream.open_at(100))] == [600, 600, 500]


def test_what_cannot_be_opened_raises(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        next(open_streams(tmp_path / "absent"))
