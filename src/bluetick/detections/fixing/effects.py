"""What a repair does to the rows that a detection finds in the user's own data."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bluetick.detections.fixing.repairs import Repair
from bluetick.detections.model import Detection
from bluetick.detections.runs import query_request
from bluetick.session import Session
from bluetick.values import json_rows

Cells = tuple[Any, ...]
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Effect:
    """Rows before and after as of `now`, and whether the rule fires; of the rows gained and lost the number, and the
    first ones with their cells as JSON has them, in the order of `columns`."""

    now: datetime
    columns: tuple[str, ...]
    before: int
    after: int
    gained: int
    lost: int
    gained_rows: tuple[Cells, ...]
    lost_rows: tuple[Cells, ...]
    fires_before: bool
    fires_after: bool


def measure(session: Session, detection: Detection, repair: Repair, now: datetime) -> Effect:
    """Runs the query and its repair as of `now`, on one version of each table. Raises what Session.run raises."""
    pinned = session.pinned()
    columns, before = _rows(pinned, detection, now)
    _, after = _rows(pinned, replace(detection, query=repair.repaired), now)
    gained, lost = _left_over(after, before), _left_over(before, after)
    return Effect(
        now,
        columns,
        len(before),
        len(after),
        len(gained),
        len(lost),
        _shown(gained),
        _shown(lost),
        detection.threshold.is_met(len(before)),
        detection.threshold.is_met(len(after)),
    )


def _rows(session: Session, detection: Detection, now: datetime) -> tuple[tuple[str, ...], list[str]]:
    """Each row as JSON, so that rows can be counted whatever they hold."""
    result = session.run(query_request(detection, now))[-1]
    cells = json_rows(result.columns, result.rows())
    return tuple(name for name, _ in result.columns), [json.dumps(row, ensure_ascii=False) for row in cells]


def _left_over(rows: Sequence[str], others: Sequence[str]) -> list[str]:
    """The rows that the others have not, or have less often; in their order."""
    left = Counter(others)
    found = []
    for row in rows:
        if left[row]:
            left[row] -= 1
        else:
            found.append(row)
    return found


def _shown(rows: Sequence[str]) -> tuple[Cells, ...]:
    return tuple(tuple(json.loads(row)) for row in rows[:_SHOWN])
