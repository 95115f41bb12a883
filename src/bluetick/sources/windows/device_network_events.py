"""Connections as rows of DeviceNetworkEvents: one row each."""

from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa

from bluetick.schema.packs import load_pack
from bluetick.sources.addresses import classify_ip
from bluetick.sources.arrow import Cell, arrow_table
from bluetick.sources.windows.additional_fields import additional_fields_of
from bluetick.sources.windows.connections import Connection
from bluetick.sources.windows.initiating import initiating_columns

_ACTIONS = {True: "ConnectionSuccess", False: "InboundConnectionAccepted", None: ""}
_PROTOCOLS = {"tcp": "Tcp", "udp": "Udp"}

_COLUMNS: Mapping[str, Callable[[Connection], Cell]] = {
    "ActionType": lambda c: _ACTIONS[c.initiated],
    "RemoteIP": lambda c: c.remote.ip,
    "RemotePort": lambda c: c.remote.port,
    "RemoteUrl": lambda c: c.remote_name,
    "LocalIP": lambda c: c.local.ip,
    "LocalPort": lambda c: c.local.port,
    "Protocol": lambda c: _PROTOCOLS.get(c.protocol, c.protocol),
    "LocalIPType": lambda c: classify_ip(c.local.ip),
    "RemoteIPType": lambda c: classify_ip(c.remote.ip),
    "AdditionalFields": lambda c: additional_fields_of(c.actor),
}


def device_network_events(connections: Sequence[Connection]) -> pa.Table:
    """One row a connection, in their order, with every column that Defender documents."""
    table = load_pack("defender")["DeviceNetworkEvents"]
    columns = initiating_columns(table, [connection.actor for connection in connections])
    for name, cell in _COLUMNS.items():
        columns[name] = [cell(connection) for connection in connections]
    return arrow_table(table, columns, len(connections))
