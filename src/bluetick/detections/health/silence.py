"""When a table is silent: its rows stopped, though at this time of the week they come.

What counts is how the newest row's time moves on with the commits, so that a source that only re-sends old rows is
silent too. The usual gap is the median between such moves in the last fourteen days. A table is silent when its newest
row is older than three usual gaps (and a quarter of an hour), and in the same stretch of the week before (of the day
before, while there is less) it moved on several times: nights and weekends are quiet every time. Of tables with few
commits, and of those that are filled with old logs, nothing is said.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Final

from bluetick.detections.health.facts import Arrival

REACH: Final = timedelta(days=14)
_TIMES_USUAL: Final = 3
_LEAST_SILENCE: Final = timedelta(minutes=15)
_LEAST_MOVES: Final = 20
# So often the table must have moved on in the same stretch before.
_LEAST_BEFORE: Final = 3
# Rows that are older when they come in were not sent as they happened.
_LIVE: Final = timedelta(hours=2)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Silence:
    """No newer row since a moment; the usual gap."""

    since: datetime
    usual: timedelta


def find_silence(arrivals: Sequence[Arrival], now: datetime) -> Silence | None:
    """Of a table by its commits, which are in order."""
    recent = [one for one in arrivals if now - REACH <= one.committed <= now]
    moves = _moves(recent)
    if len(moves) <= _LEAST_MOVES or not _is_live(recent):
        return None
    usual = timedelta(seconds=median((b - a).total_seconds() for a, b in pairwise(moves)))
    silence = now - moves[-1]
    is_long = silence > max(_TIMES_USUAL * usual, _LEAST_SILENCE)
    return Silence(moves[-1], usual) if is_long and _is_unusual(moves, now) else None


def newest_row(arrivals: Sequence[Arrival], now: datetime) -> datetime | None:
    """The time of the newest row that is not of the future."""
    moves = _moves([one for one in arrivals if one.committed <= now])
    return moves[-1] if moves else None


def _moves(arrivals: Sequence[Arrival]) -> list[datetime]:
    """The times to which the newest row moved on; a row of the future counts as one of when it came."""
    moves: list[datetime] = []
    for one in arrivals:
        time = min(one.newest, one.committed)
        if not moves or time > moves[-1]:
            moves.append(time)
    return moves


def _is_live(arrivals: Sequence[Arrival]) -> bool:
    return median((one.committed - one.newest).total_seconds() for one in arrivals) <= _LIVE.total_seconds()


def _is_unusual(moves: Sequence[datetime], now: datetime) -> bool:
    back = 7 * _DAY if moves[0] <= moves[-1] - 7 * _DAY else _DAY
    if moves[0] > moves[-1] - back:
        return True  # of less than a day there is nothing to hold it against
    before = bisect_right(moves, now - back) - bisect_left(moves, moves[-1] - back)
    return before >= _LEAST_BEFORE
