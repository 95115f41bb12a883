"""A message as a Detection Finding (class 2004) of the Open Cybersecurity Schema Framework 1.3.0.

https://schema.ocsf.io/1.3.0/classes/detection_finding
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from bluetick.detections.ledger.times import to_micros
from bluetick.detections.outputs.fitting import Said
from bluetick.detections.outputs.lines import compact

SCHEMA_VERSION: Final = "1.3.0"
_CATEGORY: Final = 2
_CLASS: Final = 2004
_CREATE, _UPDATE, _CLOSE = (1, "Create"), (2, "Update"), (3, "Close")
_OTHER: Final = (99, "Other")
_NEW, _RESOLVED, _RETRACTED = (1, "New"), (4, "Resolved"), (99, "Retracted")
# What an event says of the finding: the activity, and the state that it is in then.
_EVENTS: Final = {
    "raised": (_CREATE, _NEW),
    "restored": (_UPDATE, _NEW),
    "retracted": (_CLOSE, _RETRACTED),
    "closed": (_CLOSE, _RESOLVED),
    "resolved": (_CLOSE, _RESOLVED),
}
_SEVERITIES: Final = {"Informational": 1, "Low": 2, "Medium": 3, "High": 4, "Critical": 5}
_UNKNOWN: Final = (0, "Unknown")
# Of Sentinel's entities, by kind and identifier in lower case, what the schema has a type of observable for.
_OBSERVABLES: Final[Mapping[str, Mapping[str, tuple[int, str]]]] = {
    "host": {
        "hostname": (1, "Hostname"),
        "fullname": (1, "Hostname"),
        "netbiosname": (1, "Hostname"),
        "azureid": (10, "Resource UID"),
    },
    "ip": {"address": (2, "IP Address")},
    "account": {
        "name": (4, "User Name"),
        "fullname": (4, "User Name"),
        "upnsuffix": (99, "UPN suffix"),
        "sid": (99, "SID"),
    },
    "mailbox": {"mailboxprimaryaddress": (5, "Email Address"), "upn": (5, "Email Address")},
    "mailmessage": {"recipient": (5, "Email Address"), "sender": (5, "Email Address")},
    "url": {"url": (6, "URL String")},
    "dns": {"domainname": (1, "Hostname")},
    "file": {"name": (7, "File Name")},
    "filehash": {"value": (8, "Hash")},
    "process": {"commandline": (99, "Command line"), "processid": (99, "Process ID")},
    "azureresource": {"resourceid": (10, "Resource UID")},
    "registrykey": {"key": (99, "Registry key")},
}


def detection_finding(said: Said) -> dict[str, Any]:
    """The finding that a message tells of. `uid` of its metadata is the message's name, that of finding_info the
    alert's."""
    (activity, activity_name), (status, status_name) = _EVENTS.get(said["event"], (_OTHER, (99, said["event"])))
    severity = said.get("severity")
    number = _SEVERITIES.get(str(severity), 0)
    time = _milliseconds(said["time"])
    return {
        "activity_id": activity,
        "activity_name": activity_name,
        "category_uid": _CATEGORY,
        "category_name": "Findings",
        "class_uid": _CLASS,
        "class_name": "Detection Finding",
        "type_uid": _CLASS * 100 + activity,
        "type_name": f"Detection Finding: {activity_name}",
        "severity_id": number,
        "severity": severity if number else _UNKNOWN[1],
        "status_id": status,
        "status": status_name,
        "time": time,
        "message": str(said.get("name", said["event"])),
        "metadata": _metadata(said),
        "finding_info": _finding_info(said, time),
        "evidences": [{"data": evidence} for evidence in _evidence(said)],
        "observables": list(_observables(said.get("entities", ()))),
        "unmapped": _unmapped(said),
    }


def finding_bytes(said: Said) -> bytes:
    return compact(detection_finding(said)).encode()


def _metadata(said: Said) -> dict[str, Any]:
    return {
        "version": SCHEMA_VERSION,
        "product": {"name": "bluetick", "vendor_name": "bluetick"},
        "uid": said["message"],
        "sequence": said["revision"],
    }


def _finding_info(said: Said, time: int) -> dict[str, Any]:
    info: dict[str, Any] = {
        "uid": said["id"],
        "title": str(said.get("name", said["event"])),
        "desc": str(said.get("description", "")),
        "modified_time": time,
        "attacks": [{"technique": {"uid": str(uid)}} for uid in said.get("techniques", ())],
        "types": [str(tactic) for tactic in said.get("tactics", ())],
    }
    if said["event"] == "raised":
        info["created_time"] = time
    if "rule" in said:
        info["analytic"] = {"type_id": 1, "type": "Rule", "uid": str(said["rule"]), "name": info["title"]}
    return {name: value for name, value in info.items() if value not in ("", [])}


def _evidence(said: Said) -> Iterator[dict[str, Any]]:
    columns = said.get("columns", [f"column {number}" for number in range(len((said.get("rows") or [[]])[0]))])
    for row in said.get("rows", ()):
        yield dict(zip(columns, row, strict=False))


def _observables(entities: Any) -> Iterator[dict[str, Any]]:
    for number, entity in enumerate(entities):
        kind = str(entity.get("kind", ""))
        known = _OBSERVABLES.get(kind.lower().replace(" ", ""), {})
        for name, value in entity.items():
            if name == "kind" or not isinstance(value, str):
                continue
            type_id, type_name = known.get(name.lower(), (99, f"{kind} {name}"))
            place = f"unmapped.entities[{number}].{name}"
            yield {"name": place, "type_id": type_id, "type": type_name, "value": value}


def _unmapped(said: Said) -> dict[str, Any]:
    """What the class has no attribute for, as it is; the rows are in the evidence."""
    mapped = {"id", "message", "event", "revision", "time", "name", "description", "techniques", "columns", "rows"}
    return {name: value for name, value in said.items() if name not in mapped}


def _milliseconds(text: str) -> int:
    return to_micros(datetime.fromisoformat(text)) // 1_000
