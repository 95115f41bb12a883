"""What an explanation of a result row says."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from bluetick.types import Type
from bluetick.values import Json, json_cell

Cells: TypeAlias = tuple[Any, ...]
Heads: TypeAlias = tuple[tuple[str, Type], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of Python values under columns (name, type)."""

    columns: Heads
    rows: tuple[Cells, ...]

    def to_json(self) -> list[dict[str, Any]]:
        return [
            {name: json_cell(cell, type_) for (name, type_), cell in zip(self.columns, row, strict=True)}
            for row in self.rows
        ]


@dataclass(frozen=True, slots=True)
class SourceRows:
    """Rows of one table behind a result row: so many, of which some are shown. `is_exact`: all of them are behind it;
    else it comes from rows among them, and `notes` say why no more is known. `places` are the lets that read them;
    `used` are the columns that the rule looks at."""

    table: str
    places: tuple[str, ...]
    count: int
    is_exact: bool
    notes: tuple[str, ...]
    shown: Grid
    used: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "table": self.table,
            "read_by": list(self.places),
            "rows_behind": self.count,
            "exact": self.is_exact,
            "notes": list(self.notes),
            "used_columns": list(self.used),
            "rows": self.shown.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as it was written, and the constant that it holds something to (a cell as in JSON), where it does."""

    text: str
    limit: Json = None

    def to_json(self) -> dict[str, Any]:
        return {"condition": self.text, **({} if self.limit is None else {"limit": self.limit})}


@dataclass(frozen=True, slots=True)
class Measured:
    """A condition on something computed, with the values that the row had there."""

    condition: Condition
    place: str
    values: Grid

    def to_json(self) -> dict[str, Any]:
        return {**self.condition.to_json(), "let": self.place or None, "values": self.values.to_json()}


@dataclass(frozen=True, slots=True)
class Baseline:
    """The groups that a row was compared with. `relation` says how: absent from them, present in them, joined with
    them. `own` are the groups of the row's own keys, whether they pass the `conditions` or not; `groups` pass all of
    them. Of these `nearest` shows those with the most of the row's keys, then the largest."""

    name: str
    relation: str
    conditions: tuple[Condition, ...]
    keys: Grid
    own: Grid
    own_passes: bool
    groups: int
    nearest: Grid

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "relation": self.relation,
            "conditions": [one.to_json() for one in self.conditions],
            "keys": self.keys.to_json(),
            "own": self.own.to_json(),
            "own_passes": self.own_passes,
            "groups": self.groups,
            "nearest": self.nearest.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a provider answered for the row."""

    provider: str
    answers: Grid

    def to_json(self) -> dict[str, Any]:
        return {"provider": self.provider, "answers": self.answers.to_json()}


@dataclass(frozen=True, slots=True)
class RowExplanation:
    """Why a row is in a result."""

    now: datetime
    row: Grid
    sources: tuple[SourceRows, ...]
    baselines: tuple[Baseline, ...]
    measured: tuple[Measured, ...]
    lookups: tuple[Lookup, ...]
    unreached: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "sources": [one.to_json() for one in self.sources],
            "baselines": [one.to_json() for one in self.baselines],
            "measured": [one.to_json() for one in self.measured],
            "lookups": [one.to_json() for one in self.lookups],
            "unreached": list(self.unreached),
        }
