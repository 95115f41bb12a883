"""What a document says, as a tree: mappings in their order, lists, texts, truth values, and what is written bare."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Bare:
    """A scalar without quotes that some reader takes for something else than text: a number, a date, `yes`.

    It stays as it is written, so that 1.10 does not become 1.1.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Branch:
    """A mapping; each key stands once and at its place."""

    entries: tuple[tuple[str, "Tree"], ...] = ()

    def get(self, key: str) -> "Tree":
        """The value of a key, or None where there is no such key."""
        return next((value for name, value in self.entries if name == key), None)

    def has(self, key: str) -> bool:
        return any(name == key for name, _ in self.entries)

    def branch(self, key: str) -> "Branch":
        """The mapping that a key holds; an empty one where it holds something else, or nothing."""
        value = self.get(key)
        return value if isinstance(value, Branch) else Branch()

    def put(self, key: str, value: "Tree") -> "Branch":
        """With the key's value replaced at its place, or added at the end."""
        if self.has(key):
            return Branch(tuple((name, value if name == key else old) for name, old in self.entries))
        return Branch((*self.entries, (key, value)))

    def kept(self, wanted: Callable[[str], bool]) -> "Branch":
        """The entries whose key is wanted."""
        return Branch(tuple((name, value) for name, value in self.entries if wanted(name)))


Tree: TypeAlias = str | bool | Bare | tuple["Tree", ...] | Branch | None


EMPTY = Branch()


def text_of(value: Tree) -> str:
    """The text of a scalar; the empty text for anything else."""
    match value:
        case str():
            return value
        case Bare(text=text):
            return text
        case _:
            return ""
