"""Strict JSON with places, in the nodes of `strict_yaml`: a quoted text has the style `"`, anything else is bare.

A key that is given twice, a number or a word that JSON does not know, a nesting without end: each is refused.
"""

import json
import re
from dataclasses import dataclass

from bluetick.diagnostics import Diagnostic, Span
from bluetick.diagnostics.document_codes import bad_json, too_large
from bluetick.syntax.strict_yaml import UNTEXTUAL, YamlList, YamlMapping, YamlNode, YamlText

MAX_CHARACTERS = 1_000_000
_MAX_DEPTH = 60
_MAX_PARTS = 15_000
_SPACE = re.compile(r"[ \t\r\n]*")
_BARE = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null")
_TEXT = re.compile(r'"((?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+)"')
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})')
_LETTERS = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class _Refused(Exception):
    def __init__(self, span: Span, problem: str) -> None:
        super().__init__(problem)
        self.span = span
        self.problem = problem


def read_json(text: str, name: str) -> YamlNode | Diagnostic:
    """The one value that the text is, or what is wrong with it."""
    if len(text) > MAX_CHARACTERS:
        return too_large(name, MAX_CHARACTERS)
    try:
        return _Reader(text).document()
    except _Refused as refused:
        return bad_json(refused.span, refused.problem)


@dataclass(slots=True)
class _Reader:
    text: str
    at: int = 0
    parts: int = 0

    def document(self) -> YamlNode:
        self._skip()
        value = self._value(0)
        self._skip()
        if self.at < len(self.text):
            raise _Refused(self._here(), "more follows after its value")
        return value

    def _value(self, depth: int) -> YamlNode:
        self.parts += 1
        if depth > _MAX_DEPTH:
            raise _Refused(self._here(), f"it is nested deeper than {_MAX_DEPTH} levels")
        if self.parts > _MAX_PARTS:
            raise _Refused(self._here(), f"it has more than {_MAX_PARTS:,} parts")
        match self.text[self.at : self.at + 1]:
            case "{":
                return self._mapping(depth)
            case "[":
                return self._list(depth)
            case '"':
                return self._text()
            case _:
                return self._bare()

    def _mapping(self, depth: int) -> YamlMapping:
        start = self.at
        entries: dict[str, tuple[YamlText, YamlNode]] = {}
        self.at += 1
        while not self._closes("}", bool(entries)):
            key = self._text()
            if key.value in entries:
                raise _Refused(key.span, f"the key '{key.value}' is given twice")
            self._skip()
            self._take(":")
            self._skip()
            entries[key.value] = (key, self._value(depth + 1))
        return YamlMapping(tuple(entries.values()), Span(start, self.at))

    def _list(self, depth: int) -> YamlList:
        start = self.at
        items: list[YamlNode] = []
        self.at += 1
        while not self._closes("]", bool(items)):
            items.append(self._value(depth + 1))
        return YamlList(tuple(items), Span(start, self.at))

    def _closes(self, mark: str, has_items: bool) -> bool:
        """Whether the closing mark follows, which is then taken; else what separates the items is."""
        self._skip()
        if self.text.startswith(mark, self.at):
            self.at += 1
            return True
        if has_items:
            self._take(",")
            self._skip()
        return False

    def _text(self) -> YamlText:
        found = _TEXT.match(self.text, self.at)
        if found is None:
            raise _Refused(self._here(), "a text in double quotes is wanted here, its control characters escaped")
        self.at = found.end()
        value = json.loads(found[0]) if "\\" in found[1] else found[1]
        if UNTEXTUAL.search(value):
            raise _Refused(Span(found.start(), found.end()), "it holds an escape that is no character of a text")
        return YamlText(value, Span(found.start(), found.end()), '"')

    def _bare(self) -> YamlText:
        found = _BARE.match(self.text, self.at)
        if found is None:
            raise _Refused(self._here(), "a value is wanted here")
        self.at = found.end()
        return YamlText("" if found[0] == "null" else found[0], Span(found.start(), found.end()))

    def _take(self, mark: str) -> None:
        if not self.text.startswith(mark, self.at):
            raise _Refused(self._here(), f"'{mark}' is wanted here")
        self.at += 1

    def _skip(self) -> None:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _here(self) -> Span:
        return Span(self.at, min(self.at + 1, len(self.text)))


def unescaped(written: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The text that stands between the quotes, and pairs (offset in it, offset in what is written).

    A pair stands for each piece that holds no escape, and for each escape.
    """
    if "\\" not in written:
        return written, ((0, 0),)
    parts: list[str] = []
    pieces: list[tuple[int, int]] = [(0, 0)]
    length = at = 0
    for found in _ESCAPE.finditer(written):
        plain = written[at : found.start()]
        character, taken = _character(written, found)
        if found.start() < at:  # the second half of a pair of escapes
            continue
        parts += [plain, character]
        pieces.append((length + len(plain), found.start()))
        length += len(plain) + len(character)
        at = found.start() + taken
        pieces.append((length, at))
    parts.append(written[at:])
    return "".join(parts), tuple(dict(pieces).items())


def _character(written: str, found: re.Match[str]) -> tuple[str, int]:
    """The character of an escape and how long it is written; two escapes of a surrogate pair are one."""
    letter = written[found.start() + 1]
    if letter != "u":
        return _LETTERS[letter], 2
    first = int(written[found.start() + 2 : found.start() + 6], 16)
    follows = re.match(r"\\u([dD][c-fC-F][0-9a-fA-F]{2})", written[found.end() : found.end() + 6])
    if 0xD800 <= first <= 0xDBFF and follows:
        return chr(0x10000 + ((first - 0xD800) << 10) + int(follows[1], 16) - 0xDC00), 12
    return chr(first), 6
