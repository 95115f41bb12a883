"""Lines to records: every byte has an owner, whatever the bytes and however they are read."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from container_blocks import blocks_of, entries, owned
from hypothesis import given, settings
from hypothesis import strategies as st

from bluetick.sources.blocks import HOLDS_NUL, NOT_UTF8, Limits
from bluetick.sources.opening import open_streams
from bluetick.sources.reading import read_blocks

SMALL = Limits(record=8, piece=12)
# Bytes that matter to a splitter, and runs of others that pass the limits.
PIECES = [b"\n", b"\r", b"\r\n", b" ", b"\t", b"\0", b"a", b"{}", b"\xef\xbb\xbf", b"\xff", b"\xe2\x80\xa8"]
CONTENTS = st.lists(st.sampled_from([*PIECES, b"x" * 7, b"y" * 12, b"z" * 30]), max_size=24).map(b"".join) | st.binary()
CONTENTS = CONTENTS.filter(lambda content: not content.startswith((b"PK", b"\x1f\x8b", b"\x28\xb5\x2f\xfd")))


@settings(max_examples=400, deadline=None)
@given(CONTENTS, st.integers(1, 40))
def test_every_byte_has_an_owner_and_blocks_do_not_matter(content: bytes, block_bytes: int) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        small = blocks_of(path, content, "lines", block_bytes, SMALL)
        whole = blocks_of(path, content, "lines", 1 << 20, SMALL)
    assert entries(small) == entries(whole)
    for blocks in (small, whole):
        assert not content or blocks[-1].end == len(content)
        assert owned(blocks, content) == (content if entries(blocks) else b"")


@settings(max_examples=200, deadline=None)
@given(CONTENTS)
def test_lines_are_those_between_newlines(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        blocks = blocks_of(Path(folder) / "log", content, "lines")
    lines = [line.removesuffix(b"\r") for line in content.removeprefix(b"\xef\xbb\xbf").split(b"\n")]
    assert [raw for raw, _, _ in entries(blocks)] == [line for line in lines if line.strip(b" \t\r")]


@settings(max_examples=200, deadline=None)
@given(CONTENTS, st.integers(1, 40))
def test_a_line_that_is_still_written_is_left_for_later(content: bytes, block_bytes: int) -> None:
    complete = content[: content.rfind(b"\n") + 1]
    with TemporaryDirectory() as folder:
        now = blocks_of(Path(folder) / "log", content, "lines", block_bytes, at_end=False)
        later = blocks_of(Path(folder) / "log", complete, "lines")
    assert entries(now) == entries(later)
    assert owned(now, content) == complete[: now[-1].end if now else 0]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"a": "\xff"}', NOT_UTF8),
        (b'{"a": "\xed\xa0\x80"}', NOT_UTF8),
        (b'{"a": "\xe2\x82', NOT_UTF8),
        (b'{"a": "\0"}', HOLDS_NUL),
        ('{"a": "\u2028\x85 é €"}'.encode(), ""),
    ],
)
def test_bytes_that_are_no_text_are_the_fault_of_one_line(tmp_path: Path, line: bytes, reason: str) -> None:
    blocks = blocks_of(tmp_path / "log", b'{"b": 1}\n' + line + b'\n{"c": "\xe2\x82\xac"}\n', "lines")
    assert entries(blocks) == [
        (b'{"b": 1}', '{"b": 1}', ""),
        (line, None if reason else line.decode(), reason),
        (b'{"c": "\xe2\x82\xac"}', '{"c": "€"}', ""),
    ]


def test_a_line_that_is_too_long_is_kept_in_one_piece_or_several(tmp_path: Path) -> None:
    content = b"a\n" + b"b" * 10 + b"\n" + b"c" * 30 + b"\r\nd\n"
    assert entries(blocks_of(tmp_path / "log", content, "lines", limits=SMALL)) == [
        (b"a", "a", ""),
        (b"b" * 10, None, "longer than 8 bytes"),
        (b"c" * 12, None, "longer than 8 bytes (part 1)"),
        (b"c" * 12, None, "longer than 8 bytes (part 2)"),
        (b"c" * 6, None, "longer than 8 bytes (part 3)"),
        (b"d", "d", ""),
    ]


def test_a_line_of_40_mb_is_kept_whole(tmp_path: Path) -> None:
    line = b'{"a": "' + b"x" * (40 << 20) + b'"}'
    blocks = blocks_of(tmp_path / "log", b'{"b": 1}\n' + line + b"\n{}\n", "lines")
    assert [(raw == line, text, reason) for raw, text, reason in entries(blocks)] == [
        (False, '{"b": 1}', ""),
        (True, None, "longer than 16777216 bytes"),
        (False, "{}", ""),
    ]


def test_reading_goes_on_at_an_offset(tmp_path: Path) -> None:

    path = tmp_path / "log"
    path.write_bytes(b"one\ntwo\n\nthree\n")
    (stream,) = open_streams(path)
    (block,) = read_blocks(stream, "lines", start=8, number=3)
    assert (block.number, block.raw.to_pylist(), block.offsets.to_pylist()) == (3, [b"three"], [8, 15])
