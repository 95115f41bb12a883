"""What the binder knows of the outside: tables, functions and watchlists by name, and the providers that a query may
invoke."""

from dataclasses import dataclass
from typing import Protocol

from bluetick.diagnostics import SourceText, Span
from bluetick.syntax.statements import FunctionDeclaration
from bluetick.types import Type


@dataclass(frozen=True, slots=True)
class TableFace:
    """A table as a query sees it. `sources` are the names that its columns have in the table itself. The `hidden` ones
    are there for functions to read; no result has them."""

    name: str
    columns: tuple[tuple[str, Type], ...]
    sources: tuple[str, ...]
    time_column: str | None
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class StoredFunction:
    """A function of the catalog, and the text in which its declaration stands. With a `problem` it cannot be used."""

    name: str
    declaration: FunctionDeclaration
    source: SourceText
    problem: str = ""

    def place(self, span: Span) -> str:
        """File and line of a span of the declaration."""
        return f"{self.source.name}:{self.source.position(min(span.start, len(self.source.text)))[0]}"


class CatalogSchema(Protocol):
    def find(self, name: str) -> TableFace | None:
        """The table of exactly this name, or None."""

    def names(self) -> tuple[str, ...]:
        """Every table name, for wildcards and hints."""

    def hint(self, name: str) -> str:
        """What to do about a table that is not there; '' for nothing."""

    def function(self, name: str) -> StoredFunction | None:
        """The stored function of exactly this name, or None."""

    def function_names(self) -> tuple[str, ...]:
        """Every stored function's name, for hints."""

    def watchlist(self, alias: str) -> TableFace | None:
        """The rows of a watchlist, or None."""

    def watchlist_hint(self, alias: str) -> str:
        """Where a watchlist of this alias is to be put."""


class _NoTables:
    """A catalog of nothing: for expressions that read one row alone."""

    def find(self, name: str) -> TableFace | None:
        return None

    def names(self) -> tuple[str, ...]:
        return ()

    def hint(self, name: str) -> str:
        return ""

    def function(self, name: str) -> StoredFunction | None:
        return None

    def function_names(self) -> tuple[str, ...]:
        return ()

    def watchlist(self, alias: str) -> TableFace | None:
        return None

    def watchlist_hint(self, alias: str) -> str:
        return ""


NO_TABLES: CatalogSchema = _NoTables()


# https://learn.microsoft.com/azure/sentinel/watchlists-queries ; the watchlist's own columns follow, as strings.
WATCHLIST_COLUMNS: tuple[tuple[str, Type], ...] = (
    ("_DTItemId", Type.STRING),
    ("LastUpdatedTimeUTC", Type.DATETIME),
    ("SearchKey", Type.STRING),
    ("WatchlistItem", Type.DYNAMIC),
)


FILE_PROFILE = "FileProfile"
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
