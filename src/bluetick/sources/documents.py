"""JSON documents to records: arrays of objects, objects that wrap such an array, and objects one after the other.

Where the text goes on after a record says on its own whether it stood in a list (a comma or a closing bracket
follows), so that reading can start behind any record. Bytes are looked at as Latin-1, in which a character is a byte:
whether they are UTF-8 is asked of each record.
"""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator

from bluetick.sources.blocks import HOLDS_NUL, NOT_UTF8, Gathering, Limits, Reading
from bluetick.sources.records import Records
from bluetick.sources.streams import ByteStream

NOT_JSON = "not JSON"
_NOT_OBJECT = "not a JSON object"
_HEAD_BYTES = 64 * 1024
_NEAR_END = 8  # the longest token, after which an error may be due to what is not read yet: half of a surrogate pair
_SEPARATORS = re.compile(r"[ \t\r\n,]*")
_STRING = r'"(?:[^"\\]|\\.)*+"'
# An object wraps a list where nothing but plain values stands before it. One that tells a time is an event itself.
_WRAPPER = re.compile(
    rf'\{{\s*(?:(?!"[^"]*(?:[Tt]ime|[Dd]ate)){_STRING}\s*:\s*(?:{_STRING}|[-+.\w]++)\s*,\s*)*?'
    r'(?:"(?:Records|records|value)"\s*:\s*\[\s*(?=[\]{])|"(?:events|data)"\s*:\s*\[\s*(?=\{))'
)
_MEMBER = re.compile(rf"\s*,\s*{_STRING}\s*:\s*")
_CLOSING = re.compile(r"\s*\}")
_FIRST_NAME = re.compile(rf"\{{\s*{_STRING}\s*:")
DECODER = json.JSONDecoder(strict=False, parse_int=str, parse_float=str)


def begins_wrapper(head: str) -> bool:
    """Whether the text begins with an object that does no more than hold a list of objects."""
    return _WRAPPER.match(head) is not None


def read_documents(stream: ByteStream, reading: Reading) -> Iterator[Records]:
    """Each object of the documents, with its own bytes; what stands between them belongs to the record that follows."""
    return _Walk(stream, reading).records()


class _Broken(Exception):
    """What stands here is no JSON; the message is the reason."""


class _Incomplete(Exception):
    """What stands here goes on behind what has been read."""


class _Window:
    """The part of a stream that is looked at."""

    def __init__(self, stream: ByteStream, reading: Reading) -> None:
        self._stream = stream
        self._block_bytes = reading.block_bytes
        self.data, self.text = b"", ""
        self.base, self.pos = reading.start, 0
        self.is_all = False  # there is no more to read

    def fill(self) -> None:
        more = self._stream.read(self._block_bytes)
        self.base, self.data = self.base + self.pos, self.data[self.pos :] + more
        self.pos, self.text = 0, self.data.decode("latin-1")
        self.is_all = not more

    def ensure(self, size: int) -> bool:
        """Whether there are so many more bytes; all that there are have been read then."""
        while len(self.data) - self.pos < size and not self.is_all:
            self.fill()
        return len(self.data) - self.pos >= size

    @property
    def left(self) -> int:
        return len(self.data) - self.pos


class _Walk:
    def __init__(self, stream: ByteStream, reading: Reading) -> None:
        self._stream, self._reading = stream, reading
        self._limits: Limits = reading.limits
        self._window = _Window(stream, reading)
        self._gathering = Gathering(reading)
        self._is_in_list = False

    def records(self) -> Iterator[Records]:
        window = self._window
        if window.base == 0 and window.ensure(len(BOM_UTF8)) and window.data.startswith(BOM_UTF8):
            window.pos = len(BOM_UTF8)
        separators = self._separators()
        self._is_in_list = window.base + window.pos > 0 and ("," in separators or self._next() == "]")
        while window.ensure(1):
            try:
                self._step(separators)
            except _Incomplete:
                break
            except _Broken as broken:
                yield from self._lost(str(broken), separators)
            if self._gathering.is_full:
                yield self._gathering.take()
            separators = self._separators()
        if self._stream.fault:
            self._gathering.add(window.data[window.pos :], None, window.base + len(window.data), self._stream.fault)
        if len(self._gathering):
            yield self._gathering.take()

    def _next(self) -> str:
        return self._window.text[self._window.pos : self._window.pos + 1]

    def _separators(self) -> str:
        found = ""
        while True:
            match = _SEPARATORS.match(self._window.text, self._window.pos)
            if match:
                found += match.group()
                self._window.pos = match.end()
            if self._window.left or self._window.is_all:
                return found
            self._window.fill()

    def _step(self, separators: str) -> None:
        """One element, or one bracket."""
        window, letter = self._window, self._next()
        if letter == "]" and self._is_in_list:
            window.pos += 1
            self._is_in_list = False
            self._leave_wrapper()
        elif letter == "[" and not self._is_in_list:
            window.pos += 1
            self._is_in_list = True
        elif letter == "{" and not self._is_in_list and self._enter_wrapper():
            self._is_in_list = True
        else:
            self._element()

    def _enter_wrapper(self) -> bool:
        self._window.ensure(_HEAD_BYTES)
        match = _WRAPPER.match(self._window.text, self._window.pos)
        if match:
            self._window.pos = match.end()
        return match is not None

    def _leave_wrapper(self) -> None:
        """Past the members that follow the list, if it was one of an object."""
        window = self._window
        window.ensure(_HEAD_BYTES)
        while member := _MEMBER.match(window.text, window.pos):
            window.pos = member.end()
            _, end = self._decoded()
            window.pos = end
            window.ensure(_HEAD_BYTES)
        if closing := _CLOSING.match(window.text, window.pos):
            window.pos = closing.end()

    def _element(self) -> None:
        window = self._window
        value, end = self._decoded()
        raw = window.data[window.pos : end]
        reason = "" if isinstance(value, dict) else _NOT_OBJECT
        text = None
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            reason = NOT_UTF8
        if b"\0" in raw:
            reason = HOLDS_NUL
        self._gathering.add(raw, text, window.base + end, reason)
        window.pos = end

    def _decoded(self) -> tuple[object, int]:
        """The JSON value that begins here and where it ends in the window."""
        window = self._window
        while True:
            try:
                value, end = DECODER.raw_decode(window.text, window.pos)
            except RecursionError:
                raise _Broken("nested too deep") from None
            except json.JSONDecodeError as error:
                if not self._may_go_on(error):
                    raise _Broken(NOT_JSON) from None
            else:
                if end - window.pos > self._limits.record:
                    raise _Broken(self._limits.reason)
                if isinstance(value, dict | list) or end < len(window.data) or window.is_all:
                    return value, end
            self._fill_for_more()

    def _may_go_on(self, error: json.JSONDecodeError) -> bool:
        is_near_end = error.pos >= len(self._window.data) - _NEAR_END or error.msg.startswith("Unterminated string")
        return is_near_end and (not self._window.is_all or not self._reading.at_end or bool(self._stream.fault))

    def _fill_for_more(self) -> None:
        if self._window.left > self._limits.record:
            raise _Broken(self._limits.reason)
        if self._window.is_all:
            raise _Incomplete
        self._window.fill()

    def _lost(self, reason: str, separators: str) -> Iterator[Records]:
        """Keep what cannot be read as a fault, up to the next element that begins as this one does."""
        window, limits = self._window, self._limits
        sibling = self._sibling(separators)
        done = 1
        while True:
            found = sibling.search(window.text, window.pos + done) if sibling else None
            if found or (window.is_all and window.left <= limits.piece):
                end = found.start(1) if found else len(window.data)
                self._keep(end, reason)
                return
            if window.left > limits.piece:
                self._keep(window.pos + limits.piece, reason)
                yield self._gathering.take()
                done = 0
            else:
                done = max(window.left - _HEAD_BYTES, done)
                window.fill()

    def _sibling(self, separators: str) -> re.Pattern[str] | None:
        """Where an element as deep as this one begins: same first name, and same indent or a comma before it."""
        self._window.ensure(_HEAD_BYTES)
        first = _FIRST_NAME.match(self._window.text, self._window.pos)
        if first is None:
            return None
        _, newline, indent = separators.rpartition("\n")
        lead = rf"\n{re.escape(indent)}" if newline else r",[ \t]*"
        return re.compile(f"{lead}({re.escape(first.group())})")

    def _keep(self, end: int, reason: str) -> None:
        window = self._window
        raw = window.data[window.pos : end].rstrip(b" \t\r\n,")
        self._gathering.add(raw, None, window.base + end, reason)
        window.pos = end
