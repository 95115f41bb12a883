"""Which reader an event is for."""

from collections.abc import Callable, Mapping

from bluetick.sources.windows.device_actions import DeviceAction
from bluetick.sources.windows.event import Event
from bluetick.sources.windows.events import (
    DnsQuery,
    NetworkConnection,
    ProcessCreation,
    read_dns_query,
    read_network_connection,
    read_process_creation,
)
from bluetick.sources.windows.logged_event import LoggedEvent, read_logged_event
from bluetick.sources.windows.sysmon_actions import SYSMON_ACTIONS

TypedEvent = ProcessCreation | NetworkConnection | DnsQuery | DeviceAction | LoggedEvent

_SYSMON: Mapping[int, Callable[[Event], TypedEvent]] = {
    1: read_process_creation,
    3: read_network_connection,
    22: read_dns_query,
    **SYSMON_ACTIONS,
}


def read_event(event: Event) -> TypedEvent:
    """The event typed; UnreadableError says what a row of it would lack."""
    reader = _SYSMON.get(event.event_id, read_logged_event) if event.is_sysmon else read_logged_event
    return reader(event)
