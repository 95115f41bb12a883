"""What lines and polygons have in common, and their unions.

Two shapes share a vertex or an edge when it is exactly the same; where edges cross, the S2 library decides exactly.
"""

from collections.abc import Iterable
from itertools import pairwise

import spherely

from bluetick.functions.geography.geojson import Path
from bluetick.functions.geography.points import Position
from bluetick.functions.geography.shapes import (
    Edge,
    Json,
    Lines,
    Polygons,
    chained,
    distinct_edges,
    each_of,
    lines_of,
    pieces_of,
    polygons_of,
    read_lines,
    read_polygons,
    shape_of,
    union_of,
)
from bluetick.functions.geography.well_known_binary import Pieces


def lines_intersect(first: str, second: str) -> bool | None:
    one, other = read_lines(first), read_lines(second)
    if one is None or other is None:
        return None
    return bool(spherely.intersects(one.geography, other.geography))


def line_intersects_polygon(line: str, polygon: str) -> bool | None:
    """A polygon need not hold its vertices here; https://learn.microsoft.com/kusto/query/geo-intersects-line-with-polygon-function"""
    one, other = read_lines(line), read_polygons(polygon)
    if one is None or other is None:
        return None
    return bool(spherely.intersects(one.geography, other.geography))


def polygons_intersect(first: str, second: str) -> bool | None:
    """A polygon holds its vertices here; https://learn.microsoft.com/kusto/query/geo-intersects-2polygons-function"""
    one, other = read_polygons(first), read_polygons(second)
    if one is None or other is None:
        return None
    return bool(spherely.intersects(one.geography, other.geography)) or _share_vertex(one, other)


def _share_vertex(one: Polygons, other: Polygons) -> bool:
    return not _vertices(_rings(one)).isdisjoint(_vertices(_rings(other)))


def lines_intersection(first: str, second: str) -> Json | None:
    one, other = read_lines(first), read_lines(second)
    if one is None or other is None:
        return None
    common = pieces_of(spherely.intersection(one.geography, other.geography))
    return shape_of(_tidy(common, distinct_edges(common.paths), ()))


def line_polygon_intersection(line: str, polygon: str) -> Json | None:
    """A polygon holds its edges and vertices here."""
    one, other = read_lines(line), read_polygons(polygon)
    if one is None or other is None:
        return None
    common = pieces_of(spherely.intersection(one.geography, other.geography))
    paths, rings = pieces_of(one.geography).paths, _rings(other)
    shared = _shared_edges(paths, rings)
    edges = distinct_edges([*common.paths, *shared]) if shared else _edges(common.paths)
    return shape_of(_tidy(common, edges, _vertices(paths) & _vertices(rings)))


def polygons_intersection(first: str, second: str) -> Json | None:
    """Polygons hold their edges and vertices here: those that only touch have a line or a point in common."""
    one, other = read_polygons(first), read_polygons(second)
    if one is None or other is None:
        return None
    common = pieces_of(spherely.intersection(one.geography, other.geography))
    rings, others = _rings(one), _rings(other)
    borders = set(_edges([*(ring for part in common.polygons for ring in part)]))
    shared = [(a, b) for a, b in _shared_edges(rings, others) if (a, b) not in borders and (b, a) not in borders]
    return shape_of(_tidy(common, shared, _vertices(rings) & _vertices(others)))


def union_of_lines(text: str) -> Json | None:
    shapes: list[Lines] | None = each_of(text, lines_of)
    if shapes is None:
        return None
    sized = [(shape.geography, order) for order, shape in enumerate(shapes)]
    edges = distinct_edges(pieces_of(union_of(sized)).paths)
    return shape_of(Pieces(paths=tuple(chained(edges))))


def union_of_polygons(text: str) -> Json | None:
    shapes: list[Polygons] | None = each_of(text, polygons_of)
    if shapes is None:
        return None
    united = union_of([(shape.geography, len(shape.edges.starts)) for shape in shapes])
    return shape_of(Pieces(polygons=pieces_of(united).polygons))


def _tidy(common: Pieces, edges: list[Edge], touched: Iterable[Position]) -> Pieces:
    """The pieces with these edges for their lines; a point that a line or a polygon has already is left out."""
    paths = tuple(chained(edges))
    held = _vertices(paths) | _vertices(ring for part in common.polygons for ring in part)
    points = dict.fromkeys((*common.points, *sorted(touched)))
    return Pieces(tuple(place for place in points if place not in held), paths, common.polygons)


def _rings(polygons: Polygons) -> list[Path]:
    return [ring for part in pieces_of(polygons.geography).polygons for ring in part]


def _vertices(paths: Iterable[Path]) -> set[Position]:
    return {place for path in paths for place in path}


def _edges(paths: Iterable[Path]) -> list[Edge]:
    return [edge for path in paths for edge in pairwise(path)]


def _shared_edges(paths: Iterable[Path], rings: Iterable[Path]) -> list[Edge]:
    """The edges of the paths that the rings have, in either direction."""
    borders = set(_edges(rings))
    return [(a, b) for a, b in _edges(paths) if (a, b) in borders or (b, a) in borders]
