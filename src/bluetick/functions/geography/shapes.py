"""Lines and polygons on the sphere, read from GeoJSON text and handed to the S2 library.

Edges are geodesics, as in Kusto (https://learn.microsoft.com/kusto/query/geo-point-in-polygon-function).
"""

import heapq
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import spherely
from numpy.typing import NDArray

from bluetick.functions.geography.geojson import Path, Polygon, complete, parse_lines, parse_polygons
from bluetick.functions.geography.points import Position, Vector, vector
from bluetick.functions.geography.well_known_binary import Pieces, pieces_in

# How many shapes of a column are kept after reading: a lookup table's worth, used again for every row.
KEPT_SHAPES = 1024
# Lists within each other: positions in a line, positions in rings in a polygon.
LINE_DEPTH, POLYGON_DEPTH = 2, 3
# Vectors that are no farther apart differ by rounding only.
SAME_POINT = 1e-15

Vectors: TypeAlias = NDArray[np.float64]
# A shape as GeoJSON.
Json: TypeAlias = dict[str, Any]
Edge: TypeAlias = tuple[Position, Position]


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Edges as unit vectors, in the order in which they were written."""

    starts: Vectors
    ends: Vectors


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    paths: tuple[Path, ...]
    geography: spherely.Geography
    edges: Edges


@dataclass(frozen=True, slots=True, eq=False)
class Polygons:
    """`geography` is the union of the parts, ready for many questions."""

    parts: tuple[Polygon, ...]
    geography: spherely.Geography
    edges: Edges


@lru_cache(KEPT_SHAPES)
def read_lines(text: str) -> Lines | None:
    """The lines of GeoJSON text; None where it is no valid LineString or MultiLineString."""
    return lines_of(json.loads(text))


@lru_cache(KEPT_SHAPES)
def read_polygons(text: str) -> Polygons | None:
    """The polygons of GeoJSON text; None where it is no valid Polygon or MultiPolygon."""
    return polygons_of(json.loads(text))


def lines_of(value: object) -> Lines | None:
    paths = parse_lines(_flat(value))
    if not paths:
        return None
    edges = edges_of(paths)
    if not len(edges.starts) or _has_antipodal(edges):
        return None
    made = [spherely.create_linestring(path) for path in paths]
    geography = made[0] if len(made) == 1 else spherely.create_multilinestring(made)
    return Lines(paths, geography, edges)


def polygons_of(value: object) -> Polygons | None:
    value = _flat(value)
    parts = parse_polygons(value)
    if not parts or _repeats_vertices(value):
        return None
    edges = edges_of(ring for part in parts for ring in part)
    if _has_antipodal(edges):
        return None
    made = complete(_polygon(part) for part in parts)
    if made is None:
        return None
    geography = union_of(list(zip(made, map(_vertex_count, parts), strict=True)))
    spherely.prepare(geography)
    return Polygons(parts, geography, edges)


def _flat(value: object) -> object:
    """Multi... shapes with the lists in their list taken out: Kusto reads those that are gathered from shapes by
    make_list, and so stand one level deeper (https://learn.microsoft.com/kusto/query/geo-point-in-polygon-function)."""
    match value:
        case {"type": "MultiLineString", "coordinates": list() as items}:
            return {"type": "MultiLineString", "coordinates": list(_at_depth(items, LINE_DEPTH))}
        case {"type": "MultiPolygon", "coordinates": list() as items}:
            return {"type": "MultiPolygon", "coordinates": list(_at_depth(items, POLYGON_DEPTH))}
        case _:
            return value


def _at_depth(items: list[Any], depth: int) -> Iterator[Any]:
    for item in items:
        if isinstance(item, list) and _depth(item) > depth:
            yield from _at_depth(item, depth)
        else:
            yield item


def _depth(item: Any) -> int:
    levels = 0
    while isinstance(item, list) and item:
        item, levels = item[0], levels + 1
    return levels


def each_of(text: str, read: Callable[[object], Lines | Polygons | None]) -> list[Any] | None:
    """The shapes of a JSON array; None where it is no array, empty, or one of them is not valid."""
    values = json.loads(text)
    if not isinstance(values, list) or not values:
        return None
    shapes = complete(read(value) for value in values)
    return None if shapes is None else list(shapes)


def _polygon(part: Polygon) -> spherely.Geography | None:
    shell, *holes = part
    try:
        return spherely.create_polygon(shell, holes or None)
    except (ValueError, RuntimeError):  # what the S2 library calls invalid: rings that cross, vertices that repeat
        return None


def _repeats_vertices(value: Any) -> bool:
    """Whether a ring has equal neighbours: vertices must be distinct."""
    coordinates = value["coordinates"]
    parts = [coordinates] if value["type"] == "Polygon" else coordinates
    rings = (ring for part in parts for ring in part)
    return any(first[:2] == second[:2] for ring in rings for first, second in pairwise(ring))


def _vertex_count(part: Polygon) -> int:
    return sum(len(ring) - 1 for ring in part)


def union_of(shapes: Sequence[tuple[spherely.Geography, int]]) -> spherely.Geography:
    """The union of shapes, each with the number of its vertices: always the two smallest first, as the S2 library does
    it; with which vertex a ring of the result begins depends on this."""
    queue = [(size, order, shape) for order, (shape, size) in enumerate(shapes)]
    heapq.heapify(queue)
    order = len(queue)
    while len(queue) > 1:
        first_size, _, first = heapq.heappop(queue)
        second_size, _, second = heapq.heappop(queue)
        heapq.heappush(queue, (first_size + second_size, order, spherely.union(first, second)))
        order += 1
    return queue[0][2]


def edges_of(paths: Iterable[Sequence[Position]]) -> Edges:
    """Every edge of the paths but those without length: at a pole all longitudes are one point."""
    starts: list[Position] = []
    ends: list[Position] = []
    for path in paths:
        starts.extend(path[:-1])
        ends.extend(path[1:])
    edges = Edges(_vectors(starts), _vectors(ends))
    long = np.linalg.norm(edges.starts - edges.ends, axis=1) > SAME_POINT
    return edges if long.all() else Edges(edges.starts[long], edges.ends[long])


def _vectors(places: Iterable[Position]) -> Vectors:
    return np.array([vector(place) for place in places], dtype=np.float64).reshape(-1, 3)


def _has_antipodal(edges: Edges) -> bool:
    """Whether an edge has 180 degrees, so that no single geodesic joins its ends."""
    return bool((np.linalg.norm(edges.starts + edges.ends, axis=1) < 1e-14).any())


def pieces_of(geography: spherely.Geography) -> Pieces:
    return pieces_in(spherely.to_wkb(geography))


def place_below(point: Vector) -> Position:
    """The position below a vector, rounded as Kusto does it."""
    x, y, z = point
    return math.atan2(y, x) * 180 / math.pi, math.atan2(z, math.sqrt(x * x + y * y)) * 180 / math.pi


def distinct_edges(paths: Iterable[Sequence[Position]]) -> list[Edge]:
    """Every edge once, in order; one that is written in both directions keeps the first."""
    found: dict[Edge, Edge] = {}
    for path in paths:
        for first, second in pairwise(path):
            if (second, first) not in found:
                found.setdefault((first, second), (first, second))
    return list(found)


def chained(edges: Sequence[Edge]) -> list[Path]:
    """Directed edges joined to the longest paths that neither branch nor meet on their way."""
    leaving: dict[Position, list[int]] = {}
    arriving: dict[Position, list[int]] = {}
    for number, (first, second) in enumerate(edges):
        leaving.setdefault(first, []).append(number)
        arriving.setdefault(second, []).append(number)

    def passes(place: Position) -> bool:
        return len(leaving.get(place, ())) == 1 and len(arriving.get(place, ())) == 1

    used: set[int] = set()
    paths: list[Path] = []
    heads = [number for number, edge in enumerate(edges) if not passes(edge[0])]
    for head in (*heads, *range(len(edges))):  # what is left after the heads are closed rounds
        if head in used:
            continue
        used.add(head)
        path = [*edges[head]]
        while passes(path[-1]) and leaving[path[-1]][0] not in used:
            number = leaving[path[-1]][0]
            used.add(number)
            path.append(edges[number][1])
        paths.append(tuple(path))
    return paths


def point_shape(place: Position) -> Json:
    return _shape("Point", _place(place))


def shape_of(pieces: Pieces, *, multiple: bool = False) -> Json:
    """GeoJSON of all the pieces: one shape if they are of one kind, else a collection; an empty one for none. With
    `multiple` a single piece stands in a Multi... shape as well."""
    shapes = [
        *_one_or_many("Point", [_place(place) for place in pieces.points], multiple),
        *_one_or_many("LineString", [_places(path) for path in pieces.paths], multiple),
        *_one_or_many("Polygon", [[_places(ring) for ring in part] for part in pieces.polygons], multiple),
    ]
    return shapes[0] if len(shapes) == 1 else {"type": "GeometryCollection", "geometries": shapes}


def _one_or_many(kind: str, coordinates: list[Any], multiple: bool) -> list[Json]:
    match coordinates:
        case []:
            return []
        case [single] if not multiple:
            return [_shape(kind, single)]
        case _:
            return [_shape(f"Multi{kind}", coordinates)]


def _shape(kind: str, coordinates: Any) -> Json:
    return {"type": kind, "coordinates": coordinates}


def _places(path: Iterable[Position]) -> list[list[float]]:
    return [_place(place) for place in path]


def _place(place: Position) -> list[float]:
    """Whole numbers without a point, as Kusto writes them."""
    return [int(number) if number.is_integer() else number for number in map(float, place)]
