"""Exceptions that somebody should look at: expired ones, and those that leave out nothing."""

from collections.abc import Mapping
from datetime import date

from bluetick.detections.tuning.model import TuningDocument
from bluetick.diagnostics import Diagnostic
from bluetick.diagnostics.tuning_codes import expired, never_hit


def stale_exceptions(
    tuning: TuningDocument, today: date, hits: Mapping[str, int] | None = None, looked_at: str = ""
) -> list[Diagnostic]:
    """Findings with spans in the tuning's own file, in its order.

    `hits` are the rows that each exception left out of all that was looked at, which `looked_at` says in words ("in 720
    runs"); without it nothing is said of exceptions that were never hit. One that is not in `hits` was never counted.
    """
    found = []
    for one in tuning.exceptions:
        if not one.applies(today):
            found.append(expired(one.span, one.name, one.expires, one.owner))
        elif hits is not None and hits.get(one.name) == 0:
            found.append(never_hit(one.span, one.name, looked_at))
    return found
