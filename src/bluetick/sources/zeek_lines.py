"""Logs of Zeek in their own form: lines of tabs, under a header that names separators, fields and types."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from bluetick.sources.blocks import Gathering, Reading
from bluetick.sources.json_objects import encoded
from bluetick.sources.records import Records
from bluetick.sources.splitting import read_lines
from bluetick.sources.streams import ByteStream

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?")
_ESCAPES = re.compile(r"(?:\\x[0-9a-fA-F]{2})+|\\\\")
_NUMBERS = frozenset(("count", "int", "port", "double", "time", "interval"))
_MOST_SHAPES = 1000
_BOOLEANS = {"T": "true", "F": "false"}

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
    capture: str  # matches a value that is JSON as it stands (between quotes, where it is text), or nothing
    form: str


@dataclass(frozen=True, slots=True)
class _Shape:
    """What lines look like that differ only in values that need no care, and their JSON."""

    pattern: re.Pattern[str]
    template: str


class _Header:
    """What the header lines have said so far."""

    def __init__(self) -> None:
        self._separator = "\t"
        self._said = {"set_separator": ",", "empty_field": "(empty)", "unset_field": "-"}
        self._fields: tuple[_Field, ...] | None = None
        self._path: tuple[str, ...] = ()
        self._telling: dict[str, str] = {}  # values that are not written as they stand
        self._shapes: dict[tuple[str | None, ...], _Shape | None] = {}

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
        shape = self._shape(tuple(map(self._telling.get, values)))
        if shape and (match := shape.pattern.fullmatch(line)):
            return shape.template % match.groups(), ""
        return self._slowly(values)

    def _shape(self, told: tuple[str | None, ...]) -> "_Shape | None":
        """Lines with the same values unset or true have one pattern and one template: most of a log has a few."""
        if told not in self._shapes:
            if len(self._shapes) >= _MOST_SHAPES:
                self._shapes.clear()
            self._shapes[told] = self._shape_of(told)
        return self._shapes[told]

    def _shape_of(self, told: tuple[str | None, ...]) -> "_Shape | None":
        patterns, members = [], []
        for field, value in zip(self._fields or (), told, strict=True):
            if value is None:
                if not field.capture:
                    return None
                patterns.append(field.capture)
                members.append(field.key.replace("%", "%%") + field.form)
                continue
            patterns.append(re.escape(value))
            if value != self._said["unset_field"]:
                try:
                    members.append((field.key + field.encode(value)).replace("%", "%%"))
                except ValueError:
                    return None
        members += [path.replace("%", "%%") for path in self._path]
        return _Shape(re.compile(re.escape(self._separator).join(patterns)), "{" + ",".join(members) + "}")

    def _slowly(self, values: list[str]) -> tuple[str | None, str]:
        unset = self._said["unset_field"]
        try:
            members = [
                field.key + field.encode(value)
                for field, value in zip(self._fields or (), values, strict=True)
                if value != unset
            ]
        except ValueError as error:
            return None, str(error)
        return "{" + ",".join((*members, *self._path)) + "}", ""

    def _compiled(self) -> tuple[_Field, ...]:
        names = self._said["fields"].split(self._separator)
        types = self._said.get("types", "").split(self._separator)
        types += ["string"] * (len(names) - len(types))
        path = self._said.get("path", "")
        has_path = path and "_path" not in names
        self._path = (f'"_path":{encoded(path)}',) if has_path else ()
        self._shapes.clear()
        told = (self._said["unset_field"], self._said["empty_field"], *_BOOLEANS)
        self._telling = {value: value for value in told}
        return tuple(
            _Field(name, f"{encoded(name)}:", self._encoder(name, kind), *_capture(kind, self._separator))
            for name, kind in zip(names, types, strict=False)
        )

    def _encoder(self, name: str, kind: str) -> Encode:
        empty = self._said["empty_field"]
        container, _, element = kind.rstrip("]").partition("[")
        if container in ("set", "vector") and element:
            return _list_encoder(_scalar_encoder(name, element, empty), self._said, empty)
        return _scalar_encoder(name, kind, empty)


def _capture(kind: str, separator: str) -> tuple[str, str]:
    if kind in _NUMBERS:
        return f"({_NUMBER.pattern})", "%s"
    if kind == "bool" or "[" in kind:
        return "", ""
    return rf'([^\x00-\x1f"\\{re.escape(separator)}]*+)', '"%s"'


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
        return encoded(_unescaped(value) if "\\" in value else value)

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
