"""Connections as rows of DeviceNetworkEvents: one row each."""

from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa

from bluetick.schema.packs import load_pack
from bluetick.sources.addresses import classify_ip
from bluetick.sources.arrow import Cell, arrow_table
from bluetick.sources.sysmon.additional_fields import additional_fields
from bluetick.sources.sysmon.connections import Connection
from bluetick.sources.sysmon.events import ProcessCreation
from bluetick.sources.sysmon.fields import Hashes, file_name, format_time, split_user

_ACTIONS = {True: "ConnectionSuccess", False: "InboundConnectionAccepted"}
_PROTOCOLS = {"tcp": "Tcp", "udp": "Udp"}

_FROM_CONNECTION: Mapping[str, Callable[[Connection], Cell]] = {
    "Timestamp": lambda c: c.origin.time,
    "DeviceId": lambda c: c.origin.device_id,
    "DeviceName": lambda c: c.origin.host,
    "ActionType": lambda c: "" if c.initiated is None else _ACTIONS[c.initiated],
    "RemoteIP": lambda c: c.remote.ip,
    "RemotePort": lambda c: c.remote.port,
    "RemoteUrl": lambda c: c.remote_name,
    "LocalIP": lambda c: c.local.ip,
    "LocalPort": lambda c: c.local.port,
    "Protocol": lambda c: _PROTOCOLS.get(c.protocol, c.protocol),
    "LocalIPType": lambda c: classify_ip(c.local.ip),
    "RemoteIPType": lambda c: classify_ip(c.remote.ip),
    "InitiatingProcessSHA1": lambda c: _hashes(c).sha1,
    "InitiatingProcessSHA256": lambda c: _hashes(c).sha256,
    "InitiatingProcessMD5": lambda c: _hashes(c).md5,
    "InitiatingProcessFileName": lambda c: file_name(c.origin.image),
    "InitiatingProcessId": lambda c: c.origin.process_id,
    "InitiatingProcessCreationTime": lambda c: c.origin.guid.start,
    "InitiatingProcessFolderPath": lambda c: c.origin.image,
    "InitiatingProcessAccountDomain": lambda c: split_user(c.origin.user)[0],
    "InitiatingProcessAccountName": lambda c: split_user(c.origin.user)[1],
    "InitiatingProcessUniqueId": lambda c: c.origin.guid.key,
    "ReportId": lambda c: c.origin.record,
}

# Text is "" and the rest null where the process creation was not seen.
_TEXT_FROM_CREATION: Mapping[str, Callable[[ProcessCreation], str]] = {
    "InitiatingProcessCommandLine": lambda p: p.command_line,
    "InitiatingProcessVersionInfoCompanyName": lambda p: p.company,
    "InitiatingProcessVersionInfoProductName": lambda p: p.product,
    "InitiatingProcessVersionInfoOriginalFileName": lambda p: p.original_name,
    "InitiatingProcessVersionInfoFileDescription": lambda p: p.description,
    "InitiatingProcessIntegrityLevel": lambda p: p.integrity,
    "InitiatingProcessParentFileName": lambda p: file_name(p.parent_image),
}
_VALUE_FROM_CREATION: Mapping[str, Callable[[ProcessCreation], Cell]] = {
    "InitiatingProcessParentId": lambda p: p.parent_id,
    "InitiatingProcessParentCreationTime": lambda p: p.parent.start,
    "InitiatingProcessSessionId": lambda p: p.session,
    "LogonID": lambda p: p.logon,
}


def device_network_events(connections: Sequence[Connection]) -> pa.Table:
    """One row a connection, in their order, with every column that Defender documents."""
    columns: dict[str, list[Cell]] = {
        name: [value(connection) for connection in connections] for name, value in _FROM_CONNECTION.items()
    }
    columns["AdditionalFields"] = [_additional_fields(connection) for connection in connections]
    creations = [connection.creation for connection in connections]
    for name, text in _TEXT_FROM_CREATION.items():
        columns[name] = [text(creation) if creation else "" for creation in creations]
    for name, cell in _VALUE_FROM_CREATION.items():
        columns[name] = [cell(creation) if creation else None for creation in creations]
    return arrow_table(load_pack("defender")["DeviceNetworkEvents"], columns, len(connections))


def _hashes(connection: Connection) -> Hashes:
    if connection.creation:
        return connection.creation.hashes
    return connection.inferred.hashes if connection.inferred else Hashes()


def _additional_fields(connection: Connection) -> str:
    inferred = connection.inferred
    if inferred is None:
        return additional_fields(connection.origin)
    return additional_fields(connection.origin, HashInferredFrom="image path", HashSeenTime=format_time(inferred.time))
