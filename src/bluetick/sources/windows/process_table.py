"""The table of process starts: what a process lends to its later events, kept for longer than the starts' own rows."""

from collections.abc import Mapping
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from bluetick.schema.packs import TableSchema, load_pack
from bluetick.sources.arrow import arrow_schema

_TYPES = dict(load_pack("defender")["DeviceProcessEvents"].columns)
_COLUMNS = (
    "Timestamp",
    "DeviceName",
    "FolderPath",
    "SHA1",
    "SHA256",
    "MD5",
    "ProcessVersionInfoCompanyName",
    "ProcessVersionInfoProductName",
    "ProcessVersionInfoOriginalFileName",
    "ProcessVersionInfoFileDescription",
    "ProcessId",
    "ProcessCommandLine",
    "ProcessIntegrityLevel",
    "ProcessCreationTime",
    "AccountDomain",
    "AccountName",
    "LogonId",
    "InitiatingProcessFolderPath",
    "InitiatingProcessId",
    "InitiatingProcessUniqueId",
    "CreatedProcessSessionId",
    "ProcessUniqueId",
)

# A part of DeviceProcessEvents, column for column, and only of processes with a GUID.
PROCESSES = TableSchema("_Processes", tuple((name, _TYPES[name]) for name in _COLUMNS), "Timestamp")

# A process GUID holds the start in whole seconds, and Sysmon logs the start within this time.
START_SLACK = 5 * 1_000_000


class ProcessLookup(Protocol):
    """Finds process starts that were stored before."""

    def starts(self, guids: Mapping[str, int | None]) -> pa.Table:
        """Rows of the table of process starts for these GUIDs, as far as they are there.

        A GUID comes with the start in microseconds since 1970 that it holds: the row's Timestamp is `START_SLACK` from
        it at most, so that few files need to be read. Those not found may be left out.
        """
        ...


def process_rows(events: pa.Table) -> pa.Table:
    """The rows of the table of process starts for rows of DeviceProcessEvents."""
    known = pc.not_equal(events["ProcessUniqueId"], pa.scalar(""))
    return events.select(list(_COLUMNS)).filter(known).cast(arrow_schema(PROCESSES))
