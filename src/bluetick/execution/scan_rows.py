"""The scan operator over rows in their order: one machine of steps for each partition.

https://learn.microsoft.com/kusto/query/scan-operator
A record is held against the steps from the last to the first. A step with output=last gives its latest record once its
series has ended (another sequence takes its place, it is promoted, or the rows end). Rows come out in the order of
their records, and of one record the last step first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from bluetick.plan.evaluation import Evaluate, compiled, physical
from bluetick.plan.expressions import Column, Literal
from bluetick.plan.scan_steps import ScanSteps, StepOutput
from bluetick.types import Type
from bluetick.values import arrow_type, to_physical


def scan_rows(operator: ScanSteps, reads: Sequence[Column], rows: pa.Table) -> "list[pa.Array[Any]]":
    """The number of each output row's input row (from 1), its place, and the columns that the operator adds.

    The rows have the columns `reads`, then those that cut them into partitions.
    """
    steps = _Steps.of(operator, reads)
    values = [to_physical(rows.column(i), column.type).to_pylist() for i, column in enumerate(reads)]
    keys = [rows.column(i).to_pylist() for i in range(len(reads), rows.num_columns)]
    found = sorted(_matches(steps, values, keys, rows.num_rows), key=lambda match: (match.row, -match.step))
    added = [_array((m.added[i] for m in found), column.type) for i, (column, _) in enumerate(operator.added)]
    if operator.match_id is not None:
        added.append(_array((m.sequence for m in found), Type.LONG))
    return [_array((m.row + 1 for m in found), Type.LONG), _array(range(len(found)), Type.LONG), *added]


def _array(values: "Iterator[Any] | range", type_: Type) -> "pa.Array[Any]":
    return pa.array(list(values), arrow_type(type_))


@dataclass(frozen=True, slots=True)
class _Match:
    """A record that matches a step: its row (from 0), the step, its sequence, and the values of the added columns."""

    row: int
    step: int
    sequence: int
    added: tuple[Any, ...]


@dataclass(slots=True)
class _State:
    """A step's active sequence: the state's values of this step and those before it. `waiting` may be given yet."""

    sequence: int
    values: list[Any]
    waiting: _Match | None = None


@dataclass(frozen=True, slots=True)
class _Step:
    """`held` says which of the record's values (those read, then those added) go where in the state."""

    output: StepOutput
    condition: Evaluate
    assignments: tuple[tuple[int, Evaluate], ...]
    held: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Steps:
    """The operator made ready to run. Expressions are over the values read with the state's values behind them."""

    steps: tuple[_Step, ...]
    defaults: tuple[Evaluate, ...]
    empty: list[Any]

    @staticmethod
    def of(operator: ScanSteps, reads: Sequence[Column]) -> "_Steps":
        state = [column for column, _ in operator.empty]
        places = {column.id: place for place, column in enumerate((*reads, *state))}
        record = {c.id: place for place, c in enumerate((*reads, *(column for column, _ in operator.added)))}
        in_added = {column.id: place for place, (column, _) in enumerate(operator.added)}
        steps = tuple(
            _Step(
                step.output,
                compiled(step.condition, places),
                tuple((in_added[column.id], compiled(value, places)) for column, value in step.assignments),
                tuple((places[column.id] - len(reads), record[source.id]) for column, source in step.held),
            )
            for step in operator.steps
        )
        empty = [physical(value.value, value.type) for _, value in operator.empty if isinstance(value, Literal)]
        return _Steps(steps, tuple(compiled(value, places) for _, value in operator.added), empty)


def _matches(steps: _Steps, values: list[list[Any]], keys: list[list[Any]], count: int) -> Iterator[_Match]:
    """All that is given, in no order."""
    machines: dict[tuple[Any, ...], _Machine] = {}
    for row in range(count):
        key = tuple(column[row] for column in keys)
        machine = machines.get(key)
        if machine is None:
            machine = machines[key] = _Machine(steps, [None] * len(steps.steps))
        yield from machine.take(row, [column[row] for column in values])
    for machine in machines.values():
        yield from machine.end()


@dataclass(slots=True)
class _Machine:
    """The states of all steps over one partition."""

    steps: _Steps
    states: list[_State | None]
    sequences: int = field(default=0)

    def take(self, row: int, record: list[Any]) -> Iterator[_Match]:
        for place in range(len(self.states) - 1, -1, -1):
            before = self.states[place - 1] if place else None
            if before is not None and self._meets(place, record, before):
                yield from _ended(self.states[place], before)
                self.states[place - 1] = None
                yield from self._matched(row, place, record, _State(before.sequence, before.values))
                continue
            own = self.states[place]
            if own is None and place:
                continue
            if self._meets(place, record, own):
                if own is None:
                    own = _State(self.sequences, self.steps.empty)
                    self.sequences += 1
                yield from self._matched(row, place, record, own)

    def end(self) -> Iterator[_Match]:
        yield from _ended(*self.states)

    def _meets(self, place: int, record: list[Any], state: _State | None) -> bool:
        values = self.steps.empty if state is None else state.values
        return self.steps.steps[place].condition(record + values) is True

    def _matched(self, row: int, place: int, record: list[Any], state: _State) -> Iterator[_Match]:
        """Assigns, remembers, and gives the record where the step gives all."""
        step = self.steps.steps[place]
        seen = record + state.values
        added = [default(seen) for default in self.steps.defaults]
        for column, value in step.assignments:
            added[column] = value(seen)
        full = record + added
        values = list(state.values)
        for slot, source in step.held:
            values[slot] = full[source]
        match = _Match(row, place, state.sequence, tuple(added))
        self.states[place] = _State(state.sequence, values, match if step.output is StepOutput.LAST else None)
        if step.output is StepOutput.ALL:
            yield match


def _ended(*states: _State | None) -> Iterator[_Match]:
    return (state.waiting for state in states if state is not None and state.waiting is not None)
