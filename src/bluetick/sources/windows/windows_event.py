"""Events of any log as rows of Sentinel's WindowsEvent."""

from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa

from bluetick.schema.packs import load_pack
from bluetick.sources.arrow import Cell, arrow_table
from bluetick.sources.windows.event import as_integer
from bluetick.sources.windows.logged_event import LoggedEvent

_INT_END = 2**31

# The columns that SecurityEvent has as well, under the same names.
SYSTEM_COLUMNS: Mapping[str, Callable[[LoggedEvent], Cell]] = {
    "TimeGenerated": lambda e: e.time,
    "Channel": lambda e: e.channel,
    "Computer": lambda e: e.host,
    "Task": lambda e: small(e.event.part("task")),
    "EventLevelName": lambda e: e.level[1],
    "EventID": lambda e: small(e.event_id),
    "SystemUserId": lambda e: e.event.part_text("user"),
    "Version": lambda e: small(e.event.part("version")),
    "Opcode": lambda e: e.event.part_text("opcode"),
    "Keywords": lambda e: keywords(e.event.part("keywords")),
    "Correlation": lambda e: e.event.part_text("correlation"),
    "SystemProcessId": lambda e: small(e.event.part("process")),
    "SystemThreadId": lambda e: small(e.event.part("thread")),
    "EventRecordId": lambda e: "" if e.event.record is None else str(e.event.record),
}

_COLUMNS: Mapping[str, Callable[[LoggedEvent], Cell]] = {
    **SYSTEM_COLUMNS,
    "Provider": lambda e: e.provider,
    "EventLevel": lambda e: e.level[0],
    "EventData": lambda e: e.data_text,
    "Type": lambda e: "WindowsEvent",
}


def windows_event(events: Sequence[LoggedEvent]) -> pa.Table:
    """One row an event, in their order."""
    columns = {name: [cell(event) for event in events] for name, cell in _COLUMNS.items()}
    return arrow_table(load_pack("sentinel")["WindowsEvent"], columns, len(events))


def small(value: object) -> int | None:
    """A whole number that an int column holds, else None."""
    number = as_integer(value)
    return number if number is not None and abs(number) < _INT_END else None


def keywords(value: object) -> str:
    """The mask of keywords as Windows prints it, where the collector keeps a number; names as they are."""
    match value:
        case int():
            return f"0x{value & 0xFFFF_FFFF_FFFF_FFFF:x}"
        case list():
            return ",".join(str(name) for name in value)
    return value if isinstance(value, str) else ""
