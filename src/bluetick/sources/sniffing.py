"""Which container a stream is in, told by how it begins."""

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path

from bluetick.sources.delimited import delimiter_of
from bluetick.sources.documents import DECODER, begins_wrapper
from bluetick.sources.parquet_rows import PARQUET_MAGIC

HEAD_BYTES = 64 * 1024
EVTX_MAGIC = b"ElfFile\0"
UTF16_HINT = "it is UTF-16: convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8)"
_UTF16_SEEN = 64  # bytes
_ZEEK_HEADER = re.compile(rb"#(separator|fields|set_separator)\b")


def container_of(head: bytes, path: Path | None = None) -> str:
    """The container of a stream that begins so: "lines" where it is empty, "text" where nothing else is seen.

    The name of the file is asked only where two are as likely: a table of one column.
    """
    if head.startswith(EVTX_MAGIC):
        return "evtx"
    if head.startswith(PARQUET_MAGIC):
        return "parquet"
    text = head.removeprefix(BOM_UTF8).decode("latin-1").lstrip(" \t\r\n")
    if _ZEEK_HEADER.match(text.encode("latin-1")):
        return "zeek"
    if not text or text.startswith("{"):
        return _of_objects(text) if text else "lines"
    if _begins_array(text):
        return "documents"
    is_named_csv = path is not None and path.name.lower().removesuffix(".gz").endswith((".csv", ".tsv"))
    if not is_named_csv and _is_torn_at_first(text):
        return "lines"
    return "csv" if is_named_csv or delimiter_of(text) else "text"


def is_utf16(head: bytes) -> bool:
    """Whether a stream that begins so is UTF-16: it says so, or every other byte of its first letters is zero."""
    seen = head[:_UTF16_SEEN]
    if seen.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return True
    halves = (seen[::2], seen[1::2])
    return len(seen) == _UTF16_SEEN and any(all(one) and not any(other) for one, other in (halves, halves[::-1]))


def _of_objects(text: str) -> str:
    """JSON lines, unless the first object wraps a list or goes over several lines."""
    line, newline, _ = text.partition("\n")
    if begins_wrapper(text):
        return "documents"
    if not newline:
        return "lines"
    try:
        _, end = DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return "documents" if re.fullmatch(r'\{\s*|\{\s*"(?:[^"\\]|\\.)*"\s*:.*[,\[{]\s*', line) else "lines"
    return "documents" if "\n" in text[:end] else "lines"


def _is_torn_at_first(text: str) -> bool:
    """Whether the lines behind the first are JSON objects: a log that was cut within a line, or that something was
    printed into."""
    whole = [line for line in text.split("\n")[1:-1] if line.strip()]
    return bool(whole) and sum(map(_is_object, whole)) * 2 > len(whole)


def _is_object(line: str) -> bool:
    try:
        return line.lstrip().startswith("{") and isinstance(DECODER.decode(line), dict)
    except (ValueError, RecursionError):
        return False


def _begins_array(text: str) -> bool:
    """Also a log line may begin with a bracket: an array of objects has a brace behind it."""
    return re.match(r"\[\s*(?:\{|\]\s*$)", text) is not None
