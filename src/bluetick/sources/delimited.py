"""Tables as text (RFC 4180): a header, fields in quotes that may hold line ends, a delimiter that is found out."""

import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bluetick.sources.blocks import HOLDS_NUL, NOT_UTF8, Gathering, Reading
from bluetick.sources.json_objects import encoded
from bluetick.sources.records import Records
from bluetick.sources.streams import ByteStream

_DELIMITERS = ",;\t|"
_HEAD_BYTES = 64 * 1024
_SAMPLE_ROWS = 6
_LONGEST_NAME = 128
_SPACED_COLUMNS, _SPACED_NUMBERS = 5, 3  # at least, of a table with blanks as AWS writes its flow logs
_WORD = re.compile(r"[a-z][a-z0-9_-]*")
_NAME = re.compile(r"[@#$_]*[^\W\d][\w\x80-\xff @#$%./:()-]*")
_BAD_QUOTE = "a quote is not closed, or not at the end of its field"
_WRONG_LENGTH = "not as many values as the header names"


def delimiter_of(head: str) -> str:
    """The delimiter of a table that begins so, or nothing where this does not look like a table with a header."""
    best, most = "", 1
    for delimiter in _DELIMITERS:
        rows = _sample(head.encode("latin-1"), _Form.of(delimiter))
        if rows and _are_names(rows[0]) and {len(row) for row in rows} == {len(rows[0])} and len(rows[0]) > most:
            best, most = delimiter, len(rows[0])
    return best or (" " if _is_spaced(_sample(head.encode("latin-1"), _Form.of(" "))) else "")


def _is_spaced(rows: list[list[str]]) -> bool:
    """Whether this is a table with blanks between its values, and no prose: names of one word each, and numbers."""
    return (
        len(rows) > 1
        and len(rows[0]) >= _SPACED_COLUMNS
        and all(_WORD.fullmatch(name) for name in rows[0])
        and {len(row) for row in rows} == {len(rows[0])}
        and any(sum(value.isdecimal() for value in row) >= _SPACED_NUMBERS for row in rows[1:])
    )


def _sample(head: bytes, form: "_Form") -> list[list[str]]:
    """The first rows, without one that may go on behind the head."""
    rows: list[list[str]] = []
    pos = 0
    while pos < len(head) and len(rows) < _SAMPLE_ROWS:
        match = form.row.match(head, pos)
        end = match.end() if match else pos
        if head[end : end + 1] != b"\n" and (rows or end < len(head)):
            break
        if row := head[pos:end].strip():
            rows.append(form.values(row.decode("latin-1")))
        pos = end + 1
    return rows


def _are_names(row: Sequence[str]) -> bool:
    return all(len(name) <= _LONGEST_NAME and _NAME.fullmatch(name.strip()) for name in row)


def read_csv(stream: ByteStream, reading: Reading) -> Iterator[Records]:
    """Each row under the header as an object of strings. The header belongs to the first row."""
    table: _Table | None = None
    if reading.start:
        with stream.open_at(0) as again:
            first = _Cutting(again, replace(reading, start=0, at_end=True))
            table = next((_Table.of(cut.raw, first.form) for cut in first.cuts() if cut is not None), None)
        cutting = _Cutting(stream, reading, table.form if table else None)
    else:
        cutting = _Cutting(stream, reading)
    gathering = Gathering(reading)
    for cut in cutting.cuts():
        if cut is None:
            if len(gathering):
                yield gathering.take()
        elif table is None and not cut.fault:
            table = _Table.of(cut.raw, cutting.form)
        else:
            text, fault = (None, cut.fault) if cut.fault or table is None else table.record(cut.raw)
            gathering.add(cut.raw, text, cut.end, fault)
            if gathering.is_full:
                yield gathering.take()
    if len(gathering):
        yield gathering.take()


@dataclass(frozen=True, slots=True)
class _Cut:
    """The bytes of one row, where it ends in the stream, and why it is none."""

    raw: bytes
    end: int
    fault: str = ""


@dataclass(frozen=True, slots=True)
class _Form:
    """How rows with a certain delimiter are cut and taken apart."""

    delimiter: str
    row: re.Pattern[bytes]  # up to its line end; ends early where a quote is wrong
    open_field: re.Pattern[bytes]
    field: re.Pattern[str]
    special: re.Pattern[str]  # what JSON or a quoted field write otherwise

    @classmethod
    def of(cls, delimiter: str) -> "_Form":
        mark = re.escape(delimiter)
        field = rf'(?:"(?:[^"]++|"")*+"(?=[{mark}\r\n]|\Z)|(?!")[^{mark}\n]*+)'
        return cls(
            delimiter,
            re.compile(rf"{field}(?:[{mark}]{field})*+\r?".encode()),
            re.compile(rf'[{mark}]?"(?:[^"]++|"")*+"?\Z'.encode()),
            re.compile(rf'(?:"((?:[^"]++|"")*+)"|([^{mark}]*+))(?:[{mark}]|\Z)'),
            re.compile(rf'(?![{mark}])[\x00-\x1f"\\]'),
        )

    def values(self, line: str) -> list[str]:
        if '"' not in line:
            return line.split(self.delimiter)
        values, pos = [], 0
        while match := self.field.match(line, pos):
            quoted, plain = match.groups()
            values.append(plain if quoted is None else quoted.replace('""', '"'))
            pos = match.end()
            if pos == len(line):
                if line.endswith(self.delimiter) and match.group().endswith(self.delimiter):
                    values.append("")
                break
        return values


@dataclass(frozen=True, slots=True)
class _Table:
    form: _Form
    keys: tuple[str, ...]  # as JSON, with the colon
    template: str  # of a row whose values stand in JSON as they are
    fault: str

    @classmethod
    def of(cls, header: bytes, form: _Form) -> "_Table":
        names = form.values(header.decode("utf-8", "replace"))
        twins = [name for name, count in Counter(names).items() if count > 1]
        fault = f"the header names '{twins[0]}' twice" if twins else ""
        keys = tuple(f"{encoded(name)}:" for name in names)
        template = "{" + ",".join(key.replace("%", "%%") + '"%s"' for key in keys) + "}"
        return cls(form, keys, template, fault)

    def record(self, raw: bytes) -> tuple[str | None, str]:
        """The row as a JSON object, or the reason why it is none."""
        if self.fault:
            return None, self.fault
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError:
            return None, NOT_UTF8
        if b"\0" in raw:
            return None, HOLDS_NUL
        values = self.form.values(line)
        if len(values) != len(self.keys):
            return None, _WRONG_LENGTH
        if self.form.special.search(line) is None:
            return self.template % tuple(values), ""
        members = [key + encoded(value) for key, value in zip(self.keys, values, strict=True)]
        return "{" + ",".join(members) + "}", ""


class _Cutting:
    """Cuts a stream into rows."""

    def __init__(self, stream: ByteStream, reading: Reading, form: _Form | None = None) -> None:
        self._stream, self._reading, self._limits = stream, reading, reading.limits
        self._base = reading.start  # the offset of the buffer
        self._buffer = b""
        self._part = 0  # of a row that is too long to be kept whole
        self._is_all = False
        self.form = form or _Form.of(_likely_delimiter(stream))

    def cuts(self) -> Iterator[_Cut | None]:
        """The rows that are not blank, and None after each block that was read."""
        while not self._is_all:
            data = self._stream.read(self._reading.block_bytes)
            self._buffer += data
            self._is_all = not data
            pos = self._skip_mark()
            while pos < len(self._buffer) and (end := self._row_end(pos))[0] > 0:
                yield from self._cut(pos, *end)
                pos = end[0]
            self._base += pos
            self._buffer = self._buffer[pos:]
            yield None
        if self._stream.fault:
            yield _Cut(self._buffer, self._base + len(self._buffer), self._stream.fault)

    @property
    def _is_end(self) -> bool:
        return self._is_all and self._reading.at_end and not self._stream.fault

    def _skip_mark(self) -> int:
        return len(BOM_UTF8) if self._base == 0 and self._buffer.startswith(BOM_UTF8) else 0

    def _row_end(self, pos: int) -> tuple[int, str]:
        """Where the row ends that begins here and why it is none; 0 where its end is not there yet."""
        buffer = self._buffer
        if self._part:
            return self._line_end(pos, self._limits.part_reason(self._part + 1))
        match = self.form.row.match(buffer, pos)
        end = match.end() if match else pos
        size = end - pos
        if size <= self._limits.record:
            if buffer[end : end + 1] == b"\n":
                return end + 1, ""
            if end == len(buffer):
                return (end if self._is_end else 0), ""
            is_open = self.form.open_field.match(buffer, end) is not None
            if is_open and not self._is_all and len(buffer) - pos <= self._limits.record:
                return 0, ""
        elif b"\n" not in buffer[pos:end]:
            return self._line_end(pos, self._limits.reason)
        return self._line_end(pos, _BAD_QUOTE)

    def _line_end(self, pos: int, reason: str) -> tuple[int, str]:
        """A row that is none goes to the end of its line, or as far as is kept in one piece."""
        end = self._buffer.find(b"\n", pos) + 1
        if (end or len(self._buffer)) - pos > self._limits.piece + 1:
            self._part += 1
            return pos + self._limits.piece, self._limits.part_reason(self._part)
        if not end and not self._is_end:
            return 0, ""
        self._part = 0
        return end or len(self._buffer), reason

    def _cut(self, pos: int, end: int, fault: str) -> Iterator[_Cut]:
        raw = self._buffer[pos:end].removesuffix(b"\n").removesuffix(b"\r")
        if raw.strip(b" \t\r") or fault or self.form.delimiter.encode() in raw:
            yield _Cut(raw, self._base + end, fault)


def _likely_delimiter(stream: ByteStream) -> str:
    with stream.open_at(0) as again:
        head = again.peek(_HEAD_BYTES).removeprefix(BOM_UTF8).decode("latin-1").lstrip("\r\n")
    line = head.partition("\n")[0]
    return delimiter_of(head) or max(_DELIMITERS, key=line.count)
