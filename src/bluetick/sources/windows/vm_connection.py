"""Connections as rows of VMConnection: one row for each minute in which a process talked to a peer."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from typing import Any

import pyarrow as pa

from bluetick.schema.packs import load_pack
from bluetick.sources.arrow import Cell, arrow_table
from bluetick.sources.windows.connections import Connection
from bluetick.sources.windows.fields import file_name

_MINUTE = 60 * 1_000_000
_DIRECTIONS: Mapping[bool | None, str] = {True: "outbound", False: "inbound", None: ""}


@dataclass(frozen=True, slots=True, order=True)
class _Bucket:
    """What the connections of one row share. The source is the end that opened the connection."""

    minute: int
    computer: str
    machine: str
    direction: str
    image: str
    source_ip: str
    destination_ip: str
    destination_port: int
    protocol: str
    remote_ip: str


@dataclass(slots=True)
class _Links:
    """How many connections a row counts, and the names that were asked for."""

    count: int = 0
    names: set[str] = field(default_factory=set)


_COLUMNS: Mapping[str, Callable[[_Bucket, _Links], Cell]] = {
    "TimeGenerated": lambda b, _: b.minute,
    "Computer": lambda b, _: b.computer,
    "Direction": lambda b, _: b.direction,
    "ProcessName": lambda b, _: file_name(b.image),
    "SourceIp": lambda b, _: b.source_ip,
    "DestinationIp": lambda b, _: b.destination_ip,
    "DestinationPort": lambda b, _: b.destination_port if b.destination_port >= 0 else None,
    "Protocol": lambda b, _: b.protocol,
    "RemoteIp": lambda b, _: b.remote_ip,
    "RemoteDnsQuestions": lambda _, links: _names(links),
    "LinksEstablished": lambda _, links: links.count,
    "Machine": lambda b, _: b.machine,
    "Process": lambda b, _: b.image,
    "SourceSystem": lambda b, _: "Sysmon",
    "Type": lambda b, _: "VMConnection",
}


class MinuteRows:
    """Rows that may still grow, by bucket: a row is given out once all that comes is of later minutes."""

    __slots__ = ("_held", "_limit")

    def __init__(self, limit: int, held: Sequence[Sequence[Any]] = ()) -> None:
        self._limit = limit
        self._held = {_Bucket(*bucket): _Links(count, set(names)) for bucket, count, names in held}

    def add(self, connections: Sequence[Connection]) -> pa.Table:
        """The rows that are complete once these connections are counted, in order of time.

        In a recording in order of time, what comes next is no older than the oldest of these. Over the limit, the
        oldest minutes are given out first.
        """
        for connection in connections:
            if is_tcp_over_ipv4(connection):
                links = self._held.setdefault(_bucket(connection), _Links())
                links.count += 1
                if connection.remote_name:
                    links.names.add(connection.remote_name)
        begin = min((connection.origin.time for connection in connections), default=0)
        ripe = sorted(bucket for bucket in self._held if bucket.minute + _MINUTE <= begin)
        if len(self._held) - len(ripe) > self._limit:
            ripe = sorted(self._held)[: len(self._held) - self._limit]
        return self._give(ripe)

    def rest(self) -> pa.Table:
        """The rows that are held back, which then are no more."""
        return self._give(sorted(self._held))

    @property
    def held(self) -> list[Any]:
        """The rows that are held back, as plain JSON values."""
        return [[list(astuple(bucket)), links.count, sorted(links.names)] for bucket, links in self._held.items()]

    def _give(self, buckets: Iterable[_Bucket]) -> pa.Table:
        rows = [(bucket, self._held.pop(bucket)) for bucket in buckets]
        columns = {name: [cell(*row) for row in rows] for name, cell in _COLUMNS.items()}
        return arrow_table(load_pack("sentinel")["VMConnection"], columns, len(rows))


def is_tcp_over_ipv4(connection: Connection) -> bool:
    """Whether the service itself would have seen this connection."""
    return connection.protocol == "tcp" and ":" not in connection.remote.ip


def _bucket(connection: Connection) -> _Bucket:
    origin = connection.origin
    ends = (connection.local, connection.remote)
    source, destination = reversed(ends) if connection.initiated is False else ends
    return _Bucket(
        minute=origin.time - origin.time % _MINUTE,
        computer=origin.host,
        machine=origin.device_id,
        direction=_DIRECTIONS[connection.initiated],
        image=origin.image,
        source_ip=source.ip,
        destination_ip=destination.ip,
        destination_port=-1 if destination.port is None else destination.port,
        protocol=connection.protocol,
        remote_ip=connection.remote.ip,
    )


def _names(links: _Links) -> str:
    """The names asked for, as the JSON array in text that the column holds; "" where none is known."""
    return json.dumps(sorted(links.names), ensure_ascii=False) if links.names else ""
