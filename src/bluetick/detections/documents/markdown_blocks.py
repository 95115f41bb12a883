"""A markdown text as headings, fences and lines: as much of markdown as rule documents use."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from bluetick.diagnostics import Span

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*)")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})[ \t]*([^`]*)\Z")


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    title: str
    span: Span


@dataclass(frozen=True, slots=True)
class Fence:
    """`content` is what stands between the marks; `mark` is the opening line."""

    language: str
    mark: Span
    content: Span
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    start: int


Block = Heading | Fence | Line


def blocks(text: str) -> Iterator[Block]:
    """The blocks in order. The end of the text closes a fence."""
    lines = list(_lines(text))
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if found := _FENCE.match(line.text):
            end = _closing(lines, at, found[1])
            first = lines[at].start if at < len(lines) else len(text)
            stop = lines[end].start if end < len(lines) else len(text)
            words = found[2].split()
            language = words[0].lower() if words else ""
            mark = Span(line.start, line.start + len(line.text))
            yield Fence(language, mark, Span(first, stop), end < len(lines))
            at = end + 1
        elif heading := _HEADING.match(line.text):
            span = Span(line.start, line.start + len(line.text))
            yield Heading(len(heading[1]), plain_title(heading[2]), span)
        else:
            yield line


def plain_title(text: str) -> str:
    """A title without the pictures and signs before it and the marks of emphasis around it."""
    bare = text.strip().strip("#*_`").strip()
    for at, character in enumerate(bare):
        if unicodedata.category(character)[0] in "LNP":
            return bare[at:].strip("*_` ")
    return bare


def _lines(text: str) -> Iterator[Line]:
    at = 0
    for raw in text.split("\n"):
        yield Line(raw.rstrip(), at)
        at += len(raw) + 1


def _closing(lines: list[Line], at: int, mark: str) -> int:
    for index in range(at, len(lines)):
        bare = lines[index].text.strip()
        if len(bare) >= len(mark) and bare == mark[0] * len(bare):
            return index
    return len(lines)
