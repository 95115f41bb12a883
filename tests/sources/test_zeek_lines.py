"""Zeek's own form, by what its manual says of the ASCII writer: header, unset and empty fields, sets, escapes."""

from pathlib import Path

import pytest
from container_blocks import blocks_of, entries, owned

from bluetick.sources.opening import open_streams
from bluetick.sources.reading import read_blocks

HEADER = b"""#separator \\x09
#set_separator\t,
#empty_field\t(empty)
#unset_field\t-
#path\tconn
#open\t2026-01-01-00-00-00
#fields\tts\tuid\tid.resp_p\tlocal_orig\tparents\ttags\tnote
#types\ttime\tstring\tport\tbool\tset[string]\tvector[count]\tstring
"""
ROWS = b"""1767225600.000001\tC1\t443\tT\tA,B\t1,-,3\tcaf\xc3\xa9 \\x09 \\\\ \\xc3\\xa9 \\xff "q"
1767225601.500000\tC2\t-\tF\t(empty)\t-\t(empty)
1767225602.0\tC3\tx\tF\t-\t-\t-
1767225602.0\tC4
"""
CLOSE = b"#close\t2026-01-01-01-00-00\n"
TEXTS = [
    '{"ts":1767225600.000001,"uid":"C1","id.resp_p":443,"local_orig":true,"parents":["A","B"],"tags":[1,null,3],'
    '"note":"café \\t \\\\ é \\\\xff \\"q\\"","_path":"conn"}',
    '{"ts":1767225601.500000,"uid":"C2","local_orig":false,"parents":[],"note":"","_path":"conn"}',
]
FAULTS = ["", "", "the field 'id.resp_p' is no port", "not as many values as #fields names"]


@pytest.mark.parametrize("block_bytes", [11, 1 << 20])
def test_a_log_of_zeek(tmp_path: Path, block_bytes: int) -> None:
    content = HEADER + ROWS + CLOSE
    blocks = blocks_of(tmp_path / "log", content, "zeek", block_bytes)
    records = entries(blocks)
    assert [text for _, text, _ in records] == [*TEXTS, None, None]
    assert [reason for _, _, reason in records] == FAULTS
    assert [raw for raw, _, _ in records] == ROWS.splitlines()
    assert owned(blocks, content) == content


def test_a_header_may_come_again_with_other_fields(tmp_path: Path) -> None:
    again = b"#separator |\n#unset_field|?\n#path|dns\n#fields|_path|n\n#types|string|count\ndns|7\n"
    found = entries(blocks_of(tmp_path / "log", HEADER + ROWS + CLOSE + again, "zeek"))
    assert found[4:] == [(b"dns|7", '{"_path":"dns","n":7}', "")]


def test_a_header_alone_is_no_record_and_is_read_to_its_end(tmp_path: Path) -> None:
    (block,) = blocks_of(tmp_path / "log", HEADER + CLOSE, "zeek")
    assert (len(block), block.end) == (0, len(HEADER + CLOSE))


def test_lines_without_a_header_are_faults(tmp_path: Path) -> None:
    found = entries(blocks_of(tmp_path / "log", b"1.0\tC1\n", "zeek"))
    assert found == [(b"1.0\tC1", None, "no #fields line comes before it")]


def test_reading_that_goes_on_later_knows_the_header(tmp_path: Path) -> None:
    content = HEADER + ROWS
    (tmp_path / "log").write_bytes(content)
    (stream,) = open_streams(tmp_path / "log")
    start = len(HEADER) + ROWS.index(b"\n") + 1
    (block,) = read_blocks(stream, "zeek", start=start, number=2)
    assert (block.number, block.text[0].as_py()) == (2, TEXTS[1])


def test_digits_of_other_scripts_are_no_numbers(tmp_path: Path) -> None:
    content = HEADER + "1.0\tC1\t\u0663\tT\t-\t-\t-\n".encode()
    ((_, text, reason),) = entries(blocks_of(tmp_path / "log", content, "zeek"))
    assert (text, reason) == (None, "the field 'id.resp_p' is no port")
