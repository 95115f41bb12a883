"""Which columns of a session's tables have values: by the fill rates of a lake, else by one scan of a table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from bluetick.detections.lacks import fill_rates
from bluetick.execution.catalog import TIME_COLUMNS, Table
from bluetick.session import QueryRequest, Session
from bluetick.types import Type
from bluetick.values import format_datetime7

if TYPE_CHECKING:
    from bluetick.lake.fullness import Series


class Why(Enum):
    """Why a column is empty."""

    NO_COLUMN = "no_column"
    NEVER_FILLED = "never_filled"
    LACKED = "lacked"
    WENT_EMPTY = "went_empty"


@dataclass(frozen=True, slots=True)
class Empty:
    """A column without values. `reasons` are (source, why it cannot give it); `since` is when it went empty."""

    table: str
    column: str
    why: Why
    reasons: tuple[tuple[str, str], ...] = ()
    since: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {"table": self.table, "column": self.column, "why": self.why.value}
        if self.reasons:
            told["reasons"] = [{"source": source, "reason": reason} for source, reason in self.reasons]
        return told if self.since is None else {**told, "since": format_datetime7(self.since)}


@dataclass(frozen=True, slots=True)
class Span:
    """The time that is looked at: all before `high`, or that from `low` on."""

    low: datetime | None
    high: datetime


@dataclass(frozen=True, slots=True)
class Filling:
    """What is known of the tables asked about: those without a row in the span, and the columns without a value."""

    rowless: frozenset[str] = frozenset()
    empty: Mapping[tuple[str, str], Empty] = field(default_factory=dict)


def find_filling(session: Session, wanted: Mapping[str, Iterable[str]], span: Span) -> Filling:
    """Looks at these columns by table. Fill rates are read once, and no table is scanned twice."""
    series = _series(session, span)
    rowless: set[str] = set()
    empty: dict[tuple[str, str], Empty] = {}
    for name, columns in wanted.items():
        table = session.catalog.table(name)
        if table is None:
            continue
        hidden = {column for column, _ in table.hidden}
        asked = sorted(set(columns) - hidden)
        if name in series and table.view is None and table.snapshot is not None:
            has_rows, found = _by_rates(name, asked, series[name], span)
        else:
            has_rows, found = _by_scan(session, table, asked, span)
        if not has_rows:
            rowless.add(name)
        empty |= {(name, one.column): one for one in found}
    return Filling(frozenset(rowless), empty)


def _series(session: Session, span: Span) -> "dict[str, list[Series]]":
    """Those of the lake's tables by name; none where it keeps no fill rates."""
    rates = fill_rates(session)
    if rates is None:
        return {}
    from bluetick.lake.fullness import read_series  # noqa: PLC0415 - only a lake needs it

    found: dict[str, list[Series]] = {}
    for one in read_series(rates):
        table = session.catalog.table(one.table)
        snapshot = None if table is None else table.snapshot
        known = one.before(span.high)
        if known is not None and snapshot is not None and snapshot.folder.parent == rates.folder.parent:
            found.setdefault(one.table, []).append(known)
    return found


# --- by fill rates ----------------------------------------------------------------------------------------------------


def _by_rates(table: str, columns: Sequence[str], every: "Sequence[Series]", span: Span) -> tuple[bool, list[Empty]]:
    """Whether there are rows in the span, and the columns that none of them fills."""
    from bluetick.lake.fullness import went_empty  # noqa: PLC0415 - only a lake needs it

    live = [series for series in every if span.low is None or series.ends[-1] > span.low]
    ended = {(series.source, one.column): one.until for series in live for one in went_empty(series)}
    found = []
    for column in columns:
        given = [series for series in live if _last_value(series, column, span.low) is not None]
        if given and not all((series.source, column) in ended for series in given):
            continue
        last = [value for series in every if (value := _last_value(series, column, None)) is not None]
        if last:
            found.append(Empty(table, column, Why.WENT_EMPTY, since=max(last)))
        else:
            found.append(_never(table, column, [series.source for series in live]))
    return bool(live), found


def _last_value(series: "Series", column: str, low: datetime | None) -> datetime | None:
    """The end of the last hour in which a column has a value, if that is after `low`."""
    counts = series.filled.get(column)
    places = [] if counts is None else counts.nonzero()[0].tolist()
    end = series.ends[places[-1]] if places else None
    return end if end is not None and (low is None or end > low) else None


def _never(table: str, column: str, sources: Sequence[str]) -> Empty:
    from bluetick.ingest.lacking import lacking  # noqa: PLC0415 - its documents are read where they are asked for

    known = ((source, lacking(source, table).empty.get(column)) for source in sorted(sources))
    reasons = tuple((source, reason) for source, reason in known if reason is not None)
    why = Why.LACKED if reasons and len(reasons) == len(sources) else Why.NEVER_FILLED
    return Empty(table, column, why, reasons)


# --- by a scan --------------------------------------------------------------------------------------------------------


def _by_scan(session: Session, table: Table, columns: Sequence[str], span: Span) -> tuple[bool, list[Empty]]:
    """The same of any table, counted."""
    have = [column for column in columns if column in table.column_names]
    counts = "".join(f", c{place} = countif(isnotempty({_quoted(name)}))" for place, name in enumerate(have))
    text = f"{_quoted(table.name)}{_in_span(table, span)} | summarize n = count(){counts}"
    rows, *filled = next(session.as_stored().run(QueryRequest(text))[-1].rows())
    found = [Empty(table.name, c, Why.NO_COLUMN) for c in columns if c not in table.column_names]
    found += [Empty(table.name, c, Why.NEVER_FILLED) for c, count in zip(have, filled, strict=True) if not count]
    return rows > 0, found


def _in_span(table: Table, span: Span) -> str:
    time = next((name for name in TIME_COLUMNS if (name, Type.DATETIME) in table.columns), None)
    if span.low is None or time is None:
        return ""
    return f" | where {time} >= {_instant(span.low)} and {time} < {_instant(span.high)}"


def _instant(moment: datetime) -> str:
    return f"datetime({format_datetime7(moment)})"


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace("'", "\\'")
    return f"['{escaped}']"
