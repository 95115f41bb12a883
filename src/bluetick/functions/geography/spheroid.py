"""Distances on the WGS-84 spheroid.

Vincenty's iteration (1975) answers nearly all pairs. It does not converge for pairs that are nearly antipodal; for
those the azimuth is found by bisection over the exact integrals (Karney, "Algorithms for geodesics", 2013).
"""

import math
from collections.abc import Callable

from bluetick.functions.geography.points import Position, distance, position

_EQUATOR_METRES = 6378137.0
_FLATTENING = 1 / 298.257223563
_POLE_METRES = _EQUATOR_METRES * (1 - _FLATTENING)
_ROUNDS = 50
_ENOUGH = 1e-13
_HALVINGS = 60
_PANELS = 16  # of the integrals; five points each

# Nodes and weights of Gauss and Legendre for five points on -1 to 1.
_INNER = math.sqrt(5 - 2 * math.sqrt(10 / 7)) / 3
_OUTER = math.sqrt(5 + 2 * math.sqrt(10 / 7)) / 3
_INNER_WEIGHT = (322 + 13 * math.sqrt(70)) / 900
_OUTER_WEIGHT = (322 - 13 * math.sqrt(70)) / 900
_RULE = (
    (-_OUTER, _OUTER_WEIGHT),
    (-_INNER, _INNER_WEIGHT),
    (0.0, 128 / 225),
    (_INNER, _INNER_WEIGHT),
    (_OUTER, _OUTER_WEIGHT),
)


def geodesic_distance(
    longitude1: object, latitude1: object, longitude2: object, latitude2: object, use_spheroid: object
) -> float | None:
    """geo_distance_2points where the rows or the call ask for the spheroid."""
    first, second = position(longitude1, latitude1), position(longitude2, latitude2)
    if first is None or second is None:
        return None
    return spheroid_distance(first, second) if use_spheroid else distance(first, second)


def spheroid_distance(first: Position, second: Position) -> float:
    """Metres along the shortest geodesic."""
    across = math.radians(abs(math.remainder(second[0] - first[0], 360)))
    south, north = (_reduced(place[1]) for place in (first, second))
    found = _by_iteration(across, south, north)
    return _by_bisection(across, south, north) if found is None else found


def _reduced(latitude: float) -> float:
    """The latitude on the sphere around the spheroid."""
    angle = math.radians(latitude)
    return math.atan2((1 - _FLATTENING) * math.sin(angle), math.cos(angle))


def _by_iteration(across: float, south: float, north: float) -> float | None:
    """Vincenty's inverse formula; None when it does not converge."""
    sin1, cos1, sin2, cos2 = math.sin(south), math.cos(south), math.sin(north), math.cos(north)
    widened = across
    for _ in range(_ROUNDS):
        x = cos2 * math.sin(widened)
        y = cos1 * sin2 - sin1 * cos2 * math.cos(widened)
        sin_arc = math.hypot(x, y)
        cos_arc = sin1 * sin2 + cos1 * cos2 * math.cos(widened)
        if sin_arc == 0:
            return 0.0 if cos_arc > 0 else None
        arc = math.atan2(sin_arc, cos_arc)
        sin_azimuth = cos1 * cos2 * math.sin(widened) / sin_arc  # where the geodesic crosses the equator
        cos2_azimuth = 1 - sin_azimuth**2
        middle = cos_arc - 2 * sin1 * sin2 / cos2_azimuth if cos2_azimuth > 1e-15 else 0.0
        c = _FLATTENING / 16 * cos2_azimuth * (4 + _FLATTENING * (4 - 3 * cos2_azimuth))
        series = middle + c * cos_arc * (2 * middle**2 - 1)
        before, widened = widened, across + (1 - c) * _FLATTENING * sin_azimuth * (arc + c * sin_arc * series)
        if widened > math.pi:
            return None
        if abs(widened - before) < _ENOUGH:
            return _arc_length(cos2_azimuth, arc, sin_arc, cos_arc, middle)
    return None


def _arc_length(cos2_azimuth: float, arc: float, sin_arc: float, cos_arc: float, middle: float) -> float:
    square = cos2_azimuth * (_EQUATOR_METRES**2 - _POLE_METRES**2) / _POLE_METRES**2
    a = 1 + square / 16384 * (4096 + square * (-768 + square * (320 - 175 * square)))
    b = square / 1024 * (256 + square * (-128 + square * (74 - 47 * square)))
    inner = b / 6 * middle * (4 * sin_arc**2 - 3) * (4 * middle**2 - 3)
    shift = b * sin_arc * (middle + b / 4 * (cos_arc * (2 * middle**2 - 1) - inner))
    return _POLE_METRES * a * (arc - shift)


def _by_bisection(across: float, south: float, north: float) -> float:
    """The start is turned until the geodesic from it meets the other's latitude at the other's longitude."""
    if abs(south) < abs(north):
        south, north = north, south
    if south > 0:
        south, north = -south, -north
    south = min(south, -1e-15)  # a start on the equator itself has no direction to begin with
    low, high = 0.0, math.pi
    for _ in range(_HALVINGS):
        azimuth = (low + high) / 2
        if _longitude_reached(azimuth, south, north) < across:
            low = azimuth
        else:
            high = azimuth
    return _length((low + high) / 2, south, north)


def _arcs(azimuth: float, south: float, north: float) -> tuple[float, float, float, float]:
    """Sine and cosine of the azimuth at the equator, and both ends as arcs from the equator."""
    sin0 = math.sin(azimuth) * math.cos(south)
    cos0 = math.hypot(math.cos(azimuth), math.sin(azimuth) * math.sin(south))
    along = math.cos(azimuth) * math.cos(south)
    begin = math.atan2(math.sin(south), along)
    rest = max(0.0, along**2 + math.cos(north) ** 2 - math.cos(south) ** 2)
    return sin0, cos0, begin, math.atan2(math.sin(north), math.sqrt(rest))


def _longitude_reached(azimuth: float, south: float, north: float) -> float:
    sin0, cos0, begin, end = _arcs(azimuth, south, north)
    spherical = math.atan2(sin0 * math.sin(end), math.cos(end)) - math.atan2(sin0 * math.sin(begin), math.cos(begin))
    square = _second_eccentricity(cos0)

    def shortfall(arc: float) -> float:
        return (2 - _FLATTENING) / (1 + (1 - _FLATTENING) * math.sqrt(1 + square * math.sin(arc) ** 2))

    return spherical - _FLATTENING * sin0 * _integral(shortfall, begin, end)


def _length(azimuth: float, south: float, north: float) -> float:
    _, cos0, begin, end = _arcs(azimuth, south, north)
    square = _second_eccentricity(cos0)
    return _POLE_METRES * _integral(lambda arc: math.sqrt(1 + square * math.sin(arc) ** 2), begin, end)


def _second_eccentricity(cos0: float) -> float:
    return (_EQUATOR_METRES**2 / _POLE_METRES**2 - 1) * cos0**2


def _integral(value: Callable[[float], float], begin: float, end: float) -> float:
    half = (end - begin) / _PANELS / 2
    middles = (begin + half * (2 * panel + 1) for panel in range(_PANELS))
    return half * sum(weight * value(middle + half * node) for middle in middles for node, weight in _RULE)
