"""Conditions on what was computed: the values that a row had there, beside the constant that they were held to."""

from collections.abc import Iterator, Sequence
from typing import Final

from bluetick.detections.explaining.conditions import column_ids
from bluetick.detections.explaining.model import Condition, Lookup, Measured
from bluetick.detections.explaining.reading import Reader
from bluetick.detections.explaining.tracing import Spot
from bluetick.diagnostics import Span
from bluetick.plan.expressions import Call, Column, ColumnRef, Expr, walk
from bluetick.plan.relations import Filter, ProviderLookup, Values
from bluetick.values import json_cell

_COMPARISONS: Final = frozenset({"<", "<=", ">", ">=", "==", "!="})
_MOST: Final = 5


def measured(reader: Reader, spots: Sequence[Spot], passing: set[int], text: str) -> tuple[Measured, ...]:
    """Of the filters that a row passed on its way: the conditions on columns that are computed over rows (`passing`),
    each once, those next to the tables first."""
    found = [one for spot in reversed(spots) for one in _of_filter(reader, spot, passing, text)]
    return tuple({(one.condition.text, one.place, repr(one.values)): one for one in found}.values())


def _of_filter(reader: Reader, spot: Spot, passing: set[int], text: str) -> Iterator[Measured]:
    node = spot.node
    if not isinstance(node, Filter):
        return
    for predicate, span in zip(node.predicates, node.spans, strict=False):
        if column_ids(predicate) & passing:
            rows = spot.pins.over(node)
            computed = [(column.name, ColumnRef(column)) for column in _columns(predicate) if column.id in passing]
            yield Measured(condition(reader, predicate, span, text), spot.place, reader.values(rows, computed, _MOST))


def _columns(predicate: Expr) -> list[Column]:
    return list(dict.fromkeys(part.column for part in walk(predicate) if isinstance(part, ColumnRef)))


def condition(reader: Reader, predicate: Expr, span: Span, text: str) -> Condition:
    """A condition of the query `text`, with what it comes to that is the same for every row."""
    written = " ".join(text[span.start : span.end].split())
    limit = _limit(predicate)
    if limit is None:
        return Condition(written)
    ((value,),) = reader.values(Values((), ((),)), [("limit", limit)], 1).rows
    return Condition(written, json_cell(value, limit.type))


def _limit(predicate: Expr) -> Expr | None:
    """The side of a comparison that is the same for every row."""
    if not isinstance(predicate, Call) or predicate.function.name not in _COMPARISONS:
        return None
    sides = [side for side in predicate.args if not column_ids(side)]
    return sides[0] if len(sides) == 1 else None


def lookups(reader: Reader, spots: Sequence[Spot]) -> tuple[Lookup, ...]:
    """What providers answered for the row."""
    return tuple(_lookup(reader, spot, spot.node) for spot in spots if isinstance(spot.node, ProviderLookup))


def _lookup(reader: Reader, spot: Spot, node: ProviderLookup) -> Lookup:
    items = [(node.key.name, ColumnRef(node.key))]
    items += [(field, ColumnRef(column)) for field, column in zip(node.fields, node.added, strict=True)]
    return Lookup(node.provider, reader.values(spot.pins.over(node), items, _MOST))
