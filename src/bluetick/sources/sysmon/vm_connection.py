"""Connections as rows of VMConnection: one row for each minute in which a process talked to a peer."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from bluetick.schema.packs import load_pack
from bluetick.sources.addresses import classify_ip
from bluetick.sources.arrow import Cell, arrow_table
from bluetick.sources.model import GeoLookup
from bluetick.sources.sysmon.connections import Connection
from bluetick.sources.sysmon.fields import file_name

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


@dataclass(frozen=True, slots=True)
class _Row:
    bucket: _Bucket
    connections: Sequence[Connection]
    country: str


_COLUMNS: Mapping[str, Callable[[_Row], Cell]] = {
    "TimeGenerated": lambda r: r.bucket.minute,
    "Computer": lambda r: r.bucket.computer,
    "Direction": lambda r: r.bucket.direction,
    "ProcessName": lambda r: file_name(r.bucket.image),
    "SourceIp": lambda r: r.bucket.source_ip,
    "DestinationIp": lambda r: r.bucket.destination_ip,
    "DestinationPort": lambda r: r.bucket.destination_port if r.bucket.destination_port >= 0 else None,
    "Protocol": lambda r: r.bucket.protocol,
    "RemoteIp": lambda r: r.bucket.remote_ip,
    "RemoteDnsQuestions": lambda r: _names(r.connections),
    "RemoteCountry": lambda r: r.country,
    "LinksEstablished": lambda r: len(r.connections),
    "Machine": lambda r: r.bucket.machine,
    "Process": lambda r: r.bucket.image,
    "SourceSystem": lambda r: "Sysmon",
    "Type": lambda r: "VMConnection",
}


def vm_connection(connections: Sequence[Connection], geo: GeoLookup | None, every_protocol: bool) -> pa.Table:
    """Rows in order of time. VMConnection holds TCP over IPv4 only; `every_protocol` keeps the rest as well."""
    buckets: defaultdict[_Bucket, list[Connection]] = defaultdict(list)
    for connection in connections:
        if every_protocol or is_tcp_over_ipv4(connection):
            buckets[_bucket(connection)].append(connection)
    countries = _countries({bucket.remote_ip for bucket in buckets}, geo)
    rows = [_Row(bucket, buckets[bucket], countries.get(bucket.remote_ip, "")) for bucket in sorted(buckets)]
    columns = {name: [value(row) for row in rows] for name, value in _COLUMNS.items()}
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


def _countries(addresses: set[str], geo: GeoLookup | None) -> dict[str, str]:
    """Only public addresses are looked up: country databases give answers for private ones too."""
    if geo is None:
        return {}
    return {ip: geo.country(ip) for ip in addresses if classify_ip(ip) == "Public"}


def _names(connections: Sequence[Connection]) -> str:
    """The names asked for, as the JSON array in text that the column holds; "" where none is known."""
    names = sorted({connection.remote_name for connection in connections} - {""})
    return json.dumps(names, ensure_ascii=False) if names else ""
