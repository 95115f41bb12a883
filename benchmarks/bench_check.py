"""`bluetick check` over 1,000 generated Sentinel rules, by one process and by as many as there are cores.

The rules are of six shapes that hunting queries have (a filter, a baseline and an anti join, a join of two tables, a
union, parsed fields, a watchlist of values), of ten to sixty lines, with names and numbers drawn from a seed.
"""

import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from reporting import report

RULES = 1_000
LIMIT = 20.0  # seconds on two cores, of issue 6

Draw = random.Random

_PROCESS = ("FileName", "ProcessCommandLine", "InitiatingProcessFileName", "FolderPath", "AccountName")
_WORDS = ("powershell.exe", "rundll32.exe", "certutil", "-enc", "whoami", "vssadmin", "schtasks", "mimikatz")


def _filter(draw: Draw) -> str:
    conditions = "\n".join(
        f"| where {draw.choice(_PROCESS)} has_any ({', '.join(repr(w) for w in draw.sample(_WORDS, 4))})"
        for _ in range(draw.randint(1, 6))
    )
    return (
        f"DeviceProcessEvents\n| where TimeGenerated > ago(1h)\n{conditions}\n"
        "| extend Host = tostring(split(DeviceName, '.')[0]), Length = strlen(ProcessCommandLine)\n"
        f"| where Length > {draw.randint(10, 500)}\n"
        "| summarize Count = count(), First = min(TimeGenerated), Commands = make_set(ProcessCommandLine, 20)\n"
        "    by Host, AccountName\n"
        f"| where Count > {draw.randint(1, 50)}"
    )


def _baseline(draw: Draw) -> str:
    days = draw.randint(3, 13)
    return (
        f"let history = {days}d;\nlet least = {draw.randint(2, 9)};\n"
        "let known = SigninLogs\n"
        "    | where TimeGenerated between (ago(history) .. ago(1h))\n"
        "    | where ResultType == '0'\n"
        "    | summarize Times = count() by UserPrincipalName, Location\n"
        "    | where Times >= least;\n"
        "SigninLogs\n| where TimeGenerated > ago(1h)\n| where ResultType == '0'\n"
        "| extend Browser = tostring(DeviceDetail.browser), System = tostring(DeviceDetail.operatingSystem)\n"
        "| summarize Last = max(TimeGenerated), Addresses = make_set(IPAddress, 10), Systems = dcount(System)\n"
        "    by UserPrincipalName, Location\n"
        "| join kind=leftanti (known) on UserPrincipalName, Location\n"
        f"| where array_length(Addresses) > {draw.randint(0, 3)}\n| order by Last desc"
    )


def _join(draw: Draw) -> str:
    return (
        "let failures = SecurityEvent\n"
        f"    | where TimeGenerated > ago(1d) and EventID == {draw.choice((4625, 4771))}\n"
        "    | summarize Failures = count() by TargetAccount, IpAddress\n"
        f"    | where Failures > {draw.randint(5, 90)};\n"
        "let successes = SecurityEvent\n    | where TimeGenerated > ago(1d) and EventID == 4624\n"
        f"    | where LogonType in ({draw.randint(2, 3)}, 10)\n"
        "    | project SuccessTime = TimeGenerated, TargetAccount, IpAddress, Computer;\n"
        "failures\n| join kind=inner (successes) on TargetAccount, IpAddress\n"
        "| extend Parts = split(TargetAccount, '\\\\')\n"
        "| extend Name = tostring(Parts[1]), Domain = tostring(Parts[0])\n"
        f"| where Name !startswith '{draw.choice('abcxyz')}$'\n"
        "| summarize Hosts = make_set(Computer, 50), First = min(SuccessTime) by Name, Domain, IpAddress, Failures"
    )


def _union(draw: Draw) -> str:
    port = draw.randint(1, 65_535)
    return (
        f"let port = {port};\n"
        "union isfuzzy=true\n"
        "(DeviceNetworkEvents | where TimeGenerated > ago(1h) | where RemotePort == port\n"
        "  | project TimeGenerated, Host = DeviceName, Address = RemoteIP, Source = 'defender'),\n"
        "(VMConnection | where TimeGenerated > ago(1h) | where DestinationPort == port\n"
        "  | project TimeGenerated, Host = Computer, Address = DestinationIp, Source = 'agent'),\n"
        "(CommonSecurityLog | where TimeGenerated > ago(1h) | where DestinationPort == port\n"
        "  | project TimeGenerated, Host = SourceHostName, Address = DestinationIP, Source = DeviceVendor)\n"
        "| where isnotempty(Address) and not(ipv4_is_private(Address))\n"
        "| summarize Hosts = dcount(Host), Times = count()\n"
        f"    by Address, Source, bin(TimeGenerated, {draw.randint(1, 30)}m)\n"
        f"| where Hosts >= {draw.randint(1, 20)}"
    )


def _parsed(draw: Draw) -> str:
    fields = "\n".join(
        f"| extend Field{i} = tostring(parse_json(tostring(TargetResources[{i % 3}].modifiedProperties))[{i}].newValue)"
        for i in range(draw.randint(3, 20))
    )
    return (
        "AuditLogs\n| where TimeGenerated > ago(1h)\n"
        f"| where OperationName has '{draw.choice(('role', 'group', 'consent', 'owner'))}'\n"
        "| extend User = tostring(InitiatedBy.user.userPrincipalName), App = tostring(InitiatedBy.app.displayName)\n"
        "| extend Actor = coalesce(User, App)\n"
        f"{fields}\n| where Field0 matches regex @'(?i)admin|owner|{draw.randint(0, 999)}'\n"
        "| project TimeGenerated, OperationName, Actor, Field0, Field1, Field2, CorrelationId"
    )


def _listed(draw: Draw) -> str:
    rows = ",\n".join(f"    '{draw.randrange(256)}.{draw.randrange(256)}.0.{n}', 'list {n}'" for n in range(30))
    return (
        f"let listed = datatable (Address:string, Reason:string) [\n{rows}\n];\n"
        "CommonSecurityLog\n| where TimeGenerated > ago(1h)\n| where DeviceAction !in~ ('deny', 'drop', 'block')\n"
        "| project TimeGenerated, DestinationIP, SourceIP, SentBytes, DeviceVendor\n"
        "| join kind=inner (listed) on $left.DestinationIP == $right.Address\n"
        "| summarize Bytes = sum(SentBytes) by SourceIP, DestinationIP, Reason\n"
        f"| where Bytes > {draw.randint(1, 10**6)}"
    )


SHAPES: tuple[Callable[[Draw], str], ...] = (_filter, _baseline, _join, _union, _parsed, _listed)


def write_rules(folder: Path, count: int) -> None:
    """Sentinel rules `0000.yaml` and on: the same ones at each call."""
    draw = random.Random(20_260_618)
    for number in range(count):
        query = SHAPES[number % len(SHAPES)](draw).replace("\n", "\n  ")
        (folder / f"{number:04}.yaml").write_text(
            f"id: {draw.getrandbits(32):08x}-0000-4000-8000-{number:012x}\nname: Generated rule {number}\n"
            f"description: |\n  Of a benchmark.\nseverity: {draw.choice(('Low', 'Medium', 'High'))}\n"
            "queryFrequency: 1h\nqueryPeriod: 14d\ntriggerOperator: gt\ntriggerThreshold: 0\n"
            f"tactics:\n  - Execution\nrelevantTechniques:\n  - T1059\nquery: |\n  {query}\nversion: 1.0.0\n",
            "utf-8",
        )


def seconds(folder: Path, *options: str) -> tuple[float, float]:
    """The time of a whole command, start included, and the processors' own, which a busy machine does not lengthen."""
    command = [sys.executable, "-m", "bluetick", "check", str(folder), "--format", "json", *options]
    begun, worked = time.perf_counter(), _worked()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    took = time.perf_counter() - begun
    refused = [line for line in done.stdout.splitlines() if '"severity":"error"' in line]
    if done.returncode or refused:
        raise SystemExit(f"a generated rule is refused: {(refused or [done.stderr])[0][:500]}")
    return took, _worked() - worked


def _worked() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_rules(folder, RULES)
        alone, alone_worked = seconds(folder, "--jobs", "1")
        together, worked = seconds(folder)
    for what, took, cpu in (("one process", alone, alone_worked), ("as many as pay", together, worked)):
        report(f"{RULES:,} rules, {what}", took, "s", f"{RULES / took:,.0f} rules a second, {cpu:.1f} s of processors")
    report("one process against several", alone / together, "times", f"{worked / alone_worked:.2f} times the work")
    report(f"against the {LIMIT:.0f} s that 1,000 rules may take", LIMIT / together, "times", "above 1 is faster")


if __name__ == "__main__":
    main()
