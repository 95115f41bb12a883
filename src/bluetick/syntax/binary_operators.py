"""The operators with two operands: spelling, and how tightly each binds (as in Microsoft's published grammar)."""

from typing import Final, NamedTuple

OR: Final = 1
AND: Final = 2
EQUALITY: Final = 3
RELATIONAL: Final = 4
ADDITIVE: Final = 5
MULTIPLICATIVE: Final = 6
TEXT: Final = 7

# Of these two levels, one operator may not follow another without parentheses.
NOT_ASSOCIATIVE: Final = frozenset({EQUALITY, RELATIONAL})


class Operator(NamedTuple):
    """`name` is the one spelling kept in the tree; `shape` is binary, list or between."""

    name: str
    precedence: int
    shape: str = "binary"


_TEXT_NAMES = (
    *("has", "has_cs", "hasprefix", "hasprefix_cs", "hassuffix", "hassuffix_cs"),
    *("contains", "contains_cs", "startswith", "startswith_cs", "endswith", "endswith_cs"),
)
_OLD_NAMES = {
    "notcontains": "!contains",
    "notcontainscs": "!contains_cs",
    "containscs": "contains_cs",
    "like": "like",
    "notlike": "notlike",
    "likecs": "likecs",
    "notlikecs": "notlikecs",
}

OPERATORS: Final[dict[str, Operator]] = {
    "or": Operator("or", OR),
    "and": Operator("and", AND),
    **{text: Operator(text, EQUALITY) for text in ("==", "!=")},
    "<>": Operator("!=", EQUALITY),
    **{text: Operator(text, EQUALITY, "list") for text in ("in", "!in", "in~", "!in~", "has_any", "has_all")},
    **{text: Operator(text, EQUALITY, "between") for text in ("between", "!between")},
    **{text: Operator(text, RELATIONAL) for text in ("<", ">", "<=", ">=")},
    **{text: Operator(text, ADDITIVE) for text in ("+", "-")},
    **{text: Operator(text, MULTIPLICATIVE) for text in ("*", "/", "%")},
    **{text: Operator(text, TEXT) for text in ("=~", "!~", ":", "matches regex")},
    **{text: Operator(text, TEXT) for name in _TEXT_NAMES for text in (name, f"!{name}")},
    **{text: Operator(name, TEXT) for text, name in _OLD_NAMES.items()},
}

# What people write from other languages, and what it is in KQL.
FOREIGN: Final = {"&&": "and", "||": "or"}
