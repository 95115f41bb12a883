"""`T | parse c with a ":" b | where isnotempty(a) | summarize n = count(), dcount(b) by a`: the rows are counted by the
whole text first, and each text is taken apart once, not with every row.

Exact because all that is grouped and aggregated is computed of this one text: the rows of a text lie in one group, with
the same values. Their counts add up, and how often a value is there changes neither how many different ones there are
nor the least nor the largest.

It is done where that cannot make many groups of few: the texts that are left match the pattern, and everything between
its literals is either a key or what one dcount is asked for. Two texts that differ then differ in these, so that the
query has to tell as many groups apart as there are texts.

Measured, 8.6 million rows with 348 paths: 0.1 s against 1.0 s; 3 million texts of which no two are alike: 1.5 s
against 1.4 s.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from bluetick.functions.regexes.determined import GAP, pieces_of
from bluetick.functions.registry import CATALOGUE
from bluetick.plan.expressions import Call, Column, ColumnRef, Expr, Literal, walk
from bluetick.plan.relations import (
    Aggregate,
    AggregateCall,
    Filter,
    Project,
    Relation,
    Scan,
    TabularStatement,
)
from bluetick.plan.traversal import queries_in
from bluetick.rewrite.everywhere import changed_everywhere
from bluetick.rewrite.fresh import FreshColumns, over
from bluetick.types import Type

_DISTINCT: Final = ("dcount", "count_distinct")
_ONCE: Final = (*_DISTINCT, "min", "max")  # that a value is there twice makes no difference
_OF_SOME_TEXT: Final = ("==", "=~", "has", "has_cs", "contains", "contains_cs", "startswith", "startswith_cs")
_MOST_PARTS: Final = 1_000  # of the expressions over a table's columns, which repeat what is named often

_Pieces: TypeAlias = tuple[str, ...]
"""The literals of a pattern, and the gaps between them."""


def with_alike_texts(statement: TabularStatement, fresh: FreshColumns) -> TabularStatement:
    return changed_everywhere(statement, lambda node: _counted(node, fresh))


def takes_texts_apart(node: Relation) -> bool:
    """Whether groups are made of rows of which a pattern took a text apart."""
    if not isinstance(node, Aggregate):
        return False
    below = node.input
    while isinstance(below, Filter | Project):
        if isinstance(below, Project) and any(
            isinstance(e, Call) and e.function.name == "extract" for _, e in below.items
        ):
            return True
        below = below.input
    return False


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of a scan, the conditions on them, and by its id what each column above is, over the scan's own."""

    relation: Relation
    conditions: tuple[Expr, ...]
    names: dict[int, Expr]


@dataclass(frozen=True, slots=True)
class _Capture:
    """What stands in some gaps (by their places) of a text that these pieces make up."""

    pieces: _Pieces
    places: frozenset[int]


def _counted(node: Relation, fresh: FreshColumns) -> Relation:
    if not isinstance(node, Aggregate) or not takes_texts_apart(node):
        return node
    calls = [item for item in node.items if isinstance(item, AggregateCall) and _is_of_values(item)]
    rows = _rows(node.input) if len(calls) == len(node.items) else None
    if rows is None:
        return node
    keys = [over(expr, rows.names) for _, expr in node.groups]
    args = [tuple(over(arg, rows.names) for arg in call.args) for call in calls]
    text = _only_text([*keys, *(arg for some in args for arg in some)])
    asked = [some[0] for call, some in zip(calls, args, strict=True) if call.function.name in _DISTINCT]
    if text is None or not _are_few(text, keys, asked, rows.conditions):
        return node
    key, often = fresh.column(text.name, Type.STRING), fresh.column("rows", Type.LONG)
    count = AggregateCall(often, CATALOGUE.aggregates["count"], ())
    counted = Aggregate(rows.relation, ((key, ColumnRef(text)),), (count,))
    names: dict[int, Expr] = {text.id: ColumnRef(key)}
    groups = tuple((column, over(expr, names)) for (column, _), expr in zip(node.groups, keys, strict=True))
    items = tuple(
        replace(call, args=tuple(over(arg, names) for arg in some))
        if call.args
        else AggregateCall(call.column, CATALOGUE.aggregates["sum"], (ColumnRef(often),))
        for call, some in zip(calls, args, strict=True)
    )
    return Aggregate(counted, groups, items, node.span)


def _is_of_values(item: AggregateCall) -> bool:
    name = item.function.name
    is_known = item.function is CATALOGUE.aggregates.get(name)
    return is_known and (name in _ONCE if item.args else name == "count")


def _rows(relation: Relation) -> _Rows | None:
    """None where these are not the rows of a scan, or a condition on them asks another query."""
    steps: list[Filter | Project] = []
    while isinstance(relation, Filter | Project):
        steps.append(relation)
        relation = relation.input
    if not isinstance(relation, Scan):
        return None
    names: dict[int, Expr] = {}
    conditions: list[Expr] = []
    for step in reversed(steps):
        before = step.predicates if isinstance(step, Filter) else tuple(expr for _, expr in step.items)
        if any(queries_in(expr) for expr in before):
            return None
        exprs = tuple(over(expr, names) for expr in before)
        if sum(1 for expr in exprs for _ in walk(expr)) > _MOST_PARTS:
            return None
        if isinstance(step, Filter):
            relation = Filter(relation, exprs, step.spans)
            conditions += exprs
        else:
            names.update((column.id, expr) for (column, _), expr in zip(step.items, exprs, strict=True))
    return _Rows(relation, tuple(conditions), names)


def _only_text(exprs: Iterable[Expr]) -> Column | None:
    """The one column that expressions read, if it is a string."""
    found = {part.column for expr in exprs for part in walk(expr) if isinstance(part, ColumnRef)}
    column = found.pop() if len(found) == 1 else None
    return column if column is not None and column.type is Type.STRING else None


def _are_few(text: Column, keys: list[Expr], asked: list[Expr], conditions: Iterable[Expr]) -> bool:
    """Whether no more texts are left than the keys, with what is asked for, tell apart."""
    matched = {found for one in conditions for found in _matched(one, text)}
    return any(_tell(pieces, text, keys, asked) for pieces in matched)


def _tell(pieces: _Pieces, text: Column, keys: list[Expr], asked: list[Expr]) -> bool:
    own = frozenset[int]().union(*(_places(key, text, pieces) for key in keys))
    gaps = {place for place, piece in enumerate(pieces) if piece == GAP}
    return any(gaps <= own | also for also in (frozenset[int](), *(_places(one, text, pieces) for one in asked)))


def _places(expr: Expr, text: Column, pieces: _Pieces) -> frozenset[int]:
    found = _capture(expr, text)
    return found.places if found is not None and found.pieces == pieces else frozenset()


def _capture(expr: Expr, text: Column) -> _Capture | None:
    match expr:
        case Call(args=(Literal(value=str() as pattern), Literal(value=1), source)):
            return _of_pattern(pattern) if expr.function.name == "extract" and _is_text(source, text) else None
        case _:
            return None


def _is_text(expr: Expr, text: Column) -> bool:
    """Whether it is the text itself, which tostring() leaves as it is."""
    if isinstance(expr, Call) and expr.function.name == "tostring":
        return expr.args == (ColumnRef(text),)
    return expr == ColumnRef(text)


def _of_pattern(pattern: str) -> _Capture | None:
    pieces = pieces_of(pattern)
    if pieces is None:
        return None
    places = frozenset(place for place, (is_captured, _) in enumerate(pieces) if is_captured)
    return _Capture(tuple(piece for _, piece in pieces), places)


def _matched(condition: Expr, text: Column) -> list[_Pieces]:
    """The patterns that a text must match for a condition on it to hold: what they capture is empty of any other."""
    if not isinstance(condition, Call):
        return []
    name, args = condition.function.name, condition.args
    if name == "and":
        return [pieces for part in args for pieces in _matched(part, text)]
    found: _Capture | None = None
    if name == "isnotempty" or (name in _OF_SOME_TEXT and isinstance(args[1], Literal) and args[1].value):
        found = _capture(args[0], text)
    elif name == "matches regex" and _is_text(args[0], text) and isinstance(args[1], Literal):
        found = _of_pattern(str(args[1].value))
    return [] if found is None else [found.pieces]
