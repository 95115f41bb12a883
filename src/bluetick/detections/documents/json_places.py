"""Where a text of a JSON document stands, escapes and all."""

from bluetick.detections.model import QueryPlace
from bluetick.diagnostics import Span
from bluetick.syntax.strict_json import unescaped
from bluetick.syntax.strict_yaml import YamlText

_MAX_ESCAPES = 20_000  # the longest of published queries has some hundreds


def place_in_json(text: str, file_name: str, node: YamlText, skipped: int, length: int) -> QueryPlace:
    """The place of the part of a JSON text that begins after `skipped` characters of it and is `length` long."""
    start = node.span.start + 1
    first_line = text.count("\n", 0, node.span.start) + 1
    if text.count("\\", node.span.start, node.span.end) > _MAX_ESCAPES:
        return QueryPlace(file_name, node.span, first_line, ())
    _, pieces = unescaped(text[start : node.span.end - 1])
    shifted = tuple((within - skipped, start + written) for within, written in pieces)
    before = [(within, at) for within, at in shifted if within <= 0]
    inside = [(within, at) for within, at in shifted if 0 < within < length]
    first = (0, before[-1][1] - before[-1][0])
    within, at = inside[-1] if inside else first
    span = Span(first[1], min(at + length - within, node.span.end - 1))
    return QueryPlace(file_name, span, first_line, (), (first, *inside))
