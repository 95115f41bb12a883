"""Bytes of a document to text, and the repair of prose that somebody decoded with the wrong encoding."""

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import ftfy
from ftfy.badness import is_bad

from bluetick.diagnostics import Diagnostic, Span
from bluetick.diagnostics.document_codes import (
    binary_document,
    empty_document,
    encoding_not_repaired,
    encoding_repaired,
    guessed_character_in_query,
    read_as_windows_1252,
    too_large,
    undecodable,
    wrong_encoding_in_query,
)

MAX_BYTES = 1_000_000

# The longer mark first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "UTF-8"),
    (codecs.BOM_UTF32_LE, "UTF-32-LE"),
    (codecs.BOM_UTF32_BE, "UTF-32-BE"),
    (codecs.BOM_UTF16_LE, "UTF-16-LE"),
    (codecs.BOM_UTF16_BE, "UTF-16-BE"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_FOREIGN = re.compile(r"[^\x00-\x7f]+")
# Guessing at a lost byte, or blanking one, would put characters there that nobody wrote. Repair inside a line is
# left to `_fix`, because ftfy's own takes a space for a lost byte whatever is asked of it.
_FTFY = ftfy.TextFixerConfig(
    restore_byte_a0=False, replace_lossy_sequences=False, decode_inconsistent_utf8=False, fix_c1_controls=False
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """`is_guess`: the bytes are not UTF-8, so characters beyond ASCII are what Windows-1252 makes of them."""

    text: str
    diagnostics: tuple[Diagnostic, ...] = ()
    is_guess: bool = False


def decode(data: bytes, name: str) -> Decoded:
    """The text of a document, or the empty text and an error."""
    if len(data) > MAX_BYTES:
        return Decoded("", (too_large(name, MAX_BYTES),))
    decoded = _decode_marked(data, name) or _decode_unmarked(data, name)
    if decoded.diagnostics and not decoded.text:
        return decoded
    if control := _CONTROL.search(decoded.text):
        return Decoded("", (binary_document(name, control.start()),))
    if not decoded.text.strip():
        return Decoded("", (empty_document(name),))
    return decoded


def _decode_marked(data: bytes, name: str) -> Decoded | None:
    found = next(((mark, encoding) for mark, encoding in _MARKS if data.startswith(mark)), None)
    if not found:
        return None
    mark, encoding = found
    try:
        return Decoded(data[len(mark) :].decode(encoding))
    except UnicodeDecodeError as error:
        return Decoded("", (undecodable(name, encoding, error.start + len(mark)),))


def _decode_unmarked(data: bytes, name: str) -> Decoded:
    try:
        return Decoded(data.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    if (at := data.find(0)) >= 0:
        return Decoded("", (binary_document(name, at),))
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        return Decoded("", (undecodable(name, "UTF-8 or Windows-1252", error.start),))
    foreign = [at for at, character in enumerate(text) if not character.isascii()]
    span = Span(foreign[0], foreign[0] + 1)
    return Decoded(text, (read_as_windows_1252(span, len(foreign)),), is_guess=True)


def check_guesses(text: str, queries: Sequence[Span]) -> list[Diagnostic]:
    """An error for each query that holds a guessed character outside a comment."""
    found = []
    for query in queries:
        for start, line in _lines(text, query):
            code = _before_comment(line)
            if not code.isascii():
                at = start + next(i for i, character in enumerate(code) if not character.isascii())
                found.append(guessed_character_in_query(Span(at, at + 1)))
                break
    return found


def _before_comment(line: str) -> str:
    # With a quote or a fence of back-ticks before it, `//` may stand inside a string: then the line counts whole.
    head, slashes, _ = line.partition("//")
    return head if slashes and not set(head) & set("\"'`") else line


def repair(text: str, queries: Sequence[Span]) -> tuple[str, list[Diagnostic]]:
    """The text with its prose repaired, lines kept, and what was done to it.

    The spans of queries are passed through untouched. Diagnostics point into the text returned.
    """
    if text.isascii():
        return text, []
    pieces: list[str] = []
    diagnostics: list[Diagnostic] = []
    repairs: dict[tuple[str, str], None] = {}
    spans: list[Span] = []
    left: dict[bool, list[Span]] = {False: [], True: []}  # what stays wrong, in prose and in queries
    at = 0
    for line, is_query in _pieces(text, queries):
        fixed = line if is_query or line.isascii() else _fix(line)
        span = Span(at, at + len(fixed.rstrip()))
        if fixed != line:
            repairs[_difference(line, fixed)] = None
            spans.append(span)
        if is_bad(fixed) and _is_wrongly_decoded(fixed):
            left[is_query].append(span)
        pieces.append(fixed)
        at += len(fixed)
    if spans:
        diagnostics.append(encoding_repaired(spans[0], len(spans), list(repairs)))
    if left[False]:
        diagnostics.append(encoding_not_repaired(left[False][0], len(left[False])))
    if left[True]:
        diagnostics.append(wrong_encoding_in_query(left[True][0], len(left[True])))
    return "".join(pieces), diagnostics


def _fix(line: str) -> str:
    """The line decoded anew, or, where that fails as a whole, every run of it that can be."""
    whole = ftfy.fix_encoding(line, _FTFY)
    return whole if whole != line else _FOREIGN.sub(lambda run: ftfy.fix_encoding(run[0], _FTFY), line)


def _is_wrongly_decoded(line: str) -> bool:
    # ftfy's measure alone also dislikes rare but honest sequences; a lead byte of UTF-8 seen as a letter settles it.
    return re.search(r"[\xc2-\xf4][\x80-\xbf\u0152-\u2122]", line) is not None


def _pieces(text: str, queries: Sequence[Span]) -> Iterator[tuple[str, bool]]:
    """The text in lines, each with whether it is of a query; joined they are the text."""
    at = 0
    for query in sorted(queries, key=lambda span: span.start):
        yield from ((line, False) for _, line in _lines(text, Span(at, query.start)))
        yield from ((line, True) for _, line in _lines(text, query))
        at = query.end
    yield from ((line, False) for _, line in _lines(text, Span(at, len(text))))


def _lines(text: str, span: Span) -> Iterator[tuple[int, str]]:
    at = span.start
    while at < span.end:
        found = text.find("\n", at, span.end)
        end = span.end if found < 0 else found + 1
        yield at, text[at:end]
        at = end


def _difference(before: str, after: str) -> tuple[str, str]:
    """The parts in which two lines differ."""
    most = min(len(before), len(after))
    head = next((i for i in range(most) if before[i] != after[i]), most)
    tail = next((i for i in range(most - head) if before[-1 - i] != after[-1 - i]), most - head)
    return before[head : len(before) - tail], after[head : len(after) - tail]
