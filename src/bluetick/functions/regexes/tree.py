"""What an RE2 pattern says, with its flags worked in: which characters, in which order, how often."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""Code points: ranges with both ends in, ascending, none touching the next."""


class Place(Enum):
    """An assertion that takes no character."""

    TEXT_START = "text start"
    TEXT_END = "text end"
    LINE_START = "line start"
    LINE_END = "line end"
    WORD_EDGE = "word edge"
    NO_WORD_EDGE = "no word edge"


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of a set."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class At:
    place: Place


@dataclass(frozen=True, slots=True)
class Sequence:
    """All, one behind the other; none is the empty text."""

    items: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Choice:
    """The first of these that leads to a match."""

    items: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Repeat:
    """`high` None: without an end. Greedy: as often as can be first."""

    item: "Node"
    low: int
    high: int | None
    greedy: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A capture; they are numbered as they open, from 1."""

    item: "Node"
    number: int


@dataclass(frozen=True, slots=True)
class Atomic:
    """What it matched once is not tried in another way. RE2 has no such group: it is put in to save work."""

    item: "Node"


Node: TypeAlias = Chars | At | Sequence | Choice | Repeat | Group | Atomic

EMPTY = Sequence(())


class UntranslatableError(Exception):
    """The pattern has no exact form elsewhere; the text says what it does that stands in the way."""

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.hint = hint


def is_nullable(node: Node) -> bool:
    """Whether it can match the empty text."""
    match node:
        case Chars():
            return False
        case At():
            return True
        case Sequence(items):
            return all(map(is_nullable, items))
        case Choice(items):
            return any(map(is_nullable, items))
        case Repeat(item, low):
            return low == 0 or is_nullable(item)
        case Group(item) | Atomic(item):
            return is_nullable(item)


def walk(node: Node) -> Iterator[Node]:
    """The node and everything in it."""
    yield node
    match node:
        case Sequence(items) | Choice(items):
            for item in items:
                yield from walk(item)
        case Repeat(item) | Group(item) | Atomic(item):
            yield from walk(item)
        case _:
            return
