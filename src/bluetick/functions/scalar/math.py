"""Arithmetic beyond the operators: rounding, powers, logarithms, angles."""

from collections.abc import Callable

from bluetick.functions.definition import (
    AS_ARGUMENT,
    UNNAMED,
    Argument,
    BoundCall,
    Example,
    Lowering,
    Nulls,
    ResultName,
    ScalarFunction,
    param,
    signature,
)
from bluetick.functions.scalar import arithmetic
from bluetick.functions.scalar.clock import DUCKDB, SPARK, Clock
from bluetick.sql.tree import Bare, Binary, Case, Cast, Expr, Literal, Unary, call, long, null, when
from bluetick.types import INTEGER, NUMBER, Type

ONE_REAL = Literal(1.0, Type.REAL)
ZERO_REAL = Literal(0.0, Type.REAL)


def as_real(argument: Argument) -> Expr:
    return argument.sql if argument.type is Type.REAL else Cast(argument.sql, Type.REAL)


def _same(types: tuple[Type, ...]) -> Type:
    return types[0]


def _abs(numbers: arithmetic.Numbers) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        value = bound[0].sql
        if bound[0].type in INTEGER or bound[0].type is Type.TIMESPAN:
            negative = arithmetic.negate(bound[0], Type.LONG, numbers)  # the least long stays as it is
            return Case(((Binary("<", value, long(0)), negative),), Cast(value, Type.LONG))
        return call("abs", value)

    return lower


ABS = ScalarFunction(
    name="abs",
    summary="The absolute value.",
    signatures=(
        signature(param("number", *INTEGER), returns=Type.LONG),
        signature(param("number", Type.REAL, Type.DECIMAL, Type.TIMESPAN), returns=_same),
    ),
    nulls=Nulls.PROPAGATE,
    duckdb=_abs(arithmetic.DUCKDB),
    spark=_abs(arithmetic.SPARK),
    result_name=AS_ARGUMENT,
    examples=(Example("abs(-5)", 5), Example("abs(-2.5)", 2.5), Example("abs(long(null))", None)),
)


def _round(bound: BoundCall) -> Expr:
    """Half away from zero. Reals are scaled here: the engines' own rounding to a digit differs between them."""
    number = bound[0]
    precision = int(bound[1].constant) if len(bound) > 1 and bound[1].constant is not None else 0
    if len(bound) > 1 and bound[1].constant is None:
        return null(bound.returns)
    if number.type in INTEGER and precision < 0:
        return Cast(_round_long(Cast(number.sql, Type.LONG), 10**-precision), bound.returns, safe=True)
    if number.type is not Type.REAL:
        return Cast(call("round", number.sql, Bare(precision)), bound.returns)
    if precision == 0:
        return call("round", number.sql)
    scale = Literal(10.0 ** abs(precision), Type.REAL)
    up, down = ("*", "/") if precision > 0 else ("/", "*")
    return Binary(down, call("round", Binary(up, number.sql, scale)), scale)


def _round_long(number: Expr, scale: int) -> Expr:
    """A multiple of the scale; null where the nearest is no long, at which the engines' own rounding ends."""
    rest, half = Binary("%", number, long(scale)), long(scale // 2)
    down = Binary("-", number, rest)
    above = when(Binary("<=", down, long(2**63 - 1 - scale)), Binary("+", down, long(scale)))
    below = when(Binary(">=", down, long(scale - 2**63)), Binary("-", down, long(scale)))
    return Case(((Binary(">=", rest, half), above), (Binary("<=", rest, long(-(scale // 2))), below)), down)


def _check_round(args: tuple[Argument, ...]) -> str:
    if len(args) > 1 and args[1].constant is not None and abs(int(args[1].constant)) > 18:
        return "round() knows 18 digits on either side of the point"
    return ""


ROUND = ScalarFunction(
    name="round",
    summary="The number rounded to a constant count of digits behind the point, half away from zero.",
    signatures=(
        signature(param("number", *NUMBER), param("precision", Type.LONG, optional=True, constant=True), returns=_same),
    ),
    nulls=Nulls.PROPAGATE,
    duckdb=_round,
    spark=_round,
    check=_check_round,
    result_name=AS_ARGUMENT,
    examples=(
        Example("round(2.98765, 3)", 2.988),
        Example("round(-2.5)", -3.0),
        Example("round(1250, -2)", 1300),
        Example("round(real(null), 2)", None),
    ),
)


def _ceiling(clock: Clock) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        match bound[0].type:
            case Type.REAL:
                return Unary("-", clock.floor(Unary("-", bound[0].sql)))
            case Type.DECIMAL:
                return Cast(call("ceil", bound[0].sql), Type.DECIMAL)
            case _:
                return as_real(bound[0])

    return lower


def _ceiling_type(types: tuple[Type, ...]) -> Type:
    return Type.DECIMAL if types[0] is Type.DECIMAL else Type.REAL


CEILING = ScalarFunction(
    name="ceiling",
    summary="The smallest whole number that is not below the value.",
    signatures=(signature(param("number", *NUMBER), returns=_ceiling_type),),
    nulls=Nulls.PROPAGATE,
    duckdb=_ceiling(DUCKDB),
    spark=_ceiling(SPARK),
    result_name=AS_ARGUMENT,
    differs="Kusto's analyzer keeps the type of an integer; its engine and this one give a real.",
    examples=(
        Example("ceiling(1.1)", 2.0),
        Example("ceiling(-1.1)", -1.0),
        Example("ceiling(3)", 3.0),
        Example("ceiling(real(null))", None),
    ),
)


# --- functions of reals ----------------------------------------------------------------------------------------


def _real_function(
    name: str,
    summary: str,
    form: Callable[..., Expr],
    *examples: Example,
    parameters: tuple[str, ...] = ("number",),
    result_name: ResultName = AS_ARGUMENT,
) -> ScalarFunction:
    """A real of reals, written alike for both engines."""

    def lower(bound: BoundCall) -> Expr:
        return form(*(as_real(arg) for arg in bound.args))

    return ScalarFunction(
        name=name,
        summary=summary,
        signatures=(signature(*(param(given, *NUMBER) for given in parameters), returns=Type.REAL),),
        nulls=Nulls.PROPAGATE,
        duckdb=lower,
        spark=lower,
        result_name=result_name,
        examples=examples,
    )


def _native(sql_name: str) -> Callable[..., Expr]:
    return lambda *values: call(sql_name, *values)


def _logarithm(sql_name: str) -> Callable[[Expr], Expr]:
    """Minus infinity of zero and null of less, where the engines give null, an error or not a number."""

    def form(value: Expr) -> Expr:
        whens = (
            (Binary(">", value, ZERO_REAL), call(sql_name, value)),
            (Binary("=", value, ZERO_REAL), Literal(float("-inf"), Type.REAL)),
        )
        return Case(whens)

    return form


def _within_one(sql_name: str) -> Callable[[Expr], Expr]:
    def form(value: Expr) -> Expr:
        return when(Binary("<=", call("abs", value), ONE_REAL), call(sql_name, value))

    return form


def _square_root(value: Expr) -> Expr:
    return when(Binary(">=", value, ZERO_REAL), call("sqrt", value))


def _power_of(base: float) -> Callable[[Expr], Expr]:
    return lambda value: call("pow", Literal(base, Type.REAL), value)


SQRT = _real_function(
    "sqrt",
    "The square root; null below zero.",
    _square_root,
    Example("sqrt(256)", 16.0),
    Example("sqrt(-1)", None),
    Example("sqrt(real(null))", None),
)
POW = _real_function(
    "pow",
    "The base to the power of the exponent.",
    _native("pow"),
    Example("pow(2, 3)", 8.0),
    Example("pow(2, -1)", 0.5),
    Example("pow(2, real(null))", None),
    parameters=("base", "exponent"),
)
EXP = _real_function(
    "exp", "e to the power of the value.", _native("exp"), Example("exp(0)", 1.0), Example("exp(real(null))", None)
)
EXP2 = _real_function(
    "exp2", "2 to the power of the value.", _power_of(2.0), Example("exp2(3)", 8.0), Example("exp2(real(null))", None)
)
EXP10 = _real_function(
    "exp10",
    "10 to the power of the value.",
    _power_of(10.0),
    Example("exp10(3)", 1000.0),
    Example("exp10(real(null))", None),
)
LOG = _real_function(
    "log",
    "The natural logarithm; null below zero.",
    _logarithm("ln"),
    Example("log(1)", 0.0),
    Example("log(0)", float("-inf")),
    Example("log(-1)", None),
    Example("log(real(null))", None),
)
LOG2 = _real_function(
    "log2",
    "The logarithm of base 2; null below zero.",
    _logarithm("log2"),
    Example("log2(8)", 3.0),
    Example("log2(real(null))", None),
)
LOG10 = _real_function(
    "log10",
    "The logarithm of base 10; null below zero.",
    _logarithm("log10"),
    Example("log10(1000)", 3.0),
    Example("log10(real(null))", None),
)
SIGN = _real_function(
    "sign",
    "1, 0 or -1, as the value is above, at or below zero.",
    lambda value: Cast(call("sign", value), Type.REAL),
    Example("sign(-42)", -1.0),
    Example("sign(0.0)", 0.0),
    Example("sign(int(null))", None),
    result_name=UNNAMED,
)
SIN = _real_function(
    "sin", "The sine of an angle in radians.", _native("sin"), Example("sin(0)", 0.0), Example("sin(real(null))", None)
)
COS = _real_function(
    "cos",
    "The cosine of an angle in radians.",
    _native("cos"),
    Example("cos(0)", 1.0),
    Example("cos(real(null))", None),
)
TAN = _real_function(
    "tan",
    "The tangent of an angle in radians.",
    _native("tan"),
    Example("tan(0)", 0.0),
    Example("tan(real(null))", None),
)
COT = _real_function(
    "cot",
    "The cotangent of an angle in radians.",
    _native("cot"),
    Example("cot(real(null))", None),
    result_name=UNNAMED,
)
ASIN = _real_function(
    "asin",
    "The angle whose sine is the value; null outside -1 to 1.",
    _within_one("asin"),
    Example("asin(0)", 0.0),
    Example("asin(1.5)", None),
    Example("asin(real(null))", None),
)
ACOS = _real_function(
    "acos",
    "The angle whose cosine is the value; null outside -1 to 1.",
    _within_one("acos"),
    Example("acos(1)", 0.0),
    Example("acos(-1.5)", None),
    Example("acos(real(null))", None),
)
ATAN = _real_function(
    "atan",
    "The angle whose tangent is the value.",
    _native("atan"),
    Example("atan(0)", 0.0),
    Example("atan(real(null))", None),
)
ATAN2 = _real_function(
    "atan2",
    "The angle of the point (x, y).",
    _native("atan2"),
    Example("atan2(0, 1)", 0.0),
    Example("atan2(real(null), 1)", None),
    parameters=("y", "x"),
)
DEGREES = _real_function(
    "degrees",
    "An angle in radians as degrees.",
    _native("degrees"),
    Example("degrees(pi())", 180.0),
    Example("degrees(real(null))", None),
    result_name=UNNAMED,
)
RADIANS = _real_function(
    "radians",
    "An angle in degrees as radians.",
    _native("radians"),
    Example("radians(0)", 0.0),
    Example("radians(real(null))", None),
    result_name=UNNAMED,
)


def _pi(_bound: BoundCall) -> Expr:
    return call("pi")


PI = ScalarFunction(
    name="pi",
    summary="The ratio of a circle's circumference to its diameter.",
    signatures=(signature(returns=Type.REAL),),
    nulls=Nulls.NEVER,
    duckdb=_pi,
    spark=_pi,
    examples=(Example("round(pi(), 5)", 3.14159),),
)

FUNCTIONS: tuple[ScalarFunction, ...] = (
    ABS,
    ROUND,
    CEILING,
    SQRT,
    POW,
    EXP,
    EXP2,
    EXP10,
    LOG,
    LOG2,
    LOG10,
    SIGN,
    SIN,
    COS,
    TAN,
    COT,
    ASIN,
    ACOS,
    ATAN,
    ATAN2,
    DEGREES,
    RADIANS,
    PI,
)
