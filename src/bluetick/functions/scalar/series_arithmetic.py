"""Functions of each element of a series, and of two series element by element.

Pages: https://learn.microsoft.com/kusto/query/series-add-function and its like. All of them are computed in
`functions.series`, loaded when a query needs it.
"""

from types import ModuleType

from bluetick.functions.definition import Compute, Example, Nulls, ScalarFunction, param, signature
from bluetick.types import NUMBER, Type


def _elementwise() -> ModuleType:
    from bluetick.functions.series import elementwise  # noqa: PLC0415 - loaded when a query needs it

    return elementwise


_NO_DATETIMES = "Datetimes and timespans in an array count as no numbers."


def _of_each(name: str) -> Compute:
    return lambda series: _elementwise().unary(name, series)


def _of_both(name: str) -> Compute:
    return lambda left, right: _elementwise().binary(name, left, right)


def _unary(name: str, summary: str, *examples: Example) -> ScalarFunction:
    return ScalarFunction(
        name=f"series_{name}",
        summary=f"{summary} of each element; null where an element is no number.",
        signatures=(signature(param("series", Type.DYNAMIC), returns=Type.DYNAMIC),),
        nulls=Nulls.PROPAGATE,
        compute=_of_each(name),
        examples=(
            *examples,
            Example(f"series_{name}(dynamic([]))", []),
            Example(f"series_{name}(dynamic(null))", None),
        ),
    )


def _binary(name: str, summary: str, *examples: Example) -> ScalarFunction:
    series, number = param("series", Type.DYNAMIC), param("number", *NUMBER)
    return ScalarFunction(
        name=f"series_{name}",
        summary=f"{summary}, element by element; null where an element is missing or no number.",
        signatures=tuple(
            signature(left, right, returns=Type.DYNAMIC)
            for left, right in ((series, series), (series, number), (number, series))
        ),
        nulls=Nulls.PROPAGATE,
        compute=_of_both(name),
        differs=_NO_DATETIMES,
        examples=(*examples, Example(f"series_{name}(dynamic(null), dynamic([1]))", None)),
    )


FUNCTIONS = (
    _unary(
        "abs", "The absolute value", Example("series_abs(dynamic([-6.5, 0, -8, null, 'a']))", [6.5, 0, 8, None, None])
    ),
    _unary("acos", "The arc cosine", Example("series_acos(dynamic([1, 2, true]))", [0.0, "NaN", None])),
    _unary("asin", "The arc sine", Example("series_asin(dynamic([0, null]))", [0.0, None])),
    _unary("atan", "The arc tangent", Example("series_atan(dynamic([0, null]))", [0.0, None])),
    _unary("ceiling", "The next whole number up", Example("series_ceiling(dynamic([-1.5, 1, 2.5]))", [-1.0, 1.0, 3.0])),
    _unary("cos", "The cosine", Example("series_cos(dynamic([0, '0']))", [1.0, None])),
    _unary("exp", "The exponential", Example("series_exp(dynamic([0, 1]))", [1.0, 2.718281828459045])),
    _unary("floor", "The next whole number down", Example("series_floor(dynamic([-1.5, 1, 2.5]))", [-2.0, 1.0, 2.0])),
    _unary("log", "The natural logarithm", Example("series_log(dynamic([1, 0]))", [0.0, "-Infinity"])),
    _unary("sign", "The sign: 1, 0 or -1", Example("series_sign(dynamic([-6, 0, 8, 2.5]))", [-1, 0, 1, 1.0])),
    _unary("sin", "The sine", Example("series_sin(dynamic([0]))", [0.0])),
    _unary("tan", "The tangent", Example("series_tan(dynamic([0]))", [0.0])),
    _binary(
        "add",
        "The sums",
        Example("series_add(dynamic([1, 2, 4]), dynamic([4, 2.5]))", [5, 4.5, None]),
        Example("series_add(dynamic([1, null, 'a']), 10)", [11, None, None]),
    ),
    _binary("subtract", "The differences", Example("series_subtract(10, dynamic([1, 2.5]))", [9, 7.5])),
    _binary("multiply", "The products", Example("series_multiply(dynamic([1, 2]), dynamic([3, 4.5]))", [3, 9.0])),
    _binary(
        "divide",
        "The quotients as reals",
        Example("series_divide(dynamic([1, 2, 4]), dynamic([4, 2, 1]))", [0.25, 1.0, 4.0]),
        Example("series_divide(dynamic([2, 0]), 0)", ["Infinity", "NaN"]),
    ),
    _binary(
        "pow", "The powers as reals", Example("series_pow(dynamic([1, 2, 4]), dynamic([1, 3, 0.5]))", [1.0, 8.0, 2.0])
    ),
    _binary(
        "equals", "Whether equal", Example("series_equals(dynamic([1, 2, 4]), dynamic([4, 2.0]))", [False, True, None])
    ),
    _binary(
        "not_equals", "Whether unequal", Example("series_not_equals(dynamic([1, 2, null]), 2)", [True, False, None])
    ),
    _binary("greater", "Whether greater", Example("series_greater(dynamic([1, 2, 4]), 2)", [False, False, True])),
    _binary(
        "greater_equals",
        "Whether greater or equal",
        Example("series_greater_equals(dynamic([1, 2]), 2)", [False, True]),
    ),
    _binary("less", "Whether less", Example("series_less(dynamic([1, 2, 4]), 2)", [True, False, False])),
    _binary("less_equals", "Whether less or equal", Example("series_less_equals(dynamic([2, 4]), 2)", [True, False])),
)
