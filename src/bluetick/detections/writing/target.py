"""The shape of a form that rules are written in."""

from collections.abc import Callable
from dataclasses import dataclass

from bluetick.detections.model import Detection
from bluetick.diagnostics import Diagnostic

# The names of the columns of a query's result, or None where it does not bind.
Columns = tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Written:
    """A rule's text in another form, and what of it does not fit there; spans are in the query."""

    text: str
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """`columns` says whether `write` must know the columns of the result."""

    name: str
    suffix: str
    write: Callable[[Detection, Columns], Written]
    needs_columns: bool = False
