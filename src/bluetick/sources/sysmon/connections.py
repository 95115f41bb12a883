"""A network connection with everything known about it, ready to become rows."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from bluetick.sources.sysmon.events import End, NetworkConnection, Origin, ProcessCreation
from bluetick.sources.sysmon.memory import NameMemory, ProcessMemory, SeenHashes


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection seen from its own host: which end is local, which is the peer, and whose process it was."""

    origin: Origin
    protocol: str
    initiated: bool | None
    local: End
    remote: End
    remote_name: str
    creation: ProcessCreation | None
    inferred: SeenHashes | None


class Hosts:
    """The addresses that hosts were seen to call their own."""

    __slots__ = ("_addresses",)

    def __init__(self) -> None:
        self._addresses: dict[str, set[str]] = defaultdict(set)

    def add(self, connection: NetworkConnection) -> None:
        """Learn a host's own addresses from the connections that it opened itself."""
        if connection.initiated:
            self._addresses[connection.origin.host.lower()].add(connection.source.ip)

    def is_source_local(self, connection: NetworkConnection) -> bool:
        """Whether Sysmon's source end is the host itself.

        It is where the host opened the connection. Where it accepted one, versions of Sysmon differ: the end that
        is known to be the host's decides, and the destination where neither or both are.
        """
        if connection.initiated is not False:
            return True
        own = self._addresses.get(connection.origin.host.lower(), set())
        return connection.source.ip in own and connection.destination.ip not in own


def resolve_connections(
    events: Sequence[NetworkConnection], processes: ProcessMemory, names: NameMemory, hosts: Hosts
) -> tuple[list[Connection], Counter[str]]:
    """Join each connection with what the other events tell; the notes count what was missing, inferred or doubtful."""
    connections = [_resolve(event, processes, names, hosts) for event in events]
    notes = Counter(note for connection in connections for note in _notes(connection))
    return connections, notes


def _resolve(event: NetworkConnection, processes: ProcessMemory, names: NameMemory, hosts: Hosts) -> Connection:
    origin = event.origin
    ends = (event.source, event.destination)
    local, remote = ends if hosts.is_source_local(event) else reversed(ends)
    creation = processes.process(origin.guid.key)
    inferred = None if creation else processes.image_hashes(origin.host, origin.image, origin.time)
    return Connection(
        origin=origin,
        protocol=event.protocol,
        initiated=event.initiated,
        local=local,
        remote=remote,
        remote_name=names.name(origin.guid.key, remote.ip, origin.time) if event.initiated else "",
        creation=creation,
        inferred=inferred,
    )


def _notes(connection: Connection) -> list[str]:
    origin = connection.origin
    start = origin.guid.start
    found = {
        origin.guid.fault: bool(origin.guid.fault),
        "process start after the connection": start is not None and start > origin.time,
        "event time and collection time over 5 minutes apart": origin.clock_gap is not None,
        "direction unknown: Initiated is neither true nor false": connection.initiated is None,
        "no host name": not origin.host,
        _hash_note(connection): True,
        "RemoteUrl from a DNS query of the same process": bool(connection.remote_name),
    }
    return [note for note, is_found in found.items() if is_found]


def _hash_note(connection: Connection) -> str:
    if connection.creation:
        return "hash and command line from the process creation"
    if connection.inferred:
        return "hash inferred from another process of the same image; no command line"
    return "no hash and no command line: process creation not seen"
