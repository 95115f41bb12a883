"""A network connection with everything known about it, ready to become rows."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from bluetick.sources.windows.events import End, NetworkConnection, Origin
from bluetick.sources.windows.memory import Actor, Hosts, NameMemory, ProcessMemory


class Connection(NamedTuple):
    """A connection seen from its own host: which end is local, which is the peer, and whose process it was."""

    actor: Actor
    protocol: str
    initiated: bool | None
    local: End
    remote: End
    remote_name: str

    @property
    def origin(self) -> Origin:
        return self.actor.origin


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
    return Connection(
        actor=processes.actor(origin),
        protocol=event.protocol,
        initiated=event.initiated,
        local=local,
        remote=remote,
        remote_name=names.name(origin.guid.key, remote.ip, origin.time) if event.initiated else "",
    )


def _notes(connection: Connection) -> list[str]:
    origin = connection.origin
    start = origin.guid.start
    notes = [_hash_note(connection.actor)]
    if origin.guid.fault:
        notes.append(origin.guid.fault)
    if start is not None and start > origin.time:
        notes.append("process start after the connection")
    if origin.clock_gap is not None:
        notes.append("event time and collection time over 5 minutes apart")
    if connection.initiated is None:
        notes.append("direction unknown: Initiated is neither true nor false")
    if not origin.host:
        notes.append("no host name")
    if connection.remote_name:
        notes.append("RemoteUrl from a DNS query of the same process")
    return notes


def _hash_note(actor: Actor) -> str:
    if actor.creation:
        return "hash and command line from the process creation"
    if actor.inferred:
        return "hash inferred from another process of the same image; no command line"
    return "no hash and no command line: process creation not seen"
