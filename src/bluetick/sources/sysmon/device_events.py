"""DNS queries as rows of DeviceEvents."""

from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa

from bluetick.schema.packs import load_pack
from bluetick.sources.arrow import Cell, arrow_table
from bluetick.sources.sysmon.additional_fields import additional_fields
from bluetick.sources.sysmon.events import DnsQuery
from bluetick.sources.sysmon.fields import file_name, split_user

_COLUMNS: Mapping[str, Callable[[DnsQuery], Cell]] = {
    "Timestamp": lambda q: q.origin.time,
    "DeviceId": lambda q: q.origin.device_id,
    "DeviceName": lambda q: q.origin.host,
    "ActionType": lambda q: "DnsQueryResponse",
    "RemoteUrl": lambda q: q.name,
    "InitiatingProcessFileName": lambda q: file_name(q.origin.image),
    "InitiatingProcessFolderPath": lambda q: q.origin.image,
    "InitiatingProcessId": lambda q: q.origin.process_id,
    "InitiatingProcessCreationTime": lambda q: q.origin.guid.start,
    "InitiatingProcessAccountDomain": lambda q: split_user(q.origin.user)[0],
    "InitiatingProcessAccountName": lambda q: split_user(q.origin.user)[1],
    "InitiatingProcessUniqueId": lambda q: q.origin.guid.key,
    "ReportId": lambda q: q.origin.record,
    "AdditionalFields": lambda q: additional_fields(
        q.origin, DnsQueryString=q.name, DnsQueryStatus=q.status, DnsQueryResult=q.answers
    ),
}


def device_events(queries: Sequence[DnsQuery]) -> pa.Table:
    """One row a query, in their order."""
    columns = {name: [value(query) for query in queries] for name, value in _COLUMNS.items()}
    return arrow_table(load_pack("defender")["DeviceEvents"], columns, len(queries))
