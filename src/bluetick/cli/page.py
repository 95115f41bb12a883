"""Where rows for people are written: a terminal, in colours; a file or pipe as plain text, without loading rich."""

import os
import sys
from typing import IO, TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from rich.console import Console

Piece: TypeAlias = tuple[str, str]  # text, and its style: '' for none
PLAIN_WIDTH = 120  # where nobody says how wide the reader's page is
# They have rich take a pipe for a terminal.
_FORCING = ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "JUPYTER_COLUMNS")


class Page(Protocol):
    @property
    def width(self) -> int:
        """How many cells a line has."""

    @property
    def dash(self) -> str:
        """What lines are drawn of."""

    def write(self, *pieces: Piece) -> None:
        """One line of pieces, which are not wrapped."""


class PlainPage:
    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        given = os.environ.get("COLUMNS", "")
        self.dash = _dash(getattr(stream, "encoding", None))
        self.width = int(given) if given.isdecimal() and int(given) else PLAIN_WIDTH

    def write(self, *pieces: Piece) -> None:
        self._stream.write("".join(text for text, _ in pieces) + "\n")


class ConsolePage:
    """A page of a command that writes by rich."""

    def __init__(self, console: "Console") -> None:
        self._console = console

    @property
    def width(self) -> int:
        return self._console.width

    @property
    def dash(self) -> str:
        return _dash(self._console.encoding)

    def write(self, *pieces: Piece) -> None:
        from rich.text import Text  # noqa: PLC0415 - only where there is a console

        self._console.print(Text.assemble(*pieces), no_wrap=True, overflow="ignore", crop=False)


def _dash(encoding: str | None) -> str:
    """Not every page has the long one; a page in memory has no encoding."""
    return "─" if encoding is None or encoding.lower().startswith("utf") else "-"


def new_console(stream: IO[str] | None = None) -> "Console":
    """Standard output or a file, in colours only where a person looks at it."""
    from rich.console import Console  # noqa: PLC0415 - costs start-up time

    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PLAIN_WIDTH
    return console


def new_page(stream: IO[str] | None = None) -> Page:
    """A page on standard output or a file."""
    target = sys.stdout if stream is None else stream
    if target.isatty() or any(name in os.environ for name in _FORCING):
        return ConsolePage(new_console(stream))
    return PlainPage(target)
