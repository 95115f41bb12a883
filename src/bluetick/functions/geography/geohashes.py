"""Geohashes: rectangles of longitude and latitude, halved in turn (https://en.wikipedia.org/wiki/Geohash)."""

from dataclasses import dataclass
from typing import Any

from bluetick.functions.geography.geojson import point_json, polygon_json
from bluetick.functions.geography.points import position, whole

ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz"
BITS = 5  # of a character
DEFAULT_LENGTH = 5
LONGEST = 18
_DIGIT = {character: number for number, character in enumerate(ALPHABET)}

# Steps to the east and to the north, in the order of the documented example.
_NEIGHBOURS = ((-1, -1), (-1, 1), (1, -1), (0, 1), (-1, 0), (1, 1), (1, 0), (0, -1))


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A cell by its place among all cells of its size: `column` counts from -180 degrees, `row` from -90."""

    length: int
    column: int
    row: int

    @property
    def columns(self) -> int:
        return 1 << (BITS * self.length + 1) // 2

    @property
    def rows(self) -> int:
        return 1 << BITS * self.length // 2

    def longitude(self, offset: float) -> float:
        return 360 * (self.column + offset) / self.columns - 180

    def latitude(self, offset: float) -> float:
        return 180 * (self.row + offset) / self.rows - 90


def point_to_geohash(longitude: object, latitude: object, accuracy: object = DEFAULT_LENGTH) -> str:
    """geo_point_to_geohash"""
    place = position(longitude, latitude)
    length = whole(accuracy)
    if place is None or not 1 <= length <= LONGEST:
        return ""
    world = Rectangle(length, 0, 0)
    column = _step(place[0], 180, world.columns)
    row = _step(place[1], 90, world.rows)
    return _text(Rectangle(length, column, row))


def central_point(geohash: str) -> Any:
    """geo_geohash_to_central_point"""
    cell = _rectangle(geohash)
    return None if cell is None else point_json((cell.longitude(0.5), cell.latitude(0.5)))


def polygon(geohash: str) -> Any:
    """geo_geohash_to_polygon: counterclockwise from the south-west."""
    cell = _rectangle(geohash)
    if cell is None:
        return None
    corners = ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
    return polygon_json([tuple((cell.longitude(x), cell.latitude(y)) for x, y in corners)])


def neighbors(geohash: str) -> Any:
    """geo_geohash_neighbors: round the Earth to the east and west, but not beyond a pole."""
    cell = _rectangle(geohash)
    if cell is None:
        return None
    places = (((cell.column + east) % cell.columns, cell.row + north) for east, north in _NEIGHBOURS)
    return [_text(Rectangle(cell.length, column, row)) for column, row in places if 0 <= row < cell.rows]


def _step(degrees: float, most: int, count: int) -> int:
    """Which of `count` equal steps from -most to most this is; the last one has its far end as well. Exact."""
    numerator, denominator = degrees.as_integer_ratio()
    return min(count - 1, (numerator + most * denominator) * count // (2 * most * denominator))


def _rectangle(geohash: str) -> Rectangle | None:
    if not 1 <= len(geohash) <= LONGEST or not all(character in _DIGIT for character in geohash):
        return None
    column = row = 0
    for place, bit in enumerate(_bits(geohash)):
        if place % 2 == 0:
            column = 2 * column + bit
        else:
            row = 2 * row + bit
    return Rectangle(len(geohash), column, row)


def _bits(geohash: str) -> list[int]:
    return [_DIGIT[character] >> shift & 1 for character in geohash for shift in range(BITS - 1, -1, -1)]


def _text(cell: Rectangle) -> str:
    """The bits of column and row in turn, from the highest, five to a character."""
    total = BITS * cell.length
    column_left, row_left = (total + 1) // 2, total // 2
    number = 0
    for place in range(total):
        if place % 2 == 0:
            column_left -= 1
            bit = cell.column >> column_left & 1
        else:
            row_left -= 1
            bit = cell.row >> row_left & 1
        number = 2 * number + bit
    digits = (number >> BITS * place & 31 for place in range(cell.length - 1, -1, -1))
    return "".join(ALPHABET[digit] for digit in digits)
