"""Exceptions as their file says them."""

from dataclasses import dataclass
from datetime import date

from bluetick.binder.exclusions import Exclusion
from bluetick.diagnostics import SourceText, Span


@dataclass(frozen=True, slots=True)
class TuningException:
    """Rows that are no finding. `expires` is the last day on which it applies; `span` is where its name stands."""

    name: str
    exclusion: Exclusion
    reason: str
    owner: str
    expires: date
    span: Span

    @property
    def of(self) -> str:
        """The rows that it is about, in words."""
        return self.exclusion.table or "the result"

    def applies(self, day: date) -> bool:
        return day <= self.expires


@dataclass(frozen=True, slots=True)
class TuningDocument:
    """The exceptions of a detection; every span refers to `source`, which bears the file's name."""

    exceptions: tuple[TuningException, ...]
    source: SourceText

    def applying(self, day: date) -> tuple[TuningException, ...]:
        """Those that have not expired on a day."""
        return tuple(one for one in self.exceptions if one.applies(day))

    def expired(self, day: date) -> tuple[TuningException, ...]:
        return tuple(one for one in self.exceptions if not one.applies(day))

    def without(self, name: str) -> "TuningDocument":
        """The same but for one exception."""
        return TuningDocument(tuple(one for one in self.exceptions if one.name != name), self.source)
