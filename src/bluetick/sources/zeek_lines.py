"""Logs of Zeek in their own form: lines of tabs, under a header that names separators, fields and types."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from bluetick.sources.blocks import Gathering, Reading
from bluetick.sources.records import Records
from bluetick.sources.splitting import read_lines
from bluetick.sources.streams import ByteStream

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?")
_ESCAPES = re.compile(r"(?:\\x[0-9a-fA-F]{2})+|\\\\")
_NUMBERS = frozenset(("count", "int", "port", "double", "time", "interval"))
_BOOLEANS = {"T": "true", "F": "false"}
_encoded = json.JSONEncoder(ensure_ascii=False).encode

Encode = Callable[[str], str]


def read_zeek(stream: ByteStream, reading: Reading) -> Iterator[Records]:
    """Each line that is not of a header, which belongs to the record that follows it."""
    header = _Header()
    if reading.start:
        with stream.open_at(0) as again:
            header.read_up_to(reading.start, again, replace(reading, start=0))
    gathering = Gathering(reading)
    for block in read_lines(stream, reading):
        texts, ends = block.text.to_pylist(), block.offsets.to_numpy()[1:].tolist()
        for index, (raw, text, end) in enumerate(zip(block.raw.to_pylist(), texts, ends, strict=True)):
            if text is not None and text.startswith("#"):
                header.read(text)
                continue
            record, fault = header.record(text) if text is not None else (None, block.faults[index])
            gathering.add(raw or b"", record, end, fault)
        if len(gathering):
            yield gathering.take()


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    key: str  # as JSON, with the colon
    encode: Encode


class _Header:
    """What the header lines have said so far."""

    def __init__(self) -> None:
        self._separator = "\t"
        self._said = {"set_separator": ",", "empty_field": "(empty)", "unset_field": "-"}
        self._fields: tuple[_Field, ...] | None = None
        self._tail = "}"

    def read(self, line: str) -> None:
        name, _, rest = line[1:].partition(" " if line.startswith("#separator") else self._separator)
        if name == "separator":
            self._separator = _unescaped(rest) or "\t"
        else:
            self._said[name] = rest
        if name in ("separator", "fields"):
            self._said.pop("types", None)
        self._fields = None

    def read_up_to(self, end: int, stream: ByteStream, reading: Reading) -> None:
        for block in read_lines(stream, reading):
            if block.start >= end:
                return
            starts = block.offsets.to_numpy().tolist()
            for text, after in zip(block.text.to_pylist(), starts[1:], strict=True):
                if text is not None and text.startswith("#") and after <= end:
                    self.read(text)

    def record(self, line: str) -> tuple[str | None, str]:
        """The line as a JSON object, or the reason why it is none."""
        if "fields" not in self._said:
            return None, "no #fields line comes before it"
        if self._fields is None:
            self._fields = self._compiled()
        values = line.split(self._separator)
        if len(values) != len(self._fields):
            return None, "not as many values as #fields names"
        unset = self._said["unset_field"]
        try:
            members = [
                field.key + field.encode(value)
                for field, value in zip(self._fields, values, strict=True)
                if value != unset
            ]
        except ValueError as error:
            return None, str(error)
        return "{" + ",".join(members) + (self._tail if members else self._tail.removeprefix(",")), ""

    def _compiled(self) -> tuple[_Field, ...]:
        names = self._said["fields"].split(self._separator)
        types = self._said.get("types", "").split(self._separator)
        types += ["string"] * (len(names) - len(types))
        path = self._said.get("path", "")
        has_path = path and "_path" not in names
        self._tail = f',"_path":{_encoded(path)}}}' if has_path else "}"
        return tuple(
            _Field(name, f"{_encoded(name)}:", self._encoder(name, kind))
            for name, kind in zip(names, types, strict=False)
        )

    def _encoder(self, name: str, kind: str) -> Encode:
        empty = self._said["empty_field"]
        container, _, element = kind.rstrip("]").partition("[")
        if container in ("set", "vector") and element:
            return _list_encoder(_scalar_encoder(name, element, empty), self._said, empty)
        return _scalar_encoder(name, kind, empty)


def _list_encoder(element: Encode, said: dict[str, str], empty: str) -> Encode:
    separator, unset = said["set_separator"], said["unset_field"]

    def encode(value: str) -> str:
        if value == empty:
            return "[]"
        return f"[{','.join('null' if part == unset else element(part) for part in value.split(separator))}]"

    return encode


def _scalar_encoder(name: str, kind: str, empty: str) -> Encode:
    def number(value: str) -> str:
        if _NUMBER.fullmatch(value) is None:
            raise ValueError(f"the field '{name}' is no {kind}")
        return value

    def boolean(value: str) -> str:
        if value not in _BOOLEANS:
            raise ValueError(f"the field '{name}' is no bool")
        return _BOOLEANS[value]

    def text(value: str) -> str:
        if value == empty:
            return '""'
        return _encoded(_unescaped(value) if "\\" in value else value)

    if kind == "bool":
        return boolean
    return number if kind in _NUMBERS else text


def _unescaped(text: str) -> str:
    """Zeek writes bytes as \\xHH; those that are no UTF-8 stay as they are written."""
    return _ESCAPES.sub(lambda match: _bytes_of(match.group()), text)


def _bytes_of(escaped: str) -> str:
    if escaped == "\\\\":
        return "\\"
    try:
        return bytes.fromhex(escaped.replace("\\x", "")).decode("utf-8")
    except UnicodeDecodeError:
        return escaped
