"""Where each collector puts the parts of a Windows event, as data: a new style is a new Layout, not new code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bluetick.sources.lines import parse_object, read_fault

Path = tuple[str, ...]

SYSMON = "microsoft-windows-sysmon"

_LONG_END = 2**63


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of an event's parts in one style; where a part has several places, the first that holds it wins."""

    name: str
    data: Path  # the event's own fields; () is the record itself
    event_id: Path
    host: tuple[Path, ...]
    record: tuple[Path, ...]
    channel: tuple[Path, ...]
    provider: tuple[Path, ...]
    collected: tuple[Path, ...]


LAYOUTS = (
    Layout(
        name="winlog.event_data",
        data=("winlog", "event_data"),
        event_id=("winlog", "event_id"),
        host=(("winlog", "computer_name"), ("host", "name")),
        record=(("winlog", "record_id"),),
        channel=(("winlog", "channel"),),
        provider=(("winlog", "provider_name"),),
        collected=(("@timestamp",),),
    ),
    Layout(
        name="event_data",
        data=("event_data",),
        event_id=("event_id",),
        host=(("computer_name",),),
        record=(("record_number",),),
        channel=(("log_name",),),
        provider=(("source_name",),),
        collected=(("@timestamp",),),
    ),
    Layout(
        name="Event.EventData",
        data=("Event", "EventData"),
        event_id=("Event", "System", "EventID"),
        host=(("Event", "System", "Computer"),),
        record=(("Event", "System", "EventRecordID"),),
        channel=(("Event", "System", "Channel"),),
        provider=(("Event", "System", "Provider", "#attributes", "Name"),),
        collected=(("Event", "System", "TimeCreated", "#attributes", "SystemTime"),),
    ),
    Layout(
        name="EventData",
        data=("EventData",),
        event_id=("EventID",),
        host=(("Computer",), ("Hostname",)),
        record=(("EventRecordId",), ("RecordNumber",)),
        channel=(("Channel",),),
        provider=(("Provider",), ("SourceName",)),
        collected=(("TimeGenerated",), ("@timestamp",)),
    ),
    Layout(
        name="flat",
        data=(),
        event_id=("EventID",),
        host=(("Hostname",), ("Computer",)),
        record=(("RecordNumber",), ("EventRecordID",)),
        channel=(("Channel",),),
        provider=(("SourceName",), ("Provider",)),
        collected=(("@timestamp",), ("TimeCreated",)),
    ),
)


@dataclass(frozen=True, slots=True)
class Event:
    """A Windows event, whoever collected it. `record` is its number in the log, None where the collector drops it."""

    event_id: int
    host: str
    record: int | None
    collected: str
    data: Mapping[str, Any]
    is_sysmon: bool

    def text(self, field: str) -> str:
        """A field of the event as text; "" where it is missing, or is the "-" that Sysmon writes for nothing."""
        text = _as_text(self.data.get(field))
        return "" if text == "-" else text


class UnreadableError(ValueError):
    """A record that cannot become a row; its text is the reason."""


def event_of(record: Mapping[str, Any]) -> Event:
    """The event in a record of any known layout; UnreadableError where there is none, or its data is damaged."""
    for layout in LAYOUTS:
        data = _at(record, layout.data)
        event_id = _as_integer(_at(record, layout.event_id))
        if event_id is None or not data:
            continue
        if isinstance(data, str):
            data = _parse_data(data)
        if isinstance(data, dict):
            return _event(record, layout, event_id, data)
    raise UnreadableError("not a Windows event in a known layout")


def _parse_data(text: str) -> dict[str, Any]:
    try:
        return parse_object(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"event data is a text that cannot be read as JSON: {read_fault(error)}") from error


def _event(record: Mapping[str, Any], layout: Layout, event_id: int, data: Mapping[str, Any]) -> Event:
    return Event(
        event_id=event_id,
        host=_as_text(_first(record, layout.host)),
        record=_as_integer(_first(record, layout.record)),
        collected=_as_text(_first(record, layout.collected)),
        data=data,
        is_sysmon=_is_sysmon(_first(record, layout.channel), _first(record, layout.provider), data),
    )


def _is_sysmon(channel: object, provider: object, data: Mapping[str, Any]) -> bool:
    """By the names of log and provider; by Sysmon's own two fields only where the collector kept neither name."""
    names = [name.lower() for name in (channel, provider) if isinstance(name, str)]
    if names:
        return any(name.startswith(SYSMON) for name in names)
    return "UtcTime" in data and "ProcessGuid" in data


def _at(record: Any, path: Path) -> Any:
    for name in path:
        if not isinstance(record, dict):
            return None
        record = record.get(name)
    return record


def _first(record: Mapping[str, Any], paths: tuple[Path, ...]) -> Any:
    return next((value for path in paths if (value := _at(record, path)) not in (None, "")), None)


def _as_text(value: object) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
    return ""


def _as_integer(value: object) -> int | None:
    match value:
        case bool():
            return None
        case int() if abs(value) < _LONG_END:
            return value
        case str() if value.isascii() and value.isdigit() and len(value) < 19:
            return int(value)
    return None
