"""The columns that Defender's tables share: who did it, where, when."""

from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa

from bluetick.schema.packs import TableSchema
from bluetick.sources.arrow import Cell, Cells, arrow_schema
from bluetick.sources.windows.events import Origin, ProcessCreation
from bluetick.sources.windows.fields import Hashes, file_name, split_user
from bluetick.sources.windows.memory import Actor

_WHERE: Mapping[str, Callable[[Origin], Cell]] = {
    "Timestamp": lambda o: o.time,
    "DeviceId": lambda o: o.device_id,
    "DeviceName": lambda o: o.host,
    "ReportId": lambda o: o.record,
}

_FROM_ACTOR: Mapping[str, Callable[[Actor], Cell]] = {
    "InitiatingProcessSHA1": lambda a: _hashes(a).sha1,
    "InitiatingProcessSHA256": lambda a: _hashes(a).sha256,
    "InitiatingProcessMD5": lambda a: _hashes(a).md5,
    "InitiatingProcessFileName": lambda a: file_name(a.origin.image),
    "InitiatingProcessId": lambda a: a.origin.process_id,
    "InitiatingProcessCreationTime": lambda a: a.origin.guid.start,
    "InitiatingProcessFolderPath": lambda a: a.origin.image,
    "InitiatingProcessAccountDomain": lambda a: split_user(_user(a))[0],
    "InitiatingProcessAccountName": lambda a: split_user(_user(a))[1],
    "InitiatingProcessUniqueId": lambda a: a.origin.guid.key,
}

# Text is "" and the rest null where the process creation was not seen.
_TEXT_FROM_CREATION: Mapping[str, Callable[[ProcessCreation], str]] = {
    "InitiatingProcessCommandLine": lambda p: p.command_line,
    "InitiatingProcessVersionInfoCompanyName": lambda p: p.company,
    "InitiatingProcessVersionInfoProductName": lambda p: p.product,
    "InitiatingProcessVersionInfoOriginalFileName": lambda p: p.original_name,
    "InitiatingProcessVersionInfoFileDescription": lambda p: p.description,
    "InitiatingProcessIntegrityLevel": lambda p: p.integrity,
    "InitiatingProcessParentFileName": lambda p: file_name(p.parent_image),
}
_VALUE_FROM_CREATION: Mapping[str, Callable[[ProcessCreation], Cell]] = {
    "InitiatingProcessParentId": lambda p: p.parent_id,
    "InitiatingProcessParentCreationTime": lambda p: p.parent.start,
    "InitiatingProcessSessionId": lambda p: p.session,
    "LogonID": lambda p: p.logon,
}


def initiating_columns(table: TableSchema, actors: Sequence[Actor]) -> dict[str, Cells]:
    """Those of the columns that the table has, a row an actor; what a process lends is spelt out once for its rows."""
    places: dict[tuple[object, ...], int] = {}
    firsts: list[Actor] = []
    rows = []
    for actor in actors:
        key = _identity(actor)
        place = places.get(key)
        if place is None:
            place = places[key] = len(firsts)
            firsts.append(actor)
        rows.append(place)
    schema = arrow_schema(table)
    taken = pa.array(rows, pa.int32())
    columns: dict[str, Cells] = {
        name: pa.array(cells, schema.field(name).type).take(taken)
        for name, cells in _distinct_columns(firsts).items()
        if name in schema.names
    }
    for name, cell in _WHERE.items():
        columns[name] = [cell(actor.origin) for actor in actors]
    return columns


def _identity(actor: Actor) -> tuple[object, ...]:
    origin, inferred = actor.origin, actor.inferred
    lent = id(actor.creation) if inferred is None else id(inferred.hashes)
    return (origin.guid.key, origin.guid.start, origin.process_id, origin.image, origin.user, lent)


def _distinct_columns(actors: Sequence[Actor]) -> dict[str, list[Cell]]:
    columns: dict[str, list[Cell]] = {name: [cell(actor) for actor in actors] for name, cell in _FROM_ACTOR.items()}
    creations = [actor.creation for actor in actors]
    for name, text in _TEXT_FROM_CREATION.items():
        columns[name] = [text(creation) if creation else "" for creation in creations]
    for name, cell in _VALUE_FROM_CREATION.items():
        columns[name] = [cell(creation) if creation else None for creation in creations]
    return columns


def _hashes(actor: Actor) -> Hashes:
    if actor.creation:
        return actor.creation.hashes
    return actor.inferred.hashes if actor.inferred else Hashes()


def _user(actor: Actor) -> str:
    """Older versions of Sysmon name the user in few events: then the start of the process tells it."""
    return actor.origin.user or (actor.creation.origin.user if actor.creation else "")
