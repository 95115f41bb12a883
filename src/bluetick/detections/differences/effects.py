"""What a change does: rows and alerts gained and lost, labelled events no longer seen, cost, findings; and a budget."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bluetick.detections.differences.changes import Change, Unreadable
from bluetick.detections.differences.measuring import Columns, Outcome, Row, Span
from bluetick.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class RowChange:
    """Rows that one side shows and the other does not, each once by its value; `sample` has the first of them with the
    instant that showed it first."""

    count: int
    sample: tuple[tuple[datetime, Row], ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """A change with what both sides said. Rows are compared by `columns`, which both sides have; where they share none
    every row is other. Of a change that no run sees nothing was replayed."""

    change: Change
    old: Outcome | None
    new: Outcome | None
    columns: Columns
    gained: RowChange
    lost: RowChange
    alerts_gained: tuple[datetime, ...]
    alerts_lost: tuple[datetime, ...]
    labels_gained: tuple[str, ...]
    labels_lost: tuple[str, ...]
    findings_new: tuple[Diagnostic, ...]
    findings_gone: tuple[Diagnostic, ...]

    @property
    def has_all_columns(self) -> bool:
        """Whether rows were compared by all that they hold."""
        sides = [side.columns for side in (self.old, self.new) if side is not None and side.columns]
        return all(set(columns) == set(self.columns) for columns in sides)

    @property
    def cost_ratio(self) -> float | None:
        """How many times the bytes of before a run reads now; None where one of them is not known."""
        if self.old is None or self.new is None or not self.old.bytes_read or self.new.bytes_read is None:
            return None
        return self.new.bytes_read / self.old.bytes_read


@dataclass(frozen=True, slots=True)
class Budget:
    """What a change may do; None: anything."""

    new_alerts: int | None = None
    lost_hits: int | None = 0
    cost: float | None = None

    def breaches(self, effects: Sequence[Effect], unreadable: Sequence[Unreadable] = ()) -> list[str]:
        """What goes beyond it. A rule that does not bind, cannot run any more, or fails in a
        window, always does; one whose tables are not here on either side does not."""
        gone = {effect.change.path for effect in effects if effect.change.new is None}
        found = [f"{one.path}: no rule can be read any more" for one in unreadable if one.is_new and one.path in gone]
        for effect in effects:
            found += [f"{effect.change.path}: {effect.change.name}: {what}" for what in self._of(effect)]
        gained = sum(len(effect.alerts_gained) for effect in effects)
        if self.new_alerts is not None and gained > self.new_alerts:
            found.append(f"{gained:,} new alerts, {self.new_alerts:,} are allowed")
        lost = {label for effect in effects for label in effect.labels_lost}
        if self.lost_hits is not None and len(lost) > self.lost_hits:
            found.append(f"{len(lost):,} labelled events are no longer found, {self.lost_hits:,} are allowed")
        return found

    def _of(self, effect: Effect) -> list[str]:
        found = []
        new, ran_before = effect.new, effect.old is not None and not effect.old.refused
        if new is not None and new.refused and (ran_before or not new.binds):
            found.append(f"it cannot run: {new.refused}")
        elif new is not None and new.failed:
            found.append(f"it fails in {len(new.failed):,} of {new.windows:,} runs")
        ratio = effect.cost_ratio
        if self.cost is not None and ratio is not None and ratio > self.cost:
            found.append(f"a run reads {ratio:.2f} times the bytes of before, {self.cost:g} times are allowed")
        return found


def effect_of(change: Change, old: Outcome | None, new: Outcome | None, sample: int) -> Effect:
    """Holds both sides against each other; a side that is None has no rows."""
    columns, olds, news = _comparable(old, new)
    gained = [(at, row) for row, at in news.items() if not columns or row not in olds]
    lost = [(at, row) for row, at in olds.items() if not columns or row not in news]
    old_alerts, new_alerts = _alerts(old), _alerts(new)
    old_labels, new_labels = _labels(old), _labels(new)
    old_findings, new_findings = _findings(old), _findings(new)
    return Effect(
        change,
        old,
        new,
        columns,
        RowChange(len(gained), tuple(gained[:sample])),
        RowChange(len(lost), tuple(lost[:sample])),
        tuple(at for at in new_alerts if at not in set(old_alerts)),
        tuple(at for at in old_alerts if at not in set(new_alerts)),
        tuple(sorted(new_labels - old_labels)),
        tuple(sorted(old_labels - new_labels)),
        tuple(one for key, one in new_findings.items() if key not in old_findings),
        tuple(one for key, one in old_findings.items() if key not in new_findings),
    )


def _comparable(old: Outcome | None, new: Outcome | None) -> tuple[Columns, dict[Row, datetime], dict[Row, datetime]]:
    """The columns that both have, and the rows of each by these."""
    sides = [side for side in (old, new) if side is not None and side.columns]
    if not sides:
        return (), {}, {}
    columns = tuple(column for column in sides[-1].columns if column in sides[0].columns)
    return columns, _projected(old, columns), _projected(new, columns)


def _projected(side: Outcome | None, columns: Columns) -> dict[Row, datetime]:
    if side is None or not side.columns:
        return {}
    if not columns or columns == side.columns:
        return side.values
    places = [side.columns.index(column) for column in columns]
    found: dict[Row, datetime] = {}
    for row, at in side.values.items():
        found.setdefault(tuple(row[place] for place in places), at)
    return found


def _alerts(side: Outcome | None) -> list[datetime]:
    return [] if side is None else side.alerts


def _labels(side: Outcome | None) -> set[str]:
    return set() if side is None else side.labels


def _findings(side: Outcome | None) -> dict[Any, Diagnostic]:
    """By what they say, wherever that stands: lines move."""
    return {} if side is None else {(one.code, one.message): one for one in side.findings}


@dataclass(frozen=True, slots=True)
class Differences:
    """All changes between two commits with what they do, and what of that goes beyond the budget."""

    revisions: str
    span: Span
    effects: tuple[Effect, ...]
    unreadable: tuple[Unreadable, ...]
    breaches: tuple[str, ...]
