"""Read whole files of Windows events at once, as one block in which every event knows of every other."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from bluetick.schema.packs import PackName, known_table, load_pack
from bluetick.sources.addresses import classify_ip
from bluetick.sources.arrow import arrow_schema, pack_rows
from bluetick.sources.lines import read_json_lines
from bluetick.sources.model import GeoLookup, Quarantined, ReadReport, SourceResult
from bluetick.sources.records import Records
from bluetick.sources.windows.normaliser import WindowsEvents

# Given even without rows, as Sysmon's first three events tell of them.
_ALWAYS: Mapping[str, PackName] = {
    "DeviceNetworkEvents": "defender",
    "VMConnection": "sentinel",
    "DeviceProcessEvents": "defender",
    "DeviceEvents": "defender",
}


def read_sysmon(
    paths: Sequence[Path],
    *,
    geo: GeoLookup | None = None,
    known_processes: pa.Table | None = None,
    every_protocol: bool = False,
) -> SourceResult:
    """The events of JSON lines as rows of the tables that tell of them.

    Creations and queries anywhere in the files lend hashes, command lines and names to the connections; so do
    `known_processes`, rows of DeviceProcessEvents from earlier readings: a process may talk long after its start.
    `every_protocol` keeps UDP and IPv6 in VMConnection, which has neither in Azure. An OSError says that a file
    cannot be opened.
    """
    lines = [line for path in paths for line in read_json_lines(path)]
    faults = {index: line.reason for index, line in enumerate(lines) if line.record is None}
    texts = [None if index in faults else line.raw.decode("utf-8") for index, line in enumerate(lines)]
    ends = [0]
    for line in lines:
        ends.append(ends[-1] + len(line.raw))
    raw = pa.array([line.raw for line in lines], pa.large_binary())
    block = Records(1, raw, pa.array(texts, pa.large_string()), pa.array(ends, pa.int64()), faults)
    normaliser = WindowsEvents(known_processes=known_processes, every_protocol=every_protocol)
    read, held = normaliser.normalise(block), normaliser.finish()
    tables = {name: arrow_schema(load_pack(pack)[name]).empty_table() for name, pack in _ALWAYS.items()}
    for part in (read, held):
        for name, rows in part.tables.items():
            if known_table(name) is not None:
                shaped = pack_rows(name, _pack(name), rows)
                tables[name] = pa.concat_tables([tables[name], shaped]) if name in tables else shaped
    tables["VMConnection"] = _with_countries(tables["VMConnection"], geo)
    quarantined = tuple(
        Quarantined(lines[index].path, lines[index].number, reason, lines[index].raw)
        for index, reason in sorted(read.faults.items())
    )
    report = ReadReport(
        input_lines=len(lines),
        stored=len(lines) - len(quarantined) - len(read.duplicates),
        duplicates=len(read.duplicates),
        quarantined=quarantined,
        other_events=0,
        reasons={},
        notes=Counter(read.notes),
        geo_version=geo.version if geo else "",
    )
    return SourceResult(tables, report)


def _pack(name: str) -> PackName:
    return "defender" if name in load_pack("defender") else "sentinel"


def _with_countries(rows: pa.Table, geo: GeoLookup | None) -> pa.Table:
    """Only public addresses are looked up: country databases give answers for private ones too."""
    if geo is None:
        return rows
    addresses = [ip or "" for ip in rows["RemoteIp"].to_pylist()]
    countries = {ip: geo.country(ip) for ip in dict.fromkeys(addresses) if classify_ip(ip) == "Public"}
    place = rows.column_names.index("RemoteCountry")
    cells = pa.array([countries.get(ip, "") for ip in addresses], pa.string())
    return rows.set_column(place, rows.schema.field(place), cells)
