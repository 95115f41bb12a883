"""Encodings of text and bytes: base64, URL, hexadecimal, hashes, code points."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias
from uuid import UUID

from bluetick.functions.definition import (
    AS_ARGUMENT,
    BoundCall,
    Example,
    Nulls,
    ScalarFunction,
    param,
)
from bluetick.functions.scalar import regex
from bluetick.functions.scalar.both_engines import BothEngines
from bluetick.functions.scalar.search_forms import DUCKDB as SEARCH_DUCKDB
from bluetick.functions.scalar.search_forms import SPARK as SEARCH_SPARK
from bluetick.functions.scalar.search_forms import SearchForms
from bluetick.sql.tree import (
    EMPTY,
    Bare,
    Binary,
    Bound,
    Call,
    Case,
    Cast,
    Expr,
    Lambda,
    all_of,
    any_of,
    call,
    coalesce,
    is_null,
    long,
    null,
    text,
    when,
)
from bluetick.types import INTEGER, NOT_DYNAMIC, Type


@dataclass(frozen=True, slots=True)
class Codecs:
    """How one engine encodes and decodes. Whatever cannot be decoded is null."""

    search: SearchForms
    encoded: Callable[[Expr], Expr]  # text -> bytes
    to_base64: str
    from_base64: Callable[[Expr], Expr]  # text -> bytes
    decoded: Callable[[Expr], Expr]  # bytes in base64 -> text
    hex_of: Callable[[Expr], Expr]  # bytes -> upper-case hexadecimal text
    hex_of_number: str
    url_encoded: Callable[[Expr], Expr]  # upper-case escapes, a space as %20
    url_decoded: Callable[[Expr], Expr]
    sha256: Callable[[Expr], Expr]
    char_code: str
    char_of: Callable[[Expr], Expr]
    byte_of_hex: Callable[[Expr], Expr]
    uuid: Callable[[Expr], Expr]  # text with dashes -> guid


Build: TypeAlias = Callable[[BoundCall, Codecs], Expr]

_BASE64 = r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"


def _bytes_duckdb(value: Expr) -> Expr:
    valid = call("regexp_matches", value, text(regex.own(_BASE64)))
    return call("from_base64", Case(((valid, value),)))


def _decoded_duckdb(value: Expr) -> Expr:
    return call("try", call("decode", _bytes_duckdb(value)))


def _bytes_spark(value: Expr) -> Expr:
    valid = call("rlike", value, text(regex.own(_BASE64)))
    return call("try_to_binary", Case(((valid, value),)), text("base64"))


def _decoded_spark(value: Expr) -> Expr:
    return call("try_validate_utf8", Cast(_bytes_spark(value), Type.STRING))


def _url_decoded_duckdb(value: Expr) -> Expr:
    return call("try", call("url_decode", call("replace", value, text("+"), text(" "))))


def _url_encoded_spark(value: Expr) -> Expr:
    """Java leaves a star and escapes a tilde; here as RFC 3986 has it."""
    encoded = call("replace", call("url_encode", value), text("+"), text("%20"))
    return call("replace", call("replace", encoded, text("*"), text("%2A")), text("%7E"), text("~"))


def _char_spark(code: Expr) -> Expr:
    return call("decode", call("unhex", call("lpad", call("hex", code), Bare(8), text("0"))), text("UTF-32"))


def _is_character(code: Expr) -> Expr:
    """Within Unicode, and no half of a surrogate pair."""
    below = all_of(Binary(">=", code, long(1)), Binary("<", code, long(0xD800)))
    return any_of(below, all_of(Binary(">", code, long(0xDFFF)), Binary("<=", code, long(0x10FFFF))))


DUCKDB = Codecs(
    search=SEARCH_DUCKDB,
    encoded=lambda value: call("encode", value),
    to_base64="to_base64",
    from_base64=_bytes_duckdb,
    decoded=_decoded_duckdb,
    hex_of=lambda value: call("hex", value),
    hex_of_number="to_hex",
    url_encoded=lambda value: call("url_encode", value),
    url_decoded=_url_decoded_duckdb,
    sha256=lambda value: call("sha256", value),
    char_code="unicode",
    char_of=lambda code: call("chr", when(_is_character(code), Cast(code, Type.INT, safe=True))),
    byte_of_hex=lambda digits: Cast(call("concat", text("0x"), digits), Type.INT),
    uuid=lambda value: Cast(value, Type.GUID, safe=True),
)
SPARK = Codecs(
    search=SEARCH_SPARK,
    encoded=lambda value: call("encode", value, text("UTF-8")),
    to_base64="base64",
    from_base64=_bytes_spark,
    decoded=_decoded_spark,
    hex_of=lambda value: call("hex", value),
    hex_of_number="hex",
    url_encoded=_url_encoded_spark,
    url_decoded=lambda value: call("try_url_decode", value),
    sha256=lambda value: call("sha2", value, Bare(256)),
    char_code="ascii",
    char_of=lambda code: _char_spark(when(_is_character(code), code)),
    byte_of_hex=lambda digits: Cast(call("conv", digits, Bare(16), Bare(10)), Type.INT),
    uuid=lambda value: value,
)

_function = BothEngines(DUCKDB, SPARK).with_parameters


def _text(bound: BoundCall, codecs: Codecs) -> Expr:
    return codecs.search.text(bound[0])


# --- base64 ----------------------------------------------------------------------------------------------------


def _base64_encode(bound: BoundCall, codecs: Codecs) -> Expr:
    return call(codecs.to_base64, codecs.encoded(_text(bound, codecs)))


def _base64_decode(bound: BoundCall, codecs: Codecs) -> Expr:
    return coalesce(codecs.decoded(_text(bound, codecs)), EMPTY)


def _pairs(digits: Expr, codecs: Codecs) -> Expr:
    """The numbers of the bytes in a hexadecimal text, as a list of texts."""
    search = codecs.search
    places = search.places(call("substring", digits, Bare(1), _half(call("length", digits))))
    start = Binary("+", Binary("*", Bound("place"), Bare(2)), Bare(1))
    byte = codecs.byte_of_hex(call("substring", digits, start, Bare(2)))
    return Call(search.transform, (places, Lambda(("place",), Cast(byte, Type.STRING))))


def _half(length: Expr) -> Expr:
    return Cast(Binary("//", length, Bare(2)), Type.INT)


def _base64_to_array(bound: BoundCall, codecs: Codecs) -> Expr:
    digits = codecs.hex_of(codecs.from_base64(_text(bound, codecs)))
    numbers = call(codecs.search.join, _pairs(digits, codecs), text(","))
    some = Binary("||", Binary("||", text("["), numbers), text("]"))
    return Case(((is_null(digits), null(Type.DYNAMIC)), (Binary("=", digits, EMPTY), text("[]"))), some)


def _base64_from_array(bound: BoundCall, codecs: Codecs) -> Expr:
    search = codecs.search
    byte = call(codecs.hex_of_number, Cast(Bound("item"), Type.LONG, safe=True))
    digits = Call(
        search.transform, (search.items(bound[0].sql), Lambda(("item",), call("lpad", byte, Bare(2), text("0"))))
    )
    return coalesce(call(codecs.to_base64, call("unhex", call(search.join, digits, EMPTY))), EMPTY)


_GUID_BYTES = "^(..)(..)(..)(..)(..)(..)(..)(..)(....)(.{12})$"


def _swapped(digits: Expr, dash: str, codecs: Codecs) -> Expr:
    """The first three fields of a guid stand in memory with their bytes turned round."""
    rewrite = codecs.search.rewrite(rf"\4\3\2\1{dash}\6\5{dash}\8\7{dash}\9{dash}")
    ten = call("substring", digits, Bare(21), Bare(12))
    # Rewrites know nine groups only: the tenth is put behind.
    return call("concat", call("regexp_replace", digits, text(_GUID_BYTES), text(rewrite)), ten)


def _base64_to_guid(bound: BoundCall, codecs: Codecs) -> Expr:
    digits = call("lower", codecs.hex_of(codecs.from_base64(_text(bound, codecs))))
    is_guid = Binary("=", call("length", digits), Bare(32))
    return Case(((is_guid, codecs.uuid(_swapped(digits, "-", codecs))),))


def _base64_from_guid(bound: BoundCall, codecs: Codecs) -> Expr:
    digits = call("replace", Cast(bound[0].sql, Type.STRING), text("-"), EMPTY)
    return coalesce(call(codecs.to_base64, call("unhex", _swapped(digits, "", codecs))), EMPTY)


# --- URL, hexadecimal, hashes, code points ---------------------------------------------------------------------


def _lower_escapes(encoded: Expr, codecs: Codecs) -> Expr:
    """KQL writes the digits of an escape in lower case: every part behind a percent sign begins with two."""
    search = codecs.search
    part = Bound("part")
    lowered = call("concat", call("lower", call("substring", part, Bare(1), Bare(2))), call("substring", part, Bare(3)))
    first = call("substring", encoded, Bare(1), Binary("-", call("instr", encoded, text("%")), Bare(1)))
    rest = call("substring", encoded, Binary("+", call("instr", encoded, text("%")), Bare(1)))
    parts = Call(search.transform, (search.split(rest, text("%")), Lambda(("part",), lowered)))
    joined = call("concat", first, text("%"), call(search.join, parts, text("%")))
    return when(Binary(">", call("instr", encoded, text("%")), Bare(0)), joined, encoded)


def _url_component(bound: BoundCall, codecs: Codecs) -> Expr:
    return _lower_escapes(codecs.url_encoded(_text(bound, codecs)), codecs)


def _url_encode(bound: BoundCall, codecs: Codecs) -> Expr:
    return call("replace", _url_component(bound, codecs), text("%20"), text("+"))


def _url_decode(bound: BoundCall, codecs: Codecs) -> Expr:
    value = _text(bound, codecs)
    return coalesce(codecs.url_decoded(value), value)


def _to_hex(bound: BoundCall, codecs: Codecs) -> Expr:
    value: Expr = Cast(bound[0].sql, Type.LONG)
    if bound[0].type is Type.INT:
        # 32 bits: a negative int has eight digits.
        value = when(Binary("<", value, long(0)), Binary("+", value, long(2**32)), value)
    digits = call("lower", call(codecs.hex_of_number, value))
    if len(bound) == 1:
        return coalesce(digits, EMPTY)
    least = Cast(call("least", Cast(bound[1].sql, Type.LONG), long(16)), Type.INT)
    filled = call("lpad", digits, least, text("0"))
    return coalesce(when(Binary(">=", call("length", digits), least), digits, filled), EMPTY)


def _hash(name: str) -> Build:
    def build(bound: BoundCall, codecs: Codecs) -> Expr:
        return call(name, codecs.search.text(bound[0]))

    return build


def _sha256(bound: BoundCall, codecs: Codecs) -> Expr:
    return codecs.sha256(_text(bound, codecs))


def _codes(bound: BoundCall, codecs: Codecs) -> Expr:
    search, value = codecs.search, _text(bound, codecs)
    char = call("substring", value, Binary("+", Bound("place"), Bare(1)), Bare(1))
    code = Cast(call(codecs.char_code, char), Type.STRING)
    numbers = Call(search.transform, (search.places(value), Lambda(("place",), code)))
    some = call("concat", text("["), call(search.join, numbers, text(",")), text("]"))
    return when(Binary("=", value, EMPTY), text("[]"), some)


def _chars(bound: BoundCall, codecs: Codecs) -> Expr:
    search = codecs.search
    parts: list[Expr] = []
    for arg in bound.args:
        if arg.type is Type.DYNAMIC:
            char = codecs.char_of(Cast(Bound("item"), Type.LONG, safe=True))
            chars = Call(search.transform, (search.items(arg.sql), Lambda(("item",), char)))
            parts.append(coalesce(call(search.join, chars, EMPTY), EMPTY))
        else:
            parts.append(coalesce(codecs.char_of(Cast(arg.sql, Type.LONG)), EMPTY))
    return call("concat", *parts)


_STRING = (param("text", Type.STRING, Type.DYNAMIC),)
_HASHED = (param("source", *NOT_DYNAMIC),)

FUNCTIONS: tuple[ScalarFunction, ...] = (
    _function(
        "base64_encode_tostring",
        "The base64 of a text's UTF-8 bytes.",
        _STRING,
        Type.STRING,
        _base64_encode,
        (
            Example('base64_encode_tostring("Kusto")', "S3VzdG8="),
            Example('base64_encode_tostring("")', ""),
        ),
        aliases=("base64_encodestring",),
    ),
    _function(
        "base64_decode_tostring",
        "The text whose UTF-8 bytes a base64 text holds; empty where it holds none.",
        _STRING,
        Type.STRING,
        _base64_decode,
        (
            Example('base64_decode_tostring("S3VzdG8=")', "Kusto"),
            Example('base64_decode_tostring("no base64")', ""),
            Example('base64_decode_tostring("")', ""),
        ),
        aliases=("base64_decodestring",),
    ),
    _function(
        "base64_decode_toarray",
        "The bytes that a base64 text holds, as numbers; null where it is no base64.",
        _STRING,
        Type.DYNAMIC,
        _base64_to_array,
        (
            Example('base64_decode_toarray("S3VzdG8=")', [75, 117, 115, 116, 111]),
            Example('base64_decode_toarray("")', []),
        ),
        nulls=Nulls.OWN,
    ),
    _function(
        "base64_encode_fromarray",
        "The base64 of an array of bytes.",
        (param("bytes", Type.DYNAMIC),),
        Type.STRING,
        _base64_from_array,
        (
            Example("base64_encode_fromarray(dynamic([75,117,115,116,111]))", "S3VzdG8="),
            Example("base64_encode_fromarray(dynamic([]))", ""),
        ),
    ),
    _function(
        "base64_encode_fromguid",
        "The base64 of a guid's bytes.",
        (param("guid", Type.GUID),),
        Type.STRING,
        _base64_from_guid,
        (
            Example(
                'base64_encode_fromguid(toguid("ae3133f2-6e22-49ae-b06a-16e6a9b212eb"))', "8jMxriJurkmwahbmqbIS6w=="
            ),
            Example("base64_encode_fromguid(guid(null))", ""),
        ),
    ),
    _function(
        "base64_decode_toguid",
        "The guid whose bytes a base64 text holds; null where it holds none.",
        _STRING,
        Type.GUID,
        _base64_to_guid,
        (
            Example('base64_decode_toguid("8jMxriJurkmwahbmqbIS6w==")', UUID("ae3133f2-6e22-49ae-b06a-16e6a9b212eb")),
            Example('base64_decode_toguid("abcd1231")', None),
            Example('base64_decode_toguid("")', None),
        ),
        nulls=Nulls.OWN,
    ),
    _function(
        "url_encode",
        "Percent-encoding, a space as '+'.",
        _STRING,
        Type.STRING,
        _url_encode,
        (
            Example('url_encode("https://a.com/hello world")', "https%3a%2f%2fa.com%2fhello+world"),
            Example('url_encode("")', ""),
        ),
    ),
    _function(
        "url_encode_component",
        "Percent-encoding, a space as '%20'.",
        _STRING,
        Type.STRING,
        _url_component,
        (
            Example('url_encode_component("hello world/é")', "hello%20world%2f%c3%a9"),
            Example('url_encode_component("")', ""),
        ),
    ),
    _function(
        "url_decode",
        "The text that was percent-encoded.",
        _STRING,
        Type.STRING,
        _url_decode,
        (
            Example('url_decode("https%3a%2f%2fwww.bing.com%2f")', "https://www.bing.com/"),
            Example('url_decode("")', ""),
        ),
        differs="Escapes that are no UTF-8 leave the text as it is.",
    ),
    replace(
        _function(
            "tohex",
            "A number in hexadecimal, two's complement; with leading zeros up to a length.",
            (param("value", *INTEGER), param("minLength", *INTEGER, optional=True)),
            Type.STRING,
            _to_hex,
            (
                Example("tohex(256)", "100"),
                Example("tohex(-256)", "ffffffffffffff00"),
                Example("tohex(toint(-256), 8)", "ffffff00"),
                Example("tohex(256, 8)", "00000100"),
                Example("tohex(long(null))", ""),
            ),
        ),
        result_name=AS_ARGUMENT,
    ),
    _function(
        "hash_md5",
        "The MD5 of a value's text.",
        _HASHED,
        Type.STRING,
        _hash("md5"),
        (
            Example('hash_md5("World")', "f5a7924e621e84c9280a9a27e1bcb7f6"),
            Example('hash_md5("")', "d41d8cd98f00b204e9800998ecf8427e"),
        ),
    ),
    _function(
        "hash_sha1",
        "The SHA-1 of a value's text.",
        _HASHED,
        Type.STRING,
        _hash("sha1"),
        (
            Example('hash_sha1("World")', "70c07ec18ef89c5309bbb0937f3a6342411e1fdd"),
            Example('hash_sha1("")', "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ),
    ),
    _function(
        "hash_sha256",
        "The SHA-256 of a value's text.",
        _HASHED,
        Type.STRING,
        _sha256,
        (
            Example('hash_sha256("World")', "78ae647dc5544d227130a0682a51e30bc7777fbb6d8a8f17007463a3ecd1d524"),
            Example('hash_sha256("")', "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ),
    ),
    _function(
        "unicode_codepoints_from_string",
        "The code points of a text.",
        _STRING,
        Type.DYNAMIC,
        _codes,
        (
            Example('unicode_codepoints_from_string("Aé")', [65, 233]),
            Example('unicode_codepoints_from_string("")', []),
        ),
        aliases=("to_utf8",),
    ),
    _function(
        "unicode_codepoints_to_string",
        "The text of code points, given as numbers and arrays of numbers.",
        (param("code", *INTEGER, Type.DYNAMIC, repeat=64),),
        Type.STRING,
        _chars,
        (
            Example("unicode_codepoints_to_string(75, 117)", "Ku"),
            Example("unicode_codepoints_to_string(dynamic([75, 233]), 111)", "Kéo"),
            Example("unicode_codepoints_to_string(dynamic([]))", ""),
        ),
        aliases=("make_string",),
    ),
)
