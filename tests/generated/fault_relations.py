"""Faults of aggregates, windows, and the lowering of relations."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from bluetick.functions.definition import AggregateLowering, BoundAggregate
from bluetick.lowering import aggregate as lowering_aggregate
from bluetick.lowering import expand as lowering_expand
from bluetick.lowering import join as lowering_join
from bluetick.lowering import lowerer as lowering_lowerer
from bluetick.lowering import nodes as lowering_nodes
from bluetick.plan.expressions import InTable, Literal
from bluetick.plan.relations import JoinKind
from bluetick.sql import tree as sql_tree
from bluetick.sql.tree import (
    FALSE,
    TRUE,
    Aggregate,
    Binary,
    Column,
    Expr,
    Order,
    Select,
    call,
    coalesce,
    is_not_null,
    is_null,
    long,
    not_,
    when,
)
from generated.faults import Fault, WrongAggregate, aggregate, aggregate_taken_for, replaced, window

_SWAPPED: Final = (
    *(("min", "max"), ("maxif", "minif"), ("stdev", "stdevp"), ("variance", "variancep"), ("stdevp", "stdev")),
    *(("binary_all_and", "binary_all_or"), ("make_list_with_nulls", "make_list")),
)


def _without_condition(bound: BoundAggregate, right: AggregateLowering) -> Expr:
    """An `if` form that forgets its predicate."""
    return right(replace(bound, args=(*bound.args[:-1], replace(bound.args[-1], sql=TRUE))))


def _null_of_none(bound: BoundAggregate, right: AggregateLowering) -> Expr:
    return when(Binary(">", Aggregate("count", (bound[0].sql,)), long(0)), right(bound))


def _counting_null(bound: BoundAggregate, right: AggregateLowering) -> Expr:
    nulls = Aggregate("count", (long(1),), filter=is_null(bound[0].sql))
    return Binary("+", right(bound), call("least", nulls, long(1)))


def _with_duplicates(bound: BoundAggregate, _: AggregateLowering) -> Expr:
    return Aggregate("count", (bound[0].sql,))


def _backwards(bound: BoundAggregate, right: AggregateLowering) -> Expr:
    return right(replace(bound, order=tuple(replace(o, descending=not o.descending) for o in bound.order)))


def _unordered(bound: BoundAggregate, right: AggregateLowering) -> Expr:
    return right(replace(bound, order=(Order(bound[0].sql),)))


def _without_size(bound: BoundAggregate, right: AggregateLowering) -> Expr:
    return right(replace(bound, args=bound.args[:1]))


def _every_row(bound: BoundAggregate, right: AggregateLowering) -> Expr:
    return Aggregate("count", (bound[0].sql,)) if bound.args else right(bound)


def _other_rank(bound: BoundAggregate, right: AggregateLowering) -> Expr:
    rank = min(int(bound[1].constant) + 25, 100)
    return right(replace(bound, args=(bound[0], replace(bound[1], sql=long(rank), constant=rank))))


_AGGREGATES: Final[tuple[tuple[str, str, WrongAggregate], ...]] = (
    ("sum", "sum of nothing is null", _null_of_none),
    ("avg", "avg of nothing is null", _null_of_none),
    ("sumif", "sumif forgets its condition", _without_condition),
    ("countif", "countif counts false", _every_row),
    ("avgif", "avgif forgets its condition", _without_condition),
    ("dcount", "dcount counts null", _counting_null),
    ("dcount", "dcount counts duplicates", _with_duplicates),
    ("count_distinct", "count_distinct counts null", _counting_null),
    ("dcountif", "dcountif forgets its condition", _without_condition),
    ("make_list", "make_list in another order", _backwards),
    ("make_list", "make_list sorts", _unordered),
    ("make_set", "make_set forgets its size", _without_size),
    ("make_set_if", "make_set_if forgets its condition", _without_condition),
    ("percentile", "percentile of another rank", _other_rank),
)


# --- relations -------------------------------------------------------------------------------------------------------

Change = Callable[[Any], Any]


def _of_nodes(fault: str, words: tuple[str, ...], name: str, change: Change) -> Fault:
    """A lowering that sees another relation than it should."""

    def wrapped(right: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        return lambda lowerer, relation: right(lowerer, change(relation))

    return replaced(fault, words, lowering_nodes, name, wrapped)


def _join(fault: str, words: tuple[str, ...], wrong: JoinKind, right: JoinKind) -> Fault:
    """A kind of join lowered as another."""

    def change(relation: Any) -> Any:
        return replace(relation, kind=wrong) if relation.kind is right else relation

    return _of_nodes(fault, words, "lower_join", change)


_KIND = JoinKind
_JOINS: Final = (
    _join("innerunique for inner", ("join (",), _KIND.INNER, _KIND.INNERUNIQUE),
    _join("inner for innerunique", ("join kind=inner ",), _KIND.INNERUNIQUE, _KIND.INNER),
    _join("leftouter for inner", ("kind=leftouter",), _KIND.INNER, _KIND.LEFTOUTER),
    _join("rightouter for inner", ("kind=rightouter",), _KIND.INNER, _KIND.RIGHTOUTER),
    _join("fullouter for leftouter", ("kind=fullouter",), _KIND.LEFTOUTER, _KIND.FULLOUTER),
    _join("leftanti for leftsemi", ("kind=leftanti",), _KIND.LEFTSEMI, _KIND.LEFTANTI),
    _join("rightsemi for rightanti", ("kind=rightsemi",), _KIND.RIGHTANTI, _KIND.RIGHTSEMI),
)


def _null_keys_differ(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(lowerer: Any, relation: Any, *sides: Any) -> Any:
        return _equal_only(right(lowerer, relation, *sides))

    return wrong


def _equal_only(expr: Any) -> Any:
    match expr:
        case Binary(operator="IS NOT DISTINCT FROM", left=left, right=right):
            return Binary("=", left, right)
        case Binary(left=left, right=right):
            return replace(expr, left=_equal_only(left), right=_equal_only(right))
        case _:
            return expr


def _keys(change: Change) -> Change:
    """The sort with every key changed."""
    return lambda relation: replace(relation, keys=tuple(change(key) for key in relation.keys))


def _one_more(relation: Any) -> Any:
    count = relation.count
    return replace(relation, count=replace(count, value=count.value + 1)) if isinstance(count, Literal) else relation


def _distinct_rows(right: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A union that drops duplicates."""

    def wrong(lowerer: Any, relation: Any) -> Any:
        stage = right(lowerer, relation)
        items = tuple((name, Column(name)) for name in stage.aliases.values())
        return lowerer.add(Select(items, lowerer.source(stage), distinct=True), dict(stage.aliases))

    return wrong


def _last_leg_lost(relation: Any) -> Any:
    return replace(relation, legs=relation.legs[:-1]) if len(relation.legs) > 1 else relation


def _as_pairs(relation: Any) -> Any:
    return replace(relation, as_pairs=not relation.as_pairs)


def _null_is_true(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *conditions: coalesce(right(*conditions), TRUE)


def _null_gives_no_row(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda value, forms, as_pairs: when(is_not_null(value), right(value, forms, as_pairs))


def _largest_row(right: Callable[..., Any]) -> Callable[..., Any]:
    """The flags that put null first turned round."""

    def wrong(columns: Any) -> Any:
        return tuple((n, not_(v) if n.endswith("_set") else v) for n, v in right(columns))

    return wrong


def _in_table(change: Callable[[InTable], InTable]) -> Callable[[Any], Any]:
    def wrapped(right: type) -> Any:
        class Wrong(right):  # type: ignore[misc]
            __slots__ = ()

            def lower(self, expr: Any, row: Any, *, truth_only: bool = False) -> Any:
                changed = change(expr) if isinstance(expr, InTable) else expr
                return super().lower(changed, row, truth_only=truth_only)

        return Wrong

    return wrapped


def _picks(change: Change) -> Change:
    def changed(relation: Any) -> Any:
        return replace(relation, items=tuple(change(item) for item in relation.items))

    return changed


def _arg_min(item: Any) -> Any:
    return (
        replace(item, descending=not item.descending) if hasattr(item, "descending") and item.by is not None else item
    )


def _nulls_first_in_arg_max(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda value, type_: [("by_none", when(is_null(value), FALSE, TRUE)), *right(value, type_)]


def _first_of_all(right: Any) -> Any:
    """smallest_row that looks at the last column first."""
    return lambda columns: right(list(columns)[::-1])


class _SqlWithoutCoalesce:
    """The SQL tree's module with a coalesce that does nothing."""

    def __init__(self, module: Any) -> None:
        self.__dict__.update(vars(module))
        self.__dict__["coalesce"] = lambda value, *_: value


_RELATIONS: Final = (
    replaced("null join keys differ", ("join",), lowering_join, "_condition", _null_keys_differ),
    replaced("outer joins leave null texts", ("outer",), lowering_join, "sql", _SqlWithoutCoalesce),
    replaced("innerunique takes another row", ("join (",), lowering_join, "smallest_row", _first_of_all),
    replaced("arg_max takes another row of equals", ("arg_m",), lowering_aggregate, "smallest_row", _first_of_all),
    replaced("null comes last among ties", ("arg_m",), lowering_aggregate, "smallest_row", _largest_row),
    replaced("where keeps null", ("where",), sql_tree, "all_of", _null_is_true),
    replaced("union drops duplicates", ("union",), lowering_nodes, "_union", _distinct_rows),
    replaced("null expands to nothing", ("mv-expand",), lowering_expand, "_elements", _null_gives_no_row),
    _of_nodes("union loses a leg", ("union",), "_union", _last_leg_lost),
    _of_nodes("bags expand to pairs", ("mv-expand",), "lower_expand", _as_pairs),
    _of_nodes(
        "sort the other way", ("sort by",), "_sort", _keys(lambda key: replace(key, descending=not key.descending))
    ),
    _of_nodes("sort puts nulls last", ("by",), "_sort", _keys(lambda key: replace(key, nulls_first=False))),
    _of_nodes("sort puts nulls first", ("by",), "_sort", _keys(lambda key: replace(key, nulls_first=True))),
    _of_nodes("sort forgets its later keys", ("sort by",), "_sort", lambda r: replace(r, keys=r.keys[:1])),
    _of_nodes("take one more", ("take",), "_limit", _one_more),
    _of_nodes("arg_max for arg_min", ("arg_m",), "lower_aggregate", _picks(_arg_min)),
    replaced(
        "!in of a table takes it for in",
        (" !in (",),
        lowering_lowerer,
        "Expressions",
        _in_table(lambda e: replace(e, negated=False)),
    ),
)


def _other_window(name: str) -> Callable[[Any, Any], Any]:
    from bluetick.functions.registry import CATALOGUE  # noqa: PLC0415 - as it is when the fault is in place

    return lambda bound, _: CATALOGUE.windows[name].duckdb(replace(bound, name=name))


_WINDOWS: Final = (
    window("prev", "prev for next", _other_window("next")),
    window("row_number", "row_number from zero", lambda bound, right: Binary("-", right(bound), long(1))),
    window("row_cumsum", "row_cumsum without this row", lambda bound, right: Binary("-", right(bound), bound[0].sql)),
    window("next", "next over unordered rows", lambda bound, right: right(replace(bound, order=bound.order[::-1]))),
)

FAULTS: Final[tuple[Fault, ...]] = (
    *(aggregate_taken_for(name, other) for name, other in _SWAPPED),
    *(aggregate(name, fault, wrong) for name, fault, wrong in _AGGREGATES),
    *_JOINS,
    *_RELATIONS,
    *_WINDOWS,
)
