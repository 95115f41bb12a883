"""Loops that end in one place only, told to Java: it runs those without the stack and never goes back into them."""

from dataclasses import dataclass

from bluetick.functions.regexes import charsets
from bluetick.functions.regexes.backtracking import first_set, is_settled
from bluetick.functions.regexes.tree import (
    At,
    Atomic,
    Chars,
    Choice,
    Group,
    Node,
    Place,
    Ranges,
    Repeat,
    Sequence,
    is_nullable,
)


@dataclass(frozen=True, slots=True)
class _After:
    """What follows: one of these characters, the text's end where the pattern asks for it, or the match's own end.
    Not `sure`: an assertion decides as well."""

    ranges: Ranges = ()
    sure: bool = True


def with_possessive_loops(node: Node) -> Node:
    """A loop over more than one character takes all it can for good, where what follows cannot begin as it does."""
    return _rewritten(node, _After())


def _rewritten(node: Node, after: _After) -> Node:
    match node:
        case Sequence(items):
            return Sequence(
                tuple(_rewritten(item, _behind(items[place + 1 :], after)) for place, item in enumerate(items))
            )
        case Choice(items):
            return Choice(tuple(_rewritten(item, after) for item in items))
        case Group(item, number):
            return Group(_rewritten(item, after), number)
        case Repeat(item, low, 1, greedy):
            return Repeat(_rewritten(item, after), low, 1, greedy)
        case Repeat(item, low, high, greedy) if not isinstance(item, Chars):
            again = charsets.normal((*first_set(item), *after.ranges))
            inner = Repeat(_rewritten(item, _After(again, after.sure)), low, high, greedy)
            return Atomic(inner) if greedy and _ends_in_one_place(node, after) else inner
        case _:
            return node


def _ends_in_one_place(loop: Repeat, after: _After) -> bool:
    first = first_set(loop.item)
    return (
        after.sure
        and not is_nullable(loop.item)
        and not charsets.meet(first, after.ranges)
        and is_settled(loop.item, charsets.normal((*first, *after.ranges)))
    )


def _behind(items: tuple[Node, ...], after: _After) -> _After:
    found: list[tuple[int, int]] = []
    for item in items:
        if isinstance(item, At):
            return _After(charsets.normal(found), item.place is Place.TEXT_END)
        if any_assertion(item):
            return _After(charsets.normal(found), sure=False)
        found.extend(first_set(item))
        if not is_nullable(item):
            return _After(charsets.normal(found))
    return _After(charsets.normal((*found, *after.ranges)), after.sure)


def any_assertion(node: Node) -> bool:
    """Whether it can begin with an assertion."""
    match node:
        case At():
            return True
        case Sequence(items):
            for item in items:
                if any_assertion(item):
                    return True
                if not is_nullable(item):
                    return False
            return False
        case Choice(items):
            return any(map(any_assertion, items))
        case Repeat(item) | Group(item) | Atomic(item):
            return any_assertion(item)
        case _:
            return False
