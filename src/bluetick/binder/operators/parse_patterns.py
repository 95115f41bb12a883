"""Patterns of parse as regular expressions."""

import re
from dataclasses import dataclass

from bluetick.functions.scalar import regex
from bluetick.syntax.operators import ParsePart
from bluetick.types import Type

_GUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
# What a typed column takes in front of '*', where no text says where it ends.
_SHAPES = {
    Type.LONG: r"[-+]?[0-9]+",
    Type.INT: r"[-+]?[0-9]+",
    Type.REAL: r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?",
    Type.BOOL: r"(?i:true|false)|[-+]?[0-9]+",
    Type.GUID: _GUID,
}
# In regex patterns a typed column always has a shape.
_REGEX_SHAPES = {
    Type.LONG: r"-?[0-9]+",
    Type.INT: r"-?[0-9]+",
    Type.REAL: r"-?[0-9]+(?:\.[0-9]+)?",
    Type.BOOL: r"(?i:true|false)",
    Type.GUID: _GUID,
    Type.STRING: ".*",
}
_FLAGS = "Uims"


@dataclass(frozen=True, slots=True)
class Fragments:
    """One piece for each part of the pattern; a column's piece without its capture."""

    head: str
    pieces: tuple[str, ...]
    tail: str

    def whole(self) -> str:
        return self.head + "".join(f"(?:{piece})" for piece in self.pieces) + self.tail

    def capturing(self, place: int) -> str:
        """The pattern whose first and only capture is the piece at this place."""
        pieces = (f"({piece})" if i == place else f"(?:{piece})" for i, piece in enumerate(self.pieces))
        return self.head + "".join(pieces) + self.tail


def simple_fragments(parts: tuple[ParsePart, ...]) -> Fragments | str:
    """A simple or relaxed pattern, or what it holds that is not supported."""
    pieces: list[str] = []
    for place, part in enumerate(parts):
        match part.kind:
            case "text":
                pieces.append(regex.quote(part.text))
            case "star":
                pieces.append(".*?")
            case _:
                piece = _simple_column(part, parts[place + 1 :])
                if piece is None:
                    return f"a {_type_of(part)} column in front of '*'"
                pieces.append(piece)
    return Fragments(r"(?s)\A", tuple(pieces), r"\z")


def column_type(part: ParsePart) -> Type | None:
    """The type of a column of the pattern: string where none is written, None where it is not known."""
    if part.column is None or (part.column.type is None and part.column.type_text):
        return None
    return part.column.type or Type.STRING


def _type_of(part: ParsePart) -> Type:
    return column_type(part) or Type.STRING


def _simple_column(part: ParsePart, following: tuple[ParsePart, ...]) -> str | None:
    """As little as the next text allows; in front of '*' the type's shape, which at the very end may be missing."""
    if not following or following[0].kind != "star":
        return ".*?"
    shape = _SHAPES.get(_type_of(part))
    if shape is None:
        return None
    return f"(?:{shape})?" if len(following) == 1 else shape


def regex_fragments(parts: tuple[ParsePart, ...], flags: str) -> Fragments | str:
    """A regex pattern, or what it holds that is not supported. It may begin and end anywhere in the text."""
    if any(flag not in _FLAGS for flag in flags):
        return f"flags={flags} (of {', '.join(_FLAGS)} any may stand)"
    is_lazy = "U" in flags
    pieces: list[str] = []
    for place, part in enumerate(parts):
        match part.kind:
            case "text":
                problem = regex.find_problem(part.text)
                if problem or r"\Q" in part.text:
                    return problem or r"\Q in a regex pattern of parse"
                pieces.append(_without_captures(part.text))
            case "star":
                pieces.append(".*?")
            case _:
                next_kind = parts[place + 1].kind if place + 1 < len(parts) else ""
                shape = _REGEX_SHAPES.get(_type_of(part))
                if shape is None or (is_lazy and _type_of(part) is not Type.STRING and next_kind != "text"):
                    return f"a {_type_of(part)} column here in a regex pattern"
                pieces.append(shape)
    if is_lazy:
        pieces = [_swap_greed(piece) for piece in pieces]
    inline = "".join(flag for flag in "ims" if flag in flags)
    return Fragments(f"(?{inline})" if inline else "", tuple(pieces), "")


_TOKENS = re.compile(
    r"\\x\{\w+\}|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|\(\?P?<\w+>|\(\?[a-zA-Z-]*:?|[*+?]\??|\{\d+(?:,\d*)?\}\??|.",
    re.DOTALL,
)


def _without_captures(pattern: str) -> str:
    """The pattern with groups that capture nothing."""
    pieces = (m[0] for m in _TOKENS.finditer(pattern))
    return "".join("(?:" if piece == "(" or re.match(r"\(\?P?<", piece) else piece for piece in pieces)


def _swap_greed(pattern: str) -> str:
    """flags=U: what takes much takes little, and the other way round."""
    return "".join(_swapped(m[0]) for m in _TOKENS.finditer(pattern))


def _swapped(token: str) -> str:
    if token[0] not in "*+?{" or (token[0] == "{" and not re.match(r"\{\d", token)):
        return token
    return token[:-1] if len(token) > 1 and token.endswith("?") else f"{token}?"
