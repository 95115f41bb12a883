"""What is counted for good, in the transaction in which it happens: runs by rule, and how long they took and waited.

A count survives the process and the clearing of old runs, so that it only ever grows.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import Final

from bluetick.detections.ledger.opening import Ledger

# A window's delay falls into the first of these that is no less, in seconds; the last place is for longer ones.
DELAYS: Final = (1, 5, 15, 30, 60, 120, 300, 900, 1_800, 3_600, 21_600, 86_400)
_DELAY: Final = "delay"
_EVALUATION: Final = "evaluation"
_RUNS: Final = ("done", "failed")
_SECOND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Spent:
    """How often, and how many microseconds in all."""

    count: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Tallies:
    """`runs` by rule and status, `evaluations` by rule, `delays` by the place of their bound."""

    runs: Mapping[tuple[str, str], int] = field(default_factory=dict)
    evaluations: Mapping[str, Spent] = field(default_factory=dict)
    delays: Mapping[int, Spent] = field(default_factory=dict)


def count_run(connection: Connection, rule: str, status: str, times: tuple[int, int]) -> None:
    """A window was evaluated, or failed to be, perhaps together with others; `times` are when that began and ended."""
    _count(connection, (status, rule, 0), 0)
    if status == "done":
        _count(connection, (_EVALUATION, rule, 0), max(times[1] - times[0], 0))


def count_delay(connection: Connection, rule: str, hi: int, finished: int) -> None:
    """A window is about to be written down as evaluated: how late, if it is for the first time."""
    row = connection.execute(
        "SELECT hi + delay AS due FROM window JOIN rule_version USING (rule, version)"
        " WHERE window.rule = ? AND hi = ? AND finished IS NULL",
        (rule, hi),
    ).fetchone()
    if row is not None:
        late = max(finished - row["due"], 0)
        _count(connection, (_DELAY, "", bisect_left(DELAYS, late / _SECOND)), late)


def read_tallies(ledger: Ledger) -> Tallies:
    """All counts since the ledger was made."""
    runs: dict[tuple[str, str], int] = {}
    evaluations: dict[str, Spent] = {}
    delays: dict[int, Spent] = {}
    for row in ledger.read("SELECT name, label, place, count, total FROM tally"):
        spent = Spent(row["count"], row["total"])
        if row["name"] in _RUNS:
            runs[row["label"], row["name"]] = spent.count
        elif row["name"] == _EVALUATION:
            evaluations[row["label"]] = spent
        else:
            delays[row["place"]] = spent
    return Tallies(runs, evaluations, delays)


def _count(connection: Connection, key: tuple[str, str, int], total: int) -> None:
    connection.execute(
        "INSERT INTO tally VALUES (?, ?, ?, 1, ?) ON CONFLICT (name, label, place) DO UPDATE SET"
        " count = count + 1, total = total + excluded.total",
        (*key, total),
    )
