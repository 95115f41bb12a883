"""A small world for the page: telemetry, hostile texts, rules that ran, a hunt; made by the commands people type."""

import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from console.hostile import COUNT, hostile_texts

END: Final = datetime(2026, 11, 23, tzinfo=UTC)
COLUMN: Final = "<img src=x onerror=alert(9119)> \u202ename"

_TALKATIVE = """\
id: 11111111-aaaa-4aaa-8aaa-000000000001
name: Talkative process
description: Processes with the most connections of an hour.
severity: High
kind: Scheduled
version: 1.0.0
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
tactics: [CommandAndControl]
relevantTechniques: [T1071.001]
eventGroupingSettings:
  aggregationKind: AlertPerResult
incidentConfiguration:
  createIncident: true
  groupingConfiguration:
    enabled: true
    reopenClosedIncident: false
    lookbackDuration: 1d
    matchingMethod: AnyAlert
entityMappings:
  - entityType: Host
    fieldMappings:
      - identifier: HostName
        columnName: Computer
  - entityType: IP
    fieldMappings:
      - identifier: Address
        columnName: DestinationIp
query: |
  VMConnection
  | where TimeGenerated >= ago(1h)
  | summarize Connections = count(), LastSeen = max(TimeGenerated) by Computer, ProcessName, DestinationIp
  | top 3 by Connections desc, Computer asc, ProcessName asc, DestinationIp asc
"""
_SILENT = """\
id: 11111111-aaaa-4aaa-8aaa-000000000002
name: Nothing to see
description: A rule that finds nothing.
severity: Low
kind: Scheduled
version: 1.0.0
queryFrequency: 1h
queryPeriod: 1d
triggerOperator: gt
triggerThreshold: 0
tactics: [Discovery]
relevantTechniques: [T1046]
query: |
  VMConnection
  | where TimeGenerated >= ago(1d)
  | where ProcessName == "there-is-no-such-process.exe"
  | summarize Connections = count() by Computer
  | where Connections > 1000
"""
_REFUSED = """\
id: 11111111-aaaa-4aaa-8aaa-000000000003
name: Asks for a column that there is not
description: A rule that cannot run.
severity: Medium
kind: Scheduled
version: 1.0.0
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
tactics: [Execution]
relevantTechniques: [T1059.001]
query: |
  VMConnection
  | where NoSuchColumn == 1
"""
_HOSTILE = """\
id: 11111111-aaaa-4aaa-8aaa-000000000004
name: "Hostile <img src=x onerror=alert(9119)> rule"
description: "<script>alert(9119)</script> \\u202edescription"
severity: Medium
kind: Scheduled
version: 1.0.0
queryFrequency: 1d
queryPeriod: 1d
triggerOperator: gt
triggerThreshold: 0
tactics: [Execution]
relevantTechniques: [T1059.001]
entityMappings:
  - entityType: Host
    fieldMappings:
      - identifier: HostName
        columnName: Text
  - entityType: Process
    fieldMappings:
      - identifier: CommandLine
        columnName: Text
query: |
  Hostile
  | where TimeGenerated >= ago(1d)
  | project TimeGenerated, Text, Number, Bag
"""
_HUNT = """\
# Who speaks with few?

Hypothesis: an implant's process speaks with *few* addresses, from **one** machine.

```kql
VMConnection
| summarize Connections = count(), Machines = dcount(Computer) by ProcessName
| where Machines == 1
| sort by ProcessName asc
```

What was seen: nothing yet. See [the guide](https://example.org/guide) <img src=x onerror=alert(9119)>.
"""
_HOSTILE_HUNT = """\
# Hostile <script>alert(9119)</script> [open](javascript:alert(9119))

Hypothesis: ![x](http://evil.example/markdown.png) <iframe src='http://evil.example/'></iframe> \u202etxt.exe

- <svg onload=alert(9119)>
- `</code><script>alert(9119)</script>`
- **<img src=x onerror=alert(9119)>** [x](data:text/html,<script>alert(9119)</script>)

```kql
Hostile | project TimeGenerated, Text, Bag
```
"""


@dataclass(frozen=True, slots=True)
class World:
    """Where everything is."""

    folder: Path

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    @property
    def ledger(self) -> Path:
        return self.folder / "lake.ledger"

    @property
    def rules(self) -> Path:
        return self.folder / "rules"

    @property
    def hunts(self) -> Path:
        return self.folder / "hunts"

    def data(self) -> list[str]:
        return ["--lake", str(self.lake), "--table", f"Hostile={self.folder / 'hostile.parquet'}"]


def bluetick(*arguments: str, code: int = 0) -> None:
    """Raises RuntimeError where the command does not end with `code`."""
    command = [sys.executable, "-m", "bluetick", *arguments]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    if ended.returncode != code:
        raise RuntimeError(f"{arguments[0]} ended with {ended.returncode}: {ended.stdout}{ended.stderr}")


def make_world(folder: Path) -> World:
    """Takes some ten seconds."""
    world = World(folder)
    bluetick("simulate", str(world.lake), "--days", "6", "--devices", "12", "--rows", "20000", "--end", END.isoformat())
    pq.write_table(_hostile_table(), folder / "hostile.parquet")
    world.rules.mkdir()
    world.hunts.mkdir()
    documents = {"talkative": _TALKATIVE, "silent": _SILENT, "refused": _REFUSED, "hostile": _HOSTILE}
    for name, text in documents.items():
        (world.rules / f"{name}.yaml").write_text(text, "utf-8")
    (world.hunts / "few_places.md").write_text(_HUNT, "utf-8")
    (world.hunts / "hostile.md").write_text(_HOSTILE_HUNT, "utf-8")
    since, now = END - timedelta(hours=4), END + timedelta(minutes=10)
    bluetick(
        "schedule", str(world.rules), *world.data(), "--ledger", str(world.ledger), "--no-tables",
        "--since", since.isoformat(), "--now", now.isoformat(), "--once", code=1,  # one rule is refused
    )  # fmt: skip
    return world


def _hostile_table() -> pa.Table:
    texts = hostile_texts()
    return pa.table(
        {
            "TimeGenerated": pa.array(
                [END - timedelta(hours=1, seconds=number) for number in range(COUNT)], pa.timestamp("us", "UTC")
            ),
            "Text": texts,
            "Number": pa.array([9007199254740993 + number for number in range(COUNT)], pa.int64()),
            "Bag": [f'{{"number":{number},"text":"x"}}' for number in range(COUNT)],
            "ProcessName": texts,
            "DestinationIp": texts[::-1],
            COLUMN: texts,
        }
    )
