"""Sysmon's fields back out of the Elastic Common Schema: winlogbeat's module renames what has a place there."""

from collections.abc import Mapping
from typing import Any

from bluetick.sources.windows.layouts import Path, value_at

_PROCESS = ("process",)
_PARENT = ("process", "parent")
_PLACES: Mapping[str, Path] = {
    "UtcTime": ("@timestamp",),
    "RuleName": ("rule", "name"),
    "ProcessGuid": (*_PROCESS, "entity_id"),
    "ProcessId": (*_PROCESS, "pid"),
    "Image": (*_PROCESS, "executable"),
    "CommandLine": (*_PROCESS, "command_line"),
    "Company": (*_PROCESS, "pe", "company"),
    "Description": (*_PROCESS, "pe", "description"),
    "Product": (*_PROCESS, "pe", "product"),
    "OriginalFileName": (*_PROCESS, "pe", "original_file_name"),
    "ParentProcessGuid": (*_PARENT, "entity_id"),
    "ParentProcessId": (*_PARENT, "pid"),
    "ParentImage": (*_PARENT, "executable"),
    "ParentCommandLine": (*_PARENT, "command_line"),
    "Protocol": ("network", "transport"),
    "SourceIp": ("source", "ip"),
    "SourcePort": ("source", "port"),
    "DestinationIp": ("destination", "ip"),
    "DestinationPort": ("destination", "port"),
    "QueryName": ("dns", "question", "name"),
    "QueryStatus": ("sysmon", "dns", "status"),
    "TargetObject": ("registry", "path"),
    "TargetFilename": ("file", "path"),
    "ImageLoaded": ("file", "path"),
    "PipeName": ("file", "name"),
}
_DIRECTIONS = {"outbound": "true", "egress": "true", "inbound": "false", "ingress": "false"}
_SUCCESS = {"SUCCESS": "0"}


def restored(record: Mapping[str, Any], data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of a Sysmon event as its log has them; those that are still among `data` stay as they are."""
    found = {name: value for name, path in _PLACES.items() if (value := value_at(record, path)) is not None}
    found |= {name: value for name, value in _joined(record).items() if value}
    if "QueryStatus" in found:
        found["QueryStatus"] = _SUCCESS.get(found["QueryStatus"], found["QueryStatus"])
    return {**found, **data}


def _joined(record: Mapping[str, Any]) -> dict[str, str]:
    """The fields that have several places, or another spelling."""
    user = [value_at(record, ("user", part)) for part in ("domain", "name")]
    hashes = value_at(record, ("process", "hash")) or value_at(record, ("file", "hash"))
    answers = value_at(record, ("dns", "resolved_ip"))
    return {
        "User": "\\".join(part for part in user if isinstance(part, str)),
        "Hashes": ",".join(f"{name}={value}" for name, value in hashes.items()) if isinstance(hashes, dict) else "",
        "QueryResults": ";".join(map(str, answers)) if isinstance(answers, list) else "",
        "Initiated": _DIRECTIONS.get(str(value_at(record, ("network", "direction"))), ""),
    }
