"""Tables as text: RFC 4180, with the delimiter found out, and each row's bytes kept."""

import csv
import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from container_blocks import blocks_of, entries, owned
from hypothesis import given, settings
from hypothesis import strategies as st

from bluetick.sources.blocks import NOT_UTF8
from bluetick.sources.opening import open_streams
from bluetick.sources.reading import read_blocks

ROWS = st.lists(st.lists(st.text('ab",;\n\té '), min_size=3, max_size=3), max_size=8)


@settings(max_examples=300, deadline=None)
@given(ROWS, st.sampled_from(",;\t|"), st.integers(1, 40), st.sampled_from(["\n", "\r\n"]))
def test_what_a_csv_writer_writes_is_read_back(rows: list[list[str]], mark: str, block_bytes: int, end: str) -> None:
    target = io.StringIO()
    writer = csv.writer(target, delimiter=mark, lineterminator=end)
    writer.writerows([["name", "b c", "né"], *rows])
    content = target.getvalue().encode()
    with TemporaryDirectory() as folder:
        blocks = blocks_of(Path(folder) / "log", content, "csv", block_bytes)
    found = [list(json.loads(text or "null").values()) for _, text, _ in entries(blocks)]
    assert found == rows
    assert blocks[-1].end == len(content)
    assert owned(blocks, content) == (content if rows else b"")


@settings(max_examples=300, deadline=None)
@given(st.text('ab",\n\r ').map(str.encode), st.integers(1, 40))
def test_no_byte_is_lost_whatever_the_bytes(content: bytes, block_bytes: int) -> None:
    content = b"x,y\n" + content
    with TemporaryDirectory() as folder:
        small = blocks_of(Path(folder) / "log", content, "csv", block_bytes)
        whole = blocks_of(Path(folder) / "log", content, "csv")
    assert entries(small) == entries(whole)
    for blocks in (small, whole):
        assert blocks[-1].end == len(content)
        assert owned(blocks, content) == (content if entries(blocks) else b"")


def test_rows_that_are_wrong_are_faults_of_their_own(tmp_path: Path) -> None:
    content = b'id;text\n1;"a ""b""\r\nc"\n2;x;y\n3;"no end\n4;5" disk\n5;"a"b\n6;\xff\n'
    bad_quote = "a quote is not closed, or not at the end of its field"
    assert entries(blocks_of(tmp_path / "log", content, "csv")) == [
        (b'1;"a ""b""\r\nc"', '{"id":"1","text":"a \\"b\\"\\r\\nc"}', ""),
        (b"2;x;y", None, "not as many values as the header names"),
        (b'3;"no end', None, bad_quote),
        (b'4;5" disk', '{"id":"4","text":"5\\" disk"}', ""),
        (b'5;"a"b', None, bad_quote),
        (b"6;\xff", None, NOT_UTF8),
    ]


def test_twins_in_the_header_are_the_fault_of_every_row(tmp_path: Path) -> None:
    found = entries(blocks_of(tmp_path / "log", b"a,b,a\n1,2,3\n", "csv"))
    assert found == [(b"1,2,3", None, "the header names 'a' twice")]


@pytest.mark.parametrize(("start", "texts"), [(8, ['{"a":"3","b":"4"}']), (12, [])])
def test_reading_that_goes_on_later_knows_the_header(tmp_path: Path, start: int, texts: list[str]) -> None:
    (tmp_path / "log").write_bytes(b"a,b\n1,2\n3,4\n")
    (stream,) = open_streams(tmp_path / "log")
    assert [text for block in read_blocks(stream, "csv", start=start) for text in block.text.to_pylist()] == texts


def test_a_table_with_blanks_between_its_values_has_a_header(tmp_path: Path) -> None:
    content = b"version srcaddr srcport end log-status\n2 10.0.0.5 50001 1767268830 OK\n2 - - 1767268831 NODATA\n"
    found = [json.loads(text or "null") for _, text, _ in entries(blocks_of(tmp_path / "log", content, "csv"))]
    assert found[0] == {
        "version": "2",
        "srcaddr": "10.0.0.5",
        "srcport": "50001",
        "end": "1767268830",
        "log-status": "OK",
    }
    assert found[1]["log-status"] == "NODATA"
