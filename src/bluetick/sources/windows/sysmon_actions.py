"""Sysmon's events of files, images, the registry, pipes and other processes, as Defender would tell of them."""

import re
from collections.abc import Callable, Mapping

from bluetick.sources.windows.device_actions import Cells, DeviceAction
from bluetick.sources.windows.event import Event, UnreadableError
from bluetick.sources.windows.events import ActorFields, DnsQuery, read_origin
from bluetick.sources.windows.fields import (
    file_name,
    image_path,
    parse_hashes,
    parse_process_guid,
    parse_whole,
    split_user,
)

_SOURCE = ActorFields("SourceProcessGuid", "SourceProcessId", "SourceImage", "SourceUser")
_SOURCE_10 = ActorFields("SourceProcessGUID", "SourceProcessId", "SourceImage", "SourceUser")

_REGISTRY_ACTIONS = {
    "CreateKey": "RegistryKeyCreated",
    "DeleteKey": "RegistryKeyDeleted",
    "RenameKey": "RegistryKeyRenamed",
    "SetValue": "RegistryValueSet",
    "DeleteValue": "RegistryValueDeleted",
}
_HIVES = {
    "HKLM": "HKEY_LOCAL_MACHINE",
    "HKU": "HKEY_USERS",
    "HKCR": "HKEY_CLASSES_ROOT",
    "HKCU": "HKEY_CURRENT_USER",
}
_NUMBER = re.compile(r"(DWORD|QWORD) \(0x([0-9a-fA-F]{8})(?:-0x([0-9a-fA-F]{8}))?\)")


def query_action(query: DnsQuery) -> DeviceAction:
    """A DNS query as an act of its process."""
    return DeviceAction(
        query.origin,
        "DeviceEvents",
        "DnsQueryResponse",
        cells=(("RemoteUrl", query.name),),
        more=(
            ("DnsQueryString", query.name),
            ("DnsQueryStatus", query.status),
            ("DnsQueryResult", query.answers),
        ),
    )


def _image_load(event: Event) -> DeviceAction:
    return DeviceAction(
        read_origin(event), "DeviceImageLoadEvents", "ImageLoaded", cells=_file_cells(event, "ImageLoaded")
    )


def _driver_load(event: Event) -> DeviceAction:
    return DeviceAction(
        read_origin(event),
        "DeviceEvents",
        "DriverLoad",
        cells=_file_cells(event, "ImageLoaded"),
        more=_told(event, "Signed", "Signature", "SignatureStatus"),
    )


def _file_created(event: Event) -> DeviceAction:
    return _file(event, "FileCreated")


def _file_deleted(event: Event) -> DeviceAction:
    return _file(event, "FileDeleted")


def _file(event: Event, action: str) -> DeviceAction:
    more = _told(event, "CreationUtcTime", "IsExecutable", "Archived")
    return DeviceAction(
        read_origin(event), "DeviceFileEvents", action, cells=_file_cells(event, "TargetFilename"), more=more
    )


def _registry(event: Event) -> DeviceAction:
    action = _REGISTRY_ACTIONS.get(event.text("EventType"))
    if action is None:
        raise UnreadableError("EventType is none of the registry's")
    path = _registry_path(_needed(event, "TargetObject"))
    cells: Cells = (("RegistryKey", path),)
    if action.startswith("RegistryValue"):
        key, _, name = path.rpartition("\\")
        cells = (("RegistryKey", key), ("RegistryValueName", name), *_registry_data(event.text("Details")))
    elif action == "RegistryKeyRenamed":
        new = _registry_path(_needed(event, "NewName"))
        cells = (("RegistryKey", new), ("PreviousRegistryKey", path))
    return DeviceAction(read_origin(event), "DeviceRegistryEvents", action, cells=cells)


def _registry_path(path: str) -> str:
    """The key with its hive's full name, as Defender writes it."""
    hive, _, rest = path.partition("\\")
    return f"{_HIVES[hive]}\\{rest}" if hive in _HIVES else path


def _registry_data(details: str) -> Cells:
    """The value that was set, and its type where Sysmon's way to print it tells: its texts are of several types."""
    number = _NUMBER.fullmatch(details)
    if number is not None:
        kind, *digits = number.groups("")
        return (("RegistryValueType", kind.capitalize()), ("RegistryValueData", str(int("".join(digits), 16))))
    if details == "Binary Data":
        return (("RegistryValueType", "Binary"),)
    return (("RegistryValueData", details),)


def _remote_thread(event: Event) -> DeviceAction:
    more = _told(event, "NewThreadId", "StartAddress", "StartModule", "StartFunction")
    return DeviceAction(
        read_origin(event, _SOURCE),
        "DeviceEvents",
        "CreateRemoteThreadApiCall",
        cells=_target_cells(event, "TargetProcessGuid"),
        more=more,
    )


def _process_access(event: Event) -> DeviceAction:
    actor = _SOURCE if event.text(_SOURCE.guid) else _SOURCE_10
    guid = "TargetProcessGuid" if event.text("TargetProcessGuid") else "TargetProcessGUID"
    access = parse_whole(event.text("GrantedAccess"), 16)
    wanted = (("DesiredAccess", str(access)),) if access is not None else ()
    more = (*wanted, *_told(event, "GrantedAccess", "CallTrace"))
    return DeviceAction(
        read_origin(event, actor), "DeviceEvents", "OpenProcessApiCall", cells=_target_cells(event, guid), more=more
    )


def _pipe(event: Event) -> DeviceAction:
    operation = "File created" if event.event_id == 17 else "File opened"
    more = (("FileOperation", operation), ("PipeName", _needed(event, "PipeName")))
    return DeviceAction(read_origin(event), "DeviceEvents", "NamedPipeEvent", cells=(), more=more)


def _target_cells(event: Event, guid: str) -> Cells:
    """The process to which something was done."""
    image = image_path(_needed(event, "TargetImage"))
    domain, name = split_user(event.text("TargetUser"))
    return (
        ("FileName", file_name(image)),
        ("FolderPath", image),
        ("ProcessId", parse_whole(event.text("TargetProcessId"))),
        ("ProcessCreationTime", parse_process_guid(event.text(guid)).start),
        ("AccountDomain", domain),
        ("AccountName", name),
    )


def _file_cells(event: Event, field: str) -> Cells:
    path = _needed(event, field)
    hashes = parse_hashes(event.text("Hashes"))
    return (
        ("FileName", file_name(path)),
        ("FolderPath", path),
        ("SHA1", hashes.sha1),
        ("SHA256", hashes.sha256),
        ("MD5", hashes.md5),
    )


def _needed(event: Event, field: str) -> str:
    text = event.text(field)
    if not text:
        raise UnreadableError(f"{field} is missing")
    return text


def _told(event: Event, *fields: str) -> tuple[tuple[str, str], ...]:
    return tuple((field, event.text(field)) for field in fields)


# Of a terminated process (5), Defender has no row; neither has it of the numbers that are not here.
SYSMON_ACTIONS: Mapping[int, Callable[[Event], DeviceAction]] = {
    6: _driver_load,
    7: _image_load,
    8: _remote_thread,
    10: _process_access,
    11: _file_created,
    12: _registry,
    13: _registry,
    14: _registry,
    17: _pipe,
    18: _pipe,
    23: _file_deleted,
    26: _file_deleted,
}
