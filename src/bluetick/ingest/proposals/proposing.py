"""A mapping for a log of no known format: for each column a field, with the evidence for it, and nothing without."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from bluetick.ingest.proposals.concepts import Concept, Origin, TableOfConcepts, concepts, meanings, plain, tables
from bluetick.ingest.proposals.fields import Field, Sample
from bluetick.ingest.proposals.shapes import SHAPES, TELLING, is_integer, is_written_time, unit_of
from bluetick.schema.packs import known_table
from bluetick.types import Type

_MOST: Final = 0.9  # of a field's values, that must look like what its name says
_ANY: Final = frozenset({"name", "text"})  # shapes that tell little
_NOW: Final = "now()"
_WHOLE: Final = frozenset({Type.INT, Type.LONG})


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a field is of a concept. `by_name` is the part of its name that says so, "" where its values alone do."""

    field: Field
    concept: Concept
    by_name: str
    share: float
    rank: int

    @property
    def order(self) -> tuple[bool, int, int]:
        """The best first: what the name says in the best known word, and what is there most often."""
        return not self.by_name, self.rank, -len(self.field.values)

    @property
    def reason(self) -> str:
        called = SHAPES[self.concept.shape][0]
        values = f"{self.share:.0%} of its values are {called}"
        if not self.by_name:
            return values
        return (
            f"name ('{self.by_name}')"
            if self.concept.shape in ("name", "text")
            else f"name ('{self.by_name}'), and {values}"
        )


@dataclass(frozen=True, slots=True)
class ColumnProposal:
    """A column, the expression that gives it, and why. `ties` are other fields with as good a name."""

    column: str
    expression: str
    source: str
    reason: str
    fill: float
    ties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableProposal:
    """A table that the log may become."""

    table: str
    columns: tuple[ColumnProposal, ...]
    used: frozenset[str]  # fields


@dataclass(frozen=True)
class Proposal:
    """The tables that come into question, the best first, and what the log has."""

    sample: Sample
    tables: tuple[TableProposal, ...]
    doubts: tuple[str, ...] = field(default=())

    @property
    def best(self) -> TableProposal | None:
        return self.tables[0] if self.tables else None

    @cached_property
    def unmapped(self) -> tuple[Field, ...]:
        used = self.best.used if self.best is not None else frozenset()
        return tuple(one for one in self.sample.fields if one.name not in used)


def propose(sample: Sample) -> Proposal:
    """What the records of a log may become."""
    doubts: list[str] = []
    found: dict[str, list[Evidence]] = {}
    for one in sample.fields:
        evidence = _by_name(one, doubts)
        if evidence is not None:
            found.setdefault(evidence.concept.name, []).append(evidence)
    for evidence in _by_values(sample.fields, found):
        found.setdefault(evidence.concept.name, []).append(evidence)
    for several in found.values():
        several.sort(key=lambda evidence: evidence.order)
    candidates = [_table(table, found, sample) for table in tables() if _has_needs(table, found)]
    candidates.sort(key=lambda one: -len(one.used))
    return Proposal(sample, tuple(candidates), tuple(doubts))


def _by_name(one: Field, doubts: list[str]) -> Evidence | None:
    found, word = meanings(one.way)
    names = sorted(found, key=lambda name: concepts()[name].shape in _ANY)
    for name in names:
        concept = concepts()[name]
        share = _share(one, concept.shape)
        if share >= _MOST:
            return Evidence(one, concept, word, share, concept.names.index(plain(word)))
    if names:
        called = SHAPES[concepts()[names[0]].shape][0]
        share = _share(one, concepts()[names[0]].shape)
        doubts.append(f"{one.name}: its name may mean the {names[0]}, but only {share:.0%} of its values are {called}")
    return None


def _by_values(fields: Sequence[Field], found: Mapping[str, Sequence[Evidence]]) -> Iterator[Evidence]:
    """What values say by themselves: hashes, and a time where no name tells of one."""
    named = {evidence.field.name for several in found.values() for evidence in several}
    others = [one for one in fields if one.name not in named]
    for shape in TELLING:
        alike = [one for one in others if _share(one, shape) == 1]
        if len(alike) == 1 and shape not in found:
            yield Evidence(alike[0], concepts()[shape], "", 1, 0)
    if "time" not in found:
        times = [one for one in others if all(map(is_written_time, one.values))]
        if len(times) == 1:
            yield Evidence(times[0], concepts()["time"], "", 1, 0)


def _share(one: Field, shape: str) -> float:
    """How many of a field's values are of a shape."""
    is_one = SHAPES[shape][1]
    return sum(map(is_one, one.values)) / len(one.values)


def _has_needs(table: TableOfConcepts, found: Mapping[str, object]) -> bool:
    return all(any(concept in found for concept in alternatives) for alternatives in table.needs)


def _table(table: TableOfConcepts, found: Mapping[str, Sequence[Evidence]], sample: Sample) -> TableProposal:
    schema = known_table(table.table)
    types = dict(schema.columns) if schema is not None else {}
    columns: list[ColumnProposal] = []
    used: set[str] = set()
    for column, origins in table.columns:
        origin = next((origin for origin in origins if _gives(origin, found)), None)
        if origin is not None:
            several = found[origin.concept]
            columns.append(_column(column, types[column], origin, several, sample))
            used.add(several[0].field.name)
    columns += _own_columns(sample, types, used, {one.column for one in columns})
    time = schema.time_column if schema is not None else None
    if time is not None and time not in {one.column for one in columns}:
        columns.insert(0, ColumnProposal(time, _NOW, "", "no field is a time: when the record is received", 1.0))
    return TableProposal(table.table, tuple(columns), frozenset(used))


def _gives(origin: Origin, found: Mapping[str, Sequence[Evidence]]) -> bool:
    return origin.concept in found


def _column(column: str, type_: Type, origin: Origin, several: Sequence[Evidence], sample: Sample) -> ColumnProposal:
    evidence = several[0]
    one = evidence.field
    expression = name_of(one.text) if origin.is_name else converted(one, type_)
    ties = tuple(other.field.name for other in several[1:])
    return ColumnProposal(column, expression, one.name, evidence.reason, len(one.values) / sample.records, ties)


def _own_columns(
    sample: Sample, types: Mapping[str, Type], used: set[str], taken: set[str]
) -> Iterator[ColumnProposal]:
    """Fields that bear the very name of a column which nothing else gives."""
    left = {plain(name): name for name in types if name not in taken and not name.startswith("_")}
    for one in sample.fields:
        column = left.pop(plain(one.way[-1]), None)
        if column is not None and one.name not in used and _fits(one, types[column]):
            used.add(one.name)
            fill = len(one.values) / sample.records
            yield ColumnProposal(column, converted(one, types[column]), one.name, "it has the column's name", fill)


def _fits(one: Field, type_: Type) -> bool:
    if type_ in _WHOLE:
        return all(map(is_integer, one.values))
    if type_ is Type.DATETIME:
        return _share(one, "time") == 1
    return type_ in (Type.STRING, Type.DYNAMIC)


def name_of(path: str) -> str:
    """The expression for the last part of a path."""
    return rf"extract(@'([^\\/]+)$', 1, {path})"


def converted(one: Field, type_: Type) -> str:
    """The expression for a field as a type. Where all values seen fit it is the field itself, so that one that does
    not is kept aside; where some do not, those are null."""
    text = one.text
    if type_ is Type.DATETIME:
        return _time(one)
    if type_ in _WHOLE:
        is_whole = all(map(is_integer, one.values))
        return text if is_whole and not one.taken else f"to{type_}({text})"
    return f"todynamic({text})" if type_ is Type.DYNAMIC and one.taken else text


def _time(one: Field) -> str:
    """The expression for a time, as most of its values write it."""
    units = [unit_of(value) for value in one.values]
    unit = max(set(units), key=units.count)
    if not unit:
        return f"todatetime({one.text})"
    if not any("." in value for value in one.values):
        return f"unixtime_{unit}_todatetime(tolong({one.text}))"
    scale = {"seconds": "1000000", "milliseconds": "1000", "microseconds": "1", "nanoseconds": "0.001"}[unit]
    return f"unixtime_microseconds_todatetime(tolong(round(toreal({one.text}) * {scale})))"
