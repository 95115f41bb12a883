"""Functions over one dynamic array: its length, slices, turns and order.

They work on the list of the elements' JSON texts and write the array anew. What is no array gives null.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from bluetick.functions.definition import (
    UNNAMED,
    Argument,
    BoundCall,
    Example,
    NameRule,
    Nulls,
    Parameter,
    ResultName,
    ReturnRule,
    ScalarFunction,
    Signature,
    param,
)
from bluetick.functions.scalar.json_text import (
    DUCKDB,
    ELEMENT,
    NULL_TEXT,
    SPARK,
    Forms,
    is_array,
    is_text,
    item_text,
)
from bluetick.functions.scalar.packing import pack_items
from bluetick.sql.tree import (
    EMPTY,
    Binary,
    Case,
    Cast,
    Expr,
    Field,
    Literal,
    all_of,
    any_of,
    call,
    coalesce,
    is_not_null,
    is_null,
    long,
    when,
)
from bluetick.types import ANY_SCALAR, INTEGER, Type

# A lowering written once for both engines.
Lower: TypeAlias = Callable[[BoundCall, Forms], Expr]


def array_function(
    name: str,
    summary: str,
    parameters: tuple[Parameter, ...],
    lower: Lower,
    *examples: Example,
    returns: ReturnRule = Type.DYNAMIC,
    aliases: tuple[str, ...] = (),
    nulls: Nulls = Nulls.OWN,
    result_name: ResultName = UNNAMED,
) -> ScalarFunction:
    """A function with one signature whose lowering is the same over the forms of each engine."""
    return ScalarFunction(
        name=name,
        aliases=aliases,
        summary=summary,
        signatures=(Signature(parameters, returns),),
        nulls=nulls,
        duckdb=lambda bound: lower(bound, DUCKDB),
        spark=lambda bound: lower(bound, SPARK),
        result_name=result_name,
        examples=examples,
    )


ARRAY = param("array", Type.DYNAMIC)
ZERO = long(0)
ONE = long(1)


_FAR = 2**40  # farther than any array is long, and far from an overflow


def integer(argument: Argument) -> Expr:
    """A position or count as a long, one out of all bounds cut so that adding to it does not overflow."""
    if argument.type is Type.INT:
        return Cast(argument.sql, Type.LONG)
    if argument.is_constant and (argument.constant is None or abs(argument.constant) <= _FAR):
        return argument.sql
    cut = call("greatest", call("least", argument.sql, long(_FAR)), long(-_FAR))
    return when(is_not_null(argument.sql), cut)


def length_of(items: Expr, forms: Forms) -> Expr:
    return Cast(call(forms.length, items), Type.LONG)


ARRAY_LENGTH = array_function(
    "array_length",
    "The number of elements.",
    (ARRAY,),
    lambda bound, forms: forms.array_length(bound[0].sql),
    Example("array_length(dynamic([1, 'a', null]))", 3),
    Example("array_length(dynamic([]))", 0),
    Example("array_length(dynamic({'a': 1}))", None),
    returns=Type.LONG,
    aliases=("arraylength",),
    nulls=Nulls.PROPAGATE,
)


def _reverse(bound: BoundCall, forms: Forms) -> Expr:
    return forms.array(call(forms.reverse, forms.elements(bound[0].sql)))


ARRAY_REVERSE = array_function(
    "array_reverse",
    "The elements from the last to the first.",
    (ARRAY,),
    _reverse,
    Example("array_reverse(dynamic(['this', 'is', 'it']))", ["it", "is", "this"]),
    Example("array_reverse(dynamic([1, null]))", [None, 1]),
    Example("array_reverse(dynamic('a'))", None),
    Example("array_reverse(dynamic([]))", []),
    nulls=Nulls.PROPAGATE,
)


def _within(position: Expr, length: Expr) -> Expr:
    """A position, negative ones from the end, cut to 0 .. length."""
    from_start = when(Binary("<", position, ZERO), Binary("+", position, length), position)
    return call("least", call("greatest", from_start, ZERO), length)


def _slice(bound: BoundCall, forms: Forms) -> Expr:
    items = forms.elements(bound[0].sql)
    length = length_of(items, forms)
    start = _within(integer(bound[1]), length)
    last = integer(bound[2])
    # The end is inclusive: -1 is the last element, so the bound behind it is the length.
    behind = when(Binary("<", last, ZERO), Binary("+", Binary("+", last, length), ONE), Binary("+", last, ONE))
    end = call("least", call("greatest", behind, ZERO), length)
    count = call("greatest", Binary("-", end, start), ZERO)
    known = all_of(is_not_null(bound[1].sql), is_not_null(bound[2].sql))
    return when(known, forms.array(forms.part(items, Binary("+", start, ONE), count)))


ARRAY_SLICE = array_function(
    "array_slice",
    "The elements from one position to another, both inclusive; negative positions count from the end.",
    (ARRAY, param("start", *INTEGER), param("end", *INTEGER)),
    _slice,
    Example("array_slice(dynamic([1, 2, 3]), 1, 2)", [2, 3]),
    Example("array_slice(dynamic([1, 2, 3, 4, 5]), 2, -1)", [3, 4, 5]),
    Example("array_slice(dynamic([1, 2, 3, 4, 5]), -3, -2)", [3, 4]),
    Example("array_slice(dynamic([1, 2]), 5, 9)", []),
    Example("array_slice(dynamic([]), 0, 1)", []),
    nulls=Nulls.PROPAGATE,
)


def _moved(items: Expr, source: Expr, otherwise: Expr, forms: Forms) -> Expr:
    """The list of the elements at `source`, a zero-based position over the index; outside the list `otherwise`."""
    inside = all_of(Binary(">=", source, ZERO), Binary("<", source, length_of(items, forms)))
    element = coalesce(forms.at(items, Binary("+", source, ONE)), NULL_TEXT)
    return forms.numbered(items, when(inside, element, otherwise))


def _rotate(sign: str) -> Lower:
    def lower(bound: BoundCall, forms: Forms) -> Expr:
        items = forms.elements(bound[0].sql)
        length = length_of(items, forms)
        moved = Binary("%", Binary(sign, forms.index, integer(bound[1])), length)
        source = Binary("%", Binary("+", moved, length), length)
        return when(is_not_null(bound[1].sql), forms.array(_moved(items, source, NULL_TEXT, forms)))

    return lower


def _shift(sign: str) -> Lower:
    def lower(bound: BoundCall, forms: Forms) -> Expr:
        items = forms.elements(bound[0].sql)
        fill = item_text(bound[2], forms) if len(bound) > 2 else NULL_TEXT
        source = Binary(sign, forms.index, integer(bound[1]))
        return when(is_not_null(bound[1].sql), forms.array(_moved(items, source, fill, forms)))

    return lower


_COUNT = param("count", *INTEGER)
_FILL = param("fill", *ANY_SCALAR, optional=True)

ARRAY_ROTATE_LEFT = array_function(
    "array_rotate_left",
    "The elements moved to the left, those that fall out put in at the end; a negative count moves to the right.",
    (ARRAY, _COUNT),
    _rotate("+"),
    Example("array_rotate_left(dynamic([1, 2, 3, 4, 5]), 2)", [3, 4, 5, 1, 2]),
    Example("array_rotate_left(dynamic([1, 2, 3, 4, 5]), -2)", [4, 5, 1, 2, 3]),
    Example("array_rotate_left(dynamic([]), 2)", []),
    nulls=Nulls.PROPAGATE,
)
ARRAY_ROTATE_RIGHT = array_function(
    "array_rotate_right",
    "The elements moved to the right, those that fall out put in at the start.",
    (ARRAY, _COUNT),
    _rotate("-"),
    Example("array_rotate_right(dynamic([1, 2, 3, 4, 5]), 7)", [4, 5, 1, 2, 3]),
    Example("array_rotate_right(dynamic([]), 1)", []),
    nulls=Nulls.PROPAGATE,
)
ARRAY_SHIFT_LEFT = array_function(
    "array_shift_left",
    "The elements moved to the left, the gap filled with nulls or with the given value.",
    (ARRAY, _COUNT, _FILL),
    _shift("+"),
    Example("array_shift_left(dynamic([1, 2, 3]), 1)", [2, 3, None]),
    Example("array_shift_left(dynamic([1, 2, 3]), -1, 'x')", ["x", 1, 2]),
    Example("array_shift_left(dynamic([]), 1)", []),
)
ARRAY_SHIFT_RIGHT = array_function(
    "array_shift_right",
    "The elements moved to the right, the gap filled with nulls or with the given value.",
    (ARRAY, _COUNT, _FILL),
    _shift("-"),
    Example("array_shift_right(dynamic([1, 2, 3, 4, 5]), 2, -1)", [-1, -1, 1, 2, 3]),
    Example("array_shift_right(dynamic([1, 2, 3, 4, 5]), -2, -1)", [3, 4, 5, -1, -1]),
    Example("array_shift_right(dynamic([]), 1)", []),
)


def _index_of(bound: BoundCall, forms: Forms) -> Expr:
    items = forms.elements(bound[0].sql)
    wanted = item_text(bound[1], forms)
    start: Expr = _within(integer(bound[2]), length_of(items, forms)) if len(bound) > 2 else ZERO
    found: list[Expr] = [Binary("=", coalesce(ELEMENT, NULL_TEXT), wanted), Binary(">=", forms.index, start)]
    if len(bound) > 3:
        count = integer(bound[3])
        found.append(any_of(Binary("<", count, ZERO), Binary("<", forms.index, Binary("+", start, count))))
    positions = forms.keep(forms.numbered(items, when(all_of(*found), forms.index)), is_not_null(ELEMENT))
    occurrence = integer(bound[4]) if len(bound) > 4 else ONE
    position = when(Binary("<=", occurrence, length_of(positions, forms)), forms.at(positions, occurrence))
    valid = [is_array(bound[0].sql)]
    if len(bound) > 3:
        valid.append(Binary(">=", integer(bound[3]), long(-1)))
    if len(bound) > 4:
        valid.append(Binary(">=", occurrence, ZERO))
    return when(all_of(*valid), coalesce(position, long(-1)))


ARRAY_INDEX_OF = array_function(
    "array_index_of",
    "The position of the first element (or a later occurrence) equal to the value, from a start and within a length;"
    " -1 where there is none.",
    (
        ARRAY,
        param("value", *ANY_SCALAR),
        param("start", *INTEGER, optional=True),
        param("length", *INTEGER, optional=True),
        param("occurrence", *INTEGER, optional=True),
    ),
    _index_of,
    Example("array_index_of(dynamic(['this', 'is', 'an', 'example', 'an', 'example']), 'an')", 2),
    Example("array_index_of(dynamic(['this', 'is', 'an', 'example', 'an', 'example']), 'example', 1, 2)", -1),
    Example("array_index_of(dynamic(['this', 'is', 'an', 'example', 'an', 'example']), 'an', 1, -1, 2)", 4),
    Example("array_index_of(dynamic(null), 1)", None),
    returns=Type.LONG,
)


def _sum(bound: BoundCall, forms: Forms) -> Expr:
    items = forms.elements(bound[0].sql)
    present = forms.keep(items, Binary("<>", coalesce(ELEMENT, NULL_TEXT), NULL_TEXT))
    numbers = forms.map(present, Cast(ELEMENT, Type.REAL, safe=True))
    known = forms.keep(numbers, is_not_null(ELEMENT))
    all_numbers = Binary("=", length_of(known, forms), length_of(present, forms))
    return when(all_of(is_array(bound[0].sql), all_numbers), forms.sum(known))


ARRAY_SUM = array_function(
    "array_sum",
    "The sum of the numbers in an array; null where an element is neither a number nor null.",
    (ARRAY,),
    _sum,
    Example("array_sum(dynamic([1, 2, 3.5]))", 6.5),
    Example("array_sum(dynamic([]))", 0.0),
    Example("array_sum(dynamic([1, 'a']))", None),
    Example("array_sum(dynamic([1, null]))", 1.0),
    Example("array_sum(dynamic(null))", None),
    returns=Type.REAL,
    nulls=Nulls.PROPAGATE,
)


def _sorted(descending: bool) -> Lower:
    """Numbers by value, then texts by their bytes, then the rest by its JSON text; nulls last in either direction.

    Of several arrays an array of them all, the others in the order of the first; null for one of another length.
    """

    def lower(bound: BoundCall, forms: Forms) -> Expr:
        first, *others = (arg.sql for arg in bound.args if arg.type is Type.DYNAMIC)
        is_told = bound.args[-1].type is Type.BOOL
        nulls_last = not is_told or bool(bound.args[-1].constant)
        number = Cast(ELEMENT, Type.REAL, safe=True)
        plain = when(is_text(ELEMENT), forms.reading.text(Argument(ELEMENT, Type.DYNAMIC)), ELEMENT)
        kinds = ((is_null(ELEMENT), long(9 if nulls_last is not descending else 0)), (is_not_null(number), long(1)))
        rank = Case((*kinds, (is_text(ELEMENT), long(2))), long(3))
        amount = coalesce(number, Literal(0.0, Type.REAL))
        key = (rank, amount, coalesce(plain, EMPTY), coalesce(ELEMENT, NULL_TEXT))
        if not others:
            ordered = forms.sort(forms.map(forms.elements(first), forms.struct(key)), descending)
            return forms.array(forms.map(ordered, Field(ELEMENT, "f3")))
        # Equal elements keep their order: the place is turned round where the sorting is.
        place = Binary("-", long(0), forms.index) if descending else forms.index
        ordered = forms.sort(forms.numbered(forms.elements(first), forms.struct((*key, place))), descending)
        arrays = [forms.array(forms.map(ordered, Field(ELEMENT, "f3")))]
        arrays += [_in_order_of(ordered, first, other, forms) for other in others]
        return pack_items(tuple(coalesce(array, NULL_TEXT) for array in arrays))

    return lower


def _in_order_of(ordered: Expr, first: Expr, other: Expr, forms: Forms) -> Expr:
    """The elements of another array, each where the sorting put the first array's element of the same place."""
    at = Binary("+", call("abs", Field(ELEMENT, "f4")), ONE)
    same = Binary("=", forms.array_length(first), forms.array_length(other))
    return when(same, forms.array(forms.map(ordered, forms.at(forms.elements(other), at))))


_NULLS_LAST = param("nulls_last", Type.BOOL, constant=True)
_OTHERS = param("array", Type.DYNAMIC, repeat=63)
_SORTINGS = (
    Signature((ARRAY, replace(_NULLS_LAST, optional=True)), Type.DYNAMIC),
    Signature((ARRAY, _OTHERS), Type.DYNAMIC),
    Signature((ARRAY, _OTHERS, _NULLS_LAST), Type.DYNAMIC),
)


def _sorting(name: str, summary: str, *examples: Example, descending: bool) -> ScalarFunction:
    lower = _sorted(descending)
    return ScalarFunction(
        name=name,
        summary=summary,
        signatures=_SORTINGS,
        nulls=Nulls.OWN,
        duckdb=lambda bound: lower(bound, DUCKDB),
        spark=lambda bound: lower(bound, SPARK),
        examples=examples,
        result_name=ResultName(NameRule.SORTED_ARRAY),
    )


ARRAY_SORT_ASC = _sorting(
    "array_sort_asc",
    "The elements in rising order, nulls last unless said otherwise; further arrays follow the order of the first.",
    Example("array_sort_asc(dynamic([10, 9.5, 2, null]))", [2, 9.5, 10, None]),
    Example("array_sort_asc(dynamic(['b', 'a', 'B', null]), false)", [None, "B", "a", "b"]),
    Example("array_sort_asc(dynamic(null))", None),
    Example("array_sort_asc(dynamic([3, 1, 2]), dynamic(['c', 'a', null]))[1]", ["a", None, "c"]),
    Example("array_sort_asc(dynamic([2, 1, 2, 1]), dynamic([0, 1, 2, 3]))[1]", [1, 3, 0, 2]),
    Example("array_sort_asc(dynamic([null, 2]), dynamic([5]))[1]", None),
    Example("array_sort_asc(dynamic([null, 2]), dynamic([5]), dynamic(['x', 'y']))[2]", ["y", "x"]),
    descending=False,
)
ARRAY_SORT_DESC = _sorting(
    "array_sort_desc",
    "The elements in falling order, nulls last unless said otherwise; further arrays follow the order of the first.",
    Example("array_sort_desc(dynamic([1, 3, null, 4, 5, 2]))", [5, 4, 3, 2, 1, None]),
    Example("array_sort_desc(dynamic([1, null, 2]), false)", [None, 2, 1]),
    Example("array_sort_desc(dynamic([1, 2, null, 2]), dynamic([0, 1, 2, 3]))[1]", [1, 3, 0, 2]),
    Example("array_sort_desc(dynamic([]))", []),
    descending=True,
)

FUNCTIONS: tuple[ScalarFunction, ...] = (
    ARRAY_LENGTH,
    ARRAY_REVERSE,
    ARRAY_SLICE,
    ARRAY_ROTATE_LEFT,
    ARRAY_ROTATE_RIGHT,
    ARRAY_SHIFT_LEFT,
    ARRAY_SHIFT_RIGHT,
    ARRAY_INDEX_OF,
    ARRAY_SUM,
    ARRAY_SORT_ASC,
    ARRAY_SORT_DESC,
)
