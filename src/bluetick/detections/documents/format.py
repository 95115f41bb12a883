"""The shape of a document format: a value that recognises a text and reads it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bluetick.detections.documents.fields import Draft
from bluetick.diagnostics import Diagnostic

# Keys, items and values of a rule in YAML. The largest published one that is read has some 1,100.
MAX_PARTS: Final = 4_000

Reading = tuple[list[Draft], list[Diagnostic]]


@dataclass(frozen=True, slots=True)
class Format:
    """`suffixes` only settle which format is asked first; `read` takes the text and the file's name."""

    name: str
    suffixes: tuple[str, ...]
    matches: Callable[[str], bool]
    read: Callable[[str, str], Reading]
