"""Columns that a source cannot give, with the reason, as its format declares them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bluetick.ingest.formats import find_built_in
from bluetick.sources.windows.lacking import LACKS, MEANS_OTHERWISE

WINDOWS: Final = "windows"


@dataclass(frozen=True, slots=True)
class Lacking:
    """Reasons by column: of those that stay empty, and of those whose values mean something else than the table's."""

    empty: Mapping[str, str] = field(default_factory=dict)
    otherwise: Mapping[str, str] = field(default_factory=dict)


def lacking(source: str, table: str) -> Lacking:
    """What the rows of a source (as `_Source` names it) cannot say in a table; nothing of a user's own format."""
    if source == WINDOWS:
        return Lacking(LACKS.get(table, {}), MEANS_OTHERWISE.get(table, {}))
    form = find_built_in(source)
    bodies = () if form is None else form.tables
    return Lacking({column: why for body in bodies if body.table == table for column, why in body.lacks.items()})
