"""Read Sysmon's JSON lines: every line becomes a row or is counted with its reason."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from bluetick.sources.lines import JsonLine, read_json_lines
from bluetick.sources.model import GeoLookup, Quarantined, ReadReport, SourceResult
from bluetick.sources.sysmon.connections import Hosts, resolve_connections
from bluetick.sources.sysmon.device_events import device_events
from bluetick.sources.sysmon.device_network_events import device_network_events
from bluetick.sources.sysmon.device_process_events import creations_of, device_process_events
from bluetick.sources.sysmon.events import (
    DnsQuery,
    NetworkConnection,
    ProcessCreation,
    SysmonEvent,
    read_event,
)
from bluetick.sources.sysmon.layouts import event_of
from bluetick.sources.sysmon.memory import NameMemory, ProcessMemory
from bluetick.sources.sysmon.vm_connection import is_tcp_over_ipv4, vm_connection


def read_sysmon(
    paths: Sequence[Path],
    *,
    geo: GeoLookup | None = None,
    known_processes: pa.Table | None = None,
    every_protocol: bool = False,
) -> SourceResult:
    """Network connections, process creations and DNS queries as rows of the tables that tell of them.

    Connections are DeviceNetworkEvents and VMConnection; creations, DeviceProcessEvents; queries, DeviceEvents.
    Creations and queries anywhere in the files lend hashes, command lines and names to the connections; so do
    `known_processes`, rows of DeviceProcessEvents from earlier readings: a process may talk long after its start.
    `every_protocol` keeps UDP and IPv6 in VMConnection, which has neither in Azure. An OSError says that a file
    cannot be opened.
    """
    reader = _Reader()
    if known_processes is not None:
        for creation in creations_of(known_processes):
            reader.processes.add(creation)
    for path in paths:
        for line in read_json_lines(path):
            reader.add(line)
    connections, notes = resolve_connections(reader.network, reader.processes, reader.names, reader.hosts)
    if not every_protocol:
        notes["not in VMConnection: not TCP over IPv4"] = sum(not is_tcp_over_ipv4(c) for c in connections)
    return SourceResult(
        tables={
            "DeviceNetworkEvents": device_network_events(connections),
            "VMConnection": vm_connection(connections, geo, every_protocol),
            "DeviceProcessEvents": device_process_events(reader.creations, reader.processes),
            "DeviceEvents": device_events(reader.queries),
        },
        report=reader.report(notes, geo),
    )


class _Reader:
    """The state of a reading: what was seen so far, and the fate of every line."""

    __slots__ = (
        "_duplicates",
        "_other",
        "_quarantined",
        "_seen",
        "creations",
        "hosts",
        "input_lines",
        "names",
        "network",
        "processes",
        "queries",
    )

    def __init__(self) -> None:
        self.input_lines = 0
        self.network: list[NetworkConnection] = []
        self.creations: list[ProcessCreation] = []
        self.queries: list[DnsQuery] = []
        self.processes = ProcessMemory()
        self.names = NameMemory()
        self.hosts = Hosts()
        self._other: Counter[str] = Counter()
        self._quarantined: list[Quarantined] = []
        self._duplicates = 0
        self._seen: dict[SysmonEvent, set[int | None]] = {}

    def add(self, line: JsonLine) -> None:
        """Take in a line, whatever it is."""
        self.input_lines += 1
        if line.record is None:
            self._quarantine(line, line.reason)
            return
        try:
            self._add_record(line.record)
        except ValueError as error:
            self._quarantine(line, str(error))

    def report(self, notes: Counter[str], geo: GeoLookup | None) -> ReadReport:
        """The account of every line taken in."""
        return ReadReport(
            input_lines=self.input_lines,
            stored=len(self.network) + len(self.creations) + len(self.queries),
            duplicates=self._duplicates,
            quarantined=tuple(self._quarantined),
            other_events=self._other.total(),
            reasons=dict(self._other),
            notes=dict(notes),
            geo_version=geo.version if geo else "",
        )

    def _quarantine(self, line: JsonLine, reason: str) -> None:
        self._quarantined.append(Quarantined(line.path, line.number, reason, line.raw))

    def _add_record(self, record: dict[str, Any]) -> None:
        event = event_of(record)
        if not event.is_sysmon:
            self._other["not a Sysmon event"] += 1
            return
        sysmon_event = read_event(event)
        if sysmon_event is None:
            self._other[f"Sysmon event {event.event_id}: not mapped"] += 1
        elif self._is_duplicate(sysmon_event):
            self._duplicates += 1
        else:
            self._keep(sysmon_event)

    def _is_duplicate(self, event: SysmonEvent) -> bool:
        """Whether the same record was read before, perhaps by another collector that keeps less about it.

        Records alike in every field but the record number are two: a process that connects to itself is logged twice.
        """
        bare = replace(event, origin=replace(event.origin, record=None, collected=None))
        numbers = self._seen.setdefault(bare, set())
        number = event.origin.record
        is_duplicate = number in numbers or (bool(numbers) and (number is None or None in numbers))
        numbers.add(number)
        return is_duplicate

    def _keep(self, event: SysmonEvent) -> None:
        match event:
            case NetworkConnection():
                self.network.append(event)
                self.hosts.add(event)
            case ProcessCreation():
                self.processes.add(event)
                self.creations.append(event)
            case DnsQuery():
                self.names.add(event)
                self.queries.append(event)
