"""Sets of characters as ranges of code points. What Unicode says of them is asked of RE2 itself."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from bluetick.functions.regexes.tree import Ranges

LAST = 0x10FFFF
EVERY: Ranges = ((0, LAST),)
NEWLINE = ord("\n")

_SPACE = "\t\n\f\r "
_ASCII: dict[str, str] = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": "\x00-\x7f",
    "blank": "\t ",
    "cntrl": "\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@[-`{-~",
    "space": f"{_SPACE}\v",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_PERL = {"d": "0-9", "s": _SPACE, "w": "0-9A-Za-z_"}

# Where characters of two cases stand; between them lie ideographs, Hangul and private use.
_CASED_BLOCKS = ((0, 0x2FFF), (0xA000, 0xABFF), (0xF900, 0xFFFF), (0x10000, 0x1FFFF))
_FIRST_BEYOND_ASCII = 0x80
_FAR_CASES = {ord("s"): 0x17F, ord("k"): 0x212A}
_SURROGATES = range(0xD800, 0xE000)


def normal(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """In order, and those that touch made one."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def complement(ranges: Ranges) -> Ranges:
    found: list[tuple[int, int]] = []
    start = 0
    for low, high in ranges:
        if low > start:
            found.append((start, low - 1))
        start = high + 1
    return (*found, (start, LAST)) if start <= LAST else tuple(found)


def single(char: int) -> Ranges:
    return ((char, char),)


def within(first: Ranges, second: Ranges) -> bool:
    """Whether the second has every character of the first."""
    return all(any(low <= start and end <= high for low, high in second) for start, end in first)


def meet(first: Ranges, second: Ranges) -> bool:
    """Whether they share a character."""
    return any(low <= other_high and other_low <= high for low, high in first for other_low, other_high in second)


NOT_NEWLINE = complement(single(NEWLINE))


@cache
def _spelled(text: str) -> Ranges:
    return normal((ord(found[0][0]), ord(found[0][-1])) for found in re.finditer(r".-.|.", text, re.DOTALL))


WORD = _spelled(_PERL["w"])


def perl_class(letter: str, *, fold: bool) -> Ranges:
    r"""\d, \s, \w and their opposites: ASCII only, but in any case RE2 takes the two that ASCII letters fold to."""
    ranges = _spelled(_PERL[letter.lower()])
    whole = folded(ranges) if fold else ranges
    return complement(whole) if letter.isupper() else whole


def named_class(name: str, *, fold: bool) -> Ranges:
    """[:alpha:] and its like; with a ^ its opposite."""
    ranges = _spelled(_ASCII[name.lstrip("^")])
    whole = folded(ranges) if fold else ranges
    return complement(whole) if name.startswith("^") else whole


@cache
def unicode_class(written: str, *, fold: bool) -> Ranges:
    r"""\p{..} and \P{..} as they are written."""
    return _asked(f"(?i)^{written}$" if fold else f"^{written}$", ((0, LAST),))


def _orbit(char: int) -> set[int]:
    """The cases of an ASCII character; two letters have one beyond ASCII: the long s and the Kelvin sign."""
    if not chr(char).isalpha():
        return {char}
    lower = ord(chr(char).lower())
    return {lower, lower - 32, _FAR_CASES.get(lower, lower)}


@cache
def folded(ranges: Ranges) -> Ranges:
    """With every other case of every character, as RE2 folds them."""
    if not ranges or ranges == EVERY:
        return ranges
    if ranges[-1][1] < _FIRST_BEYOND_ASCII:
        return normal((code, code) for low, high in ranges for char in range(low, high + 1) for code in _orbit(char))
    items = "".join(rf"\x{{{low:x}}}-\x{{{high:x}}}" for low, high in ranges)
    return normal((*ranges, *_asked(f"(?i)^[{items}]$", _CASED_BLOCKS)))


def _asked(pattern: str, blocks: Ranges) -> Ranges:
    """The characters of these blocks that RE2 matches: Arrow carries it."""
    import pyarrow.compute as pc  # noqa: PLC0415 - costs start-up time, and few queries ask

    codes, texts = _characters(blocks)
    found: list[int] = codes.filter(pc.match_substring_regex(texts, pattern)).to_pylist()
    return normal((code, code) for code in found)


@cache
def _characters(blocks: Ranges) -> tuple[Any, Any]:
    import pyarrow as pa  # noqa: PLC0415

    codes = [code for low, high in blocks for code in range(low, high + 1) if code not in _SURROGATES]
    return pa.array(codes, pa.int32()), pa.array([chr(code) for code in codes], pa.string())
