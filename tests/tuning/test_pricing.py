"""What exceptions are worth, counted by hand."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

import bluetick
from bluetick.detections.model import Detection, QueryPlace
from bluetick.detections.tuning.pricing import price
from bluetick.detections.tuning.reading import read_tuning_text
from bluetick.diagnostics import Span
from bluetick.diagnostics.errors import SourceError

END = datetime(2026, 5, 10, tzinfo=UTC)
DAYS = [END - timedelta(days=day) for day in (3, 2, 1, 0)]
ENTRY = '- {{name: {name}, {of}, where: "{where}", reason: r, owner: o, expires: {expires}}}\n'


def tuning(*entries: tuple[str, str, str, str]) -> str:
    return "exceptions:\n" + "".join(
        ENTRY.format(name=name, of=f"table: {of}" if of else "result: true", where=where, expires=expires)
        for name, of, where, expires in entries
    )


def prices(text: str, query: str, labels: dict[str, str] | None = None) -> dict[str, tuple[object, ...]]:
    """One row an hour for four days; host is a on day 7, b on day 8, c on days 6 and 9 of May."""
    times = [END - timedelta(hours=hour + 1) for hour in range(96)]
    hosts = {6: "c", 7: "a", 8: "b", 9: "c"}
    table = pa.table(
        {
            "Timestamp": pa.array([time.replace(tzinfo=None) for time in times], pa.timestamp("us")),
            "host": [hosts[time.day] for time in times],
            "hour": [time.hour for time in times],
        }
    )
    place = QueryPlace("rule.kql", Span(0, len(query)), 1, ())
    rule = Detection(id="r", id_derived=True, name="r", query=query, place=place, lookback=timedelta(days=1))
    known = labels or {}

    def seen(_: Detection, results: object) -> set[str]:
        assert isinstance(results, list)
        shown = {row[0] for result in results for row in result.rows}
        return {name for name, host in known.items() if host in shown}

    with bluetick.connect(tables={"Logs": table}) as session:
        found = price(session, rule, DAYS, read_tuning_text(text.encode(), "r.tuning.yaml"), seen)
        return {
            one.exception.name: (one.left_out, one.rows_saved, one.alerts_saved, one.alerts_brought, one.labels_lost)
            for one in found
        }


LATER = "2030-01-01"
QUERY = "Logs | where hour < 2 | project host, hour"


def test_each_is_priced_by_itself() -> None:
    """Each day has two rows of its host; the run at its end sees that day alone."""
    text = tuning(
        ("a", "Logs", "host == 'a'", LATER), ("c", "", "host == 'c'", LATER), ("no", "Logs", "hour > 99", LATER)
    )
    assert prices(text, QUERY, {"break-in": "a", "other": "b"}) == {
        "a": (24, 2, 1, 0, ("break-in",)),
        "c": (4, 4, 2, 0, ()),
        "no": (0, 0, 0, 0, ()),
    }


def test_of_two_for_the_same_rows_neither_saves_anything() -> None:
    text = tuning(("one", "Logs", "host == 'a'", LATER), ("two", "Logs", "host in ('a', 'z')", LATER))
    assert prices(text, QUERY) == {"one": (24, 0, 0, 0, ()), "two": (24, 0, 0, 0, ())}


def test_an_exception_of_a_table_can_bring_alerts() -> None:
    """A day with fewer than 24 rows alerts: leaving one hour of `b` out brings that."""
    text = tuning(("b", "Logs", "host == 'b' and hour == 3", LATER))
    assert prices(text, "Logs | summarize n = count() | where n < 24 | project n") == {"b": (1, -1, 0, 1, ())}


def test_an_expired_one_has_no_price() -> None:
    text = tuning(("old", "Logs", "host == 'a'", "2026-05-06"), ("still", "Logs", "host == 'a'", "2026-05-08"))
    assert prices(text, QUERY) == {"old": (None, None, None, None, ()), "still": (24, 2, 1, 0, ())}


def test_where_a_run_fails_nothing_is_priced() -> None:
    text = tuning(("a", "Logs", "host == 'a'", LATER))
    with pytest.raises(SourceError, match="nothing can be priced"):
        prices(text, "Logs | where assert(toscalar(Logs | count) > 99, 'no') | project host")
