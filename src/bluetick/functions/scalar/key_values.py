"""What parse-kv finds in a text: each wanted key's first value. No query can write these functions; the binder does.

https://learn.microsoft.com/kusto/query/parse-kv-operator
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bluetick.functions.definition import Nulls, ScalarFunction, param, signature
from bluetick.types import Type


@dataclass(frozen=True, slots=True)
class PairFormat:
    """How pairs are written. Without delimiters every character that is no letter or digit is one. `quotes` are pairs
    of an opening and a closing character. A greedy value goes on to the delimiter before the next key."""

    keys: tuple[str, ...]
    pair: str = ""
    key_value: str = ""
    quotes: tuple[tuple[str, str], ...] = ()
    escapes: tuple[str, ...] = ()
    greedy: bool = False

    def written(self) -> str:
        """As a constant of a plan."""
        return json.dumps([self.keys, self.pair, self.key_value, self.quotes, self.escapes, self.greedy])


@lru_cache(maxsize=64)
def _read(written: str) -> PairFormat:
    keys, pair, key_value, quotes, escapes, greedy = json.loads(written)
    return PairFormat(tuple(keys), pair, key_value, tuple(map(tuple, quotes)), tuple(escapes), greedy)


@dataclass(slots=True)
class _Text:
    text: str
    format: PairFormat

    def quoted(self, at: int) -> tuple[str, int] | None:
        """What stands between the quotes that open here, and where it goes on; None where none do, or none close."""
        closing = next((c for o, c in self.format.quotes if self.text.startswith(o, at)), None)
        if closing is None:
            return None
        found: list[str] = []
        at += 1
        while at < len(self.text):
            char = self.text[at]
            if char in self.format.escapes and at + 1 < len(self.text):
                found.append(self.text[at + 1])
                at += 2
                continue
            at += 1
            if char == closing:
                return "".join(found), at
            found.append(char)
        return None

    def words(self) -> Iterator[str]:
        """Runs of letters and digits, and what stands between quotes."""
        at = 0
        while at < len(self.text):
            between = self.quoted(at)
            if between is not None:
                word, at = between
                yield word.strip()
                continue
            start = at
            while at < len(self.text) and self.text[at].isalnum():
                at += 1
            if at > start:
                yield self.text[start:at]
            else:
                at += 1

    def blank(self, at: int) -> int:
        """Past white space that is no delimiter itself."""
        while at < len(self.text) and self.text[at].isspace() and not self.text.startswith(self.format.pair, at):
            at += 1
        return at

    def key(self, at: int) -> tuple[str, int] | None:
        """The key that begins here, with the end of the delimiter behind it."""
        at = self.blank(at)
        between = self.quoted(at)
        if between is not None:
            at = self.blank(between[1])
            is_key = self.text.startswith(self.format.key_value, at)
            return (between[0].strip(), at + len(self.format.key_value)) if is_key else None
        end = self.text.find(self.format.key_value, at)
        pair = self.text.find(self.format.pair, at)
        if end < 0 or 0 <= pair < end:
            return None
        return self.text[at:end].strip(), end + len(self.format.key_value)

    def value(self, at: int) -> tuple[str, int]:
        """The value that begins here, with the beginning of the next pair."""
        at = self.blank(at)
        between = self.quoted(at)
        if between is not None:
            return between[0].strip(), self.next_pair(between[1])[1]
        end, following = self.next_pair(at)
        while self.format.greedy and end < len(self.text) and self.key(following) is None:
            end, following = self.next_pair(following)
        return self.text[at:end].strip(), following

    def next_pair(self, at: int) -> tuple[int, int]:
        """The next delimiter of pairs from here on, and its end; one between quotes is none."""
        while at < len(self.text):
            if self.text.startswith(self.format.pair, at):
                return at, at + len(self.format.pair)
            between = self.quoted(at)
            at = at + 1 if between is None else between[1]
        return len(self.text), len(self.text)

    def pairs(self) -> Iterator[tuple[str, str]]:
        at = 0
        while at < len(self.text):
            key = self.key(at)
            if key is None:
                at = self.next_pair(at)[1]
                continue
            value, at = self.value(key[1])
            yield key[0], value


def _word_pairs(text: _Text) -> Iterator[tuple[str, str]]:
    """A wanted key's value is the word behind it."""
    words = text.words()
    for word in words:
        if word in text.format.keys:
            yield word, next(words, "")


def find_values(text: str, written: str) -> dict[str, str]:
    """The first value of each key that the text has."""
    read = _Text(text, _read(written))
    found: dict[str, str] = {}
    for key, value in read.pairs() if read.format.pair else _word_pairs(read):
        found.setdefault(key, value)
    return {key: found[key] for key in read.format.keys if key in found}


def first_values(pairs: Any, written: str) -> dict[str, str]:
    """Of pairs of texts [key, value] the first value of each wanted key."""
    wanted = _read(written).keys
    found: dict[str, str] = {}
    for pair in pairs if isinstance(pairs, list) else []:
        found.setdefault(str(pair[0]).strip(), str(pair[1]).strip())
    return {key: found[key] for key in wanted if key in found}


_FORMAT = param("format", Type.STRING, constant=True)

VALUES_IN_TEXT = ScalarFunction(
    name="parse-kv of a text",
    summary="The first value of each key, as a bag of texts.",
    signatures=(signature(param("text", Type.STRING), _FORMAT, returns=Type.DYNAMIC),),
    nulls=Nulls.PROPAGATE,
    compute=find_values,
    examples=(),
)

VALUES_OF_PAIRS = ScalarFunction(
    name="parse-kv of pairs",
    summary="The first value of each key, as a bag of texts, out of an array of pairs.",
    signatures=(signature(param("pairs", Type.DYNAMIC), _FORMAT, returns=Type.DYNAMIC),),
    nulls=Nulls.NEVER,
    compute=first_values,
    examples=(),
)
