"""What a file profile provider is: it answers FileProfile's lookups."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import pyarrow as pa

KEY: Final = "lookup_key"
STATE: Final = "ProfileAvailability"

AVAILABLE: Final = "Available"
MISSING: Final = "Missing"
ERROR: Final = "Error"
NOT_ASKED: Final = ""

HASHES: Final = ("SHA256", "SHA1", "MD5")
_LENGTHS: Final = {64: "SHA256", 40: "SHA1", 32: "MD5"}
_HEX: Final = re.compile("[0-9A-Fa-f]+")

# FileProfile's columns in Arrow, as execution binds them (binder.schema.FILE_PROFILE_COLUMNS has the KQL types).
PROFILE_FIELDS: Final[Mapping[str, pa.DataType]] = {
    "SHA1": pa.string(),
    "SHA256": pa.string(),
    "MD5": pa.string(),
    "FileSize": pa.int64(),
    "GlobalPrevalence": pa.int64(),
    "GlobalFirstSeen": pa.timestamp("us"),
    "GlobalLastSeen": pa.timestamp("us"),
    "Signer": pa.string(),
    "Issuer": pa.string(),
    "SignerHash": pa.string(),
    "IsCertificateValid": pa.bool_(),
    "IsRootSignerMicrosoft": pa.bool_(),
    "SignatureState": pa.string(),
    "IsExecutable": pa.bool_(),
    "ThreatName": pa.string(),
    "Publisher": pa.string(),
    "SoftwareName": pa.string(),
    STATE: pa.string(),
}


class FileProfileProvider(Protocol):
    """Answers for file ids. https://learn.microsoft.com/defender-xdr/advanced-hunting-fileprofile-function"""

    @property
    def version(self) -> str:
        """Names the data that answered, so that a run can be repeated."""
        ...

    @property
    def note(self) -> str:
        """What a reader of the result must know of where the numbers come from; '' for a plain profile table."""
        ...

    def lookup(self, key_column: str, keys: Sequence[str]) -> pa.Table:
        """A row for each key: `lookup_key` as given, then the 18 columns of FileProfile.

        ProfileAvailability is Available, Missing (not known), Error, or '' for what is no file id and was not asked;
        nulls ('' for strings) where there is nothing.
        `key_column` is the name of the queried column (InitiatingProcessSHA256 ...). A provider that cannot answer at
        all raises SourceError.
        """
        ...


def hash_kind(key: str) -> str:
    """SHA256, SHA1 or MD5 by the form of a file id; '' for what is no hash."""
    return _LENGTHS.get(len(key), "") if _HEX.fullmatch(key) else ""


def unknown_state(key: str) -> str:
    """The state of an id that nothing is known of: Microsoft leaves it empty where the id is invalid."""
    return MISSING if hash_kind(key) else NOT_ASKED


def answer_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows of Python values as a provider's answer; what a row lacks is null, or '' for a string."""
    arrays: list[Any] = [pa.array([row[KEY] for row in rows], pa.string())]
    for name, type_ in PROFILE_FIELDS.items():
        empty = "" if pa.types.is_string(type_) else None
        values = [_plain(row.get(name)) for row in rows]
        arrays.append(pa.array([empty if value is None else value for value in values], type_))
    return pa.Table.from_arrays(arrays, names=[KEY, *PROFILE_FIELDS])


def _plain(value: Any) -> Any:
    """An instant without a zone, in UTC, as the engines keep it."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value
