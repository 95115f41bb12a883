"""Points on the Earth: valid coordinates, vectors, distances. Kusto's Earth is a sphere, as in the S2 library."""

import math
from decimal import Decimal
from typing import TypeAlias

# Longitude and latitude in degrees.
Position: TypeAlias = tuple[float, float]
# A point on the unit sphere.
Vector: TypeAlias = tuple[float, float, float]

EARTH_RADIUS_METRES = 6371010.0


def position(longitude: object, latitude: object) -> Position | None:
    """The position when both are numbers in range, else None."""
    if isinstance(longitude, bool) or isinstance(latitude, bool):
        return None
    if not isinstance(longitude, int | float | Decimal) or not isinstance(latitude, int | float | Decimal):
        return None
    if -180 <= longitude <= 180 and -90 <= latitude <= 90:  # NaN fails as well
        return float(longitude), float(latitude)
    return None


def whole(number: object) -> int:
    """The number when it is a whole one, else -1, which no count is."""
    if isinstance(number, int | float | Decimal) and number == number // 1:
        return int(number)
    return -1


def vector(place: Position) -> Vector:
    longitude, latitude = map(math.radians, place)
    return (
        math.cos(latitude) * math.cos(longitude),
        math.cos(latitude) * math.sin(longitude),
        math.sin(latitude),
    )


def place_of(point: Vector) -> Position:
    """The position below a vector of any length."""
    x, y, z = point
    return math.degrees(math.atan2(y, x)), math.degrees(math.atan2(z, math.hypot(x, y)))


def central_angle(first: Position, second: Position) -> float:
    """The angle in radians between two positions, seen from the Earth's centre."""
    (longitude1, latitude1), (longitude2, latitude2) = first, second
    south, north = math.radians(latitude1), math.radians(latitude2)
    across = math.sin(math.radians(longitude2 - longitude1) / 2)
    haversine = math.sin((north - south) / 2) ** 2 + math.cos(south) * math.cos(north) * across**2
    return 2 * math.asin(min(1.0, math.sqrt(haversine)))


def distance(first: Position, second: Position) -> float:
    """Metres along the great circle."""
    return EARTH_RADIUS_METRES * central_angle(first, second)


def antipodal(first: Position, second: Position) -> bool:
    """Whether no single great circle joins the two."""
    return math.pi - central_angle(first, second) < 1e-15


def azimuth(first: Position, second: Position) -> float | None:
    """The direction of the second, in radians clockwise from north; None where all directions lead there or none."""
    (longitude1, latitude1), (longitude2, latitude2) = first, second
    across, north = math.radians(longitude2 - longitude1), math.radians(latitude2)
    south = math.radians(latitude1)
    x = math.sin(across) * math.cos(north)
    y = math.sin(north - south) + 2 * math.sin(south) * math.cos(north) * math.sin(across / 2) ** 2
    return math.atan2(x, y) if math.hypot(x, y) > 1e-15 else None


def turn(*degrees: object) -> float | None:
    """geo_angle: the angle at the second of three places, clockwise from the first to the third."""
    first, middle, last = (position(degrees[at], degrees[at + 1]) for at in (0, 2, 4))
    if first is None or middle is None or last is None:
        return None
    to_first, to_last = azimuth(middle, first), azimuth(middle, last)
    return None if to_first is None or to_last is None else (to_last - to_first) % math.tau
