"""RE2's syntax to a tree. What is given is a pattern that RE2 takes: mistakes are not looked for.

https://github.com/google/re2/wiki/Syntax
"""

import re
from dataclasses import dataclass, field, replace

from bluetick.functions.regexes import charsets
from bluetick.functions.regexes.tree import (
    At,
    Chars,
    Choice,
    Group,
    Node,
    Place,
    Ranges,
    Repeat,
    Sequence,
    UntranslatableError,
)

_DEEPEST = 100  # groups inside groups

_COUNT = re.compile(r"\{(\d+)(,(\d*))?\}")
_OPENING = re.compile(r"\(\?P?<(\w+)>|\(\?([imsU]*)(?:-([imsU]+))?([:)])")
_UNICODE = re.compile(r"\\[pP](?:\{[^}]*\}|.)", re.DOTALL)
_NAMED = re.compile(r"\[:(\^?\w+):\]")
_HEX = re.compile(r"\\x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))")
_OCTAL = re.compile(r"\\(0[0-7]{0,2}|[1-7][0-7]{1,2})")
_CONTROL = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_PLACES = {"A": Place.TEXT_START, "z": Place.TEXT_END, "b": Place.WORD_EDGE, "B": Place.NO_WORD_EDGE}


def parse_pattern(pattern: str) -> Node:
    """The tree of a pattern that RE2 takes; UntranslatableError for what only RE2 can do."""
    return _Parser(pattern).whole()


@dataclass(frozen=True, slots=True)
class _Flags:
    i: bool = False
    m: bool = False
    s: bool = False
    U: bool = False

    def set(self, on: str, off: str) -> "_Flags":
        changed = {**dict.fromkeys(on, True), **dict.fromkeys(off, False)}
        return replace(self, **changed)


@dataclass(slots=True)
class _Parser:
    text: str
    at: int = 0
    depth: int = 0
    groups: int = 0
    flags: _Flags = field(default_factory=_Flags)

    def whole(self) -> Node:
        return self._choice()

    # --- structure ---

    def _choice(self) -> Node:
        """Up to the bracket that closes it, or the end."""
        items = [self._sequence()]
        while self.text.startswith("|", self.at):
            self.at += 1
            items.append(self._sequence())
        return items[0] if len(items) == 1 else Choice(tuple(items))

    def _sequence(self) -> Node:
        items: list[Node] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            self._piece(items)
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def _piece(self, items: list[Node]) -> None:
        """The next atom, or a repetition of the last one."""
        char = self.text[self.at]
        count = _COUNT.match(self.text, self.at)
        if char in "*+?" or count is not None:
            self._repeat(items, count)
        elif char == "(":
            items.extend(self._bracket())
        elif self.text.startswith(r"\Q", self.at):
            items.extend(self._quoted())
        else:
            items.append(self._atom(char))

    def _repeat(self, items: list[Node], count: "re.Match[str] | None") -> None:
        low, high = (int(self.text[self.at] == "+"), 1 if self.text[self.at] == "?" else None)
        if count is not None:
            low = int(count[1])
            high = low if count[2] is None else int(count[3]) if count[3] else None
        self.at = count.end() if count is not None else self.at + 1
        is_lazy = self.text.startswith("?", self.at)
        self.at += is_lazy
        items[-1] = Repeat(items[-1], low, high, is_lazy == self.flags.U)

    def _bracket(self) -> list[Node]:
        """A group; nothing where only flags are set."""
        opening = _OPENING.match(self.text, self.at)
        before = self.flags
        if opening is not None and opening[4] is not None:
            self.flags = before.set(opening[2], opening[3] or "")
            if opening[4] == ")":
                self.at = opening.end()
                return []
        self.at = opening.end() if opening is not None else self.at + 1
        is_capture = opening is None or opening[4] is None
        self.groups += is_capture
        number = self.groups
        self.depth += 1
        if self.depth > _DEEPEST:
            raise UntranslatableError(f"nests groups more than {_DEEPEST} deep")
        inside = self._choice()
        self.depth -= 1
        self.at += 1
        self.flags = before
        return [Group(inside, number) if is_capture else inside]

    def _quoted(self) -> list[Node]:
        start = self.at + 2
        end = self.text.find(r"\E", start)
        inside = self.text[start:] if end < 0 else self.text[start:end]
        self.at = len(self.text) if end < 0 else end + 2
        return [self._literal(ord(char)) for char in inside]

    # --- atoms ---

    def _atom(self, char: str) -> Node:
        match char:
            case ".":
                self.at += 1
                return Chars(charsets.EVERY if self.flags.s else charsets.NOT_NEWLINE)
            case "^":
                self.at += 1
                return At(Place.LINE_START if self.flags.m else Place.TEXT_START)
            case "$":
                self.at += 1
                return At(Place.LINE_END if self.flags.m else Place.TEXT_END)
            case "[":
                return Chars(self._class())
            case "\\":
                return self._escape()
            case _:
                self.at += 1
                return self._literal(ord(char))

    def _literal(self, code: int) -> Node:
        one = charsets.single(code)
        return Chars(charsets.folded(one) if self.flags.i else one)

    def _escape(self) -> Node:
        letter = self.text[self.at + 1]
        if letter in _PLACES:
            self.at += 2
            return At(_PLACES[letter])
        if letter == "C":
            raise UntranslatableError(r"matches single bytes with \C")
        ranges = self._class_escape()
        return Chars(ranges) if ranges is not None else self._literal(self._code())

    def _class_escape(self) -> Ranges | None:
        r"""\d, \p{Greek} and their like; None where another escape stands."""
        letter = self.text[self.at + 1]
        if letter in "dDsSwW":
            self.at += 2
            return charsets.perl_class(letter, fold=self.flags.i)
        group = _UNICODE.match(self.text, self.at)
        if group is None:
            return None
        self.at = group.end()
        return charsets.unicode_class(group[0], fold=self.flags.i)

    def _code(self) -> int:
        """The code point of one character, escaped or not."""
        if self.text[self.at] != "\\":
            self.at += 1
            return ord(self.text[self.at - 1])
        number = _HEX.match(self.text, self.at)
        if number is not None:
            self.at = number.end()
            return int(number[1] or number[2], 16)
        number = _OCTAL.match(self.text, self.at)
        if number is not None:
            self.at = number.end()
            return int(number[1], 8)
        letter = self.text[self.at + 1]
        if letter.isascii() and letter.isalnum() and letter not in _CONTROL:
            raise UntranslatableError(f"has the escape \\{letter}")
        self.at += 2
        return _CONTROL.get(letter, ord(letter))

    # --- classes ---

    def _class(self) -> Ranges:
        self.at += 1
        is_negated = self.text.startswith("^", self.at)
        self.at += is_negated
        ranges: list[tuple[int, int]] = []
        is_first = True
        while is_first or self.text[self.at] != "]":
            ranges.extend(self._class_item())
            is_first = False
        self.at += 1
        found = charsets.normal(ranges)
        return charsets.complement(found) if is_negated else found

    def _class_item(self) -> Ranges:
        named = _NAMED.match(self.text, self.at)
        if named is not None:
            self.at = named.end()
            return charsets.named_class(named[1], fold=self.flags.i)
        if self.text[self.at] == "\\":
            ranges = self._class_escape()
            if ranges is not None:
                return ranges
        low = high = self._code()
        if self.text.startswith("-", self.at) and not self.text.startswith("-]", self.at):
            self.at += 1
            high = self._code()
        span = ((low, high),)
        return charsets.folded(span) if self.flags.i else span
