"""Rewrites of a tree that change no match, but save Java work: it goes back and forth where RE2 reads a text once."""

from bluetick.functions.regexes import charsets
from bluetick.functions.regexes.tree import (
    At,
    Atomic,
    Chars,
    Choice,
    Group,
    Node,
    Ranges,
    Repeat,
    Sequence,
)


def flat(node: Node, *, keep_groups: bool) -> Node:
    """Sequences in sequences made one, a choice of characters a set, and groups that nobody asks for left out."""
    match node:
        case Sequence(items):
            return _sequence(tuple(flat(item, keep_groups=keep_groups) for item in items))
        case Choice(items):
            return _choice(tuple(flat(item, keep_groups=keep_groups) for item in items))
        case Repeat(item, 1, 1):
            return flat(item, keep_groups=keep_groups)
        case Repeat(item, low, high, greedy):
            return Repeat(flat(item, keep_groups=keep_groups), low, high, greedy)
        case Group(item, number):
            inside = flat(item, keep_groups=keep_groups)
            return Group(inside, number) if keep_groups else inside
        case _:
            return node


def _sequence(items: tuple[Node, ...]) -> Node:
    whole = tuple(part for item in items for part in (item.items if isinstance(item, Sequence) else (item,)))
    return whole[0] if len(whole) == 1 else Sequence(whole)


def _choice(items: tuple[Node, ...]) -> Node:
    sets = [item.ranges for item in items if isinstance(item, Chars)]
    if len(sets) < len(items):
        return Choice(items)
    return Chars(charsets.normal(span for ranges in sets for span in ranges))


def without_greed(node: Node) -> Node:
    """Where only whether there is a match counts, loops may take as little as they can."""
    if not isinstance(node, Sequence):
        return node
    return Sequence(tuple(_lazy(item) for item in node.items))


def _lazy(node: Node) -> Node:
    return Repeat(node.item, node.low, None, False) if _loop(node) and isinstance(node, Repeat) else node


def loop_set(node: Node) -> Ranges | None:
    """The characters of a loop over single ones that has no end, captured or not; else None."""
    inner = node.item if isinstance(node, Group) else node
    return inner.item.ranges if _loop(inner) and isinstance(inner, Repeat) and isinstance(inner.item, Chars) else None


def _loop(node: Node) -> bool:
    return isinstance(node, Repeat) and node.high is None and isinstance(node.item, Chars)


def with_atoms(node: Node) -> Node:
    """`.*?text` in front of another `.*`: the nearest text is as good as any later one, as what follows can take all
    that lies between. So Java need not try the later ones."""
    if not isinstance(node, Sequence):
        return node
    items, made = list(node.items), list[Node]()
    while items:
        width = _settled(items)
        if width:
            made.append(Atomic(Sequence(tuple(items[:width]))))
        else:
            made.append(items[0])
        del items[: max(width, 1)]
    return _sequence(tuple(made))


def _settled(items: list[Node]) -> int:
    """How many of the first items are a lazy loop with a text of one length behind it, and then a loop that takes
    every character of both; 0 where that is not so."""
    first = items[0].item if isinstance(items[0], Group) else items[0]
    ranges = loop_set(first)
    if ranges is None or not isinstance(first, Repeat) or first.greedy:
        return 0
    width = 1
    while width < len(items) and isinstance(items[width], Chars | At):
        width += 1
    following = loop_set(items[width]) if width < len(items) else None
    if following is None or not any(isinstance(item, Chars) for item in items[1:width]):
        return 0
    passed = [ranges, *(item.ranges for item in items[1:width] if isinstance(item, Chars))]
    return width if all(charsets.within(each, following) for each in passed) else 0


def leading_loop(node: Node) -> Ranges | None:
    """The characters of the loop that a pattern begins with: a match that began inside a run of them would begin
    earlier, so it is looked for at the beginning of runs only."""
    first = node.items[0] if isinstance(node, Sequence) and node.items else node
    return loop_set(first)
