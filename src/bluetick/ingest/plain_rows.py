"""Rows that were exported by hand: records whose fields are the columns of one known table, without its name."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, Final

from bluetick.diagnostics import SourceText, Span
from bluetick.diagnostics.errors import SourceError
from bluetick.engines.duckdb_records import RecordReader
from bluetick.execution.mapping import Written
from bluetick.ingest.binding import field_value
from bluetick.ingest.declared import DeclaredFormat
from bluetick.ingest.formats import EveryTable, Format, TableBody
from bluetick.ingest.strictness import record_fault
from bluetick.schema.packs import TIME_COLUMNS, PackName, known_export, load_pack
from bluetick.sources.records import Normalised, Normaliser, Records
from bluetick.syntax.expressions import Literal, NameReference
from bluetick.types import Type

NAME: Final = "rows"
_PACKS: Final[tuple[PackName, ...]] = ("defender", "sentinel")
_PORTAL_ENDING: Final = " [UTC]"  # of times in the portal's CSV files
_ENOUGH: Final = 5  # columns that are not every table's
_MOST: Final = 0.7  # of the fields
_OF_EVERY_TABLE: Final = frozenset({*TIME_COLUMNS, "TenantId", "Type", "SourceSystem", "Computer", "ReportId"})
_HEAD: Final = 200
_NOWHERE: Final = Written(NameReference(Span(0, 0), ""), Span(0, 0))


class PlainRows:
    """Knows such records (see `Recogniser`). Where several tables may be meant it claims but one of them, so that any
    other format comes first."""

    def __init__(self, reader: RecordReader, now: Callable[[], datetime]) -> None:
        self._reader = reader
        self._now = now

    @property
    def name(self) -> str:
        return NAME

    def matches(self, block: Records) -> int:
        found = tables_of(_names(block))
        return len(block) if len(found) == 1 else min(len(found), 1)

    def make(self, held: str) -> Normaliser:
        return RowsNormaliser(self._reader, self._now)


class RowsNormaliser:
    """See `Normaliser`: decides at the start of each stream which table its rows are of. A SourceError names the tables
    where several may be meant."""

    def __init__(self, reader: RecordReader, now: Callable[[], datetime]) -> None:
        self._reader = reader
        self._now = now
        self._made: dict[tuple[str, frozenset[str]], DeclaredFormat] = {}
        self._chosen: tuple[DeclaredFormat, frozenset[str]] | None = None
        self._next = 0

    @property
    def name(self) -> str:
        return NAME

    @property
    def held(self) -> str:
        return ""

    def normalise(self, block: Records) -> Normalised:
        if self._chosen is None or block.number != self._next:
            self._chosen = self._choose(block)
        self._next = block.number + len(block)
        form, others = self._chosen
        done = form.normalise(block)
        notes = Counter({f"the field '{name}' is no column of the table and left out": len(block) for name in others})
        return replace(done, notes=done.notes + notes)

    def remembers(self, block: Records) -> bool:
        return False

    def learn(self, block: Records) -> None:
        return

    def more(self) -> Normalised:
        return Normalised({})

    def finish(self) -> Normalised:
        return Normalised({})

    @property
    def reads(self) -> frozenset[tuple[str, ...]]:
        """The ways of the fields that rows of the last stream have been computed of."""
        return frozenset() if self._chosen is None else self._chosen[0].reads

    def refuse_doubt(self, block: Records) -> None:
        """The SourceError of a stream that begins so, if it is to be one."""
        _only(tables_of(_names(block)), block)

    def _choose(self, block: Records) -> tuple[DeclaredFormat, frozenset[str]]:
        names = _names(block)
        found = tables_of(names)
        table, pack = _only(found, block)
        key = table, frozenset(name for name in names if name.endswith(_PORTAL_ENDING))
        if key not in self._made:
            self._made[key] = DeclaredFormat(rows_format(table, pack, key[1]), self._reader, self._now)
        known = {name for name, _ in load_pack(pack)[table].columns}
        return self._made[key], frozenset(name for name in names if name.removesuffix(_PORTAL_ENDING) not in known)


def tables_of(names: Collection[str]) -> Mapping[str, PackName]:
    """The tables that records of these fields may be rows of, each in the pack that has more of the fields. None for
    records that look like no table's rows."""
    plain = {name.removesuffix(_PORTAL_ENDING) for name in names}
    own = {name for name in plain if name not in _OF_EVERY_TABLE and not name.startswith("_")}
    if not plain & set(TIME_COLUMNS) or len(own) < _ENOUGH:
        return {}
    best, found = 0, dict[str, PackName]()
    for pack in _PACKS:
        for table, columns in _columns(pack).items():
            count = len(plain & columns)
            if count > best:
                best, found = count, {}
            if count == best:
                found.setdefault(table, pack)
    told = max(len(own & _columns(pack)[table]) for table, pack in found.items())
    return found if told >= max(_ENOUGH, _MOST * len(own)) else {}


def pack_of(table: str) -> PackName | None:
    """The pack that has a table, Defender's first; None where neither has it."""
    return next((pack for pack in _PACKS if table in load_pack(pack)), None)


def table_format(table: str, pack: PackName) -> Format:
    """The format of records of which the user says that they are a table's rows; what they have beside it are further
    columns."""
    named = Written(Literal(Span(0, 0), Type.STRING, table), Span(0, 0))
    every = EveryTable(named, (), pack)
    return Format(NAME, f"Rows of {table}", SourceText("", NAME), (), every_table=every)


def rows_format(table: str, pack: PackName, names: frozenset[str] = frozenset()) -> Format:
    """The format of rows of a table; `names` are those fields that have the portal's spelling."""
    columns = tuple(
        (stored, field_value((_spelled(name, names),), _NOWHERE)) for stored, name in known_export(table, pack)
    )
    body = TableBody(table, Span(0, 0), columns)
    return Format(NAME, f"Rows of {table}", SourceText("", NAME), (body,))


def _spelled(column: str, names: frozenset[str]) -> str:
    return column + _PORTAL_ENDING if column + _PORTAL_ENDING in names else column


@cache
def _columns(pack: PackName) -> Mapping[str, frozenset[str]]:
    return {name: frozenset(column for column, _ in table.columns) for name, table in load_pack(pack).items()}


def _only(found: Mapping[str, PackName], block: Records) -> tuple[str, PackName]:
    if not found:
        raise SourceError("rows whose table their fields do not tell: --map reads them by a mapping", NAME)
    named = {record.get("Type") for record in _heads(block)}
    table = next(iter(found)) if len(found) == 1 else next((name for name in found if named == {name}), None)
    if table is None:
        candidates = ", ".join(sorted(found))
        raise SourceError(f"rows that may be of any of these tables: {candidates}; --map says which", NAME)
    return table, found[table]


def _names(block: Records) -> set[str]:
    """The fields of the first records."""
    return {name for record in _heads(block) for name in record}


def _heads(block: Records) -> Iterator[dict[str, Any]]:
    for place in range(min(len(block), _HEAD)):
        text = block.text[place].as_py() if place not in block.faults else None
        if text is not None and not record_fault(text):
            yield json.loads(text)
