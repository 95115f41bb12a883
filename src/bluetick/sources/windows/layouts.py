"""Where each collector puts the parts of a Windows event, as data: a new style is a new Layout, not new code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Path = tuple[str, ...]
Part = Literal[
    "host",
    "record",
    "channel",
    "provider",
    "collected",
    "time",
    "level",
    "level_name",
    "task",
    "opcode",
    "keywords",
    "version",
    "process",
    "thread",
    "user",
    "correlation",
]


def value_at(record: Any, path: Path) -> Any:
    """What stands there in a record, None where nothing does."""
    for name in path:
        if type(record) is not dict:
            return None
        record = record.get(name)
    return record


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of an event's parts in one style; where a part has several places, the first that holds it wins.

    `data` are the places of the event's own fields, none where they stand among the parts, on the record itself.
    `time` is the event's own time, `collected` the collector's.
    """

    name: str
    mark: str  # the name that a record of this layout has
    event_id: tuple[Path, ...]
    data: tuple[Path, ...]
    parts: Mapping[Part, tuple[Path, ...]]


def _wazuh(*root: str) -> Layout:
    system = (*root, "system")
    return Layout(
        name=".".join((*root, "eventdata")),
        mark=root[0],
        event_id=((*system, "eventID"),),
        data=(
            (*root, "eventdata"),
            (*root, "userdata"),
            (*root, "eventInfo"),
        ),
        parts={
            "host": ((*system, "computer"), ("agent", "name")),
            "record": ((*system, "eventRecordID"),),
            "channel": ((*system, "channel"),),
            "provider": ((*system, "providerName"),),
            "collected": (("timestamp",),),
            "time": ((*system, "systemTime"), ("timestamp",)),
            "level": ((*system, "level"),),
            "level_name": ((*system, "severityValue"),),
            "task": ((*system, "task"),),
            "opcode": ((*system, "opcode"),),
            "keywords": ((*system, "keywords"),),
            "version": ((*system, "version"),),
            "process": ((*system, "processID"),),
            "thread": ((*system, "threadID"),),
        },
    )


WINLOG = Layout(
    name="winlog.event_data",
    mark="winlog",
    event_id=(("winlog", "event_id"),),
    data=(("winlog", "event_data"), ("winlog", "user_data")),
    parts={
        "host": (("winlog", "computer_name"), ("host", "name")),
        "record": (("winlog", "record_id"),),
        "channel": (("winlog", "channel"),),
        "provider": (("winlog", "provider_name"), ("event", "provider")),
        "collected": (("@timestamp",),),
        "time": (("@timestamp",),),
        "level_name": (("log", "level"),),
        "task": (("winlog", "task"),),
        "opcode": (("winlog", "opcode"),),
        "keywords": (("winlog", "keywords"),),
        "version": (("winlog", "version"),),
        "process": (("winlog", "process", "pid"),),
        "thread": (("winlog", "process", "thread", "id"),),
        "user": (("winlog", "user", "identifier"),),
        "correlation": (("winlog", "activity_id"),),
    },
)
EVENT_DATA_6 = Layout(
    name="event_data",
    mark="event_id",
    event_id=(("event_id",),),
    data=(("event_data",), ("user_data",)),
    parts={
        "host": (("computer_name",),),
        "record": (("record_number",),),
        "channel": (("log_name",),),
        "provider": (("source_name",),),
        "collected": (("@timestamp",),),
        "time": (("@timestamp",),),
        "level_name": (("level",),),
        "task": (("task",),),
        "opcode": (("opcode",),),
        "keywords": (("keywords",),),
        "version": (("version",),),
        "process": (("process_id",),),
        "thread": (("thread_id",),),
        "user": (("user", "identifier"),),
        "correlation": (("activity_id",),),
    },
)
_SYSTEM = ("Event", "System")
EVTX = Layout(
    name="Event.EventData",
    mark="Event",
    event_id=((*_SYSTEM, "EventID"), (*_SYSTEM, "EventID", "#text")),
    data=(("Event", "EventData"), ("Event", "UserData")),
    parts={
        "host": ((*_SYSTEM, "Computer"),),
        "record": ((*_SYSTEM, "EventRecordID"),),
        "channel": ((*_SYSTEM, "Channel"),),
        "provider": ((*_SYSTEM, "Provider", "#attributes", "Name"),),
        "collected": ((*_SYSTEM, "TimeCreated", "#attributes", "SystemTime"),),
        "time": ((*_SYSTEM, "TimeCreated", "#attributes", "SystemTime"),),
        "level": ((*_SYSTEM, "Level"),),
        "task": ((*_SYSTEM, "Task"),),
        "opcode": ((*_SYSTEM, "Opcode"),),
        "keywords": ((*_SYSTEM, "Keywords"),),
        "version": ((*_SYSTEM, "Version"),),
        "process": ((*_SYSTEM, "Execution", "#attributes", "ProcessID"),),
        "thread": ((*_SYSTEM, "Execution", "#attributes", "ThreadID"),),
        "user": ((*_SYSTEM, "Security", "#attributes", "UserID"),),
        "correlation": ((*_SYSTEM, "Correlation", "#attributes", "ActivityID"),),
    },
)
EVENT_DATA = Layout(
    name="EventData",
    mark="EventData",
    event_id=(("EventID",),),
    data=(("EventData",),),
    parts={
        "host": (("Computer",), ("Hostname",)),
        "record": (("EventRecordId",), ("RecordNumber",)),
        "channel": (("Channel",),),
        "provider": (("Provider",), ("SourceName",)),
        "collected": (("TimeGenerated",), ("@timestamp",)),
        "time": (("TimeGenerated",), ("TimeCreated",), ("EventTime",), ("@timestamp",)),
        "level": (("EventLevel",), ("Level",)),
        "level_name": (("EventLevelName",), ("EventType",)),
        "task": (("Task",),),
        "opcode": (("Opcode",), ("OpcodeValue",)),
        "keywords": (("Keywords",),),
        "version": (("Version",),),
        "process": (("SystemProcessId",), ("ExecutionProcessID",)),
        "thread": (("SystemThreadId",), ("ThreadID",)),
        "user": (("SystemUserId",), ("UserID",)),
        "correlation": (("Correlation",), ("ActivityID",)),
    },
)
FLAT = Layout(
    name="flat",
    mark="EventID",
    event_id=(("EventID",),),
    data=(),
    parts={
        "host": (("Hostname",), ("Computer",)),
        "record": (("RecordNumber",), ("EventRecordID",)),
        "channel": (("Channel",),),
        "provider": (("SourceName",), ("Provider",)),
        "collected": (("@timestamp",), ("TimeCreated",)),
        "time": (("TimeCreated",), ("EventTime",), ("@timestamp",), ("EventReceivedTime",)),
        "level": (("Level",), ("LevelValue",)),
        "level_name": (("EventType",), ("Severity",)),
        "task": (("Task",),),
        "opcode": (("OpcodeValue",), ("Opcode",)),
        "keywords": (("Keywords",),),
        "version": (("Version",),),
        "process": (("ExecutionProcessID",),),
        "thread": (("ThreadID",),),
        "user": (("UserID",),),
        "correlation": (("ActivityID",),),
    },
)
WAZUH = (_wazuh("data", "win"), _wazuh("win"))

# Asked in this order: of the last two a record has the name EventID, and the flat one is what has no data of its own.
LAYOUTS = (WINLOG, EVENT_DATA_6, EVTX, *WAZUH, EVENT_DATA, FLAT)

# What stands beside an event's own fields in the flat layout: written by the system, NXLog, Logstash and its beats.
NOT_DATA = frozenset(
    (
        "@metadata",
        "@timestamp",
        "@version",
        "AccountName",
        "AccountType",
        "ActivityID",
        "Category",
        "Channel",
        "Computer",
        "Domain",
        "EventID",
        "EventReceivedTime",
        "EventRecordID",
        "EventTime",
        "EventType",
        "ExecutionProcessID",
        "Hostname",
        "Keywords",
        "Level",
        "LevelValue",
        "Message",
        "Opcode",
        "OpcodeValue",
        "Provider",
        "ProviderGuid",
        "RecordNumber",
        "RelatedActivityID",
        "Severity",
        "SeverityValue",
        "SourceModuleName",
        "SourceModuleType",
        "SourceName",
        "Task",
        "ThreadID",
        "TimeCreated",
        "UserID",
        "Version",
        "host",
        "port",
        "tags",
        "type",
    )
)
