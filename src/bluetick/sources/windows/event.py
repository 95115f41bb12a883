"""A Windows event out of a record of any collector."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from bluetick.sources.json_objects import read_fault, read_object
from bluetick.sources.windows.ecs import restored
from bluetick.sources.windows.layouts import EVTX, FLAT, LAYOUTS, NOT_DATA, WAZUH, WINLOG, Layout, Part, Path, value_at

SYSMON = "microsoft-windows-sysmon"

_LONG_END = 2**63

_ESCAPE = re.compile(r'\\([\\"])')
_ESCAPED = re.compile(r'(?:[^\\]|\\[\\"])*')

# Exports of whole rows of these tables: they are read as rows, not as events.
_TABLES = ("SecurityEvent", "Event")


class Event(NamedTuple):
    """A Windows event, whoever collected it. `record` is its number in the log, None where the collector drops it."""

    layout: Layout
    source: Mapping[str, Any]
    event_id: int
    host: str
    record: int | None
    channel: str
    provider: str
    data: Mapping[str, Any]

    def text(self, field: str) -> str:
        """A field of the event as text; "" where it is missing, or is the "-" that Sysmon writes for nothing."""
        value = self.data.get(field)
        if type(value) is not str:
            return as_text(value)
        return "" if value == "-" else value

    def part(self, part: Part) -> Any:
        """What the system or the collector says of the event; None where it does not."""
        return _first(self.source, self.layout.parts.get(part, ()))

    def part_text(self, part: Part) -> str:
        """As `part`, as text."""
        return as_text(self.part(part))

    @property
    def is_sysmon(self) -> bool:
        """By the names of log and provider; by Sysmon's own two fields only where the collector kept neither name."""
        if self.channel or self.provider:
            return self.channel.lower().startswith(SYSMON) or self.provider.lower().startswith(SYSMON)
        return "UtcTime" in self.data and "ProcessGuid" in self.data

    def fields(self) -> dict[str, Any]:
        """The event's own fields, and nothing else that stands beside them."""
        if self.layout is FLAT:
            return {name: value for name, value in self.data.items() if name not in NOT_DATA}
        return dict(self.data)


class UnreadableError(ValueError):
    """A record that cannot become a row; its text is the reason."""


def event_of(record: Mapping[str, Any]) -> Event:
    """The event in a record of any known layout; UnreadableError where there is none, or its data is damaged."""
    for layout in LAYOUTS:
        event_id = _event_id(record, layout) if layout.mark in record else None
        data = None if event_id is None else _data(record, layout)
        if event_id is None or data is None:
            continue
        event = _event(record, layout, event_id, data)
        if layout is WINLOG and "UtcTime" not in data and event.is_sysmon:
            event = event._replace(data=restored(record, data))
        if event.channel or event.provider or event.is_sysmon:
            return event
    raise UnreadableError("not a Windows event in a known layout")


def detect(record: Mapping[str, Any]) -> bool:
    """Whether a record is a Windows event, damaged or not, in a layout that is read here."""
    if record.get("Type") in _TABLES:
        return False
    try:
        event_of(record)
    except UnreadableError as error:
        return str(error).startswith("event data")
    return True


def _event_id(record: Mapping[str, Any], layout: Layout) -> int | None:
    for path in layout.event_id:
        value = record.get(path[0]) if len(path) == 1 else value_at(record, path)
        number = value if type(value) is int and 0 <= value < _LONG_END else as_integer(value)
        if number is not None:
            return number
    return None


def _data(record: Mapping[str, Any], layout: Layout) -> Mapping[str, Any] | None:
    """The event's own fields; none where it has none, None where the layout is another that keeps them elsewhere."""
    if layout is FLAT:
        return record
    data = _first(record, layout.data)
    match data:
        case str():
            return _parse_data(data)
        case dict():
            return _unwrapped(data, layout)
    return {} if data is None and _holds_data(record, layout) else None


def _holds_data(record: Mapping[str, Any], layout: Layout) -> bool:
    """Whether the record has the place for data, though nothing stands there."""
    return len(layout.event_id[0]) > 1 or any(path[0] in record for path in layout.data)


def _unwrapped(data: Mapping[str, Any], layout: Layout) -> Mapping[str, Any]:
    if layout in WAZUH:
        return {_windows_name(name): _unescaped(value) for name, value in data.items()}
    if layout is EVTX and len(data) == 1:
        # UserData holds one element of the provider's own name, which holds the fields.
        (inner,) = data.values()
        if isinstance(inner, dict) and "#text" not in inner:
            return inner
    return data


def _windows_name(name: str) -> str:
    """Wazuh begins every name with a small letter; few are so in Windows: those of the classic logs, by number."""
    return name if name.startswith("param") and name[5:].isdigit() else name[:1].upper() + name[1:]


def _unescaped(value: Any) -> Any:
    r"""Wazuh escapes text once more than JSON does: `C:\\Windows` stands for `C:\Windows`."""
    if type(value) is not str or "\\" not in value:
        return value
    return _ESCAPE.sub(r"\1", value) if _ESCAPED.fullmatch(value) else value


def _parse_data(text: str) -> dict[str, Any]:
    try:
        return read_object(text.encode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"event data is a text that cannot be read as JSON: {read_fault(error)}") from error


def _event(record: Mapping[str, Any], layout: Layout, event_id: int, data: Mapping[str, Any]) -> Event:
    parts = layout.parts
    return Event(
        layout,
        record,
        event_id,
        host=as_text(_first(record, parts["host"])),
        record=as_integer(_first(record, parts["record"])),
        channel=as_text(_first(record, parts["channel"])),
        provider=as_text(_first(record, parts["provider"])),
        data=data,
    )


def _first(record: Mapping[str, Any], paths: tuple[Path, ...]) -> Any:
    for path in paths:
        value = record.get(path[0]) if len(path) == 1 else value_at(record, path)
        if value is not None and value != "":
            return value
    return None


def as_text(value: object) -> str:
    """A scalar as text, "" for anything else."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
    return ""


def as_integer(value: object) -> int | None:
    """A whole number, or one written in digits, that a long can hold."""
    match value:
        case bool():
            return None
        case int() if abs(value) < _LONG_END:
            return value
        case str() if value.isascii() and value.isdigit() and len(value) < 19:
            return int(value)
    return None
