"""On recorded Sysmon events, both documents run as of the newest event and the account says why (issue 2, line g).

What is expected here was counted in the file itself, and with the reference, not read off the project's answers.
"""

import gzip
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import bluetick
from bluetick.detections.runs import DetectionRun, newest_instant, query_request, run_detection
from bluetick.enrichment.rows import Enricher
from bluetick.ingest.batches import Tally
from bluetick.ingest.running import Options, ingest_paths
from bluetick.schema.packs import PackName
from founding.documents import LONG_RUNNING, RARE_COUNTRIES, SHARED, founding_document
from founding.reference import in_scope, long_running, rare_countries
from founding.runs import GivenProfiles

NETWORK_LINES = 7_097
PACKS: Mapping[str, PackName] = {"VMConnection": "sentinel"}


@pytest.fixture(scope="module")
def path() -> Path:
    found = SHARED / "data" / "otrf" / "sysmon.ndjson.gz"
    if not found.exists():
        pytest.skip("the recorded events are not here: ../shared/data/otrf, beside the repository")
    return found


class NumberedCountries:
    """A country for every public address, so that the rule on countries has something to look at."""

    version = "numbered"

    def countries(self, ips: Sequence[str]) -> list[str]:
        return [f"Country {int(ip.split('.', maxsplit=1)[0]) % 7}" if "." in ip else "" for ip in ips]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What an ingest made of the events."""

    lake: Path
    tally: Tally

    def rows(self, table: str) -> list[dict[str, Any]]:
        """A table under the names of the pack whose documents read it."""
        with bluetick.connect(lake=self.lake, schemas=PACKS.get(table, "defender")) as session:
            found: list[dict[str, Any]] = session.query(table).to_arrow().to_pylist()
        return found


def _ingested(path: Path, lake: Path, enricher: Enricher) -> Recorded:
    return Recorded(lake, ingest_paths([path], lake, Options(enrichment=enricher)).tally)


@pytest.fixture(scope="module")
def recorded(path: Path, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return _ingested(path, tmp_path_factory.mktemp("recorded"), Enricher(NumberedCountries()))


def _event_ids(path: Path) -> Counter[str]:
    """Lines by Sysmon's event number, found without the project's readers: the collectors spell it in several ways."""
    found: Counter[str] = Counter()
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            found[str(_event_id(json.loads(line)))] += 1
    return found


def _event_id(record: Any) -> Any:
    if isinstance(record, dict):
        for key in ("EventID", "event_id", "EventId"):
            if isinstance(record.get(key), int | str):
                return record[key]
        for value in record.values():
            if (inner := _event_id(value)) is not None:
                return inner
    return None


def test_every_network_line_is_a_row_or_counted(path: Path, recorded: Recorded) -> None:
    lines = _event_ids(path)
    assert lines["3"] == NETWORK_LINES
    tally = recorded.tally
    assert tally.input == tally.stored + tally.duplicates + tally.quarantined
    assert tally.input == sum(lines.values())
    with gzip.open(path) as stream:
        assert tally.bytes["input"] == len(stream.read())
    lost = tally.duplicates + tally.quarantined
    connections = len(recorded.rows("DeviceNetworkEvents"))
    others = sum(len(recorded.rows(table)) for table in ("DeviceProcessEvents", "DeviceEvents"))
    assert connections + others + lost == sum(lines.values())
    assert NETWORK_LINES - lost <= connections <= NETWORK_LINES


def test_minutes_hold_every_connection_over_tcp_and_ipv4(recorded: Recorded) -> None:
    kept = NETWORK_LINES - recorded.tally.notes["not in VMConnection: not TCP over IPv4"]
    established = sum(row["LinksEstablished"] for row in recorded.rows("VMConnection"))
    assert established == kept


def _run(recorded: Recorded, number: str) -> DetectionRun:
    detection = founding_document(number)
    profiles = GivenProfiles({})
    with bluetick.connect(lake=recorded.lake, profiles=profiles) as session:
        return run_detection(session, detection, now=newest_instant(session, detection))


@pytest.mark.parametrize(
    ("number", "table", "time"),
    [(RARE_COUNTRIES, "VMConnection", "TimeGenerated"), (LONG_RUNNING, "DeviceNetworkEvents", "Timestamp")],
)
def test_both_documents_run_and_the_account_counts_every_row(
    recorded: Recorded, number: str, table: str, time: str
) -> None:
    rows = recorded.rows(table)
    run = _run(recorded, number)
    lookback = run.detection.lookback
    assert max(row[time] for row in rows) < run.now
    expected = rare_countries(rows, run.now, lookback) if number == RARE_COUNTRIES else long_running(rows, {}, run.now)
    assert run.rows == expected
    (count,) = run.account.tables
    assert (count.name, count.rows) == (table, len(rows))
    assert count.in_scope == len(in_scope(rows, time, run.now, lookback))
    for stage in run.account.stages:
        for before, after in zip(stage.filters, stage.filters[1:], strict=False):
            assert after.before == before.after, stage
    lines = run.account.lines()
    assert any(re.match(rf"{table} \(version \d+\): {len(rows):,} rows", line) for line in lines)
    assert len([line for line in lines if line == run.account.verdict]) == 1


def test_without_countries_nothing_could_match(path: Path, tmp_path: Path) -> None:
    run = _run(_ingested(path, tmp_path, Enricher()), RARE_COUNTRIES)
    assert run.rows == []
    assert run.account.verdict.startswith("0 rows because nothing could match")
    assert "isnotempty(RemoteCountry)" in run.account.verdict


def test_the_hunt_says_which_filter_took_the_last_rows(recorded: Recorded) -> None:
    """The lab's hosts talked to each other: of the rows with a hash in the last 30 days, none is to a public address
    with a process of 10 days."""
    run = _run(recorded, LONG_RUNNING)
    assert run.rows == []
    assert run.account.verdict.startswith("0 rows because nothing matched")
    assert 'RemoteIPType == "Public"' in run.account.verdict


def test_past_instants_give_the_rows_of_the_reference(recorded: Recorded) -> None:
    """As of the newest event of every month of the recordings, with every file known to be rare."""
    countries, hunt = founding_document(RARE_COUNTRIES), founding_document(LONG_RUNNING)
    buckets = recorded.rows("VMConnection")
    events = recorded.rows("DeviceNetworkEvents")
    files = {row["InitiatingProcessSHA256"] for row in events} - {""}
    profiles = {file: {"ProfileAvailability": "Available", "GlobalPrevalence": 1} for file in files}
    newest = {(row["Timestamp"].year, row["Timestamp"].month): row["Timestamp"] for row in sorted(events, key=_time)}
    found: Counter[str] = Counter()
    with bluetick.connect(lake=recorded.lake, profiles=GivenProfiles(profiles)) as session:
        for last in newest.values():
            now = last + timedelta(minutes=1)
            for detection, expected in (
                (countries, rare_countries(buckets, now, countries.lookback)),
                (hunt, long_running(events, profiles, now)),
            ):
                assert list(session.run(query_request(detection, now))[-1].rows()) == expected, now
                found[detection.name] += len(expected)
    assert found[countries.name] > 0


def _time(row: dict[str, Any]) -> datetime:
    moment: datetime = row["Timestamp"]
    return moment
