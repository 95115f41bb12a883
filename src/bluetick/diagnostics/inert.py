"""Text of strangers on a terminal, in a page or in JSON: what would act on the reader's screen is spelled out."""

import re
from typing import Final

# What would move the cursor, colour the screen or turn the reading direction.
_ACTING: Final = "\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_UNSHOWN: Final = re.compile(f"[\x00-\x1f{_ACTING}]")
_OF_LINES: Final = re.compile(f"[\x00-\x08\x0b-\x1f{_ACTING}]")
_BEYOND_JSON: Final = re.compile(f"[{_ACTING}]")
_STAND_IN: Final = "\N{REPLACEMENT CHARACTER}"


def visible(text: str) -> str:
    """The text in one line, with control characters spelled out."""
    return _UNSHOWN.sub(_spelled, text)


def inert(text: str) -> str:
    """As `visible`, with its lines and tabs kept."""
    return _OF_LINES.sub(_spelled, text)


def same_width(line: str) -> str:
    """A line with one stand-in for each such character, so that a mark below it stays in its place."""
    return _UNSHOWN.sub(_STAND_IN, line)


def inert_json(text: str) -> str:
    """JSON that says the same; of these characters, it must escape only the first thirty-two by itself."""
    return _BEYOND_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _spelled(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
