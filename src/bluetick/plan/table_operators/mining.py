"""Plugins that look for patterns in whole tables; the search itself needs numpy and is loaded when it runs.

The rows come grouped: the columns' values, then the weight of the group (in each of the sets that are compared).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from bluetick.plan.table_operator import Row


@dataclass(frozen=True, slots=True)
class Basket:
    """Number, count, percent and values of every pattern with at least this share of the rows."""

    share: float
    most_dimensions: int
    wildcards: tuple[Any, ...]
    name: ClassVar[str] = "basket"

    def rows(self, inputs: Sequence[list[Row]]) -> Iterable[Row]:
        from bluetick.functions.mining.baskets import baskets  # noqa: PLC0415 - loaded when a query needs it

        (rows,) = inputs
        weights = [row[-1] for row in rows]
        return baskets([row[:-1] for row in rows], weights, self.share, self.most_dimensions, self.wildcards)


@dataclass(frozen=True, slots=True)
class AutoCluster:
    """Number, count, percent and values of a few patterns that tell much of the rows."""

    size_weight: float
    seeds: int
    wildcards: tuple[Any, ...]
    name: ClassVar[str] = "autocluster"

    def rows(self, inputs: Sequence[list[Row]]) -> Iterable[Row]:
        from bluetick.functions.mining.clusters import clusters  # noqa: PLC0415 - loaded when a query needs it

        (rows,) = inputs
        weights = [row[-1] for row in rows]
        return clusters([row[:-1] for row in rows], weights, self.size_weight, self.seeds, self.wildcards)


@dataclass(frozen=True, slots=True)
class DiffPatterns:
    """Number, counts, percents, their difference and values of patterns that two sets do not share alike."""

    share: float
    most_dimensions: int
    wildcards: tuple[Any, ...]
    name: ClassVar[str] = "diffpatterns"

    def rows(self, inputs: Sequence[list[Row]]) -> Iterable[Row]:
        from bluetick.functions.mining.differences import differences  # noqa: PLC0415 - loaded when a query needs it

        (rows,) = inputs
        weights = [row[-2:] for row in rows]
        return differences([row[:-2] for row in rows], weights, self.share, self.most_dimensions, self.wildcards)


@dataclass(frozen=True, slots=True)
class DiffPatternsText:
    """Counts, percents and words of patterns of texts that two sets do not share alike."""

    least_tokens: int
    share: float
    most_tokens: int
    name: ClassVar[str] = "diffpatterns_text"

    def rows(self, inputs: Sequence[list[Row]]) -> Iterable[Row]:
        from bluetick.functions.mining.differences import (  # noqa: PLC0415 - loaded when a query needs it
            text_differences,
        )

        (rows,) = inputs
        weights = [row[-2:] for row in rows]
        return text_differences([row[0] for row in rows], weights, self.least_tokens, self.share, self.most_tokens)
