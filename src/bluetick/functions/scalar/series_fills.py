"""Filling, filtering and transforming a series.

Pages: https://learn.microsoft.com/kusto/query/series-fill-linear-function and its like. All of them are computed in
`functions.series`, loaded when a query needs it.
"""

from types import ModuleType

from bluetick.functions.definition import AS_ARGUMENT, Example, param
from bluetick.functions.scalar.series_forms import SERIES, arrays, optional_number, series_function, several
from bluetick.types import Type


def _fills() -> ModuleType:
    from bluetick.functions.series import fills  # noqa: PLC0415 - loaded when a query needs it

    return fills


def _filters() -> ModuleType:
    from bluetick.functions.series import filters  # noqa: PLC0415 - loaded when a query needs it

    return filters


_PLACEHOLDER = optional_number("missing_value_placeholder")
_FREQUENCY_PARTS = arrays("real", "imag")
_IMAGINARY = param("series_imaginary", Type.DYNAMIC, optional=True)

FUNCTIONS = (
    series_function(
        "series_fill_forward",
        "The series with missing elements (null, or equal to the placeholder) replaced by the last one before them.",
        (SERIES, _PLACEHOLDER),
        lambda *args: _fills().forward(*args),
        Example("series_fill_forward(dynamic([null, 36, null, 41.5, null]))", [None, 36, 36, 41.5, 41.5]),
        Example("series_fill_forward(dynamic([7, -1, null]), -1)", [7, 7, None]),
        Example("series_fill_forward(dynamic(null))", None),
        result_name=AS_ARGUMENT,
    ),
    series_function(
        "series_fill_backward",
        "The series with missing elements (null, or equal to the placeholder) replaced by the next one behind them.",
        (SERIES, _PLACEHOLDER),
        lambda *args: _fills().backward(*args),
        Example("series_fill_backward(dynamic([null, 36, null, 41.5, null]))", [36, 36, 41.5, 41.5, None]),
        Example("series_fill_backward(dynamic([]))", []),
        Example("series_fill_backward(dynamic(null))", None),
        result_name=AS_ARGUMENT,
    ),
    series_function(
        "series_fill_const",
        "The series with missing elements (null, or equal to the placeholder) replaced by a constant, 0 when left out.",
        (SERIES, optional_number("constant_value"), _PLACEHOLDER),
        lambda *args: _fills().constant(*args),
        Example("series_fill_const(dynamic([111, null, 36]), 0.0)", [111, 0.0, 36]),
        Example("series_fill_const(dynamic([111, null, 0]), -1, 0)", [111, None, -1]),
        Example("series_fill_const(dynamic(null), 1)", None),
        result_name=AS_ARGUMENT,
    ),
    series_function(
        "series_fill_linear",
        "The series with missing elements on the line between their neighbours (at the edges the nearest value, "
        "unless told otherwise), cut to whole numbers in a series of these; only missing ones become a constant.",
        (SERIES, _PLACEHOLDER, param("fill_edges", Type.BOOL, optional=True), optional_number("constant_value")),
        lambda *args: _fills().linear(*args),
        Example("series_fill_linear(dynamic([null, 111.0, null, 36.0]))", [111.0, 111.0, 73.5, 36.0]),
        Example("series_fill_linear(dynamic([111, null, 36, null]), real(null), false)", [111, 73, 36, None]),
        Example("series_fill_linear(dynamic([null, null]))", [0.0, 0.0]),
        Example("series_fill_linear(dynamic([null, null]), real(null), true, 3.5)", [3.5, 3.5]),
        Example("series_fill_linear(dynamic(null))", None),
        result_name=AS_ARGUMENT,
    ),
    series_function(
        "series_fir",
        "Each element and those before it (around it when centred) weighted by a filter, which is normalized unless "
        "told otherwise or one weight is negative.",
        (
            SERIES,
            param("filter", Type.DYNAMIC),
            param("normalize", Type.BOOL, optional=True),
            param("center", Type.BOOL, optional=True),
        ),
        lambda *args: _filters().fir(*args),
        Example("series_fir(dynamic([0, 0, 2, 2, 3]), dynamic([1, -1]))", [0.0, 0.0, 2.0, 0.0, 1.0]),
        Example("series_fir(dynamic([0, 6, 0, 0]), dynamic([1, 1, 1]), true, true)", [2.0, 2.0, 2.0, 0.0]),
        Example("series_fir(dynamic([1, 2]), dynamic([1, -1]), true)", None),
        Example("series_fir(dynamic(null), dynamic([1]))", None),
        result_name=AS_ARGUMENT,
        differs="Before the first and behind the last element the series counts as 0; Kusto's page does not say.",
    ),
    series_function(
        "series_iir",
        "The recursive filter with these numerators and denominators.",
        (SERIES, param("numerators", Type.DYNAMIC), param("denominators", Type.DYNAMIC)),
        lambda *args: _filters().iir(*args),
        Example("series_iir(dynamic([0, 1, 2, 3]), dynamic([1]), dynamic([1, -1]))", [0.0, 1.0, 3.0, 6.0]),
        Example("series_iir(dynamic([1]), dynamic([1]), dynamic([0]))", None),
        Example("series_iir(dynamic(null), dynamic([1]), dynamic([1]))", None),
        result_name=AS_ARGUMENT,
    ),
    several(
        "series_fft",
        "The Fourier transform of a series of complex numbers: real and imaginary parts.",
        (SERIES, _IMAGINARY),
        _FREQUENCY_PARTS,
        lambda *args: _filters().fft(*args),
        Example("series_fft(dynamic([1, 1, 1, 1]))", [4.0, 0.0, 0.0, 0.0]),
        Example("series_fft(dynamic([0, 0]), dynamic([1, 1]))", [0.0, 0.0]),
        Example("series_fft(dynamic([1, null]))", None),
        Example("series_fft(dynamic(null))", None),
    ),
    several(
        "series_ifft",
        "The series of complex numbers that has this Fourier transform: real and imaginary parts.",
        (SERIES, _IMAGINARY),
        _FREQUENCY_PARTS,
        lambda *args: _filters().ifft(*args),
        Example("series_ifft(dynamic([4, 0, 0, 0]))", [1.0, 1.0, 1.0, 1.0]),
        Example("series_ifft(dynamic([]))", None),
    ),
)
