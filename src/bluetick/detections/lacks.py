"""What the sources of a run's rows cannot give of the columns that its query reads."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bluetick.diagnostics.errors import SourceError
from bluetick.execution.program import build_program
from bluetick.lake.layout import FILL
from bluetick.plan.relations import TabularStatement
from bluetick.session import Session

if TYPE_CHECKING:
    from bluetick.lake.snapshot import Snapshot

Filled = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Lack:
    """A column that sources of rows in the scope cannot give. `is_everywhere`: no source of such rows gives it."""

    table: str
    column: str
    sources: tuple[str, ...]
    reason: str
    is_everywhere: bool

    def to_json(self) -> dict[str, Any]:
        return {
            "table": self.table,
            "column": self.column,
            "sources": list(self.sources),
            "reason": self.reason,
            "all_sources": self.is_everywhere,
        }


def find_lacks(session: Session, statement: TabularStatement, low: datetime | None, high: datetime) -> tuple[Lack, ...]:
    """Told of a lake that keeps fill rates; a look into those alone."""
    rates = fill_rates(session)
    if rates is None:
        return ()
    from bluetick.execution.estimate import lake_columns  # noqa: PLC0415 - only where there is such a lake
    from bluetick.lake.filled import filled_columns  # noqa: PLC0415

    program = build_program(statement, session.flavour, has_lower_bound=low is not None, has_upper_bound=True)
    read = {
        folder.name: columns
        for folder, columns in lake_columns([program], session.catalog, session.flavour)
        if folder.parent == rates.folder.parent
    }
    found = filled_columns(rates, read, low, high)
    return tuple(lack for table, columns in read.items() for lack in _lacks(table, columns, found.get(table, {})))


def fill_rates(session: Session) -> "Snapshot | None":
    """The lake's; none where it has none of the version or the instant that the tables are taken back to: a run does
    not fail for want of what it can be told beside its rows."""
    try:
        found = session.catalog.table(FILL)
    except SourceError:
        return None
    return None if found is None else found.snapshot


def _lacks(table: str, columns: Sequence[str], sources: Filled) -> Iterator[Lack]:
    """One for each column and reason, in the order in which the query's columns stand."""
    from bluetick.ingest.lacking import lacking  # noqa: PLC0415 - its documents are read where they are asked for

    known = {source: lacking(source, table) for source in sorted(sources)}
    for column in columns:
        reasons: dict[str, list[str]] = {}
        for source, filled in sources.items():
            empty = known[source].empty.get(column) if column not in filled else None
            reason = empty or known[source].otherwise.get(column)
            if reason is not None:
                reasons.setdefault(reason, []).append(source)
        is_given = any(column in filled for filled in sources.values())
        for reason, names in reasons.items():
            yield Lack(table, column, tuple(sorted(names)), reason, not is_given)
