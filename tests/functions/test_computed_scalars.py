"""What examples do not show of the functions that Python computes: hostile input, and both halves of a codec."""

import base64
import gzip
import zlib

import pytest

from bluetick.functions.definition import Compute
from bluetick.functions.registry import find_scalar


def compute(name: str) -> Compute:
    function = find_scalar(name)
    assert function is not None
    assert function.compute is not None
    return function.compute


@pytest.mark.parametrize("text", ["", "a", "kurz", "x" * 31, "x" * 32, "long text " * 500, "ünïcödé 🦊"])
@pytest.mark.parametrize("form", ["gzip", "zlib"])
def test_compressed_text_comes_back(form: str, text: str) -> None:
    packed = compute(f"{form}_compress_to_base64_string")(text)
    assert compute(f"{form}_decompress_from_base64_string")(packed) == text


def test_compressed_text_is_read_by_others() -> None:
    text = "some text to compress, " * 20
    assert gzip.decompress(base64.b64decode(compute("gzip_compress_to_base64_string")(text))).decode() == text
    assert zlib.decompress(base64.b64decode(compute("zlib_compress_to_base64_string")(text))).decode() == text


def test_a_text_that_expands_without_end_is_given_up() -> None:
    bomb = base64.b64encode(zlib.compress(bytes(2**27))).decode()
    assert compute("zlib_decompress_from_base64_string")(bomb) == ""


@pytest.mark.parametrize("value", ["xn--", "xn--\x00", "xn--99999999", "a.xn--zzzzzzzzzzzzzz99.b"])
def test_bad_punycode_is_no_error(value: str) -> None:
    compute("punycode_domain_from_string")(value).encode()


def test_entities_are_not_expanded() -> None:
    document = '<!DOCTYPE e [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><e>&b;</e>'
    assert compute("parse_xml")(document) is None


def test_elements_nest_to_a_limit() -> None:
    def nested(levels: int) -> str:
        return "<e>" * levels + "</e>" * levels

    assert compute("parse_xml")(nested(200)) is not None
    assert compute("parse_xml")(nested(100_000)) is None


@pytest.mark.parametrize(
    ("document", "value"),
    [
        ("<e><!-- no --><a/></e>", {"e": {"a": None}}),
        ("<n:e xmlns:n='u'/>", {"n:e": {"@xmlns:n": "u"}}),
        ("<e>&lt;&amp;</e>", {"e": "<&"}),
        ('<?xml version="1.0" encoding="utf-16"?><e>ü</e>', {"e": "ü"}),
        ("<e><a>1</a><a>2</a><a>3</a></e>", {"e": {"a": ["1", "2", "3"]}}),
        ("<e><a/></e><f/>", None),
        ("plain", None),
    ],
)
def test_xml(document: str, value: object) -> None:
    assert compute("parse_xml")(document) == value


# Published vectors of xxHash64 with seed 0.
@pytest.mark.parametrize(
    ("text", "digest"),
    [
        ("", 0xEF46DB3751D8E999),
        ("a", 0xD24EC4F1A98C6E5B),
        ("abc", 0x44BC2CF5AD770999),
        ("Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1),
    ],
)
def test_hash_is_xxhash64(text: str, digest: int) -> None:
    assert compute("hash")(text) % 2**64 == digest


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 Bytes"), (1.5, "2 Bytes"), (1024**6, "1 EB"), (2.0**100, f"{2**40} EB"), (-3 * 1024**2, "-3 MB")],
)
def test_format_bytes_at_the_ends(size: float, text: str) -> None:
    assert compute("format_bytes")(size) == text
