"""What is told of a lake's sources: how old their rows are, how full their columns, what stopped coming."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from bluetick.cli.grid import visible
from bluetick.lake.layout import FILL
from bluetick.session import Session
from bluetick.values import format_datetime7

if TYPE_CHECKING:
    from bluetick.lake.fullness import FellSilent, Series, WentEmpty

_UNITS: Final = (
    (timedelta(days=3), timedelta(days=1), "d"),
    (timedelta(hours=2), timedelta(hours=1), "h"),
    (timedelta(minutes=2), timedelta(minutes=1), "min"),
)
_LEVELS: Final = "▁▂▃▄▅▆▇█"
_NO_ROW: Final = "·"


@dataclass(frozen=True, slots=True)
class Freshness:
    """The series of a lake until now, and what is wrong with them."""

    series: "tuple[Series, ...]" = ()
    emptied: "tuple[WentEmpty, ...]" = ()
    silent: "tuple[FellSilent, ...]" = ()

    def of(self, table: str) -> "list[Series]":
        return [series for series in self.series if series.table == table]

    def warnings(self) -> Iterator[str]:
        """A line for each column that went empty and each source that fell silent."""
        for empty in self.emptied:
            yield (
                f"{empty.table}: {visible(empty.column)} of {visible(empty.source)}: filled {percent(empty.rate)} "
                f"until {minute(empty.until)}, empty since ({empty.rows_since:,} rows)"
            )
        for silent in self.silent:
            pause = f"it never paused for longer than {age(silent.pause)}" if silent.pause else "it never paused"
            yield (
                f"{silent.table}: no row of {visible(silent.source)} since {minute(silent.until)} "
                f"({age(silent.silence)}); before that {pause}"
            )

    def facts(self, table: str) -> list[dict[str, Any]]:
        """The same of a table, for JSON."""
        emptied: list[dict[str, Any]] = [
            {
                "warning": "column_empty",
                "source": found.source,
                "column": found.column,
                "rate": round(found.rate, 4),
                "since": format_datetime7(found.until),
                "rows_since": found.rows_since,
            }
            for found in self.emptied
            if found.table == table
        ]
        silent = [
            {"warning": "source_silent", "source": found.source, "since": format_datetime7(found.until)}
            for found in self.silent
            if found.table == table
        ]
        return [*emptied, *silent]


def freshness(session: Session, now: datetime) -> Freshness:
    """Of a session's lake; nothing is known of one without fill rates, or of another time than now."""
    if session.catalog.as_of is not None or not session.catalog.has_versions(FILL):
        return Freshness()
    from bluetick.lake.fullness import fell_silent, read_series, went_empty  # noqa: PLC0415 - only a lake needs it

    table = session.catalog.table(FILL)
    snapshot = None if table is None else table.snapshot
    if snapshot is None:
        return Freshness()
    known = [before for series in read_series(snapshot) if (before := series.before(now)) is not None]
    emptied = [found for series in known for found in went_empty(series)]
    return Freshness(tuple(known), tuple(emptied), tuple(fell_silent(known, now)))


def percent(rate: float) -> str:
    """In whole percents; neither none nor all unless it is."""
    whole = int(rate * 100 + 0.5)
    return f"{min(max(whole, 1), 99) if 0 < rate < 1 else whole} %"


def age(span: timedelta) -> str:
    """A time span in the unit that suits it."""
    for least, unit, name in _UNITS:
        if span >= least:
            return f"{span // unit:,} {name}"
    return f"{span // timedelta(seconds=1)} s" if span >= timedelta(0) else "future"


def bars(rates: Sequence[float | None]) -> str:
    """A rate as the height of a bar; a point where there is none."""
    return "".join(_NO_ROW if rate is None else _LEVELS[_level(rate)] for rate in rates)


def _level(rate: float) -> int:
    """The lowest bar is for nothing at all, the highest for everything."""
    inner = len(_LEVELS) - 2
    return 0 if rate == 0 else len(_LEVELS) - 1 if rate == 1 else 1 + min(int(rate * inner), inner - 1)


def minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
