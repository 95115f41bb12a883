"""The series functions beyond their examples: every part, their thresholds, and that they never fail."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bluetick.functions.definition import Nulls, Parameter, ScalarFunction
from bluetick.functions.scalar import series_arithmetic, series_fills, series_models, series_statistics
from bluetick.functions.series import decomposition, elementwise, fills, filters, fits, outliers, periods, statistics
from bluetick.types import Type
from bluetick.values import dynamic_text

FUNCTIONS = tuple(
    function
    for module in (series_arithmetic, series_fills, series_statistics, series_models)
    for function in module.FUNCTIONS
)

WEEK = [20.0, 22.0, 25.0, 24.0, 21.0, 6.0, 5.0]


def noise(count: int, seed: int = 1) -> list[float]:
    return [float(x) for x in np.random.default_rng(seed).normal(0, 1, count)]


def shifted(values: Sequence[float], by: Sequence[float]) -> list[float]:
    return [a + b for a, b in zip(values, by, strict=True)]


# --- elements ----------------------------------------------------------------------------------------------------


def test_longs_wrap_and_compare_as_longs() -> None:
    greatest = 2**63 - 1
    assert elementwise.binary("add", [greatest], 1) == [-(2**63)]
    assert elementwise.binary("greater", [greatest], [greatest - 1]) == [True]


def test_a_series_beside_a_longer_one() -> None:
    assert elementwise.binary("multiply", [2, 3], [1, 1, 1]) == [2, 3, None]
    assert elementwise.binary("add", 1, 2) is None
    assert elementwise.binary("add", {"a": 1}, [1]) is None


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_what_json_has_no_number_for_is_read_back(text: str) -> None:
    (found,) = elementwise.unary("floor", [text]) or [None]
    assert dynamic_text([found]) == f'["{text}"]'


# --- fills and filters -------------------------------------------------------------------------------------------


def test_a_line_between_whole_numbers_is_cut_towards_zero() -> None:
    assert fills.linear([10, None, None, 0]) == [10, 6, 3, 0]
    assert fills.linear([-10, None, None, 0]) == [-10, -6, -3, 0]
    assert fills.linear([10, None, None, 0.0]) == [10, 10 - 10 / 3, 10 - 20 / 3, 0.0]


def test_a_line_with_a_placeholder() -> None:
    assert fills.linear([0, 4, 0, 8, 0], 0) == [4, 4, 6, 8, 8]
    assert fills.linear([0, 4, None, 8, 0], 0, False) == [0, 4, None, 8, 0]
    assert fills.linear([None, None], None, False, 2) == [2, 2]
    assert fills.linear([None, None], None, True, None) == [None, None]


def test_a_filter_with_a_hole() -> None:
    assert filters.fir([3, 3, None, 3, 3], [1, 1, 1]) == [1.0, 2.0, None, None, None]
    assert filters.fir([3, 6, 9], [1, 1], False) == [3.0, 9.0, 15.0]
    assert filters.fir([1, 2], []) is None


def test_a_recursive_filter_keeps_its_past() -> None:
    """y[i] = (x[i] + x[i-1] - y[i-1] / 2) / 2"""
    assert filters.iir([8, 0, 4, None, 1], [1, 1], [2, 0.5]) == [4.0, 3.0, 1.25, None, None]


def test_the_transform_goes_there_and_back() -> None:
    values = [1.0, 5.0, -2.0, 0.5, 3.0]
    there = filters.fft(values, values[::-1])
    assert there is not None
    back = filters.ifft(*there)
    assert back is not None
    assert back[0] == pytest.approx(values)
    assert back[1] == pytest.approx(values[::-1])
    assert filters.fft(values, [1.0]) is None


# --- statistics and lines ----------------------------------------------------------------------------------------


def test_statistics_by_hand() -> None:
    found = statistics.stats([4, 2, 6, 2])
    assert found is not None
    assert found[:5] == (2.0, 1, 6.0, 2, 3.5)
    assert found[5:] == pytest.approx((math.sqrt(11 / 3), 11 / 3))
    assert statistics.stats([None, 4], True) == (4.0, 1, 4.0, 1, 4.0, 0.0, 0.0)
    assert statistics.stats(["Infinity", 4]) is None


def test_a_line_by_hand() -> None:
    """y = 1.4 x + 0.5 through (1, 2), (2, 3), (3, 5), (4, 6); of 10 units of variance 0.2 are missed."""
    found = fits.line_bag([2, 3, 5, 6])
    assert found is not None
    assert found["slope"] == pytest.approx(1.4)
    assert found["interception"] == pytest.approx(0.5)
    assert found["variance"] == pytest.approx(10 / 3)
    assert found["rvariance"] == pytest.approx(0.2 / 3)
    assert found["rsquare"] == pytest.approx(0.98)
    assert found["line_fit"] == pytest.approx([1.9, 3.3, 4.7, 6.1])


def test_a_constant_has_no_r_square() -> None:
    rsquare, slope, *_ = fits.line([0.1, 0.1, 0.1]) or (None, None)
    assert rsquare is not None
    assert math.isnan(rsquare)
    assert slope == pytest.approx(0.0)


def test_two_lines_split_where_the_level_jumps() -> None:
    found = fits.two_lines_bag([1, 2, 3, 4, 20, 18, 16])
    assert found is not None
    assert found["split_idx"] == 4
    assert (found["left"]["slope"], found["left"]["interception"]) == pytest.approx((1.0, 0.0))
    assert (found["right"]["slope"], found["right"]["interception"]) == pytest.approx((-2.0, 22.0))
    assert found["line_fit"] == pytest.approx([1, 2, 3, 4, 20, 18, 16])


def test_the_best_split_is_the_best_of_all() -> None:
    values = noise(40)
    found = fits.two_lines(values)
    assert found is not None
    whole = float(np.var(values, ddof=1))

    def missed(split: int) -> float:
        sides = [np.array(values[:split]), np.array(values[split:])]
        return sum(float(np.polyfit(np.arange(len(s)), s, 1, full=True)[1][0]) if len(s) > 2 else 0.0 for s in sides)

    best = min(range(2, 39), key=missed)
    assert found[1] == best
    assert found[0] == pytest.approx(1 - missed(best) / 39 / whole)


def test_a_polynomial_over_its_own_x() -> None:
    x = [0.0, 1.0, 2.0, 4.0, 7.0]
    found = fits.polynomial([2 * v * v - 3 * v + 1 for v in x], x, 2)
    assert found is not None
    assert found[1] == pytest.approx([2.0, -3.0, 1.0])
    line, poly = fits.line(WEEK), fits.polynomial(WEEK)
    assert line is not None
    assert poly is not None
    assert poly[1] == pytest.approx([line[1], line[4]])
    assert poly[4] == pytest.approx(line[5])


# --- outliers ----------------------------------------------------------------------------------------------------


def test_scores_between_quartiles_are_plain() -> None:
    """Quartiles of 0 .. 8 are 2 and 6."""
    assert outliers.outliers(list(range(9)), "tukey") == [-0.5, -0.25, 0, 0, 0, 0, 0, 0.25, 0.5]


def test_scores_between_deciles_are_normalized() -> None:
    """Deciles of 0 .. 10 are 1 and 9; a published answer of Kusto has 4 / 8.3 ranges scored 1.3361954725339347."""
    found = outliers.outliers(list(range(11)))
    assert found is not None
    factor = 1.3361954725339347 * 8.3 / 4
    assert found[-1] == pytest.approx(factor / 8)
    assert found[0] == pytest.approx(-factor / 8)
    assert found[1:10] == [0.0] * 9


def test_any_percentiles_score_the_same_normal_value() -> None:
    """What is 4 quartiles' distances from the middle scores 1.5, whichever percentiles are asked for."""
    spread = np.random.default_rng(3).normal(0, 1, 200_001)
    for low, high in ((5.0, 95.0), (20.0, 80.0), (10.0, 60.0)):
        edges = np.array([-2.7, 2.7])
        assert outliers.scores(edges, spread, (low, high)) == pytest.approx([-1.5, 1.5], abs=0.04)


def test_ignored_values_and_test_points_are_not_learned_from() -> None:
    plain = outliers.outliers([*range(9), 100], "tukey", None, None, None, 1)
    assert plain is not None
    assert plain[-1] == (100 - 6) / 4
    ignored = outliers.outliers([*range(9), 100], "tukey", 100)
    assert ignored is not None
    assert ignored[-1] == 0.0


def test_percentiles_out_of_range_give_null() -> None:
    assert outliers.outliers([1, 2], "ctukey", None, 1.0, 90.0) is None
    assert outliers.outliers([1, 2], "ctukey", None, 90.0, 10.0) is None
    assert outliers.outliers([1, 2], "median") is None


# --- periods and decompositions ----------------------------------------------------------------------------------


def test_the_period_of_a_week_is_found() -> None:
    found = periods.detect(shifted(WEEK * 8, noise(56)), 2, 28, 2)
    assert found is not None
    assert found[0] == [7.0, 0.0]
    assert found[1][0] > 0.8


def test_a_day_within_a_week() -> None:
    hours = np.arange(24 * 7 * 4)
    busy = np.where((hours // 24) % 7 < 5, 1.0, 0.4) * (50 + 40 * np.sin(2 * np.pi * hours / 24))
    found = periods.detect(shifted(busy.tolist(), noise(len(hours))), 0, 400, 2)
    assert found is not None
    assert sorted(found[0]) == [24.0, 168.0]


def test_noise_has_no_period() -> None:
    assert all(periods.best_period(np.array(noise(168, seed)), 0.6) == 0 for seed in range(20))


def test_periods_are_validated_in_their_order() -> None:
    found = periods.validate(WEEK * 6, [5.0, 7.0, None, 3.0, 30.0])
    assert found is not None
    assert found[0] == [5.0, 7.0, None, 3.0, 30.0]
    assert found[1] == [0.0, pytest.approx(math.sqrt(35 / 42), abs=0.03), 0.0, 0.0, 0.0]


def test_the_parts_sum_to_the_series() -> None:
    series = [value + 0.5 * place for place, value in enumerate(WEEK * 4)]
    for trend in decomposition.TRENDS:
        baseline, seasonal, slope, residual = decomposition.decompose(series, 7, trend) or ([], [], [], [])
        assert shifted(seasonal, slope) == pytest.approx(baseline)
        assert shifted(baseline, residual) == pytest.approx(series)
        assert seasonal[:7] == pytest.approx([np.median(series[phase::7]) for phase in range(7)])
        assert seasonal[:21] == seasonal[7:]


def test_a_forecast_goes_on_with_season_and_trend() -> None:
    learned = [value + place for place, value in enumerate(WEEK * 4)]
    found = decomposition.forecast([*learned, *[None] * 7], 7, 7, "linefit")
    assert found is not None
    baseline, _, trend, residual = found
    assert baseline[-7:] == pytest.approx(
        [b + 7 * (t2 - t1) for b, t1, t2 in zip(baseline[-14:-7], trend, trend[1:], strict=False)]
    )
    assert residual[-7:] == [None] * 7


def test_a_drop_and_a_spike_in_a_season() -> None:
    series = shifted(WEEK * 8, noise(56))
    series[20] += 30
    series[40] -= 30
    flags, scores, baseline = decomposition.anomalies(series, 2.5) or ([], [], [])
    assert [place for place, flag in enumerate(flags) if flag] == [20, 40]
    assert (flags[20], flags[40]) == (1, -1)
    assert scores[20] > 2.5
    assert scores[40] < -2.5
    assert baseline[20] == pytest.approx(WEEK[20 % 7], abs=2)


def test_methods_differ_in_their_percentiles() -> None:
    series = [*noise(60), 9.0]
    custom, plain = (decomposition.anomalies(series, 1.5, 0, "avg", 0, method) for method in outliers.KINDS)
    assert custom is not None
    assert plain is not None
    centred = np.array(series) - np.mean(series)
    low, high = np.percentile(centred, [25, 75])
    assert plain[1][-1] == pytest.approx((centred[-1] - high) / (high - low))
    assert custom[1][-1] != plain[1][-1]


def test_test_points_are_judged_by_what_was_learned_before() -> None:
    found = decomposition.anomalies([*[1.0, 2.0, 3.0] * 5, 50.0], 1.5, 0, "avg", 1)
    assert found is not None
    assert found[0] == [0] * 15 + [1]
    assert found[2] == pytest.approx([2.0] * 16)


def test_a_spike_above_a_constant_is_infinitely_far() -> None:
    flags, scores, _ = decomposition.anomalies([5] * 30 + [9], 3, 0) or ([], [], [])
    assert flags == [0] * 30 + [1]
    assert scores == [0.0] * 30 + [math.inf]


@pytest.mark.parametrize("series", [[0.1] * 20, [0.1 * step for step in range(30)]])
def test_rounding_is_no_anomaly(series: list[float]) -> None:
    found = decomposition.anomalies(series, 1.5, 0, "linefit")
    assert found is not None
    assert set(found[0]) == {0}


def test_a_hole_in_what_is_learned_from_gives_null() -> None:
    assert decomposition.anomalies([1, None, 3, 4]) is None
    assert decomposition.decompose([1, 2], 0, "avg", 2) is None
    assert decomposition.decompose([1, 2], 0, "curve") is None


# --- whatever comes ----------------------------------------------------------------------------------------------

NUMBERS = st.one_of(st.integers(-5, 5), st.floats(-10, 10), st.sampled_from([1e308, -1e308, 2**63 - 1, 10**400]))
ITEMS = st.one_of(NUMBERS, st.sampled_from([None, "a", True, "NaN", "-Infinity", [1]]))
ARRAYS = st.one_of(
    st.lists(NUMBERS, max_size=40), st.lists(ITEMS, max_size=12), st.sampled_from([None, 5, "x", {"a": 1}])
)
ARGUMENTS: dict[Type, st.SearchStrategy[Any]] = {
    Type.DYNAMIC: ARRAYS,
    Type.BOOL: st.sampled_from([True, False, None]),
    Type.STRING: st.sampled_from(["avg", "linefit", "none", "ctukey", "tukey", ""]),
    Type.INT: st.sampled_from([None, -1, 0, 1, 3, 7, 2**31 - 1]),
    Type.LONG: st.sampled_from([None, -1, 0, 2, 7, 2**63 - 1, -(2**63)]),
    Type.REAL: st.sampled_from([None, 0.0, 1.5, 10.0, 90.0, math.nan, math.inf, 1e308]),
    Type.DECIMAL: st.none() | st.decimals(-3, 100, places=2),
}


def _argument(data: st.DataObject, parameter: Parameter) -> object:
    return data.draw(ARGUMENTS[data.draw(st.sampled_from(parameter.types))])


@settings(max_examples=600, deadline=None)
@given(function=st.sampled_from(FUNCTIONS), data=st.data())
def test_no_argument_makes_a_function_fail(function: ScalarFunction, data: st.DataObject) -> None:
    """Results have their types and print as JSON, and arguments stay what they were."""
    chosen = data.draw(st.sampled_from(function.signatures))
    needed = sum(not parameter.optional for parameter in chosen.parameters)
    count = data.draw(st.integers(needed, len(chosen.parameters)))
    args = [_argument(data, parameter) for parameter in chosen.parameters[:count]]
    if function.nulls is Nulls.PROPAGATE and None in args:
        return
    compute: Callable[..., Any] | None = function.compute
    assert compute is not None
    before = repr(args)
    result = compute(*args)
    assert repr(args) == before
    types = [part.type for part in function.parts] or [chosen.result(())]
    values = result if function.parts and result is not None else [result] * len(types)
    for value, type_ in zip(values, types, strict=True):
        if value is None:
            continue
        if type_ is Type.DYNAMIC:
            dynamic_text(value)
        else:
            assert type(value) is {Type.REAL: float, Type.LONG: int}[type_]
