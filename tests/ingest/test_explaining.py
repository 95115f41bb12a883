"""`bluetick ingest --explain`: what is said of known logs, and the mappings that are proposed for unknown ones."""

import json
from pathlib import Path
from typing import Any

import pytest

import bluetick
from bluetick.cli.main import run_command
from bluetick.ingest.proposals.concepts import concepts, meanings, tables
from bluetick.ingest.proposals.shapes import SHAPES
from bluetick.schema.packs import known_table
from bluetick.sources.minutes import MOST_AT_ONCE

HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

FIREWALL = """\
date_time,devname,srcip,srcport,dstip,dstport,proto,action,sentbyte,rcvdbyte,srcintf,zone_note
2026-02-03 06:00:00,fw-1,10.0.0.4,50123,203.0.113.9,443,tcp,accept,1200,5300,lan,a
2026-02-03 06:00:01,fw-1,10.0.0.5,50124,198.51.100.7,53,udp,deny,60,0,lan,
"""
FIREWALL_COLUMNS = {
    "TimeGenerated": "date_time",
    "StartTime": "date_time",
    "DeviceName": "devname",
    "SourceIP": "srcip",
    "SourcePort": "srcport",
    "DestinationIP": "dstip",
    "DestinationPort": "dstport",
    "Protocol": "proto",
    "DeviceAction": "action",
    "SentBytes": "sentbyte",
    "ReceivedBytes": "rcvdbyte",
    "DeviceInboundInterface": "srcintf",
}

PROXY = """\
{"ts": 1770098400.25, "c_ip": "10.0.0.4", "username": "ada", "cs_method": "GET", "url": "https://www.example.com/a", \
"status": 200, "bytes_in": 5300, "bytes_out": 310, "user_agent": "curl/8", "cache": "MISS"}
{"ts": 1770098401.5, "c_ip": "10.0.0.5", "username": "", "cs_method": "CONNECT", "url": "example.net:443", \
"status": 407, "bytes_in": 100, "bytes_out": 90, "user_agent": "", "cache": ""}
"""
PROXY_COLUMNS = {
    "TimeGenerated": "ts",
    "EventStartTime": "ts",
    "SrcIpAddr": "c_ip",
    "SrcUsername": "username",
    "HttpRequestMethod": "cs_method",
    "Url": "url",
    "EventResultDetails": "status",
    "DstBytes": "bytes_in",
    "SrcBytes": "bytes_out",
    "HttpUserAgent": "user_agent",
}

PAIRS = """\
date=2026-02-03 time=06:00:00 devname="gw-2" action=pass src=10.0.0.4 dst=203.0.113.9 dport=443 msg="all is well" mark=7
date=2026-02-03 time=06:00:01 devname="gw-2" action=drop src=10.0.0.5 dst=2001:db8::7 dport=9 msg="no \\"port\\"" mark=8
"""
PAIRS_COLUMNS = {
    "TimeGenerated": "DateAndTime",
    "StartTime": "DateAndTime",
    "DeviceName": "devname",
    "DeviceAction": "action",
    "SourceIP": "src",
    "DestinationIP": "dst",
    "DestinationPort": "dport",
    "Message": "msg",
}

EDR = "".join(
    json.dumps(record) + "\n"
    for record in (
        {
            "eventTimestamp": 1770098400123,
            "hostName": "ws-7",
            "userName": "ada",
            "process": {"pid": 4120, "path": "C:\\Windows\\System32\\cmd.exe", "parent": {"name": "explorer.exe"}},
            "cmdLine": "cmd /c whoami",
            "fingerprint": HASH,
            "agent-version": "5.1",
        },
        {
            "eventTimestamp": 1770098401123,
            "hostName": "ws-7",
            "userName": "ada",
            "process": {"pid": 4121, "path": "C:\\Windows\\System32\\whoami.exe", "parent": {"name": "cmd.exe"}},
            "cmdLine": "whoami",
            "fingerprint": HASH[::-1],
            "agent-version": "5.1",
        },
    )
)
EDR_COLUMNS = {
    "Timestamp": "eventTimestamp",
    "DeviceName": "hostName",
    "AccountName": "userName",
    "ProcessId": "process.pid",
    "FolderPath": "process.path",
    "FileName": "process.path",
    "InitiatingProcessFileName": "process.parent.name",
    "ProcessCommandLine": "cmdLine",
    "SHA256": "fingerprint",
}

DNS = """\
{"@timestamp": "2026-02-03T06:00:00.5Z", "client": {"ip": "10.0.0.4", "port": 50123}, "dns": {"question": \
{"name": "www.example.com", "type": "A"}, "response_code": "NOERROR"}, "resolver": "r1"}
{"@timestamp": "2026-02-03T06:00:01.5Z", "client": {"ip": "10.0.0.5", "port": 50124}, "dns": {"question": \
{"name": "nowhere.invalid", "type": "AAAA"}, "response_code": "NXDOMAIN"}, "resolver": "r1"}
"""
DNS_COLUMNS = {
    "TimeGenerated": "@timestamp",
    "EventStartTime": "@timestamp",
    "SrcIpAddr": "client.ip",
    "SrcPortNumber": "client.port",
    "DnsQuery": "dns.question.name",
    "DnsQueryTypeName": "dns.question.type",
    "DnsResponseName": "dns.response_code",
}

LOGINS = """\
{"time": "2026-02-03T06:00:00+01:00", "user": "ada", "ip": "203.0.113.9", "status": "failed", \
"reason": "bad password", "mfa": false}
{"time": "2026-02-03T06:00:02+01:00", "user": "ada", "ip": "203.0.113.9", "status": "success", \
"reason": "", "mfa": true}
"""
LOGINS_COLUMNS = {
    "TimeGenerated": "time",
    "EventStartTime": "time",
    "ActorUsername": "user",
    "TargetUsername": "user",
    "SrcIpAddr": "ip",
    "EventResult": "status",
    "EventOriginalResultDetails": "reason",
}

FLOWS = """\
start;saddr;daddr;dport;bytes;weight
2026-02-03T06:00:00Z;10.0.0.4;203.0.113.9;443;1200;1.5
2026-02-03T06:00:01Z;10.0.0.5;not an address;53;60;2
"""

UNKNOWN = {
    "firewall.csv": (
        FIREWALL,
        "CommonSecurityLog",
        FIREWALL_COLUMNS,
        "CommonSecurityLog | sort by TimeGenerated asc | project tostring(TimeGenerated), SourceIP, SourcePort,"
        " DestinationIP, DestinationPort, DeviceAction, SentBytes, AdditionalExtensions",
        [
            ("2026-02-03T06:00:00.0000000Z", "10.0.0.4", 50123, "203.0.113.9", 443, "accept", 1200, "zone_note=a"),
            ("2026-02-03T06:00:01.0000000Z", "10.0.0.5", 50124, "198.51.100.7", 53, "deny", 60, "zone_note="),
        ],
    ),
    "proxy.json": (
        PROXY,
        "ASimWebSessionLogs",
        PROXY_COLUMNS,
        "ASimWebSessionLogs | sort by TimeGenerated asc | project tostring(TimeGenerated), SrcIpAddr, Url,"
        " EventResultDetails, DstBytes, tostring(AdditionalFields.cache)",
        [
            ("2026-02-03T06:00:00.2500000Z", "10.0.0.4", "https://www.example.com/a", "200", 5300, "MISS"),
            ("2026-02-03T06:00:01.5000000Z", "10.0.0.5", "example.net:443", "407", 100, ""),
        ],
    ),
    "pairs.log": (
        PAIRS,
        "CommonSecurityLog",
        PAIRS_COLUMNS,
        "CommonSecurityLog | sort by TimeGenerated asc | project tostring(TimeGenerated), SourceIP, DestinationIP,"
        " DestinationPort, DeviceAction, Message",
        [
            ("2026-02-03T06:00:00.0000000Z", "10.0.0.4", "203.0.113.9", 443, "pass", "all is well"),
            ("2026-02-03T06:00:01.0000000Z", "10.0.0.5", "2001:db8::7", 9, "drop", 'no \\"port\\"'),
        ],
    ),
    "edr.ndjson": (
        EDR,
        "DeviceProcessEvents",
        EDR_COLUMNS,
        "DeviceProcessEvents | sort by Timestamp asc | project tostring(Timestamp), ProcessId, FileName,"
        " InitiatingProcessFileName, ProcessCommandLine, SHA256,"
        " tostring(todynamic(AdditionalFields)['agent-version'])",
        [
            ("2026-02-03T06:00:00.1230000Z", 4120, "cmd.exe", "explorer.exe", "cmd /c whoami", HASH, "5.1"),
            ("2026-02-03T06:00:01.1230000Z", 4121, "whoami.exe", "cmd.exe", "whoami", HASH[::-1], "5.1"),
        ],
    ),
    "dns.json": (
        DNS,
        "ASimDnsActivityLogs",
        DNS_COLUMNS,
        "ASimDnsActivityLogs | sort by TimeGenerated asc | project tostring(TimeGenerated), SrcIpAddr, SrcPortNumber,"
        " DnsQuery, DnsQueryTypeName, DnsResponseName",
        [
            ("2026-02-03T06:00:00.5000000Z", "10.0.0.4", 50123, "www.example.com", "A", "NOERROR"),
            ("2026-02-03T06:00:01.5000000Z", "10.0.0.5", 50124, "nowhere.invalid", "AAAA", "NXDOMAIN"),
        ],
    ),
    "logins.json": (
        LOGINS,
        "ASimAuthenticationEventLogs",
        LOGINS_COLUMNS,
        "ASimAuthenticationEventLogs | sort by TimeGenerated asc | project tostring(TimeGenerated), TargetUsername,"
        " SrcIpAddr, EventResult, EventOriginalResultDetails, tostring(AdditionalFields.mfa)",
        [
            ("2026-02-03T05:00:00.0000000Z", "ada", "203.0.113.9", "failed", "bad password", "false"),
            ("2026-02-03T05:00:02.0000000Z", "ada", "203.0.113.9", "success", "", "true"),
        ],
    ),
}


def told(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    code = run_command(["ingest", *map(str, arguments)])
    said = capfd.readouterr()
    assert code == 0, said.err
    return said.out


def explained(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(told(capfd, *arguments, "--explain", "--format", "json"))
    return found


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_log_gets_a_mapping_that_gives_rows(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text, table, columns, query, rows = UNKNOWN[name]
    log, mapping, lake = tmp_path / name, tmp_path / "mapping.yaml", tmp_path / "lake"
    log.write_text(text, "utf-8")

    found = explained(capfd, log, "--write", mapping)
    best = found["proposal"]["tables"][0]
    assert (found["format"], best["table"]) == (None, table)
    assert {one["column"]: one["field"] for one in best["columns"]} == columns
    assert mapping.read_text("utf-8") == found["mapping"]

    account = json.loads(told(capfd, log, "--map", mapping, "--lake", lake, "--format", "json"))
    assert account == {"input": 2, "stored": 2, "quarantined": 0, "duplicates": 0}
    with bluetick.connect(lake=lake) as session:
        assert list(session.query(query).rows()) == rows


def test_a_name_that_the_values_contradict_is_no_evidence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "flows.csv"
    log.write_text(FLOWS, "utf-8")
    found = explained(capfd, log)["proposal"]
    best = found["tables"][0]
    assert best["table"] == "ASimNetworkSessionLogs"
    assert "DstIpAddr" not in {one["column"] for one in best["columns"]}
    assert found["doubts"] == [
        "daddr: its name may mean the destination address, but only 50% of its values are addresses"
    ]
    assert [(one["field"], one["example"]) for one in found["unmapped"]] == [
        ("daddr", "203.0.113.9"),
        ("weight", "1.5"),
    ]


def test_fields_that_fit_alike_are_shown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "flows.json"
    log.write_text(
        '{"time": "2026-02-03T06:00:00Z", "src_ip": "10.0.0.4", "orig_h": "10.0.0.4", "dst_ip": "10.0.0.5"}\n'
    )
    columns = {one["column"]: one for one in explained(capfd, log)["proposal"]["tables"][0]["columns"]}
    assert (columns["SourceIP"]["field"], columns["SourceIP"]["ties"]) == ("src_ip", ["orig_h"])


def test_nothing_is_proposed_without_evidence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "poem.txt"
    log.write_text("whose woods these are\nI think I know\n", "utf-8")
    assert explained(capfd, log)["proposal"]["tables"] == []
    assert "no table is proposed" in told(capfd, log, "--explain")
    assert run_command(["ingest", str(log), "--explain", "--write", str(tmp_path / "m.yaml")]) == 1
    assert not (tmp_path / "m.yaml").exists()


def test_a_known_log_is_told_of_without_being_stored(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "trail.json"
    event = {
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "eventTime": "2026-02-03T06:00:00Z",
        "awsRegion": "eu-central-1",
        "sourceIPAddress": "203.0.113.9",
        "ourOwn": {"note": "kept by nobody"},
    }
    wrong = {**event, "eventTime": "yesterday"}
    log.write_text(json.dumps({"Records": [event, {**event, "sourceIPAddress": ""}, wrong]}), "utf-8")

    found = explained(capfd, log)
    assert (found["container"], found["records"], found["format"]) == ("documents", 3, "cloudtrail")
    assert found["claims"] == [{"format": "cloudtrail", "records": 3, "of": 3}]
    (table,) = found["tables"]
    assert (table["table"], table["rows"]) == ("AWSCloudTrail", 2)
    filled = table["filled"]
    assert (filled["EventName"], filled["SourceIpAddress"], filled["UserAgent"]) == (2, 1, 0)
    assert "AwsRequestId" in table["lacks"]
    assert found["quarantined"] == {"'eventTime' is no datetime": 1}
    assert found["left"] == [{"field": "ourOwn.note", "fill": 1.0, "example": "kept by nobody"}]
    text = told(capfd, log, "--explain")
    assert "would be quarantined: 1 records: 'eventTime' is no datetime" in text
    assert list(tmp_path.iterdir()) == [log]


def test_all_rows_are_counted_also_where_they_come_in_parts(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A flow is a row a minute, and so many minutes are more than a format gives in one answer; it names no bytes."""
    week = 7 * 24 * 60
    flow = {"_path": "conn", "ts": 1767225600, "duration": week * 60 - 1, "proto": "tcp", "conn_state": "SF"}
    flow |= {"id.orig_h": "10.0.0.4", "id.orig_p": 50123, "id.resp_p": 443}
    count = 2 * (MOST_AT_ONCE // week) + 2  # three answers
    flows = [flow | {"uid": f"C{i}", "id.resp_h": f"203.0.113.{i}"} for i in range(count)]
    log = tmp_path / "conn.log"
    log.write_text("".join(json.dumps(one) + "\n" for one in flows), "utf-8")

    tables = {table["table"]: table for table in explained(capfd, log)["tables"]}

    assert {name: table["rows"] for name, table in tables.items()} == {
        "DeviceNetworkEvents": count,
        "VMConnection": count * week,
    }
    filled = tables["VMConnection"]["filled"]
    assert (filled["RemoteIp"], filled["BytesSent"]) == (count * week, 0)


def test_an_ingest_needs_a_lake(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["ingest", str(tmp_path / "a.log")]) == 2
    assert "Missing option '--lake'" in capfd.readouterr().err


def test_the_concepts_are_those_of_the_tables() -> None:
    assert {concept.shape for concept in concepts().values()} <= SHAPES.keys()
    for table in tables():
        schema = known_table(table.table)
        assert schema is not None
        assert {column for column, _ in table.columns} <= dict(schema.columns).keys()
        assert {origin.concept for _, origins in table.columns for origin in origins} <= concepts().keys()
        assert {concept for alternatives in table.needs for concept in alternatives} <= concepts().keys()


@pytest.mark.parametrize(
    ("way", "concept"),
    [
        (("id.orig_h",), "source address"),
        (("source", "ip"), "source address"),
        (("SRC-IP",), "source address"),
        (("event", "dstPort"), "destination port"),
        (("parent", "process", "name"), "parent process name"),
        (("shop", "user"), None),
        (("old", "file", "name"), None),
    ],
)
def test_names_say_what_a_field_means(way: tuple[str, ...], concept: str | None) -> None:
    found, _ = meanings(way)
    assert (found[0] if found else None) == concept
