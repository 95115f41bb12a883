"""Functions of analysis and statistics: gamma, erf, the beta distribution, Welch's test."""

import math
from collections.abc import Callable
from decimal import Decimal

from bluetick.functions.definition import (
    AS_ARGUMENT,
    UNNAMED,
    Compute,
    Example,
    Nulls,
    ResultName,
    ScalarFunction,
    param,
    signature,
)
from bluetick.types import Type

_NUMBER = (Type.REAL, Type.DECIMAL)
_MOST_SHAPE = 10_000  # the largest parameter that beta_cdf takes


def _gamma(number: float | Decimal) -> float:
    x = float(number)
    if x == -math.inf or (x <= 0 and x == math.floor(x)):
        return math.nan
    try:
        return math.gamma(x)
    except OverflowError:
        return math.inf


def _log_gamma(number: float | Decimal) -> float:
    x = float(number)
    return math.inf if x <= 0 and x == math.floor(x) else math.lgamma(x)


def _of_real(f: Callable[[float], float]) -> Compute:
    return lambda number: f(float(number))


def _beta_integral(x: float, alpha: float, beta: float) -> float:
    from scipy.special import betainc  # noqa: PLC0415 - loaded when a query needs it

    return float(betainc(alpha, beta, x))


def _beta_cdf(x: float | Decimal, alpha: float | Decimal, beta: float | Decimal) -> float:
    at, a, b = float(x), float(alpha), float(beta)
    if not (0 <= at <= 1 and 0 < a <= _MOST_SHAPE and 0 < b <= _MOST_SHAPE):
        return math.nan
    return _beta_integral(at, a, b)


def _beta_inv(probability: float | Decimal, alpha: float | Decimal, beta: float | Decimal) -> float | None:
    from scipy.special import betaincinv  # noqa: PLC0415 - loaded when a query needs it

    p, a, b = float(probability), float(alpha), float(beta)
    if not (a > 0 and b > 0):
        return math.nan
    return float(betaincinv(a, b, p)) if 0 < p <= 1 else None


def _beta_pdf(x: float | Decimal, alpha: float | Decimal, beta: float | Decimal) -> float:
    at, a, b = float(x), float(alpha), float(beta)
    if not (0 < at < 1 and 0 < a < math.inf and 0 < b < math.inf):
        return math.nan
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return math.exp(scale + (a - 1) * math.log(at) + (b - 1) * math.log1p(-at))


def _welch_test(*numbers: float | Decimal) -> float:
    """The two-sided p-value of Welch's t-test; not a number where there is no such test."""
    mean1, variance1, count1, mean2, variance2, count2 = map(float, numbers)
    if not (count1 > 1 and count2 > 1 and variance1 >= 0 and variance2 >= 0):
        return math.nan
    share1, share2 = variance1 / count1, variance2 / count2
    if share1 + share2 == 0:
        return math.nan
    statistic = (mean1 - mean2) / math.sqrt(share1 + share2)
    freedom = (share1 + share2) ** 2 / (share1**2 / (count1 - 1) + share2**2 / (count2 - 1))
    return _beta_integral(freedom / (freedom + statistic**2), freedom / 2, 0.5)


def _function(
    name: str,
    summary: str,
    parameters: tuple[str, ...],
    compute: Compute,
    *examples: Example,
    result_name: ResultName = UNNAMED,
) -> ScalarFunction:
    return ScalarFunction(
        name=name,
        summary=summary,
        signatures=(signature(*(param(given, *_NUMBER) for given in parameters), returns=Type.REAL),),
        nulls=Nulls.PROPAGATE,
        compute=compute,
        examples=examples,
        result_name=result_name,
    )


FUNCTIONS: tuple[ScalarFunction, ...] = (
    _function(
        "gamma",
        "The gamma function; not a number where it has a pole.",
        ("number",),
        _gamma,
        Example("gamma(5)", 24.0),
        Example("gamma(0.5)", math.sqrt(math.pi)),
        Example("gamma(-1)", math.nan),
        Example("gamma(real(null))", None),
        result_name=AS_ARGUMENT,
    ),
    _function(
        "loggamma",
        "The natural logarithm of the gamma function's absolute value.",
        ("number",),
        _log_gamma,
        Example("loggamma(5)", 3.1780538303479458),
        Example("loggamma(1)", 0.0),
        Example("loggamma(real(null))", None),
        result_name=AS_ARGUMENT,
    ),
    _function(
        "erf",
        "The error function.",
        ("number",),
        _of_real(math.erf),
        Example("erf(1)", 0.8427007929497149),
        Example("erf(0)", 0.0),
        Example("erf(real(null))", None),
        result_name=AS_ARGUMENT,
    ),
    _function(
        "erfc",
        "The complementary error function: 1 - erf.",
        ("number",),
        _of_real(math.erfc),
        Example("erfc(2)", 0.004677734981047266),
        Example("erfc(-3)", 1.9999779095030015),
        Example("erfc(real(null))", None),
        result_name=AS_ARGUMENT,
    ),
    _function(
        "beta_cdf",
        "The cumulative beta distribution at x; not a number outside its domain.",
        ("x", "alpha", "beta"),
        _beta_cdf,
        Example("beta_cdf(0.5, 2, 3)", 0.6875),
        Example("beta_cdf(1.5, 10.0, 20.0)", math.nan),
        Example("beta_cdf(0.5, real(null), 3)", None),
    ),
    _function(
        "beta_inv",
        "The x at which the cumulative beta distribution has this probability; null for a probability that is none.",
        ("probability", "alpha", "beta"),
        _beta_inv,
        Example("beta_inv(0.6875, 2, 3)", 0.5),
        Example("beta_inv(1.5, 10.0, 20.0)", None),
        Example("beta_inv(0.1, -1.0, 20.0)", math.nan),
        Example("beta_inv(real(null), 10.0, 20.0)", None),
    ),
    _function(
        "beta_pdf",
        "The density of the beta distribution at x; not a number outside its domain.",
        ("x", "alpha", "beta"),
        _beta_pdf,
        Example("beta_pdf(0.5, 2, 3)", 1.5),
        Example("beta_pdf(1, 2, 3)", math.nan),
        Example("beta_pdf(0.5, 2, real(null))", None),
    ),
    _function(
        "welch_test",
        "The p-value of Welch's t-test for two means, from each sample's mean, variance and count.",
        ("mean1", "variance1", "count1", "mean2", "variance2", "count2"),
        _welch_test,
        Example("round(welch_test(20.82, 7.867429, 15, 22.986667, 3.812667, 15), 3)", 0.021),
        Example("welch_test(1, 2, 10, 1, 3, 10)", 1.0),
        Example("welch_test(1, 2, 10, 1, 3, long(null))", None),
    ),
)
