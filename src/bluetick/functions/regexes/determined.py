r"""Patterns of literals with as little as possible between them, so written that RE2 reads each character once.

`(?s)\A(?:.*?)(?:\:\\)(.*?)(?:\\)(?:.*?)\z` becomes `(?s)\A[^\:]*\:(?:\:|[^\:\\][^\:]*\:)*\\([^\\]*)\\`.

Exact because between literals `.*?` ends where the next literal first stands: an earlier place leaves more text to what
follows, which begins with `.*?` again and may skip it. A text that ends in front of the first place of a character has
none of it; one that ends in front of the first place of `ab` has, from each `a` on, more of `a`, or another character
that is not `b` and then up to the next `a`. A piece before a literal at the end of the text may have that literal
inside, so it stays. What follows the last literal matches any text, so it goes, and the place where the match ends with
it: only for who asks for a group, or whether there is a match.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

_HEAD, _TAIL = r"(?s)\A", r"\z"
GAP = ".*?"
_CHARACTER = r"\\x[0-9a-f]{2}|\\[!-/:-@\[-`{-~]|[0-9A-Za-z_ ]|[^\x00-\x7e]"
_PIECE = re.compile(rf"\((\?:)?(\.\*\?|(?:{_CHARACTER})+)\)")
_CHARACTERS = re.compile(_CHARACTER)
_PAIR = 2


def determined(pattern: str) -> str:
    """The pattern, or one that has the same groups wherever this one matches, and matches where it does."""
    pieces = pieces_of(pattern)
    if pieces is None:
        return pattern
    ending = _TAIL
    if pieces[-1] == (False, GAP):
        pieces, ending = pieces[:-1], ""
    made = [_HEAD]
    for place, (is_captured, piece) in enumerate(pieces):
        following = pieces[place + 1 :]
        if piece != GAP:
            made.append(piece if not _is_skipped_with(pieces[:place], piece, following, ending) else "")
        elif not following:
            made.append("(.*)" if is_captured else "")
        elif len(following) == 1 and ending:
            made.append(_grouped(is_captured, piece))
        else:
            made.append(_up_to(is_captured, following[0][1]))
    return "".join(made) + ending


def pieces_of(pattern: str) -> list[tuple[bool, str]] | None:
    """Whether it is captured, and its text, of each piece, literals and gaps (GAP) in turn, that together are a whole
    text; None of any other pattern."""
    if not pattern.startswith(_HEAD) or not pattern.endswith(_TAIL):
        return None
    pieces: list[tuple[bool, str]] = []
    place, end = len(_HEAD), len(pattern) - len(_TAIL)
    while place < end:
        found = _PIECE.match(pattern, place, end)
        if found is None:
            return None
        pieces.append((found[1] is None, found[2]))
        place = found.end()
    kinds = [piece == GAP for _, piece in pieces]
    is_in_turn = all(one != other for one, other in pairwise(kinds))
    has_captured_text = any(is_captured and piece != GAP for is_captured, piece in pieces)
    return pieces if pieces and is_in_turn and not has_captured_text else None


def _up_to(is_captured: bool, literal: str) -> str:
    """What stands before the first place of the literal; of a pair that is not captured, and the pair itself too."""
    characters = _CHARACTERS.findall(literal)
    if len(characters) == 1:
        return f"([^{literal}]*)" if is_captured else f"[^{literal}]*"
    if _is_pair(is_captured, characters):
        first, second = characters
        return f"[^{first}]*{first}(?:{first}|[^{first}{second}][^{first}]*{first})*{second}"
    return _grouped(is_captured, GAP)


def _is_pair(is_captured: bool, characters: Sequence[str]) -> bool:
    return not is_captured and len(characters) == _PAIR and characters[0] != characters[1]


def _is_skipped_with(
    before: list[tuple[bool, str]], literal: str, following: list[tuple[bool, str]], ending: str
) -> bool:
    """Whether the piece in front of the literal has taken it in."""
    if not before or (ending and not following):
        return False
    return _is_pair(before[-1][0], _CHARACTERS.findall(literal))


def _grouped(is_captured: bool, piece: str) -> str:
    return f"({piece})" if is_captured else f"(?:{piece})"
