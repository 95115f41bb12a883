"""Feeds of indicators become rows that a rule can join, once a day."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import bluetick
from bluetick.ingest.indicators import store_indicators

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
JOIN = (
    "ThreatIntelligenceIndicator | where TimeGenerated > ago(14d) and isnotempty(NetworkIP) "
    "| summarize count() by NetworkIP | sort by NetworkIP asc"
)


def test_a_feed_is_stored_once_a_day(tmp_path: Path) -> None:
    feed, lake = tmp_path / "feed.csv", tmp_path / "lake"
    feed.write_text("ip,confidence,description\n203.0.113.9,80,seen with a loader\n198.51.100.7,60,\n", "utf-8")
    stored = store_indicators(lake, [feed], NOW)
    assert stored["ThreatIntelligenceIndicator"] == 2
    assert store_indicators(lake, [feed], NOW + timedelta(hours=3)) == {}
    assert store_indicators(lake, [feed], NOW + timedelta(days=1))["ThreatIntelligenceIndicator"] == 2
    with bluetick.connect(lake=lake, schemas="sentinel", now=NOW + timedelta(days=1, hours=1)) as session:
        assert list(session.query(JOIN).rows()) == [("198.51.100.7", 2), ("203.0.113.9", 2)]
