"""Numbers that tell of a series, or of two.

Pages: https://learn.microsoft.com/kusto/query/series-stats-function and its like. All of them are computed in
`functions.series`, loaded when a query needs it.
"""

from types import ModuleType

from bluetick.functions.definition import Compute, Example, Nulls, Part, ScalarFunction, param, signature
from bluetick.functions.scalar.series_forms import SERIES, series_function, several
from bluetick.types import NUMBER, Type


def _statistics() -> ModuleType:
    from bluetick.functions.series import statistics  # noqa: PLC0415 - loaded when a query needs it

    return statistics


_IGNORE = param("ignore_nonfinite", Type.BOOL, optional=True, constant=True)
_STATS = (
    Part("min", Type.REAL),
    Part("min_idx", Type.LONG),
    Part("max", Type.REAL),
    Part("max_idx", Type.LONG),
    Part("avg", Type.REAL),
    Part("stdev", Type.REAL),
    Part("variance", Type.REAL),
)
_LEFT, _RIGHT = param("series1", Type.DYNAMIC), param("series2", Type.DYNAMIC)


def _number(name: str, summary: str, compute: Compute, *examples: Example) -> ScalarFunction:
    return series_function(name, summary, (SERIES,), compute, *examples, returns=Type.REAL)


FUNCTIONS = (
    several(
        "series_stats",
        "Least and greatest element with their places, average, sample deviation and variance; null where an element "
        "is no finite number, unless told to ignore it.",
        (SERIES, _IGNORE),
        _STATS,
        lambda *args: _statistics().stats(*args),
        Example("series_stats(dynamic([7, 3, 5]))", 3.0),
        Example("series_stats(dynamic([7, null, 5]))", None),
        Example("series_stats(dynamic([7, null, 5]), true)", 5.0),
        Example("series_stats(dynamic([]))", None),
    ),
    series_function(
        "series_stats_dynamic",
        "The statistics of a series as a bag: those of series_stats, the sum, and the length.",
        (SERIES, _IGNORE),
        lambda *args: _statistics().stats_bag(*args),
        Example(
            "series_stats_dynamic(dynamic([4, 2, 6]))",
            {
                "min": 2.0,
                "min_idx": 1,
                "max": 6.0,
                "max_idx": 2,
                "avg": 4.0,
                "stdev": 2.0,
                "variance": 4.0,
                "sum": 12.0,
                "len": 3,
            },
        ),
        Example("series_stats_dynamic(dynamic([1, 'a']))", None),
        Example("series_stats_dynamic(dynamic(null))", None),
    ),
    _number(
        "series_sum",
        "The sum of the elements that are numbers; null for no elements.",
        lambda *args: _statistics().total(*args),
        Example("series_sum(dynamic([1, 2.5, null]))", 3.5),
        Example("series_sum(dynamic([]))", None),
        Example("series_sum(dynamic(null))", None),
    ),
    _number(
        "series_product",
        "The product of the elements that are numbers; null for no elements.",
        lambda *args: _statistics().product(*args),
        Example("series_product(dynamic([1, 2, 3, 4]))", 24.0),
        Example("series_product(dynamic([]))", None),
        Example("series_product(dynamic(null))", None),
    ),
    _number(
        "series_magnitude",
        "The length of the series as a vector; null for no elements.",
        lambda *args: _statistics().magnitude(*args),
        Example("series_magnitude(dynamic([3, 4, 'a']))", 5.0),
        Example("series_magnitude(dynamic([]))", None),
        Example("series_magnitude(dynamic(null))", None),
    ),
    ScalarFunction(
        name="series_dot_product",
        summary="The sum of the products of elements in equal places; what has no partner or is no number is ignored.",
        signatures=tuple(
            signature(left, right, returns=Type.REAL)
            for left, right in (
                (_LEFT, _RIGHT),
                (_LEFT, param("series2", *NUMBER)),
                (param("series1", *NUMBER), _RIGHT),
            )
        ),
        nulls=Nulls.PROPAGATE,
        compute=lambda *args: _statistics().dot_product(*args),
        examples=(
            Example("series_dot_product(dynamic([1, 2, 4]), dynamic([4, 2, 1, 9]))", 12.0),
            Example("series_dot_product(dynamic([1, 2, 4]), 2)", 14.0),
            Example("series_dot_product(dynamic([]), dynamic([1]))", None),
            Example("series_dot_product(dynamic(null), 1)", None),
        ),
    ),
    series_function(
        "series_cosine_similarity",
        "The cosine of the angle between two series as vectors, cut to the shorter; their magnitudes may be given.",
        (
            _LEFT,
            _RIGHT,
            param("series1_magnitude", *NUMBER, optional=True),
            param("series2_magnitude", *NUMBER, optional=True),
        ),
        lambda *args: _statistics().cosine_similarity(*args),
        Example("series_cosine_similarity(dynamic([1, 0]), dynamic([3, 4]))", 0.6),
        Example("series_cosine_similarity(dynamic([1, 0]), dynamic([3, 4]), 1.0, 5.0)", 0.6),
        Example("series_cosine_similarity(dynamic([]), dynamic([1]))", None),
        Example("series_cosine_similarity(dynamic(null), dynamic([1]))", None),
        returns=Type.REAL,
    ),
    series_function(
        "series_pearson_correlation",
        "Pearson's correlation of two series of as many numbers; null for others.",
        (_LEFT, _RIGHT),
        lambda *args: _statistics().pearson_correlation(*args),
        Example("series_pearson_correlation(dynamic([1, 2, 3]), dynamic([2, 4, 6]))", 1.0),
        Example("series_pearson_correlation(dynamic([1, 2, 3]), dynamic([3, 2, 1]))", -1.0),
        Example("series_pearson_correlation(dynamic([1, 2]), dynamic([2]))", None),
        Example("series_pearson_correlation(dynamic([1, null]), dynamic([2, 3]))", None),
        Example("series_pearson_correlation(dynamic(null), dynamic([1]))", None),
        returns=Type.REAL,
    ),
)
