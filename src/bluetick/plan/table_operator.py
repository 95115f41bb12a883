"""What an operator is whose rows Python computes out of whole tables."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeAlias

Row: TypeAlias = "tuple[Any, ...]"


class TableOperator(Protocol):
    """Gives new rows for the rows of its inputs; a frozen value, so that a plan can be compared and printed."""

    @property
    def name(self) -> str:
        """The word that a user knows it by."""

    def rows(self, inputs: Sequence[list[Row]]) -> Iterable[Row]:
        """Output rows in their order. All values are physical: a timespan is whole microseconds, a datetime naive
        UTC, a guid and a dynamic are text. Raises LimitError where the work would grow past what is reasonable."""
