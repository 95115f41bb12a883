"""Which Delta tables are read: what a reader must know to read one rightly is on a list, or the table is refused.

https://github.com/delta-io/delta/blob/master/PROTOCOL.md#valid-feature-names-in-table-features
"""

from pathlib import Path
from typing import Final

from deltalake import DeltaTable

from bluetick.diagnostics.errors import SourceError

_DELETION_VECTORS: Final = "deletionVectors"
_COLUMN_MAPPING: Final = "columnMapping"
_MAPPING_MODE: Final = "delta.columnMapping.mode"
# Times without a zone are read as UTC; the other two concern the log, which deltalake reads. Of the last two a table
# is read as long as it makes no use of them.
_READ: Final = frozenset({"timestampNtz", "v2Checkpoint", "vacuumProtocolCheck", _DELETION_VECTORS, _COLUMN_MAPPING})
_NEWEST_READER: Final = 3


def refuse_unreadable(table: DeltaTable, folder: Path) -> None:
    """A SourceError that names the feature without which the table's rows would be read wrongly."""
    protocol = table.protocol()
    if protocol.min_reader_version > _NEWEST_READER:
        raise SourceError(
            f"the Delta table '{folder}' needs a reader of protocol version {protocol.min_reader_version}; "
            f"{_NEWEST_READER} is known here",
            str(folder),
        )
    features = set(protocol.reader_features or ())
    for feature in sorted(features - _READ):
        raise _refused(folder, feature, "")
    if table.metadata().configuration.get(_MAPPING_MODE, "none") != "none":
        raise _refused(folder, _COLUMN_MAPPING, "its files have other column names than the table")
    if _DELETION_VECTORS in features and _has_deleted_rows(table):
        raise _refused(folder, _DELETION_VECTORS, "rows that are marked as deleted would come back; purge it (REORG)")


def _has_deleted_rows(table: DeltaTable) -> bool:
    return any(batch.num_rows for batch in table.deletion_vectors())


def _refused(folder: Path, feature: str, why: str) -> SourceError:
    reason = f": {why}" if why else ""
    return SourceError(f"the Delta table '{folder}' uses '{feature}', which is not read here{reason}", str(folder))
