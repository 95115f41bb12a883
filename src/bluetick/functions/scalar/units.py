"""convert_length and its kin: a value in one unit as the value in another; null where a unit is unknown.

https://learn.microsoft.com/kusto/query/convert-length-function. The factors are the product's, which are older or
rounder than today's definitions in places: its acre-foot is 1 / 0.000810714 cubic metres.
"""

import math
from collections.abc import Callable, Mapping
from fractions import Fraction

from bluetick.functions.definition import Example, Nulls, ScalarFunction, param, signature
from bluetick.functions.scalar.unit_factors import (
    ANGLES,
    ENERGIES,
    FORCES,
    LENGTHS,
    MASSES,
    SPEEDS,
    TEMPERATURES,
    VOLUMES,
)
from bluetick.types import Type

Convert = Callable[[float, str, str], "float | None"]


def _by_factor(factors: Mapping[str, Fraction]) -> Convert:
    """`factors`: how many base units one of each is."""

    def convert(value: float, source: str, target: str) -> float | None:
        if source not in factors or target not in factors:
            return None
        if not math.isfinite(value):
            return value
        return _real(Fraction(value) * factors[source] / factors[target])

    return convert


def _real(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


_BY_ANGLE = _by_factor(ANGLES)


def _angle(value: float, source: str, target: str) -> float | None:
    """As by factor; a tilt is the sine of its angle."""
    if source == "Tilt":
        degrees = math.degrees(math.asin(value)) if -1 <= value <= 1 else math.nan
        return _angle(degrees, "Degree", target) if target in ANGLES or target == "Tilt" else None
    if target == "Tilt":
        radians = _BY_ANGLE(value, source, "Radian")
        if radians is None:
            return None
        return math.sin(radians) if math.isfinite(radians) else math.nan
    return _BY_ANGLE(value, source, target)


def _temperature(value: float, source: str, target: str) -> float | None:
    if source not in TEMPERATURES or target not in TEMPERATURES:
        return None
    if not math.isfinite(value):
        return value
    (factor, zero), (other_factor, other_zero) = TEMPERATURES[source], TEMPERATURES[target]
    return _real((Fraction(value) * factor + zero - other_zero) / other_factor)


def _converting(quantity: str, convert: Convert, *examples: tuple[str, float | None]) -> ScalarFunction:
    name = f"convert_{quantity}"
    return ScalarFunction(
        name=name,
        summary=f"Convert a value of {quantity} from one unit to another; null where a unit is unknown.",
        signatures=(
            signature(
                param("value", Type.REAL),
                param("from", Type.STRING),
                param("to", Type.STRING),
                returns=Type.REAL,
            ),
        ),
        nulls=Nulls.PROPAGATE,
        compute=convert,
        examples=tuple(Example(f"{name}({arguments})", value) for arguments, value in examples),
    )


FUNCTIONS: tuple[ScalarFunction, ...] = (
    _converting(
        "angle",
        _angle,
        ("1.2, 'Degree', 'Arcminute'", 72.0),
        ("180.0, 'Degree', 'Radian'", math.pi),
        ("0.5, 'Tilt', 'Degree'", 30.0),
        ("1.2, 'Degree', 'Furlong'", None),
        ("real(null), 'Degree', 'Radian'", None),
    ),
    _converting(
        "energy",
        _by_factor(ENERGIES),
        ("1.2, 'Joule', 'BritishThermalUnit'", 1.2 / 1055.05585262),
        ("1.0, 'KilowattHour', 'Megajoule'", 3.6),
        ("real(null), 'Joule', 'Erg'", None),
    ),
    _converting(
        "force",
        _by_factor(FORCES),
        ("1.2, 'Newton', 'Decanewton'", 0.12),
        ("1.0, 'Dyn', 'Micronewton'", 10.0),
        ("1.2, '', 'Newton'", None),
    ),
    _converting(
        "length",
        _by_factor(LENGTHS),
        ("1.2, 'Meter', 'Foot'", 1.2 / 0.3048),
        ("1, 'NauticalMile', 'Kilometer'", 1.852),
        ("1.2, 'meter', 'Foot'", None),
        ("real(null), 'Meter', 'Foot'", None),
    ),
    _converting(
        "mass",
        _by_factor(MASSES),
        ("1.2, 'Kilogram', 'Pound'", 1.2 / 0.45359237),
        ("2, 'Tonne', 'Kilogram'", 2000.0),
        ("real(null), 'Gram', 'Pound'", None),
    ),
    _converting(
        "speed",
        _by_factor(SPEEDS),
        ("1.2, 'MeterPerSecond', 'CentimeterPerHour'", 432000.0),
        ("36, 'KilometerPerHour', 'MeterPerSecond'", 10.0),
        ("1.2, 'Knot', ''", None),
    ),
    _converting(
        "temperature",
        _temperature,
        ("1.2, 'Kelvin', 'DegreeCelsius'", -271.95),
        ("100, 'DegreeCelsius', 'DegreeFahrenheit'", 212.0),
        ("1.2, 'Kelvin', 'Celsius'", None),
        ("real(null), 'Kelvin', 'DegreeCelsius'", None),
    ),
    _converting(
        "volume",
        _by_factor(VOLUMES),
        ("1.2, 'CubicMeter', 'AcreFoot'", 0.0009728568),
        ("1, 'Liter', 'CubicCentimeter'", 1000.0),
        ("real(null), 'Liter', 'UsGallon'", None),
    ),
)
