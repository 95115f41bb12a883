"""Rules that a service is measured with: shapes that published rules have, each with other values, every hour.

How far they look back follows published scheduled rules: most an hour or a day, some two weeks, few a month.
"""

from pathlib import Path

_NEWCOMER = """
let known = VMConnection
    | where TimeGenerated between (ago({days}d) .. ago(1d))
    | summarize Times = count() by ProcessName, {key};
VMConnection
| where TimeGenerated >= ago(1h) and Direction == "outbound" and BytesSent > {value}
| summarize Sent = sum(BytesSent), Last = max(TimeGenerated) by Computer, ProcessName, {key}
| join kind=leftanti known on ProcessName, {key}
"""
_RARE = """
DeviceNetworkEvents
| where Timestamp > ago({days}d) and RemoteIPType == "Public"
| summarize Devices = dcount(DeviceName), Calls = count(), Last = max(Timestamp) by {key}, InitiatingProcessFileName
| where Devices == 1 and Calls < {value} and Last > ago(1h)
"""
# Days of lookback (0: an hour), and the query. {value} makes each copy a rule of its own.
_SHAPES = (
    (
        0,
        "DeviceNetworkEvents\n| where Timestamp > ago(1h) and RemotePort == {port}\n"
        '| where ActionType == "ConnectionSuccess"',
    ),
    (0, 'DeviceNetworkEvents\n| where Timestamp > ago(1h)\n| where InitiatingProcessCommandLine has "-enc{value}"'),
    (0, 'DeviceNetworkEvents\n| where Timestamp > ago(1h) and RemoteUrl endswith ".example{value}.test"'),
    (0, "VMConnection\n| where TimeGenerated > ago(1h) and DestinationPort in (22, 23, {port}) and LinksFailed > 3"),
    (
        0,
        "DeviceNetworkEvents\n| where Timestamp > ago(1h)\n"
        "| summarize Ports = dcount(RemotePort) by DeviceName, RemoteIP\n| where Ports > {value}",
    ),
    (
        0,
        "VMConnection\n| where TimeGenerated > ago(1h)\n"
        "| summarize Sent = sum(BytesSent) by Computer, DestinationIp\n| where Sent > {value} * 1000000",
    ),
    (
        0,
        "DeviceNetworkEvents\n| where Timestamp > ago(1h)\n"
        '| where InitiatingProcessFileName in~ ("powershell.exe", "wscript.exe", "p{value}.exe")\n'
        "| project Timestamp, DeviceName, RemoteIP, RemoteUrl, InitiatingProcessCommandLine",
    ),
    (
        0,
        "DeviceNetworkEvents\n| where Timestamp > ago(1h)\n"
        '| extend Host = tostring(split(RemoteUrl, "/")[0])\n'
        "| summarize Devices = make_set(DeviceName, 100), Calls = count() by Host\n| where Calls > {value} * 100",
    ),
    (
        1,
        "DeviceNetworkEvents\n| where Timestamp > ago(1d)\n"
        "| summarize Calls = count(), First = min(Timestamp) by DeviceName, RemoteIP, bin(Timestamp, 1h)\n"
        "| summarize Hours = count(), Total = sum(Calls) by DeviceName, RemoteIP\n"
        "| where Hours > 20 and Total < {value} * 40",
    ),
    (
        1,
        "VMConnection\n| where TimeGenerated > ago(1d)\n"
        "| summarize Sent = sum(BytesSent), Received = sum(BytesReceived) by Computer, RemoteCountry\n"
        "| where Sent > Received * {value}",
    ),
    (
        1,
        "let busy = DeviceNetworkEvents | where Timestamp > ago(1d) | summarize Calls = count() by DeviceName\n"
        "    | where Calls > {value} * 1000;\n"
        "DeviceNetworkEvents\n| where Timestamp > ago(1h)\n| join kind=inner busy on DeviceName\n"
        "| summarize Last = max(Timestamp) by DeviceName, Calls",
    ),
    (1, "VMConnection\n| where TimeGenerated > ago(1d) and isnotempty(MaliciousIp) and Severity >= {value}"),
    (14, _NEWCOMER.replace("{days}", "14").replace("{key}", "RemoteCountry")),
    (14, _RARE.replace("{days}", "14").replace("{key}", "InitiatingProcessSHA1")),
    (30, _NEWCOMER.replace("{days}", "30").replace("{key}", "DestinationIp")),
    (30, _RARE.replace("{days}", "30").replace("{key}", "RemoteUrl")),
)
_SHARES = (0, 0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 8, 9, 10, 10, 11, 12, 13, 14, 15)
_DOCUMENT = """id: 00000000-0000-4000-8000-{number:012d}
name: Measured rule {number}
kind: Scheduled
severity: Medium
queryFrequency: 1h
queryPeriod: {period}
triggerOperator: gt
triggerThreshold: 0
eventGroupingSettings:
  aggregationKind: AlertPerResult
query: |
{query}
"""


def write_rules(folder: Path, number: int) -> list[Path]:
    """So many hourly rules, a document each."""
    return [_write(folder, index) for index in range(number)]


def _write(folder: Path, index: int) -> Path:
    days, query = _SHAPES[_SHARES[index % len(_SHARES)]]
    value = 2 + index // len(_SHARES)
    filled = query.strip().replace("{value}", str(value)).replace("{port}", str(1024 + index))
    path = folder / f"rule_{index:04d}.yaml"
    lines = "\n".join(f"  {line}" for line in filled.splitlines())
    path.write_text(_DOCUMENT.format(number=index, period=f"{days}d" if days else "1h", query=lines), "utf-8")
    return path
