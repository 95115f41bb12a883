"""What every reader of a log format gives back, and what it may ask of the outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa


class GeoLookup(Protocol):
    """Where an address is. One instance answers the same for as long as it lives."""

    @property
    def version(self) -> str:
        """Which edition of the data answers."""
        ...

    def country(self, ip: str) -> str:
        """The English name of the country of a public address; "" when it is not known."""
        ...


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A line that could not become a row: where it stands, why, and its bytes, so that it can be read again."""

    path: Path
    line_number: int
    reason: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class ReadReport:
    """What became of every line. input_lines = stored + duplicates + quarantined + other_events; blank lines are none.

    `stored` counts lines, not rows: a table of minute buckets has fewer rows than lines. `reasons` says what the
    other events were, and `notes` what was missing, inferred or doubtful in the lines that were stored.
    """

    input_lines: int
    stored: int
    duplicates: int
    quarantined: tuple[Quarantined, ...]
    other_events: int
    reasons: Mapping[str, int]
    notes: Mapping[str, int]
    geo_version: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether every line is accounted for."""
        return self.input_lines == self.stored + self.duplicates + len(self.quarantined) + self.other_events


@dataclass(frozen=True, slots=True)
class SourceResult:
    """The rows read, by table name, and the account of the reading."""

    tables: Mapping[str, pa.Table]
    report: ReadReport
