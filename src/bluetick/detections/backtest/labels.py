"""Labelled events: what a backtest should have found, or left alone. `docs/backtest.md` has the form of the file."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bluetick.detections.files import bytes_of
from bluetick.diagnostics.errors import SourceError

MOST_BYTES: Final = 64 << 20
_TIMES: Final = ("time", "from", "to")
_KEYS: Final = frozenset({*_TIMES, "name", "table", "match", "rows", "values", "expected", "note"})
_NO: Final = frozenset({"false", "no", "0", "benign"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Something that happened between two instants (None: not told).

    A result row belongs to it where `predicate` (KQL over the result) holds, all `columns` have these values, and, if
    `values` are given, any cell is one of them; the cells of the `compared` columns are one of the `alternatives` (as
    `comparable` has them). `events` is KQL that finds the events themselves in `table`.
    """

    name: str
    first: datetime | None = None
    last: datetime | None = None
    is_expected: bool = True
    predicate: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    values: frozenset[str] = frozenset()
    compared: tuple[str, ...] = ()
    alternatives: frozenset[tuple[str, ...]] | None = None
    table: str = ""
    events: str = ""
    note: str = ""

    @property
    def names_rows(self) -> bool:
        return bool(self.predicate or self.columns or self.values or self.alternatives is not None)


def read_labels(path: Path) -> tuple[Label, ...]:
    """The labels of a file: NDJSON, CSV, or the ground truth of `bluetick simulate`. SourceError says what is wrong."""
    text = _text(path)
    if path.suffix.lower() == ".csv":
        return tuple(_label(row, path, n) for n, row in enumerate(_csv_rows(text, path), 2))
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return tuple(_label(row, path, n) for n, row in _json_rows(text, path))
    if isinstance(whole, dict) and isinstance(whole.get("stories"), list):
        return tuple(_story(story, path) for story in whole["stories"])
    rows = whole if isinstance(whole, list) else [whole]
    return tuple(_label(row, path, n) for n, row in enumerate(rows, 1))


def _text(path: Path) -> str:
    try:
        return bytes_of(path, MOST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"'{path}' is no UTF-8 text (byte {error.start})", str(path)) from error


def _csv_rows(text: str, path: Path) -> Iterator[dict[str, Any]]:
    try:
        for row in csv.DictReader(io.StringIO(text, newline=""), strict=True):
            known = {key: value for key, value in row.items() if key in _KEYS and value}
            others = {key: value for key, value in row.items() if key and key not in _KEYS and value}
            if others:
                known["rows" if known.get("match") else "match"] = others
            yield known
    except csv.Error as error:
        raise SourceError(f"'{path}' is no CSV: {error}", str(path)) from error


def _json_rows(text: str, path: Path) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                raise SourceError(f"'{path}', line {number}: no JSON object", str(path)) from error


def _label(row: object, path: Path, number: int) -> Label:
    place = f"'{path}', line {number}"
    if not isinstance(row, dict):
        raise SourceError(f"{place}: a label is an object", str(path))
    unknown = sorted(str(key) for key in row if key not in _KEYS)
    if unknown:
        raise SourceError(f"{place}: '{unknown[0]}' is no key of a label ({', '.join(sorted(_KEYS))})", str(path))
    times = [_instant(row[key], place, key) if row.get(key) else None for key in _TIMES]
    table = str(row.get("table") or "")
    wanted = row.get("rows") if table else row.get("match", row.get("rows"))
    label = Label(
        name=str(row.get("name") or f"label {number}"),
        first=times[0] or times[1],
        last=times[2] or times[0],
        is_expected=str(row.get("expected", True)).strip().lower() not in _NO,
        predicate=wanted if isinstance(wanted, str) else "",
        columns=_pairs(wanted) if isinstance(wanted, dict) else (),
        values=_values(row.get("values")),
        table=table,
        events=_predicate(row.get("match")) if table else "",
        note=str(row.get("note") or ""),
    )
    if label.first is None and not label.names_rows and not label.events:
        raise SourceError(f"{place}: a label needs a time, or what it matches", str(path))
    return label


def _pairs(wanted: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((str(key), plain(value)) for key, value in wanted.items())


def _predicate(match: object) -> str:
    """KQL that finds events: as it is written, or the equality of columns."""
    if isinstance(match, dict):
        return " and ".join(f"tostring(['{_quoted(key)}']) == '{_quoted(plain(v))}'" for key, v in match.items())
    return str(match or "true")


def _quoted(text: object) -> str:
    return str(text).replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")


def _values(given: object) -> frozenset[str]:
    items = given.split(";") if isinstance(given, str) else given if isinstance(given, list) else []
    return frozenset(plain(item).strip().casefold() for item in items if plain(item).strip())


def _instant(value: object, place: str, key: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise SourceError(f"{place}: '{value}' is no instant for '{key}', such as 2026-06-18T12:00:00Z") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _story(story: Mapping[str, Any], path: Path) -> Label:
    """A planted story is found by whom it talks to: a file or a process may be one that everybody has."""
    try:
        names = [*story["ips"], *story["urls"]]
        return Label(
            name=str(story["id"]),
            first=_instant(story["first_seen"], f"'{path}'", "first_seen"),
            last=_instant(story["last_seen"], f"'{path}'", "last_seen"),
            is_expected=story["kind"] == "malicious",
            values=frozenset(str(name).casefold() for name in names if name),
            note=str(story.get("why", "")),
        )
    except (KeyError, TypeError) as error:
        raise SourceError(f"'{path}': a story without {error}", str(path)) from error


def plain(value: object) -> str:
    """A value as one compares it: true and false in small letters, numbers as they are printed."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case _:
            return str(value)


def cells_of(row: Sequence[Any]) -> Iterator[str]:
    """All values of a row in small letters, those in lists too."""
    for value in row:
        if isinstance(value, list):
            yield from (plain(item).casefold() for item in value)
        else:
            yield plain(value).casefold()


def comparable(cells: Iterable[Any]) -> tuple[str, ...]:
    """Cells as texts that are equal where the cells are taken to be."""
    return tuple(plain(cell).casefold() for cell in cells)


def has_columns(label: Label, names: Sequence[str], row: Sequence[Any]) -> bool:
    """Whether a row has a label's values in its columns; a list has a value that it holds."""
    for name, wanted in label.columns:
        if name not in names:
            return False
        cell = row[names.index(name)]
        held = [plain(item) for item in cell] if isinstance(cell, list) else [plain(cell)]
        if wanted.casefold() not in (one.casefold() for one in held):
            return False
    if label.alternatives is None:
        return True
    is_whole = all(name in names for name in label.compared)
    return is_whole and comparable(row[names.index(name)] for name in label.compared) in label.alternatives
