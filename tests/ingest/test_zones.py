"""Zones that no clock has: a time with one is no time, whichever way a format reads it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

import bluetick
from bluetick.ingest.formats import read_format
from bluetick.ingest.running import Options, ingest_paths

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MIDNIGHT = "2026-02-03T00:00:00"
# What RFC 3339 makes of them: the instant is the clock's time less the offset.
BELIEVED = {
    "Z": datetime(2026, 2, 3, tzinfo=UTC),
    "+14:00": datetime(2026, 2, 2, 10, tzinfo=UTC),
    "-1200": datetime(2026, 2, 3, 12, tzinfo=UTC),
    ".5+05:30": datetime(2026, 2, 2, 18, 30, 0, 500_000, tzinfo=UTC),
    " America/Port-au-Prince": datetime(2026, 2, 3, 5, tzinfo=UTC),  # no summer time in winter
}
REFUSED = ("+25:00", "-24:00", "+18:01", "+99", "+05:75", "+2500")


@pytest.mark.parametrize(("time", "reason"), [("at", "'at' is no datetime"), ("todatetime(at)", "no Timestamp")])
def test_a_time_in_a_zone_that_cannot_be_is_kept_aside(tmp_path: Path, time: str, reason: str) -> None:
    (tmp_path / "map.yaml").write_text(
        f"DeviceInfo:\n  columns: {{Timestamp: {time}, DeviceName: zone}}\n", encoding="utf-8"
    )
    lines = [f'{{"zone": "{zone}", "at": "{MIDNIGHT}{zone}"}}\n' for zone in (*BELIEVED, *REFUSED)]
    (tmp_path / "log").write_text("".join(lines), encoding="utf-8")
    options = Options(now=lambda: NOW, formats=(read_format(tmp_path / "map.yaml"),), is_mapped=True, threads=1)

    tally = ingest_paths([tmp_path / "log"], tmp_path / "lake", options).tally

    assert tally.reasons == {reason: len(REFUSED)}
    found = bluetick.connect(lake=tmp_path / "lake").query("DeviceInfo | project DeviceName, Timestamp")
    assert dict(found.rows()) == BELIEVED
