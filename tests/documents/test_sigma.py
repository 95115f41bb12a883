"""Sigma rules: what a rule says, the query that it becomes, and what is refused.

The rows that a query finds are told by Sigma's specification of the rule, over rows written here by hand.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bluetick
from bluetick.detections.documents import DocumentResult, read_document_text
from bluetick.detections.model import AlertSeverity

TIME = datetime(2026, 3, 1, tzinfo=UTC)

HEAD = """\
title: A rule
id: 2f8f2f60-37a0-4b3e-8c8a-5f8d3d4b1f11
status: test
description: |
  What it finds.
references:
  - https://example.org/a
  - https://example.org/b
author: Somebody
tags:
  - attack.execution
  - attack.t1059.001
  - cve.2026-0001
"""
TAIL = """
falsepositives:
  - Administrators
level: critical
"""


def rule(detection: str, category: str = "process_creation", condition: str = "selection", **logsource: str) -> str:
    source = logsource or {"product": "windows", "category": category}
    lines = "".join(f"  {key}: {value}\n" for key, value in source.items())
    indented = "".join(f"    {line}\n" for line in detection.strip().split("\n"))
    return f"{HEAD}logsource:\n{lines}detection:\n  selection:\n{indented}  condition: {condition}{TAIL}"


def read(text: str, name: str = "rule.yml") -> DocumentResult:
    return read_document_text(text.encode(), name)


def query_of(detection: str, category: str = "process_creation", **logsource: str) -> str:
    result = read(rule(detection, category, **logsource))
    assert [item.message for item in result.diagnostics if item.is_error] == []
    (found,) = result.detections
    return found.query


def refused(text: str) -> list[str]:
    result = read(text)
    assert result.detections == ()
    return [item.code for item in result.diagnostics if item.is_error]


def matching(tmp_path: Path, query: str, table: str, column: str, values: list[Any], **others: Any) -> list[Any]:
    """The values of `column` in the rows that the query finds."""
    count = len(values)
    data = {"Timestamp": [TIME] * count, "TimeGenerated": [TIME] * count, column: values}
    data |= {name: value if isinstance(value, list) else [value] * count for name, value in others.items()}
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table(data), path)
    with bluetick.connect(tables={table: str(path)}) as session:
        result = session.query(query)
        at = [name for name, _ in result.columns].index(column)
        return [row[at] for row in result.rows()]


def processes(tmp_path: Path, detection: str, lines: list[str]) -> list[Any]:
    query = query_of(detection)
    return matching(tmp_path, query, "DeviceProcessEvents", "ProcessCommandLine", lines, ActionType="ProcessCreated")


def test_every_field() -> None:
    (found,) = read(rule("CommandLine: a")).detections
    assert (found.id, found.id_derived) == ("2f8f2f60-37a0-4b3e-8c8a-5f8d3d4b1f11", False)
    assert (found.name, found.description, found.severity) == ("A rule", "What it finds.", AlertSeverity.HIGH)
    assert (found.tactics, found.techniques) == (("Execution",), ("T1059.001",))
    assert found.schemas == "defender"
    assert dict(found.fields) == {
        "status": "test",
        "references": "https://example.org/a, https://example.org/b",
        "author": "Somebody",
        "tags": "cve.2026-0001",
        "logsource": "product=windows, category=process_creation",
        "falsepositives": "Administrators",
        "level": "critical",
    }


def test_the_place_is_that_of_the_detection() -> None:
    text = rule("CommandLine: a")
    (found,) = read(text).detections
    assert found.place.line_offsets == ()
    assert text[found.place.span.start :].startswith("selection:")
    assert found.query_first_line == text[: text.index("  selection:")].count("\n") + 1


def test_each_condition_is_a_detection() -> None:
    text = rule("CommandLine: a").replace("condition: selection", "condition: [selection, not selection]")
    result = read(text)
    assert [item.name for item in result.detections] == ["A rule (1)", "A rule (2)"]
    assert all(item.id_derived for item in result.detections)
    assert len({item.id for item in result.detections}) == 2


@pytest.mark.parametrize(
    ("detection", "hits"),
    [
        ("CommandLine: POWERSHELL", ["powershell"]),
        ("CommandLine: power*", ["powershell", "power\nshell x"]),
        ("CommandLine: '*shell'", ["powershell"]),
        ("CommandLine: p?wershell", ["powershell"]),
        ("CommandLine: power*shell", ["powershell"]),
        ("CommandLine: [power*x, none]", ["power\nshell x"]),
        ("CommandLine|cased: POWERSHELL", []),
        ("CommandLine|contains|cased: SHELL", ["xSHELLx"]),
        ("CommandLine|contains|all: [shell, power]", ["powershell", "power\nshell x"]),
        ("CommandLine|all: [power*, '*shell']", ["powershell"]),
        ("CommandLine|contains: '\\*'", ["a*b"]),
        ("CommandLine|contains: '\"'", ['say "x" \\ now']),
        ("CommandLine|contains: ' \\ '", ['say "x" \\ now']),
        ("CommandLine|re: '^x[A-Z]+x$'", ["xSHELLx"]),
        ("CommandLine|re|i: '^X[a-z]+x$'", ["xSHELLx"]),
        ("CommandLine: null", [""]),
        ("CommandLine: ''", [""]),
        ("CommandLine: 5", ["5"]),
        ("CommandLine|exists: false", [""]),
        ("CommandLine|base64|contains: foo", ["-e Zm9v"]),
    ],
)
def test_values(detection: str, hits: list[str], tmp_path: Path) -> None:
    lines = ["powershell", "power\nshell x", "xSHELLx", "a*b", 'say "x" \\ now', "", "5", "-e Zm9v"]
    assert sorted(processes(tmp_path, detection, lines)) == sorted(hits)


def test_numbers_are_compared_as_numbers(tmp_path: Path) -> None:
    query = query_of("ProcessId: ['4', '0x10']")
    found = matching(tmp_path, query, "DeviceProcessEvents", "ProcessId", [4, 16, 5], ActionType="ProcessCreated")
    assert sorted(found) == [4, 16]


def test_a_user_has_its_domain(tmp_path: Path) -> None:
    query = query_of("User|contains: AUTHORI")
    found = matching(
        tmp_path,
        query,
        "DeviceProcessEvents",
        "AccountName",
        ["system", "authority"],
        AccountDomain=["nt authority", ""],
        ActionType="ProcessCreated",
    )
    assert sorted(found) == ["authority", "system"]
    exact = query_of(r"User: NT AUTHORITY\SYSTEM")
    again = matching(
        tmp_path,
        exact,
        "DeviceProcessEvents",
        "AccountName",
        ["system", "system"],
        AccountDomain=["nt authority", "other"],
        ActionType="ProcessCreated",
    )
    assert again == ["system"]


@pytest.mark.parametrize(
    ("category", "actions"),
    [
        ("registry_set", {"RegistryValueSet"}),
        ("registry_add", {"RegistryKeyCreated"}),
        ("registry_delete", {"RegistryKeyDeleted", "RegistryValueDeleted"}),
        ("registry_event", {"RegistryValueSet", "RegistryKeyCreated", "RegistryKeyDeleted", "RegistryValueDeleted"}),
    ],
)
def test_a_category_is_its_own_actions(category: str, actions: set[str], tmp_path: Path) -> None:
    every = ["RegistryValueSet", "RegistryKeyCreated", "RegistryKeyDeleted", "RegistryValueDeleted"]
    query = query_of(r"TargetObject|contains: \Run", category)
    key = r"HKEY_LOCAL_MACHINE\SOFTWARE\Run"
    found = matching(tmp_path, query, "DeviceRegistryEvents", "ActionType", every, RegistryKey=key)
    assert set(found) == actions


@pytest.mark.parametrize(
    ("key", "name", "path"),
    [
        (r"HKEY_LOCAL_MACHINE\SOFTWARE\Run", "evil", r"HKLM\SOFTWARE\Run\evil"),
        (
            r"HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\X",
            "Start",
            r"HKLM\System\CurrentControlSet\Services\X\Start",
        ),
        (r"HKEY_CURRENT_USER\S-1-5-21-1\Software", "a", r"HKU\S-1-5-21-1\Software\a"),
        (r"HKEY_USERS\S-1-5-21-1\Software", "a", r"HKU\S-1-5-21-1\Software\a"),
        (r"HKEY_CLASSES_ROOT\x", "(Default)", r"HKCR\x\(Default)"),
    ],
)
def test_registry_paths_are_sysmons(key: str, name: str, path: str, tmp_path: Path) -> None:
    query = query_of(f"TargetObject: '{path}'", "registry_set")
    keys = [key, r"HKEY_LOCAL_MACHINE\SOFTWARE\Other"]
    found = matching(
        tmp_path,
        query,
        "DeviceRegistryEvents",
        "RegistryKey",
        keys,
        RegistryValueName=name,
        ActionType="RegistryValueSet",
    )
    assert found == [key]


@pytest.mark.parametrize(
    ("details", "kind", "data"),
    [
        ("DWORD (0x00000001)", "Dword", "1"),
        ("DWORD (0x000000ff)", "Dword", "255"),
        ("QWORD (0x00000001-0x00000002)", "Qword", "4294967298"),
        ("Binary Data", "Binary", ""),
        ("calc.exe", "String", "calc.exe"),
    ],
)
def test_registry_data_are_sysmons(details: str, kind: str, data: str, tmp_path: Path) -> None:
    query = query_of(f"Details: '{details}'", "registry_set")
    found = matching(
        tmp_path,
        query,
        "DeviceRegistryEvents",
        "RegistryValueData",
        [data, "7"],
        RegistryValueType=[kind, "Dword"],
        ActionType="RegistryValueSet",
    )
    assert found == [data]


def test_the_source_of_a_connection_is_who_began_it(tmp_path: Path) -> None:
    actions = ["ConnectionSuccess", "InboundConnectionAccepted", "ConnectionFailed"]
    ends = {"LocalIP": "10.0.0.1", "RemoteIP": "192.0.2.9", "LocalPort": 50000, "RemotePort": 443}
    for detection, hits in (
        ("DestinationIp: 192.0.2.9", ["ConnectionSuccess"]),
        ("DestinationIp|cidr: 10.0.0.0/8", ["InboundConnectionAccepted"]),
        ("DestinationPort: 443", ["ConnectionSuccess"]),
        ("SourcePort: '443'", ["InboundConnectionAccepted"]),
        ("Initiated: 'true'", ["ConnectionSuccess"]),
        ("Initiated: false", ["InboundConnectionAccepted"]),
        ("DestinationIsIpv6: 'false'", ["ConnectionSuccess", "InboundConnectionAccepted"]),
    ):
        query = query_of(detection, "network_connection")
        found = matching(tmp_path, query, "DeviceNetworkEvents", "ActionType", actions, **ends)
        assert sorted(found) == hits, detection


def test_hashes_are_columns(tmp_path: Path) -> None:
    digest = "a" * 64
    query = query_of(f"Hashes|contains: ['SHA256={digest.upper()}', 'MD5=0123']")
    found = matching(
        tmp_path,
        query,
        "DeviceProcessEvents",
        "SHA256",
        [digest, "b" * 64],
        MD5="",
        ActionType="ProcessCreated",
    )
    assert found == [digest]


def test_what_sysmon_alone_tells(tmp_path: Path) -> None:
    digest = "0123456789ABCDEF0123456789abcdef"
    fields = [json.dumps({"ImportHash": digest.lower(), "CurrentDirectory": "C:\\Temp\\"}), "{}", ""]
    for detection, said in (
        (f"Hashes|contains: IMPHASH={digest}", "Imphash"),
        (f"Imphash: {digest}", "Imphash"),
        ("CurrentDirectory|endswith: '\\Temp\\'", "CurrentDirectory"),
    ):
        result = read(rule(detection))
        assert [(item.code, item.is_error) for item in result.diagnostics] == [("BTK0248", False)]
        assert f"'{said}'" in result.diagnostics[0].message
        (found,) = result.detections
        hits = matching(
            tmp_path,
            found.query,
            "DeviceProcessEvents",
            "AdditionalFields",
            fields,
            ActionType="ProcessCreated",
        )
        assert len(hits) == 1, detection


def test_what_a_process_did_to_another(tmp_path: Path) -> None:
    fields = ['{"DesiredAccess": "4112"}', '{"DesiredAccess": "1"}']
    query = query_of("GrantedAccess: '0x1010'\nTargetImage|endswith: \\lsass.exe", "process_access")
    found = matching(
        tmp_path,
        query,
        "DeviceEvents",
        "AdditionalFields",
        fields,
        ActionType="OpenProcessApiCall",
        FolderPath=r"C:\Windows\System32\lsass.exe",
    )
    assert len(found) == 1 and "4112" in str(found[0])


def test_the_fields_of_a_windows_log(tmp_path: Path) -> None:
    query = query_of("EventID: 7045\nProvider_Name: Service Control Manager\nImagePath|contains: evil", **SYSTEM)
    found = matching(
        tmp_path,
        query,
        "WindowsEvent",
        "EventData",
        ['{"ImagePath":"c:\\\\evil.exe"}', '{"ImagePath":"c:\\\\good.exe"}'],
        Channel="System",
        EventID=7045,
        Provider="Service Control Manager",
    )
    assert found == [{"ImagePath": "c:\\evil.exe"}]


SYSTEM = {"product": "windows", "service": "system"}
SECURITY = {"product": "windows", "service": "security"}


def test_a_field_of_the_security_log_without_a_column(tmp_path: Path) -> None:
    query = query_of("EventID: 4698\nTaskName: '\\A&B'", **SECURITY)
    data = '<EventData><Data Name="TaskName">\\A&amp;B</Data><Data Name="X">\\A&amp;B</Data></EventData>'
    other = '<EventData><Data Name="TaskName">\\C</Data><Data Name="X">\\A&amp;B</Data></EventData>'
    found = matching(tmp_path, query, "SecurityEvent", "EventData", [data, other], EventID=4698)
    assert found == [data]


def test_a_parent_by_its_name(tmp_path: Path) -> None:
    query = query_of("ParentImage|endswith: \\cmd.exe", "file_event")
    found = matching(
        tmp_path,
        query,
        "DeviceFileEvents",
        "InitiatingProcessParentFileName",
        ["cmd.exe", "xcmd.exe"],
        ActionType="FileCreated",
    )
    assert found == ["cmd.exe"]


def test_a_long_list_is_bound() -> None:
    values = ", ".join(f"value{number}" for number in range(1500))
    query = query_of(f"CommandLine|contains: [{values}]")
    with bluetick.connect() as session:
        assert session.check(query).diagnostics == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (rule("CommandLine: a", product="okta", service="okta"), "BTK0243"),
        (rule("FileVersion: a"), "BTK0244"),
        (rule("Signed: 'false'", "image_load"), "BTK0244"),
        (rule("Hashes|contains: IMPHASH=00", "image_load"), "BTK0244"),
        (rule("Hashes|contains: SHA512=00"), "BTK0244"),
        (rule("ParentImage|startswith: 'C:\\x'", "file_event"), "BTK0244"),
        (rule("ProcessId: many"), "BTK0244"),
        (rule("- one\n- two"), "BTK0244"),
        (rule("CommandLine|nothing: a"), "BTK0242"),
        (rule("CommandLine|re: '('"), "BTK0242"),
        (rule("CommandLine|expand: '%x%'"), "BTK0242"),
        (rule("CommandLine: a", condition="selection | count() > 5"), "BTK0242"),
        (rule("CommandLine: a", condition="other"), "BTK0242"),
        (rule("CommandLine: a", condition="(" * 60 + "selection" + ")" * 60), "BTK0245"),
        (f"{HEAD}correlation:\n  type: event_count\n  rules: [a]\n", "BTK0241"),
        (rule("CommandLine: &a [b]"), "BTK0231"),
        (f"{HEAD}logsource: 5\ndetection: 6\n", "BTK0242"),
    ],
)
def test_refused(text: str, code: str) -> None:
    assert refused(text) == [code]


def test_a_refused_field_has_its_place() -> None:
    text = rule("CommandLine: a\nFileVersion|contains: b")
    (diagnostic,) = read(text).diagnostics
    assert text[diagnostic.span.start : diagnostic.span.end] == "FileVersion|contains"
    assert "FileVersion" in diagnostic.message and "DeviceProcessEvents" in diagnostic.message


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "bluetick.detections.documents.sigma_conversion", raising=False)
    monkeypatch.setitem(sys.modules, "sigma.backends.kusto.kusto", None)
    (diagnostic,) = read(rule("CommandLine: a")).diagnostics
    assert (diagnostic.code, diagnostic.is_error) == ("BTK0240", True)
    assert "bluetick[sigma]" in diagnostic.hint
