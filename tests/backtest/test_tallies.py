"""Counts that windows share are those that each window counts by itself; and they are taken where they may be."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from founding.documents import RARE_COUNTRIES, founding_document

import bluetick
from bluetick.detections.backtest.replay import replay
from bluetick.detections.model import Detection, QueryPlace
from bluetick.detections.runs import query_request
from bluetick.diagnostics import Span
from bluetick.execution.tallies import Runs, find_tallies
from bluetick.session import Session

END = datetime(2026, 6, 18, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WINDOWS = [END - n * timedelta(hours=1) for n in range(8)]
ODD_WINDOWS = [END - n * timedelta(minutes=25) + timedelta(minutes=7) for n in range(8)]


def rows() -> pa.Table:
    """A day and a half; many rows at the very ends of windows, some without a time, a key, or either."""
    random = Random(5)  # noqa: S311 - rows, no secret
    found: list[dict[str, Any]] = []
    for _ in range(3_000):
        minute = random.randrange(36 * 60)
        minute -= minute % 60 if random.random() < 0.3 else 0
        time = END - minute * MINUTE + random.choice((0, 0, 1, -1)) * timedelta(microseconds=1)
        found.append(
            {
                "TimeGenerated": None if random.random() < 0.02 else time,
                "Name": random.choice(("a", "A", "", "b", None)),
                "Size": random.choice((1, 2, None)),
                "Part": random.choice((0.5, None, float("nan"))),
            }
        )
    times: pa.DataType = pa.timestamp("us", "UTC")
    schema = pa.schema({"TimeGenerated": times, "Name": pa.string(), "Size": pa.int64(), "Part": pa.float64()})
    return pa.Table.from_pylist(found, schema)


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with bluetick.connect(tables={"T": rows()}) as opened:
        yield opened


def rule(query: str, hours: int | None) -> Detection:
    lookback = None if hours is None else timedelta(hours=hours)
    place = QueryPlace("q.kql", Span(0, len(query)), 1, ())
    return Detection(id="1", id_derived=True, name="q", query=query, place=place, lookback=lookback)


TAKEN = (
    ("T | summarize count() by Name", 3),
    ("T | where TimeGenerated >= ago(5h) | summarize n = count() by Name, Size, Part", None),
    ("T | where TimeGenerated < ago(1h) and TimeGenerated >= ago(9h) and Name != 'b' | summarize count() by Name", 30),
    ("T | where ago(4h) <= TimeGenerated | where isnotempty(Name) | summarize count() by tolower(Name), Size * 2", 30),
    ("T | where TimeGenerated >= startofday(now()) | summarize count() by Name | where count_ > 9 | sort by Name", 30),
    ("let C = T | where TimeGenerated >= ago(2h) | summarize c = count() by Name; C | join kind=inner (C) on Name", 9),
    ("print x = toscalar(T | summarize c = count() by Name | summarize max(c))", 2),
    ("T | where Name in ((T | where TimeGenerated >= ago(2h) | summarize count() by Name | project Name)) | count", 7),
    ("T | where TimeGenerated >= ago(100d) and TimeGenerated >= ago(3h) | summarize count() by Name", 30),
)
LEFT = (
    ("T | where TimeGenerated > ago(2h) | summarize count() by Name", 30),  # a stretch of a microsecond
    ("T | where TimeGenerated between (ago(5h) .. ago(1h)) | summarize count() by Name", 30),
    ("T | where TimeGenerated >= ago(5h) or Name == 'a' | summarize count() by Name", 30),
    ("T | where hourofday(TimeGenerated) > 8 | summarize count() by Name", 30),
    ("T | summarize count() by bin(TimeGenerated, 1h)", 5),
    ("T | summarize count() by Name, Late = now() > datetime(2026-06-18 09:00)", 5),
    ("T | where Size == iff(now() > datetime(2026-06-18 09:00), 1, 2) | summarize count() by Name", 5),
    (
        "T | where Size > toscalar(T | where TimeGenerated >= ago(1h) | summarize avg(Size))"
        " | summarize count() by Name",
        5,
    ),
    ("T | summarize count(), max(Size) by Name", 5),
    ("T | summarize count()", 5),
    ("T | summarize count() by Name", None),  # nothing says from when
    ("T | take 7 | summarize count() by Size", 5),
)


def taken(session: Session, detection: Detection) -> int:
    request = query_request(detection, END)
    plan, _ = session.plan(request)
    parameters = [session.parameters(plan, request, now) for now in WINDOWS]
    runs = Runs(session.flavour, session.engine.dialect, request.lookback, parameters)
    return len(find_tallies(plan.statements[-1], runs, {}))


@pytest.mark.parametrize(
    ("query", "hours", "is_taken"), [(*one, True) for one in TAKEN] + [(*one, False) for one in LEFT]
)
def test_windows_that_share_counts_say_what_single_runs_say(
    session: Session, query: str, hours: int | None, is_taken: bool
) -> None:
    detection = rule(query, hours)
    assert (taken(session, detection) > 0) is is_taken
    for windows in (WINDOWS, ODD_WINDOWS):
        singly = [tuple(session.run(query_request(detection, now))[-1].rows()) for now in windows]
        replayed = [result.rows for result in replay(session, detection, windows)]
        assert repr(replayed) == repr(singly)  # as NaN is not itself
    assert "count" not in query or any(singly)


def test_the_first_founding_document_shares_three_counts(session: Session) -> None:
    empty = pa.table({"TimeGenerated": pa.array([], pa.timestamp("us", "UTC"))})
    with bluetick.connect(tables={"VMConnection": empty}) as opened:
        assert taken(opened, founding_document(RARE_COUNTRIES)) == 3
