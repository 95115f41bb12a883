"""The polygon around a point."""

import math
from typing import Any

from bluetick.functions.geography.geojson import polygon_json
from bluetick.functions.geography.points import EARTH_RADIUS_METRES, Position, Vector, place_of, position, vector

DEFAULT_TOLERANCE_METRES = 10.0
LEAST_TOLERANCE = 1e-6  # of the radius
FEWEST_CORNERS = 3


def point_buffer(longitude: object, latitude: object, radius: float, tolerance: float | None = None) -> Any:
    """geo_point_buffer: the corners lie on the circle, its edges no more than the tolerance inside it."""
    centre = position(longitude, latitude)
    radius = float(radius)
    tolerance = DEFAULT_TOLERANCE_METRES if tolerance is None else float(tolerance)
    if centre is None or not is_buffer(radius, tolerance):
        return None
    angle = radius / EARTH_RADIUS_METRES
    corners = corner_count(angle, min(tolerance, radius) / EARTH_RADIUS_METRES)
    ring = [on_circle(centre, angle, -2 * math.pi * number / corners) for number in range(corners)]
    return polygon_json([(*ring, ring[0])])


def is_buffer(radius: float, tolerance: float) -> bool:
    """Whether the numbers (in metres) are a buffer's: a circle that leaves some of the Earth, not drawn too finely."""
    return 0 < radius < math.pi * EARTH_RADIUS_METRES and LEAST_TOLERANCE * radius <= tolerance < math.inf


def corner_count(radius: float, tolerance: float) -> int:
    """How many corners a circle needs when its edges may lie inside it by the tolerance; both are angles."""
    inner = radius - tolerance
    quarter = math.pi / 2
    step = 2 * math.pi / FEWEST_CORNERS
    if radius < quarter:
        step = min(step, 2 * math.acos(math.tan(inner) / math.tan(radius)))
    elif inner > quarter:
        step = min(step, 2 * math.acos(math.tan(radius) / math.tan(inner)))
    return max(FEWEST_CORNERS, math.ceil(2 * math.pi / step - 1e-9))


def on_circle(centre: Position, radius: float, bearing: float) -> Position:
    """The place at this angle from the centre, in this direction (in radians, clockwise from north)."""
    longitude, latitude = map(math.radians, centre)
    up = vector(centre)
    east: Vector = (-math.sin(longitude), math.cos(longitude), 0.0)
    north: Vector = (
        -math.sin(latitude) * math.cos(longitude),
        -math.sin(latitude) * math.sin(longitude),
        math.cos(latitude),
    )
    parts = zip(up, north, east, strict=True)
    ahead = math.sin(radius)
    x, y, z = (math.cos(radius) * u + ahead * (math.cos(bearing) * n + math.sin(bearing) * e) for u, n, e in parts)
    return place_of((x, y, z))
