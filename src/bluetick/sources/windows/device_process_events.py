"""Process creations as rows of DeviceProcessEvents, and back: a process outlives the reading that saw it start."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from bluetick.schema.packs import load_pack
from bluetick.sources.arrow import Cell, arrow_table
from bluetick.sources.windows.additional_fields import additional_fields
from bluetick.sources.windows.events import Origin, ProcessCreation
from bluetick.sources.windows.fields import Hashes, file_name, parse_process_guid, split_user
from bluetick.sources.windows.memory import ProcessMemory

_ACTION = "ProcessCreated"

_COLUMNS: Mapping[str, Callable[[ProcessCreation], Cell]] = {
    "Timestamp": lambda p: p.origin.time,
    "DeviceId": lambda p: p.origin.device_id,
    "DeviceName": lambda p: p.origin.host,
    "ActionType": lambda p: _ACTION,
    "FileName": lambda p: file_name(p.origin.image),
    "FolderPath": lambda p: p.origin.image,
    "SHA1": lambda p: p.hashes.sha1,
    "SHA256": lambda p: p.hashes.sha256,
    "MD5": lambda p: p.hashes.md5,
    "ProcessVersionInfoCompanyName": lambda p: p.company,
    "ProcessVersionInfoProductName": lambda p: p.product,
    "ProcessVersionInfoOriginalFileName": lambda p: p.original_name,
    "ProcessVersionInfoFileDescription": lambda p: p.description,
    "ProcessId": lambda p: p.origin.process_id,
    "ProcessCommandLine": lambda p: p.command_line,
    "ProcessIntegrityLevel": lambda p: p.integrity,
    "ProcessTokenElevation": lambda p: p.elevation,
    "ProcessCreationTime": lambda p: p.origin.guid.start,
    "AccountDomain": lambda p: split_user(p.origin.user)[0],
    "AccountName": lambda p: split_user(p.origin.user)[1],
    "AccountSid": lambda p: p.sid,
    "LogonId": lambda p: p.logon,
    "InitiatingProcessAccountDomain": lambda p: split_user(p.parent_user)[0],
    "InitiatingProcessAccountName": lambda p: split_user(p.parent_user)[1],
    "InitiatingProcessFileName": lambda p: file_name(p.parent_image),
    "InitiatingProcessFolderPath": lambda p: p.parent_image,
    "InitiatingProcessCommandLine": lambda p: p.parent_command_line,
    "InitiatingProcessId": lambda p: p.parent_id,
    "InitiatingProcessCreationTime": lambda p: p.parent.start,
    "InitiatingProcessUniqueId": lambda p: p.parent.key,
    "ReportId": lambda p: p.origin.record,
    "AdditionalFields": lambda p: additional_fields(p.origin, CurrentDirectory=p.directory, ImportHash=p.import_hash),
    "CreatedProcessSessionId": lambda p: p.session,
    "ProcessUniqueId": lambda p: p.origin.guid.key,
}

_HASHES_OF_PARENT: Mapping[str, Callable[[Hashes], str]] = {
    "InitiatingProcessSHA1": lambda h: h.sha1,
    "InitiatingProcessSHA256": lambda h: h.sha256,
    "InitiatingProcessMD5": lambda h: h.md5,
}


def device_process_events(creations: Sequence[ProcessCreation], processes: ProcessMemory) -> pa.Table:
    """One row a creation, in their order; a parent whose own creation was seen lends its hashes."""
    columns: dict[str, list[Cell]] = {name: [value(p) for p in creations] for name, value in _COLUMNS.items()}
    parents = [processes.process(creation.parent.key) for creation in creations]
    for name, text in _HASHES_OF_PARENT.items():
        columns[name] = [text(parent.hashes) if parent else "" for parent in parents]
    return arrow_table(load_pack("defender")["DeviceProcessEvents"], columns, len(creations))


def creations_of(table: pa.Table) -> Iterator[ProcessCreation]:
    """The process creations among rows of DeviceProcessEvents, or of the table of process starts, which has no actions.

    A row of another action, or with no time, is none.
    A row that did not come from Sysmon has no process GUID here: it still lends its hashes to others of its image.
    """
    known = table.select([name for name in _COLUMNS if name in table.column_names])
    times = {"Timestamp", "ProcessCreationTime", "InitiatingProcessCreationTime"}
    for field in times & set(known.column_names):
        place = known.column_names.index(field)
        known = known.set_column(place, field, known[field].cast(pa.timestamp("us", "UTC")).cast(pa.int64()))
    for row in known.to_pylist():
        if row.get("ActionType", _ACTION) == _ACTION and row.get("Timestamp") is not None:
            yield _creation(row)


def _creation(row: Mapping[str, Any]) -> ProcessCreation:
    def text(name: str) -> str:
        return row.get(name) or ""

    return ProcessCreation(
        origin=Origin(
            time=row["Timestamp"],
            collected=None,
            host=text("DeviceName"),
            record=row.get("ReportId"),
            guid=parse_process_guid(text("ProcessUniqueId")),
            process_id=row.get("ProcessId"),
            image=text("FolderPath"),
            user=_user(text("AccountDomain"), text("AccountName")),
            rule="",
        ),
        command_line=text("ProcessCommandLine"),
        hashes=Hashes(text("SHA1"), text("SHA256"), text("MD5")),
        company=text("ProcessVersionInfoCompanyName"),
        product=text("ProcessVersionInfoProductName"),
        description=text("ProcessVersionInfoFileDescription"),
        original_name=text("ProcessVersionInfoOriginalFileName"),
        integrity=text("ProcessIntegrityLevel"),
        session=row.get("CreatedProcessSessionId"),
        logon=row.get("LogonId"),
        parent=parse_process_guid(text("InitiatingProcessUniqueId")),
        parent_id=row.get("InitiatingProcessId"),
        parent_image=text("InitiatingProcessFolderPath"),
        parent_command_line=text("InitiatingProcessCommandLine"),
        parent_user=_user(text("InitiatingProcessAccountDomain"), text("InitiatingProcessAccountName")),
    )


def _user(domain: str, name: str) -> str:
    return f"{domain}\\{name}" if domain else name
