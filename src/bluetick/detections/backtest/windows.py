"""The instants at which a scheduler would have run a detection."""

from datetime import UTC, datetime, timedelta

from bluetick.detections.alerting import NEAR_REAL_TIME
from bluetick.detections.model import Detection
from bluetick.diagnostics.errors import SourceError

MOST_WINDOWS = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def interval(detection: Detection, every: timedelta | None = None) -> timedelta:
    """How often a detection runs: as asked for, as its document says, each minute where that is a rule of near real
    time. SourceError where nothing says it."""
    found = every or detection.frequency or (NEAR_REAL_TIME if detection.is_near_real_time else None)
    if found is None:
        raise SourceError(f"'{detection.name}' does not say how often it runs: give --every, such as --every 1h")
    if found <= timedelta(0):
        raise SourceError("a detection cannot run more often than all the time: --every is above zero")
    return found


def scheduled_instants(first: datetime, last: datetime, step: timedelta, run: datetime | None = None) -> list[datetime]:
    """Every instant after `first` up to `last` that is whole steps from one `run` (default: from 1970, UTC).

    A run at an instant looks at the time before it, so that these see what happened from `first` to before `last`.
    """
    start = _EPOCH if run is None else run
    count = (last - start) // step - (first - start) // step
    if count > MOST_WINDOWS:
        raise SourceError(f"that is {count:,} runs; {MOST_WINDOWS:,} at most are replayed: take a shorter time")
    origin = start + (first - start) // step * step
    return [origin + step * number for number in range(1, count + 1)]
