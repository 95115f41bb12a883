"""JSON lines from plain or gzipped files: every line is given back, understood or with the reason why it is not."""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import Any

MAX_LINE_BYTES = 16 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class JsonLine:
    """A line of a file: its JSON object, or None and the reason."""

    path: Path
    number: int
    raw: bytes
    record: dict[str, Any] | None
    reason: str = ""


def read_json_lines(path: Path) -> Iterator[JsonLine]:
    """Each line that is not blank, in order, one in memory at a time; an OSError says that the file cannot be opened.

    A gzip stream that breaks off yields one last line, without a record, that says so.
    """
    with _open(path) as stream:
        number = 0
        while True:
            number += 1
            try:
                raw = stream.readline(MAX_LINE_BYTES + 1)
                is_too_long = len(raw) > MAX_LINE_BYTES
                if is_too_long:
                    _skip_to_line_end(stream, raw)
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                yield JsonLine(path, number, b"", None, f"the gzip stream is damaged: {error}")
                return
            if not raw:
                return
            if is_too_long:
                yield JsonLine(path, number, b"", None, f"longer than {MAX_LINE_BYTES} bytes")
            elif text := raw.removeprefix(_BOM).strip():
                yield _parse(path, number, raw, text)


def _open(path: Path) -> BufferedIOBase:
    """Open by content, not by name: collectors rotate files under every ending."""
    with path.open("rb") as stream:
        is_gzip = stream.read(2) == _GZIP_MAGIC
    return gzip.open(path, "rb") if is_gzip else path.open("rb")


def _skip_to_line_end(stream: BufferedIOBase, raw: bytes) -> None:
    while raw and not raw.endswith(b"\n"):
        raw = stream.readline(MAX_LINE_BYTES)


def _parse(path: Path, number: int, raw: bytes, text: bytes) -> JsonLine:
    try:
        record = parse_object(text.decode("utf-8"))
    except UnicodeDecodeError:
        return JsonLine(path, number, raw, None, "not UTF-8")
    except (ValueError, RecursionError) as error:
        return JsonLine(path, number, raw, None, read_fault(error))
    return JsonLine(path, number, raw, record)


def parse_object(text: str) -> dict[str, Any]:
    """A JSON object that means one thing: no name twice, no NaN, no half of a surrogate pair; else ValueError."""
    value = json.loads(text, object_pairs_hook=_unique_names, parse_constant=_refuse_constant)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    if "\\ud" in text or "\\uD" in text:
        _refuse_lone_surrogates(value)
    return value


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise ValueError("a name is given twice in one JSON object")
    return record


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _refuse_lone_surrogates(value: dict[str, Any]) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("holds half of a surrogate pair") from None


def read_fault(error: Exception) -> str:
    """A reason that is the same for the same fault: positions would make every line its own."""
    match error:
        case json.JSONDecodeError():
            return "not JSON"
        case RecursionError():
            return "nested too deep"
    return str(error) if not str(error).startswith("Exceeds the limit") else "a number of too many digits"
