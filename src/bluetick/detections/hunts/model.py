"""A hunt as it is read from its file."""

from dataclasses import dataclass
from typing import Literal

from bluetick.detections.model import Schemas


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of the file between others: prose, or a query. `text` is a slice of the file as it is, for a query without
    the marks of its fence; it begins on `line`, counted from 1. The id of prose only tells it from other parts."""

    id: str
    kind: Literal["markdown", "kql"]
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Hunt:
    """`name` is that of the file, without its suffix. `schemas` says whose tables the queries mean, where it matters.
    `problems` are what is wrong with the file, each in a sentence; with one of them a hunt is read, but not run."""

    name: str
    title: str
    hypothesis: str
    text: str
    cells: tuple[Cell, ...]
    tags: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    schemas: Schemas | None = None
    problems: tuple[str, ...] = ()

    @property
    def queries(self) -> tuple[Cell, ...]:
        return tuple(cell for cell in self.cells if cell.kind == "kql")

    def query(self, cell: str) -> Cell | None:
        """The query of this id, in whatever case."""
        return next((one for one in self.queries if one.id.lower() == cell.lower()), None)
