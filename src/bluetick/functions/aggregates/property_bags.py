"""make_bag and its relatives: aggregates whose value is a property bag."""

from bluetick.functions.aggregates.collections import MAX_SIZE, OLD_MAX_SIZE, check_size, size_of
from bluetick.functions.aggregates.conditional import Body, aggregate, conditional, plain
from bluetick.functions.definition import AggregateFunction, BoundAggregate, Example, param, prefixed, signature
from bluetick.functions.scalar.json_text import DUCKDB, NULL_TEXT, SPARK, Forms, is_bag
from bluetick.sql.tree import (
    Bare,
    Binary,
    Bound,
    Call,
    Expr,
    Field,
    Lambda,
    Subscript,
    all_of,
    any_of,
    call,
    coalesce,
    is_not_null,
    is_null,
    text,
)
from bluetick.types import INTEGER, Type

# A bag is taken apart into entries {key, value}; the entries of all rows are sorted and the first of each key stays.

_ENTRY = Bound("entry")
_PAIR = Bound("pair")
_KEY = Field(_ENTRY, "key")
_PREDICATE = param("predicate", Type.BOOL)
_MAX_SIZE = param("max_size", *INTEGER, optional=True, constant=True)

_BAGS = (
    "datatable(n:long, bag:dynamic)[1, dynamic({'b':1,'a':'x'}), 2, dynamic({'b':0,'c':[1,2]}), "
    "3, dynamic(['not a bag']), 4, dynamic(null)]"
)
_NONE = "datatable(n:long, bag:dynamic)[]"


def _entries_duckdb(bag: Expr) -> Expr:
    pairs = call("list_zip", DUCKDB.keys(bag), DUCKDB.values(bag))
    named = (("key", Subscript(_PAIR, Bare(1))), ("value", Subscript(_PAIR, Bare(2))))
    return call("list_transform", pairs, Lambda(("pair",), Call("struct_pack", (), named)))


def _bag_duckdb(default: int) -> Body:
    def body(bound: BoundAggregate, where: Expr | None) -> Expr:
        rows = aggregate("list", _entries_duckdb(bound[0].sql), where=_only_bags(bound, where))
        entries = call("list_sort", call("list_distinct", call("flatten", rows)))
        pairs = call("list_zip", entries, call("list_prepend", Bare("NULL"), entries))
        current, before = Subscript(_PAIR, Bare(1)), Subscript(_PAIR, Bare(2))
        firsts = call("list_filter", pairs, Lambda(("pair",), _is_new(current, before)))
        kept = call("list_transform", firsts, Lambda(("pair",), current))
        return _written(call("list_slice", kept, Bare(1), size_of(bound, default)), DUCKDB)

    return body


def _entries_spark(bag: Expr) -> Expr:
    entry = call("named_struct", text("key"), Bound("k"), text("value"), Bound("v"))
    return call("zip_with", SPARK.keys(bag), SPARK.values(bag), Lambda(("k", "v"), entry))


def _bag_spark(default: int) -> Body:
    def body(bound: BoundAggregate, where: Expr | None) -> Expr:
        rows = aggregate("collect_set", _entries_spark(bound[0].sql), where=_only_bags(bound, where))
        entries = call("sort_array", call("array_distinct", call("flatten", rows)))
        pair = call("named_struct", text("current"), Bound("c"), text("before"), Bound("b"))
        pairs = call("zip_with", entries, call("array_prepend", entries, Bare("NULL")), Lambda(("c", "b"), pair))
        current, before = Field(_PAIR, "current"), Field(_PAIR, "before")
        firsts = call("filter", pairs, Lambda(("pair",), _is_new(current, before)))
        kept = call("transform", firsts, Lambda(("pair",), current))
        return _written(call("slice", kept, Bare(1), size_of(bound, default)), SPARK)

    return body


def _only_bags(bound: BoundAggregate, where: Expr | None) -> Expr:
    bag = is_bag(bound[0].sql)
    return bag if where is None else all_of(where, bag)


def _is_new(current: Expr, before: Expr) -> Expr:
    """The entry is there, and its key is not that of the entry before it."""
    other_key = Binary("<>", Field(before, "key"), Field(current, "key"))
    return all_of(is_not_null(current), any_of(is_null(before), other_key))


def _written(entries: Expr, forms: Forms) -> Expr:
    value = coalesce(Field(_ENTRY, "value"), NULL_TEXT)
    written = call(forms.transform, entries, Lambda(("entry",), call("concat", forms.quote(_KEY), text(":"), value)))
    return call("concat", text("{"), call(forms.join, written, text(",")), text("}"))


def _bag(name: str, default: int, prefix: str) -> AggregateFunction:
    return AggregateFunction(
        name=name,
        summary="One property bag of the keys of all bags, in the order of the keys; other values are left out.",
        signatures=(signature(param("bag", Type.DYNAMIC), _MAX_SIZE, returns=Type.DYNAMIC),),
        duckdb=plain(_bag_duckdb(default)),
        spark=plain(_bag_spark(default)),
        result_name=prefixed(prefix),
        check=check_size,
        differs=_DIFFERS,
        examples=(
            Example(f"{name}(bag)", {"a": "x", "b": 0, "c": [1, 2]}, over=_BAGS),
            Example(f"{name}(bag, 2)", {"a": "x", "b": 0}, over=_BAGS),
            Example(f"{name}(bag)", {}, over=_NONE),
        ),
    )


_DIFFERS = "Where rows differ in the value of a key Kusto takes any; here the one whose JSON text is the least."

MAKE_BAG_IF = AggregateFunction(
    name="make_bag_if",
    summary="One property bag of the keys of all bags, over the rows where a predicate is true.",
    signatures=(signature(param("bag", Type.DYNAMIC), _PREDICATE, _MAX_SIZE, returns=Type.DYNAMIC),),
    duckdb=conditional(_bag_duckdb(MAX_SIZE)),
    spark=conditional(_bag_spark(MAX_SIZE)),
    result_name=prefixed("bag"),
    check=check_size,
    differs=_DIFFERS,
    examples=(
        Example("make_bag_if(bag, n > 1)", {"b": 0, "c": [1, 2]}, over=_BAGS),
        Example("make_bag_if(bag, n > 9)", {}, over=_BAGS),
    ),
)

AGGREGATES: tuple[AggregateFunction, ...] = (
    _bag("make_bag", MAX_SIZE, "bag"),
    _bag("make_dictionary", OLD_MAX_SIZE, "dictionary"),
    MAKE_BAG_IF,
)
