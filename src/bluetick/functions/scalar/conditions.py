"""Choices and tests of a value: iff, case, coalesce, isnull, isempty, max_of, gettype, isnan."""

from bluetick.functions.definition import (
    Argument,
    BoundCall,
    Check,
    Example,
    Lowering,
    Nulls,
    ScalarFunction,
    param,
    prefixed,
    signature,
)
from bluetick.functions.scalar.json_text import (
    DUCKDB,
    SPARK,
    Forms,
    converted,
    is_array,
    is_bag,
    is_text,
)
from bluetick.sql.tree import (
    EMPTY,
    FALSE,
    TRUE,
    Binary,
    Call,
    Case,
    Expr,
    Literal,
    all_of,
    any_of,
    call,
    coalesce,
    is_not_null,
    is_null,
    not_,
    text,
)
from bluetick.types import ANY_SCALAR, NUMBER, Type, common

EMPTY_JSON_TEXT = text('""')
ORDERABLE = (*NUMBER, Type.STRING, Type.DATETIME, Type.TIMESPAN, Type.BOOL)


def _choice(types: tuple[Type, ...]) -> Type:
    """The type of a choice: a dynamic among others takes on their common type."""
    fixed = tuple(t for t in types if t is not Type.DYNAMIC)
    return common(fixed) if fixed else Type.DYNAMIC


def _iff(forms: Forms) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        condition, then, otherwise = bound.args
        return Case(
            ((condition.sql, converted(then, bound.returns, forms)),), converted(otherwise, bound.returns, forms)
        )

    return lower


IFF = ScalarFunction(
    name="iff",
    aliases=("iif",),
    summary="One value where the condition is true, the other where it is false or null.",
    signatures=(
        signature(
            param("if", Type.BOOL),
            param("then", *ANY_SCALAR),
            param("else", *ANY_SCALAR),
            returns=lambda types: _choice(types[1:]),
        ),
    ),
    nulls=Nulls.OWN,
    duckdb=_iff(DUCKDB),
    spark=_iff(SPARK),
    examples=(
        Example("iff(1 < 2, 'a', 'b')", "a"),
        Example("iff(bool(null), 1, 2.5)", 2.5),
        Example("iff(true, 'a', 1)", "a"),
        Example("iff(true, dynamic({'a': 1}).a, 2)", 1),
    ),
)


def _case(forms: Forms) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        *pairs, otherwise = bound.args
        whens = tuple(
            (condition.sql, converted(then, bound.returns, forms))
            for condition, then in zip(pairs[::2], pairs[1::2], strict=True)
        )
        return Case(whens, converted(otherwise, bound.returns, forms))

    return lower


CASE = ScalarFunction(
    name="case",
    summary="The value beside the first predicate that is true, or else the last value.",
    signatures=(
        signature(
            param("predicate", Type.BOOL, repeat=32_767),
            param("then", *ANY_SCALAR, repeat=32_767),
            param("else", *ANY_SCALAR),
            returns=lambda types: _choice((*types[1::2], types[-1])),
        ),
    ),
    nulls=Nulls.OWN,
    duckdb=_case(DUCKDB),
    spark=_case(SPARK),
    examples=(
        Example("case(3 < 2, 'small', 3 < 5, 'middle', 'large')", "middle"),
        Example("case(bool(null), 1, 2)", 2),
        Example("case(false, 1, false, 2, real(null))", None),
    ),
)


def _coalesce(forms: Forms) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        if bound.returns is Type.STRING:  # a string is never null: its missing value is the empty one
            *first, last = bound.args
            return coalesce(*(call("nullif", arg.sql, EMPTY) for arg in first), last.sql)
        return coalesce(*(converted(arg, bound.returns, forms) for arg in bound.args))

    return lower


def _one_kind(name: str) -> Check:
    """Numbers go with numbers; any other type only with itself."""

    def check(args: tuple[Argument, ...]) -> str:
        types = {arg.type for arg in args}
        if len(types) == 1 or types <= set(NUMBER):
            return ""
        return f"the arguments of {name}() must be of one type, not {', '.join(sorted(str(t) for t in types))}"

    return check


COALESCE = ScalarFunction(
    name="coalesce",
    summary="The first argument that is not null (for strings: not empty).",
    signatures=(signature(param("arg", *ANY_SCALAR), param("more", *ANY_SCALAR, repeat=63), returns=common),),
    nulls=Nulls.OWN,
    duckdb=_coalesce(DUCKDB),
    spark=_coalesce(SPARK),
    check=_one_kind("coalesce"),
    examples=(
        Example("coalesce(tolong('not a number'), tolong('42'), 33)", 42),
        Example("coalesce('', 'b')", "b"),
        Example("coalesce(long(null), int(null))", None),
        Example("coalesce(long(null), 1.5)", 1.5),
    ),
)


def _extreme(name: str, forms: Forms) -> Lowering:
    # Both engines skip nulls here, as Kusto does.
    return lambda bound: call(name, *(converted(arg, bound.returns, forms) for arg in bound.args))


MAX_OF = ScalarFunction(
    name="max_of",
    summary="The largest of the arguments; nulls are passed over.",
    signatures=(signature(param("arg", *ORDERABLE), param("more", *ORDERABLE, repeat=63), returns=common),),
    nulls=Nulls.OWN,
    duckdb=_extreme("greatest", DUCKDB),
    spark=_extreme("greatest", SPARK),
    check=_one_kind("max_of"),
    examples=(
        Example("max_of(10, 1, -3, 17)", 17),
        Example("max_of(int(null), 2)", 2),
        Example("max_of(int(null), int(null))", None),
        Example("max_of('b', 'a')", "b"),
    ),
)

MIN_OF = ScalarFunction(
    name="min_of",
    summary="The smallest of the arguments; nulls are passed over.",
    signatures=(signature(param("arg", *ORDERABLE), param("more", *ORDERABLE, repeat=63), returns=common),),
    nulls=Nulls.OWN,
    duckdb=_extreme("least", DUCKDB),
    spark=_extreme("least", SPARK),
    check=_one_kind("min_of"),
    examples=(Example("min_of(10, 1, -3, 17)", -3), Example("min_of(1, 2.5, long(null))", 1.0)),
)


def _is_null(bound: BoundCall) -> Expr:
    return FALSE if bound[0].type is Type.STRING else is_null(bound[0].sql)


def _is_not_null(bound: BoundCall) -> Expr:
    return TRUE if bound[0].type is Type.STRING else is_not_null(bound[0].sql)


ISNULL = ScalarFunction(
    name="isnull",
    summary="Whether the value is null. A string never is.",
    signatures=(signature(param("value", *ANY_SCALAR), returns=Type.BOOL),),
    nulls=Nulls.NEVER,
    duckdb=_is_null,
    spark=_is_null,
    examples=(
        Example("isnull(int(null))", True),
        Example("isnull('')", False),
        Example("isnull(parse_json(''))", True),
        Example("isnull(dynamic([]))", False),
    ),
)

ISNOTNULL = ScalarFunction(
    name="isnotnull",
    aliases=("notnull",),
    summary="Whether the value is not null. A string always is not.",
    signatures=(signature(param("value", *ANY_SCALAR), returns=Type.BOOL),),
    nulls=Nulls.NEVER,
    duckdb=_is_not_null,
    spark=_is_not_null,
    examples=(Example("isnotnull(1)", True), Example("isnotnull('')", True), Example("isnotnull(real(null))", False)),
)


def _is_empty(bound: BoundCall) -> Expr:
    value = bound[0].sql
    match bound[0].type:
        case Type.STRING:
            return Binary("=", value, EMPTY)
        case Type.DYNAMIC:
            return any_of(is_null(value), Binary("=", value, EMPTY_JSON_TEXT))
        case _:
            return is_null(value)


def _is_not_empty(bound: BoundCall) -> Expr:
    value = bound[0].sql
    match bound[0].type:
        case Type.STRING:
            return Binary("<>", value, EMPTY)
        case Type.DYNAMIC:
            return all_of(is_not_null(value), Binary("<>", value, EMPTY_JSON_TEXT))
        case _:
            return is_not_null(value)


ISEMPTY = ScalarFunction(
    name="isempty",
    summary="Whether the value is an empty string or null.",
    signatures=(signature(param("value", *ANY_SCALAR), returns=Type.BOOL),),
    nulls=Nulls.NEVER,
    duckdb=_is_empty,
    spark=_is_empty,
    examples=(
        Example("isempty('')", True),
        Example("isempty('x')", False),
        Example("isempty(long(null))", True),
        Example("isempty(dynamic({'a': ''}).a)", True),
    ),
)

ISNOTEMPTY = ScalarFunction(
    name="isnotempty",
    aliases=("notempty",),
    summary="Whether the value is neither an empty string nor null.",
    signatures=(signature(param("value", *ANY_SCALAR), returns=Type.BOOL),),
    nulls=Nulls.NEVER,
    duckdb=_is_not_empty,
    spark=_is_not_empty,
    examples=(
        Example("isnotempty('x')", True),
        Example("isnotempty(datetime(null))", False),
        Example("isnotempty(dynamic({'a': 1}).b)", False),
    ),
)


def _gettype(bound: BoundCall) -> Expr:
    value, type_ = bound[0].sql, bound[0].type
    if type_ is not Type.DYNAMIC:
        return text(type_.value)
    # Canonical JSON text: its first characters tell what it is, and only reals have a point or an exponent.
    whens = (
        (is_null(value), text("null")),
        (is_bag(value), text("dictionary")),
        (is_array(value), text("array")),
        (is_text(value), text("string")),
        (any_of(*(Binary("=", value, text(word)) for word in ("true", "false"))), text("bool")),
        (any_of(*(Binary("LIKE", value, text(f"%{mark}%")) for mark in (".", "e", "E"))), text("double")),
    )
    return Case(whens, text("long"))


GETTYPE = ScalarFunction(
    name="gettype",
    summary="The name of the type that the value has at run time.",
    signatures=(signature(param("value", *ANY_SCALAR), returns=Type.STRING),),
    nulls=Nulls.NEVER,
    duckdb=_gettype,
    spark=_gettype,
    result_name=prefixed("type"),
    differs="A datetime, timespan or guid inside a dynamic is held as text, so its run-time type is string.",
    examples=(
        Example("gettype(1s)", "timespan"),
        Example("gettype(parse_json('[1]'))", "array"),
        Example("gettype(parse_json(''))", "null"),
        Example("gettype(parse_json('1.5'))", "double"),
        Example("gettype(dynamic(null))", "null"),
    ),
)

_INFINITIES = (Literal(float("inf"), Type.REAL), Literal(float("-inf"), Type.REAL))


def _is_nan(bound: BoundCall) -> Expr:
    return Call("isnan", (bound[0].sql,))


def _is_infinite(bound: BoundCall) -> Expr:
    return any_of(*(Binary("=", bound[0].sql, infinity) for infinity in _INFINITIES))


def _is_finite(bound: BoundCall) -> Expr:
    return not_(any_of(_is_nan(bound), _is_infinite(bound)))


def _real_test(
    name: str, summary: str, duckdb: Lowering, spark: Lowering, examples: tuple[Example, ...]
) -> ScalarFunction:
    return ScalarFunction(
        name=name,
        summary=summary,
        signatures=(signature(param("number", Type.REAL), returns=Type.BOOL),),
        nulls=Nulls.OWN,
        duckdb=duckdb,
        spark=spark,
        examples=examples,
    )


ISNAN = _real_test(
    "isnan",
    "Whether the number is not a number; false for null.",
    lambda bound: coalesce(_is_nan(bound), FALSE),
    lambda bound: coalesce(_is_nan(bound), FALSE),
    (
        Example("isnan(0.0 / 0.0)", True),
        Example("isnan(1.0)", False),
        Example("isnan(real(nan))", True),
        Example("isnan(real(null))", False),
    ),
)
ISINF = _real_test(
    "isinf",
    "Whether the number is infinite; false for null.",
    lambda bound: coalesce(_is_infinite(bound), FALSE),
    lambda bound: coalesce(_is_infinite(bound), FALSE),
    (
        Example("isinf(1.0 / 0.0)", True),
        Example("isinf(1.0)", False),
        Example("isinf(real(nan))", False),
        Example("isinf(real(null))", False),
    ),
)
ISFINITE = _real_test(
    "isfinite",
    "Whether the number is neither infinite nor not a number; false for null.",
    lambda bound: coalesce(_is_finite(bound), FALSE),
    lambda bound: coalesce(_is_finite(bound), FALSE),
    (
        Example("isfinite(1.0)", True),
        Example("isfinite(1.0 / 0.0)", False),
        Example("isfinite(real(nan))", False),
        Example("isfinite(real(null))", False),
    ),
)

FUNCTIONS: tuple[ScalarFunction, ...] = (
    IFF,
    CASE,
    COALESCE,
    MAX_OF,
    MIN_OF,
    ISNULL,
    ISNOTNULL,
    ISEMPTY,
    ISNOTEMPTY,
    GETTYPE,
    ISNAN,
    ISINF,
    ISFINITE,
)
