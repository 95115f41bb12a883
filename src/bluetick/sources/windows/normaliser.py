"""Windows events as rows, a block of records at a time: what one event tells of another is remembered within limits."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from bluetick.sources.arrow import kept_rows
from bluetick.sources.believable import AHEAD, EARLIEST, too_early, too_late
from bluetick.sources.json_objects import read_fault, read_object
from bluetick.sources.records import Normalised, Records
from bluetick.sources.windows.connections import resolve_connections
from bluetick.sources.windows.device_actions import DeviceAction, device_actions
from bluetick.sources.windows.device_network_events import device_network_events
from bluetick.sources.windows.device_process_events import creations_of, device_process_events
from bluetick.sources.windows.event import UnreadableError, event_of
from bluetick.sources.windows.events import DnsQuery, NetworkConnection, ProcessCreation
from bluetick.sources.windows.fields import ProcessGuid, micros_of
from bluetick.sources.windows.kinds import TypedEvent, read_event
from bluetick.sources.windows.logged_event import LoggedEvent
from bluetick.sources.windows.memory import Hosts, Limits, NameMemory, ProcessMemory
from bluetick.sources.windows.process_table import PROCESSES, ProcessLookup, process_rows
from bluetick.sources.windows.recent import Recent, SeenRecords
from bluetick.sources.windows.security_actions import security_action
from bluetick.sources.windows.security_event import is_security, security_event
from bluetick.sources.windows.sysmon_actions import query_action
from bluetick.sources.windows.vm_connection import MinuteRows, is_tcp_over_ipv4
from bluetick.sources.windows.windows_event import windows_event

DEFAULT_LIMITS = Limits()
_EARLIEST = micros_of(EARLIEST)


@dataclass(slots=True)
class _Taken:
    """The events of a block by what they are, in their order."""

    connections: list[NetworkConnection] = field(default_factory=list)
    creations: list[ProcessCreation] = field(default_factory=list)
    queries: list[DnsQuery] = field(default_factory=list)
    actions: defaultdict[str, list[DeviceAction]] = field(default_factory=lambda: defaultdict(list))
    security: list[LoggedEvent] = field(default_factory=list)
    logged: list[LoggedEvent] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)

    def add(self, event: TypedEvent) -> None:
        match event:
            case NetworkConnection():
                self.connections.append(event)
            case ProcessCreation():
                self.creations.append(event)
            case DnsQuery():
                self.queries.append(event)
                self.actions["DeviceEvents"].append(query_action(event))
            case DeviceAction():
                self.actions[event.table].append(event)
            case LoggedEvent():
                (self.security if is_security(event) else self.logged).append(event)
                if event.note:
                    self.notes[event.note] += 1


class WindowsEvents:
    """A `Normaliser` of Windows events in any collector's layout.

    `now` is when records are received: what claims to be of later is at fault, as is what is older than logs are.
    `known_processes` are rows of DeviceProcessEvents, or of the table of process starts, whose hashes and command lines
    are known from the outset; `lookup` is asked for starts that were not seen. `held` is what another normaliser held
    back at the point from which this one goes on.
    """

    name = "windows"

    def __init__(
        self,
        *,
        now: Callable[[], datetime] | None = None,
        known_processes: pa.Table | None = None,
        lookup: ProcessLookup | None = None,
        held: str = "",
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._now = now
        self._lookup = lookup
        self._hosts_of_sysmon: Recent[str, bool] = Recent(limits.addresses)
        self._processes = ProcessMemory(limits)
        self._names = NameMemory(limits)
        self._hosts = Hosts(limits)
        self._seen = SeenRecords(limits.records)
        self._asked: Recent[str, bool] = Recent(limits.processes)
        self._minutes = MinuteRows(limits.minutes, json.loads(held) if held else ())
        if known_processes is not None:
            for creation in creations_of(known_processes):
                self._processes.add(creation)

    @property
    def held(self) -> str:
        """The rows that are held back, for another to go on with; "" for none. Else `finish` must give them."""
        held = self._minutes.held
        return json.dumps(held) if held else ""

    def normalise(self, block: Records) -> Normalised:
        """The rows of a block. Creations, queries and own addresses in it are known to all of its connections."""
        faults = dict(block.faults)
        duplicates = set()
        taken = _Taken()
        latest = micros_of(self._now() + AHEAD) if self._now else None
        for index, text in enumerate(block.text.cast(pa.large_binary()).to_pylist()):
            if text is None or index in faults:
                continue
            try:
                event = event_of(read_object(text))
                typed = read_event(event)
                _check_time(_time(typed), latest)
            except (ValueError, RecursionError) as error:
                faults[index] = read_fault(error)
                continue
            if self._seen.is_duplicate(typed, _time(typed), event.record):
                duplicates.add(index)
            else:
                taken.add(typed)
        self._learn(taken)
        self._derive(taken)
        tables = {name: kept_rows(name, table) for name, table in self._tables(taken) if table.num_rows}
        return Normalised(tables, faults, frozenset(duplicates), taken.notes)

    def remembers(self, block: Records) -> bool:
        return False

    def learn(self, block: Records) -> None:
        return

    def more(self) -> Normalised:
        return Normalised({})

    def finish(self) -> Normalised:
        """The rows of minutes that were held back as they might have grown."""
        rest = kept_rows("VMConnection", self._minutes.rest())
        return Normalised({"VMConnection": rest} if rest.num_rows else {})

    def _learn(self, taken: _Taken) -> None:
        for creation in taken.creations:
            self._processes.add(creation)
            self._hosts_of_sysmon.put(creation.origin.host.lower(), True)
        for query in taken.queries:
            self._names.add(query)
        for connection in taken.connections:
            self._hosts.add(connection)
        self._recall(taken)

    def _derive(self, taken: _Taken) -> None:
        """Rows of Defender's tables for events of the Security log.

        Where Sysmon tells of a host's processes, it alone does: each start would be there twice.
        """
        for event in taken.security:
            action = security_action(event)
            match action:
                case DeviceAction():
                    taken.actions[action.table].append(action)
                case ProcessCreation() if self._hosts_of_sysmon.get(event.host.lower()):
                    taken.notes["process creation (4688) of a host with Sysmon: in SecurityEvent only"] += 1
                case ProcessCreation():
                    taken.creations.append(action)

    def _recall(self, taken: _Taken) -> None:
        """Ask the lookup, once, for the processes that the block speaks of and nobody has seen start."""
        if self._lookup is None:
            return
        missing = {}
        for guid in _guids(taken):
            if guid.key and self._processes.process(guid.key) is None and self._asked.get(guid.key) is None:
                self._asked.put(guid.key, True)
                missing[guid.key] = guid.start
        if missing:
            for creation in creations_of(self._lookup.starts(missing)):
                self._processes.add(creation)

    def _tables(self, taken: _Taken) -> Iterator[tuple[str, pa.Table]]:
        connections, notes = resolve_connections(taken.connections, self._processes, self._names, self._hosts)
        taken.notes.update(notes)
        taken.notes["not in VMConnection: not TCP over IPv4"] += sum(not is_tcp_over_ipv4(c) for c in connections)
        yield "DeviceNetworkEvents", device_network_events(connections)
        yield "VMConnection", self._minutes.add(connections)
        creations = device_process_events(taken.creations, self._processes)
        yield "DeviceProcessEvents", creations
        yield PROCESSES.name, process_rows(creations)
        for name, actions in taken.actions.items():
            yield name, device_actions(name, actions, self._processes)
        yield "SecurityEvent", security_event(taken.security)
        yield "WindowsEvent", windows_event(taken.logged)


def _guids(taken: _Taken) -> Iterator[ProcessGuid]:
    """The processes that did what the block tells of, and the parents of those that started."""
    for connection in taken.connections:
        yield connection.origin.guid
    for creation in taken.creations:
        yield creation.parent
    for actions in taken.actions.values():
        for action in actions:
            yield action.origin.guid


def _time(event: TypedEvent) -> int:
    return event.time if isinstance(event, LoggedEvent) else event.origin.time


def _check_time(time: int, latest: int | None) -> None:
    if time < _EARLIEST:
        raise UnreadableError(too_early("the time of the event"))
    if latest is not None and time >= latest:
        raise UnreadableError(too_late("the time of the event"))
