"""Windows events of many kinds, in every collector's layout, as rows of the tables that tell of them."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from windows_records import Row, block_of, rows_of

from bluetick.sources.windows import WindowsEvents, detect

TIME = "2024-03-25T09:30:16.500Z"
MOMENT = datetime(2024, 3, 25, 9, 30, 16, 500_000, tzinfo=UTC)
SYSMON = "Microsoft-Windows-Sysmon"
AUDITING = "Microsoft-Windows-Security-Auditing"
CHANNELS = {SYSMON: f"{SYSMON}/Operational", AUDITING: "Security", "Service Control Manager": "System"}

Style = Callable[[str, int, Mapping[str, str]], Row]


def nxlog(provider: str, event_id: int, data: Mapping[str, str]) -> Row:
    return {
        "EventTime": "2024-03-25 10:30:16",
        "EventReceivedTime": "2024-03-25 10:30:17",
        "@timestamp": TIME,
        "Hostname": "PC1.lab.example",
        "Keywords": -9214364837600034816,
        "EventType": "AUDIT_SUCCESS" if provider == AUDITING else "INFO",
        "SeverityValue": 2,
        "EventID": event_id,
        "SourceName": provider,
        "Version": 2,
        "Task": 13,
        "OpcodeValue": 0,
        "RecordNumber": 77,
        "ExecutionProcessID": 4,
        "ThreadID": 8,
        "Channel": CHANNELS[provider],
        "Message": "as people read it",
        "SourceModuleName": "eventlog",
        "tags": ["lab"],
        **data,
    }


def winlogbeat_6(provider: str, event_id: int, data: Mapping[str, str]) -> Row:
    return {
        "@timestamp": TIME,
        "computer_name": "PC1.lab.example",
        "log_name": CHANNELS[provider],
        "source_name": provider,
        "event_id": event_id,
        "record_number": "77",
        "level": "Information",
        "process_id": 4,
        "thread_id": 8,
        "event_data": dict(data),
        "host": {"name": "collector"},
    }


def winlogbeat_8(provider: str, event_id: int, data: Mapping[str, str]) -> Row:
    return {
        "@timestamp": TIME,
        "ecs": {"version": "8.0.0"},
        "event": {"code": str(event_id), "kind": "event", "provider": provider},
        "host": {"name": "collector"},
        "log": {"level": "information"},
        "winlog": {
            "channel": CHANNELS[provider],
            "computer_name": "PC1.lab.example",
            "event_data": dict(data),
            "event_id": str(event_id),
            "provider_name": provider,
            "process": {"pid": 4, "thread": {"id": 8}},
            "record_id": 77,
        },
    }


def wazuh(provider: str, event_id: int, data: Mapping[str, str]) -> Row:
    lowered = {name[0].lower() + name[1:]: json.dumps(value)[1:-1] for name, value in data.items()}
    system = {
        "providerName": provider,
        "eventID": str(event_id),
        "level": "4",
        "systemTime": "2024-03-25T09:30:16.5000000Z",
        "eventRecordID": "77",
        "processID": "4",
        "threadID": "8",
        "channel": CHANNELS[provider],
        "computer": "PC1.lab.example",
        "severityValue": "INFORMATION",
        "message": "as people read it",
    }
    return {
        "timestamp": "2024-03-25T09:30:17.000+0000",
        "rule": {"id": "61603"},
        "agent": {"id": "001", "name": "pc1"},
        "data": {"win": {"system": system, "eventdata": lowered}},
    }


def evtx(provider: str, event_id: int, data: Mapping[str, str]) -> Row:
    return {
        "Event": {
            "#attributes": {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"},
            "System": {
                "Provider": {"#attributes": {"Name": provider, "Guid": "5770385F-C22A-43E0-BF4C-06F5698FFBD9"}},
                "EventID": {"#attributes": {"Qualifiers": 16384}, "#text": event_id},
                "Level": 4,
                "TimeCreated": {"#attributes": {"SystemTime": "2024-03-25T09:30:16.500000Z"}},
                "EventRecordID": 77,
                "Correlation": None,
                "Execution": {"#attributes": {"ProcessID": 4, "ThreadID": 8}},
                "Channel": CHANNELS[provider],
                "Computer": "PC1.lab.example",
            },
            "EventData": {
                name: int(value) if name in ("LogonType", "IpPort") else value for name, value in data.items()
            },
        }
    }


def log_analytics(provider: str, event_id: int, data: Mapping[str, str]) -> Row:
    return {
        "TimeGenerated": TIME,
        "Provider": provider,
        "Channel": CHANNELS[provider],
        "Computer": "PC1.lab.example",
        "EventID": event_id,
        "EventLevel": 4,
        "EventRecordId": "77",
        "SystemProcessId": 4,
        "SystemThreadId": 8,
        "EventData": json.dumps(dict(data)),
        "Type": "WindowsEvent",
    }


STYLES = (nxlog, winlogbeat_6, winlogbeat_8, wazuh, evtx, log_analytics)
every_style = pytest.mark.parametrize("style", STYLES)


def rows(table: str, *records: Row, **options: Any) -> list[Row]:
    normaliser = WindowsEvents(**options)
    part = normaliser.normalise(block_of(records))
    assert part.faults == {}
    return rows_of([part, normaliser.finish()], table)


def told(row: Row) -> Row:
    """What a row says, without what every row of its event says and the columns that a style may lack."""
    silent = ("", None)
    return {name: value for name, value in row.items() if value not in silent and name not in _BESIDE}


_BESIDE = ("Timestamp", "DeviceId", "DeviceName", "ReportId")
_SYSTEM = ("Task", "Version", "Opcode", "Keywords", "EventLevelName", "EventLevel", "Level")


def act(**data: str) -> dict[str, str]:
    return {
        "RuleName": "-",
        "UtcTime": "2024-03-25 09:30:15.250",
        "ProcessGuid": "{0a1b2c3d-a1b0-65f0-1100-000000000300}",
        "ProcessId": "4711",
        "Image": "C:\\Tools\\sync.exe",
        "User": "LAB\\erin",
        **data,
    }


ACTOR = {
    "InitiatingProcessFileName": "sync.exe",
    "InitiatingProcessFolderPath": "C:\\Tools\\sync.exe",
    "InitiatingProcessId": 4711,
    "InitiatingProcessCreationTime": datetime(2024, 3, 12, 18, 40, 48, tzinfo=UTC),
    "InitiatingProcessAccountDomain": "LAB",
    "InitiatingProcessAccountName": "erin",
    "InitiatingProcessUniqueId": "0a1b2c3d-a1b0-65f0-1100-000000000300",
}

LOGON = {
    "SubjectUserSid": "S-1-0-0",
    "SubjectUserName": "-",
    "SubjectDomainName": "-",
    "SubjectLogonId": "0x0",
    "TargetUserSid": "S-1-5-21-1-2-3-1001",
    "TargetUserName": "erin",
    "TargetDomainName": "LAB",
    "TargetLogonId": "0x3e7a1",
    "LogonType": "3",
    "LogonProcessName": "NtLmSsp",
    "AuthenticationPackageName": "NTLM",
    "WorkstationName": "PC2",
    "ProcessId": "0x1f4",
    "ProcessName": "C:\\Windows\\System32\\svchost.exe",
    "IpAddress": "10.9.8.60",
    "IpPort": "50123",
}


@every_style
def test_an_event_of_any_log_is_kept(style: Style) -> None:
    data = {"param1": "Windows Update", "param2": 'C:\\Program Files\\"x"', "-": "-"}
    (row,) = rows("WindowsEvent", style("Service Control Manager", 7036, data))
    assert json.loads(row["EventData"]) == data
    assert {name: value for name, value in row.items() if value not in ("", None) and name not in _SYSTEM} == {
        "TimeGenerated": MOMENT,
        "Provider": "Service Control Manager",
        "Channel": "System",
        "Computer": "PC1.lab.example",
        "EventID": 7036,
        "EventRecordId": "77",
        "SystemProcessId": 4,
        "SystemThreadId": 8,
        "EventData": row["EventData"],
        "Type": "WindowsEvent",
    }
    assert (row["EventLevel"], row["EventLevelName"]) == (4, "Information")


@every_style
def test_a_logon_is_told_twice(style: Style) -> None:
    record = style(AUDITING, 4624, LOGON)
    (row,) = rows("SecurityEvent", record)
    said = {name: value for name, value in row.items() if value not in ("", None) and name not in _SYSTEM}
    assert said == {
        **LOGON,
        "LogonType": 3,
        "TimeGenerated": MOMENT,
        "Computer": "PC1.lab.example",
        "Channel": "Security",
        "EventSourceName": AUDITING,
        "EventID": 4624,
        "EventRecordId": "77",
        "SystemProcessId": 4,
        "SystemThreadId": 8,
        "Activity": "4624 - An account was successfully logged on.",
        "Account": "LAB\\erin",
        "AccountType": "User",
        "TargetAccount": "LAB\\erin",
        "LogonTypeName": "3 - Network",
        "Process": "svchost.exe",
        "Type": "SecurityEvent",
    }
    (logon,) = rows("DeviceLogonEvents", record)
    assert json.loads(logon.pop("AdditionalFields")) == {"LogonProcessName": "NtLmSsp"}
    assert told(logon) == {
        "ActionType": "LogonSuccess",
        "LogonType": "Network",
        "AccountDomain": "LAB",
        "AccountName": "erin",
        "AccountSid": "S-1-5-21-1-2-3-1001",
        "Protocol": "NTLM",
        "LogonId": 0x3E7A1,
        "RemoteDeviceName": "PC2",
        "RemoteIP": "10.9.8.60",
        "RemoteIPType": "Private",
        "RemotePort": 50123,
        "InitiatingProcessFileName": "svchost.exe",
        "InitiatingProcessFolderPath": "C:\\Windows\\System32\\svchost.exe",
        "InitiatingProcessId": 500,
    }


def test_a_failed_logon_keeps_its_statuses() -> None:
    failed = {**LOGON, "Status": "0xc000006d", "SubStatus": "0xc000006a", "FailureReason": "%%2313"}
    locked = {**LOGON, "Status": "0xc0000234", "SubStatus": "0x0", "IpAddress": "-", "IpPort": "-"}
    first, second = rows("DeviceLogonEvents", evtx(AUDITING, 4625, failed), nxlog(AUDITING, 4625, locked))
    assert (first["ActionType"], first["FailureReason"]) == ("LogonFailed", "InvalidUserNameOrPassword")
    assert json.loads(second["AdditionalFields"])["Status"] == "0xc0000234"
    assert (second["FailureReason"], second["RemoteIP"], second["RemotePort"]) == ("", "", None)


def test_what_no_column_holds_stays_as_the_log_has_it() -> None:
    data = {"Application": "\\device\\a & b.exe", "SourceAddress": "10.9.8.7", "LogonType": "three"}
    record = nxlog(AUDITING, 5156, data)
    (row,) = rows("SecurityEvent", record)
    assert row["LogonType"] is None
    tree = ElementTree.fromstring(row["EventData"])  # noqa: S314 - our own text
    names = {item.attrib["Name"]: item.text for item in tree}
    assert names == data
    assert rows("DeviceNetworkEvents", record) == []


CREATED = {
    "SubjectUserSid": "S-1-5-18",
    "SubjectUserName": "PC1$",
    "SubjectDomainName": "LAB",
    "SubjectLogonId": "0x3e7",
    "NewProcessId": "0x1267",
    "NewProcessName": "C:\\Tools\\sync.exe",
    "TokenElevationType": "%%1937",
    "ProcessId": "0x384",
    "CommandLine": "sync.exe --all",
    "TargetUserSid": "S-1-0-0",
    "TargetUserName": "-",
    "TargetDomainName": "-",
    "TargetLogonId": "0x0",
    "ParentProcessName": "C:\\Windows\\explorer.exe",
    "MandatoryLabel": "S-1-16-12288",
}


@every_style
def test_a_process_creation_of_the_security_log(style: Style) -> None:
    (row,) = rows("DeviceProcessEvents", style(AUDITING, 4688, CREATED))
    assert told(row) == {
        "ActionType": "ProcessCreated",
        "FileName": "sync.exe",
        "FolderPath": "C:\\Tools\\sync.exe",
        "ProcessId": 4711,
        "ProcessCommandLine": "sync.exe --all",
        "ProcessIntegrityLevel": "High",
        "ProcessTokenElevation": "TokenElevationTypeFull",
        "ProcessCreationTime": MOMENT,
        "AccountDomain": "LAB",
        "AccountName": "PC1$",
        "AccountSid": "S-1-5-18",
        "LogonId": 0x3E7,
        "InitiatingProcessAccountDomain": "LAB",
        "InitiatingProcessAccountName": "PC1$",
        "InitiatingProcessFileName": "explorer.exe",
        "InitiatingProcessFolderPath": "C:\\Windows\\explorer.exe",
        "InitiatingProcessId": 900,
    }
    (event,) = rows("SecurityEvent", style(AUDITING, 4688, CREATED))
    assert (event["Account"], event["AccountType"], event["Process"]) == ("LAB\\PC1$", "Machine", "sync.exe")


def test_sysmon_alone_tells_of_processes_where_it_does() -> None:
    sysmon = nxlog(SYSMON, 1, act(CommandLine="sync.exe --all"))
    security = nxlog(AUDITING, 4688, CREATED)
    assert len(rows("DeviceProcessEvents", security, sysmon)) == 1
    assert len(rows("SecurityEvent", security, sysmon)) == 1
    elsewhere = {**security, "Hostname": "PC2.lab.example"}
    assert len(rows("DeviceProcessEvents", elsewhere, sysmon)) == 2


SHA256 = "ab" * 32
ACTS = [
    (
        7,
        act(ImageLoaded="C:\\Tools\\a.dll", Hashes=f"SHA256={SHA256.upper()}", Signed="true"),
        "DeviceImageLoadEvents",
        {"ActionType": "ImageLoaded", "FileName": "a.dll", "FolderPath": "C:\\Tools\\a.dll", "SHA256": SHA256},
        None,
    ),
    (
        11,
        act(TargetFilename="C:\\Temp\\b.txt", CreationUtcTime="2024-03-25 09:30:15.240"),
        "DeviceFileEvents",
        {"ActionType": "FileCreated", "FileName": "b.txt", "FolderPath": "C:\\Temp\\b.txt"},
        {"CreationUtcTime": "2024-03-25 09:30:15.240"},
    ),
    (
        23,
        act(TargetFilename="C:\\Temp\\b.txt", Hashes=f"SHA256={SHA256}", IsExecutable="false", Archived="true"),
        "DeviceFileEvents",
        {"ActionType": "FileDeleted", "FileName": "b.txt", "FolderPath": "C:\\Temp\\b.txt", "SHA256": SHA256},
        {"IsExecutable": "false", "Archived": "true"},
    ),
    (
        12,
        act(EventType="CreateKey", TargetObject="HKLM\\SOFTWARE\\Example"),
        "DeviceRegistryEvents",
        {"ActionType": "RegistryKeyCreated", "RegistryKey": "HKEY_LOCAL_MACHINE\\SOFTWARE\\Example"},
        None,
    ),
    (
        12,
        act(EventType="DeleteValue", TargetObject="HKU\\S-1-5-21-1\\Run\\Sync"),
        "DeviceRegistryEvents",
        {
            "ActionType": "RegistryValueDeleted",
            "RegistryKey": "HKEY_USERS\\S-1-5-21-1\\Run",
            "RegistryValueName": "Sync",
        },
        None,
    ),
    (
        13,
        act(EventType="SetValue", TargetObject="HKLM\\Run\\Sync", Details="C:\\Tools\\sync.exe"),
        "DeviceRegistryEvents",
        {
            "ActionType": "RegistryValueSet",
            "RegistryKey": "HKEY_LOCAL_MACHINE\\Run",
            "RegistryValueName": "Sync",
            "RegistryValueData": "C:\\Tools\\sync.exe",
        },
        None,
    ),
    (
        13,
        act(EventType="SetValue", TargetObject="HKLM\\Run\\N", Details="DWORD (0x0000001f)"),
        "DeviceRegistryEvents",
        {
            "ActionType": "RegistryValueSet",
            "RegistryKey": "HKEY_LOCAL_MACHINE\\Run",
            "RegistryValueName": "N",
            "RegistryValueType": "Dword",
            "RegistryValueData": "31",
        },
        None,
    ),
    (
        13,
        act(EventType="SetValue", TargetObject="HKLM\\Run\\Q", Details="QWORD (0x00000001-0x00000002)"),
        "DeviceRegistryEvents",
        {
            "ActionType": "RegistryValueSet",
            "RegistryKey": "HKEY_LOCAL_MACHINE\\Run",
            "RegistryValueName": "Q",
            "RegistryValueType": "Qword",
            "RegistryValueData": "4294967298",
        },
        None,
    ),
    (
        14,
        act(EventType="RenameKey", TargetObject="HKLM\\Old", NewName="HKLM\\New"),
        "DeviceRegistryEvents",
        {
            "ActionType": "RegistryKeyRenamed",
            "RegistryKey": "HKEY_LOCAL_MACHINE\\New",
            "PreviousRegistryKey": "HKEY_LOCAL_MACHINE\\Old",
        },
        None,
    ),
    (
        17,
        act(EventType="CreatePipe", PipeName="\\example"),
        "DeviceEvents",
        {"ActionType": "NamedPipeEvent"},
        {"FileOperation": "File created", "PipeName": "\\example"},
    ),
]


@pytest.mark.parametrize(("event_id", "data", "table", "said", "more"), ACTS)
@every_style
def test_what_a_process_did(
    style: Style, event_id: int, data: Mapping[str, str], table: str, said: Row, more: Row | None
) -> None:
    (row,) = rows(table, style(SYSMON, event_id, data))
    assert (row["Timestamp"], row["DeviceName"], row["ReportId"]) == (
        datetime(2024, 3, 25, 9, 30, 15, 250_000, tzinfo=UTC),
        "PC1.lab.example",
        77,
    )
    if more is not None:
        assert json.loads(row.pop("AdditionalFields")) == more
    assert told(row) == {**said, **ACTOR}


@pytest.mark.parametrize(
    ("event_id", "action", "spelling"), [(8, "CreateRemoteThreadApiCall", "Guid"), (10, "OpenProcessApiCall", "GUID")]
)
def test_what_a_process_did_to_another(event_id: int, action: str, spelling: str) -> None:
    data = {
        "UtcTime": "2024-03-25 09:30:15.250",
        f"SourceProcess{spelling}": "{0a1b2c3d-a1b0-65f0-1100-000000000300}",
        "SourceProcessId": "4711",
        "SourceImage": "C:\\Tools\\sync.exe",
        "SourceUser": "LAB\\erin",
        f"TargetProcess{spelling}": "{0a1b2c3d-a100-65f0-0100-000000000300}",
        "TargetProcessId": "900",
        "TargetImage": "C:\\Windows\\System32\\lsass.exe",
        "GrantedAccess": "0x1410",
    }
    (row,) = rows("DeviceEvents", nxlog(SYSMON, event_id, data))
    more = json.loads(row.pop("AdditionalFields") or "{}")
    assert more.get("DesiredAccess") == ("5136" if event_id == 10 else None)
    assert told(row) == {
        **ACTOR,
        "ActionType": action,
        "FileName": "lsass.exe",
        "FolderPath": "C:\\Windows\\System32\\lsass.exe",
        "ProcessId": 900,
        "ProcessCreationTime": datetime(2024, 3, 12, 18, 37, 52, tzinfo=UTC),
    }


def test_a_process_lends_its_command_line_to_all_that_it_does() -> None:
    start = nxlog(SYSMON, 1, act(CommandLine="sync.exe --all", Hashes=f"SHA256={SHA256}"))
    load = nxlog(SYSMON, 7, act(ImageLoaded="C:\\Tools\\a.dll"))
    (row,) = rows("DeviceImageLoadEvents", load, start)
    assert (row["InitiatingProcessCommandLine"], row["InitiatingProcessSHA256"]) == ("sync.exe --all", SHA256)


def test_a_terminated_process_is_kept_as_its_log_has_it() -> None:
    (row,) = rows("WindowsEvent", nxlog(SYSMON, 5, act()))
    assert json.loads(row["EventData"]) == act()


def test_user_data_is_read_as_the_fields_within() -> None:
    record = evtx("Service Control Manager", 1102, {})
    del record["Event"]["EventData"]
    inner = {"#attributes": {"xmlns": "urn:example"}, "SubjectUserName": "erin", "Empty": None}
    record["Event"]["UserData"] = {"LogFileCleared": inner}
    (row,) = rows("WindowsEvent", record)
    assert json.loads(row["EventData"]) == {"SubjectUserName": "erin", "Empty": ""}


def test_attributes_within_the_data_are_kept() -> None:
    record = evtx("Service Control Manager", 80, {})
    del record["Event"]["EventData"]
    process = {"#attributes": {"ProcessName": "lsass.exe"}}
    record["Event"]["UserData"] = {"CAPI": {"#attributes": {"xmlns": "urn:example"}, "EventAuxInfo": process, "N": 5}}
    named = evtx("Service Control Manager", 5, {})
    named["Event"]["EventData"] = {"#attributes": {"Name": "LEAK"}, "Count": 2, "Is": True, "Text": {"#text": "x"}}
    first, second = rows("WindowsEvent", record, named)
    assert json.loads(first["EventData"]) == {"EventAuxInfo": process, "N": "5"}
    told_data = {"#attributes": {"Name": "LEAK"}, "Count": "2", "Is": "true", "Text": "x"}
    assert json.loads(second["EventData"]) == told_data


def test_data_without_names_is_kept() -> None:
    record = evtx("Service Control Manager", 1, {})
    record["Event"]["EventData"] = {"Data": {"#text": ["a", "b"]}, "Binary": None}
    empty = evtx("Service Control Manager", 2, {})
    empty["Event"]["EventData"] = None
    first, second = rows("WindowsEvent", record, empty)
    assert json.loads(first["EventData"]) == {"Data": ["a", "b"], "Binary": ""}
    assert json.loads(second["EventData"]) == {}


@every_style
def test_every_style_is_detected(style: Style) -> None:
    assert detect(style(AUDITING, 4624, LOGON))
    assert detect(style("Service Control Manager", 7036, {"param1": "x"}))


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"EventID": 3},
        {"event_id": 3, "event_data": {"a": "b"}},
        {"data": {"srcip": "192.0.2.1"}},
        {"Event": "started"},
        {"winlog": []},
        {"ts": 1.5, "uid": "C1", "id.orig_h": "192.0.2.1"},
        # Rows of a table, as Log Analytics exports them: they are read as rows.
        {"EventID": 4624, "Channel": "Security", "Computer": "pc1", "EventData": "", "Type": "SecurityEvent"},
        {"EventID": 7036, "Source": "x", "EventLog": "System", "EventData": "<DataItem/>", "Type": "Event"},
    ],
)
def test_other_records_are_not_taken_for_windows_events(record: Row) -> None:
    assert not detect(record)


def test_wazuh_values_that_are_escaped_once_are_left_alone() -> None:
    record = wazuh("Service Control Manager", 7045, {})
    record["data"]["win"]["eventdata"] = {"imagePath": "C:\\Tools\\sync.exe", "serviceName": "a\\\\b"}
    (row,) = rows("WindowsEvent", record)
    assert json.loads(row["EventData"]) == {"ImagePath": "C:\\Tools\\sync.exe", "ServiceName": "a\\b"}


def test_times_that_cannot_be_are_faults() -> None:
    old = nxlog(SYSMON, 3, {"UtcTime": "0001-01-01 00:00:00.000"} | act() | {"UtcTime": "0001-01-01 00:00:00.000"})
    new = winlogbeat_6("Service Control Manager", 7036, {"param1": "x"}) | {"@timestamp": "2024-03-27T00:00:00Z"}
    none = winlogbeat_6("Service Control Manager", 7036, {"param1": "x"}) | {"@timestamp": "soon"}
    ends = {"Protocol": "tcp", "SourceIp": "10.0.0.1", "DestinationIp": "10.0.0.2"}
    records = [old | ends, new, none, winlogbeat_6("Service Control Manager", 7036, {"param1": "x"})]
    part = WindowsEvents(now=lambda: MOMENT).normalise(block_of(records))
    assert part.faults == {
        0: "the time of the event is before 1990",
        1: "the time of the event is more than 1 day in the future",
        2: "the time of the event is missing or not a time",
    }
    assert part.tables["WindowsEvent"].num_rows == 1


def test_a_time_that_is_doubtful_is_noted() -> None:
    record = nxlog("Service Control Manager", 7036, {"param1": "x"})
    local = {name: value for name, value in record.items() if name != "@timestamp"}
    part = WindowsEvents().normalise(block_of([record, local]))
    assert part.notes["time of collection: the event's own time is missing or has no zone"] == 1
    assert part.notes["time without a zone: taken as UTC"] == 1
    times = [row["TimeGenerated"] for row in rows_of([part], "WindowsEvent")]
    assert times == [MOMENT, datetime(2024, 3, 25, 10, 30, 16, tzinfo=UTC)]


def ecs(event_id: int, data: Mapping[str, str], **parts: Any) -> Row:
    """As winlogbeat's module for Sysmon writes it: what the Elastic Common Schema has a place for stands there."""
    record = winlogbeat_8(SYSMON, event_id, data) | {"@timestamp": "2024-03-25T09:30:15.250Z"}
    process = {
        "entity_id": "{0a1b2c3d-a1b0-65f0-1100-000000000300}",
        "pid": 4711,
        "executable": "C:\\Tools\\sync.exe",
        **parts.pop("process", {}),
    }
    return {**record, "user": {"domain": "LAB", "name": "erin"}, "process": process, **parts}


def test_fields_that_a_module_renamed_are_found_again() -> None:
    hashes = {"sha256": SHA256}
    guid, explorer = "{0a1b2c3d-a100-65f0-0100-000000000300}", "C:\\Windows\\explorer.exe"
    parent = {"entity_id": guid, "executable": explorer, "pid": 900}
    answer = {"question": {"name": "a.example"}, "resolved_ip": ["93.184.216.34"]}
    start = {"command_line": "sync.exe --all", "hash": hashes, "parent": parent}
    renamed = [
        ecs(1, {"IntegrityLevel": "High"}, process=start),
        ecs(22, {}, dns=answer, sysmon={"dns": {"status": "SUCCESS"}}),
        ecs(
            3,
            {},
            network={"transport": "tcp", "direction": "egress"},
            source={"ip": "10.9.8.7", "port": 50123},
            destination={"ip": "93.184.216.34", "port": 443},
        ),
    ]
    utc = {"UtcTime": "2024-03-25 09:30:15.250"}
    ends = {"SourceIp": "10.9.8.7", "SourcePort": "50123", "DestinationIp": "93.184.216.34", "DestinationPort": "443"}
    plain = [
        winlogbeat_8(
            SYSMON,
            1,
            act(
                CommandLine="sync.exe --all",
                Hashes=f"SHA256={SHA256}",
                IntegrityLevel="High",
                ParentProcessGuid=guid,
                ParentImage=explorer,
                ParentProcessId="900",
            ),
        ),
        winlogbeat_8(SYSMON, 22, act(QueryName="a.example", QueryStatus="0", QueryResults="93.184.216.34")),
        winlogbeat_8(SYSMON, 3, act(Protocol="tcp", Initiated="true", **ends)),
    ]
    assert all(utc.items() <= record["winlog"]["event_data"].items() for record in plain)
    for table in ("DeviceProcessEvents", "DeviceEvents", "DeviceNetworkEvents", "VMConnection"):
        assert rows(table, *renamed) == rows(table, *plain)
    assert rows("DeviceNetworkEvents", *renamed)[0]["RemoteUrl"] == "a.example"
