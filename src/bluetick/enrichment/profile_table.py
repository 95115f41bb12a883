"""FileProfile from a table of profiles that the user keeps: Parquet, CSV or NDJSON."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet

from bluetick.diagnostics.errors import SourceError
from bluetick.enrichment.digests import file_digest
from bluetick.enrichment.profiles import (
    AVAILABLE,
    HASHES,
    KEY,
    PROFILE_FIELDS,
    STATE,
    answer_table,
    hash_kind,
    unknown_state,
)


class ProfileTable:
    """A `FileProfileProvider` over one table: a row a file, columns named as FileProfile names them.

    At least one of SHA1, SHA256, MD5 must be there; a missing column is null. Hashes compare without regard to case.
    Of several rows for one hash the first counts.
    """

    note = ""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._table = _read(self.path)
        self.version = file_digest(self.path)
        names = set(self._table.column_names)
        if not names & set(HASHES):
            raise SourceError(
                f"'{self.path}' is no table of file profiles: it has none of the columns {', '.join(HASHES)}",
                file=str(self.path),
            )
        self._index: dict[str, dict[str, int]] = {}

    def lookup(self, key_column: str, keys: Sequence[str]) -> pa.Table:
        """A row for each key: Available with its profile, or Missing; '' where an unknown key is no hash."""
        places = [self._place(key_column, key) for key in keys]
        found = [place for place in places if place is not None]
        picked = self._table.take(pa.array(found, pa.int64())).to_pylist() if found else []
        rows: list[dict[str, Any]] = []
        profiles = iter(picked)
        for key, place in zip(keys, places, strict=True):
            profile = next(profiles) if place is not None else {}
            rows.append({**profile, KEY: key, STATE: AVAILABLE if place is not None else unknown_state(key)})
        try:
            return answer_table(rows)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise SourceError(
                f"'{self.path}': a profile does not fit its column: {error}", file=str(self.path)
            ) from None

    def _place(self, key_column: str, key: str) -> int | None:
        hash_name = hash_kind(key) or next((h for h in HASHES if key_column.endswith(h)), "")
        if hash_name not in self._table.column_names:
            return None
        index = self._index.get(hash_name)
        if index is None:
            import pyarrow.compute as pc  # noqa: PLC0415 - costs start-up time, and few sessions look files up

            index = _first_places(pc.utf8_lower(self._table.column(hash_name).cast(pa.string())).to_pylist())
            self._index[hash_name] = index
        return index.get(key.lower())


def _first_places(values: Iterable[str | None]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, value in enumerate(values):
        if value:
            places.setdefault(value, place)
    return places


def _read(path: Path) -> pa.Table:
    name = path.name.lower()
    try:
        if name.endswith(".parquet"):
            table = pyarrow.parquet.read_table(path)
        elif name.endswith((".csv", ".csv.gz")):
            text = {column: pa.string() for column in HASHES}
            table = pyarrow.csv.read_csv(path, convert_options=pyarrow.csv.ConvertOptions(column_types=text))
        elif name.endswith((".ndjson", ".jsonl", ".json", ".ndjson.gz", ".jsonl.gz")):
            table = pyarrow.json.read_json(path)
        else:
            raise SourceError(f"'{path}': a table of file profiles is a .parquet, .csv or .ndjson file", file=str(path))
    except FileNotFoundError:
        raise SourceError(f"there is no file '{path}' of profiles", file=str(path)) from None
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise SourceError(f"'{path}' cannot be read as file profiles: {error}", file=str(path)) from None
    kept = [column for column in table.column_names if column in PROFILE_FIELDS]
    return table.select(kept)
