"""What lies within a radius of lines and polygons.

Around each edge stands an outline that holds all points within the radius, and none farther than the tolerance beyond
it; the buffer is the union of these (https://learn.microsoft.com/kusto/query/geo-line-buffer-function). Each outline is
a little wider than the one before, within half of the tolerance, so that those of neighbours never run on each other.
"""

import math
from collections.abc import Iterator

import numpy as np
import spherely

from bluetick.functions.geography.points import EARTH_RADIUS_METRES, Position, place_of
from bluetick.functions.geography.shapes import (
    Edges,
    Json,
    Polygons,
    Vectors,
    distinct_edges,
    edges_of,
    pieces_of,
    read_lines,
    read_polygons,
    shape_of,
    union_of,
)
from bluetick.functions.geography.well_known_binary import Pieces

SMALLEST_TOLERANCE = 1e-6  # as a part of the radius
TOLERANCE = 10.0
# Its multiples, without their whole part, are spread evenly and never meet.
GOLDEN_SECTION = (math.sqrt(5) - 1) / 2
# Beyond this a buffer would not fit into half of the sphere.
LARGEST_RADIUS = 0.99 * EARTH_RADIUS_METRES * math.pi / 2


def buffer_line(line: str, radius: float, tolerance: float = TOLERANCE) -> Json | None:
    lines = read_lines(line)
    if lines is None or not _is_valid(radius, tolerance):
        return None
    edges = edges_of(distinct_edges(lines.paths))
    return _shape(union_of(list(_outlines(edges, radius, tolerance))))


def buffer_polygon(polygon: str, radius: float, tolerance: float = TOLERANCE) -> Json | None:
    polygons = read_polygons(polygon)
    if polygons is None or not _is_valid(radius, tolerance):
        return None
    return _shape(polygon_around(polygons, radius, tolerance))


def polygon_around(polygons: Polygons, radius: float, tolerance: float = TOLERANCE) -> spherely.Geography:
    """What lies in the polygons or within a valid radius of them."""
    edges = edges_of(distinct_edges(ring for part in polygons.parts for ring in part))
    return union_of([(polygons.geography, len(edges.starts)), *_outlines(edges, radius, tolerance)])


def _shape(geography: spherely.Geography) -> Json:
    return shape_of(Pieces(polygons=pieces_of(geography).polygons))


def _is_valid(radius: float, tolerance: float) -> bool:
    return 0 < radius <= LARGEST_RADIUS and tolerance >= SMALLEST_TOLERANCE * radius


def _outlines(edges: Edges, radius: float, tolerance: float) -> Iterator[tuple[spherely.Geography, int]]:
    """An outline for each edge. From the circle around an end a tangent leads to a vertex, half a step on, which lies
    at most the tolerance beyond the radius; a step along the edge comes as far out between its ends."""
    inner = radius / EARTH_RADIUS_METRES
    room = min(min(tolerance, radius) / EARTH_RADIUS_METRES, (math.pi / 2 - inner) / 2)
    step = 2 * math.acos(math.tan(inner + room / 2) / math.tan(inner + room))
    for number, (start, end) in enumerate(zip(edges.starts, edges.ends, strict=True)):
        wider = room / 2 * (number * GOLDEN_SECTION % 1.0)
        ring = _outline(start, end, inner + wider, step)
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
