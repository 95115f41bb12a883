"""Rows that were exported by hand: records whose fields are the columns of one known table, without its name."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final

from bluetick.diagnostics import SourceText, Span
from bluetick.diagnostics.errors import SourceError
from bluetick.engines.duckdb_records import RecordReader
from bluetick.execution.mapping import Written
from bluetick.ingest.declared import DeclaredFormat
from bluetick.ingest.formats import EveryTable, Format
from bluetick.ingest.strictness import record_fault
from bluetick.schema.packs import TIME_COLUMNS, PackName, load_pack
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
    other format comes first. With a `table` every record is a row of that one, as the user says; a SourceError says
    that no such table is known."""

    def __init__(self, reader: RecordReader, now: Callable[[], datetime], table: str = "") -> None:
        if table and not packs_of(table):
            raise SourceError(f"no known table is called '{table}'", NAME)
        self._reader = reader
        self._now = now
        self._table = table

    @property
    def name(self) -> str:
        return NAME

    def matches(self, block: Records) -> int:
        found = tables_of(_names(block))
        return len(block) if len(found) == 1 else min(len(found), 1)

    def make(self, held: str) -> Normaliser:
        return RowsNormaliser(self._reader, self._now, self._table)


class RowsNormaliser:
    """See `Normaliser`: decides at the start of each stream which table its rows are of. A SourceError names the tables
    where several may be meant. Fields that are no column of the table are columns of their own."""

    def __init__(self, reader: RecordReader, now: Callable[[], datetime], table: str) -> None:
        self._reader = reader
        self._now = now
        self._table = table
        self._made: dict[tuple[str, PackName, frozenset[str]], DeclaredFormat] = {}
        self._chosen: DeclaredFormat | None = None
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
        return self._chosen.normalise(block)

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
        return frozenset() if self._chosen is None else self._chosen.reads

    def refuse_doubt(self, block: Records) -> None:
        """The SourceError of a stream that begins so, if it is to be one."""
        self._table_of(block, _names(block))

    def _choose(self, block: Records) -> DeclaredFormat:
        names = _names(block)
        table, pack = self._table_of(block, names)
        spelled = {name: field for name, field in _spelled(names).items() if name in _columns(pack)[table]}
        key = table, pack, frozenset(spelled)
        if key not in self._made:
            self._made[key] = DeclaredFormat(_rows_format(table, pack, spelled), self._reader, self._now)
        return self._made[key]

    def _table_of(self, block: Records, names: Collection[str]) -> tuple[str, PackName]:
        """The table, in the pack that has more of the fields."""
        if not self._table:
            return _only(tables_of(names), block)
        plain = _plain(names)
        return self._table, max(packs_of(self._table), key=lambda pack: len(plain & _columns(pack)[self._table]))


def tables_of(names: Collection[str]) -> Mapping[str, PackName]:
    """The tables that records of these fields may be rows of, each in the pack that has more of the fields. None for
    records that look like no table's rows."""
    plain = _plain(names)
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


def packs_of(table: str) -> list[PackName]:
    """The packs that have a table, Defender's first."""
    return [pack for pack in _PACKS if table in load_pack(pack)]


def _rows_format(table: str, pack: PackName, spelled: Mapping[str, str]) -> Format:
    """The format of records that are a table's rows; `spelled` are the fields of columns that are not called so."""
    named = Written(Literal(Span(0, 0), Type.STRING, table), Span(0, 0))
    return Format(NAME, f"Rows of {table}", SourceText("", NAME), (), every_table=EveryTable(named, (), pack, spelled))


def _plain(names: Collection[str]) -> set[str]:
    """The fields without what the portal puts behind the names of times."""
    return {name.removesuffix(_PORTAL_ENDING) for name in names}


def _spelled(names: Collection[str]) -> dict[str, str]:
    """The fields that have the portal's ending, by the name without it; not where that is a field too."""
    found = {name.removesuffix(_PORTAL_ENDING): name for name in names if name.endswith(_PORTAL_ENDING)}
    return {name: field for name, field in found.items() if name not in names}


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
