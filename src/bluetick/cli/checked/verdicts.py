"""What is to be said of one detection, as plain values that a worker process can send."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bluetick.cli.checked.meanings import meaning
from bluetick.detections.fixing.effects import Effect
from bluetick.detections.fixing.repairs import Repair
from bluetick.detections.model import Detection
from bluetick.diagnostics import Diagnostic, Severity, SourceText, has_errors


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one detection, or of a document that holds none.

    Spans refer to `source`, which bears the document's path as it was named. `repair` is what `--fix` proposes,
    `effect` what that does to the user's data, or why it cannot be told.
    """

    detection: Detection | None
    source: SourceText
    diagnostics: tuple[Diagnostic, ...]
    seconds: float = 0.0
    repair: Repair | None = None
    effect: Effect | str | None = None

    @property
    def id(self) -> str:
        return "" if self.detection is None else self.detection.id

    @property
    def name(self) -> str:
        return "" if self.detection is None else self.detection.name

    @property
    def path(self) -> Path:
        return Path(self.source.name)

    @property
    def is_refused(self) -> bool:
        """Whether it cannot run."""
        return self.detection is None or has_errors(self.diagnostics)

    @property
    def has_warnings(self) -> bool:
        return any(diagnostic.severity is Severity.WARNING for diagnostic in self.diagnostics)


@dataclass(frozen=True, slots=True)
class Report:
    """All verdicts in the order of the documents; with `is_strict` a warning is a failure. `with_fixes`: fixes were
    looked for."""

    verdicts: tuple[Verdict, ...]
    is_strict: bool = False
    with_fixes: bool = False

    def failed(self, verdict: Verdict) -> bool:
        return verdict.is_refused or (self.is_strict and verdict.has_warnings)

    @property
    def is_failed(self) -> bool:
        return any(self.failed(verdict) for verdict in self.verdicts)

    def codes(self) -> list["CodeCount"]:
        """Every code that was found, the most frequent first."""
        counts: Counter[str] = Counter()
        texts: dict[str, set[str]] = {}
        for verdict, diagnostic in unique(self.verdicts):
            counts[diagnostic.code] += 1
            texts.setdefault(diagnostic.code, set()).add(verdict.source.name)
        found = [CodeCount(code, count, len(texts[code]), *meaning(code)) for code, count in counts.items()]
        return sorted(found, key=lambda one: (-one.count, one.code))


@dataclass(frozen=True, slots=True)
class CodeCount:
    """How often a code was found, in how many documents, and what it means."""

    code: str
    count: int
    documents: int
    name: str
    summary: str


def unique(verdicts: Sequence[Verdict]) -> list[tuple[Verdict, Diagnostic]]:
    """Every finding once, with the first verdict that has it: what is said of a document stands in the verdict of each
    of its detections."""
    found: dict[tuple[str, Diagnostic], Verdict] = {}
    for verdict in verdicts:
        for diagnostic in verdict.diagnostics:
            found.setdefault((verdict.source.name, diagnostic), verdict)
    return [(verdict, diagnostic) for (_, diagnostic), verdict in found.items()]
