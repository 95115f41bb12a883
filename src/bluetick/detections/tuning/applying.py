"""A request with the exceptions that apply, and how many rows each of them left out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from bluetick.detections.tuning.model import TuningDocument, TuningException
from bluetick.session import QueryRequest, Session


@dataclass(frozen=True, slots=True)
class Hits:
    """What an exception did in a run: the rows that it left out by itself; None where it has expired."""

    exception: TuningException
    rows: int | None

    @property
    def line(self) -> str:
        one = self.exception
        if self.rows is None:
            return f"tuning: {one.name} expired on {one.expires.isoformat()} and does not apply"
        return f"tuning: {one.name} left out {self.rows:,} row{'' if self.rows == 1 else 's'} of {one.of}"

    def to_json(self) -> dict[str, Any]:
        one = self.exception
        return {
            "name": one.name,
            "table": one.exclusion.table,
            "rows": self.rows,
            "expired": self.rows is None,
            "expires": one.expires.isoformat(),
            "owner": one.owner,
            "reason": one.reason,
        }


def tuned(request: QueryRequest, tuning: TuningDocument | None) -> QueryRequest:
    """The request with the exceptions that apply as of its `now` (of the clock, where it has none)."""
    if tuning is None:
        return request
    applying = tuning.applying(_day(request))
    return replace(request, exclusions=(*request.exclusions, *(one.exclusion for one in applying)))


def count_hits(session: Session, request: QueryRequest, tuning: TuningDocument) -> tuple[Hits, ...]:
    """What each exception leaves out of a run of the request (which is not tuned yet), the expired ones too."""
    day = _day(request)
    applying = tuning.applying(day)
    counts = _counts(session, tuned(request, tuning), applying)
    return tuple(Hits(one, counts.get(one.name)) for one in tuning.exceptions)


def _counts(session: Session, request: QueryRequest, applying: Sequence[TuningException]) -> dict[str, int]:
    if not applying:
        return {}
    counts = session.left_out(request)[-len(applying) :]
    return {one.name: rows for one, rows in zip(applying, counts, strict=True)}


def _day(request: QueryRequest) -> date:
    moment = request.now or datetime.now(UTC)
    return (moment if moment.tzinfo is None else moment.astimezone(UTC)).date()
