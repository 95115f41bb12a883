"""The columns that a Sigma rule's fields are in a table, and those that must be computed first."""

import re
from dataclasses import dataclass, field
from functools import cache

from bluetick.detections.documents.sigma_sources import NUMERIC, Source
from bluetick.schema.packs import load_pack
from bluetick.types import Type

_NOT_A_NAME = re.compile(r"\W")
_NOT_A_LETTER = re.compile(r"[^a-z0-9]")
_PARENT_NAME = "InitiatingProcessParentFileName"


class RefusedFieldError(Exception):
    """A field that its table does not tell, and why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


@dataclass(slots=True)
class Columns:
    """A table's columns by Sigma's fields; `computed` gathers, in order, those that the query must compute first."""

    source: Source
    computed: dict[str, str] = field(default_factory=dict)

    def of_sysmon(self) -> list[str]:
        """The fields in use that only rows of Sysmon's events tell."""
        return [name for name in self.computed if name in self.source.of_sysmon]

    @property
    def is_parent_name_only(self) -> bool:
        return "ParentImage" not in self.source.renamed and _PARENT_NAME in self._types

    @property
    def _types(self) -> dict[str, Type]:
        return _columns_of(self.source.pack, self.source.table)

    def column(self, name: str) -> tuple[str, Type]:
        """The column of a field, and its type; RefusedFieldError where there is none."""
        source = self.source
        if name in source.computed:
            self.computed[name] = source.computed[name]
            return name, Type.LONG if name in NUMERIC else Type.STRING
        found = source.renamed.get(name) or self._same(name)
        if found is not None:
            return found, self._types[found]
        if source.other is not None:
            return self._further(name, source.other(name)), Type.STRING
        raise RefusedFieldError(name, f"table {source.table} has no column for it")

    def _same(self, name: str) -> str | None:
        """The column of the field's own name."""
        if self.source.is_loose:
            plain = _plain(name)
            return next((column for column in self._types if _plain(column) == plain), None)
        return name if name in self._types else None

    def _further(self, name: str, told: str) -> str:
        """A column computed from what the table has no column for."""
        plain = _NOT_A_NAME.sub("_", name)
        column = f"Event_{plain}" if plain in self._types or not plain[:1].isalpha() else plain
        self.computed[column] = told
        return column


@cache
def _columns_of(pack: str, table: str) -> dict[str, Type]:
    found = load_pack("defender") if pack == "defender" else load_pack("sentinel")
    return dict(found[table].columns)


def _plain(name: str) -> str:
    return _NOT_A_LETTER.sub("", name.lower())
