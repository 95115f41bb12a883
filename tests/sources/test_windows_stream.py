"""Windows events block by block: the same rows for every way to cut a recording, at bounded memory."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from windows_records import Row, block_of, rows_of

from bluetick.sources.records import Normalised
from bluetick.sources.windows import PROCESSES, WindowsEvents
from bluetick.sources.windows.memory import Limits
from bluetick.sources.windows.recent import Recent, SeenRecords

BEGIN = datetime(2024, 3, 25, 9, 30, tzinfo=UTC)
GUID = "{{0a1b2c3d-a1b0-65f0-{:04x}-000000000300}}"
TABLES = ("DeviceNetworkEvents", "DeviceProcessEvents", "DeviceEvents", "WindowsEvent", "VMConnection", PROCESSES.name)


def sysmon(event_id: int, second: int, process: int, **data: str) -> Row:
    return {
        "EventID": event_id,
        "Hostname": "pc1",
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "@timestamp": (BEGIN + timedelta(seconds=second)).isoformat(),
        "UtcTime": (BEGIN + timedelta(seconds=second)).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
        "ProcessGuid": GUID.format(process),
        "ProcessId": str(1000 + process),
        "Image": f"C:\\Tools\\{process}.exe",
        **data,
    }


def connection(second: int, process: int = 1, peer: int = 1, **data: str) -> Row:
    ends = {"SourceIp": "10.9.8.7", "SourcePort": str(50_000 + second), "DestinationIp": f"93.184.216.{peer}"}
    return sysmon(3, second, process, Protocol="tcp", Initiated="true", DestinationPort="443", **{**ends, **data})


def creation(second: int, process: int) -> Row:
    return sysmon(1, second, process, CommandLine=f"{process}.exe /run", Hashes="SHA256=" + f"{process:02x}" * 32)


def query(second: int, process: int, peer: int) -> Row:
    answers = f"::ffff:93.184.216.{peer};"
    return sysmon(22, second, process, QueryName=f"peer{peer}.example.com", QueryStatus="0", QueryResults=answers)


def other(second: int) -> Row:
    return {
        "EventID": 7036,
        "Hostname": "pc1",
        "Channel": "System",
        "@timestamp": (BEGIN + timedelta(seconds=second)).isoformat(),
        "param1": f"service {second}",
    }


@st.composite
def recordings(draw: st.DrawFn) -> list[Row]:
    """A recording in order of time, in which a process starts and asks for names before it connects."""
    seconds = sorted(draw(st.lists(st.integers(1, 400), min_size=1, max_size=40)))
    records = [creation(0, process) for process in (1, 2)]
    records += [query(0, 1, peer) for peer in (1, 2)]
    for second in seconds:
        process, peer = draw(st.integers(1, 3)), draw(st.integers(1, 2))
        records.append(draw(st.sampled_from((connection(second, process, peer), other(second)))))
    return records


def normalised(blocks: Sequence[Sequence[Row]], **options: Any) -> list[Normalised]:
    normaliser = WindowsEvents(**options)
    return [*(normaliser.normalise(block_of(block)) for block in blocks), normaliser.finish()]


def counted(parts: Sequence[Normalised], table: str) -> Counter[str]:
    return Counter(repr(sorted(row.items())) for row in rows_of(parts, table))


@settings(max_examples=60, deadline=None)
@given(recordings(), st.lists(st.integers(0, 44), max_size=6))
def test_every_way_to_cut_a_recording_gives_the_same_rows(records: list[Row], places: list[int]) -> None:
    cuts = sorted({0, len(records), *(place for place in places if place < len(records))})
    whole = normalised([records])
    parts = normalised([records[low:high] for low, high in pairwise(cuts)])
    for table in TABLES:
        assert counted(parts, table) == counted(whole, table), table
    assert sum(len(part.duplicates) for part in parts) == len(whole[0].duplicates)


def test_a_minute_is_given_out_when_later_times_come() -> None:
    normaliser = WindowsEvents()
    first = normaliser.normalise(block_of([connection(1), connection(59)]))
    assert rows_of([first], "VMConnection") == []
    second = normaliser.normalise(block_of([connection(30, SourcePort="1"), connection(61)]))
    assert rows_of([second], "VMConnection") == []
    third = normaliser.normalise(block_of([connection(62)]))
    assert [row["LinksEstablished"] for row in rows_of([third], "VMConnection")] == [3]
    assert [row["LinksEstablished"] for row in rows_of([normaliser.finish()], "VMConnection")] == [2]
    assert normaliser.finish().tables == {}


def test_another_normaliser_goes_on_with_what_was_held_back() -> None:
    before = WindowsEvents()
    before.normalise(block_of([query(0, 1, 1), connection(1)]))
    after = WindowsEvents(held=before.held)
    after.normalise(block_of([connection(2)]))
    (row,) = rows_of([after.finish()], "VMConnection")
    assert (row["LinksEstablished"], row["RemoteDnsQuestions"]) == (2, '["peer1.example.com"]')


def test_minutes_held_back_are_bounded() -> None:
    limits = Limits(minutes=5)
    normaliser = WindowsEvents(limits=limits)
    records = [connection(60 * minute, peer=minute + 1) for minute in range(20)]
    (part,) = [normaliser.normalise(block_of(records))]
    given = rows_of([part], "VMConnection")
    assert [row["TimeGenerated"] for row in given] == [BEGIN + timedelta(minutes=minute) for minute in range(15)]
    assert len(rows_of([normaliser.finish()], "VMConnection")) == 5


class StoredStarts:
    """A lookup of one earlier block's process starts, which remembers what it was asked."""

    def __init__(self, records: Sequence[Row]) -> None:
        (part, _) = normalised([records])
        self.table = part.tables[PROCESSES.name]
        self.asked: list[Mapping[str, int | None]] = []

    def starts(self, guids: Mapping[str, int | None]) -> pa.Table:
        self.asked.append(guids)
        return self.table


def test_a_process_that_started_in_an_earlier_ingest_is_looked_up_once() -> None:
    stored = StoredStarts([creation(0, 1)])
    parts = normalised(
        [[connection(1), connection(2, process=2)], [connection(3), connection(4, process=2)]], lookup=stored
    )
    found = [(row["InitiatingProcessId"], row["InitiatingProcessCommandLine"]) for row in rows_of(parts, TABLES[0])]
    assert found == [(1001, "1.exe /run"), (1002, ""), (1001, "1.exe /run"), (1002, "")]
    # 0x65f0a1b0 seconds after 1970: the start that the GUID holds.
    start = int(datetime(2024, 3, 12, 18, 40, 48, tzinfo=UTC).timestamp()) * 1_000_000
    assert stored.asked == [{GUID.format(process).strip("{}"): start for process in (1, 2)}]


def test_stored_starts_lend_all_that_a_start_of_the_same_block_does() -> None:
    stored = StoredStarts([creation(0, 1)])
    apart = rows_of(normalised([[connection(1)]], lookup=stored), "DeviceNetworkEvents")
    assert apart == rows_of(normalised([[creation(0, 1), connection(1)]]), "DeviceNetworkEvents")
    known = rows_of(normalised([[connection(1)]], known_processes=stored.table), "DeviceNetworkEvents")
    assert apart == known


def test_duplicates_are_found_over_blocks_and_told_by_place() -> None:
    parts = normalised([[connection(1), connection(2)], [connection(3), connection(2), connection(1), other(1)]])
    assert [part.duplicates for part in parts] == [frozenset(), {1, 2}, frozenset()]


def test_faults_are_told_by_place_and_those_of_the_container_stay() -> None:
    block = block_of([connection(1), b"{", b'{"a":1,"a":2}', b'{"a":12345678901234567890123}', connection(2)])
    faulty = type(block)(block.number, block.raw, block.text, block.offsets, {4: "longer than 16 bytes"})
    part = WindowsEvents().normalise(faulty)
    assert part.faults == {
        1: "not JSON",
        2: "a name is given twice in one JSON object",
        3: "not a Windows event in a known layout",
        4: "longer than 16 bytes",
    }
    assert part.tables["DeviceNetworkEvents"].num_rows == 1


def test_memory_forgets_what_was_not_used_for_long() -> None:
    memory: Recent[int, str] = Recent(10)
    memory.put(0, "zero")
    for key in range(1, 100):
        memory.put(key, "")
        assert memory.get(0) == "zero"
        assert len(memory) <= 20
    assert memory.get(1) is None


def test_records_of_one_content_differ_by_number() -> None:
    seen = SeenRecords(10)
    assert [seen.is_duplicate("x", 5, number) for number in (1, 2, 1, None)] == [False, False, True, True]
    assert not seen.is_duplicate("x", 6, 1)


@pytest.mark.parametrize("depth", [50, 200, 400, 600, 900, 1_100, 100_000])
def test_a_record_of_any_depth_is_kept_or_at_fault(depth: int) -> None:
    deep = json.dumps(other(1)).replace('"service 1"', "[" * depth + "]" * depth).encode()
    part = WindowsEvents().normalise(block_of([deep, connection(1)]))
    kept = rows_of([part], "WindowsEvent")
    assert (len(kept), part.faults) in ((1, {}), (0, {0: "nested too deep"}))
    assert not kept or json.loads(kept[0]["EventData"])["param1"] is not None
    assert part.tables["DeviceNetworkEvents"].num_rows == 1
