"""The table of what alerts are about: a row for each entity of an alert, written when it is first seen there.

https://learn.microsoft.com/defender-xdr/advanced-hunting-alertevidence-table
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from bluetick.detections.ledger.publication import Told
from bluetick.detections.publishing.alerts import DETECTION_SOURCE, is_told
from bluetick.detections.publishing.facts import Entry, Rules
from bluetick.detections.publishing.tables import PRODUCT, Row

# Sentinel's kinds in Defender's words; the others are the same in both.
_TYPES: Final = {
    "account": "User",
    "host": "Machine",
    "ip": "Ip",
    "url": "Url",
    "filehash": "File",
    "dns": "Url",
    "azureresource": "CloudResource",
}
# Which identifier stands in which column, by the kind of entity.
_COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    "account": {
        "Name": "AccountName",
        "NTDomain": "AccountDomain",
        "DnsDomain": "AccountDomain",
        "Sid": "AccountSid",
        "AadUserId": "AccountObjectId",
    },
    "host": {"HostName": "DeviceName", "NetBiosName": "DeviceName", "FullName": "DeviceName", "DeviceId": "DeviceId"},
    "ip": {"Address": "RemoteIP"},
    "url": {"Url": "RemoteUrl"},
    "dns": {"DomainName": "RemoteUrl"},
    "file": {"Name": "FileName", "Directory": "FolderPath", "Sha1": "SHA1", "Sha256": "SHA256"},
    "process": {"CommandLine": "ProcessCommandLine", "Sha1": "SHA1", "Sha256": "SHA256"},
    "malware": {"Name": "ThreatFamily"},
    "mailbox": {"MailboxPrimaryAddress": "AccountUpn", "Upn": "AccountUpn"},
    "mailmessage": {"NetworkMessageId": "NetworkMessageId", "Subject": "EmailSubject"},
    "cloudapplication": {"Name": "Application"},
    "azureresource": {"ResourceId": "ResourceID"},
    "registrykey": {"Key": "RegistryKey"},
    "registryvalue": {"Name": "RegistryValueName", "Value": "RegistryValueData"},
}
_HASHES: Final = {"sha1": "SHA1", "sha256": "SHA256"}
_UPN: Final = re.compile(r"[^@\\\s]+@[^@\\\s]+")


def evidence_rows(rules: Rules, entries: Iterable[Entry], told: set[Told]) -> Iterator[tuple[Row, Told]]:
    """A row for each entity that is not among those `told` already, with what is to be remembered of it."""
    for entry in entries:
        if entry["retracted"] or not is_told(rules, entry):
            continue
        for entity in entry["content"]["entities"]:
            one = Told(entry["alert"], json.dumps(entity, ensure_ascii=False, sort_keys=True))
            if one not in told:
                told.add(one)
                yield _row(entry, entity), one


def _row(entry: Entry, entity: Mapping[str, Any]) -> Row:
    said = entry["content"]
    kind = entity["kind"].casefold()
    return {
        "Timestamp": entry["time"],
        "AlertId": entry["alert"],
        "Title": said["name"],
        "Categories": json.dumps(said["tactics"]),
        "AttackTechniques": json.dumps(said["techniques"]),
        "ServiceSource": PRODUCT,
        "DetectionSource": DETECTION_SOURCE,
        "EntityType": _TYPES.get(kind, entity["kind"]),
        "EvidenceRole": "Related",
        "Severity": said["severity"],
        "AdditionalFields": {name: value for name, value in entity.items() if name != "kind"},
        **_identifiers(kind, entity),
    }


def _identifiers(kind: str, entity: Mapping[str, Any]) -> dict[str, Any]:
    """The identifiers that have columns, the more telling first."""
    columns = _COLUMNS.get(kind, {})
    found: dict[str, Any] = {}
    for name, column in columns.items():
        if entity.get(name):
            found.setdefault(column, entity[name])
    if kind == "account":
        found |= _account(entity)
    if kind == "filehash" and str(entity.get("Algorithm", "")).casefold() in _HASHES:
        found[_HASHES[str(entity["Algorithm"]).casefold()]] = entity.get("Value")
    return found


def _account(entity: Mapping[str, Any]) -> dict[str, Any]:
    """What a full name (domain\\user or user@domain) tells, and what a name and its suffix make."""
    full, name, suffix = (str(entity.get(part) or "") for part in ("FullName", "Name", "UPNSuffix"))
    found: dict[str, Any] = {}
    if name and suffix:
        found["AccountUpn"] = f"{name}@{suffix}"
    if _UPN.fullmatch(full):
        found |= {"AccountUpn": full} | ({} if name else {"AccountName": full.split("@", 1)[0]})
    elif "\\" in full and not name:
        domain, user = full.split("\\", 1)
        found |= {"AccountDomain": domain, "AccountName": user}
    elif full and not name:
        found["AccountName"] = full
    return found
