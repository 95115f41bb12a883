"""When a scheduler would have run a detection."""

from datetime import UTC, datetime, timedelta

import pytest

from bluetick.detections.alerting import Alerting, RuleKind
from bluetick.detections.backtest.windows import interval, scheduled_instants
from bluetick.detections.model import Detection, QueryPlace
from bluetick.diagnostics import Span
from bluetick.diagnostics.errors import SourceError

HOUR = timedelta(hours=1)
DAY = datetime(2026, 6, 18, tzinfo=UTC)


def detection(frequency: timedelta | None = None, kind: RuleKind | None = None) -> Detection:
    place = QueryPlace("q.kql", Span(0, 1), 1, ())
    return Detection(
        id="1", id_derived=True, name="q", query="T", place=place, frequency=frequency, alerting=Alerting(kind)
    )


def test_each_hour_of_a_day_is_seen_once() -> None:
    assert scheduled_instants(DAY, DAY + 24 * HOUR, HOUR) == [DAY + n * HOUR for n in range(1, 25)]


def test_instants_are_whole_steps_from_midnight_whenever_the_time_begins() -> None:
    found = scheduled_instants(DAY + timedelta(minutes=20), DAY + timedelta(hours=6, minutes=1), 3 * HOUR)
    assert found == [DAY + 3 * HOUR, DAY + 6 * HOUR]


def test_another_start_moves_all_of_them() -> None:
    start = DAY + timedelta(days=9, minutes=7)
    assert scheduled_instants(DAY, DAY + 2 * HOUR, HOUR, start) == [
        DAY + timedelta(minutes=7),
        DAY + timedelta(hours=1, minutes=7),
    ]


@pytest.mark.parametrize("hours", [0, -5])
def test_no_time_has_no_runs(hours: int) -> None:
    assert scheduled_instants(DAY, DAY + hours * HOUR, HOUR) == []


def test_more_runs_than_anyone_waits_for_are_refused() -> None:
    with pytest.raises(SourceError, match=r"86,400,000 runs"):
        scheduled_instants(DAY, DAY + timedelta(days=1000), timedelta(seconds=1))


def test_how_often_is_asked_for_or_said_or_each_minute_near_real_time() -> None:
    assert interval(detection(HOUR), 2 * HOUR) == 2 * HOUR
    assert interval(detection(HOUR, RuleKind.NRT)) == HOUR
    assert interval(detection(None, RuleKind.NRT)) == timedelta(minutes=1)
    with pytest.raises(SourceError, match="--every"):
        interval(detection())
    with pytest.raises(SourceError, match="above zero"):
        interval(detection(), -HOUR)
