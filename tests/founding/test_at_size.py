"""On a simulated month, both documents give the rows of hand-written SQL, and the same bytes every time (line b)."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

import bluetick
from bluetick.detections.runs import query_request
from bluetick.simulation import simulate
from founding.documents import LONG_RUNNING, RARE_COUNTRIES, founding_document

END = datetime(2026, 6, 18, 12, tzinfo=UTC)
# The end of the data, and instants inside it: what comes after them must not be read.
INSTANTS = (END, END - timedelta(hours=9, minutes=30), END - timedelta(days=6, seconds=1))
BY_HAND = {
    name: (Path(__file__).parent / "by_hand" / file).read_text("utf-8")
    for name, file in ((RARE_COUNTRIES, "rare_countries.sql"), (LONG_RUNNING, "long_running.sql"))
}


@dataclass(frozen=True, slots=True)
class Month:
    """A folder of simulated tables."""

    folder: Path

    def files(self, table: str) -> str:
        return str(self.folder / table / "*.parquet")

    @property
    def profiles(self) -> Path:
        return self.folder / "profiles.parquet"

    def session(self) -> bluetick.Session:
        return bluetick.connect(
            tables={table: self.files(table) for table in ("VMConnection", "DeviceNetworkEvents")},
            profiles=self.profiles,
            threads=2,
        )

    def by_hand(self, number: str, now: datetime) -> list[tuple[Any, ...]]:
        with duckdb.connect() as sql:
            sql.execute("SET TimeZone = 'UTC'")
            for view, files in (
                ("buckets", self.files("VMConnection")),
                ("events", self.files("DeviceNetworkEvents")),
                ("profiles", str(self.profiles)),
            ):
                sql.read_parquet(files).create_view(view)
            table = sql.sql(BY_HAND[number], params={"now": now}).to_arrow_table()
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _simulated(folder: Path, rows: int, devices: int) -> Month:
    report = simulate(folder, end=END, rows=rows, devices=devices)
    assert min(report.rows.values()) > 0.9 * rows
    return Month(folder)


# A believable month has few findings and hardly a tie. The same rows, crowded: six hours become one instant, half the
# countries are new each hour, files are told apart by device, devices share names, and every process is old.
_CROWDED_BUCKETS = """
    SELECT * REPLACE (CASE WHEN length(DestinationIp) % 2 = 0 AND RemoteCountry <> ''
                           THEN RemoteCountry || strftime(TimeGenerated, ' %d %H') ELSE RemoteCountry END
                      AS RemoteCountry)
    FROM read_parquet($files)
"""
_CROWDED_EVENTS = """
    SELECT * REPLACE (
        to_timestamp(floor(epoch(Timestamp) / 21600) * 21600) AS Timestamp,
        InitiatingProcessCreationTime - INTERVAL 20 DAY AS InitiatingProcessCreationTime,
        CASE WHEN InitiatingProcessSHA256 = '' THEN '' ELSE sha256(InitiatingProcessSHA256 || DeviceId[1]) END
            AS InitiatingProcessSHA256,
        DeviceId[1] || ascii(DeviceId[2]) % 6 AS DeviceId,
        left(DeviceName, 6) AS DeviceName,
        CASE WHEN ascii(DeviceId[1]) % 2 = 0 THEN left(RemoteUrl, 4) ELSE '' END AS RemoteUrl)
    FROM read_parquet($files)
"""
_PROFILES = """
    SELECT InitiatingProcessSHA256 AS SHA256, left(sha256(InitiatingProcessSHA256), 40) AS SHA1, 17::BIGINT AS FileSize,
           NULL::VARCHAR AS MD5, row_number() OVER (ORDER BY InitiatingProcessSHA256) % 25 AS GlobalPrevalence,
           NULL::TIMESTAMPTZ AS GlobalFirstSeen, NULL::TIMESTAMPTZ AS GlobalLastSeen, NULL::VARCHAR AS Signer,
           NULL::VARCHAR AS Issuer, NULL::VARCHAR AS SignerHash, NULL::BOOLEAN AS IsCertificateValid,
           NULL::BOOLEAN AS IsRootSignerMicrosoft, 'Unknown' AS SignatureState, TRUE AS IsExecutable,
           NULL::VARCHAR AS ThreatName, NULL::VARCHAR AS Publisher, NULL::VARCHAR AS SoftwareName
    FROM (SELECT DISTINCT InitiatingProcessSHA256 FROM read_parquet($files) WHERE InitiatingProcessSHA256 <> '')
"""


def _crowded(month: Month, folder: Path) -> Month:
    crowded = Month(folder)
    with duckdb.connect() as sql:
        sql.execute("SET TimeZone = 'UTC'")
        for table, query in (("VMConnection", _CROWDED_BUCKETS), ("DeviceNetworkEvents", _CROWDED_EVENTS)):
            (folder / table).mkdir()
            out = str(folder / table / "all.parquet")
            sql.sql(query, params={"files": month.files(table)}).write_parquet(out)
        files = crowded.files("DeviceNetworkEvents")
        sql.sql(_PROFILES, params={"files": files}).write_parquet(str(crowded.profiles))
    return crowded


@pytest.fixture(scope="module", params=[(200_000, 40), pytest.param((2_000_000, 200), marks=pytest.mark.slow)])
def month(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Month:
    return _simulated(tmp_path_factory.mktemp("month"), *request.param)


@pytest.fixture(scope="module")
def crowded(month: Month, tmp_path_factory: pytest.TempPathFactory) -> Month:
    return _crowded(month, tmp_path_factory.mktemp("crowded"))


DOCUMENTS = pytest.mark.parametrize("number", [RARE_COUNTRIES, LONG_RUNNING])


def _compare(month: Month, number: str) -> list[int]:
    """The number of rows at each instant, after they were found equal to those of the SQL by hand."""
    detection = founding_document(number)
    counts = []
    with month.session() as session:
        for now in INSTANTS:
            expected = month.by_hand(number, now)
            assert list(session.run(query_request(detection, now))[-1].rows()) == expected, now
            counts.append(len(expected))
    return counts


@DOCUMENTS
def test_rows_are_those_of_sql_by_hand(month: Month, number: str) -> None:
    assert sum(_compare(month, number)) > 0, "three empty results prove nothing"


@DOCUMENTS
def test_rows_are_those_of_sql_by_hand_where_ties_are_many(crowded: Month, number: str) -> None:
    assert min(_compare(crowded, number)) >= 20


@DOCUMENTS
def test_five_runs_on_two_threads_give_the_same_bytes(crowded: Month, number: str) -> None:
    """As text: an Arrow buffer may hold anything where a value is null."""
    detection = founding_document(number)
    seen = set()
    for _ in range(5):
        with crowded.session() as session:
            result = session.run(query_request(detection, END))[-1]
            seen.add(json.dumps([result.columns, list(result.rows())], default=str))
    assert len(seen) == 1
