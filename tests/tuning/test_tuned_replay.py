"""A replay with exceptions is its single runs with exceptions."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

import bluetick
from bluetick.detections.backtest.replay import replay
from bluetick.detections.model import Detection, QueryPlace
from bluetick.detections.runs import run_detection
from bluetick.detections.tuning.reading import read_tuning_text
from bluetick.diagnostics import Span

END = datetime(2026, 5, 10, tzinfo=UTC)
HOURS = [END - timedelta(hours=place) for place in range(71, -1, -1)]
TUNING = read_tuning_text(
    b"""exceptions:
  - {name: host, table: Logs, where: "h == 'a'", reason: r, owner: o, expires: 2026-05-08}
  - {name: few, result: true, where: "n < 2", reason: r, owner: o, expires: 2026-05-09}
""",
    "rule.tuning.yaml",
)


def logs() -> pa.Table:
    times = [(END - timedelta(minutes=20 * place)).replace(tzinfo=None) for place in range(400)]
    return pa.table({"Timestamp": pa.array(times, pa.timestamp("us")), "h": ["a", "b", "c", "b"] * 100})


@pytest.mark.parametrize(
    "query",
    [
        "Logs | summarize n = count() by h",
        "Logs | extend d = bag_pack(h, 1) | summarize n = count(), d = make_bag(d) by h | evaluate bag_unpack(d)",
    ],
)
def test_window_by_window(query: str) -> None:
    place = QueryPlace("rule.kql", Span(0, len(query)), 1, ())
    rule = Detection(id="r", id_derived=True, name="rule", query=query, place=place, lookback=timedelta(hours=2))
    with bluetick.connect(tables={"Logs": logs()}) as session:
        single = [run_detection(session, rule, now=now, tuning=TUNING) for now in HOURS]
        replayed = list(replay(session, rule, HOURS, tuning=TUNING))
        plain = list(replay(session, rule, HOURS))
    assert [(one.now, one.columns, list(one.rows), one.triggered) for one in replayed] == [
        (one.now, one.columns, one.rows, one.triggered) for one in single
    ]
    host = plain[0].columns.index(("h", "string"))
    seen = {day: {row[host] for one in replayed if one.now.day == day for row in one.rows} for day in (8, 9)}
    assert "a" not in seen[8]
    assert "a" in seen[9]
    assert any(row[host] == "a" for one in plain if one.now.day == 8 for row in one.rows)
