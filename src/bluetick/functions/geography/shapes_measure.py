"""Lengths, areas, centroids, distances and places along a line."""

import math

import numpy as np
import spherely

from bluetick.functions.geography.points import EARTH_RADIUS_METRES, Position, Vector, position, vector
from bluetick.functions.geography.shapes import (
    Edges,
    Json,
    Lines,
    Polygons,
    Vectors,
    distinct_edges,
    edges_of,
    pieces_of,
    place_below,
    point_shape,
    read_lines,
    read_polygons,
)


def line_length(line: str) -> float | None:
    """Metres; what several lines share counts once."""
    lines = read_lines(line)
    if lines is None:
        return None
    return float(EARTH_RADIUS_METRES * _angles(_union_edges(lines)).sum())


def line_centroid(line: str) -> Json | None:
    lines = read_lines(line)
    if lines is None:
        return None
    if len(lines.paths) == 1:
        return _centroid(lines.geography)
    return _centroid(spherely.create_multilinestring([[*edge] for edge in distinct_edges(lines.paths)]))


def polygon_area(polygon: str) -> float | None:
    """Square metres of the union."""
    polygons = read_polygons(polygon)
    return None if polygons is None else float(spherely.area(polygons.geography, radius=EARTH_RADIUS_METRES))


def polygon_perimeter(polygon: str) -> float | None:
    """Metres around the union."""
    polygons = read_polygons(polygon)
    return None if polygons is None else float(spherely.perimeter(polygons.geography, radius=EARTH_RADIUS_METRES))


def polygon_centroid(polygon: str) -> Json | None:
    polygons = read_polygons(polygon)
    return None if polygons is None else _centroid(polygons.geography)


def _centroid(geography: spherely.Geography) -> Json | None:
    """None where no point is the middle, as for a line around the Earth."""
    points = pieces_of(spherely.centroid(geography)).points
    return point_shape(points[0]) if points else None


def point_in_polygon(longitude: float, latitude: float, polygon: str) -> bool | None:
    """If polygons divide the sphere, a point is in exactly one, on borders too."""
    place, polygons = position(longitude, latitude), read_polygons(polygon)
    return None if place is None or polygons is None else contains(polygons, place)


def contains(polygons: Polygons, place: Position) -> bool:
    return bool(spherely.intersects(polygons.geography, spherely.create_point(*place)))


def distance_to_line(longitude: float, latitude: float, line: str) -> float | None:
    place, lines = position(longitude, latitude), read_lines(line)
    return None if place is None or lines is None else metres_from(lines, place)


def distance_to_polygon(longitude: float, latitude: float, polygon: str) -> float | None:
    place, polygons = position(longitude, latitude), read_polygons(polygon)
    return None if place is None or polygons is None else metres_from(polygons, place)


def metres_from(shape: Lines | Polygons, place: Position) -> float:
    point = spherely.create_point(*place)
    return float(spherely.distance(shape.geography, point, radius=EARTH_RADIUS_METRES))


def closest_on_line(longitude: float, latitude: float, line: str) -> Json | None:
    place, lines = position(longitude, latitude), read_lines(line)
    if place is None or lines is None:
        return None
    _, point = _closest(lines.edges, vector(place))
    return point_shape(place_below(point))


def closest_on_polygon(longitude: float, latitude: float, polygon: str) -> Json | None:
    """The point itself where the polygon contains it."""
    place, polygons = position(longitude, latitude), read_polygons(polygon)
    if place is None or polygons is None:
        return None
    if contains(polygons, place):
        return point_shape(place)
    rings = (ring for part in pieces_of(polygons.geography).polygons for ring in part)
    _, point = _closest(edges_of(rings), vector(place))
    return point_shape(place_below(point))


def interpolate_point(line: str, fraction: float) -> Json | None:
    """The point at a fraction of one line's length; a multiline has none."""
    lines = read_lines(line)
    if lines is None or len(lines.paths) > 1 or not 0 <= fraction <= 1:
        return None
    lengths = _angles(lines.edges)
    left = float(lengths.sum()) * fraction
    for number, length in enumerate(lengths):
        if left < length:
            return point_shape(place_below(_along(lines.edges, number, left)))
        left -= float(length)
    return point_shape(lines.paths[0][-1])


def locate_point(line: str, longitude: float, latitude: float, use_spheroid: bool = False) -> float | None:
    """The fraction of one line's length at which it is closest to the point, on the sphere."""
    place, lines = position(longitude, latitude), read_lines(line)
    if place is None or lines is None or len(lines.paths) > 1 or use_spheroid:
        return None
    number, point = _closest(lines.edges, vector(place))
    lengths = _angles(lines.edges)
    before = float(lengths[:number].sum()) + _angle(lines.edges.starts[number], np.array(point))
    return min(1.0, before / float(lengths.sum()))


def _union_edges(lines: Lines) -> Edges:
    return lines.edges if len(lines.paths) == 1 else edges_of(distinct_edges(lines.paths))


def _angles(edges: Edges) -> Vectors:
    """The lengths of edges in radians; exact for short ones too."""
    crossed = np.linalg.norm(np.cross(edges.starts, edges.ends), axis=1)
    angles: Vectors = np.arctan2(crossed, (edges.starts * edges.ends).sum(axis=1))
    return angles


def _angle(first: Vectors, second: Vectors) -> float:
    return math.atan2(float(np.linalg.norm(np.cross(first, second))), float(first @ second))


def _along(edges: Edges, number: int, angle: float) -> Vector:
    """The point at an angle from the start of an edge."""
    start, end = edges.starts[number], edges.ends[number]
    across = np.cross(start + end, end - start)
    forward = np.cross(across / np.linalg.norm(across), start)
    point = start * math.cos(angle) + forward * math.sin(angle)
    return float(point[0]), float(point[1]), float(point[2])


def _closest(edges: Edges, point: Vector) -> tuple[int, Vector]:
    """The edge that is closest to a point, and its closest point."""
    target = np.array(point)
    normals = np.cross(edges.starts + edges.ends, edges.ends - edges.starts)  # more exact than of starts and ends
    projected = target - normals * ((normals @ target) / (normals * normals).sum(axis=1))[:, None]
    sizes = np.linalg.norm(projected, axis=1)
    projected = projected / np.where(sizes > 0, sizes, 1.0)[:, None]
    inside = (np.cross(normals, edges.starts) * projected).sum(axis=1) > 0
    inside &= (np.cross(edges.ends, normals) * projected).sum(axis=1) > 0
    nearer_start = edges.starts @ target >= edges.ends @ target
    ends = np.where(nearer_start[:, None], edges.starts, edges.ends)
    candidates = np.where((inside & (sizes > 0))[:, None], projected, ends)
    number = int(((candidates - target) ** 2).sum(axis=1).argmin())
    chosen = candidates[number]
    return number, (float(chosen[0]), float(chosen[1]), float(chosen[2]))
