"""External data of a query: only from copies that the user gave for an address. Nothing is fetched."""

import csv
import gzip
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from bluetick.diagnostics.errors import SourceError

_DELIMITERS = {"csv": ",", "tsv": "\t", "psv": "|", "scsv": ";"}
_GZIP = b"\x1f\x8b"


def load_external(
    uris: tuple[str, ...], format_: str, names: tuple[str, ...], allowed: Mapping[str, Path], *, skips_first: bool
) -> pa.Table:
    """Every record of the files as text columns: by place in delimited files, by name in JSON.

    An address without a copy is a SourceError that says how to give one.
    """
    columns: list[list[str]] = [[] for _ in names]
    for uri in uris:
        for row in _records(_text(uri, allowed), format_, names, skips_first=skips_first):
            for values, value in zip(columns, row, strict=True):
                values.append(value)
    return pa.table({f"c{i}": pa.array(values, pa.string()) for i, values in enumerate(columns)})


def _text(uri: str, allowed: Mapping[str, Path]) -> str:
    path = allowed.get(uri)
    if path is None:
        raise SourceError(
            f"externaldata names '{uri}', and nothing is fetched: give a copy of it, as in --external {uri}=FILE"
        )
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if data.startswith(_GZIP) else data
        return data.decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise SourceError(f"'{path}', the copy of '{uri}', cannot be read: {error}", file=str(path)) from None


def _records(text: str, format_: str, names: tuple[str, ...], *, skips_first: bool) -> Iterator[list[str]]:
    width = len(names)
    match format_:
        case "raw":
            yield _padded([text], width)
        case "lines":
            lines = text.splitlines()
            yield from (_padded([line], width) for line in lines[1 if skips_first else 0 :])
        case "json":
            for record in _json_records(text):
                yield [_json_text(record.get(name)) for name in names]
        case _:
            rows = csv.reader(io.StringIO(text, newline=""), delimiter=_DELIMITERS[format_])
            for index, row in enumerate(rows):
                if row and not (index == 0 and skips_first):
                    yield _padded(row, width)


def _padded(row: list[str], width: int) -> list[str]:
    return (row + [""] * width)[:width]


def _json_records(text: str) -> Iterator[dict[str, Any]]:
    """Objects on lines, one after another, or in an array; anything else is passed over by Kusto too."""
    decoder, place = json.JSONDecoder(), 0
    while True:
        while place < len(text) and text[place].isspace():
            place += 1
        if place >= len(text):
            return
        try:
            value, place = decoder.raw_decode(text, place)
        except ValueError as error:
            raise SourceError(f"external data is no JSON: {error}") from None
        for record in value if isinstance(value, list) else [value]:
            if isinstance(record, dict):
                yield record


def _json_text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
