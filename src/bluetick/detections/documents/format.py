"""The shape of a document format: a value that recognises a text and reads it."""

from collections.abc import Callable
from dataclasses import dataclass

from bluetick.detections.documents.fields import Draft
from bluetick.diagnostics import Diagnostic

Reading = tuple[list[Draft], list[Diagnostic]]


@dataclass(frozen=True, slots=True)
class Format:
    """`suffixes` only settle which format is asked first; `read` takes the text and the file's name."""

    name: str
    suffixes: tuple[str, ...]
    matches: Callable[[str], bool]
    read: Callable[[str, str], Reading]
