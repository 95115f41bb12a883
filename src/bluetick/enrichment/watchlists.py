"""Watchlists out of a folder: `alias.csv`, or `alias.json` (a list of objects, or a saved watchlist with its rows)."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pyarrow as pa

from bluetick.diagnostics.errors import SourceError

ITEM, UPDATED, KEY, BAG = "_DTItemId", "LastUpdatedTimeUTC", "SearchKey", "WatchlistItem"
_SYSTEM = frozenset({ITEM, UPDATED, KEY, BAG})

# ASIM's parsers ask for these of every workspace; where there is none, nothing is switched off.
_OPTIONAL = frozenset({"ASimDisabledParsers", "ASimSourceType"})


class Watchlists:
    """The watchlists of a folder, each read when it is first asked for. Without a folder there are none."""

    def __init__(self, folder: Path | None) -> None:
        if folder is not None and not folder.is_dir():
            raise SourceError(f"'{folder}' is no folder of watchlists", file=str(folder))
        self._folder = folder

    def names(self) -> tuple[str, ...]:
        """The aliases in their order by name."""
        if self._folder is None:
            return ()
        return tuple(sorted({path.stem for path in self._folder.iterdir() if path.suffix in (".csv", ".json")}))

    def rows(self, alias: str) -> pa.Table | None:
        """The rows: what every watchlist has, then the file's own columns as text. None where there is no file."""
        path = self._file(alias)
        if path is None:
            return _table(alias, [], [], "", datetime.min) if alias in _OPTIONAL else None
        try:
            text = path.read_text("utf-8-sig")
            changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
            names, rows, key = _csv(text) if path.suffix == ".csv" else _json(text)
            key = self._declared_key(path) or key
            return _table(alias, names, rows, key, changed)
        except OSError as error:
            raise SourceError(f"the watchlist '{path}' cannot be read: {error.strerror}", str(path)) from None
        except (ValueError, RecursionError, csv.Error) as error:
            raise SourceError(f"the watchlist '{path}' cannot be read: {error}", str(path)) from None

    def hint(self, alias: str) -> str:
        """Where a watchlist of this alias is looked for."""
        if self._folder is None:
            return f"give the folder that holds {alias}.csv: --watchlists DIR"
        return f"put its rows into {self._folder / alias}.csv"

    def _file(self, alias: str) -> Path | None:
        """The alias is a file's name here and nothing more: no path may hide in it."""
        if self._folder is None or alias != Path(alias).name or alias in ("", ".", ".."):
            return None
        found = [path for end in (".csv", ".json") if (path := self._folder / f"{alias}{end}").is_file()]
        if len(found) > 1:
            raise SourceError(f"the watchlist '{alias}' has two files: {found[0]}, {found[1]}", str(found[1]))
        return found[0] if found else None

    def _declared_key(self, path: Path) -> str:
        """The column that `alias.searchkey` beside the file names; '' without it."""
        beside = path.with_suffix(".searchkey")
        return beside.read_text("utf-8-sig").strip() if beside.is_file() else ""


def _csv(text: str) -> tuple[list[str], list[list[str]], str]:
    records = [record for record in csv.reader(io.StringIO(text, newline=""), strict=True) if record]
    if not records:
        raise ValueError("it has no line of column names")
    names, rows = records[0], records[1:]
    for row in rows:
        if len(row) > len(names):
            raise ValueError(f"a line has {len(row)} values for {len(names)} columns: {','.join(row)[:80]}")
    return names, [row + [""] * (len(names) - len(row)) for row in rows], ""


def _json(text: str) -> tuple[list[str], list[list[str]], str]:
    """A list of objects; or a watchlist as Azure's templates write it: rawContent (a CSV) and itemsSearchKey."""
    document = json.loads(text)
    saved = _saved(document)
    if saved is not None:
        names, rows, _ = _csv(_without_lines(saved["rawContent"], saved.get("numberOfLinesToSkip")))
        return names, rows, str(saved.get("itemsSearchKey") or "")
    if not isinstance(document, list) or not all(isinstance(item, dict) for item in document):
        raise ValueError("it is neither a list of objects nor a watchlist with rawContent")
    found = list(dict.fromkeys(str(name) for item in document for name in item))
    return found, [[_text(item.get(name)) for name in found] for item in document], ""


def _saved(document: Any) -> dict[str, Any] | None:
    """The first object that holds a watchlist's content."""
    pending = [document]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            if isinstance(item.get("rawContent"), str):
                return item
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    return None


def _without_lines(text: str, count: Any) -> str:
    number = int(count) if isinstance(count, str | int) and str(count).isdecimal() else 0
    return "".join(text.splitlines(keepends=True)[number:])


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _table(alias: str, names: Sequence[str], rows: Sequence[Sequence[str]], key: str, changed: datetime) -> pa.Table:
    names = [_plain(name) for name in names]
    twice = next((name for name in names if names.count(name) > 1 or not name), None)
    if twice is not None:
        raise ValueError(f"two columns are named '{twice}'" if twice else "a column has no name")
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    own = {name: values for name, values in columns.items() if name not in _SYSTEM}
    key = key or (KEY if KEY in columns or not own else next(iter(own)))
    if key not in columns and columns:
        raise ValueError(f"it has no column '{key}', which is to be its SearchKey")
    bags = [_bag(own, place) for place in range(len(rows))]
    ids = columns.get(ITEM) or [str(uuid5(NAMESPACE_URL, f"{alias}/{n}/{bag}")) for n, bag in enumerate(bags)]
    times = [_instant(value) for value in columns[UPDATED]] if UPDATED in columns else [changed] * len(rows)
    system = {
        ITEM: pa.array(ids, pa.string()),
        UPDATED: pa.array(times, pa.timestamp("us")),
        KEY: pa.array(columns.get(key, []), pa.string()),
        BAG: pa.array(bags, pa.string()),
    }
    return pa.table(system | {name: pa.array(values, pa.string()) for name, values in own.items()})


def _plain(name: str) -> str:
    """A column's name without what the portal's export adds to those of times."""
    return name.strip().removesuffix(" [UTC]")


def _bag(own: dict[str, list[str]], place: int) -> str:
    bag = {name: values[place] for name, values in sorted(own.items())}
    return json.dumps(bag, separators=(",", ":"), ensure_ascii=False)


def _instant(text: str) -> datetime | None:
    """A time of an export; one that is none is null."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
