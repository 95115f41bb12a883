"""A small lake with a service's ledger over it, made by the commands that people type."""

import contextlib
import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from bluetick.cli.main import run_command
from bluetick.server.service import Work
from bluetick.workers.commands import CommandSettings
from bluetick.workers.settings import SessionSettings

END: Final = datetime(2026, 3, 2, 12, tzinfo=UTC)
MANY, NONE, WRONG = (f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))

_RULE: Final = """\
id: {id}
name: {name}
description: What {name} says.
severity: {severity}
kind: Scheduled
version: 1.0.0
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
tactics: [CommandAndControl]
relevantTechniques: [T1071.001]
eventGroupingSettings: {{aggregationKind: AlertPerResult}}
entityMappings:
  - entityType: Host
    fieldMappings: [{{identifier: HostName, columnName: Computer}}]
query: |
  Seen
  | where TimeGenerated >= ago(1h)
  {condition}
  | summarize Count = count() by Computer, Hour = bin(TimeGenerated, 1h)
"""


@dataclass(frozen=True, slots=True)
class ServiceWorld:
    """Two hosts that speak each hour of three: six alerts of a rule, in as many incidents; none of another. And a table
    that both schemas know."""

    lake: Path

    @property
    def rules(self) -> Path:
        return self.lake.with_name("rules")

    @property
    def ledger(self) -> Path:
        return self.lake.with_name(f"{self.lake.name}.ledger")

    @property
    def commands(self) -> CommandSettings:
        return CommandSettings(("--lake", str(self.lake)), SessionSettings(self.lake), 1 << 30)

    @property
    def work(self) -> Work:
        return Work(self.ledger, self.rules, self.hunts)

    @property
    def hunts(self) -> Path:
        return self.lake.with_name("hunts")


def make_service_world(folder: Path) -> ServiceWorld:
    world = ServiceWorld(folder / "lake")
    (world.lake / "Seen").mkdir(parents=True)
    times = [END - timedelta(minutes=30 + 60 * hour) for hour in range(3) for _ in range(2)]
    rows = {"TimeGenerated": pa.array(times, pa.timestamp("us", "UTC")), "Computer": ["a", "b"] * 3}
    pq.write_table(pa.table(rows), world.lake / "Seen" / "part.parquet")
    (world.lake / "DeviceInfo").mkdir()
    device = {"Timestamp": pa.array([END], pa.timestamp("us", "UTC")), "DeviceName": ["a"]}
    pq.write_table(pa.table(device), world.lake / "DeviceInfo" / "part.parquet")
    world.rules.mkdir()
    world.hunts.mkdir()
    (world.hunts / "seen.md").write_text("# Seen?\n\n```kql id=all\nSeen | count\n```\n", "utf-8")
    for id_, name, severity, condition in (
        (MANY, "Many", "High", "| where true"),
        (NONE, "None", "Low", "| where Computer == 'c'"),
        (WRONG, "Wrong", "Medium", "| where NoSuchColumn == 1"),
    ):
        text = _RULE.format(id=id_, name=name, severity=severity, condition=condition)
        (world.rules / f"{name.lower()}.yaml").write_text(text, "utf-8")
    since, now = END - timedelta(hours=2), END + timedelta(minutes=10)
    command = ["schedule", str(world.rules), "--lake", str(world.lake), "--no-tables", "--once"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        # One of the rules is refused, and that is said by the exit code.
        assert run_command([*command, "--since", since.isoformat(), "--now", now.isoformat()]) == 1
    return world
