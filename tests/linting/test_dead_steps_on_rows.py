"""An exclusion that the lint calls dead is taken out, on random rows: nothing may change."""

import random
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from bluetick.session import Session
from linting.linted import told

_NOW = datetime(2025, 6, 30, 12, tzinfo=UTC)
_FIRST = "| join kind=leftanti (First) on {keys}"
_QUERY = """
let First = T | where TimeGenerated < ago({a}h) and TimeGenerated >= ago({b}h) {only}
  | summarize Seen = count() by {keys} | where Seen > {often};
let Second = T | where TimeGenerated < ago({c}h) and TimeGenerated >= ago({d}h)
  | summarize Seen = count() by A | where Seen > {more};
T | where TimeGenerated >= ago(1h) | summarize n = count() by A, B
{step}
| join kind=leftanti (Second) on A
| order by A asc, B asc
"""


def _rows(seed: int) -> pa.Table:
    draw = random.Random(seed)  # noqa: S311 - seeded, so that it can be had again
    size = draw.randrange(20, 80)
    return pa.table(
        {
            "TimeGenerated": pa.array(
                [_NOW - timedelta(minutes=draw.randrange(1, 600)) for _ in range(size)], pa.timestamp("us", tz="UTC")
            ),
            "A": [draw.choice("abcde") for _ in range(size)],
            "B": [draw.choice("xyz") for _ in range(size)],
            "N": pa.array([draw.randrange(3) for _ in range(size)], pa.int64()),
        }
    )


@pytest.mark.parametrize("seed", range(40))
def test_nothing_changes_without_a_dead_step(seed: int) -> None:
    draw = random.Random(1_000 + seed)  # noqa: S311 - as above
    times = {
        "a": draw.choice([1, 2]),
        "b": draw.choice([4, 6]),
        "c": draw.choice([1, 2]),
        "d": draw.choice([6, 9]),
    }
    often, more = draw.choice([0, 1, 2]), draw.choice([0, 1])
    parts = {
        **times,
        "often": often,
        "more": more,
        "only": draw.choice(["", "| where N == 1"]),
        "keys": draw.choice(["A", "A, B"]),
    }
    step = _FIRST.format(keys=parts["keys"])
    query = _QUERY.format(step=step, **parts)
    session = Session(tables={"T": _rows(seed)}, now=_NOW)
    with session:
        is_dead = ("BTL005", step.removeprefix("| ")) in told(query, session=session)
        same = list(session.query(query).rows()) == list(session.query(_QUERY.format(step="", **parts)).rows())
        is_within = times["a"] >= times["c"] and times["b"] <= times["d"] and often >= more
    assert is_dead == is_within
    assert same or not is_dead
