"""The observables that a STIX pattern asks for, where it asks for any one of them and for nothing else.

Understood are comparisons with = and IN, joined by OR, within one observation or between several:
`[ipv4-addr:value = '198.51.100.1' OR domain-name:value IN ('a.example', 'b.example')] OR [url:value = '...']`.
Whatever else a pattern says (AND, FOLLOWEDBY, qualifiers, other comparisons) makes one observable no match by itself.
https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html#_e8slinrhxcc9
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from bluetick.enrichment.indicators import Kind

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^'\\]|\\.)*')
    |(?P<path>[a-zA-Z][\w-]*:[\w-]+(?:\.(?:[\w-]+|'(?:[^'\\]|\\.)*'))*)
    |(?P<word>[a-zA-Z]+|!?=|[\[\](),]))""",
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)

# Paths by their bare form: quotes and case of the names of hashes differ between producers.
_PATHS: Final = {kind.value.replace("'", "").lower(): kind for kind in Kind} | {
    "file:hashes.sha1": Kind.SHA1,
    "file:hashes.sha256": Kind.SHA256,
    "email-message:sender_ref.value": Kind.EMAIL,
    "email-message:from_ref.value": Kind.EMAIL,
    "network-traffic:src_ref.value": Kind.IPV4,
    "network-traffic:dst_ref.value": Kind.IPV4,
}


def pattern_observables(pattern: str) -> tuple[list[tuple[Kind, str]], list[str]]:
    """The observables of a pattern as it writes them, and the paths of alternatives that are of no known kind.

    ValueError says what makes the pattern one that cannot be read so.
    """
    reader = _Reader(_tokens(pattern))
    reader.alternatives(lambda: reader.bracketed(lambda: reader.alternatives(reader.comparison)))
    if reader.kind != "end":
        raise ValueError(f"{reader.token} in a pattern")
    return reader.found, reader.unknown


class _Reader:
    """Reads tokens in turn; what it finds gathers in `found` and `unknown`."""

    def __init__(self, tokens: Iterator[tuple[str, str]]) -> None:
        self._tokens = tokens
        self.found: list[tuple[Kind, str]] = []
        self.unknown: list[str] = []
        self.kind, self.token = "", ""
        self._next()

    def alternatives(self, part: Callable[[], None]) -> None:
        part()
        while self._at("OR"):
            self._next()
            part()

    def bracketed(self, part: Callable[[], None]) -> None:
        self._expect("[")
        part()
        self._expect("]")

    def comparison(self) -> None:
        if self.kind != "path":
            raise ValueError(f"{self.token} in a pattern")
        path = self._next()
        if self._at("="):
            self._next()
            self._take(path)
            return
        if not self._at("IN"):
            raise ValueError(f"{self.token} in a pattern")
        self._next()
        self._expect("(")
        self._take(path)
        while self._at(","):
            self._next()
            self._take(path)
        self._expect(")")

    def _take(self, path: str) -> None:
        if self.kind != "text":
            raise ValueError("a value that is no text in a pattern")
        value = _ESCAPED.sub(r"\1", self._next()[1:-1])
        kind = _PATHS.get(path.replace("'", "").lower())
        if kind is None:
            self.unknown.append(path)
        else:
            self.found.append((kind, value))

    def _at(self, word: str) -> bool:
        return self.kind == "word" and self.token.upper() == word

    def _expect(self, word: str) -> None:
        if not self._at(word):
            raise ValueError(f"{self.token} in a pattern")
        self._next()

    def _next(self) -> str:
        """Steps on; the token that was there."""
        before = self.token
        self.kind, self.token = next(self._tokens, ("end", "the end"))
        return before


def _tokens(pattern: str) -> Iterator[tuple[str, str]]:
    place = 0
    pattern = pattern.rstrip()
    while place < len(pattern):
        match = _TOKEN.match(pattern, place)
        if match is None or match.lastgroup is None:
            raise ValueError(f"'{pattern[place:].lstrip()[:1]}' in a pattern")
        yield match.lastgroup, match[match.lastgroup]
        place = match.end()
