"""The data that queries are measured on: made once, kept, of any size. Days are drawn and written one by one."""

import shutil
from pathlib import Path

import duckdb
from query_set import END, ROOT

from bluetick.simulation import simulate

KEPT = ROOT / ".benchmarks" / "data"
DEVICES = 200

# Documents as sensors write them: nested bags, an array, fields that some documents lack.
EVENTS = """
COPY (
    SELECT Timestamp, DeviceId, DeviceName, ReportId,
           CASE WHEN ReportId % 3 = 0 THEN 'FilterHit' ELSE 'AntivirusReport' END AS ActionType,
           json_object(
               'Rule', json_object('Name', CASE WHEN ReportId % 4 < 2 THEN 'NetworkFilter' ELSE 'Exploit' END,
                                   'Id', 'R-' || ReportId % 97),
               'Severity', ReportId % 6,
               'Network', json_object('Service', CASE RemotePort WHEN 443 THEN 'https' WHEN 53 THEN 'dns' ELSE '' END,
                                      'Port', RemotePort, 'Bytes', LocalPort * 17, 'Remote', RemoteIP),
               'Account', json_object('Name', InitiatingProcessAccountName, 'Sid', InitiatingProcessAccountSid),
               'Tags', CASE ReportId % 3
                   WHEN 0 THEN '["seen"]'::JSON
                   WHEN 1 THEN '["seen", "outbound", "signed"]'::JSON
                   ELSE '["first", "outbound"]'::JSON
               END
           )::VARCHAR AS AdditionalFields
    FROM read_parquet('{source}')
    WHERE ReportId % 2 = 0
) TO '{target}' (FORMAT parquet, COMPRESSION zstd)
"""


def data_of(rows: int, kept: Path = KEPT) -> Path:
    """The folder with this many rows in each table; made where there is none, or half of one."""
    folder = kept / str(rows)
    done = folder / "done"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        simulate(folder, end=END, rows=rows, devices=DEVICES)
        _write_device_events(folder)
        done.touch()
    return folder


def _write_device_events(folder: Path) -> None:
    """Every other connection again, as an event whose fields are in a JSON document."""
    out = folder / "DeviceEvents"
    out.mkdir()
    with duckdb.connect() as connection:
        for day in sorted((folder / "DeviceNetworkEvents").glob("*.parquet")):
            connection.execute(EVENTS.format(source=day, target=out / day.name))
