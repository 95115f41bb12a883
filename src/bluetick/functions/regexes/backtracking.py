"""How much work a pattern can make Java: its search tries one way after the other, where RE2 follows all at once.

The work for a text of n characters is bounded by about n to the power of the loops that can share it out among them.
A pattern that can do worse than once through the text has a longest text; measured on Java 17, none of these takes
more than some minutes for the worst text of that length, and no ordinary text takes any time.
"""

from dataclasses import dataclass

from bluetick.functions.regexes import charsets
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

_LONGEST = {2: 100_000, 3: 8_192, 4: 1_024, 5: 256}  # by the power
_MOST = 5
_STACK = 2_000  # frames of a search in a thread with 1 MB of stack, as executors have it; half of what was measured
_FEW_TURNS = 50
_HINT = "say what may stand between in a way that does not overlap, as [^,]* instead of .*"


@dataclass(frozen=True, slots=True)
class _Work:
    """`power`: of how many loops the lengths multiply. `loops`: whether there is one at all. `deep`: how many
    characters fill the stack, 0 where none is used. `is_ambiguous`: whether one text can be matched in two ways."""

    power: int = 0
    loops: bool = False
    deep: int = 0
    is_ambiguous: bool = False

    def and_(self, other: "_Work") -> "_Work":
        return _Work(
            self.power + other.power,
            self.loops or other.loops,
            _least(self.deep, other.deep),
            self.is_ambiguous or other.is_ambiguous,
        )

    def or_(self, other: "_Work") -> "_Work":
        return _Work(
            max(self.power, other.power),
            self.loops or other.loops,
            _least(self.deep, other.deep),
            self.is_ambiguous or other.is_ambiguous,
        )


def longest_text(node: Node, leading: Ranges | None) -> int | None:
    """How long a text the pattern may be asked of; None for any. `leading`: see `leading_loop`."""
    work = _work(node, ())
    if not work.loops:
        return None
    is_started_once = _starts_at_text(node) or (leading is not None and _stays_within(node, leading))
    power = max(work.power, 1) + (0 if is_started_once else 1)
    if power > _MOST:
        raise UntranslatableError("makes Java try too many ways to divide a text among its repetitions", _HINT)
    longest = _LONGEST.get(power)
    return min(longest or work.deep, work.deep) if work.deep else longest


def _least(one: int, other: int) -> int:
    """The smaller of two limits, of which 0 is none."""
    return min(one, other) if one and other else one or other


def _stays_within(node: Node, leading: Ranges) -> bool:
    """Whether no loop goes on past the run of characters in which it begins: then each run is read a few times."""
    loops = (part for part in walk(node) if isinstance(part, Repeat) and (part.high is None or part.high > _FEW_TURNS))
    return all(
        charsets.within(part.ranges, leading) for loop in loops for part in walk(loop) if isinstance(part, Chars)
    )


def _starts_at_text(node: Node) -> bool:
    match node:
        case At(place):
            return place is Place.TEXT_START
        case Sequence(items):
            return bool(items) and _starts_at_text(items[0])
        case Choice(items):
            return all(map(_starts_at_text, items))
        case Group(item) | Atomic(item):
            return _starts_at_text(item)
        case _:
            return False


def first_set(node: Node) -> Ranges:
    """The characters with which a match can begin."""
    match node:
        case Chars(ranges):
            return ranges
        case Sequence(items):
            return _first_of(items, ())
        case Choice(items):
            return charsets.normal(span for item in items for span in first_set(item))
        case Repeat(item, _, high):
            return () if high == 0 else first_set(item)
        case Group(item) | Atomic(item):
            return first_set(item)
        case At():
            return ()


def _first_of(items: tuple[Node, ...], follow: Ranges) -> Ranges:
    found: list[tuple[int, int]] = []
    for item in items:
        found.extend(first_set(item))
        if not is_nullable(item):
            return charsets.normal(found)
    return charsets.normal((*found, *follow))


def _work(node: Node, follow: Ranges) -> _Work:
    """`follow`: the characters that can stand behind it."""
    match node:
        case Sequence(items):
            found = _Work()
            for place, item in enumerate(items):
                found = found.and_(_work(item, _first_of(items[place + 1 :], follow)))
            return found
        case Choice(items):
            found = _Work(is_ambiguous=_overlap(items))
            for item in items:
                found = found.or_(_work(item, follow))
            return found
        case Group(item):
            return _work(item, follow)
        case Atomic(Repeat(item, _, _, True)):  # a possessive loop
            inside = _work(item, first_set(item))
            return _Work(0, True, inside.deep)
        case Atomic(item):
            inside = _work(item, ())
            return _Work(0, inside.loops, inside.deep)
        case Repeat():
            return _repeated(node, follow)
        case _:
            return _Work()


def is_settled(node: Node, follow: Ranges) -> bool:
    """Whether it can match a text in one way only, given the characters that can stand behind it."""
    work = _work(node, follow)
    return not work.power and not work.is_ambiguous


def _overlap(items: tuple[Node, ...]) -> bool:
    sets = [first_set(item) for item in items]
    return any(charsets.meet(one, other) for place, one in enumerate(sets) for other in sets[:place])


def _repeated(node: Repeat, follow: Ranges) -> _Work:
    turns = node.high if node.high is not None else None
    if turns is not None and turns <= 1:
        inside = _work(node.item, follow)
        is_unsure = inside.is_ambiguous or is_nullable(node.item) or charsets.meet(first_set(node.item), follow)
        return _Work(inside.power, inside.loops, inside.deep, is_unsure)
    if isinstance(node.item, Chars):
        is_shared = charsets.meet(node.item.ranges, follow)
        if node.low == turns:
            return _Work()
        if turns is not None and turns <= _FEW_TURNS:
            return _Work(is_ambiguous=is_shared)
        return _Work(int(is_shared), True, is_ambiguous=is_shared)
    return _turns(node, turns, follow)


def _turns(node: Repeat, turns: int | None, follow: Ranges) -> _Work:
    """A loop over more than single characters."""
    again = first_set(node.item)
    inside = _work(node.item, charsets.normal((*again, *follow)))
    is_shared = charsets.meet(again, follow)
    if turns is not None and turns <= _FEW_TURNS:
        is_unsure = inside.is_ambiguous or (is_shared and node.low != turns)
        return _Work(inside.power * turns, inside.loops, inside.deep, is_unsure)
    if inside.deep:
        raise UntranslatableError("repeats repetitions of repetitions, which can take Java for ever", _HINT)
    # One loop in another: Java remembers where the outer one has failed, so the lengths multiply, but no more.
    power = int(is_shared) + (2 if inside.power or inside.is_ambiguous else 0)
    deep = 0 if _has_one_length(node.item) else max(_STACK // _frames(node.item), 1) * max(_width(node.item), 1)
    return _Work(power, True, deep, is_shared or inside.is_ambiguous)


def _frames(node: Node) -> int:
    """How many frames one turn leaves on the stack: fitted to what overflowed on Java 17."""
    match node:
        case Sequence(items):
            return sum(map(_frames, items))
        case Choice(items):
            return 2 + max(map(_frames, items))
        case Group(item):
            return 2 + _frames(item)
        case Repeat(item) | Atomic(item):
            return 1 + _frames(item)
        case _:
            return 1


def _width(node: Node) -> int:
    """The fewest characters that it takes."""
    match node:
        case Chars():
            return 1
        case Sequence(items):
            return sum(map(_width, items))
        case Choice(items):
            return min(map(_width, items))
        case Repeat(item, low):
            return low * _width(item)
        case Group(item) | Atomic(item):
            return _width(item)
        case At():
            return 0


def _has_one_length(node: Node) -> bool:
    """Whether all its matches have as many UTF-16 units: then Java's loop uses no stack."""
    match node:
        case Chars(ranges):
            return not ranges or ranges[-1][1] < 0x10000 or ranges[0][0] >= 0x10000
        case Sequence(items):
            return all(map(_has_one_length, items))
        case Repeat(item, low, high):
            return low == high and _has_one_length(item)
        case Group(item):
            return _has_one_length(item)
        case At():
            return True
        case _:
            return False
