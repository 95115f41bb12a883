"""Patterns that two sets of rows do not share alike. https://learn.microsoft.com/kusto/query/diffpatterns-plugin

The product's algorithm is not published in full. Here: of all patterns whose shares of the two sets differ enough, the
one that differs most, then each that tells of rows which those before it do not.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from bluetick.functions.mining.patterns import Data, Pattern, cells, closed_patterns, encode, fixed_order

_LEAST_NEW = 0.5  # of a pattern's rows that no pattern before it may have


def differences(
    rows: Sequence[Sequence[Any]],
    weights: Sequence[tuple[float, float]],
    share: float,
    most_dimensions: int,
    wildcards: Sequence[Any],
) -> Iterator[tuple[Any, ...]]:
    """Number, counts, percents and their difference, and cells of each pattern, the largest difference first."""
    if not rows:
        return
    data, patterns = _patterns(rows, weights, share, most_dimensions)
    for number, pattern in enumerate(patterns):
        percents = _percents(data, pattern)
        difference = round(abs(percents[0] - percents[1]), 2)
        counts = (round(one) for one in pattern.support)
        yield number, *counts, *(round(one, 2) for one in percents), difference, *cells(data, pattern, wildcards)


def text_differences(
    texts: Sequence[str], weights: Sequence[tuple[float, float]], least_tokens: int, share: float, most_tokens: int
) -> Iterator[tuple[Any, ...]]:
    """The same over the words of texts, each in its place: counts, percents and the pattern with stars for words that
    vary; a star at the end for words that follow."""
    if not texts:
        return
    words = [text.split() for text in texts]
    rows = [(*line[:most_tokens], *[None] * (most_tokens - len(line))) for line in words]
    data, patterns = _patterns(rows, weights, share, most_tokens)
    for pattern in patterns:
        fixed = {column: data.values[column][code] for column, code in pattern.items}
        tokens = [fixed.get(column, "*") for column in range(max(fixed) + 1)]
        while tokens and tokens[-1] is None:  # all these texts end here
            tokens.pop()
        if sum(token not in ("*", None) for token in tokens) < least_tokens:
            continue
        ends_here = fixed.get(len(tokens), "") is None
        line = " ".join("*" if token is None else token for token in tokens) + ("" if ends_here else " *")
        yield *(round(one) for one in pattern.support), *(round(one, 2) for one in _percents(data, pattern)), line


def _patterns(
    rows: Sequence[Sequence[Any]], weights: Sequence[tuple[float, float]], share: float, most_dimensions: int
) -> tuple[Data, list[Pattern]]:
    data = encode(rows, weights, share)
    found = closed_patterns(data, share, most_dimensions).patterns
    differing = [p for p in found if _difference(data, p) >= 100.0 * share - 1e-9]
    ordered = sorted(differing, key=lambda p: (-_difference(data, p), fixed_order(data, p)))
    return data, list(_distinct(data, ordered))


def _percents(data: Data, pattern: Pattern) -> tuple[float, float]:
    first, second = (
        100.0 * one / float(total) if total > 0 else 0.0
        for one, total in zip(pattern.support, data.totals, strict=True)
    )
    return first, second


def _difference(data: Data, pattern: Pattern) -> float:
    first, second = _percents(data, pattern)
    return abs(first - second)


def _distinct(data: Data, ordered: list[Pattern]) -> Iterator[Pattern]:
    """Looks at the rows of the set in which a pattern stands out."""
    covered = np.zeros(data.rows, np.bool_)
    for pattern in ordered:
        first, second = _percents(data, pattern)
        side = 0 if first >= second else 1
        mask = data.mask(pattern.items)
        if float(data.support(mask & ~covered)[side]) >= _LEAST_NEW * pattern.support[side]:
            covered |= mask
            yield pattern
