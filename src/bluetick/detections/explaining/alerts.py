"""An alert's row explained over the lake as the run saw it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from bluetick.detections.explaining.evidence import Evidence
from bluetick.detections.explaining.explaining import Explainer, Shown
from bluetick.detections.explaining.model import RowExplanation
from bluetick.diagnostics.errors import BluetickError, EngineError, SourceError
from bluetick.session import Session

# A session with these tables at these versions; of None, as all is now.
Opened: TypeAlias = Callable[[Mapping[str, int] | None], Session]


@dataclass(frozen=True, slots=True)
class AlertExplanation:
    """Why a row of an alert is there. `why` is None where it is not to be had, as `notes` say. `is_of_then`: the lake
    was read as the run read it; else as it is now."""

    evidence: Evidence
    number: int
    row: list[Any]
    is_of_then: bool
    notes: tuple[str, ...]
    why: RowExplanation | None

    def to_json(self) -> dict[str, Any]:
        return {
            **self.evidence.to_json(),
            "row_number": self.number,
            "row": dict(zip(self.evidence.columns, self.row, strict=True)),
            "read_as_of": "versions" if self.is_of_then else "present",
            "notes": list(self.notes),
            **({} if self.why is None else self.why.to_json()),
        }


def explain_alert(evidence: Evidence, number: int, opened: Opened, shown: Shown) -> AlertExplanation:
    """Explains the row of this number (from 1). Where the versions that the run read cannot be read any more, the lake
    as it is now has to do, and a note says so."""
    row = evidence.row(number)
    versions = evidence.window.versions
    notes: list[str] = []
    if versions:
        try:
            why = _explained(evidence, row, opened, versions, shown)
            return AlertExplanation(evidence, number, row, True, _gone(evidence, why), why)
        except (SourceError, EngineError) as error:
            notes.append(f"the lake is read as it is now, not as the run read it: {error}")
    else:
        notes.append("the run read no table of a lake, so its tables are read as they are now")
    try:
        why = _explained(evidence, row, opened, None, shown)
    except BluetickError as error:
        return AlertExplanation(evidence, number, row, False, (*notes, f"the rule cannot be run again: {error}"), None)
    return AlertExplanation(evidence, number, row, False, (*notes, *_gone(evidence, why)), why)


def _explained(
    evidence: Evidence, row: list[Any], opened: Opened, versions: Mapping[str, int] | None, shown: Shown
) -> RowExplanation | None:
    """None where the rule does not give the row any more."""
    with opened(versions) as session:
        explainer = Explainer(session, evidence.rule.detection, evidence.window.end, evidence.rule.tuning)
        place = explainer.find(evidence.columns, row)
        return None if place is None else explainer.explain(place, shown)


def _gone(evidence: Evidence, why: RowExplanation | None) -> tuple[str, ...]:
    """What is said of a row that the rule does not give again."""
    if why is not None:
        return ()
    if evidence.alert.is_retracted:
        return ("the alert is retracted: with the rows that came late, the rule does not give this row",)
    return ("the rule does not give this row again: what it read beside the lake's tables is not what it was",)
