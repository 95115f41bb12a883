"""Documents of log formats: by which records a format is known, and how each table's columns come out of a record.

format:
  name: conn_log
  title: Connections of the sensor
  when: isnotempty(uid)                  # whether a record is of this format: a KQL condition over its fields
  time: todatetime(ts)                   # of a record that no table takes
  fields: {Outward: local_orig == 'true'}  # names for expressions, for use in the tables
  parse: {Ext: "parse_json(message)"}    # further fields of each record, step by step: read as `Ext.name`
  wrong: {the port is no number: isnotempty(port) and isnull(toint(port))}  # what is kept aside, and why
  memory: {names: {where: _path == 'ssl', key: uid, value: server_name}}
DeviceNetworkEvents:                     # or a list of such bodies
  where: proto == 'tcp'
  each: answers                          # an array of the record: a row for each element, which is the field `each`
  with: {Name: {from: names, key: uid}}  # further fields, out of memories
  only: isnotempty(each)                 # a KQL condition on the row, with those fields
  columns: {Timestamp: ts, RemoteIP: "['id.resp_h']", RemoteUrl: "coalesce(server_name, Name)"}
  lacks: {InitiatingProcessSHA256: the sensor sees no processes}

A field is text, and "" where a record lacks it; one by itself is read as the type of its column. A document of mapped
tables (docs/tables.md) is one of these without `format`. `PrivateAddress` is the pattern of addresses that no public
host has, `now()` when records are received. A memory with `each`, an array, remembers a value for each of its elements:
the key is then the key, a space and the element.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from bluetick.diagnostics import Diagnostic, SourceText, Span, has_errors
from bluetick.diagnostics import mapping_codes as codes
from bluetick.diagnostics.errors import QueryError, SourceError
from bluetick.execution.kql_yaml import KqlYamlReader
from bluetick.execution.mapping import Written
from bluetick.lake.layout import DAY
from bluetick.schema.packs import TIME_COLUMNS, PackName, known_table
from bluetick.syntax import parse_scalar
from bluetick.syntax.strict_yaml import YamlList, YamlMapping, YamlNode, YamlText, read_mapping

_FORMAT: Final = "format"
_FORMAT_KEYS: Final = ("name", "title", "when", "time", "parse", "fields", "wrong", "memory", "every_table")
_TABLE_KEYS: Final = ("where", "each", "with", "only", "columns", "until", "lacks", "source")
_MEMORY_NEEDS: Final = ("where", "key", "value")
_MEMORY_KEYS: Final = (*_MEMORY_NEEDS, "each")
_RECALL_KEYS: Final = ("from", "key")
_TABLE: Final = re.compile(r"^(?!format\b)[A-Za-z_]", re.MULTILINE)
_TABLE_NAME: Final = re.compile(r"[^\W\d_]\w{0,99}")
_COLUMN_NAME: Final = re.compile(r"[^#\x00-\x1f][^\x00-\x1f]{0,255}")
_FORMAT_NAME: Final = re.compile(r"[^/\\\x00-\x1f]{1,60}")  # part of the names of files
_EVERY_KEYS: Final = ("table", "under", "pack")
# As `classify_ip` calls them: Private or Loopback.
_PRIVATE: Final = (
    r"@'^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|127\.|169\.254\.|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\.|"
    r"::1$|[Ff][CcDd][0-9A-Fa-f]{2}:|[Ff][Ee][89ABab][0-9A-Fa-f]:)'"
)
_COMMON_FIELDS: Final = {"PrivateAddress": Written(parse_scalar(_PRIVATE)[0], Span(0, 0))}
_PACKS: Final[Mapping[str, PackName]] = {"defender": "defender", "sentinel": "sentinel"}


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of records: a value by a key. Records that match `where` tell it."""

    where: Written
    key: Written
    value: Written
    each: Written | None = None


@dataclass(frozen=True, slots=True)
class Recall:
    """A field that is what a memory has for the key."""

    memory: str
    key: Written


@dataclass(frozen=True, slots=True)
class EveryTable:
    """An export that names its table of a pack and has its very columns, in the object `under` of the record or at its
    root. Rows of a table without a time have the format's. `spelled` are the fields of columns that the export calls
    otherwise than the pack does."""

    table: Written
    under: tuple[str, ...]
    pack: PackName
    spelled: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TableBody:
    """How rows of a table come out of a record. With `until` the table is VMConnection: a row a minute of the flow.

    `lacks` says of columns why the source cannot fill them."""

    table: str
    span: Span
    columns: tuple[tuple[str, Written], ...]
    where: Written | None = None
    until: Written | None = None
    each: tuple[str, ...] = ()
    recalls: Mapping[str, Recall] = field(default_factory=dict)
    only: Written | None = None
    lacks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Format:
    """One document. Without `when` it is for files that the user names it for."""

    name: str
    title: str
    text: SourceText
    tables: tuple[TableBody, ...]
    when: Written | None = None
    time: Written | None = None
    fields: Mapping[str, Written] = field(default_factory=dict)
    parsed: tuple[tuple[str, Written], ...] = ()
    wrong: tuple[tuple[str, Written], ...] = ()
    memories: Mapping[str, Memory] = field(default_factory=dict)
    every_table: EveryTable | None = None


@cache
def built_in_formats() -> tuple[Format, ...]:
    """The formats of this package, by name."""
    return tuple(built_in_format(name) for name in _documents())


@cache
def built_in_heads() -> tuple[Format, ...]:
    """The same without their tables, which is all that is needed to know a record: a tenth of the work of reading."""
    return tuple(_read(SourceText(_head(text), name), name) for name, text in _documents().items())


@cache
def built_in_format(name: str) -> Format:
    """A format of this package, by the name of its document."""
    return _read(SourceText(_documents()[name], f"{name}.yaml"), name)


def find_built_in(name: str) -> Format | None:
    """The same; None where there is no such format."""
    return built_in_format(name) if name in _documents() else None


@cache
def _documents() -> Mapping[str, str]:
    folder = files("bluetick.sources") / "formats"
    found = sorted((item for item in folder.iterdir() if item.name.endswith(".yaml")), key=lambda item: item.name)
    return {Path(item.name).stem: item.read_text("utf-8") for item in found}


def _head(text: str) -> str:
    """The document up to its first table."""
    table = _TABLE.search(text)
    return text if table is None else text[: table.start()]


def read_format(path: Path) -> Format:
    """A user's document. QueryError says what is wrong with it, and where; SourceError that it cannot be read."""
    try:
        text = SourceText(path.read_text("utf-8-sig"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise SourceError(f"the mapping '{path}' cannot be read: {reason}", file=str(path)) from error
    return _read(text, path.stem)


def _read(text: SourceText, name: str) -> Format:
    reader = _Reader(text)
    found = reader.format(name)
    if has_errors(reader.diagnostics):
        raise QueryError(sorted(reader.diagnostics, key=lambda d: d.span.start), text)
    return found


class _Reader(KqlYamlReader):
    """Reads one document."""

    __slots__ = ()

    def format(self, name: str) -> Format:
        root = read_mapping(self.text.text, self.text.name)
        if isinstance(root, Diagnostic):
            self.report(root)
            return Format(name, name, self.text, ())
        head = self._mapping(root.get(_FORMAT), _FORMAT)
        self.refuse_others(head, "a format", _FORMAT_KEYS)
        tables = tuple(
            body
            for key, node in root.entries
            if key.value != _FORMAT
            for body in self._bodies(key.value, key.span, node)
        )
        entries = self._mapping(head.get("memory"), "memory").entries
        memories = {key.value: found for key, node in entries if (found := self._memory(key, node)) is not None}
        for body in tables:
            if not {recall.memory for recall in body.recalls.values()} <= memories.keys():
                self.report(codes.wrong_part(body.span, "from", "the name of a memory of the format"))
        named = self._plain(head, "name", name[:60])
        if not _FORMAT_NAME.fullmatch(named):
            self.report(codes.wrong_part(head.span, "name", "a name of up to 60 letters without / and \\"))
        return Format(
            named,
            self._plain(head, "title", name),
            self.text,
            tables,
            self._optional(head, "when"),
            self._optional(head, "time"),
            {**_COMMON_FIELDS, **dict(self.expressions(head.get("fields"), "fields"))},
            self.expressions(head.get("parse"), "parse"),
            self.expressions(head.get("wrong"), "wrong"),
            memories,
            self._every_table(head.get("every_table")),
        )

    def _mapping(self, node: YamlNode | None, key: str) -> YamlMapping:
        if node is not None and not isinstance(node, YamlMapping):
            self.report(codes.wrong_part(node.span, key, "a mapping"))
        return node if isinstance(node, YamlMapping) else YamlMapping((), Span(0, 0))

    def _plain(self, body: YamlMapping, key: str, default: str) -> str:
        node = body.get(key)
        if node is not None and not isinstance(node, YamlText):
            self.report(codes.wrong_part(node.span, key, "a text"))
        return node.value.strip() if isinstance(node, YamlText) else default

    def _optional(self, body: YamlMapping, key: str) -> Written | None:
        node = body.get(key)
        return None if node is None else self.expression(key, node)

    def _needed(self, body: YamlMapping, key: str, what: str) -> Written | None:
        if body.get(key) is None:
            self.report(codes.missing_part(body.span, f"{what} lacks '{key}'", f"{key}: an expression"))
        return self._optional(body, key)

    def _memory(self, name: YamlText, node: YamlNode) -> Memory | None:
        body = self._mapping(node, name.value)
        self.refuse_others(body, "a memory", _MEMORY_KEYS)
        where, key, value = (self._needed(body, part, f"the memory '{name.value}'") for part in _MEMORY_NEEDS)
        if where is None or key is None or value is None:
            return None
        return Memory(where, key, value, self._optional(body, "each"))

    def _every_table(self, node: YamlNode | None) -> EveryTable | None:
        if node is None:
            return None
        body = self._mapping(node, "every_table")
        self.refuse_others(body, "an export of every table", _EVERY_KEYS)
        table = self._needed(body, "table", "the export")
        under = self._plain(body, "under", "")
        pack = _PACKS.get(self._plain(body, "pack", ""))
        if pack is None:
            self.report(codes.wrong_part(body.span, "pack", " or ".join(_PACKS)))
            return None
        return None if table is None else EveryTable(table, tuple(under.split(".")) if under else (), pack)

    def _bodies(self, table: str, span: Span, node: YamlNode) -> Iterator[TableBody]:
        for item in node.items if isinstance(node, YamlList) else (node,):
            if not isinstance(item, YamlMapping):
                self.report(codes.wrong_part(item.span, table, f"a mapping of {', '.join(_TABLE_KEYS)}"))
                continue
            self.refuse_others(item, "a table's rows", _TABLE_KEYS)
            if item.get("columns") is None:
                hint = "columns: {Timestamp: ts}"
                self.report(codes.missing_part(span, f"the mapping of '{table}' names no columns", hint))
            recalls = self._mapping(item.get("with"), "with")
            lacks = self._mapping(item.get("lacks"), "lacks")
            each = self._plain(item, "each", "")
            columns = self.expressions(item.get("columns"), "columns")
            self._check(table, span, item, [name for name, _ in columns])
            yield TableBody(
                table,
                span,
                columns,
                self._optional(item, "where"),
                self._optional(item, "until"),
                tuple(each.split(".")) if each else (),
                {key.value: found for key, n in recalls.entries if (found := self._recall(key, n)) is not None},
                self._optional(item, "only"),
                {key.value: value.value for key, value in lacks.entries if isinstance(value, YamlText)},
            )

    def _check(self, table: str, span: Span, item: YamlMapping, columns: list[str]) -> None:
        """A table is a folder of the lake, beside those that are the lake's own, with columns for all engines."""
        if not _TABLE_NAME.fullmatch(table):
            self.report(codes.wrong_part(span, table, "the name of a table: a letter, and letters, digits or _ behind"))
        for name in columns:
            if not _COLUMN_NAME.fullmatch(name) or name.casefold() == DAY.casefold():
                self.report(
                    codes.wrong_part(span, name, f"the name of a column, not '{DAY}', and without '#' or breaks")
                )
        twins = [name for name, count in Counter(map(str.casefold, columns)).items() if count > 1]
        if twins:
            self.report(codes.wrong_part(span, twins[0], "one column: names that differ in case only are the same"))
        known = known_table(table)
        time = (known.time_column if known is not None else None) or TIME_COLUMNS[0]
        if item.get("columns") is not None and time not in columns:
            self.report(codes.missing_part(span, f"the rows of '{table}' have no time", f"{time}: an expression"))

    def _recall(self, name: YamlText, node: YamlNode) -> Recall | None:
        body = self._mapping(node, name.value)
        self.refuse_others(body, "a recall", _RECALL_KEYS)
        key = self._needed(body, "key", f"the recall of '{name.value}'")
        return None if key is None else Recall(self._plain(body, "from", ""), key)
