"""Planar edges made geodesics: points are added until both run close together.

The error is estimated as the S2 library does it, from two places on the edge, and the edge is halved while it is too
large (https://learn.microsoft.com/kusto/query/geo-line-densify-function).
"""

import json
import math
from collections.abc import Sequence
from itertools import pairwise

from bluetick.functions.geography.geojson import Path, Polygon, complete, is_multiple
from bluetick.functions.geography.points import EARTH_RADIUS_METRES, Position, Vector, vector
from bluetick.functions.geography.shapes import Json, lines_of, polygons_of, shape_of
from bluetick.functions.geography.well_known_binary import Pieces

SMALLEST, LARGEST = 0.1, 10_000.0
MOST_POINTS = 10_485_760
# Where on an edge the planar and the geodesic course are compared, and what the estimate understates by.
COMPARED_AT = 0.31215691082248312
SCALE = 0.83829992569888509
HALF_TURN = 180.0


def densify_line(line: str, tolerance: float = 10.0, preserve_crossing: bool = False) -> Json | None:
    value = json.loads(line)
    lines = lines_of(value)
    if lines is None or not SMALLEST <= tolerance <= LARGEST:
        return None
    paths = complete(_densified(path, tolerance, preserve_crossing) for path in lines.paths)
    return None if paths is None else shape_of(Pieces(paths=paths), multiple=is_multiple(value))


def densify_polygon(polygon: str, tolerance: float = 10.0, preserve_crossing: bool = False) -> Json | None:
    value = json.loads(polygon)
    polygons = polygons_of(value)
    if polygons is None or not SMALLEST <= tolerance <= LARGEST:
        return None
    parts = complete(_rings(part, tolerance, preserve_crossing) for part in polygons.parts)
    return None if parts is None else shape_of(Pieces(polygons=parts), multiple=is_multiple(value))


def _rings(part: Polygon, tolerance: float, preserve_crossing: bool) -> Polygon | None:
    return complete(_densified(ring, tolerance, preserve_crossing) for ring in part)


def _densified(path: Sequence[Position], tolerance: float, preserve_crossing: bool) -> Path | None:
    chord = 2 * math.sin(min(tolerance * SCALE / EARTH_RADIUS_METRES, math.pi) / 2)
    found = [path[0]]
    for first, second in pairwise(path):
        last = _unrolled(first, second) if preserve_crossing else second
        waiting = [(first, last)]
        while waiting:
            start, end = waiting.pop()
            if _error(start, end) <= chord:
                found.append(_rolled(end))
                continue
            middle = _between(0.5, start, end)
            waiting += [(middle, end), (start, middle)]
            if len(found) + len(waiting) > MOST_POINTS:
                return None
        found[-1] = second
    return tuple(found)


def _error(start: Position, end: Position) -> float:
    """The larger distance, as a chord, of the two courses at the two places."""
    first, second = vector(start), vector(end)
    if math.dist(first, second) ** 2 > 2:  # too long to judge by two places
        return math.inf
    return max(_apart(part, (start, end), (first, second)) for part in (COMPARED_AT, 1 - COMPARED_AT))


def _apart(part: float, places: tuple[Position, Position], ends: tuple[Vector, Vector]) -> float:
    return math.dist(vector(_between(part, *places)), _geodesic(part, *ends))


def _geodesic(part: float, first: Vector, second: Vector) -> Vector:
    angle = 2 * math.asin(min(1.0, math.dist(first, second) / 2))
    if angle == 0:
        return first
    before, after = math.sin((1 - part) * angle) / math.sin(angle), math.sin(part * angle) / math.sin(angle)
    return (
        before * first[0] + after * second[0],
        before * first[1] + after * second[1],
        before * first[2] + after * second[2],
    )


def _between(part: float, start: Position, end: Position) -> Position:
    return (1 - part) * start[0] + part * end[0], (1 - part) * start[1] + part * end[1]


def _unrolled(start: Position, end: Position) -> Position:
    """The end with the longitude nearest to the start's, past 180 degrees if need be."""
    across = end[0] - start[0]
    turns = 1 if across < -HALF_TURN else -1 if across > HALF_TURN else 0
    return end[0] + turns * 2 * HALF_TURN, end[1]


def _rolled(place: Position) -> Position:
    longitude = place[0]
    turns = 1 if longitude < -HALF_TURN else -1 if longitude > HALF_TURN else 0
    return longitude + turns * 2 * HALF_TURN, place[1]
