"""in, has_any, has_all: one value beside a list of scalars and dynamic arrays."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from bluetick.functions.definition import (
    Argument,
    BoundCall,
    Example,
    Lowering,
    Nulls,
    ScalarFunction,
    param,
    signature,
)
from bluetick.functions.scalar.comparison import equal
from bluetick.functions.scalar.conversions import DUCKDB as READ_DUCKDB
from bluetick.functions.scalar.conversions import SPARK as READ_SPARK
from bluetick.functions.scalar.conversions import Reading, to_real
from bluetick.functions.scalar.json_items import DUCKDB as ITEMS_DUCKDB
from bluetick.functions.scalar.json_items import SPARK as ITEMS_SPARK
from bluetick.functions.scalar.json_items import Items, constant_items
from bluetick.functions.scalar.matching import DUCKDB, SPARK, Matching, constant_text, lowered
from bluetick.functions.scalar.terms import Edges, find_any_term, find_term
from bluetick.sql.tree import (
    FALSE,
    TRUE,
    Binary,
    Bound,
    Call,
    Cast,
    Expr,
    In,
    Lambda,
    all_of,
    any_of,
    call,
    coalesce,
    is_null,
    long,
    not_,
    null,
    when,
)
from bluetick.types import ANY_SCALAR, NUMBER, Type

MAX_ITEMS = 1_000_000  # Kusto's own limit of a list

_TERM = Edges(before=True, after=True, any_case=True)


def _split(args: tuple[Argument, ...]) -> tuple[list[Argument], list[Argument]]:
    """The scalar items, constant arrays taken apart, and the arrays that only a row or a parameter knows."""
    scalars: list[Argument] = []
    arrays: list[Argument] = []
    for arg in args:
        if arg.type is not Type.DYNAMIC:
            scalars.append(arg)
        elif arg.is_constant:
            scalars.extend(constant_items(arg.constant))
        else:
            arrays.append(arg)
    return scalars, arrays


def _is_null_constant(arg: Argument) -> bool:
    return arg.is_constant and arg.constant is None


# --- in --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Engine:
    """What one engine brings to a membership test."""

    reading: Reading
    items: Items
    matching: Matching


_DUCKDB = Engine(READ_DUCKDB, ITEMS_DUCKDB, DUCKDB)
_SPARK = Engine(READ_SPARK, ITEMS_SPARK, SPARK)

Test: TypeAlias = Callable[[BoundCall, Engine], Expr]


def _same_kind(item: Argument, value: Argument) -> bool:
    """Whether SQL's IN compares the two as == does."""
    kinds = {item.type, value.type}
    return item.is_constant and (len(kinds) == 1 or kinds <= {Type.INT, Type.LONG})


def _found(bound: BoundCall, engine: Engine) -> Expr:
    """True or false; null only where the value is null."""
    value = bound[0]
    scalars, arrays = _split(bound.args[1:])
    wanted = [item for item in scalars if not _is_null_constant(item)]
    found = _dynamic_in(value, wanted, engine) if value.type is Type.DYNAMIC else _scalar_in(value, wanted, engine)
    found.extend(_array_has(value, array, engine) for array in arrays)
    return any_of(*found)


def _scalar_in(value: Argument, wanted: list[Argument], engine: Engine) -> list[Expr]:
    plain = tuple(item.sql for item in wanted if _same_kind(item, value))
    others = [item for item in wanted if not _same_kind(item, value)]
    found: list[Expr] = [In(value.sql, plain)] if plain else []
    found.extend(equal(value, item, engine.reading, truth_only=True) for item in others)
    return found


def _dynamic_in(value: Argument, wanted: list[Argument], engine: Engine) -> list[Expr]:
    """A dynamic value is compared by the type of each item: its text with strings, all in one list."""
    texts = tuple(item.sql for item in wanted if item.type is Type.STRING)
    others = [item for item in wanted if item.type is not Type.STRING]
    found: list[Expr] = [In(engine.reading.text(value), texts)] if texts else []
    found.extend(equal(value, item, engine.reading, truth_only=True) for item in others)
    return found


def _array_has(value: Argument, array: Argument, engine: Engine) -> Expr:
    """By number where the value is one, else by text."""
    if value.type in NUMBER:
        return call(engine.items.list_has, engine.items.numbers(array.sql), to_real(value, engine.reading))
    return call(engine.items.list_has, engine.items.texts(array.sql), engine.reading.text(value))


def _found_any_case(bound: BoundCall, engine: Engine) -> Expr:
    form = engine.reading.text
    value = call("lower", form(bound[0]))
    scalars, arrays = _split(bound.args[1:])
    wanted = tuple(lowered(item, form) for item in scalars if not _is_null_constant(item))
    found: list[Expr] = [In(value, wanted)] if wanted else []
    for array in arrays:
        lower_item = Lambda(("item",), call("lower", Bound("item")))
        items = Call(engine.items.transform, (engine.items.texts(array.sql), lower_item))
        found.append(call(engine.items.list_has, items, value))
    return any_of(*found)


def _in(search: Test) -> Test:
    """in is == with any item: null only for a null among nulls."""

    def test(bound: BoundCall, engine: Engine) -> Expr:
        found = search(bound, engine)
        if bound.truth_only or _is_sure(bound, search):
            return found
        return _null_beside_null(bound, coalesce(found, FALSE))

    return test


def _not_in(search: Test) -> Test:
    """!in is != with every item: a null value is in no list."""

    def test(bound: BoundCall, engine: Engine) -> Expr:
        absent = not_(search(bound, engine))
        return absent if _is_sure(bound, search) else _null_beside_null(bound, coalesce(absent, TRUE))

    return test


def _is_sure(bound: BoundCall, search: Test) -> bool:
    """Whether the search itself is never null: text against constants."""
    arrays = _split(bound.args[1:])[1]
    return not arrays and (bound[0].type is Type.STRING or search is _found_any_case)


def _null_beside_null(bound: BoundCall, result: Expr) -> Expr:
    """The result, or null where the value and one of the items are null."""
    value, *items = bound.args
    if value.type is Type.STRING:
        return result
    scalars = _split(tuple(items))[0]
    if any(_is_null_constant(item) for item in scalars):
        return when(is_null(value.sql), null(Type.BOOL), result)
    rows = [is_null(item.sql) for item in scalars if not item.is_constant and item.type is not Type.STRING]
    if not rows or value.type is Type.DYNAMIC:
        return result
    return when(all_of(is_null(value.sql), any_of(*rows)), null(Type.BOOL), result)


# --- has_any, has_all ------------------------------------------------------------------------------------------


def _constant_needle(item: Argument) -> str | None:
    """A constant item as text; numbers of a dynamic array as they are printed."""
    if isinstance(item.constant, int) and not isinstance(item.constant, bool) and item.type is not Type.TIMESPAN:
        return str(item.constant)
    return constant_text(item)


def _terms(bound: BoundCall) -> tuple[list[str], list[Argument], list[Argument]]:
    """Constant needles, needles of the row, arrays of the row."""
    scalars, arrays = _split(bound.args[1:])
    wanted = [item for item in scalars if not _is_null_constant(item)]
    constants = [needle for item in wanted if (needle := _constant_needle(item)) is not None]
    rows = [item for item in wanted if _constant_needle(item) is None]
    return constants, rows, arrays


def _has_any(bound: BoundCall, engine: Engine) -> Expr:
    haystack = engine.matching.text(bound[0])
    constants, rows, arrays = _terms(bound)
    found = [
        find_any_term(
            haystack, tuple(constants[start : start + _ONE_PATTERN]), _TERM, engine.matching, bound.truth_only
        )
        for start in range(0, len(constants), _ONE_PATTERN)
    ]
    found.extend(find_term(haystack, _as_text(item, engine), _TERM, engine.matching, False) for item in rows)
    found.extend(Binary(">", _count(haystack, array, engine, wanted=True), _ZERO) for array in arrays)
    return any_of(*found)


def _has_all(bound: BoundCall, engine: Engine) -> Expr:
    haystack = engine.matching.text(bound[0])
    constants, rows, arrays = _terms(bound)
    found = [find_any_term(haystack, (needle,), _TERM, engine.matching, bound.truth_only) for needle in constants]
    found.extend(find_term(haystack, _as_text(item, engine), _TERM, engine.matching, False) for item in rows)
    found.extend(Binary("=", _count(haystack, array, engine, wanted=False), _ZERO) for array in arrays)
    return all_of(*found)


def _as_text(item: Argument, engine: Engine) -> Argument:
    return Argument(engine.matching.text(item), Type.STRING)


def _count(haystack: Expr, array: Argument, engine: Engine, wanted: bool) -> Expr:
    """How many items of the array the text has (or has not)."""
    needle = Argument(Bound("item"), Type.STRING)
    found = find_term(haystack, needle, _TERM, engine.matching, truth_only=False)
    condition = found if wanted else not_(found)
    kept = Call(engine.items.filter, (engine.items.texts(array.sql), Lambda(("item",), condition)))
    return coalesce(Cast(call(engine.items.length, kept), Type.LONG), _ZERO)


_ZERO = long(0)
_ONE_PATTERN = 500  # needles to one alternation, to stay well inside what RE2 compiles


# --- the operators ---------------------------------------------------------------------------------------------


_LIKE_NUMBERS = (*NUMBER, Type.BOOL)


def _comparable(left: Type, right: Type) -> bool:
    """Whether == takes the two."""
    if left is right or Type.DYNAMIC in (left, right):
        return True
    if Type.STRING in (left, right):
        return bool({left, right} & {*_LIKE_NUMBERS, Type.GUID})
    return left in _LIKE_NUMBERS and right in _LIKE_NUMBERS


def _check_items(args: tuple[Argument, ...]) -> str:
    value, *items = args
    other = next((item.type for item in items if not _comparable(value.type, item.type)), None)
    return "" if other is None else f"a value of type {value.type} cannot be compared with one of type {other}"


def _lowering(test: Test, engine: Engine) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        return test(bound, engine)

    return lower


def _operator(name: str, summary: str, test: Test, nulls: Nulls, examples: tuple[Example, ...]) -> ScalarFunction:
    value = _TEXT if name not in ("in", "!in") else ANY_SCALAR
    return ScalarFunction(
        name=name,
        summary=summary,
        signatures=(
            signature(param("value", *value), param("item", *ANY_SCALAR, repeat=MAX_ITEMS), returns=Type.BOOL),
        ),
        nulls=nulls,
        check=_check_items if name in ("in", "!in") else None,
        duckdb=_lowering(test, _DUCKDB),
        spark=_lowering(test, _SPARK),
        examples=examples,
    )


_TEXT = (Type.STRING, Type.DYNAMIC)

FUNCTIONS: tuple[ScalarFunction, ...] = (
    _operator(
        "in",
        "Equal to one of the items; a dynamic array counts as its items.",
        _in(_found),
        Nulls.OWN,
        (
            Example("4624 in (4624, 4625)", True),
            Example('"a" in ("A", "b")', False),
            Example('"b" in (dynamic(["a", "b"]))', True),
            Example("int(null) in (1, 2)", False),
            Example('dynamic({"k":"v"}).k in ("u", "v")', True),
        ),
    ),
    _operator(
        "!in",
        "Equal to none of the items; a null value is in no list.",
        _not_in(_found),
        Nulls.OWN,
        (
            Example("4624 !in (4624, 4625)", False),
            Example("int(null) !in (1, 2)", True),
            Example("3 !in (dynamic([1, 2]))", True),
        ),
    ),
    _operator(
        "in~",
        "Equal to one of the items, whatever the letter case.",
        _in(_found_any_case),
        Nulls.NEVER,
        (
            Example('"CMD.exe" in~ ("cmd.EXE", "x")', True),
            Example('"É" in~ (dynamic(["é"]))', True),
            Example('"" in~ ("a", "")', True),
        ),
    ),
    _operator(
        "!in~",
        "Equal to none of the items, whatever the letter case.",
        _not_in(_found_any_case),
        Nulls.NEVER,
        (
            Example('"CMD.exe" !in~ ("cmd.EXE", "x")', False),
            Example('"" !in~ ("a", "b")', True),
        ),
    ),
    _operator(
        "has_any",
        "Has one of the items as a term, whatever the letter case.",
        _has_any,
        Nulls.NEVER,
        (
            Example('"net user /add" has_any ("USER", "group")', True),
            Example('"netuser" has_any (dynamic(["net", "user"]))', False),
            Example('"" has_any ("a")', False),
        ),
    ),
    _operator(
        "has_all",
        "Has every item as a term, whatever the letter case.",
        _has_all,
        Nulls.NEVER,
        (
            Example('"net user /add" has_all ("USER", "net")', True),
            Example('"net user /add" has_all (dynamic(["net", "group"]))', False),
            Example('"" has_all ("a", "b")', False),
        ),
    ),
)
