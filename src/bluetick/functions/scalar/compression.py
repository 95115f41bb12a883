"""gzip and zlib texts in base64; text that cannot be read back is the empty string.

https://learn.microsoft.com/kusto/query/gzip-base64-compress
"""

import base64
import binascii
import zlib
from collections.abc import Callable

from bluetick.functions.definition import Example, Nulls, ScalarFunction, param, signature
from bluetick.types import Type

# Kusto stores a text this short as it is. At what length it begins to compress is not told.
_STORED_BELOW = 32
_LARGEST_BLOCK = 2**26  # bytes that a text may expand to, so that a crafted one fills no memory

_GZIP_HEADER = bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF])  # deflate, no name or time, unknown system
_ZLIB_HEADER = bytes([0x78, 0x01])


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(0 if len(data) < _STORED_BELOW else 6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def _gzip(value: str) -> str:
    data = value.encode()
    tail = zlib.crc32(data).to_bytes(4, "little") + (len(data) % 2**32).to_bytes(4, "little")
    return base64.b64encode(_GZIP_HEADER + _deflated(data) + tail).decode()


def _zlib(value: str) -> str:
    data = value.encode()
    return base64.b64encode(_ZLIB_HEADER + _deflated(data) + zlib.adler32(data).to_bytes(4, "big")).decode()


def _expanded(window: int) -> Callable[[str], str]:
    """`window`: how zlib tells the two forms apart."""

    def expand(value: str) -> str:
        reader = zlib.decompressobj(window)
        try:
            data = reader.decompress(base64.b64decode(value, validate=True), _LARGEST_BLOCK)
            return data.decode() if reader.eof else ""
        except (binascii.Error, zlib.error, ValueError):
            return ""

    return expand


def _codec(name: str, summary: str, compute: Callable[[str], str], differs: str, *examples: Example) -> ScalarFunction:
    return ScalarFunction(
        name=name,
        summary=summary,
        signatures=(signature(param("string", Type.STRING), returns=Type.STRING),),
        nulls=Nulls.NEVER,
        compute=compute,
        examples=examples,
        differs=differs,
    )


_OTHER_BYTES = "The compressed bytes of a longer text may differ from Kusto's; they expand to the same text."
_ZLIB_OF_DIGITS = "eAEBFADr/zEyMzQ1Njc4OTBxd2VydHl1aW9wOAkGdw=="
_GZIP_OF_DIGITS = "H4sIAAAAAAAA/wEUAOv/MTIzNDU2Nzg5MHF3ZXJ0eXVpb3A6m7f2FAAAAA=="
_LIMIT = "A text that expands to more than 64 MiB gives the empty string."

FUNCTIONS: tuple[ScalarFunction, ...] = (
    _codec(
        "gzip_compress_to_base64_string",
        "The text compressed by gzip, in base64.",
        _gzip,
        _OTHER_BYTES,
        Example('gzip_compress_to_base64_string("1234567890qwertyuiop")', _GZIP_OF_DIGITS),
        Example('gzip_compress_to_base64_string("")', "H4sIAAAAAAAA/wEAAP//AAAAAAAAAAA="),
    ),
    _codec(
        "gzip_decompress_from_base64_string",
        "The text behind a base64 text of gzip; empty where it is none.",
        _expanded(16 + zlib.MAX_WBITS),
        _LIMIT,
        Example(f'gzip_decompress_from_base64_string("{_GZIP_OF_DIGITS}")', "1234567890qwertyuiop"),
        Example('gzip_decompress_from_base64_string("x0x0x0")', ""),
        Example('gzip_decompress_from_base64_string("")', ""),
    ),
    _codec(
        "zlib_compress_to_base64_string",
        "The text compressed by zlib, in base64.",
        _zlib,
        _OTHER_BYTES,
        Example(
            'zlib_compress_to_base64_string("1234567890qwertyuiop")', "eAEBFADr/zEyMzQ1Njc4OTBxd2VydHl1aW9wOAkGdw=="
        ),
        Example('zlib_compress_to_base64_string("")', "eAEBAAD//wAAAAE="),
    ),
    _codec(
        "zlib_decompress_from_base64_string",
        "The text behind a base64 text of zlib; empty where it is none.",
        _expanded(zlib.MAX_WBITS),
        _LIMIT,
        Example('zlib_decompress_from_base64_string("eJwLSS0uUSguKcrMS1cwNDIGACxqBQ4=")', "Test string 123"),
        Example('zlib_decompress_from_base64_string("x0x0x0")', ""),
        Example('zlib_decompress_from_base64_string("")', ""),
    ),
)
