"""What the account of a run says of columns that the sources of its rows cannot give."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from founding.documents import LONG_RUNNING, founding_document

import bluetick
from bluetick.detections.lacks import Lack
from bluetick.detections.model import Detection, QueryPlace
from bluetick.detections.runs import DetectionRun, run_detection
from bluetick.diagnostics import Span
from bluetick.ingest.running import Options, ingest_paths
from bluetick.lake.maintenance import history

NOON = datetime(2026, 6, 18, 12, tzinfo=UTC)
NOW = NOON + timedelta(hours=1)
PACKETS = "the sensor sees packets, not processes"


def zeek(folder: Path, start: datetime = NOON) -> Path:
    path = folder / "conn.log"
    flow: dict[str, Any] = {"ts": start.timestamp(), "uid": "C1", "proto": "tcp", "conn_state": "SF"}
    ends = {"id.orig_h": "10.0.0.1", "id.orig_p": 50000, "id.resp_h": "8.8.8.8", "id.resp_p": 443}
    path.write_text(json.dumps({**flow, **ends, "orig_bytes": 1, "resp_bytes": 2}) + "\n")
    return path


def sysmon(folder: Path) -> Path:
    path = folder / "sysmon.json"
    event = {
        "EventID": 3,
        "Hostname": "pc1",
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "RecordNumber": 1,
        "UtcTime": "2026-06-18 12:00:00.000",
        "ProcessGuid": "{00000000-0000-0000-0000-000000000001}",
        "ProcessId": "4",
        "Image": "C:\\a.exe",
        "Protocol": "tcp",
        "Initiated": "true",
        "SourceIp": "10.0.0.1",
        "SourcePort": "50000",
        "DestinationIp": "8.8.8.8",
        "DestinationPort": "443",
    }
    path.write_text(json.dumps(event) + "\n")
    return path


def detection(query: str) -> Detection:
    place = QueryPlace("rule.kql", Span(0, len(query)), 1, ())
    return Detection(
        id="r", id_derived=True, name="rule", query=query, place=place, lookback=timedelta(hours=6), schemas="sentinel"
    )


def run(lake: Path, rule: Detection, now: datetime = NOW) -> DetectionRun:
    with bluetick.connect(lake=lake, profiles="local") as session:
        return run_detection(session, rule, now=now)


def ingested(folder: Path, *paths: Path) -> Path:
    ingest_paths(paths, folder / "lake", Options(now=lambda: NOW))
    return folder / "lake"


def columns(lacks: Sequence[Lack]) -> set[str]:
    return {lack.column for lack in lacks}


def test_the_founding_document_over_a_network_sensor_alone_says_why_it_is_empty(tmp_path: Path) -> None:
    found = run(ingested(tmp_path, zeek(tmp_path)), founding_document(LONG_RUNNING))
    assert found.rows == []
    told = {(lack.column, lack.sources, lack.reason, lack.is_everywhere) for lack in found.account.lacks}
    assert {
        ("InitiatingProcessSHA256", ("zeek",), PACKETS, True),
        ("InitiatingProcessCreationTime", ("zeek",), PACKETS, True),
    } <= told
    warning = next(line for line in found.account.warnings if "InitiatingProcessSHA256" in line)
    assert "zeek" in warning
    assert PACKETS in warning
    assert f"warning: {warning}" in found.account.lines()
    assert found.account.verdict.startswith("0 rows because nothing could match: ")
    assert PACKETS in found.account.verdict


def test_only_columns_that_the_query_reads_are_told(tmp_path: Path) -> None:
    lake = ingested(tmp_path, zeek(tmp_path))
    assert run(lake, detection("DeviceNetworkEvents | project RemoteIP")).account.lacks == ()
    found = run(lake, detection("DeviceNetworkEvents | where InitiatingProcessFileName == 'a' | project RemoteIP"))
    assert found.account.lacks == (Lack("DeviceNetworkEvents", "InitiatingProcessFileName", ("zeek",), PACKETS, True),)
    assert found.account.to_json()["lacks"] == [
        {
            "table": "DeviceNetworkEvents",
            "column": "InitiatingProcessFileName",
            "sources": ["zeek"],
            "reason": PACKETS,
            "all_sources": True,
        }
    ]
    assert found.account.verdict.endswith(
        f"InitiatingProcessFileName of DeviceNetworkEvents is in no row from zeek: {PACKETS}"
    )


def test_a_source_beside_one_that_has_the_column_is_a_note_not_a_warning(tmp_path: Path) -> None:
    lake = ingested(tmp_path, zeek(tmp_path), sysmon(tmp_path))
    found = run(lake, detection("DeviceNetworkEvents | project InitiatingProcessFileName"))
    assert found.account.lacks == (Lack("DeviceNetworkEvents", "InitiatingProcessFileName", ("zeek",), PACKETS, False),)
    assert not any("InitiatingProcess" in line for line in found.account.warnings)
    assert any(line.startswith("note: InitiatingProcessFileName of") for line in found.account.lines())


def test_a_source_without_rows_in_the_scope_is_not_told(tmp_path: Path) -> None:
    lake = ingested(tmp_path, zeek(tmp_path, NOON - timedelta(days=3)), sysmon(tmp_path))
    rule = detection("DeviceNetworkEvents | project InitiatingProcessFileName")
    assert run(lake, rule).account.lacks == ()
    assert columns(run(lake, rule, NOON - timedelta(days=3, hours=-1)).account.lacks) == {"InitiatingProcessFileName"}


@pytest.mark.parametrize(
    ("column", "is_everywhere", "words"),
    [("BytesSent", True, "before any byte"), ("LinksEstablished", False, "starts are counted, not active minutes")],
)
def test_sysmon_counts_starts_and_no_bytes(tmp_path: Path, column: str, is_everywhere: bool, words: str) -> None:
    found = run(ingested(tmp_path, sysmon(tmp_path)), detection(f"VMConnection | summarize sum({column})"))
    [lack] = [lack for lack in found.account.lacks if lack.column == column]
    assert (lack.sources, lack.is_everywhere) == (("windows",), is_everywhere)
    assert words in lack.reason


def test_a_verdict_names_what_filters_ask_for_alone(tmp_path: Path) -> None:
    lake = ingested(tmp_path, sysmon(tmp_path))
    text = "VMConnection | where Computer == 'nobody' {} | summarize sum(BytesSent) by Computer"
    assert "BytesSent" not in run(lake, detection(text.format(""))).account.verdict
    assert "before any byte" in run(lake, detection(text.format("and BytesSent > 0"))).account.verdict


def test_no_lake_no_lacks(tmp_path: Path) -> None:
    lake = ingested(tmp_path, zeek(tmp_path))
    files = str(lake / "DeviceNetworkEvents")
    with bluetick.connect(tables={"DeviceNetworkEvents": files}) as session:
        rule = detection("DeviceNetworkEvents | project InitiatingProcessFileName")
        assert run_detection(session, rule, now=NOW).account.lacks == ()


def test_a_query_without_a_table_runs_beside_a_lake(tmp_path: Path) -> None:
    found = run(ingested(tmp_path, zeek(tmp_path)), detection("print a = 1"))
    assert found.rows == [(1,)]
    assert found.account.lacks == ()


def test_a_version_that_the_fill_rates_never_had_does_not_fail_the_run(tmp_path: Path) -> None:
    """The rows have a commit more than the rates, of which nothing was derived."""
    lake = ingested(tmp_path, zeek(tmp_path))
    newest = history(lake / "_Fill", 1)[0].version
    later = zeek(tmp_path, NOON + timedelta(seconds=1))
    ingest_paths([later], lake, Options(now=lambda: NOW, derive=lambda *_: ()))
    with bluetick.connect(lake=lake, as_of=newest + 1) as session:
        found = run_detection(session, detection("DeviceNetworkEvents | project InitiatingProcessFileName"), now=NOW)
    assert len(found.rows) == 2
    assert found.account.lacks == ()
