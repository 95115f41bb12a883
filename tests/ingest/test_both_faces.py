"""Both packs' queries over one stored table: names that differ between the packs, or in case alone."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bluetick
from bluetick.ingest.running import Options, ingest_paths

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TIME = "2026-02-03T06:00:00Z"


def _lake(folder: Path, *records: dict[str, Any]) -> bluetick.Session:
    (folder / "export.json").write_text("".join(json.dumps(record) + "\n" for record in records))
    ingest_paths([folder / "export.json"], folder / "lake", Options(now=lambda: NOW, threads=1))
    return bluetick.connect(lake=folder / "lake")


def test_a_column_that_the_packs_spell_otherwise_is_seen_by_both(tmp_path: Path) -> None:
    lake = _lake(tmp_path, {"TimeGenerated": TIME, "ISP": "Example Net", "Type": "CloudAppEvents", "MG": "x"})

    sentinel = lake.query("CloudAppEvents | where TimeGenerated < datetime(2026-02-04) | project ISP")
    assert list(sentinel.rows()) == [("Example Net",)]
    assert list(lake.query("CloudAppEvents | project Isp, Timestamp").rows()) == [
        ("Example Net", datetime(2026, 2, 3, 6, tzinfo=UTC))
    ]


def test_columns_of_one_pack_that_differ_in_case_are_two(tmp_path: Path) -> None:
    properties = {"Timestamp": TIME, "LogonId": 11, "LogonID": 12}
    event = {"time": TIME, "category": "AdvancedHunting-DeviceProcessEvents", "properties": properties}
    lake = _lake(tmp_path, event)

    assert list(lake.query("DeviceProcessEvents | project LogonId, LogonID").rows()) == [(11, 12)]


def test_a_number_that_the_other_pack_holds_as_text_is_a_number_again(tmp_path: Path) -> None:
    properties = {"Timestamp": TIME, "Port": 389}
    event = {"time": TIME, "category": "AdvancedHunting-IdentityQueryEvents", "properties": properties}
    lake = _lake(tmp_path, event)

    assert list(lake.query("IdentityQueryEvents | where Port > 300 | project Port").rows()) == [(389,)]
    text = lake.query("IdentityQueryEvents | where TimeGenerated > datetime(2026-01-01) | project Port")
    assert list(text.rows()) == [("389",)]


def test_the_documented_mapping_makes_minutes_of_defenders_connections(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "sources.md").read_text("utf-8")
    (tmp_path / "vmconnection.yaml").write_text(page.split("```yaml\n")[1].split("```")[0])
    properties = {"Timestamp": "2026-02-03T06:00:40Z", "Protocol": "Tcp", "LocalIP": "10.0.0.4", "LocalPort": 3389}
    events = [
        {"ActionType": "InboundConnectionAccepted", "RemoteIP": "10.0.0.9", "RemotePort": 61000},
        {"ActionType": "ConnectionFailed", "RemoteIP": "203.0.113.9", "RemotePort": 443},
        {"ActionType": "ConnectionSuccess", "RemoteIP": "2001:db8::9", "RemotePort": 443},
    ]
    export = {"time": TIME, "category": "AdvancedHunting-DeviceNetworkEvents"}
    _lake(tmp_path, *({**export, "properties": {**properties, **event}} for event in events))

    lake = bluetick.connect(lake=tmp_path / "lake", mapping=tmp_path / "vmconnection.yaml")
    query = "VMConnection | project TimeGenerated, Direction, SourceIp, DestinationIp, DestinationPort, LinksFailed"
    minute = datetime(2026, 2, 3, 6, tzinfo=UTC)
    assert sorted(lake.query(query).rows()) == [
        (minute, "inbound", "10.0.0.9", "10.0.0.4", 3389, 0),
        (minute, "outbound", "10.0.0.4", "203.0.113.9", 443, 1),
    ]
