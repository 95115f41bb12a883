"""The header form: `// Key: value` comments above the query, as Sentinel's older rules have them."""

import re
from dataclasses import dataclass, field

from bluetick.detections.documents.fields import (
    LIST_KEYS,
    SENTENCE_KEYS,
    SPELLINGS,
    Draft,
    Field,
    continued,
    field_items,
    known_key,
    place_of,
    plain_key,
    stem,
    trimmed,
)
from bluetick.detections.documents.format import Format, Reading
from bluetick.detections.documents.partition import parted
from bluetick.detections.documents.plain import has_statement
from bluetick.diagnostics import Diagnostic, Span
from bluetick.diagnostics.document_codes import no_query, stray_header_line, unknown_header_key
from bluetick.diagnostics.nearest import nearest

_COMMENT = re.compile(r"[ \t]*//+[ \t]?")
_KEY = re.compile(r"[ \t]*([A-Za-z][A-Za-z _-]{0,39}?)[ \t]*:(?!//)")
_HINTS = 200  # of more unknown keys, none is worth a guess
_ONE_WORD = re.compile(r"[A-Za-z]+\Z")
_SCHEDULED = frozenset({"frequency", "lookback", "operator", "threshold"})


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the header without its `//`; `start` is the offset of `text`."""

    text: str
    start: int
    is_comment: bool

    @property
    def span(self) -> Span:
        return Span(self.start, self.start + len(self.text))

    def key(self) -> tuple[str, str | None, int] | None:
        """(as written, known key or None, offset of the value within the line), if the line begins a field."""
        found = _KEY.match(self.text) if self.is_comment else None
        return (found[1], known_key(found[1]), found.end()) if found else None

    def is_known(self) -> bool:
        found = self.key()
        return found is not None and found[1] is not None


@dataclass(slots=True)
class _Header:
    """The fields so far, and the field that a line without a key continues (`""`: none)."""

    fields: list[Field] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    open_key: str = ""
    paragraphs: list[str] = field(default_factory=list)
    description: Span | None = None

    def add(self, line: _Line) -> None:
        if not line.text.strip():
            self._add_blank()
        elif (found := line.key()) and self._begins_field(found[0], found[1]):
            self._add_field(line, *found)
        else:
            self._add_continuation(line)

    def _begins_field(self, written: str, key: str | None) -> bool:
        # "Note: this is usual" inside a description is prose; one word after another field is a key of someone's.
        return key is not None or (self.open_key != "description" and _ONE_WORD.match(written) is not None)

    def _add_blank(self) -> None:
        if self.open_key == "description":
            self.paragraphs.append("")
        else:
            self.open_key = ""

    def _add_field(self, line: _Line, written: str, key: str | None, at: int) -> None:
        value = line.text[at:]
        self.open_key = key or ""
        if key == "description" and self.description is None:
            self.paragraphs.append(value.strip())
            self.description = line.span
            return
        self.fields.extend(field_items(key or written, value, line.start + at))
        if key is None:
            is_listed = len(self.diagnostics) < _HINTS
            close = nearest(plain_key(written), SPELLINGS) if is_listed else ""
            self.diagnostics.append(unknown_header_key(line.span, written, close))

    def _add_continuation(self, line: _Line) -> None:
        if self.open_key == "description" and self.description is not None:
            self.paragraphs.append(line.text.strip())
            self.description = self.description.to(line.span)
        elif self.open_key in SENTENCE_KEYS and self.fields:
            self.fields[-1] = continued(self.fields[-1], line.text, line.span.end)
        elif self.open_key in LIST_KEYS:
            self.fields.extend(field_items(self.open_key, line.text, line.start))
        else:
            self.diagnostics.append(stray_header_line(line.span))

    def all_fields(self) -> tuple[Field, ...]:
        text = "\n".join(self.paragraphs).strip()
        if not text or self.description is None:
            return tuple(self.fields)
        return (*self.fields, Field("description", text, self.description))


def matches_header(text: str) -> bool:
    return any(line.is_known() for line in _leading_comments(text))


def read_header(text: str, file_name: str) -> Reading:
    lines = _header_lines(_leading_comments(text))
    header = _Header()
    for line in lines:
        header.add(line)
    end = _line_end(text, lines[-1].span.end) if lines else 0
    if not has_statement(text[end:]):
        return [], [*header.diagnostics, no_query(file_name, "nothing stands below the header")]
    span = trimmed(text, Span(end, len(text)))
    fields = header.all_fields()
    is_rule = any(item.key in _SCHEDULED for item in fields)
    draft = Draft(
        stem(file_name),
        text[span.start : span.end],
        place_of(text, file_name, span),
        fields,
        "sentinel" if is_rule else None,
    )
    if is_rule:  # a rule has one query
        return [draft], header.diagnostics
    drafts, found = parted(text, draft)
    return drafts, [*header.diagnostics, *found]


def _leading_comments(text: str) -> list[_Line]:
    lines = []
    at = 0
    for raw in text.split("\n"):
        found = _COMMENT.match(raw)
        if not found and raw.strip():
            break
        skipped = found.end() if found else 0
        lines.append(_Line(raw[skipped:].rstrip(), at + skipped, found is not None))
        at += len(raw) + 1
    return lines


def _header_lines(lines: list[_Line]) -> list[_Line]:
    """The lines up to the end of the last paragraph that holds a field: comments below it belong to the query."""
    last = max((i for i, line in enumerate(lines) if line.is_known()), default=-1)
    end = last + 1
    while end < len(lines) and lines[end].is_comment:
        end += 1
    return lines[:end]


def _line_end(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return len(text) if end < 0 else end + 1


HEADER = Format("header of comments", (".kql", ".csl", ".kusto"), matches_header, read_header)
