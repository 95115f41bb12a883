"""What each exception is worth over many runs: alerts and rows that it saves, labelled events that it costs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from bluetick.detections.backtest import alerts
from bluetick.detections.backtest.replay import WindowResult, replay
from bluetick.detections.model import Detection
from bluetick.detections.runs import query_request
from bluetick.detections.tuning.model import TuningDocument, TuningException
from bluetick.diagnostics.errors import SourceError
from bluetick.session import Session

Seen: TypeAlias = Callable[[Detection, Sequence[WindowResult]], set[str]]
"""The labelled events among the rows of these windows, all of which alert."""


@dataclass(frozen=True, slots=True)
class Price:
    """An exception against the same runs without it, all others as they are.

    `left_out` are the rows that it took away: of a table once in all the time that the runs see, of the result summed
    over the runs. `rows_saved` and `alerts_saved` are what the runs would have had more; `alerts_brought` what they
    have for its sake (an exception of a table can make something rare again). All None for one that applied in no run.
    """

    exception: TuningException
    left_out: int | None = None
    rows_saved: int | None = None
    alerts_saved: int | None = None
    alerts_brought: int | None = None
    labels_lost: tuple[str, ...] = ()


def price(
    session: Session,
    detection: Detection,
    windows: Sequence[datetime],
    tuning: TuningDocument,
    seen: Seen | None = None,
) -> Iterator[Price]:
    """Each exception in turn: one replay with all, and one without each. SourceError where a run fails."""
    session = session.pinned()
    base: list[WindowResult] | None = None
    for one in tuning.exceptions:
        if not any(one.applies(now.date()) for now in windows):
            yield Price(one)
            continue
        if base is None:
            base = _replayed(session, detection, windows, tuning)
        without = _replayed(session, detection, windows, tuning.without(one.name))
        yield _price(session, detection, windows, one, (base, without), seen)


def alerting(detection: Detection, results: Sequence[WindowResult]) -> list[WindowResult]:
    """The windows that raise an alert: whose rows meet the threshold, and that no alert before them suppresses."""
    said = alerts.alerting(detection, results, detection.threshold)
    return [result for result, one in zip(results, said, strict=True) if one.is_alerting]


def _replayed(
    session: Session, detection: Detection, windows: Sequence[datetime], tuning: TuningDocument
) -> list[WindowResult]:
    results = list(replay(session, detection, windows, tuning=tuning))
    failed = next((result for result in results if result.error is not None), None)
    if failed is not None:
        raise SourceError(f"the run as of {failed.now.isoformat()} fails, so nothing can be priced: {failed.error}")
    return results


def _price(
    session: Session,
    detection: Detection,
    windows: Sequence[datetime],
    one: TuningException,
    results: tuple[list[WindowResult], list[WindowResult]],
    seen: Seen | None,
) -> Price:
    base, without = results
    saved = sum(len(result.rows) for result in without) - sum(len(result.rows) for result in base)
    heard, others = (alerting(detection, side) for side in (base, without))
    after, before = ({result.now for result in side} for side in (heard, others))
    lost = set() if seen is None else seen(detection, others) - seen(detection, heard)
    left_out = saved if one.exclusion.table is None else _left_out(session, detection, windows, one)
    return Price(one, left_out, saved, len(before - after), len(after - before), tuple(sorted(lost)))


def _left_out(session: Session, detection: Detection, windows: Sequence[datetime], one: TuningException) -> int:
    """The rows of a table in all the time that the windows see, counted once."""
    request = query_request(detection, windows[-1])
    if request.lookback is not None:
        request = replace(request, lookback=windows[-1] - windows[0] + request.lookback)
    return session.left_out(replace(request, exclusions=(one.exclusion,)))[0]
