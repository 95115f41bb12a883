"""How fast Windows events become rows, in CPU time, beside what parsing their JSON alone costs; and what they hold.

The events are of one busy network, each different: process starts, connections, DNS queries, loaded images, values of
the registry, logons. `grown` is how much more memory the process has after eight times as many events.
"""

import resource
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import orjson
import pyarrow as pa
from reporting import report

from bluetick.sources.records import Records
from bluetick.sources.windows import WindowsEvents

BLOCK, FIRST, ALL = 5_000, 50_000, 400_000
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
SYSMON = {"SourceName": "Microsoft-Windows-Sysmon", "Channel": "Microsoft-Windows-Sysmon/Operational"}
SECURITY = {"SourceName": "Microsoft-Windows-Security-Auditing", "Channel": "Security"}


def main() -> None:
    normaliser = WindowsEvents(now=lambda: BEGIN + timedelta(days=30))
    spent = parsing = 0.0
    rows = held = 0
    for number, block in enumerate(blocks(), 1):
        texts = [text.encode() for text in block.text.to_pylist() if text is not None]
        begun = time.process_time()
        for text in texts:
            orjson.loads(text)
        parsed = time.process_time()
        done = normaliser.normalise(block)
        spent += time.process_time() - parsed
        parsing += parsed - begun
        assert not done.faults
        assert not done.duplicates
        rows += sum(table.num_rows for table in done.tables.values())
        if number * BLOCK == FIRST:
            held = peak_mb()
    rows += sum(table.num_rows for table in normaliser.finish().tables.values())
    report("events a second", ALL / spent, "1/s", f"one core; {rows / ALL:.2f} rows an event")
    report("beside parsing alone", spent / parsing, "x", "the fastest JSON parser, nothing else")
    report("memory", peak_mb(), "MB", f"after {ALL:,} events; limit 600")
    report("grown", peak_mb() - held, "MB", f"since the first {FIRST:,}")


def blocks() -> Iterator[Records]:
    for first in range(0, ALL, BLOCK):
        lines = [orjson.dumps(event(number)) for number in range(first, first + BLOCK)]
        ends = [0]
        for line in lines:
            ends.append(ends[-1] + len(line) + 1)
        raw = pa.array(lines, pa.large_binary())
        yield Records(first + 1, raw, pa.array([line.decode() for line in lines], pa.large_string()), pa.array(ends))


def event(number: int) -> dict[str, object]:
    """The event of this number: one process start in ten events, four connections, the rest by turns."""
    time_of_it = BEGIN + timedelta(milliseconds=20 * number)
    started = number - number % 10
    seconds = int(BEGIN.timestamp()) + started // 50
    system = {
        "EventTime": f"{time_of_it:%Y-%m-%d %H:%M:%S}",
        "@timestamp": time_of_it.isoformat(),
        "Hostname": f"PC{started // 10 % 500}.example.com",
        "Keywords": -9223372036854775808,
        "Severity": "INFO",
        "Task": 3,
        "RecordNumber": number,
        "ExecutionProcessID": 3520,
        "ThreadID": 4168,
        "EventType": "INFO",
        "SourceModuleName": "eventlog",
    }
    actor = {
        "RuleName": "-",
        "UtcTime": f"{time_of_it:%Y-%m-%d %H:%M:%S.%f}"[:-3],
        "ProcessGuid": f"{{0a1b2c3d-{seconds & 0xFFFF:04x}-{seconds >> 16:04x}-0000-{started:012x}}}",
        "ProcessId": str(1_000 + started % 60_000),
        "Image": f"C:\\Program Files\\Tool {started // 10 % 300}\\tool.exe",
        "User": f"LAB\\user{started // 10 % 400}",
    }
    return {**system, **OTHERS[number % 10](number, actor)}


def start(number: int, actor: dict[str, str]) -> dict[str, object]:
    return {
        **SYSMON,
        **actor,
        "EventID": 1,
        "CommandLine": f"tool.exe --job {number} --verbose --config C:\\ProgramData\\tool\\config.json",
        "Company": "Example Ltd",
        "IntegrityLevel": "Medium",
        "LogonId": "0x3e7",
        "TerminalSessionId": "1",
        "Hashes": f"SHA1={number:040X},MD5={number:032X},SHA256={number // 10 % 300:064X}",
        "ParentProcessGuid": "{0a1b2c3d-a100-65f0-0100-000000000300}",
        "ParentProcessId": "900",
        "ParentImage": "C:\\Windows\\explorer.exe",
        "ParentCommandLine": "C:\\Windows\\explorer.exe",
    }


def connection(number: int, actor: dict[str, str]) -> dict[str, object]:
    return {
        **SYSMON,
        **actor,
        "EventID": 3,
        "Protocol": "tcp",
        "Initiated": "true",
        "SourceIp": f"10.1.{number // 10 % 500 // 250}.{number // 10 % 250}",
        "SourcePort": str(1_024 + number % 60_000),
        "DestinationIp": f"93.184.{number % 200}.{number // 7 % 250}",
        "DestinationHostname": "-",
        "DestinationPort": "443",
    }


def query(number: int, actor: dict[str, str]) -> dict[str, object]:
    answer = f"type:  5 edge.example.net;::ffff:93.184.{number % 200}.{number // 7 % 250};"
    name = f"host{number % 5_000}.example.net"
    return {**SYSMON, **actor, "EventID": 22, "QueryName": name, "QueryStatus": "0", "QueryResults": answer}


def image(number: int, actor: dict[str, str]) -> dict[str, object]:
    hashes = f"SHA1={number % 900:040X},MD5={number % 900:032X},SHA256={number % 900:064X}"
    return {
        **SYSMON,
        **actor,
        "EventID": 7,
        "ImageLoaded": f"C:\\Windows\\System32\\lib{number % 900}.dll",
        "Hashes": hashes,
    }


def value(number: int, actor: dict[str, str]) -> dict[str, object]:
    target = f"HKLM\\SOFTWARE\\Example\\Key{number % 700}\\Value"
    return {
        **SYSMON,
        **actor,
        "EventID": 13,
        "EventType": "SetValue",
        "TargetObject": target,
        "Details": "DWORD (0x00000001)",
    }


def logon(number: int, actor: dict[str, str]) -> dict[str, object]:
    return {
        **SECURITY,
        "EventID": 4624,
        "SubjectUserName": "-",
        "SubjectDomainName": "-",
        "TargetUserSid": f"S-1-5-21-1-2-3-{number % 400}",
        "TargetUserName": actor["User"][4:],
        "TargetDomainName": "LAB",
        "TargetLogonId": f"0x{number:x}",
        "LogonType": "3",
        "LogonProcessName": "Kerberos",
        "AuthenticationPackageName": "Kerberos",
        "IpAddress": f"10.1.0.{number % 250}",
        "IpPort": "50123",
    }


OTHERS = (start, query, connection, connection, image, connection, connection, value, image, logon)


def peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
