"""Threat indicators as rows of the lake's own tables, so that rules which join them find them."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import pyarrow as pa

from bluetick.enrichment.indicator_tables import indicator_rows
from bluetick.lake.intake import Batch, TableRows, locked, receipt, store
from bluetick.schema.packs import known_table
from bluetick.types import Type

SOURCE: Final = "indicators"


def store_indicators(lake: Path, files: Sequence[Path], now: datetime) -> dict[str, int]:
    """Stores the indicators of feeds, each content once a day: rules look back days for indicators that were told
    again since. Gives the rows by table; a file that is no feed is a SourceError."""
    stored: dict[str, int] = {}
    with locked(lake):
        for file in files:
            digest = hashlib.sha256(file.read_bytes()).hexdigest()[:32]
            name = f"{SOURCE}-{now:%Y%m%d}-{digest}"
            if receipt(lake, name) is not None:
                continue
            tables = tuple(_table(table, rows) for table, rows in indicator_rows(file, now).items() if rows.num_rows)
            told = json.dumps({"file": str(file), "rows": sum(table.rows.num_rows for table in tables)}) + "\n"
            for table, count in store(lake, Batch(name, SOURCE, tables, {name: told}), now).items():
                stored[table] = stored.get(table, 0) + count
    return stored


def _table(name: str, rows: pa.Table) -> TableRows:
    schema = known_table(name)
    if schema is None or schema.time_column is None:
        raise AssertionError(f"no pack has the table '{name}' of indicators")
    types = dict(schema.columns)
    return TableRows(name, rows, tuple((c, types.get(c, Type.STRING)) for c in rows.column_names), schema.time_column)
