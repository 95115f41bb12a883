"""FileProfile from the user's own telemetry: on how many devices a file was seen, and when."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from bluetick.enrichment.profiles import AVAILABLE, KEY, STATE, answer_table, unknown_state

# The column that holds a hash of the given kind, of the file that acts and of the file acted upon.
_COLUMNS = {
    "SHA256": ("InitiatingProcessSHA256", "SHA256"),
    "SHA1": ("InitiatingProcessSHA1", "SHA1"),
    "MD5": ("InitiatingProcessMD5", "MD5"),
}
LOCAL_NOTE = (
    "FileProfile knows this session's own telemetry only: GlobalPrevalence is null, first and last seen are local"
)
AS_GLOBAL_NOTE = (
    "GlobalPrevalence counts devices in this session's own telemetry, not Microsoft's: --profiles local-as-global"
)


@dataclass(frozen=True, slots=True)
class HashTable:
    """A table that has hashes: its name, its columns, its time column."""

    name: str
    columns: frozenset[str]
    time_column: str


class LocalPrevalence:
    """A `FileProfileProvider` that asks the session's tables.

    `query` runs a KQL text with parameters and gives an Arrow table. A count of devices is never passed off as global:
    GlobalPrevalence stays null unless `as_global` says that it may stand in, and then `note` says so on each result.
    """

    version = "own telemetry"

    def __init__(
        self,
        query: Callable[[str, dict[str, Any]], pa.Table],
        tables: Callable[[], Sequence[HashTable]],
        *,
        as_global: bool = False,
    ) -> None:
        self._query = query
        self._tables = tables
        self._as_global = as_global
        self.note = AS_GLOBAL_NOTE if as_global else LOCAL_NOTE

    def lookup(self, key_column: str, keys: Sequence[str]) -> pa.Table:
        kind = next((k for k in ("SHA256", "SHA1", "MD5") if key_column.endswith(k)), "SHA1")
        legs = [leg for table in self._tables() for leg in _legs(table, kind)]
        found: dict[str, dict[str, Any]] = {}
        if legs and keys:
            text = _QUERY.format(legs=",\n".join(legs))
            for row in self._query(text, {"keys": list(keys)}).to_pylist():
                found[row["Hash"]] = row
        return answer_table([self._answer(kind, key, found.get(key.lower())) for key in keys])

    def _answer(self, kind: str, key: str, row: dict[str, Any] | None) -> dict[str, Any]:
        if row is None:
            return {KEY: key, STATE: unknown_state(key)}
        return {
            KEY: key,
            kind: key,
            "GlobalPrevalence": row["Devices"] if self._as_global else None,
            "GlobalFirstSeen": row["First"],
            "GlobalLastSeen": row["Last"],
            STATE: AVAILABLE,
        }


_QUERY = """declare query_parameters(keys:dynamic = dynamic([]));
union
{legs}
| where Hash in~ (keys)
| summarize Devices = dcount(Device), First = min(Seen), Last = max(Seen) by Hash
"""


def _legs(table: HashTable, kind: str) -> list[str]:
    return [
        f"({table.name} | project Hash = tolower({column}), Device = DeviceId, Seen = {table.time_column})"
        for column in _COLUMNS[kind]
        if column in table.columns and "DeviceId" in table.columns
    ]
