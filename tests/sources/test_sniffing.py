"""What a stream holds is told by how it begins."""

from pathlib import Path

import pytest
from container_blocks import blocks_of, entries

from bluetick.sources.sniffing import container_of


@pytest.mark.parametrize(
    ("head", "container"),
    [
        (b"", "lines"),
        (b'{"a": 1}\n{"a": 2}\n', "lines"),
        (b'\xef\xbb\xbf{"a": 1}', "lines"),
        (b'{"a": tru}\n{"a": 2}\n', "lines"),
        (b'{"a": "' + b"x" * 70_000, "lines"),
        (b'{"time": "2026", "events": [{"a": 1}]}\n', "lines"),
        (b'{"id": {"a": 1}, "events": [{"a": 1}]}\n', "lines"),
        (b'{\n  "a": 1\n}\n', "documents"),
        (b'{"a": {\n  "b": 1}}\n', "documents"),
        (b'{"Records":[{"eventVersion":"1.08"}]}', "documents"),
        (b'{"@odata.context": "x", "value": [\n {"a": 1}]}', "documents"),
        (b' [\n{"a": 1}]', "documents"),
        (b'"b": 1}\n{"a": 2}\n', "lines"),
        (b'starting, please wait\n\n{"a": 1, "b": 2}\n{"a": 3, "b": 4}\n{"a": "br', "lines"),
        (b'level {"a": 1}\nlevel {"a": 2}\n', "text"),
        (b'report\n{"a": 1}\nmade today\nand tomorrow\n', "text"),
        (b"[2026-01-01 00:00:00] started, [x] done\n", "text"),
        (b"#separator \\x09\n#fields\tts\n", "zeek"),
        (b"ElfFile\0\0\0", "evtx"),
        (b"time,host,note\n1,b,\n2,c,d\n", "csv"),
        (b"time;host\n1;b\n", "csv"),
        (b'"time"\t"host name"\n1\t"b\nc"\n', "csv"),
        (b"version srcaddr dstaddr srcport dstport\n2 10.0.0.5 203.0.113.10 50001 443\n2 - - - -\n", "csv"),
        (b"five words make no table\nfive other words stand here\n", "text"),
        (b"Jan  1 00:00:00 host sshd[1]: Failed password, for root\nJan  1 00:00:01 host x: y\n", "text"),
        (b'192.0.2.1 - - [01/Jan/2026] "GET / HTTP/1.1" 200 5\n', "text"),
    ],
)
def test_a_head_tells_the_container(head: bytes, container: str) -> None:
    assert container_of(head) == container


def test_a_table_of_one_column_is_known_by_its_name() -> None:
    assert (container_of(b"ip\n192.0.2.1\n"), container_of(b"ip\n192.0.2.1\n", Path("a.CSV.gz"))) == ("text", "csv")
    objects = b'payload\n{"a":1}\n'
    assert (container_of(objects), container_of(objects, Path("a.tsv"))) == ("lines", "csv")


def test_lines_of_text_are_objects_with_one_field(tmp_path: Path) -> None:
    assert entries(blocks_of(tmp_path / "log", b'a "b"\t\x01\\\r\n\xff\n', "text")) == [
        (b'a "b"\t\x01\\', '{"line":"a \\"b\\"\\t\\u0001\\\\"}', ""),
        (b"\xff", None, "not UTF-8"),
    ]
