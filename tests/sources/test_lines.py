"""JSON lines as every normaliser gets them: what is no record has its reason, and costs no other line."""

import gzip
from pathlib import Path

import pytest

from bluetick.ingest.strictness import record_fault
from bluetick.sources.json_objects import read_fault, read_object
from bluetick.sources.opening import open_streams
from bluetick.sources.reading import read_blocks

Line = tuple[int, dict[str, object] | None, str]


def lines_of(path: Path, content: bytes, stored: bytes | None = None) -> list[Line]:
    """Number, object and reason of each line of a file that has the content as it is, or in this form."""
    path.write_bytes(content if stored is None else stored)
    (stream,) = open_streams(path)
    found: list[Line] = []
    with stream:
        for block in read_blocks(stream.open_at(0), "lines"):
            for place, text in enumerate(block.text.to_pylist()):
                number = content[: block.offsets[place + 1].as_py()].rstrip(b"\n").count(b"\n") + 1
                reason = block.faults.get(place)
                found.append((number, None, reason) if reason else (number, *_read(text)))
    return found


def _read(text: str | None) -> tuple[dict[str, object] | None, str]:
    """By the reader of coded formats, with which that of declared ones must agree."""
    assert text is not None
    try:
        record = read_object(text.encode())
    except (ValueError, RecursionError) as error:
        assert record_fault(text) == read_fault(error)
        return None, read_fault(error)
    assert record_fault(text) == ""
    return record, ""


def test_blank_lines_are_skipped_and_numbers_stay(tmp_path: Path) -> None:
    content = b'\xef\xbb\xbf{"a":1}\r\n\n   \n{"a":2}'
    assert lines_of(tmp_path / "x", content) == [(1, {"a": 1}, ""), (4, {"a": 2}, "")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"hello", "not JSON"),
        (b'{"a":1', "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"a":1,"a":2}', "a name is given twice in one JSON object"),
        (b'{"b":{"a":1,"a":2}}', "a name is given twice in one JSON object"),
        (b'{"a":NaN}', "NaN is not JSON"),
        (b'{"a":"\xff"}', "not UTF-8"),
        (b'{"a":"\\ud800"}', "holds half of a surrogate pair"),
        (b'{"a":' + b"[" * 200_000, "nested too deep"),
        (b'{"a":' + b"1" * 5000 + b"}", "a number of too many digits"),
    ],
)
def test_a_line_that_is_not_understood_has_its_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    found = lines_of(tmp_path / "x", content + b'\n{"good":1}\n')
    assert found == [(1, None, reason), (2, {"good": 1}, "")]


def test_a_whole_surrogate_pair_is_fine(tmp_path: Path) -> None:
    assert lines_of(tmp_path / "x", b'{"a":"\\ud83d\\ude00"}') == [(1, {"a": "\U0001f600"}, "")]


def test_a_line_that_is_too_long_is_left_out_alone(tmp_path: Path) -> None:
    long = b'{"a":"' + b"x" * (17 * 1024 * 1024) + b'"}\n'
    found = lines_of(tmp_path / "x", b'{"a":1}\n' + long + b'{"a":2}\n')
    assert found == [(1, {"a": 1}, ""), (2, None, "longer than 16777216 bytes"), (3, {"a": 2}, "")]


def test_gzip_is_known_by_its_content(tmp_path: Path) -> None:
    assert lines_of(tmp_path / "x.json", b'{"a":1}\n', gzip.compress(b'{"a":1}\n')) == [(1, {"a": 1}, "")]


def test_a_broken_gzip_stream_is_told(tmp_path: Path) -> None:
    body = b"".join(b'{"a":%d}\n' % number for number in range(20_000))
    found = lines_of(tmp_path / "x.gz", body, gzip.compress(body)[:-2000])
    assert found[0] == (1, {"a": 0}, "")
    assert found[-1][1] is None
    assert found[-1][2].startswith("the gzip stream is damaged")


def test_an_absent_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(open_streams(tmp_path / "none"))
