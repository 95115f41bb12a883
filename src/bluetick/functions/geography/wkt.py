"""Shapes as well-known text (https://en.wikipedia.org/wiki/Well-known_text_representation_of_geometry)."""

import re
from typing import Any

_TOKEN = re.compile(r"\s*([A-Za-z]+|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[(),])")
_WHOLE = re.compile(r"[-+]?\d{1,15}")
_DEEPEST = 32

# The name in well-known text -> the name in GeoJSON, and how deep the coordinates are nested.
_SHAPES = {
    "POINT": ("Point", 0),
    "LINESTRING": ("LineString", 1),
    "POLYGON": ("Polygon", 2),
    "MULTIPOINT": ("MultiPoint", 1),
    "MULTILINESTRING": ("MultiLineString", 2),
    "MULTIPOLYGON": ("MultiPolygon", 3),
}
_FEWEST = {"LineString": 2, "MultiLineString": 2, "Polygon": 4, "MultiPolygon": 4}


class _Malformed(Exception):
    """The text is no shape."""


def from_wkt(text: object) -> Any:
    """geo_from_wkt"""
    if not isinstance(text, str):
        return None
    try:
        reader = _Reader(_tokens(text))
        shape = reader.shape(0)
        reader.end()
    except _Malformed:
        return None
    return shape


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    place, end = 0, len(text.rstrip())
    while place < end:
        token = _TOKEN.match(text, place)
        if token is None:
            raise _Malformed
        found.append(token[1])
        place = token.end()
    return found


class _Reader:
    __slots__ = ("_place", "_tokens")

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._place = 0

    def shape(self, depth: int) -> dict[str, Any]:
        name = self._next().upper()
        if name == "GEOMETRYCOLLECTION" and depth < _DEEPEST:
            return {"type": "GeometryCollection", "geometries": self._list(lambda: self.shape(depth + 1))}
        if name not in _SHAPES:
            raise _Malformed
        kind, nesting = _SHAPES[name]
        coordinates = self._multipoint() if kind == "MultiPoint" else self._coordinates(nesting, _FEWEST.get(kind, 1))
        return {"type": kind, "coordinates": coordinates}

    def end(self) -> None:
        if self._place != len(self._tokens):
            raise _Malformed

    def _coordinates(self, nesting: int, fewest: int) -> list[Any]:
        if nesting == 0:
            return self._in_parentheses()
        if nesting > 1:
            return self._list(lambda: self._coordinates(nesting - 1, fewest))
        positions = self._list(self._position)
        is_ring = fewest > 2
        if len(positions) < fewest or (is_ring and positions[0] != positions[-1]):
            raise _Malformed
        return positions

    def _multipoint(self) -> list[Any]:
        """Each point may stand in parentheses of its own."""
        return self._list(lambda: self._in_parentheses() if self._peek() == "(" else self._position())

    def _in_parentheses(self) -> list[Any]:
        self._expect("(")
        position = self._position()
        self._expect(")")
        return position

    def _position(self) -> list[float]:
        return [self._number(), self._number()]

    def _list(self, item: Any) -> list[Any]:
        self._expect("(")
        found = [item()]
        while self._peek() == ",":
            self._next()
            found.append(item())
        self._expect(")")
        return found

    def _number(self) -> float:
        token = self._next()
        if _WHOLE.fullmatch(token):
            return int(token)
        try:
            return float(token)
        except ValueError as error:
            raise _Malformed from error

    def _peek(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        self._place += 1
        return token

    def _expect(self, token: str) -> None:
        if self._next() != token:
            raise _Malformed
