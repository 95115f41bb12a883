"""Events of the Security log as rows of Sentinel's SecurityEvent."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from xml.sax.saxutils import escape, quoteattr

import pyarrow as pa

from bluetick.schema.packs import TableSchema, load_pack
from bluetick.sources.arrow import Cell, arrow_table
from bluetick.sources.windows.event import as_integer, as_text
from bluetick.sources.windows.fields import file_name
from bluetick.sources.windows.logged_event import LoggedEvent
from bluetick.sources.windows.windows_event import SYSTEM_COLUMNS, small
from bluetick.types import Type
from bluetick.values import dynamic_text

LOGON_TYPES: Mapping[int, str] = {
    0: "System",
    2: "Interactive",
    3: "Network",
    4: "Batch",
    5: "Service",
    7: "Unlock",
    8: "NetworkCleartext",
    9: "NewCredentials",
    10: "RemoteInteractive",
    11: "CachedInteractive",
    12: "CachedRemoteInteractive",
    13: "CachedUnlock",
}

# The titles under which Windows lists the events that published rules look for.
_TITLES: Mapping[int, str] = {
    1102: "The audit log was cleared.",
    4624: "An account was successfully logged on.",
    4625: "An account failed to log on.",
    4634: "An account was logged off.",
    4647: "User initiated logoff.",
    4648: "A logon was attempted using explicit credentials.",
    4657: "A registry value was modified.",
    4663: "An attempt was made to access an object.",
    4672: "Special privileges assigned to new logon.",
    4688: "A new process has been created.",
    4689: "A process has exited.",
    4697: "A service was installed in the system.",
    4698: "A scheduled task was created.",
    4699: "A scheduled task was deleted.",
    4702: "A scheduled task was updated.",
    4719: "System audit policy was changed.",
    4720: "A user account was created.",
    4722: "A user account was enabled.",
    4723: "An attempt was made to change an account's password.",
    4724: "An attempt was made to reset an account's password.",
    4725: "A user account was disabled.",
    4726: "A user account was deleted.",
    4728: "A member was added to a security-enabled global group.",
    4732: "A member was added to a security-enabled local group.",
    4738: "A user account was changed.",
    4740: "A user account was locked out.",
    4756: "A member was added to a security-enabled universal group.",
    4768: "A Kerberos authentication ticket (TGT) was requested.",
    4769: "A Kerberos service ticket was requested.",
    4771: "Kerberos pre-authentication failed.",
    4776: "The computer attempted to validate the credentials for an account.",
    5140: "A network share object was accessed.",
    5145: "A network share object was checked to see whether client can be granted desired access.",
    5156: "The Windows Filtering Platform has permitted a connection.",
}

# Events whose account is the one that logs on, not the one of the process that asks for it.
_LOGONS = (4624, 4625)
_XML = '<EventData xmlns="http://schemas.microsoft.com/win/2004/08/events/event">'


def is_security(event: LoggedEvent) -> bool:
    """Whether the event is of the Security log."""
    return event.channel.lower() == "security"


def security_event(events: Sequence[LoggedEvent]) -> pa.Table:
    """One row an event, in their order: each of its fields in the column of its name, the rest as XML in EventData."""
    table = _table()
    columns: dict[str, list[Cell]] = {name: [cell(event) for event in events] for name, cell in _COLUMNS.items()}
    types = dict(table.columns)
    named = [_by_column(event) for event in events]
    for column in sorted({column for fields in named for column in fields}):
        if types[column] is Type.INT:
            columns[column] = [small(fields.get(column)) for fields in named]
        else:
            columns[column] = [fields.get(column, "") for fields in named]
    return arrow_table(table, columns, len(events))


def _table() -> TableSchema:
    return load_pack("sentinel")["SecurityEvent"]


@cache
def _field_columns() -> Mapping[str, tuple[str, Type]]:
    """The columns that hold a field of the same name, by that name in lower case."""
    taken = {*_COLUMNS, "TenantId", "SourceSystem", "SourceComputerId", "ManagementGroupName"}
    return {
        name.lower(): (name, type_)
        for name, type_ in _table().columns
        if name not in taken and not name.startswith("_") and type_ in (Type.STRING, Type.INT)
    }


def _column_of(name: str, value: object) -> str | None:
    """The column that holds a field, None where there is none or it cannot hold this value."""
    column, type_ = _field_columns().get(name.lower(), (None, Type.STRING))
    if column is None or not isinstance(value, str):
        return None
    return None if type_ is Type.INT and value not in ("", "-") and as_integer(value) is None else column


def _by_column(event: LoggedEvent) -> dict[str, str]:
    found = {}
    for name, value in event.data.items():
        column = _column_of(name, value)
        if column is not None:
            found[column] = value
    return found


def _whose(event: LoggedEvent) -> str:
    is_target = event.event_id in _LOGONS or not event.text("SubjectUserName")
    return "Target" if is_target else "Subject"


def _account(event: LoggedEvent, whose: str) -> str:
    domain, name = event.text(f"{whose}DomainName"), event.text(f"{whose}UserName")
    return f"{domain}\\{name}" if name else ""


def _account_type(name: str) -> str:
    if not name:
        return ""
    return "Machine" if name.endswith("$") else "User"


def _logon_type_name(number: str) -> str:
    name = LOGON_TYPES.get(as_integer(number) or 0, "")
    return f"{number} - {name}" if name and number else ""


def _event_data(event: LoggedEvent) -> str:
    """All fields as the XML that the log has, where some field has no column; "" where every field has one."""
    if all(_column_of(name, value) for name, value in event.data.items()):
        return ""
    parts = (f"<Data Name={quoteattr(name)}>{escape(_told(value))}</Data>" for name, value in event.data.items())
    return f"{_XML}{''.join(parts)}</EventData>"


def _told(value: object) -> str:
    return dynamic_text(value) if isinstance(value, dict | list) else as_text(value)


_COLUMNS: Mapping[str, Callable[[LoggedEvent], Cell]] = {
    **SYSTEM_COLUMNS,
    "EventSourceName": lambda e: e.provider,
    "Level": lambda e: "" if e.level[0] is None else str(e.level[0]),
    "Activity": lambda e: f"{e.event_id} - {_TITLES[e.event_id]}" if e.event_id in _TITLES else "",
    "Account": lambda e: _account(e, _whose(e)),
    "AccountType": lambda e: _account_type(e.text(f"{_whose(e)}UserName")),
    "SubjectAccount": lambda e: _account(e, "Subject"),
    "TargetAccount": lambda e: _account(e, "Target"),
    "LogonTypeName": lambda e: _logon_type_name(e.text("LogonType")),
    "Process": lambda e: file_name(e.text("NewProcessName") or e.text("ProcessName")),
    "EventData": _event_data,
    "Type": lambda e: "SecurityEvent",
}
