"""Rows exported by hand, without the name of their table."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import bluetick
from bluetick.diagnostics.errors import SourceError
from bluetick.ingest.running import Options, Report, ingest_paths

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FLOW = {
    "Timestamp": "2026-02-03T06:00:00.5Z",
    "DeviceName": "ws-7",
    "ActionType": "ConnectionSuccess",
    "RemoteIP": "203.0.113.9",
    "RemotePort": 443,
    "RemoteUrl": "www.example.com",
    "LocalPort": 50123,
    "Protocol": "Tcp",
}
CSV = """TimeGenerated [UTC],Computer,Direction,ProcessName,SourceIp,DestinationIp,DestinationPort,BytesSent,Comment
2026-02-03T06:00:00Z,web-1,outbound,nginx,10.0.0.4,203.0.113.9,443,,first
2026-02-03T06:01:00Z,web-1,outbound,nginx,10.0.0.4,203.0.113.9,443,120,
"2/3/2026, 6:02:00.000 AM",web-1,outbound,nginx,10.0.0.4,203.0.113.9,443,1,
"""


def _ingest(folder: Path, name: str, text: str) -> Report:
    (folder / name).write_text(text)
    return ingest_paths([folder / name], folder / "lake", Options(now=lambda: NOW, threads=1))


def _lines(*records: dict[str, Any]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def test_rows_of_defenders_portal_reach_their_table(tmp_path: Path) -> None:
    report = _ingest(tmp_path, "export.ndjson", _lines(FLOW, {**FLOW, "RemoteIP": "2001:db8::9", "RemotePort": None}))

    assert (report.tally.input, report.tally.stored) == (2, 2)
    found = bluetick.connect(lake=tmp_path / "lake").query(
        "DeviceNetworkEvents | project Timestamp, RemoteIP, RemotePort, LocalPort | order by RemoteIP asc"
    )
    time = datetime(2026, 2, 3, 6, 0, 0, 500_000, tzinfo=UTC)
    assert list(found.rows()) == [(time, "2001:db8::9", None, 50123), (time, "203.0.113.9", 443, 50123)]


def test_the_portals_csv_names_its_times_otherwise(tmp_path: Path) -> None:
    report = _ingest(tmp_path, "export.csv", CSV)

    assert (report.tally.input, report.tally.stored, report.tally.quarantined) == (3, 2, 1)
    assert report.tally.reasons == {"'TimeGenerated [UTC]' is no datetime": 1}
    query = "VMConnection | project BytesSent, Comment | order by BytesSent asc"
    assert _rows(tmp_path, query) == [(None, "first"), (120, "")]


def _of_table(folder: Path, name: str, text: str, table: str) -> Report:
    (folder / name).write_text(text)
    return ingest_paths([folder / name], folder / "lake", Options(now=lambda: NOW, table=table, threads=1))


def _rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    return list(bluetick.connect(lake=folder / "lake").query(query).rows())


def test_a_portals_csv_of_a_table_that_the_user_names(tmp_path: Path) -> None:
    """Its few columns would not tell the table. Both packs have this one, and the file spells times as Sentinel does;
    an ending where the column itself is there too is a field of its own."""
    text = (
        "TimeGenerated [UTC],DeviceName,Ticket,DeviceName [UTC]\n"
        "2026-02-03T06:00:00Z,ws-7,INC-1,x\n"
        "3 February,ws-8,INC-2,y\n"
    )

    report = _of_table(tmp_path, "export.csv", text, "DeviceFileEvents")

    assert (report.tally.input, report.tally.stored, report.tally.quarantined) == (2, 1, 1)
    assert report.tally.reasons == {"'TimeGenerated [UTC]' is no datetime": 1}
    assert _rows(tmp_path, "DeviceFileEvents | project Timestamp, DeviceName, Ticket, Named = DeviceName__UTC__s") == [
        (datetime(2026, 2, 3, 6, tzinfo=UTC), "ws-7", "INC-1", "x")
    ]


def test_a_table_that_is_named_is_taken_for_each_file(tmp_path: Path) -> None:
    """One spells its times as the portal does, the other plainly."""
    spelled = "Timestamp [UTC],DeviceName\n2026-02-03T06:00:00Z,ws-7\n"
    plain = spelled.replace(" [UTC]", "").replace("ws-7", "ws-8")
    for name, text in (("a.csv", spelled), ("b.csv", plain), ("c.csv", spelled.replace("ws-7", "ws-9"))):
        assert _of_table(tmp_path, name, text, "DeviceInfo").tally.rows == {"DeviceInfo": 1}

    found = _rows(tmp_path, "DeviceInfo | project Timestamp, DeviceName | order by DeviceName asc")
    assert found == [(datetime(2026, 2, 3, 6, tzinfo=UTC), name) for name in ("ws-7", "ws-8", "ws-9")]


def test_a_table_that_no_schema_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no known table is called 'Nothing'"):
        _of_table(tmp_path, "a.csv", CSV, "Nothing")


def test_rows_that_may_be_of_several_tables_are_refused_by_name(tmp_path: Path) -> None:
    shared = {name: "x" for name in ("DeviceId", "DeviceName", "ActionType", "FileName", "FolderPath", "SHA1")}

    with pytest.raises(SourceError, match=r"may be of any of these tables: .*DeviceEvents.*DeviceFileEvents"):
        _ingest(tmp_path, "export.ndjson", _lines({"Timestamp": "2026-02-03T06:00:00Z", **shared}))


def test_a_table_that_the_rows_name_is_theirs(tmp_path: Path) -> None:
    """Also where their fields alone would fit several, or where another format reads them."""
    shared = {name: "x" for name in ("DeviceId", "DeviceName", "ActionType", "FileName", "FolderPath", "SHA1")}
    row = {"TimeGenerated [UTC]": "2026-02-03T06:00:00Z", **shared, "Type": "DeviceFileEvents"}
    named = {"TimeGenerated": "2026-02-03T06:00:00Z", **shared, "Type": "DeviceImageLoadEvents"}

    assert _ingest(tmp_path, "a.ndjson", _lines(row)).tally.rows == {"DeviceFileEvents": 1}
    assert _ingest(tmp_path, "b.ndjson", _lines(named)).tally.rows == {"DeviceImageLoadEvents": 1}


def test_records_with_few_of_a_tables_columns_are_of_no_known_format(tmp_path: Path) -> None:
    own = {f"own{place}": place for place in range(8)}

    with pytest.raises(SourceError, match="no known log format"):
        _ingest(tmp_path, "other.ndjson", _lines({**FLOW, **own}))


def test_each_file_is_of_its_own_table(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "a.csv").write_text(CSV)
    (folder / "b.ndjson").write_text(_lines(FLOW))
    (folder / "c.csv").write_text(CSV.replace("web-1", "web-2"))

    report = ingest_paths([folder], tmp_path / "lake", Options(now=lambda: NOW, threads=1))

    assert report.tally.rows == {"VMConnection": 4, "DeviceNetworkEvents": 1}
