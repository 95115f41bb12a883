"""JSON documents: every object of them is a record, whatever wraps it and wherever the blocks end."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from container_blocks import blocks_of, entries, owned
from hypothesis import given, settings
from hypothesis import strategies as st

from bluetick.sources.blocks import NOT_UTF8, Limits
from bluetick.sources.opening import open_streams
from bluetick.sources.reading import read_blocks

EVENTS = st.lists(
    st.dictionaries(st.text(max_size=4), st.integers() | st.text(max_size=9) | st.lists(st.floats(allow_nan=False))),
    min_size=1,
    max_size=6,
)
WRAPPERS = ["%s", '{"Records": %s}', '{"@odata.context": "x", "n": 1, "value":%s, "next": {"a": [1, "]"]}}\n']


@settings(max_examples=300, deadline=None)
@given(EVENTS, st.sampled_from(WRAPPERS), st.sampled_from([None, 1, 4]), st.integers(1, 60), st.booleans())
def test_objects_come_out_as_they_went_in(
    events: list[object], wrapper: str, indent: int | None, block_bytes: int, is_twice: bool
) -> None:
    content = ((wrapper % json.dumps(events, indent=indent, ensure_ascii=False)) * (1 + is_twice)).encode()
    with TemporaryDirectory() as folder:
        blocks = blocks_of(Path(folder) / "log", content, "documents", block_bytes)
    records = entries(blocks)
    assert [json.loads(text or "null") for _, text, _ in records] == events * (1 + is_twice)
    assert all(raw.decode() == text for raw, text, _ in records)
    assert owned(blocks, content) == content


@settings(max_examples=300, deadline=None)
@given(st.binary() | st.text('{}[]", :1a\\\n').map(str.encode), st.integers(1, 60))
def test_no_byte_is_lost_whatever_the_bytes(content: bytes, block_bytes: int) -> None:
    if content.startswith((b"PK", b"\x1f\x8b", b"\x28\xb5\x2f\xfd")):
        return
    with TemporaryDirectory() as folder:
        small = blocks_of(Path(folder) / "log", content, "documents", block_bytes)
        whole = blocks_of(Path(folder) / "log", content, "documents")
    assert entries(small) == entries(whole)
    for blocks in (small, whole):
        assert not content or blocks[-1].end == len(content)
        assert owned(blocks, content) == (content if entries(blocks) else b"")


def test_objects_one_after_the_other(tmp_path: Path) -> None:
    content = b'\xef\xbb\xbf{\n  "a": 1\n}\n{\n  "a": {"b": [2]}\n}\n'
    assert [text for _, text, _ in entries(blocks_of(tmp_path / "log", content, "documents", 3))] == [
        '{\n  "a": 1\n}',
        '{\n  "a": {"b": [2]}\n}',
    ]


def test_an_event_that_has_a_list_of_its_own_stays_whole(tmp_path: Path) -> None:
    event = b'{"eventTime": "2026-01-01", "data": [{"a": 1}]}'
    nested = b'[{"Records": [{"a": 1}]}]'
    assert entries(blocks_of(tmp_path / "log", event, "documents")) == [(event, event.decode(), "")]
    assert entries(blocks_of(tmp_path / "log", nested, "documents")) == [
        (b'{"Records": [{"a": 1}]}', '{"Records": [{"a": 1}]}', "")
    ]


@pytest.mark.parametrize("block_bytes", [7, 1 << 20])
def test_reading_goes_on_behind_a_broken_element(tmp_path: Path, block_bytes: int) -> None:
    content = b'{"Records": [{"id": 1, "x": {"id": 9}}, {"id": 2, "x": tru}, {"id": "\xff"}, {"id": 4}, 5]}'
    assert entries(blocks_of(tmp_path / "log", content, "documents", block_bytes)) == [
        (b'{"id": 1, "x": {"id": 9}}', '{"id": 1, "x": {"id": 9}}', ""),
        (b'{"id": 2, "x": tru}', None, "not JSON"),
        (b'{"id": "\xff"}', None, NOT_UTF8),
        (b'{"id": 4}', '{"id": 4}', ""),
        (b"5", None, "not a JSON object"),
    ]


def test_the_indent_tells_where_the_next_element_begins(tmp_path: Path) -> None:
    content = b'[\n  {\n    "id": 1,,\n    "in": [\n      {\n        "id": 7}]\n  },\n  {\n    "id": 2\n  }\n]\n'
    broken, whole = entries(blocks_of(tmp_path / "log", content, "documents"))
    assert broken == (content[4 : content.index(b',\n  {\n    "id": 2')], None, "not JSON")
    assert whole == (b'{\n    "id": 2\n  }', '{\n    "id": 2\n  }', "")


def test_what_is_too_deep_or_too_long_is_a_fault(tmp_path: Path) -> None:
    deep = b'{"id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    content = b'[{"id": 1},' + deep + b',{"id": 2}]'
    assert [(reason, raw == deep) for raw, _, reason in entries(blocks_of(tmp_path / "log", content, "documents"))] == [
        ("", False),
        ("nested too deep", True),
        ("", False),
    ]
    content = b'[{"id": 1},{"id": "' + b"x" * 40 + b'"},{"id": 2}]'
    limits = Limits(record=20, piece=1000)
    reasons = [reason for _, _, reason in entries(blocks_of(tmp_path / "log", content, "documents", 16, limits))]
    assert reasons == ["", "longer than 20 bytes", ""]


def test_what_is_still_written_is_left_for_later_and_reading_goes_on_there(tmp_path: Path) -> None:
    content = b'{"Records": [{"a": 1}, {"a": 2}, {"a": 3'
    (block,) = blocks_of(tmp_path / "log", content, "documents", at_end=False)
    assert block.text.to_pylist() == ['{"a": 1}', '{"a": 2}']
    (tmp_path / "log").write_bytes(content + b'}], "next": null}\n')
    (stream,) = open_streams(tmp_path / "log")
    (rest,) = read_blocks(stream, "documents", start=block.end, number=3)
    assert (rest.number, rest.text.to_pylist(), rest.end) == (3, ['{"a": 3}'], len(content) + 18)
