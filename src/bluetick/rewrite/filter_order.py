"""`where not(<a pattern>) | where <something else>`: what excludes by a pattern is asked last, of fewer rows, and
ranges of addresses between which `or` stands are looked for at once.

Exact because all conditions must hold, in whatever order they are asked, and none of those that are asked earlier than
they were written can fail. `ipv4_is_in_range(x, a) or ipv4_is_in_range(x, b)` is null where x is no address and else
whether it lies in one of the networks, as `ipv4_is_in_any_range(x, a, b)` is, if both networks are constants.

DuckDB keeps the order of conditions that it cannot prove to be harmless, and those of patterns are of that kind.
"""

from dataclasses import replace
from typing import Final

from bluetick.diagnostics import Span
from bluetick.functions.registry import CATALOGUE
from bluetick.functions.scalar.ipv4 import parse_constant
from bluetick.plan.expressions import Call, ColumnRef, Expr, Literal, Parameter, Promote, walk
from bluetick.plan.rebuilding import rebuilt_expression, with_children
from bluetick.plan.relations import Filter, Relation, TabularStatement
from bluetick.rewrite.everywhere import changed_everywhere
from bluetick.rewrite.fresh import FreshColumns

_SLOW: Final = frozenset({"ipv4_is_private", "matches regex"})
_RANGES: Final = ("ipv4_is_in_range", "ipv4_is_in_any_range")
_MOST_RANGES: Final = 64
_COMPARISONS: Final = frozenset({"==", "!=", "=~", "!~", "<", "<=", ">", ">=", "in", "!in", "in~", "!in~"})
_TEXT: Final = frozenset({"has", "contains", "startswith", "endswith", "!has", "!contains", "!startswith", "!endswith"})
_TRUTH: Final = frozenset({"and", "or", "not", "isempty", "isnotempty", "isnull", "isnotnull", "ago", "now"})
_SURE: Final = _COMPARISONS | _TEXT | _TRUTH | _SLOW | {*_RANGES}


def with_ordered_filters(statement: TabularStatement, fresh: FreshColumns) -> TabularStatement:
    return changed_everywhere(statement, _ordered)


def has_much_to_ask(node: Relation) -> bool:
    """Whether there are conditions of the kind."""
    return isinstance(node, Filter) and (
        (isinstance(node.input, Filter) and any(map(_excludes, node.input.predicates)))
        or any(_is_or_of_ranges(part) for one in node.predicates for part in walk(one))
    )


def _ordered(node: Relation) -> Relation:
    if not isinstance(node, Filter) or not has_much_to_ask(node):
        return node
    joined = _at_once(node)
    if not isinstance(joined.input, Filter):
        return joined
    below = joined.input
    early = [one for one in below.predicates if not _excludes(one)]
    late = [one for one in below.predicates if _excludes(one)]
    if not late or not all(_is_sure(one) for one in joined.predicates):
        return joined
    spans: dict[int, Span] = {}
    for part in (below, joined):
        spans.update((id(one), span) for one, span in zip(part.predicates, part.spans, strict=False))
    predicates = (*early, *joined.predicates, *late)
    has_spans = len(spans) == len(predicates)
    return Filter(below.input, predicates, tuple(spans[id(one)] for one in predicates) if has_spans else ())


def _excludes(predicate: Expr) -> bool:
    return (
        isinstance(predicate, Call)
        and predicate.function.name == "not"
        and any(isinstance(part, Call) and part.function.name in _SLOW for part in walk(predicate))
        and _is_sure(predicate)
    )


def _is_sure(predicate: Expr) -> bool:
    """Whether it can neither fail nor ask anything of another relation."""
    return all(
        part.function.name in _SURE
        if isinstance(part, Call)
        else isinstance(part, ColumnRef | Literal | Parameter | Promote)
        for part in walk(predicate)
    )


def _at_once(node: Filter) -> Filter:
    """The same conditions, with the ranges of one address together."""
    predicates = tuple(rebuilt_expression(one, _joined) for one in node.predicates)
    return node if predicates == node.predicates else replace(node, predicates=predicates)


def _is_or_of_ranges(part: Expr) -> bool:
    return isinstance(part, Call) and part.function.name == "or" and _joined(part, list(part.args)) is not part


def _joined(part: Expr, inner: list[Expr]) -> Expr:
    if isinstance(part, Call) and part.function.name == "or":
        left, right = _networks(inner[0]), _networks(inner[1])
        if left is not None and right is not None and left[0] == right[0]:
            networks = dict.fromkeys((*left[1], *right[1]))
            if len(networks) <= _MOST_RANGES:
                return Call(CATALOGUE.scalars[_RANGES[1]], (left[0], *networks), part.type)
        if list(part.args) == inner:
            return part
    return with_children(part, inner) if inner else part


def _networks(expr: Expr) -> tuple[ColumnRef, tuple[Literal, ...]] | None:
    """The column and the constant networks in one of which it is asked to lie."""
    if not isinstance(expr, Call) or expr.function.name not in _RANGES or not isinstance(expr.args[0], ColumnRef):
        return None
    networks = tuple(arg for arg in expr.args[1:] if isinstance(arg, Literal) and _is_network(arg.value))
    return (expr.args[0], networks) if len(networks) == len(expr.args) - 1 else None


def _is_network(value: object) -> bool:
    return isinstance(value, str) and parse_constant(value) is not None
