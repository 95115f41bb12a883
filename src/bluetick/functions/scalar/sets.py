"""Functions over several arrays, and arrays made of numbers: concat, zip, set_union, range, repeat."""

from collections.abc import Callable

from bluetick.functions.definition import (
    Argument,
    BoundCall,
    Example,
    Nulls,
    ScalarFunction,
    Signature,
    param,
    prefixed,
)
from bluetick.functions.scalar.arrays import ARRAY, ONE, ZERO, array_function, integer, length_of
from bluetick.functions.scalar.clock import DUCKDB as DUCKDB_CLOCK
from bluetick.functions.scalar.clock import HOUR, Clock
from bluetick.functions.scalar.clock import SPARK as SPARK_CLOCK
from bluetick.functions.scalar.json_text import (
    DUCKDB,
    ELEMENT,
    NULL_TEXT,
    SPARK,
    Forms,
    is_array,
    item_text,
    to_dynamic,
)
from bluetick.functions.scalar.packing import pack_items
from bluetick.functions.scalar.variable_arguments import split_array, with_variables
from bluetick.sql.tree import (
    Binary,
    Bound,
    Case,
    Cast,
    Expr,
    Lambda,
    Literal,
    all_of,
    any_of,
    call,
    coalesce,
    is_not_null,
    long,
    not_,
    text,
    when,
)
from bluetick.types import ANY_SCALAR, INTEGER, Type, widest

ARRAYS = param("array", Type.DYNAMIC, repeat=64)
TWO_OR_MORE = (ARRAY, param("more", Type.DYNAMIC, repeat=63))
LONGEST_RANGE = 1_048_576


def _all_arrays(args: tuple[Argument, ...]) -> Expr:
    return all_of(*(is_array(arg.sql) for arg in args))


def _items(value: Expr, forms: Forms) -> Expr:
    """The elements, with the text null for nulls, so that they can be compared."""
    return forms.map(forms.elements(value), coalesce(ELEMENT, NULL_TEXT))


def _concat(bound: BoundCall, forms: Forms) -> Expr:
    items = call(forms.concat, *(forms.elements(arg.sql) for arg in bound.args))
    return when(_all_arrays(bound.args), forms.array(items))


ARRAY_CONCAT = array_function(
    "array_concat",
    "The elements of all arrays, one after the other; null where one is no array.",
    (ARRAYS,),
    _concat,
    Example("array_concat(dynamic([1, 2]), dynamic(['a']), dynamic([]))", [1, 2, "a"]),
    Example("array_concat(dynamic([1]), dynamic(null))", None),
    nulls=Nulls.PROPAGATE,
)


def _zip(bound: BoundCall, forms: Forms) -> Expr:
    lists = [forms.elements(arg.sql) for arg in bound.args]
    lengths = [length_of(items, forms) for items in lists]
    longest = call("greatest", *lengths)
    row = Bound("r_")
    cells = tuple(
        coalesce(when(Binary("<", row, length), forms.at(items, Binary("+", row, ONE))), NULL_TEXT)
        for items, length in zip(lists, lengths, strict=True)
    )
    rows = call(forms.transform, forms.count_up(longest), Lambda(("r_",), pack_items(cells)))
    return when(_all_arrays(bound.args), forms.array(rows))


ZIP = array_function(
    "zip",
    "An array of arrays: the first elements, the second ones, and so on; shorter arrays are filled with nulls.",
    TWO_OR_MORE,
    _zip,
    Example("zip(dynamic([1, 3, 5]), dynamic([2, 4]))", [[1, 2], [3, 4], [5, None]]),
    Example("zip(dynamic([]), dynamic([]))", []),
    Example("zip(dynamic([1]), dynamic(null))", None),
    nulls=Nulls.PROPAGATE,
)


def _iff_items(condition: BoundCall, forms: Forms) -> Expr:
    flags, *choices = (arg for arg in condition.args)
    items = forms.elements(flags.sql)

    def choice(arg: Argument) -> Expr:
        if arg.type is not Type.DYNAMIC:
            return item_text(arg, forms)
        values = forms.elements(arg.sql)
        inside = Binary("<", forms.index, length_of(values, forms))
        element = when(inside, forms.at(values, Binary("+", forms.index, ONE)))
        return coalesce(when(is_array(arg.sql), element, arg.sql), NULL_TEXT)

    is_true = Binary("=", ELEMENT, text("true"))
    is_not_zero = Binary("<>", Cast(ELEMENT, Type.REAL, safe=True), Literal(0.0, Type.REAL))  # null of no number
    is_bool = any_of(is_true, Binary("=", ELEMENT, text("false")))
    then, otherwise = (choice(arg) for arg in choices)
    decision = Case(((is_bool, is_true),), is_not_zero)
    chosen = Case(((decision, then), (not_(decision), otherwise)), NULL_TEXT)
    return forms.array(forms.numbered(items, chosen))


ARRAY_IFF = array_function(
    "array_iff",
    "For each element of the condition array: the element of one array, or of the other, at its place."
    " A value that is no array stands at every place.",
    (param("condition_array", Type.DYNAMIC), param("when_true", *ANY_SCALAR), param("when_false", *ANY_SCALAR)),
    _iff_items,
    Example("array_iff(dynamic([true, false, true]), dynamic([1, 2, 3]), dynamic([4, 5, 6]))", [1, 5, 3]),
    Example("array_iff(dynamic([1, 0, null, 'x']), 'yes', 'no')", ["yes", "no", None, None]),
    Example("array_iff(dynamic([true, true]), dynamic([1]), 0)", [1, None]),
    Example("array_iff(dynamic([]), 1, 0)", []),
    aliases=("array_iif",),
)


def _split(bound: BoundCall, forms: Forms) -> Expr:
    items = forms.elements(bound[0].sql)
    length = length_of(items, forms)
    if bound[1].type is Type.DYNAMIC:
        cuts: list[Expr] = [long(cut) for cut in bound[1].constant]
    else:
        cuts = [integer(bound[1])]
    within = [_cut(cut, length) for cut in cuts]
    parts = []
    for start, end in zip([ZERO, *within], [*within, length], strict=True):
        count = call("greatest", Binary("-", end, start), ZERO)
        parts.append(forms.array(forms.part(items, Binary("+", start, ONE), count)))
    return when(is_not_null(bound[1].sql), pack_items(tuple(parts)))


def _cut(position: Expr, length: Expr) -> Expr:
    from_start = when(Binary("<", position, ZERO), Binary("+", position, length), position)
    return call("least", call("greatest", from_start, ZERO), length)


def _check_split(args: tuple[Argument, ...]) -> str:
    places = args[1]
    if places.type is not Type.DYNAMIC:
        return ""
    if isinstance(places.constant, list) and all(type(cut) is int for cut in places.constant):
        return ""
    return "the positions of array_split() must be an integer or a constant array of integers"


ARRAY_SPLIT = ScalarFunction(
    name="array_split",
    summary="An array of the arrays between the given positions; negative ones count from the end.",
    signatures=(Signature((ARRAY, param("index", *INTEGER, Type.DYNAMIC)), Type.DYNAMIC),),
    nulls=Nulls.PROPAGATE,
    duckdb=lambda bound: _split(bound, DUCKDB),
    spark=lambda bound: _split(bound, SPARK),
    check=_check_split,
    examples=(
        Example("array_split(dynamic([1, 2, 3, 4, 5]), 2)", [[1, 2], [3, 4, 5]]),
        Example("array_split(dynamic([1, 2, 3, 4, 5]), dynamic([1, 3]))", [[1], [2, 3], [4, 5]]),
        Example("array_split(dynamic(null), 2)", None),
    ),
)


# --- sets ------------------------------------------------------------------------------------------------------


def _union(args: tuple[Argument, ...], forms: Forms) -> Expr:
    return forms.unique(call(forms.concat, *(_items(arg.sql, forms) for arg in args)))


def _members(args: tuple[Argument, ...], forms: Forms, *, present: bool) -> Expr:
    """The distinct elements of the first array that are in all the others, or in none of them."""
    inside = [call(forms.contains, _items(arg.sql, forms), ELEMENT) for arg in args[1:]]
    kept = all_of(*inside) if present else not_(any_of(*inside))
    return forms.unique(forms.keep(_items(args[0].sql, forms), kept))


def _set_union(bound: BoundCall, forms: Forms) -> Expr:
    return when(_all_arrays(bound.args), forms.array(_union(bound.args, forms)))


def _set_members(*, present: bool) -> Callable[[BoundCall, Forms], Expr]:
    def lower(bound: BoundCall, forms: Forms) -> Expr:
        return when(_all_arrays(bound.args), forms.array(_members(bound.args, forms, present=present)))

    return lower


SET_UNION = array_function(
    "set_union",
    "The distinct elements of all arrays, in the order of their first appearance.",
    TWO_OR_MORE,
    _set_union,
    Example("set_union(dynamic([1, 2, 1]), dynamic([3, 2]))", [1, 2, 3]),
    Example("set_union(dynamic(['a', 'a']), dynamic([]))", ["a"]),
    Example("set_union(dynamic([1]), dynamic(null))", None),
    nulls=Nulls.PROPAGATE,
)
SET_INTERSECT = array_function(
    "set_intersect",
    "The distinct elements that are in every array, in the order of the first.",
    TWO_OR_MORE,
    _set_members(present=True),
    Example("set_intersect(dynamic([3, 1, 2, 1]), dynamic([1, 3]))", [3, 1]),
    Example("set_intersect(dynamic([1, 2]), dynamic([4, 5]))", []),
    Example("set_intersect(dynamic([1, 2]), dynamic([]))", []),
    nulls=Nulls.PROPAGATE,
)
SET_DIFFERENCE = array_function(
    "set_difference",
    "The distinct elements of the first array that are in none of the others.",
    TWO_OR_MORE,
    _set_members(present=False),
    Example("set_difference(dynamic([1, 2, 1, 4]), dynamic([1, 2]), dynamic([8]))", [4]),
    Example("set_difference(dynamic([1, 2]), dynamic([1, 2]))", []),
    Example("set_difference(dynamic([1, 2]), dynamic([]))", [1, 2]),
    nulls=Nulls.PROPAGATE,
)


def _has_element(bound: BoundCall, forms: Forms) -> Expr:
    found = call(forms.contains, _items(bound[0].sql, forms), item_text(bound[1], forms))
    return when(is_array(bound[0].sql), found)


SET_HAS_ELEMENT = array_function(
    "set_has_element",
    "Whether the value is an element of the array.",
    (ARRAY, param("value", *ANY_SCALAR)),
    _has_element,
    Example("set_has_element(dynamic(['this', 'is']), 'is')", True),
    Example("set_has_element(dynamic([1, 2]), 3)", False),
    Example("set_has_element(dynamic(null), 3)", None),
    returns=Type.BOOL,
)


def _set_equals(bound: BoundCall, forms: Forms) -> Expr:
    either = length_of(_union(bound.args, forms), forms)
    both = length_of(_members(bound.args, forms, present=True), forms)
    return when(_all_arrays(bound.args), Binary("=", either, both))


_PAIR = (param("set1", Type.DYNAMIC), param("set2", Type.DYNAMIC))

SET_EQUALS = array_function(
    "set_equals",
    "Whether two arrays have the same distinct elements.",
    _PAIR,
    _set_equals,
    Example("set_equals(dynamic([1, 2, 1]), dynamic([2, 1]))", True),
    Example("set_equals(dynamic([1]), dynamic(['1']))", False),
    Example("set_equals(dynamic([]), dynamic([1]))", False),
    returns=Type.BOOL,
    nulls=Nulls.PROPAGATE,
)


def _jaccard(bound: BoundCall, forms: Forms) -> Expr:
    either = call("nullif", length_of(_union(bound.args, forms), forms), ZERO)
    both = length_of(_members(bound.args, forms, present=True), forms)
    index = Binary("/", Cast(both, Type.REAL), Cast(either, Type.REAL))
    return when(_all_arrays(bound.args), index)


JACCARD_INDEX = array_function(
    "jaccard_index",
    "How alike two sets are: common elements divided by all elements.",
    _PAIR,
    _jaccard,
    Example("jaccard_index(dynamic([1, 2, 3]), dynamic([1, 2, 3, 4]))", 0.75),
    Example("jaccard_index(dynamic([1]), dynamic(null))", None),
    returns=Type.REAL,
    nulls=Nulls.PROPAGATE,
)


# --- range, repeat ---------------------------------------------------------------------------------------------


def _repeat(bound: BoundCall, forms: Forms) -> Expr:
    given = integer(bound[1])
    count = when(is_not_null(given), call("least", given, long(LONGEST_RANGE)))
    copies = call(forms.transform, forms.count_up(count), Lambda(("r_",), item_text(bound[0], forms)))
    return when(Binary(">=", count, ZERO), forms.array(copies))


REPEAT = array_function(
    "repeat",
    "An array of so many copies of the value.",
    (param("value", *ANY_SCALAR), param("count", Type.LONG)),
    _repeat,
    Example("repeat('a', 2)", ["a", "a"]),
    Example("repeat(1, 0)", []),
    Example("repeat(1, -1)", None),
    Example("repeat('', 2)", ["", ""]),
    result_name=prefixed("repeat"),
)


_MOST = Literal(float(LONGEST_RANGE), Type.REAL)


def _steps(start: Expr, stop: Expr, step: Expr, type_: Type) -> Expr:
    """How many steps lead from the start to the stop, both counted; null for a step of zero."""
    zero = Literal(0.0, Type.REAL) if type_ is Type.REAL else ZERO
    distance = Binary("-", stop, start)
    operator = "/" if type_ is Type.REAL else "//"
    whole: Expr = Binary(operator, distance, call("nullif", step, zero))
    if type_ is Type.REAL:
        whole = Cast(call("floor", call("least", whole, _MOST)), Type.LONG, safe=True)
    ahead = any_of(
        all_of(Binary(">", step, zero), Binary(">=", distance, zero)),
        all_of(Binary("<", step, zero), Binary("<=", distance, zero)),
    )
    if type_ is Type.REAL:  # which NaN takes for more than all else
        ahead = all_of(ahead, *(not_(call("isnan", number)) for number in (distance, step)))
    return when(ahead, call("least", Binary("+", whole, ONE), long(LONGEST_RANGE)), ZERO)


def _range(bound: BoundCall, forms: Forms, clock: Clock) -> Expr:
    result = bound[0].type
    counted = result if result in (Type.TIMESPAN, Type.DATETIME) else widest(tuple(arg.type for arg in bound.args))
    start, stop, step = _range_numbers(bound, counted, clock)
    unit = Type.REAL if counted is Type.REAL else Type.LONG
    steps = _steps(start, stop, step, unit)
    value = Binary("+", start, Binary("*", Cast(Bound("r_"), unit), step))
    shown = clock.instant(value) if counted is Type.DATETIME else value
    texts = call(forms.transform, forms.count_up(steps), Lambda(("r_",), to_dynamic(Argument(shown, counted), forms)))
    known = all_of(*(is_not_null(number) for number in (start, stop, step)), Binary("<>", step, Cast(ZERO, unit)))
    return when(known, forms.array(texts))


def _range_numbers(bound: BoundCall, counted: Type, clock: Clock) -> tuple[Expr, Expr, Expr]:
    start, stop, *rest = bound.args
    if counted is Type.DATETIME:
        step: Expr = rest[0].sql if rest else long(HOUR)
        return clock.micros(start.sql), clock.micros(stop.sql), step
    if counted is Type.TIMESPAN:
        return start.sql, stop.sql, rest[0].sql if rest else long(HOUR)
    numbers = [Cast(arg.sql, counted) for arg in bound.args]
    return numbers[0], numbers[1], numbers[2] if rest else Cast(ONE, counted)


_NUMBERS = (Type.INT, Type.LONG, Type.REAL)


def _range_signature(start: tuple[Type, ...], step: tuple[Type, ...]) -> Signature:
    parameters = (param("start", *start), param("stop", *start), param("step", *step, optional=True))
    return Signature(parameters, Type.DYNAMIC)


RANGE = ScalarFunction(
    name="range",
    summary="An array of equally spaced values, both ends counted, at most 1,048,576 of them;"
    " the step is 1, or one hour, unless said otherwise.",
    signatures=(
        _range_signature(_NUMBERS, _NUMBERS),
        _range_signature((Type.DATETIME,), (Type.TIMESPAN,)),
        _range_signature((Type.TIMESPAN,), (Type.TIMESPAN,)),
    ),
    nulls=Nulls.PROPAGATE,
    duckdb=lambda bound: _range(bound, DUCKDB, DUCKDB_CLOCK),
    spark=lambda bound: _range(bound, SPARK, SPARK_CLOCK),
    examples=(
        Example("range(1, 8, 3)", [1, 4, 7]),
        Example("range(1, 3)", [1, 2, 3]),
        Example("range(3, 1)", []),
        Example("range(1h, 3h, 1h)", ["01:00:00", "02:00:00", "03:00:00"]),
        Example("range(1, long(null))", None),
    ),
)

FUNCTIONS: tuple[ScalarFunction, ...] = (
    ARRAY_CONCAT,
    ZIP,
    ARRAY_IFF,
    with_variables(ARRAY_SPLIT, split_array),
    SET_UNION,
    SET_INTERSECT,
    SET_DIFFERENCE,
    SET_HAS_ELEMENT,
    SET_EQUALS,
    JACCARD_INDEX,
    REPEAT,
    RANGE,
)
