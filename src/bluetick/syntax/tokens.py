"""Tokens: what the lexer hands to the parser. Whitespace and comments are left out; spans keep their place."""

from typing import Final, NamedTuple

NAME: Final = "name"
LONG: Final = "long"
REAL: Final = "real"
TIMESPAN: Final = "timespan"
STRING: Final = "string"
TYPED: Final = "typed"  # datetime(...), long(...), guid(...) and the like, whole
PUNCTUATION: Final = "punctuation"
END: Final = "end"


class Token(NamedTuple):
    """A piece of the text. `text` is exactly what was written, so a string keeps its quotes."""

    kind: str
    text: str
    start: int
    end: int
