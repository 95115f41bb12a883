"""Lines and polynomials, outliers, periods and decompositions of a series.

Pages: https://learn.microsoft.com/kusto/query/series-decompose-anomalies-function and its like. All of them are
computed in `functions.series`, loaded when a query needs it.
"""

from types import ModuleType

from bluetick.functions.definition import AS_ARGUMENT, Argument, Example, Part, param
from bluetick.functions.scalar.series_forms import (
    SERIES,
    arrays,
    one_of,
    optional_count,
    optional_number,
    reals,
    series_function,
    several,
)
from bluetick.types import INTEGER, NUMBER, Type


def _fits() -> ModuleType:
    from bluetick.functions.series import fits  # noqa: PLC0415 - loaded when a query needs it

    return fits


def _outliers() -> ModuleType:
    from bluetick.functions.series import outliers  # noqa: PLC0415 - loaded when a query needs it

    return outliers


def _periods() -> ModuleType:
    from bluetick.functions.series import periods  # noqa: PLC0415 - loaded when a query needs it

    return periods


def _decomposition() -> ModuleType:
    from bluetick.functions.series import decomposition  # noqa: PLC0415 - loaded when a query needs it

    return decomposition


_LINE_FIT = Part("line_fit", Type.DYNAMIC)
_SIDE = ("rsquare", "slope", "interception", "variance", "rvariance")
_DECOMPOSITION = arrays("baseline", "seasonal", "trend", "residual")
_PERIODS = arrays("periods", "scores")

_PERIOD = optional_count("period")
_TREND = param("trend", Type.STRING, optional=True)
_TEST_POINTS = optional_count("test_points")
_SEASONALITY = optional_number("seasonality_threshold")
_TRENDS = ("avg", "linefit", "none")
_METHODS = ("ctukey", "tukey")

_PERIODS_DIFFER = (
    "How Kusto finds periods and scores them is not published; this gives what its pages show, but scores of other "
    "series may differ."
)
_NOT_FINITE = "A series with an element that is no finite number (among those learned from) gives null."
_SPLIT = "split_idx is the place of the right part's first element; each part's line counts its own points from 1."
_SCORES = (
    "Other percentiles than 10, 25, 75 and 90 are normalized by exact quantiles of the normal distribution. "
    "Where both percentiles are equal, what lies outside of them scores Infinity."
)


def _check_outliers(args: tuple[Argument, ...]) -> str:
    for percentile in args[3:5]:
        if percentile.is_constant and percentile.constant is not None and not 2 <= percentile.constant <= 98:
            return "a percentile is from 2 to 98"
    return one_of({1: _METHODS})(args)


FUNCTIONS = (
    several(
        "series_fit_line",
        "The straight line that fits a series best.",
        (SERIES,),
        (*reals("rsquare", "slope", "variance", "rvariance", "interception"), _LINE_FIT),
        lambda *args: _fits().line(*args),
        Example("series_fit_line(dynamic([2, 4, 6, 8]))", 1.0),
        Example("series_fit_line(dynamic([1, 2, 1]))", 0.0),
        Example("series_fit_line(dynamic([5]))", None),
        Example("series_fit_line(dynamic(null))", None),
        differs=_NOT_FINITE,
    ),
    series_function(
        "series_fit_line_dynamic",
        "The straight line that fits a series best, as a bag.",
        (SERIES,),
        lambda *args: _fits().line_bag(*args),
        Example(
            "series_fit_line_dynamic(dynamic([1, 3]))",
            {
                "rsquare": 1.0,
                "slope": 2.0,
                "variance": 2.0,
                "rvariance": 0.0,
                "interception": -1.0,
                "line_fit": [1.0, 3.0],
            },
        ),
        Example("series_fit_line_dynamic(dynamic([1, null]))", None),
        Example("series_fit_line_dynamic(dynamic(null))", None),
        differs=_NOT_FINITE,
    ),
    several(
        "series_fit_2lines",
        "The two lines, one on each side of the best split, that fit a series best.",
        (SERIES,),
        (
            *reals("rsquare"),
            Part("split_idx", Type.LONG),
            *reals("variance", "rvariance"),
            _LINE_FIT,
            *reals(*(f"right_{fact}" for fact in _SIDE)),
            *reals(*(f"left_{fact}" for fact in _SIDE)),
        ),
        lambda *args: _fits().two_lines(*args),
        Example("series_fit_2lines(dynamic([1, 2, 3, 9, 8, 7]))", 1.0),
        Example("series_fit_2lines(dynamic([1, 2, 3]))", None),
        Example("series_fit_2lines(dynamic(null))", None),
        differs=f"{_NOT_FINITE} {_SPLIT}",
    ),
    series_function(
        "series_fit_2lines_dynamic",
        "The two lines, one on each side of the best split, that fit a series best, as a bag.",
        (SERIES,),
        lambda *args: _fits().two_lines_bag(*args),
        Example(
            "series_fit_2lines_dynamic(dynamic([0, 0, 6, 6])).line_fit",
            [0.0, 0.0, 6.0, 6.0],
        ),
        Example("series_fit_2lines_dynamic(dynamic([1]))", None),
        Example("series_fit_2lines_dynamic(dynamic(null))", None),
        differs=f"{_NOT_FINITE} {_SPLIT}",
    ),
    several(
        "series_fit_poly",
        "The polynomial of a degree (1 when left out) that fits a series best, over another series or 1, 2, 3 ...",
        (
            param("y_series", Type.DYNAMIC),
            param("x_series", Type.DYNAMIC, optional=True),
            param("degree", *INTEGER, optional=True),
        ),
        (*reals("rsquare"), *arrays("coefficients"), *reals("variance", "rvariance"), *arrays("poly_fit")),
        lambda *args: _fits().polynomial(*args),
        Example("series_fit_poly(dynamic([1, 4, 9, 16]), dynamic([1, 2, 3, 4]), 2)", 1.0),
        Example("series_fit_poly(dynamic([1, 2]), dynamic([1]))", None),
        Example("series_fit_poly(dynamic(null))", None),
        differs=f"{_NOT_FINITE} So does a degree that is not below the number of elements, or above 50.",
    ),
    series_function(
        "series_outliers",
        "A score for each element by Tukey's fences, 0 for null: above 1.5 a rise, below -1.5 a decline.",
        (
            SERIES,
            param("kind", Type.STRING, optional=True),
            optional_number("ignore_val"),
            optional_number("min_percentile"),
            optional_number("max_percentile"),
            _TEST_POINTS,
        ),
        lambda *args: _outliers().outliers(*args),
        Example("series_outliers(dynamic([0, 1, 2, 3, 4]), 'tukey')", [-0.5, 0.0, 0.0, 0.0, 0.5]),
        Example(
            "series_outliers(dynamic([0, 1, 2, 3, 4, null, -1]), 'tukey', -1)", [-0.5, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0]
        ),
        Example("series_outliers(dynamic([7, 7, 7]))", [0.0, 0.0, 0.0]),
        Example("series_outliers(dynamic(null))", None),
        result_name=AS_ARGUMENT,
        check=_check_outliers,
        differs=_SCORES,
    ),
    several(
        "series_periods_detect",
        "The most significant periods of a series in elements, best first, and their scores from 0 to 1.",
        (SERIES, param("min_period", *NUMBER), param("max_period", *NUMBER), param("num_periods", *INTEGER)),
        _PERIODS,
        lambda *args: _periods().detect(*args),
        Example(
            "series_periods_detect(dynamic([1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2]), 0, 8, 2)", [4.0, 0.0]
        ),
        Example("series_periods_detect(dynamic([3, 3, 3, 3, 3, 3, 3, 3]), 0, 8, 1)", [0.0]),
        Example("series_periods_detect(dynamic(null), 0, 8, 1)", None),
        differs=f"{_PERIODS_DIFFER} {_NOT_FINITE}",
    ),
    several(
        "series_periods_validate",
        "How well a series repeats with each of the given periods, as scores from 0 to 1.",
        (SERIES, param("period", *NUMBER, repeat=16)),
        _PERIODS,
        lambda series, *periods: _periods().validate(series, periods),
        Example("series_periods_validate(dynamic([1, 2, 3, 2, 1, 2, 3, 2]), 4, 99.5)", [4.0, 99.5]),
        Example("series_periods_validate(dynamic(null), 4)", None),
        differs=f"{_PERIODS_DIFFER} {_NOT_FINITE}",
    ),
    series_function(
        "series_seasonal",
        "The seasonal part of a series: the median of the elements at each place in the period, which is detected "
        "unless given; zeros where there is none.",
        (SERIES, _PERIOD, _TEST_POINTS),
        lambda *args: _decomposition().seasonal(*args),
        Example("series_seasonal(dynamic([1, 3, 1, 5]), 2)", [1.0, 4.0, 1.0, 4.0]),
        Example("series_seasonal(dynamic([1, 3, 1, 5]), 0)", [0.0, 0.0, 0.0, 0.0]),
        Example("series_seasonal(dynamic(null))", None),
        differs=f"{_PERIODS_DIFFER} {_NOT_FINITE}",
    ),
    several(
        "series_decompose",
        "A series as seasonal, trend and residual parts; the baseline is the sum of the first two.",
        (SERIES, _PERIOD, _TREND, _TEST_POINTS, _SEASONALITY),
        _DECOMPOSITION,
        lambda *args: _decomposition().decompose(*args),
        Example("series_decompose(dynamic([1, 2, 3, 6]), 0)", [3.0, 3.0, 3.0, 3.0]),
        Example("series_decompose(dynamic([1, 3, 5, 99]), 0, 'linefit', 1)", [1.0, 3.0, 5.0, 7.0]),
        Example("series_decompose(dynamic([]))", None),
        Example("series_decompose(dynamic(null))", None),
        check=one_of({2: _TRENDS}),
        differs=f"{_PERIODS_DIFFER} {_NOT_FINITE}",
    ),
    several(
        "series_decompose_forecast",
        "The decomposition of a series learned without its last points: there the baseline is the forecast.",
        (SERIES, param("test_points", *INTEGER), _PERIOD, _TREND, _SEASONALITY),
        _DECOMPOSITION,
        lambda *args: _decomposition().forecast(*args),
        Example("series_decompose_forecast(dynamic([1, 3, 5, 0]), 1, 0, 'linefit')", [1.0, 3.0, 5.0, 7.0]),
        Example("series_decompose_forecast(dynamic([1, 2, 1, 2, 0]), 1, 2)", [1.0, 2.0, 1.0, 2.0, 1.0]),
        Example("series_decompose_forecast(dynamic([1]), 1)", None),
        Example("series_decompose_forecast(dynamic(null), 1)", None),
        check=one_of({3: _TRENDS}),
        differs=f"{_PERIODS_DIFFER} {_NOT_FINITE}",
    ),
    several(
        "series_decompose_anomalies",
        "Anomalies of a series: 1 or -1 where the score of the decomposition's residual passes the threshold (1.5), "
        "the scores, and the baseline.",
        (
            SERIES,
            optional_number("threshold"),
            _PERIOD,
            _TREND,
            _TEST_POINTS,
            param("method", Type.STRING, optional=True),
            _SEASONALITY,
        ),
        arrays("ad_flag", "ad_score", "baseline"),
        lambda *args: _decomposition().anomalies(*args),
        Example("series_decompose_anomalies(dynamic([1, 2, 1, 2, 1, 50, 1, 2, 1, 2, 1, 2]))", [0] * 5 + [1] + [0] * 6),
        Example("series_decompose_anomalies(dynamic([4, 4, 4, 4]), 1.5, 0, 'avg')", [0, 0, 0, 0]),
        Example("series_decompose_anomalies(dynamic([]))", None),
        Example("series_decompose_anomalies(dynamic(null))", None),
        check=one_of({3: _TRENDS, 5: _METHODS}),
        differs=f"{_PERIODS_DIFFER} {_NOT_FINITE} Where both percentiles of the residual are equal, what lies outside "
        "of them scores Infinity.",
    ),
)
