"""GeoJSON to positions and back. What is no valid shape is None (https://www.rfc-editor.org/rfc/rfc7946)."""

from collections.abc import Iterable
from typing import Any, TypeAlias, TypeVar

from bluetick.functions.geography.points import Position, position

# A path of two positions or more; neighbours differ.
Path: TypeAlias = tuple[Position, ...]
# A closed path: the last position repeats the first, three or more differ.
Ring: TypeAlias = tuple[Position, ...]
# The shell, then the holes.
Polygon: TypeAlias = tuple[Ring, ...]

MINIMUM_RING = 4

Item = TypeVar("Item")


def parse_point(value: object) -> Position | None:
    """The position of a Point."""
    coordinates = _coordinates(value, "Point")
    return None if coordinates is None else _position(coordinates)


def parse_lines(value: object) -> tuple[Path, ...] | None:
    """The paths of a LineString (one) or a MultiLineString, which may have none."""
    single = _coordinates(value, "LineString")
    if single is not None:
        path = _path(single)
        return None if path is None else (path,)
    return complete(_path(item) for item in _multiple(value, "MultiLineString"))


def parse_polygons(value: object) -> tuple[Polygon, ...] | None:
    """The polygons of a Polygon (one) or a MultiPolygon, which may have none."""
    single = _coordinates(value, "Polygon")
    if single is not None:
        polygon = _polygon(single)
        return None if polygon is None else (polygon,)
    return complete(_polygon(item) for item in _multiple(value, "MultiPolygon"))


def is_multiple(value: object) -> bool:
    """Whether the shape is a Multi... one, so that one part among its results still stands in a list."""
    return isinstance(value, dict) and str(value.get("type", "")).startswith("Multi")


def point_json(place: Position) -> dict[str, Any]:
    return {"type": "Point", "coordinates": list(place)}


def line_json(path: Iterable[Position]) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": [list(place) for place in path]}


def lines_json(paths: Iterable[Path]) -> dict[str, Any]:
    return {"type": "MultiLineString", "coordinates": [[list(place) for place in path] for path in paths]}


def polygon_json(rings: Iterable[Ring]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": _rings_json(rings)}


def polygons_json(polygons: Iterable[Polygon]) -> dict[str, Any]:
    return {"type": "MultiPolygon", "coordinates": [_rings_json(rings) for rings in polygons]}


def _rings_json(rings: Iterable[Ring]) -> list[list[list[float]]]:
    return [[list(place) for place in ring] for ring in rings]


def _coordinates(value: object, kind: str) -> list[Any] | None:
    if not isinstance(value, dict) or value.get("type") != kind:
        return None
    coordinates = value.get("coordinates")
    return coordinates if isinstance(coordinates, list) else None


def _multiple(value: object, kind: str) -> list[Any]:
    coordinates = _coordinates(value, kind)
    return [None] if coordinates is None else coordinates  # an item that is no shape makes all of it none


def complete(items: Iterable[Item | None]) -> tuple[Item, ...] | None:
    """All of the items, or None when one is none."""
    found: list[Item] = []
    for item in items:
        if item is None:
            return None
        found.append(item)
    return tuple(found)


def _position(value: object) -> Position | None:
    if not isinstance(value, list) or len(value) < 2:
        return None
    return position(value[0], value[1])


def _positions(value: object) -> tuple[Position, ...] | None:
    if not isinstance(value, list):
        return None
    found: list[Position] = []
    for item in value:
        place = _position(item)
        if place is None:
            return None
        if not found or found[-1] != place:
            found.append(place)
    return tuple(found)


def _path(value: object) -> Path | None:
    places = _positions(value)
    return places if places is not None and len(places) >= 2 else None


def _ring(value: object) -> Ring | None:
    places = _positions(value)
    if places is None or len(places) < MINIMUM_RING or places[0] != places[-1]:
        return None
    return places


def _polygon(value: object) -> Polygon | None:
    if not isinstance(value, list) or not value:
        return None
    return complete(_ring(item) for item in value)
