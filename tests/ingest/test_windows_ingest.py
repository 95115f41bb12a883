"""Windows events through a whole ingest, and processes that started in one and act in another."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bluetick
from bluetick.ingest import batches, pipeline, windows
from bluetick.ingest.running import Options, Report, ingest_paths
from bluetick.ingest.windows import StoredProcesses, joined
from bluetick.lake.layout import PROCESSES as PROCESS_FOLDER
from bluetick.lake.layout import UNLISTED
from bluetick.sources.windows import PROCESSES

NOW = datetime(2024, 3, 26, tzinfo=UTC)
START = datetime(2024, 3, 12, 18, 40, 48, tzinfo=UTC)
DAY = 86_400


def guid(process: int, second: int = 0) -> str:
    seconds = int(START.timestamp()) + second
    return f"0a1b2c3d-{seconds & 0xFFFF:04x}-{seconds >> 16:04x}-{process:04x}-000000000300"


def sysmon(event_id: int, time: datetime, key: str, data: Mapping[str, str]) -> dict[str, Any]:
    return {
        "EventID": event_id,
        "Hostname": "pc1",
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "UtcTime": time.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
        "ProcessGuid": f"{{{key}}}",
        "ProcessId": "4711",
        "Image": "C:\\Tools\\sync.exe",
        **data,
    }


def creation(process: int, second: int = 0) -> dict[str, Any]:
    time = START + timedelta(seconds=second, milliseconds=125)
    data = {"CommandLine": f"sync.exe {process}", "Hashes": "SHA256=" + f"{process:02x}" * 32}
    return sysmon(1, time, guid(process, second), data)


def connection(process: int, second: int = 0, port: int = 443) -> dict[str, Any]:
    ends = {"SourceIp": "10.9.8.7", "DestinationIp": "93.184.216.34", "DestinationPort": str(port)}
    data = {"Protocol": "tcp", "Initiated": "true", **ends}
    return sysmon(3, NOW - timedelta(hours=1), guid(process, second), data)


def ingest(folder: Path, *records: dict[str, Any]) -> Report:
    folder.mkdir(exist_ok=True)
    path = folder / f"{len(list(folder.glob('*.json')))}.json"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    lake = folder / "lake"
    return ingest_paths([path], lake, Options(now=lambda: NOW))


def test_a_process_acts_long_after_its_start_was_ingested(tmp_path: Path) -> None:
    ingest(tmp_path, *(creation(process, DAY * process) for process in range(3)))
    report = ingest(tmp_path, connection(1, DAY), connection(9))
    assert (report.tally.input, report.tally.stored) == (2, 2)
    with bluetick.connect(lake=tmp_path / "lake") as session:
        query = "DeviceNetworkEvents | project InitiatingProcessCommandLine, InitiatingProcessSHA256"
        found = sorted(session.query(query).rows())
        minutes = list(session.query("VMConnection | project RemoteIp, LinksEstablished").rows())
    # The second is of no known process: the hash of its image is that of the process that started last before.
    assert found == [("", "02" * 32), ("sync.exe 1", "01" * 32)]
    assert minutes == [("93.184.216.34", 2)]


def test_only_files_of_the_starts_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest(tmp_path, *(creation(process, DAY * process) for process in range(5)))
    read: list[list[str]] = []
    whole = windows._read

    def watched(files: list[str], condition: Any) -> pa.Table:
        read.append(files)
        found: pa.Table = whole(files, condition)
        return found

    monkeypatch.setattr(windows, "_read", watched)
    stored = StoredProcesses(tmp_path / "lake")
    start = int(START.timestamp() + 3 * DAY) * 1_000_000
    found = stored.starts({guid(3, 3 * DAY): start, guid(8, 3 * DAY): start, guid(9): None})
    assert found["ProcessUniqueId"].to_pylist() == [guid(3, 3 * DAY)]
    assert [len(files) for files in read] == [1]
    assert stored.starts({guid(7, 40 * DAY): start + 37 * DAY * 1_000_000}).num_rows == 0
    assert len(read) == 1


def test_a_lake_without_processes_knows_none(tmp_path: Path) -> None:
    stored = StoredProcesses(tmp_path)
    assert stored.starts({guid(1): 0}).num_rows == stored.latest().num_rows == 0
    assert stored.latest().schema.names == [name for name, _ in PROCESSES.columns]


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 50)), max_size=200))
def test_joined_ranges_hold_all_of_the_given_and_are_few(pairs: list[tuple[int, int]]) -> None:
    given_ranges = [(low, low + width) for low, width in pairs]
    found = joined(given_ranges)
    assert len(found) <= 64
    assert all(before[1] < after[0] for before, after in pairwise(found))
    for low, high in given_ranges:
        assert any(begin <= low and high <= end for begin, end in found)
    assert {begin for begin, _ in found} <= {low for low, _ in given_ranges}


def test_the_table_of_process_starts_has_one_name(tmp_path: Path) -> None:
    ingest(tmp_path, creation(1))
    assert PROCESSES.name == PROCESS_FOLDER
    assert PROCESS_FOLDER in UNLISTED
    with bluetick.connect(lake=tmp_path / "lake") as session:
        assert list(session.query("_Processes | project ProcessCommandLine").rows()) == [("sync.exe 1",)]


class Killed(Exception):
    """Ends an ingest where it stands."""


@pytest.mark.parametrize("blocks", [1, 2, 3, 5])
def test_rows_that_are_held_back_outlive_a_killed_ingest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blocks: int
) -> None:
    monkeypatch.setattr(pipeline, "BLOCK_BYTES", 400)
    monkeypatch.setattr(batches, "MAX_ROWS", 1)
    path, lake = tmp_path / "events.json", tmp_path / "lake"
    path.write_text("".join(json.dumps(connection(1, port=port)) + "\n" for port in range(1, 9)))
    seen: list[int] = []

    def advance(*_: object) -> None:
        seen.append(1)
        if len(seen) == blocks:
            raise Killed

    with pytest.raises(Killed):
        ingest_paths([path], lake, Options(now=lambda: NOW, advance=advance))
    ingest_paths([path], lake, Options(now=lambda: NOW))
    with bluetick.connect(lake=lake) as session:
        found = list(session.query("VMConnection | summarize sum(LinksEstablished), dcount(DestinationPort)").rows())
    assert found == [(8, 8)]
