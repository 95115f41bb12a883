"""A tree as java.util.regex reads it: no flags, every set spelled out, so that nothing hangs on Java's defaults."""

from bluetick.functions.regexes import charsets
from bluetick.functions.regexes.backtracking import longest_text
from bluetick.functions.regexes.parser import parse_pattern
from bluetick.functions.regexes.possessive import with_possessive_loops
from bluetick.functions.regexes.shaping import flat, leading_loop, with_atoms, without_greed
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
    UntranslatableError,
    is_nullable,
    walk,
)

_PLACES = {
    Place.TEXT_START: r"\A",
    Place.TEXT_END: r"\z",
    Place.LINE_START: r"(?<![^\n])",
    Place.LINE_END: r"(?![^\n])",
    Place.WORD_EDGE: r"(?:(?<=[0-9A-Z_a-z])(?![0-9A-Z_a-z])|(?<![0-9A-Z_a-z])(?=[0-9A-Z_a-z]))",
    Place.NO_WORD_EDGE: r"(?:(?<=[0-9A-Z_a-z])(?=[0-9A-Z_a-z])|(?<![0-9A-Z_a-z])(?![0-9A-Z_a-z]))",
}


# Java looks for the next empty match one UTF-16 unit further on, which may be inside a character.
_BETWEEN_CHARACTERS = r"(?![\x{dc00}-\x{dfff}])"
# RE2's replacement takes no empty match right behind the last one; \G is the last one's end, or the text's start.
_NOT_BEHIND_THE_LAST = r"(?:(?!\G)|\A)"


def translate(
    pattern: str, groups: tuple[int, ...] = (), *, is_test: bool = False, is_replacement: bool = False
) -> tuple[str, int | None]:
    """A pattern that RE2 takes as Java's, for what is asked of a match: only whether there is one, these groups, the
    replacement of all; and how long a text it may be asked of (None: any). UntranslatableError where Java has none
    that gives the same.
    """
    tree = parse_pattern(pattern)
    _refuse_differences(tree, frozenset(groups))
    node = flat(tree, keep_groups=any(groups))
    node = with_possessive_loops(with_atoms(without_greed(node) if is_test else node))
    may_be_empty = is_nullable(node)
    leading = None if may_be_empty else leading_loop(node)
    printed = _in_sequence(node)
    if leading is not None:
        printed = _at_run_start(leading) + printed
    if may_be_empty:
        printed = _BETWEEN_CHARACTERS + printed
        printed = f"(?>{printed}){_NOT_BEHIND_THE_LAST}" if is_replacement else printed
    return printed, longest_text(node, leading)


def print_text(literal: str, *, any_case: bool) -> str:
    """The pattern that matches this text, in any letter case where that is wanted."""
    singles = (charsets.single(ord(char)) for char in literal)
    return "".join(_chars(charsets.folded(one) if any_case else one) for one in singles)


def _at_run_start(ranges: Ranges) -> str:
    r"""A further match may begin inside a run, at the end of the one before it."""
    return rf"(?:(?<!{_chars(ranges)})|\G)"


def _refuse_differences(tree: Node, asked: frozenset[int]) -> None:
    if is_nullable(tree) and any(part == At(Place.NO_WORD_EDGE) for part in walk(tree)):
        raise UntranslatableError(r"matches the empty text at \B, which RE2 finds inside characters too")
    for part in walk(tree):
        if not isinstance(part, Repeat) or part.high == 1:
            continue
        if is_nullable(part.item) and not _ends_by_itself(part.item):
            raise UntranslatableError("repeats what can be empty", "let what is repeated take one character at least")
        if any(isinstance(inner, Group) and inner.number in asked for inner in walk(part.item)):
            hint = "put the brackets around the whole repetition, and (?:..) inside"
            raise UntranslatableError("captures a group that is repeated", hint)


def _ends_by_itself(node: Node) -> bool:
    """Whether it takes the empty text only where nothing else fits: then both end a loop over it alike."""
    match node:
        case Chars():
            return True
        case Sequence(items):
            return all(map(_ends_by_itself, items))
        case Repeat(item, _, _, greedy):
            return greedy and _ends_by_itself(item)
        case Group(item):
            return _ends_by_itself(item)
        case Choice():
            return not is_nullable(node)
        case _:
            return False


def print_java(node: Node) -> str:
    match node:
        case Chars(ranges):
            return _chars(ranges)
        case At(place):
            return _PLACES[place]
        case Sequence(items):
            return "".join(_in_sequence(item) for item in items) or "(?:)"
        case Choice(items):
            return "|".join(print_java(item) for item in items)
        case Repeat():
            return _repeat(node)
        case Group(item):
            return f"({print_java(item)})"
        case Atomic(Repeat(item, low, high, True)):
            return f"{_atom(item)}{_count(low, high)}+"
        case Atomic(item):
            return f"(?>{print_java(item)})"


def _repeat(node: Repeat) -> str:
    item = node.item
    if (node.low, node.high) == (0, 1) and any(isinstance(part, Group) for part in walk(item)):
        # After (X)? Java keeps what a way that failed has captured; after a choice it does not.
        return f"(?:{_in_sequence(item)}|)" if node.greedy else f"(?:|{_in_sequence(item)})"
    return _atom(item) + _count(node.low, node.high) + ("" if node.greedy else "?")


def _in_sequence(node: Node) -> str:
    printed = print_java(node)
    return f"(?:{printed})" if isinstance(node, Choice) else printed


def _atom(node: Node) -> str:
    printed = print_java(node)
    return printed if isinstance(node, Chars | Group) else f"(?:{printed})"


def _count(low: int, high: int | None) -> str:
    match low, high:
        case 0, None:
            return "*"
        case 1, None:
            return "+"
        case 0, 1:
            return "?"
        case _:
            return f"{{{low}}}" if low == high else f"{{{low},{'' if high is None else high}}}"


def _chars(ranges: Ranges) -> str:
    if ranges == charsets.EVERY:
        return "(?s:.)"
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return _char(ranges[0][0])
    is_negated = not ranges or ranges[-1][1] == charsets.LAST
    shown = charsets.complement(ranges) if is_negated else ranges
    return ("[^" if is_negated else "[") + "".join(_range(low, high) for low, high in shown) + "]"


def _range(low: int, high: int) -> str:
    if low == high:
        return _char(low)
    return f"{_char(low)}{'-' if high > low + 1 else ''}{_char(high)}"


def _char(code: int) -> str:
    char = chr(code)
    if char == "\n":
        return r"\n"
    if code < 128:
        return char if char.isalnum() or char == "_" else rf"\{char}" if char.isprintable() else rf"\x{code:02x}"
    return rf"\x{{{code:x}}}"
