"""Why a row is in the result of a detection's run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bluetick.detections.explaining.baselines import baselines
from bluetick.detections.explaining.conditions import comparable, is_nan
from bluetick.detections.explaining.events import source_rows
from bluetick.detections.explaining.measures import lookups, measured
from bluetick.detections.explaining.model import Grid, RowExplanation
from bluetick.detections.explaining.pins import Pins
from bluetick.detections.explaining.reading import Reader
from bluetick.detections.explaining.tracing import trace
from bluetick.detections.model import Detection
from bluetick.detections.runs import query_request
from bluetick.detections.tuning.applying import tuned
from bluetick.detections.tuning.model import TuningDocument
from bluetick.plan.expressions import ColumnRef
from bluetick.plan.identity import identity_columns, passing_columns
from bluetick.plan.relations import TabularStatement
from bluetick.session import Session
from bluetick.types import Type
from bluetick.values import json_rows


@dataclass(frozen=True, slots=True)
class Shown:
    """How much of it is shown: source rows of a table, groups of a baseline."""

    rows: int = 20
    groups: int = 10


class Explainer:
    """A detection's result as of an instant, with why its rows are in it."""

    def __init__(
        self, session: Session, detection: Detection, now: datetime, tuning: TuningDocument | None = None
    ) -> None:
        held = session.pinned()
        request = tuned(query_request(detection, now), tuning)
        plan, _ = held.plan(request)
        self._reader = Reader(held, plan, request)
        self._now = now
        self._statement: TabularStatement = plan.statements[-1]
        self.identity = identity_columns(self._statement)
        self.rows = self._reader.rows(self._statement.relation)
        self.columns = tuple((column.name, column.type) for column in self._statement.relation.columns)

    def find(self, columns: Sequence[str], cells: Sequence[Any]) -> int | None:
        """The place in `rows` of the row with these cells (as in JSON), or of the only one that is of the same."""
        if [name for name, _ in self.columns] != list(columns):
            return None
        known = list(json_rows(((name, type_.value) for name, type_ in self.columns), self.rows))
        if list(cells) in known:
            return known.index(list(cells))
        alike = [i for i, row in enumerate(known) if all(row[place] == cells[place] for place in self.identity)]
        return alike[0] if len(alike) == 1 else None

    def explain(self, place: int, shown: Shown = Shown()) -> RowExplanation:
        """Why the row at a place in `rows` is there."""
        relation = self._statement.relation
        passing = passing_columns(relation)
        found = trace(self._reader, relation, self._pins(self.rows[place], passing))
        text = self._reader.request.text
        return RowExplanation(
            self._now,
            Grid(self.columns, (self.rows[place],)),
            source_rows(self._reader, relation, found.scans, shown.rows),
            baselines(self._reader, found.meetings, text, shown.groups),
            measured(self._reader, found.filters, passing, text),
            lookups(self._reader, found.lookups),
            tuple(dict.fromkeys(found.unreached)),
        )

    def _pins(self, row: Sequence[Any], passing: set[int]) -> Pins:
        """By what the row is of; where other rows are of the same, also by what was computed, but for reals, which
        another order of adding changes in their last digits."""
        columns = self._statement.relation.columns
        places = [i for i in self.identity if columns[i].type is not Type.DYNAMIC or columns[i].id not in passing]
        alike = [one for one in self.rows if all(_same(one[i], row[i]) for i in places)]
        if len(alike) > 1:
            places = [i for i, column in enumerate(columns) if column.id not in passing or column.type not in _INEXACT]
        keys = [ColumnRef(columns[i]) for i in places if columns[i].type is not Type.DYNAMIC]
        values = tuple(row[i] for i in places if columns[i].type is not Type.DYNAMIC)
        return self._with_texts(Pins(tuple(keys), (values,)), row, places)

    def _with_texts(self, pins: Pins, row: Sequence[Any], places: Sequence[int]) -> Pins:
        """Dynamic values are pinned by their texts, as the engine writes them."""
        columns = [self._statement.relation.columns[i] for i in places]
        texts = [comparable(ColumnRef(column)) for column in columns if column.type is Type.DYNAMIC]
        if not texts:
            return pins
        found = self._reader.distinct(pins.over(self._statement.relation), texts, 2)
        if len(found) != 1:
            return pins
        return replace(pins, keys=(*pins.keys, *texts), rows=((*pins.rows[0], *found[0]),))


_INEXACT = (Type.REAL, Type.DYNAMIC)


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) or (is_nan(one) and is_nan(other))
