"""A link of a chain of file profile providers, and what it says of one file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa

from bluetick.enrichment.profiles import KEY, PROFILE_FIELDS, STATE, FileProfileProvider

COLUMNS = frozenset(PROFILE_FIELDS) - {STATE}


@dataclass(frozen=True, slots=True)
class Finding:
    """A state, the values by column, when a service was asked (in UTC), and why there is an error, or what else is to
    be known of the file."""

    state: str
    values: Mapping[str, Any] = field(default_factory=dict)
    asked: datetime | None = None
    remark: str = ""


class Described(Protocol):
    """What a link tells of itself, or of the service that it asks."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def note(self) -> str: ...

    @property
    def gives(self) -> frozenset[str]:
        """The columns that it can fill. It is not asked for a file of which none of them is empty."""
        ...


class Link(Described, Protocol):
    """One provider in a chain."""

    def find(self, key_column: str, keys: Sequence[str], ends: float) -> Mapping[str, Finding]:
        """A finding for each key, by the instant `ends` of the clock that ticks."""
        ...


@dataclass(frozen=True, slots=True)
class ProviderLink:
    """A provider that answers with a table, as a link: all that is near (tables, own telemetry, one's own code)."""

    name: str
    provider: FileProfileProvider
    gives: frozenset[str] = COLUMNS

    @property
    def version(self) -> str:
        return self.provider.version

    @property
    def note(self) -> str:
        return self.provider.note

    def find(self, key_column: str, keys: Sequence[str], ends: float) -> dict[str, Finding]:
        """What is near has no need of the limit."""
        found: dict[str, Finding] = {}
        for row in self.provider.lookup(key_column, keys).select([KEY, *PROFILE_FIELDS]).to_pylist():
            values = {name: value for name in COLUMNS if not is_empty(value := row[name])}
            found[row[KEY]] = Finding(row[STATE], values)
        return found


def is_empty(value: Any) -> bool:
    return value is None or value == ""


def origins_schema() -> pa.Schema:
    """The columns of `ProfileChain.origins`."""
    fields: dict[str, pa.DataType] = {
        KEY: pa.string(),
        "provider": pa.string(),
        "version": pa.string(),
        "state": pa.string(),
        "columns": pa.list_(pa.string()),
        "asked": pa.timestamp("us", tz="UTC"),
        "remark": pa.string(),
    }
    return pa.schema(list(fields.items()))
