"""Operators and functions on text for Python's own evaluation. A string is never null."""

from collections.abc import Callable
from datetime import datetime

from bluetick.functions.scalar.terms import Edges, is_term_char
from bluetick.types import Type
from bluetick.values import format_datetime7

# The types whose text is the same here as in SQL.
FORMS = (Type.STRING, Type.BOOL, Type.INT, Type.LONG, Type.DATETIME, Type.GUID)


def text_of(value: object) -> str:
    """What tostring() gives: an empty text of null."""
    if value is None:
        return ""
    return format_datetime7(value) if isinstance(value, datetime) else str(value)


def joined(*values: object) -> str:
    return "".join(text_of(value) for value in values)


def lowered(text: str) -> str:
    """Each character by itself, as the engines do: a case that takes several characters is left alone."""
    if text.isascii():
        return text.lower()
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _raised(text: str) -> str:
    if text.isascii():
        return text.upper()
    return "".join(high if len(high := char.upper()) == 1 else char for char in text)


def _has(edges: Edges) -> Callable[[str, str], bool]:
    def test(text: str, wanted: str) -> bool:
        if edges.any_case:
            text, wanted = lowered(text), lowered(wanted)
        return not wanted or _stands_in(text, wanted, edges)

    return test


def _stands_in(text: str, wanted: str, edges: Edges) -> bool:
    """Whether the text has what is wanted between boundaries; an end that is no letter or digit is one itself."""
    needs_before = edges.before and is_term_char(wanted[0])
    needs_after = edges.after and is_term_char(wanted[-1])
    place = text.find(wanted)
    while place >= 0:
        end = place + len(wanted)
        is_cut_before = not needs_before or place == 0 or not is_term_char(text[place - 1])
        if is_cut_before and (not needs_after or end == len(text) or not is_term_char(text[end])):
            return True
        place = text.find(wanted, place + 1)
    return False


_FOUND: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, wanted: lowered(wanted) in lowered(text),
    "contains_cs": lambda text, wanted: wanted in text,
    "startswith": lambda text, wanted: lowered(text).startswith(lowered(wanted)),
    "startswith_cs": str.startswith,
    "endswith": lambda text, wanted: lowered(text).endswith(lowered(wanted)),
    "endswith_cs": str.endswith,
    "has": _has(Edges(before=True, after=True, any_case=True)),
    "has_cs": _has(Edges(before=True, after=True, any_case=False)),
    "hasprefix": _has(Edges(before=True, after=False, any_case=True)),
    "hasprefix_cs": _has(Edges(before=True, after=False, any_case=False)),
    "hassuffix": _has(Edges(before=False, after=True, any_case=True)),
    "hassuffix_cs": _has(Edges(before=False, after=True, any_case=False)),
}


def _negated(test: Callable[[str, str], bool]) -> Callable[[str, str], bool]:
    return lambda text, wanted: not test(text, wanted)


def _equal_any_case(left: str, right: str) -> bool:
    return lowered(left) == lowered(right)


TESTS: dict[str, Callable[..., object]] = {
    **_FOUND,
    **{f"!{name}": _negated(test) for name, test in _FOUND.items()},
    "=~": _equal_any_case,
    "!~": _negated(_equal_any_case),
    "in": lambda text, *items: text in items,
    "!in": lambda text, *items: text not in items,
    "in~": lambda text, *items: lowered(text) in map(lowered, items),
    "!in~": lambda text, *items: lowered(text) not in map(lowered, items),
    "tolower": lowered,
    "toupper": _raised,
    "strlen": len,
}
