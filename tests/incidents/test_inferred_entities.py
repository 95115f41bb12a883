"""Entities of rows whose document maps none."""

from typing import Any

import pytest

from bluetick.detections.alerts.inferring import MOST_SOURCES, entities_in, sources_of
from bluetick.detections.linting.entity_facts import IDENTIFIERS, REQUIRED


def inferred(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Without the mark, which each must have."""
    found = [entity for source in sources_of(list(row)) for entity in entities_in(source, [row])]
    assert all(entity.pop("inferred") is True for entity in found)
    return found


def entity(kind: str, **identifiers: str) -> dict[str, str]:
    return {"kind": kind, **identifiers}


SHA1, SHA256, MD5 = "a" * 40, "B" * 64, "0" * 32
ID = "11111111-2222-3333-4444-555555555555"
# (row, its entities), after the columns' descriptions in the tables and the entities' strong identifiers.
ROWS: list[tuple[dict[str, Any], list[dict[str, str]]]] = [
    (
        {"UserPrincipalName": "ann@a.com", "UserId": ID},
        [entity("Account", Name="ann", UPNSuffix="a.com", AadUserId=ID)],
    ),
    ({"UserId": "ann@a.com"}, [entity("Account", Name="ann", UPNSuffix="a.com")]),
    ({"UserId": ID}, [entity("Account", AadUserId=ID)]),
    ({"AccountName": "ann", "AccountDomain": "corp"}, [entity("Account", Name="ann", NTDomain="corp")]),
    ({"AccountUpn": "", "AccountName": "ann"}, [entity("Account", Name="ann")]),
    (
        {"AccountUpn": "ann@a.com", "AccountName": "ann", "AccountDomain": "corp", "AccountSid": "S-1-5"},
        [entity("Account", Name="ann", UPNSuffix="a.com", NTDomain="corp")],
    ),
    (
        {"AccountName": "ann", "InitiatingProcessAccountName": "bob"},
        [entity("Account", Name="ann"), entity("Account", Name="bob")],
    ),
    ({"Account": "CORP\\ann"}, [entity("Account", NTDomain="CORP", Name="ann")]),
    (
        {"TargetUserName": "ann", "TargetDomainName": "CORP", "TargetUserSid": "S-1-5"},
        [entity("Account", Name="ann", NTDomain="CORP", Sid="S-1-5")],
    ),
    ({"SubjectUserName": "-", "SubjectDomainName": "-"}, []),
    ({"Caller": None}, []),
    ({"User": True, "DeviceName": {"a": 1}, "AppName": 1.5}, []),
    ({"Account": "@ann"}, [entity("Account", Name="@ann")]),
    ({"Account": "a\\b\\c"}, [entity("Account", Name="a\\b\\c")]),
    ({"DeviceName": "pc.corp.a.com"}, [entity("Host", HostName="pc", DnsDomain="corp.a.com")]),
    ({"Computer": "pc"}, [entity("Host", HostName="pc")]),
    ({"Computer": "10.0.0.1"}, []),
    ({"DvcHostname": "pc", "DvcDomain": "a.com"}, [entity("Host", HostName="pc", DnsDomain="a.com")]),
    ({"DvcHostname": "pc", "DvcDomain": "CORP"}, [entity("Host", HostName="pc", NTDomain="CORP")]),
    ({"DvcDomain": "CORP"}, []),
    ({"RemoteIP": "1.2.3.4"}, [entity("IP", Address="1.2.3.4")]),
    ({"ClientIP": "1.2.3.4:443"}, [entity("IP", Address="1.2.3.4")]),
    ({"ClientIP": "[2001:db8::1]:443"}, [entity("IP", Address="2001:db8::1")]),
    ({"IPAddress": "2001:db8::1"}, [entity("IP", Address="2001:db8::1")]),
    ({"IPAddress": "somewhere"}, []),
    ({"set_IPAddress": ["1.2.3.4", "5.6.7.8", ""]}, [entity("IP", Address="1.2.3.4"), entity("IP", Address="5.6.7.8")]),
    ({"SHA1": SHA1}, [entity("FileHash", Algorithm="SHA1", Value=SHA1)]),
    ({"SHA256": SHA256, "MD5": MD5}, [
        entity("FileHash", Algorithm="SHA256", Value=SHA256),
        entity("FileHash", Algorithm="MD5", Value=MD5),
    ]),
    ({"SHA256": "abc"}, []),
    ({"SHA1": "g" * 40}, []),
    ({"FileName": "a.exe", "FolderPath": "C:\\x"}, [entity("File", Directory="C:\\x", Name="a.exe")]),
    ({"FilePath": "/opt/x/a"}, [entity("File", Directory="/opt/x", Name="a")]),
    ({"FolderPath": "C:\\x"}, []),
    (
        {"ProcessCommandLine": "a -b", "ProcessId": 7, "ProcessCreationTime": "2026-01-01T00:00:00Z"},
        [entity("Process", CommandLine="a -b", ProcessId="7", CreationTimeUtc="2026-01-01T00:00:00Z")],
    ),
    ({"ProcessId": 7}, []),
    ({"RemoteUrl": "https://a.com/x"}, [entity("URL", Url="https://a.com/x")]),
    ({"RemoteUrl": "a.com"}, [entity("DNS", DomainName="a.com")]),
    ({"DnsQuery": "a.com."}, [entity("DNS", DomainName="a.com")]),
    (
        {"NetworkMessageId": ID, "RecipientEmailAddress": "ann@a.com"},
        [entity("MailMessage", NetworkMessageId=ID, Recipient="ann@a.com")],
    ),
    ({"RecipientEmailAddress": "ann@a.com"}, [entity("Mailbox", MailboxPrimaryAddress="ann@a.com")]),
    ({"ResourceId": "/subscriptions/x"}, [entity("AzureResource", ResourceId="/subscriptions/x")]),
    ({"ResourceId": "x"}, []),
    ({"AppDisplayName": "Mail"}, [entity("CloudApplication", Name="Mail")]),
    ({"RegistryKey": "HKEY_LOCAL_MACHINE\\A\\B"}, [entity("RegistryKey", Hive="HKEY_LOCAL_MACHINE", Key="A\\B")]),
    ({"RegistryKey": "hkey_users\\A"}, [entity("RegistryKey", Hive="HKEY_USERS", Key="A")]),
    ({"RegistryKey": "A\\B"}, []),
    ({"RemoteUrl": "1.2.3.4"}, []),
    ({"AccountName": ["ann", "bob"], "AccountDomain": ["x", "y"]}, []),
    ({"Count": 5, "Score": 0.5, "Note": "1.2.3.4"}, []),
]  # fmt: skip


@pytest.mark.parametrize(("row", "wanted"), ROWS, ids=lambda value: str(value)[:40])
def test_columns_tell_entities(row: dict[str, Any], wanted: list[dict[str, str]]) -> None:
    assert inferred(row) == wanted


def test_identifiers_are_those_of_the_kinds() -> None:
    found = [one for row, _ in ROWS for one in inferred(row)]
    assert {one["kind"] for one in found} > {"Account", "Host", "IP", "File", "FileHash", "Process", "URL", "Mailbox"}
    for one in found:
        names = one.keys() - {"kind"}
        assert names <= set(IDENTIFIERS[one["kind"]])
        assert names & set(REQUIRED[one["kind"]])
        assert len(names) <= 3


def test_columns_are_found_in_any_case_and_tell_one_entity_each() -> None:
    assert inferred({"REMOTEIP": "1.2.3.4"}) == [entity("IP", Address="1.2.3.4")]
    columns = ["AccountName", "AccountDomain", "UserPrincipalName", "UserId", "DeviceName", "RemoteIP", "FileName"]
    used = [column for source in sources_of(columns) for _, column in source.columns]
    assert sorted(used) == sorted(set(used)) == sorted(columns)


def test_there_are_not_more_sources_than_a_document_can_map() -> None:
    names = "RemoteIP IPAddress SourceIP DestinationIP SrcIP DstIP SrcIpAddr DstIpAddr ClientIP SHA1 SHA256 MD5"
    assert len(sources_of(names.split())) == MOST_SOURCES == 10
