"""The account of a detection run, for people and for programs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bluetick.detections.lacks import Lack
from bluetick.detections.tuning.applying import Hits
from bluetick.enrichment.profile_chain import SourceCount
from bluetick.execution.account import FilterCount, ProviderCount, StageCount, TableCount

_LARGE_SHARE = 0.5
_DAY = timedelta(days=1)
_WORD = re.compile(r"\w+")
_WHOLE = 0.99  # a history that lacks less than this is no cause for a warning


@dataclass(frozen=True, slots=True)
class Account:
    """How the rows of a run came about. `verdict` is one sentence; `warnings` are what a reader must see first."""

    now: datetime
    lookback: timedelta | None
    frequency: timedelta | None
    result_rows: int
    tables: tuple[TableCount, ...]
    stages: tuple[StageCount, ...]
    providers: tuple[ProviderCount, ...]
    has_scope: bool
    lacks: tuple[Lack, ...] = ()
    tuning: tuple[Hits, ...] = ()

    @property
    def warnings(self) -> list[str]:
        found = [line for table in self.tables for line in self._table_warnings(table)]
        for provider in self.providers:
            if provider.note:
                found.append(provider.note)
        return found + [_lack_line(group) for group in _grouped(self.lacks) if group[0].is_everywhere]

    @property
    def verdict(self) -> str:
        """Why there are rows or none: nothing matched, or nothing could match."""
        if self.result_rows:
            return f"{_rows(self.result_rows)} in the result"
        reason = self._impossible()
        if reason:
            return f"0 rows because nothing could match: {reason}{self._never_given()}"
        reason = self._last_filter()
        return "0 rows because nothing matched" + (f": {reason}" if reason else "") + self._never_given()

    def lines(self) -> list[str]:
        """For people: warnings, the verdict, tables, then each let with its filters."""
        lines = [f"warning: {warning}" for warning in self.warnings]
        lines.append(self.verdict)
        lines += [hits.line for hits in self.tuning]
        for table in self.tables:
            lines.append(self._table_line(table))
        binding = None
        for stage in self.stages:
            if stage.binding != binding:
                binding = stage.binding
                lines.append(f"{binding or 'result'}:")
            lines.append(f"  {stage.rows:>13,}  {stage.label}")
            lines += [f"  {f.after:>13,}    {_clip(f.text)}{_lost(f)}" for f in stage.filters]
        lines += [f"note: {_lack_line(group)}" for group in _grouped(self.lacks) if not group[0].is_everywhere]
        for provider in self.providers:
            states = ", ".join(f"{n:,} {_STATES.get(state, state)}" for state, n in provider.states)
            lines.append(f"{provider.name}: {states or 'no row to ask for'}")
            lines += [f"  {source.provider}: {_files(source)}" for source in provider.sources]
        return lines

    def to_json(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict,
            "warnings": self.warnings,
            "now": _iso(self.now),
            "lookback_seconds": self.lookback.total_seconds() if self.lookback is not None else None,
            "tables": [
                {
                    "name": t.name,
                    "rows": t.rows,
                    "in_scope": t.in_scope,
                    "after_now": t.after_now,
                    "without_time": t.without_time,
                    "first": _iso(t.first),
                    "last": _iso(t.last),
                    **({} if t.version is None else {"version": t.version}),
                }
                for t in self.tables
            ],
            "stages": [
                {
                    "let": s.binding or None,
                    "label": s.label,
                    "rows": s.rows,
                    "filters": [
                        {"text": f.text, "before": f.before, "after": f.after, "missing": f.missing} for f in s.filters
                    ],
                }
                for s in self.stages
            ],
            "lacks": [lack.to_json() for lack in self.lacks],
            **({"tuning": [hits.to_json() for hits in self.tuning]} if self.tuning else {}),
            "providers": [
                {
                    "name": p.name,
                    "states": {state or "not asked": n for state, n in p.states},
                    "note": p.note,
                    "version": p.version,
                    **({"sources": [_source(source) for source in p.sources]} if p.sources else {}),
                }
                for p in self.providers
            ],
        }

    # --- inside ---

    def _table_warnings(self, table: TableCount) -> list[str]:
        if table.rows == 0:
            return [f"{table.name} is empty"]
        if table.first is None or table.last is None:
            return []
        first, last = _aware(table.first), _aware(table.last)
        found = []
        span = f"{_short(first)} to {_short(last)}"
        if self.has_scope and table.in_scope == 0:
            found.append(f"no row of {table.name} is in the window; it has {span}. Try: --now newest")
        elif self.frequency is not None and last < self.now - self.frequency:
            found.append(
                f"the newest row of {table.name} is of {_short(last)}, before this run's last {_span(self.frequency)}. "
                "Try: --now newest"
            )
        if self.lookback is not None and table.in_scope and first > self.now - self.lookback * _WHOLE:
            days = (self.now - first) / _DAY
            found.append(
                f"{table.name} has {days:.1f} of {self.lookback / _DAY:g} days of history: "
                "what is new or rare here may only be unrecorded"
            )
        if table.after_now:
            found.append(f"{_rows(table.after_now)} of {table.name} at or after now {_are(table.after_now)} not read")
        if table.without_time:
            found.append(
                f"{_rows(table.without_time)} of {table.name} without a time {_are(table.without_time)} not read"
            )
        return found

    def _impossible(self) -> str:
        """A reason for which no data of this kind could have matched, or ''."""
        for table in self.tables:
            if table.rows == 0:
                return f"{table.name} is empty"
            if self.has_scope and table.in_scope == 0:
                return f"no row of {table.name} is in the window"
        for provider in self.providers:
            states = dict(provider.states)
            if states and not states.get("Available"):
                if states.get("Error"):
                    return f"{provider.name} failed for {_rows(states['Error'])} and has a profile for none"
                return f"{provider.name} knows none of the files asked for"
        for stage in self.stages:
            for item in stage.filters:
                if item.before and not item.after and item.missing == item.before:
                    return f"the value that `{_clip(item.text)}` needs is missing in all {_rows(item.before)}"
        return ""

    def _never_given(self) -> str:
        """What filters ask for and no row in the scope can have had: an empty result says less then."""
        asked = {word for stage in self.stages for item in stage.filters for word in _WORD.findall(item.text)}
        never = [lack for lack in self.lacks if lack.is_everywhere and lack.column in asked]
        return f"; {_lack_line(never[:1])}{_and_more(never)}" if never else ""

    def _last_filter(self) -> str:
        """The filter that took the last rows away in the part that ends the query."""
        for stage in reversed(self.stages):
            for item in stage.filters:
                if item.before and not item.after:
                    return f"`{_clip(item.text)}` removed the last {_rows(item.before)}"
        return ""

    def _table_line(self, table: TableCount) -> str:
        at = "" if table.version is None else f" (version {table.version})"
        line = f"{table.name}{at}: {_rows(table.rows)}"
        if table.first is not None and table.last is not None:
            line += f", {_short(_aware(table.first))} to {_short(_aware(table.last))}"
        return f"{line}, {table.in_scope:,} in the window" if self.has_scope else line


_STATES = {"": "not asked", "Available": "with a profile", "Missing": "without a profile", "Error": "failed"}


def _grouped(lacks: Sequence[Lack]) -> list[list[Lack]]:
    """Those that differ in the column only stand together."""
    groups: dict[tuple[Any, ...], list[Lack]] = {}
    for lack in lacks:
        groups.setdefault((lack.table, lack.sources, lack.reason, lack.is_everywhere), []).append(lack)
    return list(groups.values())


def _lack_line(group: Sequence[Lack]) -> str:
    first = group[0]
    columns = ", ".join(lack.column for lack in group)
    verb = "is" if len(group) == 1 else "are"
    where = f"{verb} in no row" if first.is_everywhere else "in rows"
    return f"{columns} of {first.table} {where} from {', '.join(first.sources)}: {first.reason}"


def _and_more(lacks: Sequence[Lack]) -> str:
    others = len({(lack.table, lack.column) for lack in lacks}) - 1
    return f" (and {others} more column{'' if others == 1 else 's'})" if others else ""


def _files(source: SourceCount) -> str:
    return ", ".join(f"{n:,} {_STATES.get(state, state)}" for state, n in source.states) or "no file to ask for"


def _source(source: SourceCount) -> dict[str, Any]:
    states = {state or "not asked": n for state, n in source.states}
    return {"provider": source.provider, "version": source.version, "files": states}


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _clip(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."


def _lost(item: FilterCount) -> str:
    removed = item.before - item.after
    if not removed:
        return ""
    words = []
    if item.missing:
        words.append(f"{item.missing:,} for a missing value")
    if removed >= _LARGE_SHARE * item.before:
        words.append(f"removed {removed / item.before:.1%}")
    return f"   ({', '.join(words)})" if words else ""


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _short(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else _aware(moment).isoformat().replace("+00:00", "Z")


def _span(length: timedelta) -> str:
    hours = length / timedelta(hours=1)
    return f"{hours:g} h" if hours < 48 else f"{hours / 24:g} d"
