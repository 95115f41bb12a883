"""What the binder knows of the outside: tables by name, and the providers that a query may invoke."""

from dataclasses import dataclass
from typing import Protocol

from bluetick.types import Type


@dataclass(frozen=True, slots=True)
class TableFace:
    """A table as a query sees it. `sources` are the names that its columns have in the table itself."""

    name: str
    columns: tuple[tuple[str, Type], ...]
    sources: tuple[str, ...]
    time_column: str | None


class CatalogSchema(Protocol):
    def find(self, name: str) -> TableFace | None:
        """The table of exactly this name, or None."""

    def names(self) -> tuple[str, ...]:
        """Every table name, for wildcards and hints."""

    def hint(self, name: str) -> str:
        """What to do about a table that is not there; '' for nothing."""


# https://learn.microsoft.com/defender-xdr/advanced-hunting-fileprofile-function ; the last is the lookup's outcome.
FILE_PROFILE_COLUMNS: tuple[tuple[str, Type], ...] = (
    ("SHA1", Type.STRING),
    ("SHA256", Type.STRING),
    ("MD5", Type.STRING),
    ("FileSize", Type.LONG),
    ("GlobalPrevalence", Type.LONG),
    ("GlobalFirstSeen", Type.DATETIME),
    ("GlobalLastSeen", Type.DATETIME),
    ("Signer", Type.STRING),
    ("Issuer", Type.STRING),
    ("SignerHash", Type.STRING),
    ("IsCertificateValid", Type.BOOL),
    ("IsRootSignerMicrosoft", Type.BOOL),
    ("SignatureState", Type.STRING),
    ("IsExecutable", Type.BOOL),
    ("ThreatName", Type.STRING),
    ("Publisher", Type.STRING),
    ("SoftwareName", Type.STRING),
    ("ProfileAvailability", Type.STRING),
)
