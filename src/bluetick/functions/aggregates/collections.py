"""make_list, make_set and their relatives: aggregates whose value is a JSON array."""

from bluetick.functions.aggregates.conditional import Body, conditional, not_null, plain
from bluetick.functions.definition import (
    AggregateFunction,
    AggregateLowering,
    Argument,
    BoundAggregate,
    Example,
    Parameter,
    Signature,
    param,
    prefixed,
    signature,
)
from bluetick.functions.scalar.json_text import DUCKDB, SPARK, Forms, is_array, item_text
from bluetick.sql.tree import (
    Aggregate,
    Bare,
    Binary,
    Bound,
    Call,
    Case,
    Expr,
    Field,
    Lambda,
    Order,
    call,
    is_not_null,
    is_null,
    not_,
    text,
    when,
)
from bluetick.types import ANY_SCALAR, INTEGER, Type

MAX_SIZE = 1_048_576
_ALL = 2**31 - 1
OLD_MAX_SIZE = 128  # the default of the old names: makelist, makeset, make_dictionary

_ELEMENT = Bound("element")
_VALUE = Field(_ELEMENT, "value")

_ROWS = "datatable(n:long, s:string, r:real, t:timespan, d:datetime, b:bool, j:dynamic)[" + ", ".join(
    (
        "2, 'b', 1.5, 90m, datetime(2024-01-01), true, dynamic({'k':1})",
        "1, 'B', 0.5, -1d, datetime(2024-01-02 03:04:05.678), false, dynamic(['x', 1])",
        "2, 'b', 1.5, 90m, datetime(2024-01-01), true, dynamic(['y', 'x'])",
        "long(null), '', real(null), timespan(null), datetime(null), bool(null), dynamic('x')]",
    )
)
_SORTED = "datatable(n:long, s:string)[3, 'c', 1, 'a', 2, 'b'] | sort by n desc"
_ARRAYS = "datatable(n:long, j:dynamic)[1, dynamic([3, null]), 2, dynamic([]), 3, dynamic({'k': [1]})] | sort by n asc"
_NONE = "datatable(n:long, s:string)[]"
_WITH_NULL = "datatable(n:long)[long(null), 4]"


# --- lists -----------------------------------------------------------------------------------------------------


def size_of(bound: BoundAggregate, default: int) -> Bare:
    """The greatest number of elements that the call wants."""
    return Bare(min(int(bound[1].constant), MAX_SIZE) if len(bound) > 1 else default)


def check_size(args: tuple[Argument, ...]) -> str:
    """The problem with a constant maximum size (the last argument, where it is a whole number), or nothing."""
    size = args[-1]
    given = len(args) > 1 and size.type in INTEGER and size.is_constant
    return "the maximum size must be greater than 0" if given and not (size.constant or 0) > 0 else ""


def _array(items: Expr, type_: Type, forms: Forms, member: Expr = _ELEMENT) -> Expr:
    """The JSON array of a list of values; of no list (an aggregate of DuckDB over no rows) the empty one."""
    written = call(forms.transform, items, Lambda(("element",), item_text(Argument(member, type_), forms)))
    return call("concat", text("["), call(forms.join, written, text(",")), text("]"))


def _kept(value: Argument, where: Expr | None) -> Expr | None:
    """Typed nulls are left out; a null in a dynamic column stays, as a JSON null."""
    return where if value.type is Type.DYNAMIC else not_null(value, where)


# An array adds its elements to a list, as it does to a set: Kusto nests bags only.


def _list_duckdb(default: int, *, nests: bool = False) -> Body:
    def body(bound: BoundAggregate, where: Expr | None) -> Expr:
        value = bound[0]
        rows = _rows_duckdb(value, bound.order, _kept(value, where), nests=nests)
        return _array(call("list_slice", rows, Bare(1), size_of(bound, default)), value.type, DUCKDB)

    return body


def _list_spark(default: int, *, nests: bool = False) -> Body:
    def body(bound: BoundAggregate, where: Expr | None) -> Expr:
        value = bound[0]
        rows = _rows_spark(value, bound.order, _kept(value, where), nests=nests)
        return _array(call("slice", rows, Bare(1), size_of(bound, default)), value.type, SPARK)

    return body


def _rows_duckdb(value: Argument, order: tuple[Order, ...], where: Expr | None, *, nests: bool) -> Expr:
    """The list of the rows' values, in this order."""
    if value.type is not Type.DYNAMIC or nests:
        return Aggregate("list", (value.sql,), order=order, filter=where)
    return call("flatten", Aggregate("list", (_members(value.sql, DUCKDB),), order=order, filter=where))


def _rows_spark(value: Argument, order: tuple[Order, ...], where: Expr | None, *, nests: bool) -> Expr:
    flattens = value.type is Type.DYNAMIC and not nests
    rows = collect_in_order_spark(_members(value.sql, SPARK) if flattens else value.sql, order, where)
    values = call("transform", rows, Lambda(("element",), _VALUE))
    return call("flatten", values) if flattens else values


def _members(value: Expr, forms: Forms) -> Expr:
    """What a dynamic value adds to a list: the elements of an array, nulls too, else itself."""
    return when(is_array(value), forms.elements(value), call(forms.make_list, value))


def whole_list() -> tuple[AggregateLowering, AggregateLowering]:
    """The array of all values however many and as they are, for DuckDB and for Spark."""
    return plain(_list_duckdb(_ALL, nests=True)), plain(_list_spark(_ALL, nests=True))


def collect_in_order_spark(value: Expr, order: tuple[Order, ...], where: Expr | None) -> Expr:
    """An array of structs with the field `value`, in this order. (collect_list drops nulls, but not structs.)"""
    keys = [part for index, key in enumerate(order) for part in (text(f"key{index}"), key.value)]
    rows = Aggregate("collect_list", (call("named_struct", *keys, text("value"), value),), filter=where)
    if not order:
        return rows
    if all(not key.descending and key.nulls_first for key in order):
        return call("sort_array", rows)
    if all(key.descending and not key.nulls_first for key in order):
        return call("sort_array", rows, Bare("false"))
    return call("array_sort", rows, Lambda(("left", "right"), _comparison(order)))


def _comparison(order: tuple[Order, ...]) -> Expr:
    """-1, 0 or 1 as the struct `left` comes before, with or after `right`."""
    result: Expr = Bare(0)
    for index in reversed(range(len(order))):
        key, name = order[index], f"key{index}"
        left, right = Field(Bound("left"), name), Field(Bound("right"), name)
        first, last = (Bare(1), Bare(-1)) if key.descending else (Bare(-1), Bare(1))
        null_first, null_last = (Bare(-1), Bare(1)) if key.nulls_first else (Bare(1), Bare(-1))
        result = Case(
            (
                (Binary("IS NOT DISTINCT FROM", left, right), result),
                (is_null(left), null_first),
                (is_null(right), null_last),
                (Binary("<", left, right), first),
            ),
            last,
        )
    return result


def _nullable_list_duckdb(bound: BoundAggregate) -> Expr:
    return _array(_rows_duckdb(bound[0], bound.order, None, nests=False), bound[0].type, DUCKDB)


def _nullable_list_spark(bound: BoundAggregate) -> Expr:
    return _array(_rows_spark(bound[0], bound.order, None, nests=False), bound[0].type, SPARK)


# --- sets ------------------------------------------------------------------------------------------------------

# Sets are ascending, so that a capped set is the same on every run and engine. Reals sort behind a flag: NaN first.


def _set_duckdb(default: int) -> Body:
    def body(bound: BoundAggregate, where: Expr | None) -> Expr:
        value, size = bound[0], size_of(bound, default)
        member: Expr = _ELEMENT
        match value.type:
            case Type.DYNAMIC:
                rows = Aggregate("list", (_elements(value.sql, DUCKDB),), distinct=True, filter=not_null(value, where))
                members: Expr = call("list_distinct", call("flatten", rows))
            case Type.REAL:
                keyed = Call("struct_pack", (), (("number", not_(call("isnan", value.sql))), ("value", value.sql)))
                members = Aggregate("list", (keyed,), distinct=True, filter=not_null(value, where))
                member = _VALUE
            case _:
                members = Aggregate("list", (value.sql,), distinct=True, filter=not_null(value, where))
        return _array(call("list_slice", call("list_sort", members), Bare(1), size), value.type, DUCKDB, member)

    return body


def _set_spark(default: int) -> Body:
    def body(bound: BoundAggregate, where: Expr | None) -> Expr:
        value, size = bound[0], size_of(bound, default)
        member: Expr = _ELEMENT
        match value.type:
            case Type.DYNAMIC:
                rows = Aggregate("collect_set", (_elements(value.sql, SPARK),), filter=not_null(value, where))
                members: Expr = call("array_distinct", call("flatten", rows))
            case Type.REAL:
                keyed = call("named_struct", text("number"), not_(call("isnan", value.sql)), text("value"), value.sql)
                members = Aggregate("collect_set", (keyed,), filter=not_null(value, where))
                member = _VALUE
            case _:
                members = Aggregate("collect_set", (value.sql,), filter=not_null(value, where))
        return _array(call("slice", call("sort_array", members), Bare(1), size), value.type, SPARK, member)

    return body


def _elements(value: Expr, forms: Forms) -> Expr:
    """What a dynamic value adds to a set: the elements of an array (nulls left out), else itself."""
    present = call(forms.filter, forms.elements(value), Lambda(("element",), is_not_null(_ELEMENT)))
    return when(is_array(value), present, call(forms.make_list, value))


# --- functions -------------------------------------------------------------------------------------------------

_PREDICATE = param("predicate", Type.BOOL)
_MAX_SIZE = param("max_size", *INTEGER, optional=True, constant=True)


def _signature(*more: Parameter) -> Signature:
    return signature(param("value", *ANY_SCALAR), *more, returns=Type.DYNAMIC)


_LIST_SUMMARY = "A dynamic array of the values, nulls left out, in the order of the rows."
_SET_SUMMARY = "A dynamic array of the distinct values, ascending; the elements of arrays count one by one."
_SET_DIFFERS = "The order of a set is undefined in Kusto; here it is ascending."


def _list(name: str, default: int, examples: tuple[Example, ...]) -> AggregateFunction:
    return AggregateFunction(
        name=name,
        summary=_LIST_SUMMARY,
        signatures=(_signature(_MAX_SIZE),),
        duckdb=plain(_list_duckdb(default)),
        spark=plain(_list_spark(default)),
        result_name=prefixed("list"),
        check=check_size,
        needs_order=True,
        examples=examples,
    )


def _set(name: str, default: int, examples: tuple[Example, ...]) -> AggregateFunction:
    return AggregateFunction(
        name=name,
        summary=_SET_SUMMARY,
        signatures=(_signature(_MAX_SIZE),),
        duckdb=plain(_set_duckdb(default)),
        spark=plain(_set_spark(default)),
        result_name=prefixed("set"),
        check=check_size,
        examples=examples,
        differs=_SET_DIFFERS,
    )


MAKE_LIST = _list(
    "make_list",
    MAX_SIZE,
    (
        Example("make_list(s)", ["c", "b", "a"], over=_SORTED),
        Example("make_list(n, 2)", [3, 2], over=_SORTED),
        Example("array_sort_asc(make_list(t))", ["-1.00:00:00", "01:30:00", "01:30:00"], over=_ROWS),
        Example("array_length(make_list(d))", 3, over=_ROWS),
        Example("make_list(j)", [3, None, {"k": [1]}], over=_ARRAYS),
        Example("make_list(n)", [], over=_NONE),
    ),
)

MAKE_LIST_IF = AggregateFunction(
    name="make_list_if",
    summary="A dynamic array of the values, nulls left out, over the rows where a predicate is true.",
    signatures=(_signature(_PREDICATE, _MAX_SIZE),),
    duckdb=conditional(_list_duckdb(MAX_SIZE)),
    spark=conditional(_list_spark(MAX_SIZE)),
    result_name=prefixed("list"),
    check=check_size,
    needs_order=True,
    examples=(
        Example("make_list_if(s, n > 1)", ["c", "b"], over=_SORTED),
        Example("make_list_if(s, n > 1, 1)", ["c"], over=_SORTED),
        Example("make_list_if(s, n > 9)", [], over=_SORTED),
        Example("make_list_if(n, isnull(n) or n > 3)", [4], over=_WITH_NULL),
    ),
)

MAKE_LIST_WITH_NULLS = AggregateFunction(
    name="make_list_with_nulls",
    summary="A dynamic array of all values, nulls included, in the order of the rows.",
    signatures=(_signature(),),
    duckdb=_nullable_list_duckdb,
    spark=_nullable_list_spark,
    result_name=prefixed("list"),
    needs_order=True,
    examples=(
        Example("make_list_with_nulls(n)", [None, 3], over="datatable(n:long)[3, long(null)] | sort by n asc"),
        Example("make_list_with_nulls(n)", [], over=_NONE),
    ),
)

MAKE_SET = _set(
    "make_set",
    MAX_SIZE,
    (
        Example("make_set(n)", [1, 2], over=_ROWS),
        Example("make_set(s)", ["", "B", "b"], over=_ROWS),
        Example("make_set(s, 2)", ["", "B"], over=_ROWS),
        Example("make_set(r)", [0.5, 1.5], over=_ROWS),
        Example("make_set(b)", [False, True], over=_ROWS),
        Example("make_set(d)", ["2024-01-01T00:00:00.0000000Z", "2024-01-02T03:04:05.6780000Z"], over=_ROWS),
        Example("make_set(j)", ["x", "y", 1, {"k": 1}], over=_ROWS),
        Example("make_set(n)", [], over=_NONE),
    ),
)

MAKE_SET_IF = AggregateFunction(
    name="make_set_if",
    summary="A dynamic array of the distinct values, ascending, over the rows where a predicate is true.",
    signatures=(_signature(_PREDICATE, _MAX_SIZE),),
    duckdb=conditional(_set_duckdb(MAX_SIZE)),
    spark=conditional(_set_spark(MAX_SIZE)),
    result_name=prefixed("set"),
    check=check_size,
    differs=_SET_DIFFERS,
    examples=(
        Example("make_set_if(s, n > 0)", ["B", "b"], over=_ROWS),
        Example("make_set_if(s, n > 0, 1)", ["B"], over=_ROWS),
        Example("make_set_if(s, n > 9)", [], over=_ROWS),
    ),
)

MAKELIST = _list(
    "makelist",
    OLD_MAX_SIZE,
    (
        Example("makelist(n)", [3, 2, 1], over=_SORTED),
        Example("makelist(n)", [4], over=_WITH_NULL),
        Example("array_length(makelist(x))", 128, over="range x from 1 to 200 step 1"),
    ),
)
MAKESET = _set(
    "makeset",
    OLD_MAX_SIZE,
    (
        Example("makeset(n)", [1, 2], over=_ROWS),
        Example("array_length(makeset(x))", 128, over="range x from 1 to 200 step 1"),
    ),
)

AGGREGATES: tuple[AggregateFunction, ...] = (
    MAKE_LIST,
    MAKE_LIST_IF,
    MAKE_LIST_WITH_NULLS,
    MAKE_SET,
    MAKE_SET_IF,
    MAKELIST,
    MAKESET,
)
