"""Sysmon records written here in the shapes of several collectors; a host of documentation addresses and names."""

import gzip
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from windows_records import Reading, read_files

import bluetick
from bluetick.diagnostics.errors import SourceError
from bluetick.enrichment.rows import Enricher
from bluetick.ingest.batches import Tally
from bluetick.ingest.running import Options, Report, ingest_paths
from bluetick.lake.layout import QUARANTINE
from bluetick.schema.packs import PackName, load_pack

SHARED = Path(__file__).parents[3] / "shared" / "data" / "otrf" / "sysmon.ndjson.gz"

# 0x65f0a1b0 seconds after 1970 is 2024-03-12 18:40:48 UTC: t1 holds the low half, t2 the high one.
GUID = "{0a1b2c3d-a1b0-65f0-1100-000000000300}"
START = datetime(2024, 3, 12, 18, 40, 48, tzinfo=UTC)
IMAGE = "C:\\Tools\\sync.exe"
SHA256 = "AB" * 32

Record = dict[str, Any]


def connection(**changes: str) -> dict[str, str]:
    return {
        "RuleName": "-",
        "UtcTime": "2024-03-25 09:30:15.250",
        "ProcessGuid": GUID,
        "ProcessId": "4711",
        "Image": IMAGE,
        "User": "LAB\\erin",
        "Protocol": "tcp",
        "Initiated": "true",
        "SourceIp": "10.9.8.7",
        "SourcePort": "50123",
        "DestinationIp": "93.184.216.34",
        "DestinationHostname": "-",
        "DestinationPort": "443",
    } | changes


def creation(**changes: str) -> dict[str, str]:
    return {
        "UtcTime": "2024-03-12 18:40:48.125",
        "ProcessGuid": GUID,
        "ProcessId": "4711",
        "Image": IMAGE,
        "CommandLine": "sync.exe --all",
        "Company": "Example Ltd",
        "IntegrityLevel": "High",
        "LogonId": "0x3e7",
        "TerminalSessionId": "2",
        "Hashes": f"SHA1={'CD' * 20},MD5={'EF' * 16},SHA256={SHA256},IMPHASH={'00' * 16}",
        "ParentProcessGuid": "{0a1b2c3d-a100-65f0-0100-000000000300}",
        "ParentProcessId": "900",
        "ParentImage": "C:\\Windows\\explorer.exe",
    } | changes


def query(**changes: str) -> dict[str, str]:
    return {
        "UtcTime": "2024-03-25 09:30:15.000",
        "ProcessGuid": GUID,
        "Image": IMAGE,
        "QueryName": "sync.example.com",
        "QueryStatus": "0",
        "QueryResults": "type:  5 edge.example.net;::ffff:93.184.216.34;",
    } | changes


def flat(event_id: int, data: Mapping[str, Any], **system: Any) -> Record:
    return {
        "EventID": event_id,
        "Hostname": "PC1.lab.example",
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "@timestamp": "2024-03-25T09:30:16.000Z",
        **system,
        **data,
    }


def winlogbeat_6(event_id: int, data: Mapping[str, Any]) -> Record:
    return {
        "event_id": event_id,
        "computer_name": "PC1.lab.example",
        "source_name": "Microsoft-Windows-Sysmon",
        "log_name": "Microsoft-Windows-Sysmon/Operational",
        "record_number": "77",
        "process_id": 2612,
        "@timestamp": "2024-03-25T09:30:16.000Z",
        "event_data": data,
    }


def winlogbeat_7(event_id: int, data: Mapping[str, Any]) -> Record:
    return {
        "@timestamp": "2024-03-25T09:30:16.000Z",
        "host": {"name": "collector"},
        "winlog": {
            "event_id": event_id,
            "computer_name": "PC1.lab.example",
            "provider_name": "Microsoft-Windows-Sysmon",
            "channel": "Microsoft-Windows-Sysmon/Operational",
            "record_id": 77,
            "event_data": data,
        },
    }


def event_data_text(event_id: int, data: Mapping[str, Any]) -> Record:
    return {
        "TimeGenerated": "2024-03-25T09:30:16.0000000Z",
        "Provider": "Microsoft-Windows-Sysmon",
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "Computer": "PC1.lab.example",
        "EventID": event_id,
        "EventData": json.dumps(data),
    }


def event_xml(event_id: int, data: Mapping[str, Any]) -> Record:
    return {
        "Event": {
            "System": {
                "Provider": {"#attributes": {"Name": "Microsoft-Windows-Sysmon"}},
                "EventID": event_id,
                "Computer": "PC1.lab.example",
                "EventRecordID": 77,
            },
            "EventData": data,
        }
    }


# The pack whose names the expected rows have.
PACKS: Mapping[str, PackName] = {"VMConnection": "sentinel", "WindowsEvent": "sentinel", "SecurityEvent": "sentinel"}


def lines_of(*lines: Record | bytes) -> bytes:
    return b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines)


def read(tmp_path: Path, *lines: Record | bytes, **options: Any) -> Reading:
    path = tmp_path / "events.json"
    path.write_bytes(lines_of(*lines))
    result = read_files([path], **options)
    assert result.is_complete
    return result


def rows(result: Reading, table: str = "DeviceNetworkEvents") -> list[dict[str, Any]]:
    return result.rows(table, PACKS.get(table, "defender"))


def notes(result: Reading) -> Mapping[str, int]:
    return result.tally.notes


def account(tally: Tally) -> tuple[int, int, int, int]:
    return (tally.input, tally.stored, tally.duplicates, tally.quarantined)


def ingest(tmp_path: Path, content: bytes, options: Options | None = None) -> Report:
    """Into the lake of this name beside it."""
    path = tmp_path / "events.json"
    path.write_bytes(content)
    return ingest_paths([path], tmp_path / "lake", options or Options())


class OneCountry:
    """Countries that answer for anything, and remember what they were asked."""

    version = "test-1"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def countries(self, ips: Sequence[str]) -> list[str]:
        self.asked += ips
        return ["United States"] * len(ips)


@pytest.mark.parametrize("style", [flat, winlogbeat_6, winlogbeat_7, event_data_text, event_xml])
def test_every_style_gives_the_same_row(tmp_path: Path, style: Any) -> None:
    (row,) = rows(read(tmp_path, style(3, connection()), style(1, creation()), style(22, query())))
    assert {name: row[name] for name in row if name != "ReportId" and row[name] not in ("", None)} == {
        "Timestamp": datetime(2024, 3, 25, 9, 30, 15, 250_000, tzinfo=UTC),
        "DeviceId": "pc1.lab.example",
        "DeviceName": "PC1.lab.example",
        "ActionType": "ConnectionSuccess",
        "RemoteIP": "93.184.216.34",
        "RemotePort": 443,
        "RemoteUrl": "sync.example.com",
        "LocalIP": "10.9.8.7",
        "LocalPort": 50123,
        "Protocol": "Tcp",
        "LocalIPType": "Private",
        "RemoteIPType": "Public",
        "InitiatingProcessSHA1": "cd" * 20,
        "InitiatingProcessSHA256": "ab" * 32,
        "InitiatingProcessMD5": "ef" * 16,
        "InitiatingProcessFileName": "sync.exe",
        "InitiatingProcessVersionInfoCompanyName": "Example Ltd",
        "InitiatingProcessId": 4711,
        "InitiatingProcessCommandLine": "sync.exe --all",
        "InitiatingProcessCreationTime": START,
        "InitiatingProcessFolderPath": IMAGE,
        "InitiatingProcessParentFileName": "explorer.exe",
        "InitiatingProcessParentId": 900,
        "InitiatingProcessParentCreationTime": datetime(2024, 3, 12, 18, 37, 52, tzinfo=UTC),
        "InitiatingProcessAccountDomain": "LAB",
        "InitiatingProcessAccountName": "erin",
        "InitiatingProcessIntegrityLevel": "High",
        "InitiatingProcessSessionId": 2,
        "InitiatingProcessUniqueId": "0a1b2c3d-a1b0-65f0-1100-000000000300",
        "LogonID": 0x3E7,
    }


def test_record_number_and_booleans_of_other_types(tmp_path: Path) -> None:
    (first, second) = rows(
        read(
            tmp_path,
            flat(3, {**connection(), "Initiated": True, "DestinationPort": 443}, RecordNumber=5),
            winlogbeat_6(3, connection(UtcTime="2024-03-25T09:30:15.2510000Z")),
        )
    )
    assert (first["ActionType"], first["RemotePort"], first["ReportId"]) == ("ConnectionSuccess", 443, 5)
    assert (second["ReportId"], second["Timestamp"].microsecond) == (77, 251_000)


def test_numbers_that_no_column_can_hold_are_null(tmp_path: Path) -> None:
    huge = flat(3, connection(ProcessId="9" * 20), RecordNumber=2**63)
    (row,) = rows(read(tmp_path, huge, flat(1, creation(LogonId="0x" + "f" * 16))))
    assert (row["InitiatingProcessId"], row["ReportId"], row["LogonID"]) == (None, None, None)


def test_columns_are_those_of_the_tables_and_text_is_never_null(tmp_path: Path) -> None:
    bare = flat(3, connection(ProcessGuid="-", User="-", ProcessId="-", SourcePort="-"))
    ingest(tmp_path, lines_of(bare, flat(1, creation()), flat(22, query())))
    widths = {}
    for table in ("DeviceNetworkEvents", "VMConnection", "DeviceProcessEvents", "DeviceEvents"):
        pack = PACKS.get(table, "defender")
        with bluetick.connect(lake=tmp_path / "lake", schemas=pack) as session:
            result = session.query(table)
            found = result.to_arrow()
        assert found.num_rows == 1
        widths[table] = len(set(found.column_names) & {name for name, _ in load_pack(pack)[table].columns})
        texts = [name for name, kind in result.columns if kind == "string"]
        assert texts
        assert {name: found[name].null_count for name in texts if found[name].null_count} == {}
    assert list(widths.values()) == [46, 44, 69, 65]
    (row,) = rows(read(tmp_path, bare))
    assert (row["InitiatingProcessAccountName"], row["InitiatingProcessId"], row["LocalPort"]) == ("", None, None)
    assert len(row) == 46


@pytest.mark.parametrize(
    ("guid", "note"),
    [
        ("{00000000-0000-0000-0000-000000000000}", "process unknown to Sysmon: ProcessGuid is all zero"),
        ("{0a1b2c3d-0000-0000-1100-000000000300}", "process start before 1990: taken as unknown"),
        ("{0a1b2c3d}", "ProcessGuid is missing or not a GUID"),
        ("", "ProcessGuid is missing or not a GUID"),
    ],
)
def test_a_doubtful_process_start_is_null_and_counted(tmp_path: Path, guid: str, note: str) -> None:
    result = read(tmp_path, flat(3, connection(ProcessGuid=guid)))
    assert rows(result)[0]["InitiatingProcessCreationTime"] is None
    assert notes(result)[note] == 1


def test_a_process_that_starts_after_its_connection_is_counted(tmp_path: Path) -> None:
    result = read(tmp_path, flat(3, connection(UtcTime="2024-03-12 18:40:47.000")))
    assert notes(result)["process start after the connection"] == 1


def test_unknown_image_is_freed_of_html(tmp_path: Path) -> None:
    result = read(
        tmp_path, flat(3, connection(Image="&lt;unknown process&gt;")), flat(3, connection(Image="C:\\a&lt;b"))
    )
    assert [row["InitiatingProcessFileName"] for row in rows(result)] == ["<unknown process>", "a&lt;b"]


def test_hash_of_another_process_of_the_image_is_flagged(tmp_path: Path) -> None:
    other = "{0a1b2c3d-a1b0-65f0-2200-000000000300}"
    older = creation(ProcessGuid=other, UtcTime="2024-03-20 08:00:00.000", Hashes="SHA256=" + "11" * 32)
    newer = creation(ProcessGuid=other, UtcTime="2024-03-25 09:30:15.250", Hashes="SHA256=" + "22" * 32)
    later = creation(ProcessGuid=other, UtcTime="2024-03-26 08:00:00.000", Hashes="SHA256=" + "33" * 32)
    upper = {**flat(3, connection()), "Hostname": "pc1.LAB.example", "Image": IMAGE.upper()}
    result = read(tmp_path, upper, flat(1, later), flat(1, newer), flat(1, older))
    (row,) = rows(result)
    assert row["InitiatingProcessSHA256"] == "22" * 32
    assert row["InitiatingProcessCommandLine"] == ""
    assert json.loads(row["AdditionalFields"]) == {
        "HashInferredFrom": "image path",
        "HashSeenTime": "2024-03-25T09:30:15.250000Z",
    }
    elsewhere = read(tmp_path, flat(3, connection()), flat(1, older, Hostname="PC2.lab.example"))
    assert rows(elsewhere)[0]["InitiatingProcessSHA256"] == ""


def test_a_creation_is_a_row_of_its_own(tmp_path: Path) -> None:
    parent = creation(ProcessGuid="{0a1b2c3d-a100-65f0-0100-000000000300}", Hashes="SHA256=" + "77" * 32)
    child = creation(ParentCommandLine="explorer.exe /x", ParentUser="LAB\\frank", User="LAB\\erin")
    (_, row) = rows(read(tmp_path, flat(1, parent), flat(1, child)), "DeviceProcessEvents")
    assert {name: row[name] for name in row if row[name] not in ("", None)} == {
        "Timestamp": datetime(2024, 3, 12, 18, 40, 48, 125_000, tzinfo=UTC),
        "DeviceId": "pc1.lab.example",
        "DeviceName": "PC1.lab.example",
        "ActionType": "ProcessCreated",
        "FileName": "sync.exe",
        "FolderPath": IMAGE,
        "SHA1": "cd" * 20,
        "SHA256": "ab" * 32,
        "MD5": "ef" * 16,
        "ProcessVersionInfoCompanyName": "Example Ltd",
        "ProcessId": 4711,
        "ProcessCommandLine": "sync.exe --all",
        "ProcessIntegrityLevel": "High",
        "ProcessCreationTime": START,
        "AccountDomain": "LAB",
        "AccountName": "erin",
        "LogonId": 0x3E7,
        "InitiatingProcessAccountDomain": "LAB",
        "InitiatingProcessAccountName": "frank",
        "InitiatingProcessSHA256": "77" * 32,
        "InitiatingProcessFileName": "explorer.exe",
        "InitiatingProcessId": 900,
        "InitiatingProcessCommandLine": "explorer.exe /x",
        "InitiatingProcessCreationTime": datetime(2024, 3, 12, 18, 37, 52, tzinfo=UTC),
        "InitiatingProcessFolderPath": "C:\\Windows\\explorer.exe",
        "AdditionalFields": '{"CollectedTime":"2024-03-25T09:30:16Z","ImportHash":"00000000000000000000000000000000"}',
        "CreatedProcessSessionId": 2,
        "ProcessUniqueId": "0a1b2c3d-a1b0-65f0-1100-000000000300",
        "InitiatingProcessUniqueId": "0a1b2c3d-a100-65f0-0100-000000000300",
    }


def test_a_query_is_a_row_of_its_own(tmp_path: Path) -> None:
    (row,) = rows(read(tmp_path, flat(22, query(User="LAB\\erin"))), "DeviceEvents")
    assert (row["ActionType"], row["RemoteUrl"], row["DeviceName"]) == (
        "DnsQueryResponse",
        "sync.example.com",
        "PC1.lab.example",
    )
    assert (row["InitiatingProcessFileName"], row["InitiatingProcessAccountName"]) == ("sync.exe", "erin")
    assert json.loads(row["AdditionalFields"]) == {
        "DnsQueryString": "sync.example.com",
        "DnsQueryStatus": "0",
        "DnsQueryResult": "type:  5 edge.example.net;::ffff:93.184.216.34;",
    }


def test_processes_of_an_earlier_reading_are_known(tmp_path: Path) -> None:
    (earlier, _) = read(tmp_path, flat(1, creation())).parts
    path = tmp_path / "later.json"
    path.write_text(json.dumps(flat(3, connection())))
    together = rows(read(tmp_path, flat(3, connection()), flat(1, creation())))
    result = read_files([path], known_processes=earlier.tables["DeviceProcessEvents"])
    assert rows(result) == together
    assert rows(result)[0]["InitiatingProcessCommandLine"] == "sync.exe --all"
    assert rows(result, "DeviceProcessEvents") == []


def test_known_processes_of_another_sensor_lend_hashes_only(tmp_path: Path) -> None:
    known = pa.table(
        {
            "Timestamp": [datetime(2024, 3, 20, tzinfo=UTC), None],
            "ActionType": ["ProcessCreated", "ProcessCreated"],
            "DeviceName": ["pc1.lab.example", "pc1.lab.example"],
            "FolderPath": [IMAGE.lower(), IMAGE.lower()],
            "SHA256": ["44" * 32, "55" * 32],
            "ProcessCommandLine": ["sync.exe --other", ""],
        }
    )
    path = tmp_path / "later.json"
    path.write_text(json.dumps(flat(3, connection())))
    (row,) = rows(read_files([path], known_processes=known))
    assert (row["InitiatingProcessSHA256"], row["InitiatingProcessCommandLine"]) == ("44" * 32, "")


def test_name_comes_from_the_same_process_and_the_nearest_query(tmp_path: Path) -> None:
    early = query(UtcTime="2024-03-25 09:00:00.000", QueryName="early.example.com")
    late = query(UtcTime="2024-03-25 09:30:15.900", QueryName="late.example.com")
    stranger = query(ProcessGuid="{0a1b2c3d-a1b0-65f0-2200-000000000300}", QueryName="stranger.example.com")
    assert rows(read(tmp_path, *(flat(22, q) for q in (late, early)), flat(3, connection())))[0]["RemoteUrl"] == (
        "early.example.com"
    )
    assert rows(read(tmp_path, flat(22, late), flat(3, connection())))[0]["RemoteUrl"] == "late.example.com"
    assert rows(read(tmp_path, flat(22, stranger), flat(3, connection())))[0]["RemoteUrl"] == ""
    inbound = connection(Initiated="false", SourceIp="93.184.216.34", DestinationIp="10.9.8.7")
    assert rows(read(tmp_path, flat(22, early), flat(3, inbound)))[0]["RemoteUrl"] == ""


def test_times_far_apart_are_flagged(tmp_path: Path) -> None:
    far = flat(3, connection(), **{"@timestamp": "2024-03-26T03:30:16.000Z"})
    result = read(tmp_path, far)
    assert json.loads(rows(result)[0]["AdditionalFields"]) == {"CollectedTime": "2024-03-26T03:30:16Z"}
    assert notes(result)["event time and collection time over 5 minutes apart"] == 1
    local = flat(3, connection(), **{"@timestamp": None, "TimeCreated": "2024-03-25 05:30:16.000"})
    assert rows(read(tmp_path, local))[0]["AdditionalFields"] == ""


@pytest.mark.parametrize(
    ("ends", "local", "remote"),
    [
        # The source opened the connection: the destination is the host.
        ({"SourceIp": "93.184.216.34", "DestinationIp": "10.9.8.7"}, "10.9.8.7", "93.184.216.34"),
        # As older versions wrote it: the source is an address that the host uses itself.
        ({"SourceIp": "10.9.8.7", "DestinationIp": "10.9.8.50"}, "10.9.8.7", "10.9.8.50"),
        # Nothing known of either.
        ({"SourceIp": "10.9.8.60", "DestinationIp": "10.9.8.61"}, "10.9.8.61", "10.9.8.60"),
    ],
)
def test_the_peer_of_an_accepted_connection(tmp_path: Path, ends: dict[str, str], local: str, remote: str) -> None:
    inbound = connection(Initiated="false", SourcePort="40000", DestinationPort="3389", **ends)
    result = read(tmp_path, flat(3, connection()), flat(3, inbound))
    row = rows(result)[1]
    assert (row["ActionType"], row["LocalIP"], row["RemoteIP"]) == ("InboundConnectionAccepted", local, remote)
    bucket = next(row for row in rows(result, "VMConnection") if row["Direction"] == "inbound")
    assert (bucket["SourceIp"], bucket["DestinationIp"], bucket["RemoteIp"]) == (remote, local, remote)
    local_port = row["LocalPort"]
    assert bucket["DestinationPort"] == local_port


def test_unknown_direction_is_empty_and_counted(tmp_path: Path) -> None:
    result = read(tmp_path, flat(3, connection(Initiated="-")))
    assert rows(result)[0]["ActionType"] == ""
    assert rows(result, "VMConnection")[0]["Direction"] == ""
    assert notes(result)["direction unknown: Initiated is neither true nor false"] == 1


def test_connections_of_one_minute_are_one_row(tmp_path: Path) -> None:
    seconds = ("09:30:00.000", "09:30:59.999", "09:31:00.000")
    times = [flat(3, connection(UtcTime=f"2024-03-25 {s}", SourcePort=str(50000 + i))) for i, s in enumerate(seconds)]
    other_port = flat(3, connection(UtcTime="2024-03-25 09:30:10.000", DestinationPort="8443"))
    found = rows(read(tmp_path, *times, other_port), "VMConnection")
    assert [(row["TimeGenerated"].minute, row["DestinationPort"], row["LinksEstablished"]) for row in found] == [
        (30, 443, 2),
        (30, 8443, 1),
        (31, 443, 1),
    ]
    assert {row["BytesSent"] for row in found} == {None}
    first = found[0]
    assert (first["Computer"], first["ProcessName"], first["Protocol"]) == ("PC1.lab.example", "sync.exe", "tcp")
    assert (first["SourceIp"], first["DestinationIp"], first["Direction"]) == ("10.9.8.7", "93.184.216.34", "outbound")


def test_vm_connection_is_tcp_over_ipv4(tmp_path: Path) -> None:
    lines = (
        flat(3, connection()),
        flat(3, connection(Protocol="udp")),
        flat(3, connection(SourceIp="fe80::1", DestinationIp="2606:4700:0:0:0:0:0:1111")),
    )
    narrow = read(tmp_path, *lines)
    assert [row["DestinationIp"] for row in rows(narrow, "VMConnection")] == ["93.184.216.34"]
    assert notes(narrow)["not in VMConnection: not TCP over IPv4"] == 2


def test_country_is_asked_for_public_peers_only(tmp_path: Path) -> None:
    geo = OneCountry()
    enricher = Enricher(geo)
    lines = [flat(3, connection(DestinationIp=ip)) for ip in ("93.184.216.34", "10.0.0.5", "127.0.0.1")]
    ingest(tmp_path, lines_of(*lines), Options(enrichment=enricher))
    assert geo.asked == ["93.184.216.34"]
    with bluetick.connect(lake=tmp_path / "lake") as session:
        assert dict(session.query("VMConnection | project RemoteIp, RemoteCountry").rows()) == {
            "93.184.216.34": "United States",
            "10.0.0.5": "",
            "127.0.0.1": "",
        }
    assert enricher.provenance["country"] == "test-1"


def test_every_line_is_accounted_for(tmp_path: Path) -> None:
    lines = (
        flat(3, connection()),
        b"not json\n\n",
        flat(3, connection(DestinationIp="-")),
        flat(3, connection(UtcTime="yesterday")),
        flat(3, connection(SourcePort="70000")),
        flat(1, creation()),
        flat(22, query()),
        flat(22, query(QueryName="-")),
        flat(5, {"ProcessGuid": GUID}),
        flat(3, {"Param": "x"}, Channel="Security"),
        {"EventID": "3", "note": "no log is named"},
        {**event_data_text(3, {}), "EventData": "{broken"},
        {"hello": "world"},
    )
    result = read(tmp_path, *lines)
    assert account(result.tally) == (13, 5, 0, 8)
    content = lines_of(*lines)
    assert [(content[: bad.owned.stop].count(b"\n"), bad.reason) for bad in result.faults] == [
        (2, "not JSON"),
        (4, "DestinationIp is missing or not an address"),
        (5, "UtcTime is missing or not a time"),
        (6, "SourcePort is not a port"),
        (9, "QueryName is missing"),
        (12, "not a Windows event in a known layout"),
        (13, "event data is a text that cannot be read as JSON: not JSON"),
        (14, "not a Windows event in a known layout"),
    ]
    assert result.faults[0].raw == b"not json"
    assert content[result.faults[0].owned.start : result.faults[0].owned.stop] == b"not json\n"
    assert [row["EventID"] for row in rows(result, "WindowsEvent")] == [5]
    assert [row["EventID"] for row in rows(result, "SecurityEvent")] == [3]


def test_the_same_record_twice_is_stored_once(tmp_path: Path) -> None:
    once = flat(3, connection(), RecordNumber=10)
    assert account(read(tmp_path, once, once).tally) == (2, 1, 1, 0)
    # The same record by collectors that keep less of it.
    assert account(read(tmp_path, once, flat(3, connection())).tally) == (2, 1, 1, 0)
    assert account(read(tmp_path, flat(3, connection()), once).tally) == (2, 1, 1, 0)
    assert account(read(tmp_path, flat(22, query()), flat(22, query())).tally) == (2, 1, 1, 0)


def test_records_that_only_look_alike_are_all_stored(tmp_path: Path) -> None:
    both_ends = (flat(3, connection()), flat(3, connection(Initiated="false")))
    assert account(read(tmp_path, *both_ends).tally) == (2, 2, 0, 0)
    two_numbers = (flat(3, connection(), RecordNumber=10), flat(3, connection(), RecordNumber=11))
    assert account(read(tmp_path, *two_numbers).tally) == (2, 2, 0, 0)


def test_several_files_are_one_reading(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.json", tmp_path / "b.ndjson.gz"
    plain.write_text(json.dumps(flat(3, connection())))
    packed.write_bytes(gzip.compress(json.dumps(flat(1, creation())).encode()))
    assert rows(read_files([packed, plain]))[0]["InitiatingProcessSHA256"] == "ab" * 32


@pytest.mark.parametrize(
    ("content", "is_windows"),
    [
        (lines_of(b"junk\n", {"a": 1}, winlogbeat_7(22, query())), True),
        (lines_of(flat(4624, {"TargetUserName": "erin"}, Channel="Security")), True),
        (lines_of({"EventID": 7, "note": "no log is named"}), False),
    ],
)
def test_a_file_is_known_by_any_of_its_records(tmp_path: Path, content: bytes, is_windows: bool) -> None:
    if not is_windows:
        with pytest.raises(SourceError, match="of no known log format"):
            ingest(tmp_path, content)
        return
    tally = ingest(tmp_path, content).tally
    assert tally.input == content.count(b"\n")
    assert tally.stored == 1
    if tally.quarantined:
        (kept,) = (tmp_path / "lake").glob(f"{QUARANTINE}/*")
        told = [json.loads(line) for line in kept.read_text().splitlines()]
        assert {entry["format"] for entry in told} == {"windows"}


def test_an_empty_file_is_of_no_format_and_no_error(tmp_path: Path) -> None:
    report = ingest(tmp_path, b"")
    assert (account(report.tally), report.left_out) == ((0, 0, 0, 0), ())


@pytest.mark.skipif(not SHARED.exists(), reason="the recorded telemetry is not beside this repository")
def test_recorded_telemetry_is_read_without_loss() -> None:
    """Counts taken from the file by other means: by event number, and by distinct fields of event 3."""
    result = read_files([SHARED])
    tally = result.tally
    assert result.is_complete
    assert tally.input == 11_198
    assert tally.quarantined == 0
    found = rows(result)
    assert len(found) == 7_097
    assert len(rows(result, "DeviceProcessEvents")) == 2_054
    assert tally.stored + tally.duplicates == 11_198
    assert len(rows(result, "DeviceEvents")) + tally.duplicates == 2_047
    assert sum(row["ActionType"] == "InboundConnectionAccepted" for row in found) == 1_346
    assert notes(result)["process unknown to Sysmon: ProcessGuid is all zero"] == 30
    seen = [row for row in found if row["InitiatingProcessCommandLine"]]
    assert len(seen) >= 513
    assert (
        sum(row["LinksEstablished"] for row in rows(result, "VMConnection"))
        == len(found) - notes(result)["not in VMConnection: not TCP over IPv4"]
    )


def test_damage_anywhere_in_a_file_loses_no_line(tmp_path: Path) -> None:
    """Every byte of a small file replaced in turn: the account holds, and no reading fails."""
    content = lines_of(event_data_text(3, connection()), winlogbeat_6(22, query()), flat(1, creation()))
    path = tmp_path / "damaged.json"
    for place in range(0, len(content), 17):
        for byte in (b"\x00", b'"', b"9", b"{", b"\xff"):
            path.write_bytes(content[:place] + byte + content[place + 1 :])
            result = read_files([path])
            assert result.is_complete
            assert result.tally.bytes["input"] == len(content)
            assert result.tally.input in (2, 3)
