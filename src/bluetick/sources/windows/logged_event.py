"""Any Windows event as its log has it: the time, the fields, and what the system says of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bluetick.sources.windows.event import Event, UnreadableError, as_text
from bluetick.sources.windows.fields import parse_time, parse_zoned_time
from bluetick.values import dynamic_text

_LEVELS = {0: "LogAlways", 1: "Critical", 2: "Error", 3: "Warning", 4: "Information", 5: "Verbose"}
_LEVEL_NAMES = {name.lower(): (number, name) for number, name in _LEVELS.items()} | {
    "info": (4, "Information"),
    "audit_success": (0, "LogAlways"),
    "audit_failure": (0, "LogAlways"),
}

_COLLECTED = "time of collection: the event's own time is missing or has no zone"
_NO_ZONE = "time without a zone: taken as UTC"


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event; `data` has its own fields, `data_text` the same as JSON. `note` says what is doubtful of its time."""

    time: int
    host: str
    channel: str
    provider: str
    event_id: int
    data_text: str
    data: Mapping[str, Any] = field(compare=False)
    event: Event = field(compare=False)
    note: str = field(compare=False)

    def text(self, name: str) -> str:
        """A field as text; "" where it is missing, nested, or the "-" that Windows writes for nothing."""
        text = as_text(self.data.get(name))
        return "" if text == "-" else text

    @property
    def level(self) -> tuple[int | None, str]:
        """The event's level by number and name; (None, "") where the collector drops it."""
        number = self.event.part_text("level")
        if number.isascii() and number.isdigit() and int(number) in _LEVELS:
            return int(number), _LEVELS[int(number)]
        return _LEVEL_NAMES.get(self.event.part_text("level_name").lower(), (None, ""))


def read_logged_event(event: Event) -> LoggedEvent:
    """The event as it was logged; UnreadableError where it has no time."""
    time, note = _time(event)
    data = _plain_fields(event.fields())
    return LoggedEvent(
        time=time,
        host=event.host,
        channel=event.channel,
        provider=event.provider,
        event_id=event.event_id,
        data_text=dynamic_text(data),
        data=data,
        event=event,
        note=note,
    )


def _time(event: Event) -> tuple[int, str]:
    """The event's own time; failing that, one in UTC of a collector; failing that, one of no known zone."""
    own = event.part_text("time")
    time = parse_zoned_time(own)
    if time is not None:
        return time, ""
    time = parse_zoned_time(event.part_text("collected"))
    if time is not None:
        return time, _COLLECTED
    time = parse_time(own)
    if time is None:
        raise UnreadableError("the time of the event is missing or not a time")
    return time, _NO_ZONE


def _plain_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields with text alone as values; attributes of XML stay, except the names of its namespaces."""
    found = {name: _plain(value) for name, value in fields.items() if name != "#attributes"}
    attributes = fields.get("#attributes")
    if isinstance(attributes, dict):
        own = {name: as_text(value) for name, value in attributes.items() if not name.startswith("xmlns")}
        return {"#attributes": own, **found} if own else found
    return found if attributes is None else {"#attributes": _plain(attributes), **found}


def _plain(value: Any) -> Any:
    """Windows has text only in its fields: a number or a truth value is a collector's doing."""
    match value:
        case dict():
            fields = _plain_fields(value)
            return fields["#text"] if fields.keys() == {"#text"} else fields
        case list():
            return [_plain(item) for item in value]
        case None:
            return ""
    return as_text(value)
