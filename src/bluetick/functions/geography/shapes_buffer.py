"""What lies within a radius of lines and polygons.

Around each edge stands an outline that holds all points within the radius, and none farther than the tolerance beyond
it; the buffer is the union of these (https://learn.microsoft.com/kusto/query/geo-line-buffer-function).
"""

import math
from collections.abc import Iterator

import numpy as np
import spherely

from bluetick.functions.geography.geojson import Polygon
from bluetick.functions.geography.points import EARTH_RADIUS_METRES, Position, place_of
from bluetick.functions.geography.shapes import (
    Edges,
    Json,
    Polygons,
    Vectors,
    pieces_of,
    read_lines,
    read_polygons,
    shape_of,
    union_of,
)
from bluetick.functions.geography.well_known_binary import Pieces

SMALLEST_TOLERANCE = 1e-6  # as a part of the radius
TOLERANCE = 10.0
# Beyond this a buffer would not fit into half of the sphere.
LARGEST_RADIUS = 0.99 * EARTH_RADIUS_METRES * math.pi / 2


def buffer_line(line: str, radius: float, tolerance: float = TOLERANCE) -> Json | None:
    lines = read_lines(line)
    step = _step(radius, tolerance)
    if lines is None or step is None:
        return None
    return _shape(union_of(list(_outlines(lines.edges, radius / EARTH_RADIUS_METRES, step))))


def buffer_polygon(polygon: str, radius: float, tolerance: float = TOLERANCE) -> Json | None:
    polygons = read_polygons(polygon)
    wider = None if polygons is None else polygon_around(polygons, radius, tolerance)
    return None if wider is None else _shape(wider)


def polygon_around(polygons: Polygons, radius: float, tolerance: float = TOLERANCE) -> spherely.Geography | None:
    step = _step(radius, tolerance)
    if step is None:
        return None
    outlines = list(_outlines(polygons.edges, radius / EARTH_RADIUS_METRES, step))
    return union_of([(polygons.geography, len(polygons.edges.starts)), *outlines])


def _shape(geography: spherely.Geography) -> Json:
    parts: tuple[Polygon, ...] = pieces_of(geography).polygons
    return shape_of(Pieces(polygons=parts))


def _step(radius: float, tolerance: float) -> float | None:
    """How far the outline may turn between two vertices; None for a radius or tolerance that is not valid.

    A tangent from the circle to a vertex, half a step on, ends at most the tolerance beyond the circle.
    """
    if not 0 < radius <= LARGEST_RADIUS or not tolerance >= SMALLEST_TOLERANCE * radius:
        return None
    inner = radius / EARTH_RADIUS_METRES
    outer = min(inner + min(tolerance, radius) / EARTH_RADIUS_METRES, (inner + math.pi / 2) / 2)
    return 2 * math.acos(math.tan(inner) / math.tan(outer))


def _outlines(edges: Edges, radius: float, step: float) -> Iterator[tuple[spherely.Geography, int]]:
    for start, end in zip(edges.starts, edges.ends, strict=True):
        ring = _outline(start, end, radius, step)
        yield spherely.create_polygon(ring), len(ring)


def _outline(start: Vectors, end: Vectors, radius: float, step: float) -> list[Position]:
    """A ring around one edge: along its right side, around its end, back along its left side, around its start."""
    across = np.cross(start + end, end - start)
    left = across / np.linalg.norm(across)
    length = math.atan2(float(np.linalg.norm(np.cross(start, end))), float(start @ end))
    pieces = max(1, math.ceil(length / step))
    along = [length * piece / pieces for piece in range(pieces + 1)]

    def beside(angle: float, offset: float) -> Vectors:
        forward = np.cross(left, start)
        on_edge: Vectors = start * math.cos(angle) + forward * math.sin(angle)
        point: Vectors = on_edge * math.cos(offset) + left * math.sin(offset)
        return point

    ring = [beside(angle, -radius) for angle in along]
    ring += _cap(end, -left, np.cross(left, end), radius, step)
    ring += [beside(angle, radius) for angle in reversed(along)]
    ring += _cap(start, left, -np.cross(left, start), radius, step)
    return [place_of((float(x), float(y), float(z))) for x, y, z in ring]


def _cap(centre: Vectors, side: Vectors, forward: Vectors, radius: float, step: float) -> list[Vectors]:
    """The vertices of tangents around half a circle, from one side over forward to the other."""
    pieces = max(2, math.ceil(math.pi / step))
    turn = math.pi / pieces
    reach = math.atan(math.tan(radius) / math.cos(turn / 2))
    vertices: list[Vectors] = []
    for piece in range(pieces):
        angle = (piece + 0.5) * turn
        direction = side * math.cos(angle) + forward * math.sin(angle)
        vertices.append(centre * math.cos(reach) + direction * math.sin(reach))
    return vertices
