"""What the scan operator does, as data: its steps and the columns that they fill.

https://learn.microsoft.com/kusto/query/scan-operator
"""

from dataclasses import dataclass
from enum import Enum

from bluetick.plan.expressions import Column, Expr


class StepOutput(Enum):
    """Which records that match a step are given: all, of repeated matches the last, none."""

    ALL = "all"
    LAST = "last"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ScanStep:
    """`condition` and the assignments' values are over the columns read, and the state's columns of this step and the
    steps before it. `held` are the columns of this step in the state, each with the record's column that fills it."""

    name: str
    output: StepOutput
    condition: Expr
    assignments: tuple[tuple[Column, Expr], ...]
    held: tuple[tuple[Column, Column], ...]


@dataclass(frozen=True, slots=True)
class ScanSteps:
    """`added` are the declared columns and those of the input that a step assigns anew, each with the value it has in a
    record that no step has assigned: a constant or a column read. `empty` holds the constant that each column of
    the state has while its step has matched nothing."""

    steps: tuple[ScanStep, ...]
    added: tuple[tuple[Column, Expr], ...]
    empty: tuple[tuple[Column, Expr], ...]
    match_id: Column | None = None

    @property
    def columns(self) -> tuple[Column, ...]:
        last = () if self.match_id is None else (self.match_id,)
        return (*(column for column, _ in self.added), *last)
