"""Lines of a Sysmon log."""

import json


def connection(record: int, port: int) -> str:
    """One outbound connection, as a line of JSON."""
    return json.dumps(
        {
            "EventID": 3,
            "Hostname": "pc1",
            "Channel": "Microsoft-Windows-Sysmon/Operational",
            "RecordNumber": record,
            "UtcTime": f"2026-01-02 03:{record // 60 % 60:02}:{record % 60:02}.678",
            "ProcessGuid": "{00000000-0000-0000-0000-000000000001}",
            "ProcessId": "4",
            "Image": "C:\\a.exe",
            "Protocol": "tcp",
            "Initiated": "true",
            "SourceIsIpv6": "false",
            "SourceIp": "10.0.0.1",
            "SourcePort": str(20_000 + record),
            "DestinationIsIpv6": "false",
            "DestinationIp": "203.0.113.5",
            "DestinationPort": str(port),
        }
    )
