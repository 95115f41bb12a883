"""Frequent patterns. https://learn.microsoft.com/kusto/query/basket-plugin"""

from collections.abc import Iterator, Sequence
from typing import Any

from bluetick.diagnostics.errors import Limit, LimitError
from bluetick.functions.mining.patterns import cells, closed_patterns, encode, fixed_order


def baskets(
    rows: Sequence[Sequence[Any]],
    weights: Sequence[float],
    share: float,
    most_dimensions: int,
    wildcards: Sequence[Any],
) -> Iterator[tuple[Any, ...]]:
    """Number, count, percent and cells of each closed pattern with at least this share of the rows, largest first."""
    if not rows:
        return
    data = encode(rows, [(weight,) for weight in weights], share)
    search = closed_patterns(data, share, most_dimensions)
    if not search.complete:
        raise LimitError(
            "basket finds too many patterns here: project fewer columns, or give a larger threshold", Limit.RESULT
        )
    ordered = sorted(search.patterns, key=lambda p: (-p.support[0], fixed_order(data, p)))
    for number, pattern in enumerate(ordered):
        (count,) = pattern.support
        yield number, round(count), round(100.0 * count / float(data.totals[0]), 1), *cells(data, pattern, wildcards)
