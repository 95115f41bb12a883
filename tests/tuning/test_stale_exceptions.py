"""Findings about exceptions themselves."""

from datetime import date

from bluetick.detections.tuning.findings import stale_exceptions
from bluetick.detections.tuning.reading import read_tuning_text
from bluetick.diagnostics import Severity

ENTRY = "- {{name: {name}, table: T, where: 'true', reason: r, owner: ann, expires: {expires}}}\n"
TEXT = "exceptions:\n" + "".join(
    ENTRY.format(name=name, expires=expires)
    for name, expires in (("old", "2026-01-31"), ("idle", "2027-01-01"), ("busy", "2027-01-01"))
)
TUNING = read_tuning_text(TEXT.encode(), "rule.tuning.yaml")


def found(today: date, hits: dict[str, int] | None = None) -> list[tuple[str, str]]:
    said = stale_exceptions(TUNING, today, hits, "in 24 runs")
    assert all(one.severity is Severity.WARNING for one in said)
    return [(one.code, TEXT[one.span.start : one.span.end]) for one in said]


def test_an_expired_one_is_told_from_the_day_after() -> None:
    assert found(date(2026, 1, 31)) == []
    assert found(date(2026, 2, 1)) == [("BTL101", "old")]


def test_one_without_a_hit_is_told_where_hits_were_counted() -> None:
    assert found(date(2026, 1, 1), {"old": 1, "idle": 0, "busy": 7}) == [("BTL102", "idle")]
    assert found(date(2026, 1, 1), {"busy": 7}) == []


def test_an_expired_one_is_not_called_idle_too() -> None:
    assert found(date(2026, 2, 1), {"old": 0, "idle": 3, "busy": 7}) == [("BTL101", "old")]
