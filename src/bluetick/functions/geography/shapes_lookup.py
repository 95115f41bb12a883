"""Which shapes of a table are at a position, for many positions at once."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import spherely
from numpy.typing import NDArray

from bluetick.functions.geography.points import EARTH_RADIUS_METRES, Position, position, vector
from bluetick.functions.geography.shapes import Lines, Polygons, Vectors, read_lines, read_polygons

Row: TypeAlias = tuple[Any, ...]
Shape: TypeAlias = Lines | Polygons

# More than the error of the arithmetic on the first, coarse test.
SLACK = 1e-9


def polygons_at(places: Iterable[Row], rows: Sequence[Row], key: int, radius: float | None) -> Iterator[Row]:
    """Each longitude and latitude with each row whose polygon, in column `key`, contains it or lies within metres."""
    return _matches(places, rows, key, radius, read_polygons)


def lines_near(places: Iterable[Row], rows: Sequence[Row], key: int, radius: float) -> Iterator[Row]:
    return _matches(places, rows, key, radius, read_lines)


def _matches(
    places: Iterable[Row], rows: Sequence[Row], key: int, radius: float | None, read: Callable[[str], Shape | None]
) -> Iterator[Row]:
    valid = [(place, found) for place in places if (found := _position(place)) is not None]
    if not valid:
        return
    points = spherely.points([found[0] for _, found in valid], [found[1] for _, found in valid])
    vectors = np.array([vector(found) for _, found in valid])
    for row in rows:
        shape = None if row[key] is None else read(row[key])
        if shape is not None:
            for number in _at(shape, points, vectors, radius):
                yield (*valid[number][0], *row)


def _position(place: Row) -> Position | None:
    longitude, latitude = (None if value is None else float(value) for value in place)
    return position(longitude, latitude)


def _at(shape: Shape, points: NDArray[np.object_], vectors: Vectors, radius: float | None) -> NDArray[np.int64]:
    near = np.flatnonzero(_is_near(shape, vectors, radius or 0.0))
    if not len(near):
        return near
    if radius is None:
        exact = spherely.intersects(points[near], shape.geography)
    else:
        exact = spherely.distance(points[near], shape.geography, radius=EARTH_RADIUS_METRES) <= radius
    found: NDArray[np.int64] = near[np.asarray(exact, dtype=bool)]
    return found


def _is_near(shape: Shape, vectors: Vectors, radius: float) -> NDArray[np.bool_]:
    """Whether points lie within a circle that holds the shape and the radius around it; all, where none is that small:
    only less than half of the sphere holds the geodesics between the points that it holds."""
    centre = shape.edges.starts.sum(axis=0)
    size = float(np.linalg.norm(centre))
    if size == 0:
        return np.ones(len(vectors), dtype=bool)
    centre = centre / size
    lowest = min(float((shape.edges.starts @ centre).min()), float((shape.edges.ends @ centre).min()))
    reach = math.acos(max(-1.0, min(1.0, lowest))) + SLACK
    if reach >= math.pi / 2:
        return np.ones(len(vectors), dtype=bool)
    reach += radius / EARTH_RADIUS_METRES + SLACK
    near: NDArray[np.bool_] = vectors @ centre >= math.cos(min(reach, math.pi)) - SLACK**2
    return near
